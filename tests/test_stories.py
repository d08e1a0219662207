"""Stories: reprints are one story under its first publisher, whatever the order they come in and who brings them."""

import asyncio
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import reprints
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import DAY, HOUR, MINUTE, NOON, article, in_store, put, put_all, settings_for

from newsnap.items import Article
from newsnap.precedence import Member, earliest
from newsnap.store import Store
from newsnap.store.fingerprints import MOST_OF_A_BAND, MOST_TEXTS, REACH_WEEKS, week_of

Document = dict[str, Any]
MIDNIGHT = NOON - 12 * HOUR
BODY = reprints.text_of(1)[1]


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return settings_for(db, mongo_uri)


def stories(db: Database[Document]) -> dict[str, str]:
    return {each["_id"]: each["story"] for each in db.articles.find({}, {"story": 1})}


def reprint(number: int) -> str:
    """Return the text with an editor's line of its own: nearly the same."""
    return f"{BODY}\n（责任编辑：{reprints.SURNAMES[number % 18]}{reprints.GIVEN[number % 18]}）第{number}版"


# --- linking ---


def test_reprints_are_kept_and_linked(settings: Settings, db: Database[Document]) -> None:
    texts = dict(reprints.reprints(("松渡换泵", BODY), 1))
    arriving = [article("people:1", BODY, published=NOON)]
    kept = [each for each in texts if each not in ("another headline", "narrow punctuation")]
    arriving += [
        article(f"xinhua:{at}", texts[each][1], published=NOON + at * MINUTE) for at, each in enumerate(kept, 1)
    ]
    assert in_store(settings, lambda store: put_all(store, arriving)) == ["new"] * len(arriving)
    assert set(stories(db).values()) == {"people:1"}


def test_a_text_that_differs_in_a_number_is_linked_and_kept(settings: Settings, db: Database[Document]) -> None:
    _, body = reprints.flash(4)
    other = reprints.with_another_number(body, random.Random(1))
    assert other
    arriving = [article("people:1", body), article("xinhua:1", other, published=NOON + HOUR)]
    assert in_store(settings, lambda store: put_all(store, arriving)) == ["new", "new"]
    assert stories(db) == {"people:1": "people:1", "xinhua:1": "people:1"}
    assert {each["body"] for each in db.articles.find()} == {body, other}


def test_twins_are_stories_of_their_own(settings: Settings, db: Database[Document]) -> None:
    arriving = [
        article(f"people:{at}", body, title=title, published=NOON + at * MINUTE)
        for at, (title, body) in enumerate(text for pair in reprints.twins(18, 3) for text in pair)
    ]
    in_store(settings, lambda store: put_all(store, arriving))
    assert len(set(stories(db).values())) >= len(arriving) - 1


def test_a_later_arrival_with_an_earlier_date_takes_the_story_over(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("xinhua:1", reprint(1), published=NOON + HOUR))
        await put(store, article("china:1", reprint(2), published=NOON + 2 * HOUR))
        before = db.articles.find_one({"_id": "china:1"})
        assert before
        assert before["story"] == "xinhua:1"
        await put(store, article("people:1", BODY, published=NOON))
        after = db.articles.find_one({"_id": "china:1"})
        assert after
        assert after["changed"] > before["changed"], "a consumer that polls does not see the new story"
        assert {name: value for name, value in after.items() if name not in ("story", "changed")} == {
            name: value for name, value in before.items() if name not in ("story", "changed")
        }

    in_store(settings, act)
    assert set(stories(db).values()) == {"people:1"}


def test_two_stories_become_one_when_a_text_belongs_to_both(settings: Settings, db: Database[Document]) -> None:
    half = len(BODY) * 55 // 100
    front, back = BODY[:half], BODY[-half:]

    async def act(store: Store) -> None:
        await put_all(store, [article("xinhua:1", front, published=NOON), article("china:1", back)])
        assert len(set(stories(db).values())) == 2
        await put(store, article("people:1", BODY, published=NOON + HOUR))

    in_store(settings, act)
    assert set(stories(db).values()) == {"xinhua:1"} or set(stories(db).values()) == {"china:1"}


def arrivals() -> list[Article]:
    """Return five stories of five articles each, dated to the minute, to the day or not at all, and ten loners."""
    chance = random.Random(7)
    everything = []
    for story in range(5):
        body = reprints.text_of(100 + story)[1]
        for number in range(5):
            precision = chance.choice(["minute", "minute", "day", None])
            published = NOON + chance.randrange(-2000, 2000) * MINUTE
            text = body if number == 0 else f"{body}\n（编辑：{reprints.name(chance)}）{number}"
            everything.append(
                article(
                    f"{('people', 'xinhua', 'china', 'gmw', 'cctv')[number]}:{story}",
                    text,
                    published=(MIDNIGHT if precision == "day" else published) if precision else None,
                    precision=precision,
                    fetched=NOON + chance.randrange(9000) * MINUTE,
                )
            )
    return everything + [article(f"people:{at}", reprints.text_of(at)[1]) for at in range(50, 60)]


