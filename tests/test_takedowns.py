"""Takedowns over replayed crawls: nothing covered is asked for, kept or left, and nothing passes when nobody knows."""

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import readied
from conftest import ROOT, Scrapy
from invented import Invented, article, page, write_warc
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import in_store
from taken_down import (
    chinanews_page,
    chinanews_url,
    dump,
    edited,
    item,
    keep,
    run_here,
    sentences,
    spellings,
    write_pages,
)

from newsnap.commands.export import Command as Export
from newsnap.sources import load_sources
from newsnap.spiders.chinanews import ChinanewsSpider
from newsnap.store import Store
from newsnap.takedowns import desk

Document = dict[str, Any]

MANY = 500
OFTEN = {"NEWSNAP_TAKEDOWNS_POLL_SECONDS": "1"}
"""For crawls that are to notice, however soon."""
CRAWLED = re.compile(r"Crawled \(\d+\) <GET ([^>]+)>")
ANSWERED = re.compile(r"^(\S+ \S+) \[scrapy.core.engine\] DEBUG: Crawled \(200\) <GET ([^>]+)>", re.MULTILINE)


def take_down(settings: Settings, rules: dict[str, str]) -> dict[str, desk.Added]:
    """Make rules as `scrapy takedown add` does; return them by kind."""

    async def act(store: Store) -> dict[str, desk.Added]:
        made = {}
        for kind, value in rules.items():
            order = await desk.draft(store, load_sources(settings), kind, value, "应作者要求")
            added = await desk.add(store, order, by="tester")
            assert added, f"{kind} {value} was there"
            made[kind] = added
        return made

    return in_store(settings, act)


def asked_for(log: str) -> list[str]:
    """Return the addresses that a crawl at DEBUG had an answer for."""
    return CRAWLED.findall(log)


