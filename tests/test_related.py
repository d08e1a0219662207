"""Related snapshots: of other stories, on the same subject, with the passage that says so."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import prose
import psutil
import pytest
import shelf
from pymongo.database import Database
from scrapy.settings import Settings
from searched import in_store, traces

from newsnap.search import Indexer, Related, Search, Worker
from newsnap.search.words import cut, fold
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.takedowns import desk

Document = dict[str, Any]
OTHERS = 5000
OF_A_THEME = 14


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return shelf.settings_for(db, mongo_uri)


def themed() -> tuple[list[Document], dict[str, str]]:
    """Return articles about each theme, and what each is about."""
    documents, about = [], {}
    for at, theme in enumerate(prose.THEMES):
        for number in range(OF_A_THEME):
            document = prose.document(prose.prose(1_000_000 + at * 100 + number, theme))
            document["published"] = document["snapshot"] = (
                prose.NEWEST - (at * 20 + number * 13) * 3600 * shelf.MINUTE / 60
            )
            about[document["_id"]] = theme
            documents.append(document)
    return documents, about


def test_related_articles_are_on_the_subject(settings: Settings) -> None:
    """Of 22 themes, which share words, among 5 000 articles about other things: precision at 10."""
    documents, about = themed()

    async def act(store: Store) -> tuple[list[float], list[float]]:
        crowd = list(prose.documents(OTHERS))
        await store.db.articles.insert_many([*crowd, *documents])
        await Indexer(store).catch_up()
        search = Search(store)
        ours, counted = [], []
        bags = {each["_id"]: bag(each) for each in (*crowd[::10], *documents)}
        for article in documents[::OF_A_THEME]:
            found = await search.related(article, size=10)
            ours.append(precision([each.id for each in found], article, about))
            counted.append(precision(most_common_words(article, bags), article, about))
            assert all(any(matches for _, matches in each.passage) for each in found)
        return ours, counted

    ours, counted = in_store(settings, act)
    print(f"precision at 10: {np.mean(ours):.3f}, least {min(ours):.1f}; counting words: {np.mean(counted):.3f}")
    assert len(ours) >= 20
    assert np.mean(ours) >= 0.8, ours
    assert np.mean(ours) > np.mean(counted)


def precision(ids: Sequence[str], article: Document, about: dict[str, str]) -> float:
    return sum(about.get(id) == about[article["_id"]] for id in ids[:10]) / 10


def bag(article: Document) -> Counter[str]:
    return Counter(word for word in cut(fold(f"{article['title']}\n{article['body']}")) if len(word) > 1)


def most_common_words(article: Document, bags: dict[str, Counter[str]]) -> list[str]:
    """Return the articles that share most words with an article, each counted as often as both have it.

    They are sought among a tenth of the others, which makes it easier.
    """
    own = bags[article["_id"]]
    shared = {id: sum((own & other).values()) for id, other in bags.items() if id != article["_id"]}
    return sorted(shared, key=lambda id: -shared[id])[:10]


async def related_to(store: Store, id: str, **more: Any) -> list[Related]:
    article = await store.db.articles.find_one({"_id": id})
    assert article
    return await Search(store).related(article, **more)


def small() -> list[Document]:
    documents, _ = themed()
    return [*documents[: 2 * OF_A_THEME], *prose.documents(40)]


def test_its_own_story_is_not_related_to_an_article(settings: Settings) -> None:
    documents = small()
    documents[1]["story"] = documents[0]["story"]  # a reprint
    documents[3]["story"] = documents[2]["story"]

    async def act(store: Store) -> list[str]:
        await store.db.articles.insert_many(documents)
        await Indexer(store).catch_up()
        return [each.article["story"] for each in await related_to(store, documents[0]["_id"])]

    stories = in_store(settings, act)
    assert documents[0]["story"] not in stories
    assert len(stories) == len(set(stories)) == 10


def test_what_was_found_is_kept_until_there_is_more_to_find(settings: Settings) -> None:
    documents = small()

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents[2:])
        await store.db.articles.insert_one(documents[0])
        await Indexer(store).catch_up()
        first = [each.id for each in await related_to(store, documents[0]["_id"])]
        made = (await store.terms.related(documents[0]["_id"]) or {})["made"]
        assert [each.id for each in await related_to(store, documents[0]["_id"])] == first
        assert (await store.terms.related(documents[0]["_id"]) or {})["made"] == made
        arriving = [documents[1] | {"body": documents[0]["body"] * 2}, *prose.documents(30, start=500)]
        await store.db.articles.insert_many([each | {"changed": datetime.now(UTC)} for each in arriving])
        await Indexer(store).catch_up()
        assert documents[1]["_id"] in [each.id for each in await related_to(store, documents[0]["_id"])]
        assert (await store.terms.related(documents[0]["_id"]) or {})["made"] > made

    in_store(settings, act)


def test_a_removed_article_is_related_to_nothing_and_leaves_no_text(settings: Settings, db: Database[Document]) -> None:
    documents = small()
    gone = documents[1]
    gone["body"] += "饕餮魍魉觊觎。"
    documents[0]["title"] += "饕餮"

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents)
        await Indexer(store).catch_up()
        assert gone["_id"] in [each.id for each in await related_to(store, documents[0]["_id"])]
        order = await desk.draft(
            store, load_sources(settings), "article", gone["_id"], "测试", reprints="leave", decided_by="me"
        )
        assert await desk.add(store, order, by="me")
        assert gone["_id"] not in [each.id for each in await related_to(store, documents[0]["_id"])]

    in_store(settings, act)
    assert traces(db, {"魍魉觊觎"}, set()) == []


def test_an_article_that_is_not_indexed_yet_has_related_ones_too(settings: Settings) -> None:
    documents = small()

    async def act(store: Store) -> int:
        await store.db.articles.insert_many(documents[1:])
        await Indexer(store).catch_up()
        await store.db.articles.insert_one(documents[0])
        return len(await related_to(store, documents[0]["_id"]))

    assert in_store(settings, act) == 10


def test_a_page_shows_what_was_found_before_and_waits_for_nothing(settings: Settings) -> None:
    documents = small()

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents)
        await Indexer(store).catch_up()
        search = Search(store)
        before = await search.known_related(documents[0])
        assert before.old
        assert before.articles == []
        await search.relate(documents[0])
        after = await search.known_related(documents[0])
        assert not after.old
        assert len(after.articles) == 10
        assert [each.id for each in after.articles] == [each.id for each in await search.related(documents[0])]

    in_store(settings, act)


def test_a_worker_indexes_and_relates_beside_and_is_replaced_when_it_is_killed(
    settings: Settings, db: Database[Document]
) -> None:
    documents = small()
    own = psutil.Process()

    def workers() -> list[psutil.Process]:
        return [each for each in own.children() if "spawn_main" in " ".join(each.cmdline())]

    async def until(query: Document, count: int) -> None:
        async with asyncio.timeout(60):
            while db.terms.count_documents(query) < count:
                await asyncio.sleep(0.1)

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents[1:])
        async with Worker(settings) as worker:
            await until({"related.ids.0": {"$exists": True}}, 10)  # before anybody asked
            (process,) = workers()
            process.kill()
            documents[0]["changed"] = datetime.now(UTC)
            await store.db.articles.insert_one(documents[0])
            await until({}, len(documents))
            async with asyncio.timeout(60):
                await worker.relate(documents[0]["_id"]).wait()
        assert (await Search(store).known_related(documents[0])).articles

    in_store(settings, act)
    assert not workers()