def expected(everything: Sequence[Article]) -> dict[str, str]:
    found = {}
    for story in range(5):
        own = [each for each in everything if each.id.endswith(f":{story}")]
        first = earliest(Member(each.id, each.published, each.published_precision, each.snapshot) for each in own)
        found |= {each.id: first.id for each in own}
    return found | {each.id: each.id for each in everything if each.id not in found}


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_gives_the_same_stories(seed: int, settings: Settings, db: Database[Document]) -> None:
    everything = arrivals()
    chance = random.Random(seed)
    chance.shuffle(everything)
    in_store(settings, lambda store: put_all(store, everything, at_once=chance.choice((1, 3, 30))))
    assert stories(db) == expected(everything)
    assert db.fingerprints.count_documents({"pending": {"$exists": True}}) == 0


@pytest.mark.parametrize("seed", range(3))
def test_two_crawlers_at_once_lose_no_link(seed: int, settings: Settings, db: Database[Document]) -> None:
    everything = arrivals()
    random.Random(seed).shuffle(everything)

    async def act() -> None:
        async with Store(settings) as one, Store(settings) as other:
            # every article by both, in different orders
            await asyncio.gather(put_all(one, everything), put_all(other, everything[::-1]))

    asyncio.run(act())
    assert stories(db) == expected(everything)
    assert db.articles.count_documents({"revision": {"$ne": 1}}) == 0


def test_of_two_that_unite_one_story_the_second_sees_what_the_first_did(
    settings: Settings, db: Database[Document]
) -> None:
    async def act(store: Store) -> None:
        loners = [article(f"people:{at}", reprints.text_of(at)[1], published=NOON + at * HOUR) for at in (1, 2, 3)]
        await put_all(store, loners)
        assert store.client
        async with store.client.start_session() as session:
            await session.start_transaction()
            await store.stories._unite(session, ["people:2", "people:3"])
            other = asyncio.create_task(
                store.stories._transact(lambda it: store.stories._unite(it, ["people:1", "people:2"]))
            )
            await asyncio.sleep(0.2)
            await session.commit_transaction()
        await other

    in_store(settings, act)
    assert set(stories(db).values()) == {"people:1"}


def test_what_a_killed_crawl_left_unlinked_is_linked_by_the_next(settings: Settings, db: Database[Document]) -> None:
    async def killed(store: Store) -> None:
        await put(store, article("xinhua:1", reprint(1), published=NOON + HOUR))
        await store.articles.write(article("people:1", BODY), None)  # and no more

    in_store(settings, killed)
    assert len(set(stories(db).values())) == 2
    assert in_store(settings, lambda store: store.stories.link_pending()) == 1
    assert set(stories(db).values()) == {"people:1"}
    assert in_store(settings, lambda store: store.stories.link_pending()) == 0


def test_a_fingerprint_without_an_article_goes_when_it_is_old(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await store.stories.keep([article("people:1", BODY), article("people:2", reprint(1))])
        old = {"$set": {"pending": datetime.now(UTC) - 2 * HOUR}}
        db.fingerprints.update_one({"_id": "people:1"}, old)
        assert await store.stories.link_pending() == 0

    in_store(settings, act)
    # the other may be one that a running crawl is about to write
    assert [each["_id"] for each in db.fingerprints.find()] == ["people:2"]


def test_a_reprint_of_an_earlier_revision_is_linked(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY))
        other = reprints.text_of(9)[1]
        assert await put(store, article("people:1", other, fetched=NOON + 2 * HOUR)) == "changed"
        await put(store, article("xinhua:1", reprint(1), published=NOON + HOUR))

    in_store(settings, act)
    assert stories(db)["xinhua:1"] == "people:1"


def test_a_text_that_comes_back_after_months_is_a_story_of_its_own(settings: Settings, db: Database[Document]) -> None:
    months = (REACH_WEEKS + 2) * 7 * DAY
    arriving = [
        article("people:1", BODY, fetched=NOON - months),
        article("xinhua:1", reprint(1), published=NOON, fetched=NOON),
        article("china:1", reprint(2), published=NOON, fetched=NOON + 7 * DAY),
    ]
    random.Random(1).shuffle(arriving)
    in_store(settings, lambda store: put_all(store, arriving, at_once=1))
    assert stories(db) == {"people:1": "people:1", "xinhua:1": "xinhua:1", "china:1": "xinhua:1"}
    db.client.drop_database(db.name)
    in_store(settings, lambda store: put_all(store, arriving))  # nor if they come at once
    assert stories(db) == {"people:1": "people:1", "xinhua:1": "xinhua:1", "china:1": "xinhua:1"}


