"""Whatever a page, a redirect or a DNS answer says: newsnap connects to public addresses only."""

import ipaddress
import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import readied
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.spiders import Spider

from newsnap.guard import AddressRefused, Guard, allowed_networks, check, is_public

HANDLERS = {
    **dict.fromkeys(("http", "https"), "newsnap.guard.GuardedDownloadHandler"),
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}


PUBLIC = """
1.1.1.1 100.63.255.255 100.128.0.0 172.32.0.1 223.255.255.255
2400:3200::1 2606:4700:4700::1111 ::ffff:1.1.1.1 64:ff9b::1.1.1.1
"""
NOT_PUBLIC = """
127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
100.100.100.200 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd12:3456::1 ff02::1 100::1 2001:db8::1 3fff::1 5f00::1
2606:4700::1%eth0 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a00:1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe
64:ff9b:1::1.1.1.1 2002:7f00:1::1 2002:c0a8:101:: 2002:101:101::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:20::1
localhost news.cn 0x7f.1 2130706433 127.1 0177.0.0.1 [::1] 1.1.1.1:80
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_a_host_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "1.1.1.1 ", *NOT_PUBLIC.split()])
def test_all_else_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_nothing_is_public_that_python_holds_to_be_special() -> None:
    rng = random.Random(4)
    addresses = [ipaddress.IPv4Address(rng.getrandbits(32)) for _ in range(5000)]
    addresses += [network.network_address for network in ipaddress.ip_network("0.0.0.0/0").subnets(new_prefix=11)]
    wrong = [ip for ip in addresses if is_public(str(ip)) and (not ip.is_global or ip.is_multicast)]
    assert wrong == []


def test_only_the_networks_named_are_opened() -> None:
    networks = allowed_networks(Settings({"NEWSNAP_GUARD_ALLOWED_NETWORKS": "127.0.0.1/32, ::1"}))
    check("127.0.0.1", networks)
    check("::1", networks)
    for address in ("127.0.0.2", "10.0.0.1", "localhost"):
        with pytest.raises(AddressRefused, match=address):
            check(address, networks)


@pytest.mark.parametrize("value", ["localhost", "127.0.0.1/8", "10.0.0.0/99", "True"])
def test_a_network_that_is_none_is_an_error(value: str) -> None:
    with pytest.raises(ValueError, match=f"NEWSNAP_GUARD_ALLOWED_NETWORKS names '{value}'"):
        allowed_networks(Settings({"NEWSNAP_GUARD_ALLOWED_NETWORKS": value}))


CRAWL = '''
import json, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Resolver:
    """Answers for names as the test says, one answer after the other, and notes where connections go."""

    def __init__(self, reactor, names):
        self.reactor, self.names, self.connect = reactor, names, reactor.connectTCP

    @classmethod
    def from_crawler(cls, crawler, reactor):
        return cls(reactor, crawler.settings.getdict("NAMES"))

    def install_on_reactor(self):
        self.reactor.installNameResolver(self)
        self.reactor.connectTCP = self.connectTCP

    def resolveHostName(self, receiver, hostName, portNumber=0):
        from twisted.internet.address import IPv4Address, IPv6Address

        receiver.resolutionBegan(self)
        for host in self.names[hostName].pop(0):
            receiver.addressResolved((IPv6Address if ":" in host else IPv4Address)("TCP", host, portNumber))
        receiver.resolutionComplete()

    def connectTCP(self, host, *arguments, **options):
        TinySpider.connections.append(host)
        if host == "127.0.0.1":
            return self.connect(host, *arguments, **options)

class TinySpider(scrapy.Spider):
    name = "tiny"
    ends = {}
    connections = []

    async def start(self):
        for url, meta in json.loads(sys.argv[2]).items():
            yield scrapy.Request(url, meta=meta, errback=self.failed)

    def parse(self, response):
        self.ends[response.meta.get("redirect_urls", [response.url])[0]] = f"{response.status} {response.url}"

    def failed(self, failure):
        request = failure.request
        self.ends[request.meta.get("redirect_urls", [request.url])[0]] = type(failure.value).__name__

process = AsyncCrawlerProcess(json.loads(sys.argv[1]))
crawler = process.create_crawler(TinySpider)
process.crawl(crawler)
process.start()
if process.bootstrap_failed:
    sys.exit(1)
stats = {name: value for name, value in crawler.stats.get_stats().items() if isinstance(value, int)}
print(json.dumps([TinySpider.ends, stats | {"connections": TinySpider.connections}]))
'''


def run(urls: dict[str, dict[str, Any]], **settings: Any) -> subprocess.CompletedProcess[str]:
    settings = {
        "DOWNLOAD_HANDLERS": HANDLERS,
        "EXTENSIONS": {"newsnap.guard.Guard": 0},
        "HTTPERROR_ALLOW_ALL": True,
        "LOG_LEVEL": "WARNING",
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
    } | settings
    return readied.run(["-c", CRAWL, json.dumps(settings), json.dumps(urls)], os.environ)


def crawl(urls: dict[str, dict[str, Any]], **settings: Any) -> tuple[dict[str, str], dict[str, Any]]:
    finished = run(urls, **settings)
    assert finished.returncode == 0, finished.stderr
    ends, stats = json.loads(finished.stdout)
    return ends, stats


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        location = self.server.redirects.get(self.path)
        self.send_response(302 if location else 200)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        server.redirects = {}
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_no_spelling_of_a_private_address_is_connected_to(server: ThreadingHTTPServer) -> None:
    port = server.server_port
    hosts = [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ]
    urls = {f"{scheme}://{host}:{port}/a": {} for host in hosts for scheme in ("http", "https")}
    ends, stats = crawl(urls, ROBOTSTXT_OBEY=True)
    assert server.asked == []
    assert ends == dict.fromkeys(urls, "AddressRefused")
    # every page and, once for both schemes of a host, its robots.txt
    assert stats["newsnap/guard/refused"] == len(urls) + len(hosts)
    assert "retry/count" not in stats


def test_what_counts_is_the_address_that_a_name_has_when_the_connection_is_opened(server: ThreadingHTTPServer) -> None:
    names = {
        "private.example": [["10.0.0.1", "::1"]],
        "mixed.example": [["10.0.0.1", "127.0.0.1", "fe80::1"]],
        "changing.example": [["127.0.0.1"], ["192.168.0.1"]],
    }
    server.redirects = {"/first": "/second"}
    paths = {"private.example": "/", "mixed.example": "/", "changing.example": "/first"}
    urls = [f"http://{name}:{server.server_port}{path}" for name, path in paths.items()]
    ends, stats = crawl(
        {url: {} for url in urls},
        NAMES=names,
        TWISTED_DNS_RESOLVER="__main__.Resolver",
        NEWSNAP_GUARD_ALLOWED_NETWORKS="127.0.0.1/32",
    )
    assert ends == dict(zip(urls, ["AddressRefused", f"200 {urls[1]}", "AddressRefused"], strict=True))
    assert stats["connections"] == ["127.0.0.1", "127.0.0.1"]
    assert stats["newsnap/guard/refused"] == 2


def test_a_redirect_is_checked_like_any_request(server: ThreadingHTTPServer) -> None:
    site = f"http://127.0.0.1:{server.server_port}"
    server.redirects = {
        "/inward": f"http://127.0.0.2:{server.server_port}/secret",
        "/metadata": "http://169.254.169.254/latest/",
        "/file": "file:///etc/hosts",
        "/data": "data:text/html,text",
        "/fine": "/end",
    }
    ends, stats = crawl({site + path: {} for path in server.redirects}, NEWSNAP_GUARD_ALLOWED_NETWORKS="127.0.0.1/32")
    assert ends == {
        f"{site}/inward": "AddressRefused",
        f"{site}/metadata": "AddressRefused",
        f"{site}/file": f"302 {site}/file",
        f"{site}/data": f"302 {site}/data",
        f"{site}/fine": f"200 {site}/end",
    }
    assert "/secret" not in server.asked
    assert stats["newsnap/guard/refused"] == 2


def test_a_proxy_is_refused_because_nothing_can_be_checked_behind_it(server: ThreadingHTTPServer) -> None:
    proxy = {"proxy": f"http://127.0.0.1:{server.server_port}"}
    urls = {"http://news.example/a": proxy, "https://news.example/b": proxy}
    ends, _ = crawl(urls, NEWSNAP_GUARD_ALLOWED_NETWORKS="127.0.0.1/32")
    assert ends == dict.fromkeys(urls, "AddressRefused")
    assert server.asked == []


def test_a_crawl_that_is_not_guarded_does_not_start(server: ThreadingHTTPServer) -> None:
    handler = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
    url = f"http://127.0.0.1:{server.server_port}/a"
    finished = run({url: {}}, DOWNLOAD_HANDLERS={**HANDLERS, "http": handler})
    assert finished.returncode == 1
    assert f"DOWNLOAD_HANDLERS has {handler} for http:" in finished.stderr
    assert server.asked == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"DOWNLOAD_HANDLERS": {}}, "connects without asking the guard"),
        (
            {"DOWNLOAD_HANDLERS": {**HANDLERS, "file": "scrapy.core.downloader.handlers.file.FileDownloadHandler"}},
            "file:",
        ),
        ({"DOWNLOAD_HANDLERS": HANDLERS, "NEWSNAP_REPLAY": "day.warc"}, "would fetch from the network in a replay"),
        ({"DOWNLOAD_HANDLERS": HANDLERS, "TWISTED_REACTOR_ENABLED": False}, "the guard watches the reactor"),
        ({"DOWNLOAD_HANDLERS": HANDLERS, "NEWSNAP_GUARD_ALLOWED_NETWORKS": "home"}, "'home', which is no network"),
    ],
)
def test_the_guard_refuses_settings_that_lead_around_it(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Guard(Crawler(Spider, settings))
