"""Revisions: every edit kept whole, nothing made of what is none, in the order of the fetches whatever the arrival."""

import asyncio
import itertools
from typing import Any

import pytest
import reprints
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import DAY, HOUR, MINUTE, NOON, article, in_store, put, settings_for

from newsnap.items import Article
from newsnap.store import Store
from newsnap.store.captured import capture_from

Document = dict[str, Any]
BODY = reprints.text_of(1)[1] + "\n水务站换下12台水泵。"


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return settings_for(db, mongo_uri)


def put_in_turn(settings: Settings, *arriving: Article) -> list[str]:
    async def act(store: Store) -> list[str]:
        return [await put(store, each) for each in arriving]

    return in_store(settings, act)


def history(db: Database[Document], id: str = "people:1") -> list[Document]:
    """Return all versions of an article in order, the current one last."""
    current = db.articles.find_one({"_id": id})
    assert current
    return [*db.revisions.find({"article": id}).sort("revision"), current]


EDITS = {
    "a number": {"body": BODY.replace("12台", "13台")},
    "a name": {"body": BODY.replace("水务站", "图书馆", 1)},
    "a headline": {"body": BODY, "title": "松渡换泵了？"},
    "a paragraph less": {"body": BODY.rpartition("\n")[0]},
}
COSMETICS = {
    "white space": {"body": BODY.replace("，", "， ").replace("\n", "\n　")},
    "widths": {"body": BODY.replace("，", ",").replace("12", "１２")},
    "a view counter": {"body": f"阅读 1.2万\n{BODY}"},
    "a row of buttons": {"body": f"{BODY}\n分享到：微信 微博"},
    "the headline's quotes": {"body": BODY, "title": "松渡 换泵"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_a_revision_and_the_old_text_is_kept(edit: str, settings: Settings, db: Database[Document]) -> None:
    first, second = article("people:1", BODY), article("people:1", fetched=NOON + DAY, **EDITS[edit])
    assert put_in_turn(settings, first, second) == ["new", "changed"]
    old, new = history(db)
    assert (old["title"], old["body"], old["revision"]) == (first.title, first.body, 1)
    assert (new["title"], new["body"], new["revision"]) == (second.title, second.body, 2)
    assert new["changed"] == old["replaced"] > old["changed"]
    pages = {each["revision"]: capture_from(each).body.decode() for each in db.captures.find()}
    assert pages == {1: first.body, 2: second.body}


@pytest.mark.parametrize("difference", COSMETICS)
def test_print_is_no_revision(difference: str, settings: Settings, db: Database[Document]) -> None:
    same = article("people:1", fetched=NOON + DAY, **COSMETICS[difference])
    assert put_in_turn(settings, article("people:1", BODY), same) == ["new", "unchanged"]
    (only,) = history(db)
    assert (only["body"], only["revision"], only["snapshot"]) == (BODY, 1, NOON + DAY)


def versions() -> list[Article]:
    bodies = [BODY, BODY.replace("12", "13"), BODY.replace("12", "14"), f"{BODY}\n补记。"]
    return [article("people:1", body, fetched=NOON + at * HOUR) for at, body in enumerate(bodies)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_versions_stand_in_the_order_of_their_fetch(
    order: tuple[int, ...], settings: Settings, db: Database[Document]
) -> None:
    everything = versions()
    assert put_in_turn(settings, *(everything[at] for at in order)) == ["new"] + ["changed"] * 3
    found = history(db)
    assert [each["body"] for each in found] == [each.body for each in everything]
    assert [each["revision"] for each in found] == [1, 2, 3, 4]
    pages = {each["revision"]: capture_from(each).body.decode() for each in db.captures.find()}
    assert pages == {at: each.body for at, each in enumerate(everything, 1)}
    # the same again changes nothing, the latest first or last
    assert set(put_in_turn(settings, *everything)) == {"unchanged"}
    assert history(db)[-1]["revision"] == 4


def test_two_crawlers_at_once_keep_every_version_once(settings: Settings, db: Database[Document]) -> None:
    everything = versions()

    async def act() -> None:
        async with Store(settings) as one, Store(settings) as other:
            await put(one, everything[0])
            await asyncio.gather(*(put(store, each) for each in everything[1:] for store in (one, other)))

    asyncio.run(act())
    found = history(db)
    assert [each["body"] for each in found] == [each.body for each in everything]
    assert [each["revision"] for each in found] == [1, 2, 3, 4]
    pages = {each["revision"]: capture_from(each).body.decode() for each in db.captures.find()}
    assert pages == {at: each.body for at, each in enumerate(everything, 1)}


def test_an_edit_taken_back_is_a_revision_again(settings: Settings, db: Database[Document]) -> None:
    there, edited = article("people:1", BODY), article("people:1", BODY.replace("12", "13"), fetched=NOON + HOUR * 2)
    back = article("people:1", BODY, fetched=NOON + DAY)
    assert put_in_turn(settings, there, edited, back) == ["new", "changed", "changed"]
    assert [each["body"] for each in history(db)] == [there.body, edited.body, back.body]


def test_a_page_read_again_after_later_checks_is_still_the_latest_text(
    settings: Settings, db: Database[Document]
) -> None:
    first = article("people:1", BODY)

    async def act(store: Store) -> str:
        await put(store, first)
        await store.articles.note_seen("people:1", NOON + DAY)
        # the capture of the first fetch, read by better rules
        return await put(store, article("people:1", f"{BODY}\n另讯。", fetched=first.snapshot))

    assert in_store(settings, act) == "changed"
    assert history(db)[-1]["body"].endswith("另讯。")


def test_a_revision_keeps_the_minute_that_its_listing_told(settings: Settings, db: Database[Document]) -> None:
    midnight = NOON - 12 * HOUR
    first = article("people:1", BODY, published=NOON, published_raw="12:00", published_from="listing")
    second = article("people:1", f"{BODY}\n补记。", published=midnight, precision="day", fetched=NOON + 2 * HOUR)
    third = article("people:1", f"{BODY}\n更正。", published=midnight + DAY, precision="day", fetched=NOON + 2 * DAY)
    put_in_turn(settings, first, second)
    kept = history(db)[-1]
    assert (kept["published"], kept["published_precision"], kept["published_from"]) == (NOON, "minute", "listing")
    put_in_turn(settings, third)
    kept = history(db)[-1]
    assert (kept["published"], kept["published_precision"]) == (midnight + DAY, "day")


def test_a_revision_leaves_links_alone(settings: Settings, db: Database[Document]) -> None:
    first = article("people:1", BODY, published=NOON - MINUTE)
    copy = article("xinhua:1", BODY)
    near = article("china:1", f"{BODY}\n（责任编辑：裴镕）图")
    edited = article("china:1", BODY.replace("12", "13"), fetched=NOON + DAY)
    assert put_in_turn(settings, first, copy, near, edited) == ["new", "duplicate", "new", "changed"]
    assert history(db)[-1]["also_at"] == [copy.url]
    assert history(db, "china:1")[-1]["story"] == "people:1"


def test_a_held_article_is_not_revised(settings: Settings, db: Database[Document]) -> None:
    put_in_turn(settings, article("people:1", BODY))
    db.articles.update_one({"_id": "people:1"}, {"$set": {"state": "held"}})
    assert put_in_turn(settings, article("people:1", f"{BODY}\n补记。", fetched=NOON + DAY)) == ["held"]
    assert history(db)[-1]["body"] == BODY
