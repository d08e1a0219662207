"""Leading: of every story one article stands for it in lists, and it is one that readers may see."""

import re
from typing import Any

import pytest
import reprints
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import DAY, HOUR, MINUTE, NOON, article, in_store, put, put_all, settings_for
from taken_down import take_down

from newsnap.items import Article
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.store.reading import Reading
from newsnap.takedowns import LiveRules, desk

Document = dict[str, Any]
BODY = reprints.text_of(1)[1]
LEADING: Document = {"state": "live", "$expr": {"$eq": ["$_id", "$story"]}}
"""The query that the README gives."""


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return settings_for(db, mongo_uri)


async def three(store: Store) -> None:
    """Store a story of people, xinhua and china, in this order, and an article that nobody reprinted."""
    await put(store, article("people:1", BODY, published=NOON))
    for at, source in enumerate(("xinhua", "china"), 1):
        text = f"{BODY}\n（责任编辑：{reprints.SURNAMES[at]}{reprints.GIVEN[at]}）第{at}版"
        await put(store, article(f"{source}:1", text, published=NOON + at * HOUR))
    await put(store, article("gmw:1", reprints.text_of(2)[1], published=NOON + 3 * HOUR))


def reading(store: Store) -> Reading:
    return Reading(store, LiveRules(store, load_sources(store.settings), poll_seconds=0))


def listed(db: Database[Document]) -> list[str]:
    return [each["_id"] for each in db.articles.find(LEADING).sort("published", 1)]


def stories(db: Database[Document]) -> dict[str, str]:
    return {each["_id"]: each["story"] for each in db.articles.find({"story": {"$exists": True}})}


def test_a_list_shows_one_article_a_story(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await three(store)
        shown = (await reading(store).listed({}, 10)).articles
        assert [(each["_id"], each["members"]) for each in shown] == [("gmw:1", 1), ("people:1", 3)]

    in_store(settings, act)
    assert listed(db) == ["people:1", "gmw:1"]


def test_who_was_fetched_first_leads_those_that_tie_however_often_it_is_seen(
    settings: Settings, db: Database[Document]
) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, published=NOON - 12 * HOUR, precision="day", fetched=NOON))
        await put(store, article("xinhua:1", f"{BODY}\n（新华）", published=NOON - 2 * HOUR, fetched=NOON + HOUR))
        await store.articles.note_seen("people:1", NOON + 5 * HOUR)
        assert set(stories(db).values()) == {"people:1"}
        shown = (await reading(store).listed({}, 10)).articles
        assert [(each["_id"], each["members"]) for each in shown] == [("people:1", 2)]
        assert [each["_id"] for each in (await reading(store).story("people:1")).articles] == ["people:1", "xinhua:1"]

    in_store(settings, act)


def test_who_was_fetched_first_leads_though_that_recording_comes_last(
    settings: Settings, db: Database[Document]
) -> None:
    def seen(source: str, text: str, fetched: int) -> Article:
        return article(f"{source}:1", text, published=NOON - 12 * HOUR, precision="day", fetched=NOON + fetched * HOUR)

    async def act(store: Store) -> None:
        await put(store, seen("people", BODY, 9))
        await put(store, seen("xinhua", f"{BODY}\n（新华）", 5))
        assert set(stories(db).values()) == {"xinhua:1"}
        assert await put(store, seen("people", BODY, 1)) == "unchanged"
        assert set(stories(db).values()) == {"people:1"}

    in_store(settings, act)


