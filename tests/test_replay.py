"""A replay answers from a WARC file and from nowhere else."""

import asyncio
import gzip
import json
import os
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import brotli
import pytest
import scrapy
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from newsnap import replay
from newsnap.recordings import ReplayError, WarcRecording, lookup_key

HTML = b"Content-Type: text/html; charset=utf-8\r\n"
URL = "http://news.example/a.html"


def http(body: bytes = b"<p>page", headers: bytes = HTML, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + headers + b"\r\n" + body


def record(url: str, block: bytes, *, kind: str = "response", date: str = "2026-03-01T08:00:00Z", **more: str) -> bytes:
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{random.Random(url + date).getrandbits(64)}>",
        "WARC-Date": date,
        "WARC-Target-URI": url,
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return b"WARC/1.0\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


class RepliesSpider(scrapy.Spider):
    """Fetches the given requests one after the other and keeps what comes back, errors too."""

    name = "replies"

    @classmethod
    def update_settings(cls, settings: Settings) -> None:
        super().update_settings(settings)
        replay.configure(settings)

    async def start(self) -> Any:
        for request in self.requests:
            yield request.replace(callback=self.parse, errback=self.failed, dont_filter=True)

    def parse(self, response: Response) -> None:
        self.replies.append(response)

    def failed(self, failure: Failure) -> None:
        self.replies.append(failure.value)


class Replayer:
    """Writes a WARC and crawls requests out of it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "day.warc.gz"
        self.crawler: Crawler | None = None

    def write(self, *records: bytes, name: str = "day.warc.gz") -> None:
        self.path = self.path.with_name(name)
        self.path.write_bytes(
            b"".join(gzip.compress(each, mtime=0) if name.endswith(".gz") else each for each in records)
        )

    def crawl(self, *requests: scrapy.Request | str, **settings: Any) -> list[Any]:
        replies: list[Any] = []
        asked = [scrapy.Request(each) if isinstance(each, str) else each for each in requests]
        runner = AsyncCrawlerRunner(
            {
                "NEWSNAP_REPLAY": str(self.path),
                "TWISTED_REACTOR_ENABLED": False,
                "REMOTE_CONTROL_ENABLED": False,
                "HTTPERROR_ALLOW_ALL": True,
                "ROBOTSTXT_OBEY": False,
            }
            | settings
        )
        self.crawler = runner.create_crawler(RepliesSpider)
        asyncio.run(self.run(runner, asked, replies))
        return replies

    async def run(self, runner: AsyncCrawlerRunner, requests: list[scrapy.Request], replies: list[Any]) -> None:
        await runner.crawl(self.crawler, requests=requests, replies=replies)

    def get(self, request: scrapy.Request | str = URL, **settings: Any) -> Any:
        [reply] = self.crawl(request, **settings)
        return reply

    def stat(self, name: str) -> int:
        assert self.crawler
        return self.crawler.stats.get_value(name, 0)


@pytest.fixture
def day(tmp_path: Path) -> Replayer:
    return Replayer(tmp_path)


@pytest.mark.parametrize("name", ["day.warc.gz", "day.warc"])
def test_a_recorded_address_is_answered_and_any_other_is_a_404(day: Replayer, name: str) -> None:
    day.write(record(URL, http(b"<p>one"), WARC_IP_Address="192.0.2.7"), record(URL + "?2", http(b"<p>two")), name=name)
    replies = {reply.url: reply for reply in day.crawl(URL, URL + "?2", "http://news.example/b.html")}
    assert [reply.status for reply in replies.values()].count(404) == 1
    assert replies["http://news.example/b.html"].status == 404
    assert replies[URL].text == "<p>one"
    assert replies[URL].encoding == "utf-8"
    assert str(replies[URL].ip_address) == "192.0.2.7"
    assert replies[URL].protocol == "HTTP/1.1"
    assert replies[URL + "?2"].text == "<p>two"
    assert (day.stat("newsnap/replay/answered"), day.stat("newsnap/replay/missing")) == (2, 1)


def test_the_request_learns_when_its_response_was_received(day: Replayer) -> None:
    day.write(record(URL, http(), date="2026-03-01T23:59:59.25Z"))
    assert day.get().request.meta["fetched"] == datetime(2026, 3, 1, 23, 59, 59, 250000, tzinfo=UTC)


def test_a_missing_address_has_no_time_left_over_from_the_redirect_that_led_to_it(day: Replayer) -> None:
    day.write(record(URL, http(b"", b"Location: /gone.html\r\n", "302 Found")))
    reply = day.get()
    assert (reply.url, reply.status, "fetched" in reply.request.meta) == ("http://news.example/gone.html", 404, False)


def test_robots_txt_is_read_from_the_recording_and_obeyed(day: Replayer) -> None:
    robots = http(b"User-agent: *\nDisallow: /a", b"Content-Type: text/plain\r\n")
    day.write(record("http://news.example/robots.txt", robots), record(URL, http()))
    reply = day.get(ROBOTSTXT_OBEY=True)
    assert "robots.txt" in str(reply)
    assert day.stat("newsnap/replay/answered") == 1


@pytest.mark.parametrize("dates", [("2026-03-01", "2026-03-02"), ("2026-03-02", "2026-03-01")])
def test_the_last_capture_in_time_wins(day: Replayer, dates: tuple[str, str]) -> None:
    day.write(*(record(URL, http(date.encode()), date=f"{date}T08:00:00Z") for date in dates))
    assert day.get().text == "2026-03-02"


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (URL, "https://news.example/a.html"),
        (URL, "http://news.example:80/a.html#top"),
        ("https://News.Example:443/a.html", "https://news.example/a.html"),
        ("<http://news.example/a.html>", URL),
        ("http://news.example", "http://news.example/"),
        ("http://news.example/新闻?q=%e4%b8%ad", "http://news.example/%e6%96%b0%E9%97%BB?q=中"),
    ],
)
def test_spellings_of_one_address_are_one(day: Replayer, recorded: str, asked: str) -> None:
    day.write(record(recorded, http()))
    assert day.get(asked).status == 200


def test_http_and_https_are_told_apart_where_both_are_recorded(day: Replayer) -> None:
    redirect = http(b"", b"Location: https://news.example/a.html\r\n", "301 Moved Permanently")
    day.write(record(URL, redirect), record("https://news.example/a.html", http()))
    reply = day.get(URL)
    assert (reply.url, reply.status) == ("https://news.example/a.html", 200)


def test_a_redirect_to_the_other_scheme_does_not_lead_in_a_circle(day: Replayer) -> None:
    day.write(record(URL, http(b"", b"Location: https://news.example/a.html\r\n", "301 Moved Permanently")))
    reply = day.get(URL)
    assert (reply.url, reply.status) == ("https://news.example/a.html", 404)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(b"<p>page", mtime=0)),
        (b"gzip", b"<p>page"),
        (b"br", brotli.compress(b"<p>page")),
        (b"br", b"<p>page"),
        (b"deflate", zlib.compress(b"<p>page")),
        (b"deflate", b"<p>page"),
        (b"zstd", b"<p>page"),
    ],
)
def test_a_page_is_read_whether_or_not_the_archive_decoded_it(day: Replayer, encoding: bytes, body: bytes) -> None:
    day.write(record(URL, http(body, HTML + b"Content-Encoding: " + encoding + b"\r\nContent-Length: 99999\r\n")))
    reply = day.get()
    assert reply.text == "<p>page"
    assert "Content-Encoding" not in reply.headers


@pytest.mark.parametrize(
    "body",
    [
        b"3\r\n<p>\r\n4;name=value\r\npage\r\n0\r\n\r\n",
        b"3\r\n<p>\r\n40\r\npage",  # ends in the middle of a chunk
        b"<p>page",  # decoded by the archive, header left
    ],
    ids=["whole", "cut", "decoded"],
)
def test_chunks_are_joined_where_there_are_any(day: Replayer, body: bytes) -> None:
    day.write(record(URL, http(body, HTML + b"Transfer-Encoding: chunked\r\n")))
    reply = day.get()
    assert reply.text == "<p>page"
    assert "Transfer-Encoding" not in reply.headers
    assert reply.headers["Content-Length"] == b"7"


@pytest.mark.parametrize("text", [b"4\r\nscore of the home team\r\n0\r\n", b"0\r\nso it ended", b"0"])
def test_text_that_looks_like_chunks_at_first_stays_whole(day: Replayer, text: bytes) -> None:
    day.write(record(URL, http(text, HTML + b"Transfer-Encoding: chunked\r\n")))
    assert day.get().body == text


def test_headers_are_read_as_leniently_as_browsers_do(day: Replayer) -> None:
    block = b"HTTP/1.0 200\nnonsense\nSet-Cookie: a\nContent-Type: text/html;\n charset=gbk\nSet-Cookie: b\n\n"
    day.write(record(URL, block + "新闻".encode("gbk")))
    reply = day.get()
    assert reply.text == "新闻"
    assert reply.headers.getlist("Set-Cookie") == [b"a", b"b"]


def test_a_response_kept_in_part_is_flagged(day: Replayer) -> None:
    day.write(record(URL, http(), WARC_Truncated="length"))
    assert day.get().flags == ["truncated"]


def test_a_revisit_is_the_page_it_refers_to_on_the_day_of_the_revisit(day: Replayer) -> None:
    other = "http://news.example/same.html"
    day.write(
        record(URL, http(b"<p>same"), WARC_Payload_Digest="sha1:AAAA"),
        record(URL, http(b""), kind="revisit", date="2026-03-02T08:00:00Z", WARC_Payload_Digest="sha1:AAAA"),
        record(other, http(b""), kind="revisit", WARC_Refers_To_Target_URI=URL),
        record("http://news.example/lost.html", http(b""), kind="revisit", WARC_Payload_Digest="sha1:BBBB"),
    )
    replies = {reply.url: reply for reply in day.crawl(URL, other, "http://news.example/lost.html")}
    assert replies[URL].text == replies[other].text == "<p>same"
    assert replies[URL].request.meta["fetched"].day == 2
    assert replies["http://news.example/lost.html"].status == 404


def test_a_revisit_of_what_is_not_in_the_file_leaves_the_earlier_response(day: Replayer) -> None:
    day.write(
        record(URL, http(b"<p>old"), WARC_Payload_Digest="sha1:AAAA"),
        record(URL, http(b""), kind="revisit", date="2026-03-02T08:00:00Z", WARC_Payload_Digest="sha1:BBBB"),
    )
    reply = day.get()
    assert (reply.text, reply.request.meta["fetched"].day) == ("<p>old", 1)


def test_a_body_beyond_the_limit_fails_as_a_download_does(day: Replayer) -> None:
    chunks = HTML + b"Transfer-Encoding: chunked\r\n"
    day.write(
        record(URL, http(b"x" * 300_000)),
        record(URL + "?chunks", http(b"1\r\nx\r\n" * 40_000, chunks)),
        record(URL + "?fits", http(b"1\r\nx\r\n" * 20_000, chunks)),
    )
    for url in (URL, URL + "?chunks"):
        failure = day.get(url, DOWNLOAD_MAXSIZE=20_000)
        assert isinstance(failure, DownloadCancelledError)
        assert "20000 bytes" in str(failure)
    assert len(day.get(URL + "?fits", DOWNLOAD_MAXSIZE=20_000).body) == 20_000


def test_a_list_that_is_asked_for_by_post_is_answered_too(day: Replayer) -> None:
    # the response records of a WARC do not tell the method
    day.write(record(URL, http()))
    assert day.get(scrapy.Request(URL, method="POST", body="{}")).status == 200
    assert day.get(scrapy.Request(URL, method="HEAD")).status == 404


def test_only_responses_of_the_web_are_answered(day: Replayer) -> None:
    day.write(
        record(URL, b"GET /a.html HTTP/1.1\r\n\r\n", kind="request"),
        record("dns:news.example", b"20260301080000\nnews.example. 1 IN A 192.0.2.7\n"),
        record("http://news.example/odd.html", b"no status line"),
        record("http://news.example/b.html", http()),
    )
    replies = {
        reply.url: reply.status
        for reply in day.crawl(URL, "http://news.example/odd.html", "http://news.example/b.html")
    }
    assert replies == {URL: 404, "http://news.example/odd.html": 404, "http://news.example/b.html": 200}


def unusable() -> Iterator[tuple[str, bytes | None, str]]:
    page = record(URL, http())
    yield "missing", None, "No such file"
    yield "empty", b"", "is empty"
    yield "page", b"<html>a page</html>" * 100, "is not a WARC file"
    yield "packed page", gzip.compress(b"<html>a page</html>" * 100, mtime=0), "is not a WARC file"
    yield "noise", b"\x1f\x8b" + random.Random(1).randbytes(1000), "is not a WARC file"
    yield "questions only", gzip.compress(record(URL, b"GET / HTTP/1.1\r\n\r\n", kind="request")), "holds no response"
    yield "cut in its only record", page[:-30], "holds no response"
    yield "packed as a whole", gzip.compress(page * 3, mtime=0), "compressed as a whole"


@pytest.mark.parametrize(("content", "reason"), [pytest.param(*rest, id=name) for name, *rest in unusable()])
def test_a_crawl_does_not_start_without_a_usable_recording(day: Replayer, content: bytes | None, reason: str) -> None:
    if content is not None:
        day.path.write_bytes(content)
    with pytest.raises(ReplayError, match=reason) as caught:
        day.get()
    assert f"NEWSNAP_REPLAY={str(day.path)!r}" in str(caught.value)
    assert "give the path of one" in str(caught.value)


def test_the_command_exits_1_without_a_usable_recording(tmp_path: Path) -> None:
    spider = tmp_path / "tiny.py"
    spider.write_text(
        "import scrapy\n"
        "from newsnap import replay\n"
        "class TinySpider(scrapy.Spider):\n"
        "    name = 'tiny'\n"
        "    start_urls = ['http://127.0.0.1:9/']\n"
        "    update_settings = classmethod(lambda cls, settings: replay.configure(settings))\n"
    )
    options = ["-s", "NEWSNAP_REPLAY=none.warc", "-s", "REMOTE_CONTROL_ENABLED=0", "-s", "TELNETCONSOLE_ENABLED=0"]
    command = [sys.executable, "-m", "scrapy", "runspider", str(spider), *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment
    )
    assert finished.returncode == 1
    assert "ReplayError: NEWSNAP_REPLAY='none.warc' cannot be read (No such file or directory)" in finished.stderr
    assert "Spider opened" not in finished.stderr


def test_a_directory_is_not_a_recording(day: Replayer) -> None:
    day.path = day.path.parent
    with pytest.raises(ReplayError, match="Is a directory"):
        day.get()


@pytest.mark.parametrize("damage", ["cut", "overwritten", "followed by junk"])
@pytest.mark.parametrize("name", ["day.warc.gz", "day.warc"])
def test_what_stands_before_the_damage_is_used_with_a_warning(
    day: Replayer, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    noise = random.Random(2).randbytes(500)
    day.write(record(URL, http()), record(URL + "?last", http(noise.hex().encode())), name=name)
    content = day.path.read_bytes()
    broken = {"cut": content[:-300], "overwritten": content[:-400] + noise, "followed by junk": content + noise}
    day.path.write_bytes(broken[damage])
    replies = {reply.url: reply.status for reply in day.crawl(URL, URL + "?last")}
    assert replies[URL] == 200
    if damage == "cut":
        assert replies[URL + "?last"] == 404
    assert "is damaged in or after the record at byte" in caplog.text


def test_without_the_setting_nothing_is_configured() -> None:
    settings = Settings({"NEWSNAP_REPLAY": "", "DOWNLOAD_DELAY": 3})
    replay.configure(settings)
    assert settings.getint("DOWNLOAD_DELAY") == 3
    assert settings.getdict("DOWNLOAD_HANDLERS") == {}


def test_a_replay_opens_no_other_scheme_and_overrules_the_pauses_of_a_source() -> None:
    settings = Settings({"NEWSNAP_REPLAY": "day.warc", "EXTENSIONS": {"some.Extension": 7}})
    settings.set("DOWNLOAD_DELAY", 30, priority="spider")
    settings.set("DOWNLOAD_HANDLERS", {"file": None, "https": "some.Handler"}, priority="spider")
    replay.configure(settings)
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler is not None} == {"http", "https"}
    assert {handlers["http"], handlers["https"]} == {replay.HANDLER}
    assert settings.getint("DOWNLOAD_DELAY") == 0
    assert settings.getdict("EXTENSIONS") == {"some.Extension": 7, replay.EXTENSION: 0}


def test_only_addresses_of_the_web_have_a_key() -> None:
    for url in ("ftp://news.example/a", "dns:news.example", "http://", "a.html", ""):
        with pytest.raises(ValueError, match="not an address of the web"):
            lookup_key(url)


def test_an_index_holds_no_content(tmp_path: Path) -> None:
    path = tmp_path / "day.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(f"{URL}?{n}", http(b"x" * 50_000))) for n in range(40)))
    recording = WarcRecording(path)
    recording.open()
    kept = json.dumps([recording.responses, recording.revisits, recording.payloads], default=repr)
    recording.close()
    assert len(recording.responses) == 40
    assert len(kept) < 40 * 300
