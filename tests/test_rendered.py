"""Pages that only scripts write are read with a real Chromium, and it reaches nothing that newsnap does not fetch."""

import asyncio
import io
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import readied
from conftest import Scrapy
from pymongo.database import Database
from scrapy.settings import Settings
from scripted import BEHAVIOURS, ROBOTS, SHELL, WRITE, Site, article, running_site
from soak_rendered import Family, crawl_environment, soak
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsnap.page import Page
from newsnap.rendered import executable
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.escalation import Escalation, is_shell
from newsnap.rendered.executable import NoBrowser, find_browser
from newsnap.rendered.launch import Launcher, may_sandbox
from newsnap.rendered.unwanted import is_tracker
from newsnap.takedowns import Rule

Document = dict[str, Any]
Crawl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture
def family(environment: dict[str, str]) -> Family:
    return Family(Path(environment["NEWSNAP_HOME"]))


@pytest.fixture
def crawl(scrapy: Scrapy, site: Site, environment: dict[str, str]) -> Crawl:
    """Crawl pages of the site with one of its sources, so many at once; variables are of the environment."""
    path = crawl_environment(Path(environment["NEWSNAP_HOME"]), "")["PYTHONPATH"]

    def run(source: str, *pages: str, at_once: int = 1, **variables: str) -> subprocess.CompletedProcess[str]:
        addresses = ",".join(site.url(page) for page in pages)
        opened = {"PYTHONPATH": path, "NEWSNAP_GUARD_ALLOWED_NETWORKS": "127.0.0.1/32"}
        modules = "SPIDER_MODULES=newsnap.spiders,scripted"
        options = ["-s", modules, "-a", f"urls={addresses}", "-s", "STATS_DUMP=1"]
        options += ["-s", f"CONCURRENT_REQUESTS_PER_DOMAIN={at_once}"]
        return scrapy("crawl", source, *options, **opened | variables)

    return run


def stat(done: subprocess.CompletedProcess[str], name: str) -> int:
    """Return a number of a crawl's stats; 0 where it was not counted."""
    found = re.search(rf"'newsnap/{name}': (\d+)", done.stderr)
    return int(found[1]) if found else 0


def test_a_source_that_needs_a_browser_has_its_pages_rendered(
    crawl: Crawl, site: Site, db: Database[Document], family: Family
) -> None:
    done = crawl("scripted", "scripted/1.html", "scripted/late2.html", "scripted/moved3.html")
    assert done.returncode == 0, done.stderr
    assert "rendered 3 of 3 pages (100%)" in done.stderr
    assert "Traceback" not in done.stderr
    stored = {each["_id"]: each for each in db.articles.find()}
    assert set(stored) == {"scripted:1", "scripted:late2", "scripted:target"}
    for id, found in stored.items():
        made = article(id.partition(":")[2])
        assert (found["title"], found["body"].split("\n")) == (made["title"], made["text"])
        assert found["rendered"] is True
        assert found["figures"] == [{"url": site.url("figure.png"), "caption": "", "after": -1}] or not found["figures"]
    capture = db.captures.find_one({"article": "scripted:1"})
    headers = dict(capture["headers"])
    assert headers["X-Newsnap-Rendered"].startswith("Chromium ")
    assert "Etag" not in headers, "the shell's validators say nothing of the text"
    assert db.crawls.find_one()["counts"]["rendered"] == 3

    assert site.count("/common.js") == 1, "what pages have in common is asked for once"
    assert not {each for each in site.asked if each.endswith((".png", ".css", ".ico"))}
    assert {agent.partition("/")[0] for agent in site.agents} == {"newsnap"}
    assert not family.look(), "a process is left"


def test_a_source_without_scripts_starts_no_browser(crawl: Crawl, db: Database[Document]) -> None:
    done = crawl("printed", "printed/1.html", "printed/2.html")
    assert done.returncode == 0, done.stderr
    assert db.articles.count_documents({"rendered": False}) == 2
    assert "playwright imported: False" in done.stderr
    assert "rendered" not in done.stderr.partition("printed: done")[2].partition("Dumping")[0]


BOTH = """
import json, sys
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

settings = get_project_settings()
settings.set("SPIDER_MODULES", ["newsnap.spiders", "scripted"])
process = AsyncCrawlerProcess(settings)
crawlers = {}
for name, url in json.loads(sys.argv[1]).items():
    crawlers[name] = process.create_crawler(name)
    process.crawl(crawlers[name], urls=url)
process.start()
print(json.dumps({name: crawler.stats.get_value("newsnap/rendered/browsers", 0) for name, crawler in crawlers.items()}))
"""