def test_a_story_goes_on_without_its_first_publisher(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await three(store)
        before = {each["_id"]: each["changed"] for each in db.articles.find()}
        await take_down(store, "article", "people:1", reprints="leave")
        assert stories(db) == {"xinhua:1": "xinhua:1", "china:1": "xinhua:1", "gmw:1": "gmw:1"}
        assert [each.id for each in await store.stories.members("xinhua:1")] == ["xinhua:1", "china:1"]
        for each in db.articles.find({"story": "xinhua:1"}):
            assert each["changed"] > before[each["_id"]], "a consumer that polls does not see who leads now"

    in_store(settings, act)
    assert listed(db) == ["xinhua:1", "gmw:1"]
    assert db.fingerprints.find_one({"_id": "people:1"}) is None


def test_while_the_first_publisher_is_held_the_next_leads(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await three(store)
        first = await take_down(store, "article", "people:1", effect="hold", reprints="leave")
        assert set(stories(db).values()) == {"xinhua:1", "gmw:1"}
        assert listed(db) == ["xinhua:1", "gmw:1"]
        second = await take_down(store, "article", "xinhua:1", effect="hold", reprints="leave")
        assert listed(db) == ["china:1", "gmw:1"]
        # a reprint that arrives meanwhile, dated before, leads as any other would
        await put(store, article("cctv:1", f"{BODY}\n（央视）", published=NOON + 90 * MINUTE))
        assert listed(db) == ["cctv:1", "gmw:1"]
        await desk.lift(store, first.rule.id, by="tester", reason="")
        assert listed(db) == ["people:1", "gmw:1"]
        await desk.lift(store, second.rule.id, by="tester", reason="")

    in_store(settings, act)
    assert stories(db) == dict.fromkeys(("people:1", "xinhua:1", "china:1", "cctv:1"), "people:1") | {"gmw:1": "gmw:1"}


def test_a_story_of_which_nothing_may_be_seen_is_not_listed(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await three(store)
        added = await take_down(store, "article", "people:1", effect="hold", reprints="hold")
        assert sorted(added.done.held) == ["china:1", "people:1", "xinhua:1"]
        assert listed(db) == ["gmw:1"]
        assert set(stories(db).values()) == {"people:1", "gmw:1"}, "it is one story all the same"
        await desk.lift(store, added.rule.id, by="tester", reason="")

    in_store(settings, act)
    assert listed(db) == ["people:1", "gmw:1"]


@pytest.mark.parametrize("fate", ["remove", "hold"])
def test_reprints_that_only_the_story_knows_are_found_after_it_was_renamed(
    fate: str, settings: Settings, db: Database[Document]
) -> None:
    """Of a text, its first half and its last; who has the one half is no reprint of the other."""
    half = len(BODY) * 55 // 100

    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY[:half], published=NOON))
        await put(store, article("xinhua:1", BODY[-half:], published=NOON + 2 * HOUR))
        await put(store, article("china:1", BODY, published=NOON + HOUR))
        assert set(stories(db).values()) == {"people:1"}
        added = await take_down(store, "article", "people:1", effect=fate, reprints=fate)
        done = added.done.removed if fate == "remove" else added.done.held
        assert sorted(done) == ["china:1", "people:1", "xinhua:1"]

    in_store(settings, act)
    assert db.articles.count_documents({"state": "live"}) == 0


def test_a_story_of_very_many_is_linked_and_removed_whole(settings: Settings, db: Database[Document]) -> None:
    """More than are compared with one article, and more than MongoDB sends at once."""
    half = len(BODY) * 55 // 100
    copies = [
        article(f"xinhua:{at}", f"{BODY[-half:]}\n（编辑：{reprints.GIVEN[at % 20]}{reprints.GIVEN[at // 20]}）")
        for at in range(110)
    ]

    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY[:half], published=NOON - 2 * HOUR))
        await put(store, article("china:1", BODY, published=NOON - HOUR))
        await put_all(store, copies, at_once=len(copies))
        assert set(stories(db).values()) == {"people:1"}
        added = await take_down(store, "article", "people:1", reprints="remove")
        assert len(added.done.removed) == 2 + len(copies)

    in_store(settings, act)
    assert db.articles.count_documents({"state": "live"}) == 0


def test_a_takedown_finds_reprints_of_any_age(settings: Settings, db: Database[Document]) -> None:
    """Stories reach back some weeks, a rule about a text reaches all that is stored."""

    async def act(store: Store) -> None:
        for years in (0, 1, 4):
            text = f"{BODY}\n（责任编辑：裴镕）第{years}版"
            await put(store, article(f"xinhua:{years}", text, fetched=NOON - years * 365 * DAY))
        await put(store, article("people:1", BODY, fetched=NOON + 40 * DAY))
        await put(store, article("gmw:1", reprints.text_of(2)[1], fetched=NOON - 900 * DAY))
        assert len(set(stories(db).values())) == 5
        added = await take_down(store, "text", "people:1", reprints="remove")
        assert sorted(added.done.removed) == ["people:1", "xinhua:0", "xinhua:1", "xinhua:4"]

    in_store(settings, act)
    assert listed(db) == ["gmw:1"]


def test_a_page_of_a_list_reads_little_more_than_it_shows(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await three(store)
        many = [article(f"people:{at}", reprints.text_of(at)[1], published=NOON - at * HOUR) for at in range(10, 70)]
        await put_all(store, many)

    in_store(settings, act)
    find = {"find": "articles", "filter": LEADING, "sort": {"published": -1}, "limit": 20}
    plan = db.command("explain", find, verbosity="executionStats")
    examined = [int(each) for each in re.findall(r"'total(?:Docs|Keys)Examined': (\d+)", str(plan))]
    assert max(examined) == 22, "the two reprints, and no more"
