"""Takedowns beside crawlers that write at the same moment, and after those that were killed; how rules reach them."""

import asyncio
import random
import subprocess
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from invented import article as invented
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import AutoReconnect
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler
from taken_down import item, keep, take_down

from newsnap.mongod.binary import find_binary
from newsnap.pipelines.mongo import MongoPipeline
from newsnap.sources import load_sources
from newsnap.spiders.people import PeopleSpider
from newsnap.store import Store, StoreError
from newsnap.store import removal as removals
from newsnap.store.rules import milliseconds
from newsnap.takedowns import Gate, LiveRules, RulesUnreadable, desk, gate

Document = dict[str, Any]
Within = Callable[[Callable[[Store], Awaitable[Any]]], Any]
ONE, OTHER = invented(1), invented(2)


@pytest.fixture
def crawler(settings: Settings) -> Crawler:
    settings.setdict({"TWISTED_REACTOR_ENABLED": False, "EXTENSIONS": {}}, priority="cmdline")
    found = get_crawler(PeopleSpider, settings)
    found.spider = found._create_spider()
    return found


def test_a_rule_that_comes_between_gate_and_write_is_obeyed(crawler: Crawler, db: Database[Document]) -> None:
    """For each moment at which the rule may come, nothing is left when all are done."""

    async def act() -> None:
        gate, pipeline = Gate.of(crawler), MongoPipeline.from_crawler(crawler)
        await gate.open()
        operator = await Store(crawler.settings).open()
        try:
            for at, moment in enumerate(("before the write", "while it is written", "after the write")):
                article = item(invented(100 + at))
                article.stored = None
                assert await gate.judge(article) is None
                if moment == "before the write":
                    await take_down(operator, "url", article.url)
                    with_item = [pipeline.process_item(article)]
                elif moment == "while it is written":
                    with_item = [pipeline.process_item(article), take_down(operator, "url", article.url)]
                else:
                    await pipeline.process_item(article)
                    with_item = [take_down(operator, "url", article.url)]
                await asyncio.gather(*with_item)
                there = db.articles.find_one({"_id": article.id}) or {"state": "removed"}
                assert there["state"] == "removed", moment
                assert db.captures.count_documents({"article": article.id}) == 0, moment
                assert db.fingerprints.count_documents({"_id": article.id}) == 0, moment
        finally:
            await operator.close()
            await gate._live.close()
            await Store.of(crawler).close()

    asyncio.run(act())


def test_in_any_interleaving_nothing_covered_is_left(crawler: Crawler, db: Database[Document]) -> None:
    async def act() -> None:
        gate, pipeline = Gate.of(crawler), MongoPipeline.from_crawler(crawler)
        await gate.open()
        operator = await Store(crawler.settings).open()
        chance = random.Random(7)

        async def crawl(number: int) -> None:
            article = item(invented(200 + number))
            article.stored = None
            if await gate.judge(article) is None:
                await asyncio.sleep(chance.random() / 4)
                await pipeline.process_item(article)

        async def decide(number: int) -> None:
            await asyncio.sleep(chance.random() / 2)
            await take_down(operator, "url", invented(200 + number).url)

        try:
            await asyncio.gather(
                *(crawl(number) for number in range(30)), *(decide(number) for number in range(0, 30, 3))
            )
        finally:
            await operator.close()
            await gate._live.close()
            await Store.of(crawler).close()

    asyncio.run(act())
    covered = {invented(200 + number).id for number in range(0, 30, 3)}
    live = {each["_id"] for each in db.articles.find({"state": "live"}, {"_id": 1})}
    assert len(live) == 20
    assert not live & covered
    for name, field in (("captures", "article"), ("revisions", "article"), ("fingerprints", "_id")):
        assert not {each[field] for each in db[name].find({}, {field: 1})} & covered


def test_what_a_killed_crawler_wrote_is_found_by_the_next(
    within: Within, settings: Settings, db: Database[Document]
) -> None:
    """It wrote an article, and of another the page alone, after the rule was swept; then it was killed."""
    written, torn = item(ONE), item(invented(41))
    article = item(OTHER)

    async def killed(store: Store) -> None:
        await keep(store, article)
        await take_down(store, "url", written.url)
        await take_down(store, "host", "finance.people.com.cn")
        await take_down(store, "article", OTHER.id)
        await keep(store, written)
        await store.articles._capture([(torn, 1), (article, 2)])

    within(killed)
    assert db.articles.find_one({"_id": written.id})["state"] == "live"

    async def next_crawl() -> None:
        async with Store(settings) as store:
            await store.removal.settle()  # as a gate does when it opens

    asyncio.run(next_crawl())
    assert db.articles.find_one({"_id": written.id})["state"] == "removed"
    # and when no crawler can be on its way any more, what has no article
    db.takedowns.update_many({}, {"$set": {"since": milliseconds(datetime.now(UTC) - 2 * removals.SETTLES)}})
    asyncio.run(next_crawl())
    assert db.captures.count_documents({}) == 0
    assert {each["settled"] for each in db.takedowns.find()} == {True}