def test_of_two_sources_in_one_run_only_the_rendered_one_has_a_browser(
    site: Site, db: Database[Document], environment: dict[str, str]
) -> None:
    urls = {"printed": site.url("printed/1.html"), "scripted": site.url("scripted/2.html")}
    opened = crawl_environment(Path(environment["NEWSNAP_HOME"]), environment["MONGO_URI"])
    opened |= {"MONGO_DATABASE": db.name, "SCRAPY_SETTINGS_MODULE": "newsnap.settings"}
    done = readied.run(["-c", BOTH, json.dumps(urls)], opened)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"printed": 0, "scripted": 1}
    assert {each["_id"]: each["rendered"] for each in db.articles.find()} == {"printed:1": False, "scripted:2": True}


def test_a_crawl_learns_that_its_source_needs_a_browser(crawl: Crawl, site: Site, db: Database[Document]) -> None:
    pages = [f"turned/{number}.html" for number in range(1, 6)]
    done = crawl("turned", *pages)
    assert done.returncode == 0, done.stderr
    assert db.articles.count_documents({"rendered": True}) == 5
    escalated = stat(done, "rendered/escalated")
    assert escalated in (Escalation.SURE, Escalation.SURE + 1)  # one more may be on its way by then
    asked = [site.count(f"/{page}") for page in pages]
    assert asked == [2] * escalated + [1] * (5 - escalated)
    assert f"rendered 5 of {5 + escalated} pages" in done.stderr


def test_a_browser_that_does_not_help_is_not_tried_for_ever() -> None:
    escalation = Escalation()
    for _ in range(Escalation.SURE):
        assert escalation.worth_trying("a")
        escalation.learn("a", helped=False)
    assert not escalation.worth_trying("a")
    assert escalation.worth_trying("b"), "other sites are others"


def test_a_site_where_a_browser_helped_is_given_more_chances() -> None:
    escalation = Escalation()
    for _ in range(Escalation.SURE):
        assert not escalation.at_once("a")
        escalation.learn("a", helped=True)
    assert escalation.at_once("a")
    for _ in range(Escalation.PATIENCE):
        assert escalation.worth_trying("a")
        escalation.learn("a", helped=False)
        assert not escalation.at_once("a")
    assert not escalation.worth_trying("a")


TEXT = "河边的集市今天开张，卖竹器的老人说，他等这一天已经等了两年。" * 12
SHELLS = {
    "empty root": ('<div id="app"></div><script src="/app.js"></script>', True),
    "root with a spinner": ('<div id="root"><p>加载中</p></div><script src="/app.js"></script>', True),
    "header and footer around it": (
        '<div>江城在线 关于我们 联系我们</div><div id="__next"></div><script src="a.js"></script><p>江城传媒 2026</p>',
        True,
    ),
    "notice": ("<noscript>请启用JavaScript</noscript><p>江城在线，为您服务</p><script src=a.js></script>", True),
    "nothing but a script": ("<script>document.write(load())</script>", True),
    "big script": (f"<script>var data = '{'x' * 3000}'; render(data)</script>", True),
    "article": (f'<div id="app"><p>{TEXT}</p></div><script src="/app.js"></script>', False),
    "no script": ('<div id="app"></div><p>页面不存在</p>', False),
    "counter in noscript": (
        f"<noscript><img src=/count.gif></noscript><p>{TEXT[:200]}</p><script src=a.js></script>",
        False,
    ),
    "short notice": (f"<p>{TEXT[:90]}</p><script>count()</script>", False),
    "list of links": ("".join(f"<a href=/{n}>{TEXT[:30]}</a>" for n in range(40)) + f"<p>{TEXT[:310]}</p>", False),
}


@pytest.mark.parametrize("case", SHELLS)
def test_a_shell_is_told_from_an_article(case: str) -> None:
    body, expected = SHELLS[case]
    page = Page(f"<!DOCTYPE html><title>江城在线</title><body>{body}".encode(), "https://news.example/1.html")
    assert is_shell(page) is expected


