"""A host is asked as seldom as it wishes, and only that host."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
import readied
from scrapy.core.downloader import Slot
from scrapy.http import Response

from newsnap.manners import pause, retry_after

CRAWL = """
import json, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

class TinySpider(scrapy.Spider):
    name = "tiny"
    ends = {}

    async def start(self):
        for url in json.loads(sys.argv[2]):
            yield scrapy.Request(url, errback=self.failed)

    def parse(self, response):
        self.ends[response.url] = f"{response.status} {response.request.meta['download_slot']}"
        yield from response.follow_all(response.text.split(), errback=self.failed)

    def failed(self, failure):
        self.ends[failure.request.url] = repr(failure.value)

process = AsyncCrawlerProcess(json.loads(sys.argv[1]))
crawler = process.create_crawler(TinySpider)
process.crawl(crawler)
process.start()
if process.bootstrap_failed:
    sys.exit(1)
print(json.dumps([TinySpider.ends, {k: v for k, v in crawler.stats.get_stats().items() if isinstance(v, int)}]))
"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.server.asked.append((time.monotonic(), host, self.path))
        status, headers, body = self.server.answer(host, self.path)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body)), "Content-Type": "text/plain"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


Answer = tuple[int, dict[str, str], str]


class Site:
    """A server on loopback that is two hosts, 127.0.0.1 and localhost, and knows when it was asked for what."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        server.asked = []
        self.slow = f"http://127.0.0.1:{server.server_port}"
        self.quick = f"http://localhost:{server.server_port}"

    def crawl(
        self, urls: list[str], answer: Callable[[str, str], Answer], **settings: Any
    ) -> tuple[dict[str, str], dict[str, int]]:
        self.server.answer = answer
        settings = {
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOADER_MIDDLEWARES": {"newsnap.manners.MannersMiddleware": 600},
            "LOG_FILE": None,
            "LOG_LEVEL": "INFO",
            "NEWSNAP_CRAWL_DELAY_MAX_SECONDS": 120,
            "NEWSNAP_RETRY_AFTER_MAX_SECONDS": 300,
            "REMOTE_CONTROL_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "ROBOTSTXT_USER_AGENT": "newsnap",
            "SCHEDULER_PRIORITY_QUEUE": "newsnap.manners.HostQueue",
            "TELNETCONSOLE_ENABLED": False,
        } | settings
        finished = readied.run(["-c", CRAWL, json.dumps(settings), json.dumps(urls)], os.environ)
        assert finished.returncode == 0, finished.stderr
        self.log = finished.stderr
        ends, stats = json.loads(finished.stdout)
        return ends, stats

    def times(self, host: str) -> list[float]:
        """When each request to a host came in, in seconds."""
        return [at for at, to, _ in self.server.asked if to == host]

    def gaps(self, host: str) -> list[float]:
        return [after - before for before, after in pairwise(self.times(host))]


@pytest.fixture
def site() -> Iterator[Site]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Site(server)
        server.shutdown()


def test_crawl_delay_is_kept_by_the_host_that_asks_for_it_and_by_no_other(site: Site) -> None:
    def answer(host: str, path: str) -> Answer:
        if path == "/robots.txt" and host == "127.0.0.1":
            return 200, {}, "User-agent: *\nCrawl-delay: 30\n\nUser-agent: newsnap\nCrawl-delay: 0.8\n"
        return (404, {}, "") if path == "/robots.txt" else (200, {}, "")

    pages = [f"{host}/{n}" for n in range(3) for host in (site.slow, site.quick)]
    # a request that waits in the queue of its host does not time out
    ends, stats = site.crawl(pages, answer, DOWNLOAD_TIMEOUT=0.5)
    assert {end[:3] for end in ends.values()} == {"200"}
    assert len(ends) == 6
    gaps = site.gaps("127.0.0.1")
    assert len(gaps) == 3  # robots.txt and three pages
    assert min(gaps) > 0.6
    assert max(gaps) < 5
    assert max(site.times("localhost")) < site.times("127.0.0.1")[2]
    assert stats["newsnap/manners/delayed"] == 1


def test_a_crawl_delay_beyond_the_bound_is_cut_to_it_with_a_warning(site: Site) -> None:
    def answer(host: str, path: str) -> Answer:
        return 200, {}, "User-agent: *\nCrawl-delay: 3600" if path == "/robots.txt" else ""

    site.crawl([f"{site.slow}/1"], answer, NEWSNAP_CRAWL_DELAY_MAX_SECONDS=0.5)
    [gap] = site.gaps("127.0.0.1")
    assert 0.35 < gap < 5
    assert (
        "127.0.0.1 wishes for a Crawl-delay of 3600 s, which NEWSNAP_CRAWL_DELAY_MAX_SECONDS cuts to 0.5 s" in site.log
    )


def test_retry_after_stops_the_whole_host_and_no_other(site: Site) -> None:
    refused: list[str] = []

    def answer(host: str, path: str) -> Answer:
        if host == "127.0.0.1" and not refused:
            refused.append(path)
            return 429, {"Retry-After": "1"}, ""
        return 200, {}, ""

    pages = [f"{host}/{n}" for n in range(3) for host in (site.slow, site.quick)]
    ends, stats = site.crawl(pages, answer, ROBOTSTXT_OBEY=False, CONCURRENT_REQUESTS_PER_DOMAIN=1)
    assert {end[:3] for end in ends.values()} == {"200"}
    assert len(ends) == 6
    assert site.gaps("127.0.0.1")[0] > 0.99
    assert max(site.times("localhost")) < site.times("127.0.0.1")[1]
    assert [path for _, host, path in site.server.asked if host == "127.0.0.1"].count(refused[0]) == 2
    assert (stats["newsnap/manners/paused"], stats["retry/count"]) == (1, 1)


def test_a_retry_after_beyond_the_bound_is_cut_to_it_with_a_warning(site: Site) -> None:
    refused: list[str] = []

    def answer(host: str, path: str) -> Answer:
        refused.append(path)
        return (503, {"Retry-After": "86400"}, "") if len(refused) == 1 else (200, {}, "")

    options = {"ROBOTSTXT_OBEY": False, "DOWNLOAD_DELAY": 0.1, "NEWSNAP_RETRY_AFTER_MAX_SECONDS": 0.6}
    site.crawl([f"{site.slow}/1"], answer, **options)
    [gap] = site.gaps("127.0.0.1")
    assert 0.59 < gap < 5
    assert "a Retry-After of 86400 s, which NEWSNAP_RETRY_AFTER_MAX_SECONDS cuts to 0.6 s" in site.log


def test_a_redirected_request_waits_in_the_queue_of_the_host_it_goes_to(site: Site) -> None:
    def answer(host: str, path: str) -> Answer:
        return (302, {"Location": f"{site.quick}/2"}, "") if host == "127.0.0.1" else (200, {}, "")

    ends, _ = site.crawl([f"{site.slow}/1"], answer, ROBOTSTXT_OBEY=False)
    assert ends == {f"{site.quick}/2": "200 localhost"}


def test_a_slow_host_does_not_keep_the_others_waiting(site: Site) -> None:
    """More requests of the slow host wait than may be under way; each page of the quick one leads to its next."""

    def answer(host: str, path: str) -> Answer:
        if path == "/robots.txt":
            return 200, {}, "User-agent: *\nCrawl-delay: 0.5" if host == "127.0.0.1" else ""
        return 200, {}, f"/{int(path[1:]) + 1}" if host == "localhost" and path != "/5" else ""

    ends, _ = site.crawl([f"{site.slow}/{n}" for n in range(6)] + [f"{site.quick}/1"], answer, CONCURRENT_REQUESTS=2)
    assert len(ends) == 11
    assert len([at for at in site.times("127.0.0.1") if at > max(site.times("localhost"))]) >= 4


NOW = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Sun, 01 Mar 2026 08:02:00 GMT"}, 120),
        ({"Retry-After": "Sun, 01 Mar 2026 16:02:00 +0800"}, 120),
        ({"Retry-After": "Sun, 01 Mar 2026 07:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 01 Mar 2026 09:02:00 GMT", "Date": "Sun, 01 Mar 2026 09:00:00 GMT"}, 120),
        ({"Retry-After": "Sun, 01 Mar 2026 08:02:00 GMT", "Date": "today"}, 120),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "１２"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_moment(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(Response("http://news.example/", headers=headers), NOW) == seconds


@pytest.mark.parametrize("slot", [Slot(1, 0, 0), Slot(1, 2, 0), Slot(1, 2, 0.5)], ids=["no delay", "delay", "jitter"])
def test_a_pause_lasts_as_long_as_was_asked_whatever_the_delay(slot: Slot) -> None:
    started = time.monotonic()
    pause(slot, 60)
    waits = [slot.lastseen + slot.download_delay() - started for _ in range(100)]
    assert min(waits) >= 59.999
    assert max(waits) < 62.5


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    slot = Slot(1, 1, 0)
    pause(slot, 60)
    until = slot.lastseen
    pause(slot, 5)
    assert slot.lastseen == until
