"""The ledger: an address is fetched again when the ladder says so, and what failed is tried again and then reported."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import crawls
import invented
import pytest
import recorded
import reprints
from conftest import Scrapy
from pymongo.database import Database
from recorded import Answer
from scrapy.settings import Settings
from shelf import DAY, HOUR, MINUTE, NOON, article, in_store, put, settings_for

from newsnap.ladder import Ladder, LadderError, base_of
from newsnap.store import Store
from newsnap.urls import Address

Document = dict[str, Any]
BODY = reprints.text_of(1)[1]
LADDER = Ladder([HOUR, 6 * HOUR, DAY], [HOUR / 4, HOUR])
HERE = Address("people:1", "https://people.example/1.html")


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return settings_for(db, mongo_uri, NEWSNAP_LADDER_HOURS="1,6,24", NEWSNAP_LADDER_PAUSES_HOURS="0.25,1")


# --- the ladder ---


@pytest.mark.parametrize(
    ("age", "again"),
    [
        (0 * HOUR, 1 * HOUR),
        (HOUR - MINUTE, 2 * HOUR - MINUTE),  # not a minute after the last look
        (HOUR, 6 * HOUR),
        (7 * HOUR, 24 * HOUR),
        (23.5 * HOUR, 24.5 * HOUR),
        (DAY, None),
        (400 * DAY, None),
    ],
)
def test_an_article_is_due_at_each_rung_of_its_age(age: timedelta, again: timedelta | None) -> None:
    assert LADDER.next_look(NOON, NOON + age) == (again and NOON + again)


def test_a_failed_address_is_tried_after_growing_pauses_and_given_up() -> None:
    assert [LADDER.next_try(attempts, NOON) for attempts in (1, 2, 3)] == [NOON + HOUR / 4, NOON + HOUR, None]


def test_age_counts_from_publication_if_that_is_known_to_the_minute() -> None:
    assert base_of(NOON, "minute", NOON + HOUR) == NOON
    assert base_of(NOON - 12 * HOUR, "day", NOON) == NOON
    assert base_of(None, None, NOON) == NOON
    assert base_of(NOON + HOUR, "minute", NOON) == NOON, "a clock that goes wrong delays nothing"


@pytest.mark.parametrize("value", ["6,1", "1,x", "-1", "0", "1,1", "nan"])
def test_a_ladder_that_does_not_climb_is_refused(value: str) -> None:
    with pytest.raises(LadderError, match=r"NEWSNAP_LADDER_HOURS=.* is no row of growing numbers"):
        Ladder.of(Settings({"NEWSNAP_LADDER_HOURS": value}))


def test_without_rungs_nothing_is_looked_at_again() -> None:
    assert Ladder.of(Settings({"NEWSNAP_LADDER_HOURS": ""})).next_look(NOON, NOON) is None


# --- the ledger ---


async def standing(store: Store, at: datetime, address: Address = HERE) -> str:
    return (await store.ledger.look_up([address], at))[address.id].standing


def test_an_address_is_new_then_known_then_due(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        assert await standing(store, NOON) == "new"
        await put(store, article("people:1", BODY, fetched=NOON))
        assert await standing(store, NOON + 5 * MINUTE) == "known"
        assert await standing(store, NOON + HOUR) == "due"
        assert [each.id for each in await store.ledger.due("people", NOON + HOUR, 10)] == ["people:1"]
        assert await store.ledger.due("xinhua", NOON + HOUR, 10) == []
        for age, next_age in ((1 * HOUR, 6 * HOUR), (6 * HOUR, 24 * HOUR)):
            await store.ledger.saw(article("people:1", BODY, fetched=NOON + age))
            assert await standing(store, NOON + next_age - MINUTE) == "known"
            assert await standing(store, NOON + next_age) == "due"
        await store.ledger.saw(article("people:1", BODY, fetched=NOON + DAY))
        assert await standing(store, NOON + 400 * DAY) == "known"

    in_store(settings, act)
    assert db.ledger.count_documents({}) == 0, "what is never due again needs no entry"


def test_what_was_entered_and_not_written_is_new(settings: Settings) -> None:
    """The ledger expects an article before it is written; a crawl may be killed in between."""

    async def act(store: Store) -> None:
        await store.ledger.expect([article("people:1", BODY, fetched=NOON)])
        assert await standing(store, NOON + MINUTE) == "new"
        assert await put(store, article("people:1", BODY, fetched=NOON + MINUTE)) == "new"
        assert await standing(store, NOON + 2 * MINUTE) == "known"

    in_store(settings, act)


def test_an_article_from_an_archive_needs_no_entry(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, published=NOON - 900 * DAY, fetched=NOON))
        await store.ledger.saw(article("people:1", BODY, fetched=NOON + HOUR))
        assert await standing(store, NOON + DAY) == "known"

    in_store(settings, act)
    assert db.ledger.count_documents({}) == 0


def test_a_stored_page_is_asked_for_conditionally(settings: Settings) -> None:
    async def act(store: Store) -> None:
        first = article("people:1", BODY, fetched=NOON)
        first.captures[0].headers += [("ETag", '"5f-1"'), ("last-modified", "Sat, 03 Oct 2026 04:00:00 GMT")]
        await put(store, first)
        look = (await store.ledger.look_up([HERE], NOON + HOUR))["people:1"]
        assert look.headers == {"If-None-Match": '"5f-1"', "If-Modified-Since": "Sat, 03 Oct 2026 04:00:00 GMT"}
        second = article("people:1", f"{BODY}\n补记。", fetched=NOON + HOUR)  # its server tells nothing any more
        await put(store, second)
        assert (await store.ledger.look_up([HERE], NOON + DAY))["people:1"].headers == {}

    in_store(settings, act)


def test_a_failed_page_waits_longer_each_time_and_is_reported(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        assert not await store.ledger.failed(HERE, "people", "HTTP 500", NOON)
        assert await standing(store, NOON + 10 * MINUTE) == "waiting"
        assert await standing(store, NOON + 15 * MINUTE) == "due"
        assert await store.ledger.troubles() == {"people": (1, 0)}
        assert not await store.ledger.failed(HERE, "people", "timeout", NOON + HOUR)
        assert await standing(store, NOON + HOUR + 30 * MINUTE) == "waiting"
        assert await store.ledger.failed(HERE, "people", "timeout", NOON + 2 * HOUR), "it is given up"
        assert await standing(store, NOON + 400 * DAY) == "waiting"
        assert await store.ledger.due("people", NOON + 400 * DAY, 10) == []
        assert await store.ledger.troubles() == {"people": (0, 1)}
        entry = db.ledger.find_one()
        assert entry
        assert {name: entry[name] for name in ("failed", "reason", "since", "url")} == {
            "failed": 3, "reason": "timeout", "since": NOON, "url": HERE.url,
        }  # fmt: skip
        # read at last, by an operator who asked for it
        await put(store, article("people:1", BODY, fetched=NOON + 3 * HOUR))
        assert await store.ledger.troubles() == {}

    in_store(settings, act)


def test_an_old_article_that_is_read_at_last_leaves_the_ledger(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await store.ledger.failed(HERE, "people", "HTTP 500", NOON)
        assert await standing(store, NOON + HOUR) == "due"
        await put(store, article("people:1", BODY, published=NOON - 99 * DAY, fetched=NOON + HOUR))

    in_store(settings, act)
    assert db.ledger.count_documents({}) == 0


def test_a_stored_article_whose_page_fails_stays_and_is_tried_again(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, fetched=NOON))
        await store.ledger.failed(HERE, "people", "HTTP 502", NOON + HOUR)
        assert await standing(store, NOON + HOUR + MINUTE) == "waiting"
        again = NOON + HOUR + 15 * MINUTE
        assert await standing(store, again) == "due"
        await store.ledger.saw(article("people:1", BODY, fetched=again))
        assert await standing(store, again + MINUTE) == "known"
        assert await standing(store, NOON + 6 * HOUR) == "due", "it is on its ladder again"

    in_store(settings, act)
    assert db.ledger.find_one({"failed": {"$exists": True}}) is None


def test_a_page_that_is_gone_is_noted_and_comes_back(settings: Settings, db: Database[Document]) -> None:
    def stored() -> Document:
        found = db.articles.find_one({"_id": "people:1"})
        assert found
        return found

    async def act(store: Store) -> None:
        assert not await store.ledger.gone("people:1", NOON), "what is not stored cannot be gone"
        await put(store, article("people:1", BODY, fetched=NOON))
        first = stored()
        assert first["gone"] is None
        assert await store.ledger.gone("people:1", NOON + HOUR)
        gone = stored()
        assert (gone["gone"], gone["snapshot"], gone["body"]) == (NOON + HOUR, NOON, BODY)
        assert gone["changed"] > first["changed"]
        assert await standing(store, NOON + 6 * HOUR) == "due"
        assert await store.ledger.gone("people:1", NOON + 6 * HOUR)
        assert stored() == gone, "since when it is gone is kept, and that it still is changes nothing"
        # it was there before it went, whoever tells it late
        await store.articles.note_seen("people:1", NOON + 30 * MINUTE)
        assert stored()["gone"] == NOON + HOUR
        await store.articles.note_seen("people:1", NOON + DAY)
        back = stored()
        assert (back["gone"], back["snapshot"]) == (None, NOON + DAY)
        assert back["changed"] > gone["changed"]
        # and a late word that it was gone before does not count
        await store.ledger.gone("people:1", NOON + 7 * HOUR)
        assert stored()["gone"] is None

    in_store(settings, act)


def test_a_revised_page_is_not_gone(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, fetched=NOON))
        await store.ledger.gone("people:1", NOON + HOUR)
        await put(store, article("people:1", f"{BODY}\n补记。", fetched=NOON + 2 * HOUR))

    in_store(settings, act)
    assert [each["gone"] for each in db.articles.find()] == [None]
    assert [each["gone"] for each in db.revisions.find()] == [NOON + HOUR]


def test_another_address_of_a_text_is_looked_at_again_too(settings: Settings, db: Database[Document]) -> None:
    copy = Address("xinhua:1", "https://xinhua.example/1.html")

    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, fetched=NOON))
        assert await put(store, article("xinhua:1", BODY, fetched=NOON)) == "duplicate"
        assert await standing(store, NOON + MINUTE, copy) == "known"
        assert await standing(store, NOON + HOUR, copy) == "due"
        assert store.ledger.held_by("xinhua:1") == "people:1"
        other = article("xinhua:1", f"{BODY}\n本报另讯：桥修好了。", fetched=NOON + HOUR)
        assert await put(store, other) == "new", "it has a text of its own now"
        await store.articles.drop_address("people:1", copy.url)

    in_store(settings, act)
    assert [each["also_at"] for each in db.articles.find().sort("_id")] == [[], []]


def test_what_is_held_or_removed_is_not_due(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, fetched=NOON))
        for state in ("held", "removed"):
            db.command("collMod", "articles", validator={})
            db.articles.update_one({"_id": "people:1"}, {"$set": {"state": state}})
            assert await standing(store, NOON + HOUR) == "taken_down"
            assert not await store.ledger.gone("people:1", NOON + HOUR)

    in_store(settings, act)


# --- a crawl ---


SITE = [invented.article(number) for number in range(4)]
MORNING = datetime.fromisoformat("2026-10-03T09:00:00+00:00")


def counts(log: str) -> list[dict[str, int]]:
    """Return the counts of the summary of each crawl in a log."""
    summaries = re.findall(r"^  (listed .*(?:\n  looked .*)?)", log, re.MULTILINE)
    return [{name.strip(): int(number) for name, number in re.findall(r"([a-z ]+) (\d+)", each)} for each in summaries]


def test_a_crawl_obeys_the_ledger_and_writes_it(
    scrapy: Scrapy, db: Database[Document], mongo_uri: str, tmp_path: Path
) -> None:
    """Four crawls of one site, whose articles are nine hours old: at once again, when they are a day old, and three."""

    def recording(at: datetime, answers: list[Answer], listed: list[invented.Invented]) -> crawls.Step:
        every = [*recorded.listing([each.url for each in listed], at), *answers]
        warc = recorded.write(tmp_path / f"{at:%d%H%M}.warc.gz", every, at)
        return {"replay": str(warc), "urls": {"people": []}, "refresh": False}

    def stored(which: invented.Invented) -> Document:
        found = db.articles.find_one({"_id": which.id})
        assert found
        return found

    first, second, third, fourth = SITE
    etag = [("ETag", '"1"')]
    pages = [Answer(each.url, invented.page(each), headers=etag) for each in SITE[:3]]
    # a day after their publication: one has not changed, one is gone, one is edited, and what failed is there
    edited = replace(third, pages=((*third.pages[0], "补记：水泵换到第7号。"),))
    later = MORNING + 16 * HOUR
    answers = [
        Answer(first.url, status=304),
        Answer(second.url, b"<html>404</html>", status=404),
        Answer(third.url, invented.page(edited)),
        Answer(fourth.url, invented.page(fourth)),
    ]
    plan = [
        recording(MORNING, [*pages, Answer(fourth.url, status=500)], SITE),
        recording(MORNING + 5 * MINUTE, pages, SITE),
        recording(later, answers, SITE),
    ]
    one, two, three = counts(crawls.run(plan, tmp_path, mongo_uri, db.name))
    assert (one["fetched"], one["new"], one["errors"]) == (3, 3, 1)
    assert (two["fetched"], two["stored before"], two["failed before and tried later"]) == (0, 3, 1)
    assert (three["new"], three["changed"], three["unchanged"], three["errors"]) == (1, 1, 1, 0)
    assert (three["looked at again"], three["gone at the source"]) == (4, 1)
    assert stored(first)["snapshot"] == later
    assert (stored(second)["gone"], stored(second)["snapshot"]) == (later, MORNING)
    assert stored(third)["revision"] == 2

    # two days on nothing is listed but another article: what is due is looked at all the same, if it was recorded
    fifth = invented.article(5)
    answers = [Answer(second.url, invented.page(second)), Answer(fifth.url, invented.page(fifth))]
    (said,) = counts(crawls.run([recording(MORNING + 3 * DAY, answers, [fifth])], tmp_path, mongo_uri, db.name))
    assert (said["fetched"], said["new"], said["unchanged"], said["errors"]) == (2, 1, 1, 0)
    assert stored(second)["gone"] is None
    assert (stored(first)["gone"], stored(first)["snapshot"]) == (None, later), "what is not recorded says nothing"

    db.ledger.update_one({"_id": first.id}, {"$set": {"failed": 7, "reason": "HTTP 500", "next": None}})
    assert "1 given up" in scrapy("sources").stdout