def test_a_page_without_its_article_yet_is_left_alone(
    within: Within, db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crawler is between the two; an old one that stays alone is deleted."""
    monkeypatch.setattr(removals, "WRITTEN_SECONDS", 0.5)
    arriving, stray = item(ONE), item(OTHER)

    async def act(store: Store) -> None:
        await store.articles._capture([(arriving, 1), (stray, 1)])

        async def arrive() -> None:
            await asyncio.sleep(0.2)
            await keep(store, arriving)

        await asyncio.gather(take_down(store, "title", "谁也不叫这个名字"), arrive())

    within(act)
    assert {each["article"] for each in db.captures.find()} == {ONE.id}


def test_a_command_that_was_killed_is_finished_by_the_next(
    within: Within, db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(store: Store) -> None:
        for number in range(5):
            await keep(store, item(invented(number)))
        told = store.removal.tell
        store.removal.tell = lambda done: (_ for _ in ()).throw(KeyboardInterrupt()) if len(done.removed) == 2 else None
        with pytest.raises(KeyboardInterrupt):
            await take_down(store, "source", "people")
        store.removal.tell = told
        assert db.articles.count_documents({"state": "live"}) == 3
        await store.removal.settle()
        assert db.articles.count_documents({"state": "live"}) == 0
        rule = (await store.rules.all())[0]
        await store.rules.end(rule.id, by="tester")  # and one that ended the rule, and was killed before the rest
        await store.removal.settle()
        assert db.articles.count_documents({"reopened": {"$exists": True}}) == 5

    within(act)


def test_a_late_text_is_not_looked_at_again_for_ever(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await take_down(store, "url", ONE.url)
        early = milliseconds(datetime.now(UTC) - 2 * removals.SETTLES)
        db.takedowns.update_many({}, {"$set": {"since": early}})
        assert len(await store.rules.unsettled()) == 1
        await store.removal.settle()
        assert await store.rules.unsettled() == []

    within(act)


# --- the rules as others have them ---


@pytest.fixture
def live(settings: Settings) -> Callable[..., LiveRules]:
    def make(store: Store, **fields: Any) -> LiveRules:
        return LiveRules(store, load_sources(settings), **({"poll_seconds": 60} | fields))

    return make


def test_a_change_stream_brings_a_rule_at_once(within: Within, live: Callable[..., LiveRules]) -> None:
    async def act(store: Store) -> float:
        rules = live(store)
        assert not (await rules.now()).covering(ONE.url)
        await asyncio.sleep(0.3)
        added = await take_down(store, "url", ONE.url)
        started = time.monotonic()
        while not (await rules.now()).covering(ONE.url):
            await asyncio.sleep(0.02)
            assert time.monotonic() - started < 10
        await desk.lift(store, added.rule.id, by="tester", reason="")
        while (await rules.now()).covering(ONE.url):
            await asyncio.sleep(0.02)
            assert time.monotonic() - started < 10
        await rules.close()
        return time.monotonic() - started

    assert within(act) < 5


def test_without_a_change_stream_rules_are_polled(within: Within, live: Callable[..., LiveRules]) -> None:
    async def act(store: Store) -> None:
        async def none() -> Any:
            raise StoreError("no change streams here")

        store.rules.watch = none  # type: ignore[method-assign]
        rules = live(store, poll_seconds=0.2)
        assert not (await rules.now()).covering(ONE.url)
        await take_down(store, "url", ONE.url)
        await asyncio.sleep(0.25)
        assert (await rules.now()).covering(ONE.url)
        await rules.close()

    within(act)


def test_rules_made_by_hand_are_seen(within: Within, live: Callable[..., LiveRules], db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        rules = live(store, poll_seconds=0)
        await rules.now()
        by_hand = {"_id": "T1", "kind": "url", "value": ONE.url.partition("://")[2], "reason": "x"}
        db.takedowns.insert_one(by_hand | {"since": datetime.now(UTC)})
        assert (await rules.now()).covering(ONE.url)
        db.takedowns.delete_one({"_id": "T1"})
        assert not (await rules.now()).covering(ONE.url)
        await rules.close()

    within(act)


def test_what_a_sweep_notes_makes_nobody_read_all_rules_again(within: Within, live: Callable[..., LiveRules]) -> None:
    async def act(store: Store) -> None:
        rules = live(store)
        await rules.now()
        await asyncio.sleep(0.3)
        asked: list[int | None] = []
        since = store.rules.since

        def counted(entry: int | None) -> Any:
            asked.append(entry)
            return since(entry)

        store.rules.since = counted  # type: ignore[method-assign]
        order = await desk.draft(store, load_sources(store.settings), "url", ONE.url, "x")
        rule = await store.rules.add(order.rule, by="tester")
        assert rule
        assert (await rules.newest()).covering(ONE.url)  # a crawl looks after each write, before it hears of anything
        await store.removal.sweep(rule, by="tester")
        await asyncio.sleep(0.3)
        await rules.now()
        assert asked == [0], "more was read than what changed"
        await rules.close()

    within(act)


def test_mongodb_is_asked_for_the_rules_no_more_often_than_the_setting_says(
    within: Within, live: Callable[..., LiveRules]
) -> None:
    async def act(store: Store) -> None:
        rules = live(store, poll_seconds=0.5)
        asked = 0
        state = store.rules.state

        async def counted() -> tuple[int, int]:
            nonlocal asked
            asked += 1
            return await state()

        store.rules.state = counted  # type: ignore[method-assign]
        await asyncio.gather(*(rules.now() for _ in range(500)))
        assert asked == 1
        await asyncio.sleep(0.6)
        await asyncio.gather(*(rules.now() for _ in range(500)))
        assert asked == 2
        await rules.close()

    within(act)


def test_many_who_ask_share_one_try_while_mongodb_is_away(
    within: Within, live: Callable[..., LiveRules], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(store: Store) -> None:
        rules = live(store, poll_seconds=5)
        tries = 0

        async def away() -> Any:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0.1)
            raise AutoReconnect("no server, Timeout: 5.0s, Topology Description: …")

        store.rules.state = away  # type: ignore[method-assign]
        found = await asyncio.gather(*(rules.now() for _ in range(200)), return_exceptions=True)
        assert tries == 1
        assert {str(each) for each in found} == {"the takedown rules cannot be read, so nothing passes: no server"}
        assert all(isinstance(each, RulesUnreadable) for each in found)

        monkeypatch.setattr(gate, "TRY_AGAIN_SECONDS", 0)
        trying = asyncio.create_task(rules.now())
        await asyncio.sleep(0.02)
        with pytest.raises(RulesUnreadable):
            await asyncio.wait_for(rules.now(), 0.02)  # it does not wait for that try
        with pytest.raises(RulesUnreadable):
            await trying
        assert tries == 2

    within(act)


def test_rules_that_cannot_be_read_shut_the_gate(
    within: Within, live: Callable[..., LiveRules], db: Database[Document]
) -> None:
    async def act(store: Store) -> None:
        rules = live(store, poll_seconds=0)
        await rules.now()
        db.command("collMod", "takedowns", validator={})
        db.takedowns.insert_one({"_id": "T1", "kind": "riddle", "value": "?"})
        for _ in range(2):
            with pytest.raises(RulesUnreadable, match="the takedown rule 'T1' cannot be read"):
                await rules.now()
        db.takedowns.delete_one({"_id": "T1"})
        await rules.now()
        await rules.close()

    within(act)


def test_a_server_without_transactions_is_refused(tmp_path: Path, settings: Settings, db: Database[Document]) -> None:
    socket = tmp_path / "m.sock"
    data = tmp_path / "data"
    data.mkdir()
    arguments = [
        "--dbpath",
        str(data),
        "--bind_ip",
        str(socket),
        "--port",
        "27999",
        "--unixSocketPrefix",
        str(tmp_path),
    ]
    server = subprocess.Popen([find_binary().path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        uri = f"mongodb://{str(socket).replace('/', '%2F')}"
        with MongoClient(uri, serverSelectionTimeoutMS=30_000) as client:
            client.admin.command("ping")
        settings.set("MONGO_URI", uri, priority="cmdline")

        async def act() -> None:
            async with Store(settings) as store:
                with pytest.raises(StoreError, match="without a replica set, which has no transactions"):
                    await take_down(store, "source", "people")
                assert await store.rules.all() == []

        asyncio.run(act())
    finally:
        server.terminate()
        server.wait()
