"""Takedowns in the store: what is left of an article, what becomes of its reprints, what a preview shows."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from invented import article as invented
from pymongo.database import Database
from taken_down import FETCHED, dump, edited, item, keep, sentences, take_down

from newsnap.items import Article
from newsnap.sources import load_sources
from newsnap.spiders.people import PeopleSpider
from newsnap.store import Store, StoreError
from newsnap.store.removal import ELSEWHERE
from newsnap.store.schema import COLLECTIONS
from newsnap.takedowns import RuleError, desk
from newsnap.takedowns.notices import NoticeError

Document = dict[str, Any]
Within = Callable[[Callable[[Store], Awaitable[Any]]], Any]
ONE, OTHER = invented(1), invented(2)


RULES = {
    "url": ONE.url,
    "prefix": ONE.url.rpartition("/")[0] + f"/c{1000 + 1}-",
    "host": "finance.people.com.cn",
    "source": "people",
    "article": ONE.id,
    "text": ONE.id,
    "title": f"{ONE.title[:6]}.*{ONE.title[-6:]}",
}


@pytest.mark.parametrize("kind", RULES)
def test_of_what_is_removed_a_stone_is_left(kind: str, within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> desk.Added:
        await keep(store, item(ONE, title="原先的标题" + ONE.title))
        await keep(store, item(ONE, hour=10))  # a revision
        await keep(store, item(ONE, source="chinanews"))  # the same text at another address: noted as such
        await keep(store, item(OTHER, source="chinanews"))
        return await take_down(store, kind, RULES[kind])

    added = within(act)
    before = datetime.now(UTC)
    assert (added.done.removed, added.done.held) == ([ONE.id], [])
    stone = db.articles.find_one({"_id": ONE.id})
    assert set(stone) == {"_id", "source", "state", "rule", "removed", "url_digest", "revision", "changed", "entry"}
    assert (stone["state"], stone["rule"], stone["revision"]) == ("removed", added.rule.id, 2)
    assert stone["removed"] <= stone["changed"] <= before + timedelta(seconds=1)
    everything = dump(db)
    for sentence in sentences(ONE):
        assert sentence not in everything
    assert ONE.title not in everything.replace(added.rule.value, "")
    for name in ("revisions", "captures", "ledger"):
        assert not [each for each in db[name].find() if ONE.id in (each.get("article"), each["_id"])]
    assert not db.fingerprints.find_one({"_id": ONE.id})
    other = db.articles.find_one({"_id": OTHER.id.replace("people", "chinanews")})
    assert other["state"] == "live"
    assert sentences(OTHER)[0] in other["body"]


NOTHING_OF_AN_ARTICLE = {
    "takedowns",
    "takedown_texts",
    "takedown_log",
    "takedown_head",
    "notices",
    "crawls",
    "indexing",
}
NOTHING_OF_AN_ARTICLE |= {"subscriptions"}
PURGED_BEHIND = {"segments", "postings"}
"""Many articles stand in one document: what one had there goes soon after it, and is found by nobody meanwhile."""


def test_removal_knows_every_collection_that_holds_something_of_an_article() -> None:
    known = {"articles", *(collection for collection, _ in ELSEWHERE), *NOTHING_OF_AN_ARTICLE}
    known |= PURGED_BEHIND
    new = set(COLLECTIONS) - known
    assert not new, f"{new}: give each a line in store.removal.ELSEWHERE, or here if it holds nothing of an article"


def test_a_stone_takes_nothing_but_its_fields(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await take_down(store, "article", ONE.id)

    within(act)
    for field in ({"title": "x"}, {"terms": ["x"]}, {"url": ONE.url}, {"state": "live"}):
        with pytest.raises(Exception, match="failed validation"):
            db.articles.update_one({"_id": ONE.id}, {"$set": field})


def test_a_removal_is_heard_of_by_poll_and_by_change_stream(within: Within, db: Database[Document]) -> None:
    within(lambda store: keep(store, item(ONE)))
    last = db.articles.find_one({"_id": ONE.id})["changed"]
    with db.articles.watch() as stream:
        added = within(lambda store: take_down(store, "url", ONE.url))
        change = next(stream)
    assert change["fullDocument"]["state"] == "removed"
    assert change["fullDocument"]["rule"] == added.rule.id
    polled = list(db.articles.find({"changed": {"$gt": last}}))
    assert [each["_id"] for each in polled] == [ONE.id]


def test_what_is_held_is_released_unchanged(within: Within, db: Database[Document]) -> None:
    async def store_two(store: Store) -> None:
        await keep(store, item(ONE))
        await keep(store, item(ONE, title="改过的标题" + ONE.title, hour=10))

    within(store_two)
    before = db.articles.find_one({"_id": ONE.id})
    others = dump(db, but=("articles", "fingerprints", "takedowns", "takedown_log", "takedown_head"))
    added = within(lambda store: take_down(store, "url", ONE.url, effect="hold"))
    held = db.articles.find_one({"_id": ONE.id})
    assert (held["state"], held["rule"]) == ("held", added.rule.id)
    assert held["changed"] > before["changed"]
    within(lambda store: desk.lift(store, added.rule.id, by="tester", reason="反通知"))
    after = db.articles.find_one({"_id": ONE.id})
    assert after["changed"] > held["changed"]
    assert after | {"changed": 0} == before | {"changed": 0}
    assert dump(db, but=("articles", "fingerprints", "takedowns", "takedown_log", "takedown_head")) == others


def test_what_was_removed_may_come_again_after_the_lift(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        article = await keep(store, item(ONE))
        added = await take_down(store, "url", ONE.url)
        address = PeopleSpider.address_rules().identify(ONE.url)
        assert address
        assert (await store.ledger.look_up([address], FETCHED))[ONE.id].standing == "taken_down"
        assert await store.articles.write(article, (await store.articles.find(article)).own) == "held"
        await desk.lift(store, added.rule.id, by="tester", reason="")
        stone = db.articles.find_one({"_id": ONE.id})
        assert (stone["state"], "reopened" in stone) == ("removed", True)
        assert (await store.ledger.look_up([address], FETCHED))[ONE.id].standing == "new"
        await keep(store, item(ONE))

    within(act)
    revived = db.articles.find_one({"_id": ONE.id})
    assert (revived["state"], revived["revision"], revived["story"]) == ("live", 2, ONE.id)
    assert "reopened" not in revived
    assert db.captures.count_documents({"article": ONE.id}) == 1
    assert [each["act"] for each in db.takedown_log.find().sort("_id")] == ["add", "remove", "lift", "reopen"]


def test_another_rule_keeps_what_one_rule_held(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        first = await take_down(store, "url", ONE.url, effect="hold")
        second = await take_down(store, "host", "finance.people.com.cn", effect="hold")
        await desk.lift(store, first.rule.id, by="tester", reason="")
        article = db.articles.find_one({"_id": ONE.id})
        assert (article["state"], article["rule"]) == ("held", second.rule.id)
        await desk.lift(store, second.rule.id, by="tester", reason="")
        assert db.articles.find_one({"_id": ONE.id})["state"] == "live"

    within(act)


def test_lifting_one_of_two_rules_opens_nothing_that_the_other_closes(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        first = await take_down(store, "url", ONE.url)
        second = await take_down(store, "source", "people", effect="hold")
        await desk.lift(store, first.rule.id, by="tester", reason="")
        stone = db.articles.find_one({"_id": ONE.id})
        assert (stone["rule"], "reopened" in stone) == (second.rule.id, False)
        await desk.lift(store, second.rule.id, by="tester", reason="")
        assert "reopened" in db.articles.find_one({"_id": ONE.id})

    within(act)
    acts = [each["act"] for each in db.takedown_log.find().sort("_id")]
    assert acts == ["add", "remove", "add", "lift", "remove", "lift", "reopen"]


def test_what_comes_again_and_is_refused_leaves_a_stone_that_is_closed(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> str:
        await keep(store, item(ONE))
        first = await take_down(store, "url", ONE.url)
        await desk.lift(store, first.rule.id, by="tester", reason="")
        titled = await take_down(store, "title", ONE.title[-9:])
        await store.removal.refuse(item(ONE), titled.rule)
        return titled.rule.id

    rule = within(act)
    stone = db.articles.find_one({"_id": ONE.id})
    assert (stone["state"], stone["rule"], "reopened" in stone) == ("removed", rule, False)


def test_a_removing_rule_removes_what_another_held(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await take_down(store, "url", ONE.url, effect="hold")
        await take_down(store, "url", ONE.url)

    within(act)
    assert db.articles.find_one({"_id": ONE.id})["state"] == "removed"


def test_a_rule_that_ends_by_itself_gives_back_what_it_held(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await take_down(store, "url", ONE.url, effect="hold", until=datetime.now(UTC) + timedelta(seconds=0.6))
        await store.removal.settle()
        assert db.articles.find_one({"_id": ONE.id})["state"] == "held"
        await asyncio.sleep(0.7)
        await store.removal.settle()
        assert db.articles.find_one({"_id": ONE.id})["state"] == "live"

    within(act)
    assert [each["act"] for each in db.takedown_log.find().sort("_id")] == ["add", "hold", "end", "release"]


def test_a_covered_address_goes_from_other_articles(within: Within, db: Database[Document]) -> None:
    async def act(store: Store, kind: str, value: str) -> desk.Added:
        await keep(store, item(ONE))
        copy = item(ONE, source="chinanews")
        copy.id, copy.url = "elsewhere:1", url
        await keep(store, copy)
        assert db.articles.find_one({"_id": ONE.id})["also_at"] == [url]
        added = await take_down(store, kind, value)
        await desk.lift(store, added.rule.id, by="tester", reason="")
        return added

    chinanews = "https://www.chinanews.com.cn/sh/2026/10-03/10699978.shtml"
    ithome = "https://www.ithome.com/0/853/123.htm"  # whose id is 853123
    xinhua = "https://www.news.cn/politics/20261003/0123456789abcdef0123456789abcdef/c.html"
    unknown = "https://forum.harbour-ledger.example/local/pier-reopens.html"
    for url, rules in {
        chinanews: {"url": chinanews, "host": "chinanews.com.cn", "source": "chinanews"},
        ithome: {"url": ithome},
        xinhua: {"url": xinhua.replace("www.", "m.")},
        unknown: {"url": unknown.replace("https", "http"), "prefix": unknown[:-9]},
    }.items():
        for kind, value in rules.items():
            added = within(lambda store, kind=kind, value=value: act(store, kind, value))
            assert (added.done.removed, added.done.forgotten) == ([], 1), (kind, value)
            article = db.articles.find_one({"_id": ONE.id})
            assert (article["state"], article["also_at"]) == ("live", [])
            assert url not in dump(db, but=("takedowns", "takedown_log"))


# --- reprints ---


@pytest.mark.parametrize("reprints", ["remove", "hold", "leave"])
def test_reprints_share_the_fate_that_is_asked_for(reprints: str, within: Within, db: Database[Document]) -> None:
    copy = item(ONE, source="chinanews", body=edited("\n".join(ONE.pages[0]), 1), title="转载的另一个标题", hour=11)

    async def act(store: Store) -> desk.Added:
        await keep(store, item(ONE))
        await keep(store, copy)
        await keep(store, item(OTHER))
        assert db.articles.find_one({"_id": copy.id})["story"] == ONE.id
        return await take_down(store, "article", ONE.id, reprints=reprints)

    added = within(act)
    state = {"remove": "removed", "hold": "held", "leave": "live"}[reprints]
    there = db.articles.find_one({"_id": copy.id})
    assert there["state"] == state
    assert db.articles.find_one({"_id": OTHER.id})["state"] == "live"
    if reprints != "remove":
        assert there["story"] == copy.id, "the story goes on without what was removed"
    assert (db.takedown_texts.count_documents({}) == 0) == (reprints == "leave")
    within(lambda store: desk.lift(store, added.rule.id, by="tester", reason=""))
    assert db.takedown_texts.count_documents({}) == 0


def test_reprints_of_an_earlier_version_are_found(within: Within, db: Database[Document]) -> None:
    copy = item(ONE, source="chinanews", body=edited("\n".join(ONE.pages[0]), 2))

    async def act(store: Store) -> desk.Added:
        await keep(store, item(ONE))
        await keep(store, item(ONE, body="\n".join(OTHER.pages[0]), hour=10))
        added = await take_down(store, "article", ONE.id)
        await keep(store, copy)
        assert await store.texts.find(copy) == [added.rule.id]
        return added

    within(act)


def test_a_text_in_a_file_is_known_when_it_arrives(within: Within, db: Database[Document], tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(f"{ONE.title}\n" + "\n".join(ONE.pages[0]), encoding="utf-8")

    async def act(store: Store) -> desk.Added:
        return await take_down(store, "text", f"@{file}")

    added = within(act)
    assert added.rule.value.startswith("sha256:")
    everything = dump(db)
    for sentence in sentences(ONE):
        assert sentence not in everything

    async def later(store: Store) -> None:
        assert await store.texts.find(item(ONE, body=edited("\n".join(ONE.pages[0]), 3))) == [added.rule.id]
        assert await store.texts.find(item(OTHER)) == []

    within(later)


def test_edited_reprints_are_known_and_a_thousand_other_texts_are_not(within: Within) -> None:
    async def act(store: Store) -> tuple[int, int]:
        await keep(store, item(ONE))
        await take_down(store, "url", ONE.url)
        text = "\n".join(ONE.pages[0])
        reprints = [store.texts.find(item(invented(seed), body=edited(text, seed))) for seed in range(50)]
        others = [store.texts.find(item(invented(number))) for number in range(1000, 2000)]
        return (
            sum(bool(each) for each in await asyncio.gather(*reprints)),
            sum(bool(each) for each in await asyncio.gather(*others)),
        )

    known, wrong = within(act)
    assert known >= 48
    assert wrong == 0


# --- preview, and what is asked before ---


def test_a_preview_shows_all_and_changes_nothing(within: Within, db: Database[Document]) -> None:
    copy = item(ONE, source="chinanews", body=edited("\n".join(ONE.pages[0]), 4), hour=11)

    async def act(store: Store) -> Any:
        await keep(store, item(ONE))
        await keep(store, copy)
        await keep(store, item(OTHER))
        before = dump(db)
        order = await desk.draft(store, load_sources(store.settings), "url", ONE.url, "x")
        found = await desk.preview(store, order)
        assert dump(db) == before
        return found

    found = within(act)
    assert [each["_id"] for each in found.covered] == [ONE.id]
    assert [(hit.article["_id"], hit.why) for hit in found.reprints] == [(copy.id, "story")]
    assert found.stored == 3


def test_a_rule_that_hits_very_many_has_to_be_meant(
    within: Within, db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ASK_ABOVE", 3)

    async def act(store: Store) -> None:
        for number in range(4):
            await keep(store, item(invented(number)))
        before = dump(db)
        with pytest.raises(RuleError, match="would hit 4 of 4 articles, more than 3: nothing is changed"):
            await take_down(store, "source", "people")
        assert dump(db) == before
        added = await take_down(store, "source", "people", yes=True)
        assert len(added.done.removed) == 4

    within(act)


def test_an_unknown_article_is_refused(within: Within, db: Database[Document], tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("太短", encoding="utf-8")

    async def act(store: Store) -> None:
        for kind, value, sentence in (
            ("article", "people:404", "there is no article people:404"),
            ("text", "people:404", "there is no article people:404"),
            ("text", "https://nobody.example/a.html", "no source knows"),
            ("text", f"@{short}", "too short"),
            ("text", f"@{tmp_path / 'missing'}", "cannot be read"),
        ):
            with pytest.raises(RuleError, match=sentence):
                await take_down(store, kind, value)
        with pytest.raises(NoticeError, match="there is no notice N1"):
            await take_down(store, "source", "people", notice="N1")

    within(act)
    assert db.takedowns.count_documents({}) == db.takedown_log.count_documents({}) == 0


# --- what nobody prints ---


def test_what_mongodb_refuses_is_not_quoted(within: Within, db: Database[Document]) -> None:
    """Its own words hold what breaks the schema, which may be any text of the article."""

    async def refused(store: Store, made: Article) -> None:
        made.category = f"栏目：{made.title}"
        made.stored = (await store.articles.find(made)).own
        with pytest.raises(StoreError) as error:
            await store.articles.write(made, made.stored)
        assert f"{made.id} breaks the schema of articles (category, enum)" in str(error.value)
        assert made.title not in "".join(traceback.format_exception(error.value))

    async def act(store: Store) -> None:
        await refused(store, item(ONE))
        await keep(store, item(ONE))
        await refused(store, item(ONE, body="另一段话。\n" + ONE.pages[0][0], hour=10))
        added = await take_down(store, "url", ONE.url)
        await desk.lift(store, added.rule.id, by="tester", reason="")
        await refused(store, item(ONE))

    within(act)


def test_the_drivers_log_holds_no_text(within: Within, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "pymongo")

    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await take_down(store, "url", ONE.url)

    within(act)
    said = "\n".join(record.getMessage() for record in caplog.records)
    said += said.encode().decode("unicode_escape", "ignore")
    assert not [each for each in (ONE.title, *sentences(ONE)) if each in said]
