"""The index: it follows what is stored, whoever is killed, and what is taken down leaves no trace in it."""

import asyncio
import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import prose
import pytest
import shelf
from conftest import Scrapy
from pymongo.database import Database
from pymongo.errors import OperationFailure
from scrapy.settings import Settings
from searched import PARK_BODY, found, in_store, other, park, shelve, small_segments, traces

from newsnap.search import Indexer, Search
from newsnap.search.packing import unpacked_bucket
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.takedowns import desk

Document = dict[str, Any]


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return shelf.settings_for(db, mongo_uri)


# --- the index follows ---


def test_what_changes_is_found_as_it_is_now(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        later = shelf.article(
            "people:1",
            "改口说的是芭蕾舞团，三场演出全部取消，票款原路退回。",
            title="更正",
            fetched=shelf.NOON + shelf.DAY,
        )
        await shelve(store, later)
        assert await found(store, "文创") == []
        assert await found(store, "芭蕾舞团") == ["people:1"]

    in_store(settings, act)


def test_an_index_that_is_up_to_date_is_not_touched(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        before = await store.terms.state()
        assert (await Indexer(store).catch_up()).indexed == 0
        assert await store.terms.state() == before

    in_store(settings, act)


def test_versions_tell_that_results_may_have_changed(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        first = await Search(store).version()
        assert await Search(store).version() == first
        await shelve(store, other("people:2", 2))
        assert await Search(store).version() != first

    in_store(settings, act)


def test_small_segments_become_large_ones_and_everything_is_still_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_segments(monkeypatch)

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(200))
        indexer, search = Indexer(store), Search(store)
        await indexer.catch_up()
        state = await store.terms.state()
        assert 0 < len(state["segments"]) < 12
        for number in range(0, 200, 7):
            article = prose.prose(number)
            assert prose.document(article)["_id"] in await found(store, article.title), number
        # a third is superseded: a large segment is written anew without them
        now = datetime.now(UTC)
        for number in range(80):
            id = prose.document(prose.prose(number))["_id"]
            await store.db.articles.update_one({"_id": id}, {"$set": {"title": f"改题{number}", "changed": now}})
        await indexer.catch_up()
        assert (await search.find("改题", size=100)).total == 80
        assert await found(store, f"改题3 {prose.prose(3).people[2]}") == [prose.document(prose.prose(3))["_id"]]
        snapshot = await search._index.now()
        assert snapshot.living == 200

    in_store(settings, act)


def test_two_that_index_at_once_do_no_harm(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    small_segments(monkeypatch)

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(120))
        indexers = [Indexer(store) for _ in range(4)]
        done = await asyncio.gather(*(each.catch_up() for each in indexers))
        assert sorted(each.behind for each in done) == [False, True, True, True]
        await indexers[1].catch_up()
        await agrees(store)

    in_store(settings, act)


def test_a_process_that_is_killed_leaves_an_index_that_the_next_one_completes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its n-th write: nothing is lost, nothing is found twice, nothing is left over."""
    small_segments(monkeypatch)
    documents = list(prose.documents(70))
    hidden = documents[5]

    async def act(store: Store) -> None:
        for at in range(1, 60, 7):
            await store.db.articles.delete_many({})
            await Indexer(store).start_over()
            await store.db.articles.insert_many(documents)
            with pytest.MonkeyPatch.context() as patch:
                kill_before(patch, store, at)
                with pytest.raises(Killed):
                    await Indexer(store).catch_up()
            await store.db.indexing.update_one({}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}})
            gone = {"$set": {"state": "held", "changed": datetime.now(UTC)}}
            await store.db.articles.update_one({"_id": hidden["_id"]}, gone)
            assert not (await Indexer(store).catch_up()).behind
            await agrees(store)
            assert hidden["_id"] not in await found(store, hidden["title"])

    in_store(settings, act)


def test_a_process_that_is_killed_while_it_purges_is_followed_by_one_that_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_segments(monkeypatch)
    documents = list(prose.documents(70))

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents)
        await Indexer(store).catch_up()
        for at, hidden in enumerate(documents[1::7], 1):
            gone = {"$set": {"state": "held", "changed": datetime.now(UTC)}}
            await store.db.articles.update_one({"_id": hidden["_id"]}, gone)
            with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
                kill_before(patch, store, at)
                await Indexer(store).catch_up()
            await store.db.indexing.update_one({}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}})
            await Indexer(store).catch_up()
            await agrees(store)

    in_store(settings, act)


class Killed(BaseException):
    """The process is no more."""


def kill_before(patch: pytest.MonkeyPatch, store: Store, at: int) -> None:
    """Let the process die before its n-th write to the index."""
    count = itertools.count(1)
    for name in (
        "lease", "advance", "put", "note", "remove", "trim", "mark_dead", "purged", "add_segment", "drop_segments",
        "add_buckets", "rewrite_buckets", "drop_others",
    ):  # fmt: skip
        real = getattr(store.terms, name)

        async def write(*args: Any, real: Any = real, **more: Any) -> Any:
            if next(count) >= at:
                raise Killed
            return await real(*args, **more)

        patch.setattr(store.terms, name, write)


async def agrees(store: Store) -> None:
    """Hold the index against the articles: each live one once, and no posting of anything else."""
    state = await store.terms.state()
    live = {each["_id"] async for each in store.db.articles.find({"state": "live"}, {"_id": 1})}
    segments = await store.terms.segments(state["segments"])
    there = [id for each in segments for place, id in enumerate(each["ids"]) if place not in each["dead"]]
    there += list(await store.terms.unsealed_numbers(state["sealed"]))
    assert sorted(there) == sorted(live)
    for each in segments:
        assert each["purging"] == []
        purged = {place for place, id in enumerate(each["ids"]) if id is None}
        for bucket in await store.terms.buckets(each["_id"], 0, 1 << each["bits"]):
            places = (unpacked_bucket(bucket["packed"]).astype(np.uint16) >> 3).tolist()
            assert purged.isdisjoint(places)
    numbers = {number // (1 << 16) for number in await store.db.postings.distinct("_id")}
    assert numbers <= {*state["segments"], *state.get("merged", [])}


# --- takedowns ---


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("hold", [False, True])
def test_a_takedown_leaves_no_trace_of_an_articles_terms(
    settings: Settings, db: Database[Document], monkeypatch: pytest.MonkeyPatch, sealed: bool, hold: bool
) -> None:
    if sealed:
        small_segments(monkeypatch)
    secret = "饕餮魍魉觊觎"

    async def act(store: Store) -> None:
        await shelve(
            store, shelf.article("people:777", f"{secret}第一稿。{PARK_BODY}", title="饕餮来了"),
            *(other(f"people:{n}", n) for n in range(10, 29)),
        )  # fmt: skip
        later = shelf.article(
            "people:777", f"{secret}第二稿。{PARK_BODY}", title="饕餮走了", fetched=shelf.NOON + shelf.DAY
        )
        await shelve(store, later, *(other(f"people:{n}", n) for n in range(30, 49)))
        search = Search(store)
        assert [hit.id for hit in (await search.find(secret)).hits] == ["people:777"]
        assert any("term" in each for each in traces(db, {secret}, {"people:777"}))
        article = await store.db.articles.find_one({"_id": "people:777"})
        assert article
        await search.related(article)
        rule = await desk.draft(
            store,
            load_sources(settings),
            "article",
            "people:777",
            "测试",
            effect="hold" if hold else "remove",
            decided_by="me",
        )
        assert await desk.add(store, rule, by="me")
        results = await search.find(secret)
        assert (results.hits, results.total) == ([], 0)

    in_store(settings, act)
    left = traces(db, {secret}, {"people:777"})
    assert [each for each in left if not (hold and each.startswith(("articles", "revisions", "captures")))] == []


def test_the_terms_of_an_article_go_with_it_before_any_indexer_knows(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        order = await desk.draft(store, load_sources(settings), "article", "people:1", "测试", decided_by="me")
        rule = await store.rules.add(order.rule, order.marks, by="me")
        assert rule
        await store.removal.sweep(rule, by="me")
        assert await store.db.terms.find_one({}) is None

    in_store(settings, act)


def test_nothing_that_is_not_live_is_shown_though_the_index_does_not_know_yet(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        search = Search(store)
        assert (await search.find("文创")).total == 1
        await store.db.articles.update_one({"_id": "people:1"}, {"$set": {"state": "held"}})
        results = await search.find("文创")
        assert (results.hits, results.total) == ([], 0)

    in_store(settings, act)


def test_a_hidden_article_is_found_again_when_it_is_released(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        order = await desk.draft(
            store, load_sources(settings), "article", "people:1", "测试", effect="hold", decided_by="me"
        )
        added = await desk.add(store, order, by="me")
        assert added
        assert await found(store, "文创") == []
        await desk.lift(store, added.rule.id, by="me", reason="")
        await Indexer(store).catch_up()
        assert await found(store, "文创") == ["people:1"]

    in_store(settings, act)


# --- the command ---


def test_the_command_indexes_and_rebuilds(settings: Settings, db: Database[Document], scrapy: Scrapy) -> None:
    in_store(settings, lambda store: store.terms.state())  # makes the collections
    db.articles.insert_many(prose.documents(20))
    first, again, anew = scrapy("index"), scrapy("index"), scrapy("index", "--rebuild")
    assert "20 articles indexed, 0 removed" in first.stdout
    assert "0 articles indexed, 0 removed" in again.stdout
    assert "20 articles indexed, 0 removed" in anew.stdout
    assert in_store(settings, lambda store: found(store, prose.prose(3).title)) == [
        prose.document(prose.prose(3))["_id"]
    ]


# --- cost ---


def test_no_query_scans_a_collection(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(700))
        await Indexer(store).catch_up()
        db.command("profile", 2)
        try:
            search = Search(store)
            article = await store.db.articles.find_one({"_id": prose.document(prose.prose(1))["_id"]})
            assert article
            await search.find("文创 “实验区” -体育 来源:人民网 after:2020")
            await search.find(prose.prose(9).title)
            await search.related(article)
            await Indexer(store).catch_up()
        finally:
            db.command("profile", 0)

    in_store(settings, act)
    plans = {
        each.get("planSummary") for each in db["system.profile"].find({"op": {"$in": ["query", "update", "remove"]}})
    }
    assert not any(plan and plan.startswith("COLLSCAN") for plan in plans), plans
    assert any(plan and plan.startswith("IXSCAN") for plan in plans)


def test_the_database_refuses_what_is_no_index(settings: Settings, db: Database[Document]) -> None:
    in_store(settings, lambda store: Indexer(store).catch_up())
    with pytest.raises(OperationFailure):
        db.terms.insert_one({"_id": "people:1", "n": 1, "text": "文创"})