def test_a_revised_date_may_give_the_story_another_first_publisher(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, published=NOON))
        await put(store, article("xinhua:1", reprint(1), published=NOON + HOUR))
        revised = article("people:1", f"{BODY}\n更正。", published=NOON + DAY, fetched=NOON + 2 * DAY)
        assert await put(store, revised) == "changed"

    in_store(settings, act)
    assert set(stories(db).values()) == {"xinhua:1"}


def test_a_page_with_many_revisions_keeps_a_bounded_fingerprint(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        for number in range(MOST_TEXTS + 3):
            await put(store, article("people:1", f"{BODY}\n{number}时，水退了。", fetched=NOON + number * HOUR))

    in_store(settings, act)
    kept = db.fingerprints.find_one({"_id": "people:1"})
    assert kept
    assert len(kept["texts"]) == MOST_TEXTS
    assert db.revisions.count_documents({}) == MOST_TEXTS + 2


def test_a_text_written_a_thousand_times_is_compared_with_a_bounded_number(
    settings: Settings, db: Database[Document]
) -> None:
    chance = random.Random(1)
    template = article("people:0", BODY)
    assert template.fingerprint
    crowd = [
        {
            "_id": f"crowd:{at}",
            "first": NOON + DAY,
            "week": week_of(NOON + DAY),
            "texts": [{"hash": str(at), "bands": template.fingerprint.bands[:12], "signature": bytes(16)}],
        }
        for at in range(1500)
    ]

    async def act(store: Store) -> None:
        db.fingerprints.insert_many(crowd)
        await put_all(store, [article(f"people:{at}", reprints.text_of(at)[1]) for at in range(30, 40)])
        await put(store, article("xinhua:1", reprint(chance.randrange(9)), published=NOON))
        # the crowd is newer, and has most of its bands; nobody else has the others
        await put(store, article("people:1", BODY, published=NOON + HOUR))

    in_store(settings, act)
    assert stories(db)["people:1"] == "xinhua:1"
    plan = db.command(
        "explain",
        {
            "aggregate": "fingerprints",
            "pipeline": [
                {
                    "$match": {
                        "week": {"$in": [week_of(NOON), week_of(NOON) - 1]},
                        "texts.bands": template.fingerprint.bands[0],
                    }
                },
                {"$sort": {"week": -1}},
                {"$limit": MOST_OF_A_BAND},
            ],
            "cursor": {},
        },
        verbosity="executionStats",
    )
    examined = re.findall(r"'total(?:Docs|Keys)Examined': (\d+)", str(plan))
    assert examined
    assert max(map(int, examined)) <= MOST_OF_A_BAND + 1, "the latest are found without reading the others"


# --- reading ---


def test_the_origin_that_a_text_names_is_held_against_the_story(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await put(store, article("people:1", BODY, published=NOON))
        await put(store, article("xinhua:1", reprint(1), published=NOON + HOUR, origin=["people报-北京频道"]))
        await put(store, article("china:1", reprint(2), published=NOON + 2 * HOUR, origin=["松渡日报"]))
        await put(store, article("gmw:1", reprint(3), published=NOON + 3 * HOUR))
        said = {id: await store.stories.attribution(id) for id in ("people:1", "xinhua:1", "china:1", "gmw:1")}
        assert {id: each and each.agrees for id, each in said.items()} == {
            "people:1": None, "xinhua:1": True, "china:1": False, "gmw:1": None,
        }  # fmt: skip
        assert all(each and each.first == "people:1" for each in said.values())
        assert await store.stories.attribution("people:9") is None

    in_store(settings, act)


def test_an_article_that_is_not_stored_leaves_no_fingerprint(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        one, other = article("people:1", BODY), article("xinhua:1", BODY)
        outcomes = await asyncio.gather(store.articles.write(one, None), store.articles.write(other, None))
        assert sorted(outcomes) == ["duplicate", "new"]
        loser = (one, other)[outcomes.index("duplicate")]
        winner = (one, other)[outcomes.index("new")]
        await store.articles.add_duplicate(winner.id, loser)
        assert [each["_id"] for each in db.fingerprints.find()] == [winner.id]

    in_store(settings, act)