class Listener:
    """Notes whoever comes to a port, by TCP or UDP; answers nobody."""

    def __init__(self, host: str) -> None:
        self.came: list[bytes] = []
        self.tcp = socket.create_server((host, 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((host, self.port))
        for listen in (self.listen_tcp, self.listen_udp):
            threading.Thread(target=listen, daemon=True).start()

    def listen_tcp(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            connection.settimeout(1)
            try:
                self.came.append(connection.recv(200))
            except TimeoutError:
                self.came.append(b"a connection")
            connection.close()

    def listen_udp(self) -> None:
        while True:
            try:
                self.came.append(self.udp.recv(200))
            except OSError:
                return


def test_a_page_reaches_no_address_that_newsnap_would_not(
    crawl: Crawl, site: Site, scrapy: Scrapy, db: Database[Document]
) -> None:
    listener = Listener("127.0.0.2")  # not opened, and nobody is to know
    assert scrapy("takedown", "list").returncode == 0  # makes the collections
    # the command takes names of hosts only
    rule = Rule(kind="url", value=f"127.0.0.1:{site.server_port}/taken-down", reason="at the author's request")
    db.takedowns.insert_one(rule.document())
    site.there = f"127.0.0.2:{listener.port}"
    done = crawl("scripted", "scripted/spying1.html", "scripted/2.html")
    assert done.returncode == 0, done.stderr
    assert db.articles.count_documents({}) == 2, "the page itself is read all the same"
    time.sleep(0.5)
    assert listener.came == []
    assert stat(done, "guard/refused") >= 3
    assert stat(done, "rendered/refused") >= 5
    asked = {each.partition("?")[0] for each in site.asked}
    assert "/away" in asked, "redirects were followed"
    assert not asked & {"/taken-down", "/forbidden/frame.html", "/worker.js"}


def test_the_browser_by_itself_reaches_nothing() -> None:
    listener = Listener("127.0.0.1")
    page = f"<body><script>const write = () => {{}};{BEHAVIOURS['spying']}</script>"
    page = page.replace("THERE", f"127.0.0.1:{listener.port}")

    async def spy() -> None:
        launcher = Launcher(None, executable=find_browser(Settings()), sandbox=may_sandbox(True))
        await launcher.start()
        browser = await launcher.launch_browser()
        try:
            opened = await (await browser.new_context()).new_page()
            await opened.route("http://spy.example/", lambda route: route.fulfill(body=page, content_type="text/html"))
            await opened.goto("http://spy.example/", wait_until="commit")
            await asyncio.sleep(3)
        finally:
            await browser.close()
            await launcher.close()

    asyncio.run(spy())
    assert listener.came == []


def test_a_page_that_misbehaves_costs_itself_and_nothing_else(
    site: Site, db: Database[Document], environment: dict[str, str]
) -> None:
    home = Path(environment["NEWSNAP_HOME"])
    opened = crawl_environment(home, environment["MONGO_URI"]) | {"MONGO_DATABASE": db.name}
    figures = soak(site, 17, home, opened, every=1.5)
    told = "\n".join([*figures.lines(), figures.log])
    assert figures.stored == figures.wanted, told
    assert not figures.left, told
    assert max(figures.crawler_bytes) < 400e6, told
    assert "Traceback" not in figures.log, told
    assert "destroyed" not in figures.log, told
    assert re.search(r"rendered/failed/(timeout|memory)", figures.log), told
    assert re.search(r"rendered/browsers.: [2-9]", figures.log), "an old browser is replaced"


@pytest.mark.parametrize("killed_one", ["browsers", "drivers"])
def test_a_browser_that_is_killed_is_started_again(
    crawl: Crawl, site: Site, db: Database[Document], family: Family, killed_one: str
) -> None:
    killed = []

    def kill() -> None:
        while not killed:
            time.sleep(0.1)
            if site.count("/common.js") and (found := getattr(family, killed_one)()):  # a page is open
                os.kill(found[0], signal.SIGKILL)
                killed.append(found[0])

    killer = threading.Thread(target=kill)
    killer.start()
    pages = [f"scripted/late{number}.html" for number in range(4)]
    done = crawl("scripted", *pages, at_once=2)
    killer.join()
    assert done.returncode == 0, done.stderr
    assert db.articles.count_documents({}) == 4
    assert stat(done, "rendered/browsers") == 2


def test_nothing_outlives_a_crawl_that_is_killed(
    site: Site, environment: dict[str, str], db: Database[Document], family: Family
) -> None:
    opened = crawl_environment(Path(environment["NEWSNAP_HOME"]), environment["MONGO_URI"])
    command = ["-m", "scrapy", "crawl", "scripted", "-s", "SPIDER_MODULES=newsnap.spiders,scripted"]
    command += ["-a", f"urls={site.url('scripted/hung1.html')}"]
    killed = readied.start(command, opened, Path(os.devnull), Path(os.devnull))
    until = time.monotonic() + 60
    while not (site.count("/api/article") and family.browsers()) and time.monotonic() < until:
        time.sleep(0.2)
    assert len(family.look()) > 3
    killed.kill()
    killed.wait()
    until = time.monotonic() + 20
    while family.look() and time.monotonic() < until:
        time.sleep(0.2)
    assert not family.look()


def recording(path: Path, host: str, *, with_text: bool = True) -> Path:
    """Write down a shell, its script and what the script asks for, as sent."""
    answers = {
        "/robots.txt": ("text/plain", ROBOTS),
        "/scripted/7.html": ("text/html", SHELL.replace("{script}", "addEventListener('load', () => write())")),
        "/common.js": ("text/javascript", WRITE),
    }
    if with_text:
        answers["/api/article?id=7"] = ("application/json", json.dumps(article("7")))
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for address, (kind, body) in answers.items():
            headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
            payload, size = io.BytesIO(body.encode()), len(body.encode())
            options = {"payload": payload, "length": size, "http_headers": headers}
            writer.write_record(writer.create_warc_record(f"{host}{address}", "response", **options))
    return path


def test_a_replay_is_rendered_from_the_recording_alone(
    crawl: Crawl, site: Site, db: Database[Document], tmp_path: Path
) -> None:
    host = site.url("").rstrip("/")
    warc = recording(tmp_path / "day.warc.gz", host)
    done = crawl("scripted", "scripted/7.html", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 0, done.stderr
    stored = db.articles.find_one()
    assert (stored["title"], stored["rendered"]) == (article("7")["title"], True)

    # what was rendered once is read again without a browser
    db.articles.delete_many({})
    again = crawl("scripted", "scripted/7.html", NEWSNAP_REPLAY="captures", NEWSNAP_BROWSER_PATH="/nowhere")
    assert again.returncode == 0, again.stderr
    assert db.articles.find_one()["content_hash"] == stored["content_hash"]
    assert site.asked == []


def test_a_rendered_source_without_a_browser_does_not_start(crawl: Crawl, site: Site) -> None:
    done = crawl("scripted", "scripted/1.html", NEWSNAP_BROWSER_PATH="/nowhere/chrome")
    assert done.returncode == 1
    assert "NEWSNAP_BROWSER_PATH=/nowhere/chrome is no program that can be run" in done.stderr
    assert "Traceback" not in done.stderr
    assert site.asked == []


def test_an_escalation_without_a_browser_is_an_error_that_is_counted(
    crawl: Crawl, site: Site, db: Database[Document]
) -> None:
    done = crawl("turned", "turned/1.html", NEWSNAP_BROWSER_PATH="/nowhere")
    assert done.returncode == 1
    assert "not rendered (no browser) 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_playwrights_own_browser_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("own/chromium-1200/chrome-linux64/chrome", "own/chromium-99/chrome-linux64/chrome", "bin/chromium"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "own"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(executable, "APPLICATIONS", ())
    assert find_browser(Settings()) == tmp_path / "own/chromium-1200/chrome-linux64/chrome"
    assert find_browser(Settings({"NEWSNAP_BROWSER_PATH": str(tmp_path / "bin/chromium")})).name == "chromium"
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    assert find_browser(Settings()) == tmp_path / "bin/chromium"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoBrowser, match="`apt install chromium` gives one"):
        find_browser(Settings())


def test_a_bound_that_allows_nothing_is_refused() -> None:
    settings = Settings({name: 1 for name in dir_of_bounds()})
    assert Bounds.of(settings).pages == 1
    settings.set("NEWSNAP_RENDERED_PAGES", 0)
    with pytest.raises(ValueError, match="NEWSNAP_RENDERED_PAGES is 0"):
        Bounds.of(settings)


def dir_of_bounds() -> list[str]:
    names = ("PAGES", "PAGE_SECONDS", "PAGE_REQUESTS", "PAGE_BYTES", "PROCESS_BYTES", "BROWSER_PAGES")
    return [f"NEWSNAP_RENDERED_{name}" for name in names]


def test_who_counts_readers_is_not_asked() -> None:
    assert is_tracker("https://s4.cnzz.com/z_stat.php")
    assert is_tracker("https://hm.baidu.com/hm.js?abc")
    assert not is_tracker("https://api.baidu.com/article")
    assert not is_tracker("https://notcnzz.com/a.js")
