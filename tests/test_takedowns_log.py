"""The takedown log and the notices: one chain whoever writes, and what is done to it shows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from invented import article as invented
from pymongo.database import Database
from scrapy.settings import Settings
from taken_down import dump, item, keep, take_down

from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.takedowns import RuleError, desk
from newsnap.takedowns.log import Head
from newsnap.takedowns.notices import NoticeError, party_from

Document = dict[str, Any]
Within = Callable[[Callable[[Store], Awaitable[Any]]], Any]
ONE, OTHER = invented(1), invented(2)
CLAIM = {
    "name": "闻先生", "contact": "wen@post.example", "address": "望潮镇码头路1号", "work": "渡口换上新站牌",
    "addresses": [], "evidence": "手稿照片三张", "truth": True,
}  # fmt: skip


def test_two_operators_at_once_make_one_unbroken_chain(settings: Settings, db: Database[Document]) -> None:
    async def operator(name: str) -> None:
        async with Store(settings) as store:
            for number in range(8):
                order = await desk.draft(store, load_sources(settings), "host", f"h{number}.{name}.example", "x")
                await store.rules.add(order.rule, by=name)

    async def act() -> None:
        await asyncio.gather(*(operator(name) for name in ("anna", "bert", "cleo")))
        async with Store(settings) as store:
            assert await store.takedown_log.verify() == []
            assert (await store.takedown_log.head()).count == 24

    asyncio.run(act())
    assert [each["_id"] for each in db.takedown_log.find().sort("_id")] == list(range(1, 25))
    assert {each["by"] for each in db.takedown_log.find()} == {"anna", "bert", "cleo"}


def test_two_operators_with_the_same_rule_make_one(settings: Settings, db: Database[Document]) -> None:
    async def operator() -> Any:
        async with Store(settings) as store:
            order = await desk.draft(store, load_sources(settings), "host", "one.example", "x")
            return await store.rules.add(order.rule, by="anna")

    async def act() -> list[Any]:
        return await asyncio.gather(operator(), operator())

    assert sorted(each is None for each in asyncio.run(act())) == [False, True]
    assert db.takedowns.count_documents({}) == 1


def test_what_was_done_to_the_log_or_the_rules_is_named(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> Head:
        await keep(store, item(ONE))
        await take_down(store, "article", ONE.id)
        added = await take_down(store, "host", "one.example")
        await desk.lift(store, added.rule.id, by="tester", reason="")
        assert await store.takedown_log.verify() == []
        return await store.takedown_log.head()

    head = within(act)
    rule = db.takedowns.find_one({"kind": "host"})["_id"]

    def verify(anchor: Head | None = None) -> list[str]:
        return within(lambda store: store.takedown_log.verify(anchor))

    entries = list(db.takedown_log.find().sort("_id"))
    assert [each["act"] for each in entries] == ["add", "remove", "add", "lift"]
    db.takedown_log.update_one({"_id": 2}, {"$set": {"by": "testes"}})
    assert verify() == ["entry 2 is not as it was written"]
    db.takedown_log.replace_one({"_id": 2}, entries[1])

    db.takedowns.update_one({"_id": rule}, {"$set": {"value": "two.example"}})
    assert verify() == [f"the rule {rule} is not as entry 3 has it: value"]
    db.takedowns.update_one({"_id": rule}, {"$set": {"value": "one.example"}})

    # the end is cut off, and the note of the end with it: what the entries were about tells
    db.takedown_log.delete_many({"_id": {"$gt": 1}})
    noted = {"count": 1, "hash": entries[0]["hash"]}
    db.takedown_head.update_one({}, {"$set": noted})
    assert verify() == [
        f"entry 4 about the rule {rule} is gone",
        f"entry 2 about the article {ONE.id} is gone",
    ]
    db.takedowns.delete_one({"_id": rule})
    db.articles.delete_one({"_id": ONE.id})
    assert verify() == []
    assert verify(head) == [f"entry 4 is not the one that ended the log as {head}"]


# --- notices ---


def test_a_notice_from_its_arrival_to_the_counter_notice(
    within: Within, db: Database[Document], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await keep(store, item(OTHER))
        sources = load_sources(store.settings)
        claim = party_from(CLAIM | {"addresses": [ONE.url, f"https://snapshots.example/s/{OTHER.id}"]})
        notice = await store.notices.receive(claim, by="form")
        assert (notice.status, notice.overdue(datetime.now(UTC))) == ("pending", False)
        assert notice.due
        assert notice.due - notice.received == timedelta(hours=24)

        accepted, added = await desk.accept(store, sources, notice.id, "侵权", by="tester", effect="hold")
        assert accepted.status == "accepted"
        assert accepted.due is None
        assert [(each.rule.kind, each.rule.notice) for each in added] == [("url", notice.id), ("article", notice.id)]
        assert set(accepted.rules) == {each.rule.id for each in added}
        assert (await store.notices.find(notice.id)).articles == [ONE.id, OTHER.id]
        with pytest.raises(NoticeError, match="is accepted: only one that is pending"):
            await store.notices.reject(notice.id, by="tester", reason="x")

        counter = party_from(CLAIM | {"addresses": [ONE.url], "name": "江女士", "evidence": "授权书"})
        countered = await store.notices.counter(notice.id, counter, by="tester")
        assert (countered.status, countered.counter) == ("countered", counter)
        assert [each.id for each in await store.notices.all(decided=False)] == [notice.id]
        await desk.lift(store, notice.id, by="tester", reason="反通知成立")
        lifted = await store.notices.find(notice.id)
        assert (lifted.status, lifted.due) == ("lifted", None)
        assert [step.status for step in lifted.history] == ["pending", "accepted", "countered", "lifted"]
        assert await store.takedown_log.verify() == []

    within(act)
    assert {each["state"] for each in db.articles.find()} == {"live"}
    elsewhere = dump(db, but=("notices",)) + "\n".join(record.getMessage() for record in caplog.records)
    for secret in ("闻先生", "江女士", "wen@post.example", "码头路", "手稿照片", "授权书"):
        assert secret in dump(db)
        assert secret not in elsewhere


def test_a_notice_with_a_bad_address_changes_nothing(within: Within, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        notice = await store.notices.receive(party_from(CLAIM | {"addresses": [ONE.url, "somewhere"]}), by="form")
        with pytest.raises(RuleError, match="is not an address of the web"):
            await desk.accept(store, load_sources(store.settings), notice.id, "x", by="tester")
        assert (await store.notices.find(notice.id)).status == "pending"

    within(act)
    assert db.takedowns.count_documents({}) == 0
    assert db.articles.find_one()["state"] == "live"


def test_a_notice_is_accepted_wholly_or_not_at_all(
    within: Within, db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a rule that hits too much, and after a command that was killed the next does the rest."""
    monkeypatch.setattr(desk, "ASK_ABOVE", 1)

    async def act(store: Store) -> None:
        sources, again = load_sources(store.settings), "本文转自：人民网\n" + "\n".join(OTHER.pages[0])
        await keep(store, item(ONE))
        await keep(store, item(OTHER))
        await keep(store, item(OTHER, source="chinanews", body=again, hour=11))
        notice = await store.notices.receive(party_from(CLAIM | {"addresses": [ONE.url, OTHER.url]}), by="form")
        before = dump(db)
        with pytest.raises(RuleError, match="would hit 2 of 3 articles, more than 1: nothing is changed"):
            await desk.accept(store, sources, notice.id, "x", by="tester", effect="hold")
        assert dump(db) == before

        store.removal.tell = lambda done: (_ for _ in ()).throw(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            await desk.accept(store, sources, notice.id, "x", by="tester", effect="hold", yes=True)
        store.removal.tell = lambda done: None
        await store.removal.settle()
        accepted, added = await desk.accept(store, sources, notice.id, "x", by="tester", effect="hold", yes=True)
        assert len(added) == 1
        assert set(accepted.rules) == {each.id for each in await store.rules.all()}
        assert sorted(accepted.articles) == sorted(each["_id"] for each in db.articles.find({"state": "held"}))
        assert len(accepted.articles) == 3

    within(act)