def test_nothing_covered_is_asked_for_kept_or_left(
    scrapy: Scrapy,
    settings: Settings,
    db: Database[Document],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = [article(number) for number in range(8)]
    by_url, by_prefix, by_host, by_article, by_text, by_title, free, elsewhere = made
    day = tmp_path / "day.warc.gz"
    write_warc(day, made[:7])
    other = item(elsewhere, source="chinanews")
    assert scrapy("crawl", "people", NEWSNAP_REPLAY=str(day)).returncode == 0
    in_store(settings, lambda store: keep(store, other))
    assert db.articles.count_documents({"state": "live"}) == 8

    rules = {
        "url": by_url.url,
        "prefix": by_prefix.url.removesuffix(".html")[:-2],
        "host": by_host.url.split("/")[2],
        "article": by_article.id,
        "text": by_text.id,
        "title": re.escape(by_title.title[-9:]),
        "source": "chinanews",
    }
    added = take_down(settings, rules)
    covered = [each for each in made if each is not free]
    assert sorted(id for each in added.values() for id in each.done.removed) == sorted(
        [*(each.id for each in covered[:-1]), other.id]
    )

    def nothing_left(text: str) -> None:
        for each in covered:
            for sentence in sentences(each):
                assert sentence not in text, each.id

    nothing_left(dump(db))
    code, exported = run_here(Export(), settings, [], capsys)
    assert code == 0
    nothing_left(exported)
    assert sentences(free)[0] in exported
    assert run_here(Export(), settings, ["--warc", str(tmp_path / "kept.warc")], capsys)[0] == 0
    kept = (tmp_path / "kept.warc").read_bytes()
    nothing_left(kept.decode("gb18030", "ignore") + kept.decode("utf-8", "ignore"))

    # the next crawl: nobody asks for what is covered, not even when all is to be fetched anew
    done = scrapy("crawl", "people", "-a", "refresh=1", NEWSNAP_REPLAY=str(day), LOG_LEVEL="DEBUG")
    assert done.returncode == 0, done.stderr
    assert [url for url in asked_for(done.stderr) if url.endswith("html")] == [free.url]
    nothing_left(done.stderr)
    for each in covered:
        assert each.title not in done.stderr, "a log holds the headline of a taken-down article"
    nothing_left(dump(db))
    assert db.articles.count_documents({"state": "live"}) == 1
    assert db.articles.count_documents({"state": "removed"}) == 7

    # every spelling of a covered address, and redirects into it
    doors = {each.url: spellings(each.url) for each in (by_url, by_prefix, by_host, by_article, by_text)}
    doors[other.url] = spellings(other.url)
    jumps = {
        f"http://jump.example/{at}": url for at, url in enumerate(door for some in doors.values() for door in some[:9])
    }
    knocks = tmp_path / "doors.txt"
    lines = [
        each.replace("\n", "%0A").replace("\t", "%09").replace(" ", "%20") for some in doors.values() for each in some
    ]
    knocks.write_text("\n".join([*lines, *jumps, free.url]), encoding="utf-8")
    site = tmp_path / "doors.warc.gz"
    pages = {spelling: page(by_url) for some in doors.values() for spelling in some if spelling.isascii()}
    write_pages(
        site,
        {url.strip(): body for url, body in pages.items() if "\n" not in url.strip()} | {free.url: page(free)},
        jumps,
    )
    done = scrapy(
        "crawl", "knocker", "-a", f"doors={knocks}", "-s", "SPIDER_MODULES=newsnap.spiders,knocker",
        NEWSNAP_REPLAY=str(site), LOG_LEVEL="DEBUG", PYTHONPATH=f"{ROOT}:{ROOT / 'tests'}", REDIRECT_ENABLED="1",
    )  # fmt: skip
    opened = [url for url in asked_for(done.stderr) if not url.endswith("/robots.txt")]
    assert opened == [free.url], done.stderr
    assert done.stderr.count("shut: taken down") == len(lines) + len(jumps)


def test_edited_reprints_that_come_later_are_refused_and_others_are_not(
    scrapy: Scrapy, settings: Settings, db: Database[Document], tmp_path: Path
) -> None:
    removed = article(11)
    text = "\n".join(removed.pages[0])
    in_store(settings, lambda store: keep(store, item(removed)))
    added = take_down(settings, {"url": removed.url})["url"]
    assert added.done.removed == [removed.id]

    others = [article(number) for number in range(2000, 2010)]
    pages = {
        chinanews_url(number): chinanews_page(f"转载之{number}：{removed.title[:4]}", edited(text, number))
        for number in range(50)
    }
    pages |= {chinanews_url(each.number): chinanews_page(each.title, "\n".join(each.pages[0])) for each in others}
    later = tmp_path / "later.warc.gz"
    write_pages(later, pages)
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("\n".join(pages), encoding="utf-8")
    done = scrapy("crawl", "chinanews", "-a", f"urls=@{wanted}", NEWSNAP_REPLAY=str(later), LOG_LEVEL="DEBUG")
    assert done.returncode == 0, done.stderr

    stones = list(db.articles.find({"source": "chinanews", "state": "removed"}))
    live = {each["_id"] for each in db.articles.find({"state": "live"})}
    assert len(stones) >= 48
    assert {each["rule"] for each in stones} == {added.rule.id}
    assert {f"chinanews:{60_000_000 + each.number}" for each in others} <= live
    assert len(live) == 10 + 50 - len(stones)
    for sentence in sentences(removed):
        assert sentence not in done.stderr
        if len(stones) == 50:
            assert sentence not in dump(db)
    # they are not asked for again
    addresses = [ChinanewsSpider.address_rules().identify(url) for url in pages]
    looks = in_store(settings, lambda store: store.ledger.look_up([it for it in addresses if it], datetime.now(UTC)))
    assert {id for id, look in looks.items() if look.standing == "taken_down"} == {each["_id"] for each in stones}


class Crawling:
    """A crawl that runs beside the test."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str, **variables: str):
        self.log = log
        given = environment | variables | {"LOG_LEVEL": "DEBUG"}
        self.process = readied.start(["-m", "scrapy", "crawl", "people", *arguments], given, log, log)

    def until_stored(self, db: Database[Document], count: int) -> None:
        """Wait until so many articles are there."""
        deadline = time.monotonic() + 90
        while db.articles.count_documents({}) < count:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def end(self) -> int:
        """Wait for its end; return the exit code."""
        return self.process.wait(timeout=110)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def very_many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Invented]]:
    """A recording of so many articles that a crawl takes a while, the last hundred of them on another host."""
    made = [article(number) for number in range(MANY)]
    made[-100:] = [replace(each, url=each.url.replace("people.com.cn", "people.cn")) for each in made[-100:]]
    recording = tmp_path_factory.mktemp("many") / "many.warc"
    write_warc(recording, made)
    return recording, made


def test_a_rule_made_while_a_crawl_runs_is_obeyed_within_ten_seconds(
    environment: dict[str, str],
    settings: Settings,
    db: Database[Document],
    tmp_path: Path,
    very_many: tuple[Path, list[Invented]],
) -> None:
    recording, made = very_many
    crawl = Crawling(environment, tmp_path / "log", NEWSNAP_REPLAY=str(recording), TZ="UTC")

    async def decide(store: Store) -> datetime:
        order = await desk.draft(store, load_sources(settings), "host", "people.com.cn", "应作者要求")
        await asyncio.to_thread(crawl.until_stored, db, 40)
        added = await desk.add(store, order, by="tester", yes=True)
        assert added
        return added.rule.since

    since = in_store(settings, decide)
    assert crawl.end() == 0, crawl.text
    answered = [
        (datetime.fromisoformat(stamp).replace(tzinfo=UTC) - since).total_seconds()
        for stamp, url in ANSWERED.findall(crawl.text)
        if url.endswith(".html") and "people.com.cn" in url
    ]
    assert len(answered) < MANY - 100, "the crawl ended before the rule came"
    assert max(answered) < 10
    there = {each["_id"] for each in db.articles.find({"state": "live"}, {"_id": 1})}
    assert there == {each.id for each in made[-100:]}
    for name in ("captures", "revisions"):
        assert {each["article"] for each in db[name].find({}, {"article": 1})} <= there
    assert {each["_id"] for each in db.fingerprints.find({}, {"_id": 1})} <= there
    print(f"last covered page answered {max(answered):.1f} s after the rule, of {len(answered)} in all")


def test_rules_that_become_unreadable_stop_a_crawl(
    environment: dict[str, str], db: Database[Document], tmp_path: Path, very_many: tuple[Path, list[Invented]]
) -> None:
    recording, _ = very_many
    crawl = Crawling(environment, tmp_path / "log", NEWSNAP_REPLAY=str(recording), **OFTEN)
    crawl.until_stored(db, 20)
    db.command("collMod", "takedowns", validator={})
    db.takedowns.insert_one({"_id": "T1", "kind": "riddle", "value": "?"})
    assert crawl.end() == 1
    assert "the takedown rules could not be read" in crawl.text
    assert "the takedown rule 'T1' cannot be read" in crawl.text
    assert db.articles.count_documents({}) < MANY - 100


@contextlib.contextmanager
def proxy(path: str) -> Iterator[tuple[int, Any]]:
    """Let a port on loopback lead to a unix socket; yield the port, and how to cut all connections for good."""
    server = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = [server]

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(path)
                open_sockets.extend((client, upstream))
                for pair in ((client, upstream), (upstream, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    def cut() -> None:
        for each in open_sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1], cut
    finally:
        cut()


def test_a_gate_that_loses_its_rules_lets_nothing_pass(
    environment: dict[str, str],
    mongo_uri: str,
    db: Database[Document],
    tmp_path: Path,
    very_many: tuple[Path, list[Invented]],
) -> None:
    recording, _ = very_many
    path = mongo_uri.removeprefix("mongodb://").partition("/?")[0].replace("%2F", "/").replace("%2f", "/")
    with proxy(path) as (port, cut):
        crawl = Crawling(
            environment, tmp_path / "log", NEWSNAP_REPLAY=str(recording),
            MONGO_URI=f"mongodb://127.0.0.1:{port}/?directConnection=true", NEWSNAP_MONGO_WAIT_SECONDS="1", **OFTEN,
        )  # fmt: skip
        crawl.until_stored(db, 20)
        cut()
        stored = db.articles.count_documents({})
        assert crawl.end() == 1, crawl.text
    assert db.articles.count_documents({}) <= stored + 100, "more than was on its way to the store"
