"""The ledger of the seen: when an address is looked at again, and what went wrong with it.

An address without an entry is fetched if nothing is stored of it, and not if something is.  An entry stands for what
the articles cannot tell: that a young article is due again (`next`), that a page failed and when it is tried again,
that an address has the text of another.  Entries go when nothing more is to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pymongo import DeleteOne, UpdateOne

from newsnap.items import Article
from newsnap.ladder import Ladder, base_of
from newsnap.store.articles import Clock
from newsnap.store.batches import Batches
from newsnap.urls import Address

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]
Operation = UpdateOne | DeleteOne
Standing = Literal["new", "due", "known", "waiting", "taken_down"]

LOOK_UP_SIZE = 1000
"""Identities in one query."""
GONE_REASONS = ("HTTP 404", "HTTP 410")
VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
"""Response header → request header that asks whether a page changed since."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the ledger says of an address."""

    standing: Standing
    """`new`: nothing is known of it; `due`: it is to be looked at again; `known`: it is not; `waiting`: it failed, and
    is not tried again yet, or never; `taken_down`: it may not be fetched."""

    headers: dict[str, str] = field(default_factory=dict)
    """Of a conditional request, for a stored article of one page whose server told how to ask."""


ENTERED = {"next": 1, "failed": 1, "text_of": 1, "reason": 1, "since": 1}
"""Fields of an entry that decide."""
NEW, KNOWN, WAITING, TAKEN_DOWN = Look("new"), Look("known"), Look("waiting"), Look("taken_down")


@dataclass(frozen=True, slots=True)
class Due:
    """An address whose time has come."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """A page that was read well."""

    article: Article
    holder: str | None
    """The article that has its text, if that is another."""


class Ledger:
    """The collection `ledger`, and the field `gone` of articles."""

    def __init__(self, store: "Store", clock: Clock, ladder: Ladder, *, batch_articles: int, batch_seconds: float):
        self._store = store
        self._clock = clock
        self._ladder = ladder
        self._entered: dict[str, Document] = {}
        """The entries of those identities that had one when they were looked up."""
        self._sightings: Batches[_Seen, None] = Batches(self._note, size=batch_articles, seconds=batch_seconds / 2)

    # --- asking ---

    async def look_up(self, addresses: Sequence[Address], at: datetime) -> dict[str, Look]:
        """Return what to do with addresses at a time, by identity."""
        looks: dict[str, Look] = {}
        for start in range(0, len(addresses), LOOK_UP_SIZE):
            looks |= await self._look_up(addresses[start : start + LOOK_UP_SIZE], at)
        return looks

    async def _look_up(self, addresses: Sequence[Address], at: datetime) -> dict[str, Look]:
        db = self._store.db
        by_url = {each.url: each.id for each in addresses}
        ids = list(by_url.values())
        listed = {"_id": {"$in": ids}}
        stored = {"$or": [listed, {"also_at": {"$in": list(by_url)}}]}
        fields = {"also_at": 1, "state": 1, "pages": 1, "revision": 1, "reopened": 1}
        found = await self._store.patiently(lambda: db.articles.find(stored, fields).to_list())
        articles = [each for each in found if "reopened" not in each]  # a stone whose takedown was lifted
        entries = await self._store.patiently(lambda: db.ledger.find(listed, ENTERED).to_list())
        known = {each["_id"] for each in articles}
        known |= {by_url[url] for each in articles for url in each.get("also_at", ()) if url in by_url}
        closed = {each["_id"] for each in articles if each["state"] != "live"}
        looks = {id: TAKEN_DOWN if id in closed else KNOWN if id in known else NEW for id in ids}
        for each in entries:
            self._entered[each["_id"]] = each
            if each["_id"] in closed:
                continue
            if each["next"] is not None and each["next"] <= at:
                looks[each["_id"]] = Look("due")
            elif each.get("failed"):
                looks[each["_id"]] = WAITING
            elif each.get("text_of"):
                looks[each["_id"]] = KNOWN
            # any other is of an article: known if it was written, new if its crawl was killed before
        due = [each for each in articles if looks.get(each["_id"]) == Look("due")]
        for id, headers in (await self._validators(due)).items():
            looks[id] = Look("due", headers)
        return looks

    def held_by(self, id: str) -> str | None:
        """Return the article that had the text of an address when that was looked up."""
        holder: str | None = self._entered.get(id, {}).get("text_of")
        return holder

    def gone_since(self, id: str) -> datetime | None:
        """Return since when the page of an article was known to be gone before any page of it arrived.

        It happens when recordings are replayed in an order that is not theirs.
        """
        entered = self._entered.get(id, {})
        return entered["since"] if entered.get("reason") in GONE_REASONS else None

    async def _validators(self, articles: Sequence[Document]) -> dict[str, dict[str, str]]:
        """Return the headers that ask whether a page is still the one that was captured last."""
        # of further pages nothing is known until the first is read
        captures = [f"{each['_id']}/{each['revision']}/1" for each in articles if each.get("pages") == 1]
        if not captures:
            return {}
        query, fields = {"_id": {"$in": captures}}, {"article": 1, "headers": 1}
        found = await self._store.patiently(lambda: self._store.db.captures.find(query, fields).to_list())
        return {
            each["article"]: headers
            for each in found
            if (headers := {VALIDATORS[n.lower()]: value for n, value in each["headers"] if n.lower() in VALIDATORS})
        }

    async def due(self, source: str, at: datetime, limit: int) -> list[Due]:
        """Return the addresses of a source that are due at a time, listed or not; the longest due first."""
        query = {"source": source, "next": {"$lte": at}}

        async def find() -> list[Document]:
            return await self._store.db.ledger.find(query, {"url": 1}).sort("next", 1).limit(limit).to_list()

        return [Due(each["_id"], each["url"]) for each in await self._store.patiently(find)]

    async def troubles(self) -> dict[str, tuple[int, int]]:
        """Return for each source how many addresses are tried again, and how many were given up."""
        pipeline: list[Document] = [
            {"$match": {"failed": {"$gte": 1}}},
            {"$group": {"_id": {"source": "$source", "over": {"$eq": ["$next", None]}}, "count": {"$sum": 1}}},
        ]
        found: dict[str, tuple[int, int]] = {}
        async for each in await self._store.db.ledger.aggregate(pipeline):
            tried, over = found.get(each["_id"]["source"], (0, 0))
            count = each["count"]
            found[each["_id"]["source"]] = (tried, over + count) if each["_id"]["over"] else (tried + count, over)
        return found

    # --- noting ---

    async def expect(self, articles: Sequence[Article]) -> None:
        """Enter new articles that will be due again; before they are written, since an entry alone does no harm."""
        operations: list[Operation] = []
        for article in articles:
            base = base_of(article.published, article.published_precision, article.snapshot)
            if due := self._ladder.next_look(base, article.snapshot):
                operations.append(entry(article, base, due))
            elif article.id in self._entered:
                operations.append(DeleteOne({"_id": article.id}))
        await self._write(operations)

    async def saw(self, article: Article, holder: str | None = None) -> None:
        """Note that a page was read, and says what is stored: under its identity, or under the holder's."""
        await self._sightings.ask(_Seen(article, holder))

    async def _note(self, seen: Sequence[_Seen]) -> list[None]:
        db = self._store.db
        ids = {"_id": {"$in": [each.article.id for each in seen]}}
        found = await self._store.patiently(lambda: db.ledger.find(ids, {"base": 1, "looked": 1}).to_list())
        entries = {each["_id"]: each for each in found}
        holders = {
            "_id": {"$in": list({each.holder for each in seen if each.holder and each.article.id not in entries})}
        }
        fields = {"published": 1, "published_precision": 1}
        held = await self._store.patiently(lambda: db.articles.find(holders, fields).to_list()) if any(holders) else []
        dates = {each["_id"]: (each.get("published"), each.get("published_precision")) for each in held}
        operations: list[Operation] = []
        for each in seen:
            article = each.article
            there = entries.get(article.id)
            if there is None and each.holder is None:
                continue  # it is past the last rung
            base = there.get("base") if there else None
            looked = max(article.snapshot, there["looked"]) if there else article.snapshot
            base = base or base_of(*dates.get(each.holder or "", (None, None)), article.snapshot)
            if due := self._ladder.next_look(base, looked):
                operations.append(entry(article, base, due, each.holder))
            elif there:
                operations.append(DeleteOne({"_id": article.id}))
        await self._write(operations)
        return [None] * len(seen)

    async def saw_again(self, id: str, at: datetime) -> None:
        """Note that the server of a stored article says its page is the one that was captured last (HTTP 304)."""
        await self._store.articles.note_seen(id, at)
        await self._step(id, at)

    async def gone(self, id: str, at: datetime) -> bool:
        """Note that the page of an article is gone, if the article is stored and live; tell whether it is.

        What is stored of it stays.  It is looked for again when its time comes.
        """
        db = self._store.db
        stands = {"_id": id, "state": "live"}

        async def update() -> bool:
            changes = {"$set": {"gone": at, "changed": self._clock.next()}}
            if (
                await db.articles.update_one({**stands, "gone": None, "snapshot": {"$lte": at}}, changes)
            ).matched_count:
                return True
            return await db.articles.find_one(stands, {"_id": 1}) is not None

        there = await self._store.patiently(update)
        if there:
            await self._step(id, at)
        return there

    async def failed(self, address: Address, source: str, reason: str, at: datetime) -> bool:
        """Note that an address could not be fetched or read; tell whether it is given up with that."""
        db = self._store.db

        async def update() -> bool:
            there = await db.ledger.find_one({"_id": address.id}, {"failed": 1}) or {}
            attempts = there.get("failed", 0) + 1
            due = self._ladder.next_try(attempts, at)
            told = {
                "source": source,
                "url": address.url,
                "failed": attempts,
                "reason": reason,
                "looked": at,
                "next": due,
            }
            await db.ledger.update_one({"_id": address.id}, {"$set": told, "$min": {"since": at}}, upsert=True)
            return due is None

        return await self._store.patiently(update)

    async def moved(self, address: Address, source: str, to: str, at: datetime) -> None:
        """Note that an address leads to another article: it is looked at again on the ladder only."""
        db = self._store.db
        there = await self._store.patiently(lambda: db.ledger.find_one({"_id": address.id}, {"base": 1})) or {}
        base = there.get("base") or at
        due = self._ladder.next_look(base, at)
        fields = {"source": source, "url": address.url, "text_of": to, "base": base, "looked": at, "next": due}
        changes = {"$set": fields, "$unset": TROUBLE}
        await self._store.patiently(lambda: db.ledger.update_one({"_id": address.id}, changes, upsert=True))

    async def forget(self, ids: Sequence[str]) -> None:
        """Delete all that is known of addresses: their articles are stored and old, or taken down."""
        query = {"_id": {"$in": list(ids)}}
        await self._store.patiently(lambda: self._store.db.ledger.delete_many(query))

    async def _step(self, id: str, at: datetime) -> None:
        """Move an entry to its next rung, and forget what went wrong before."""
        db = self._store.db
        there = await self._store.patiently(lambda: db.ledger.find_one({"_id": id}, {"base": 1, "looked": 1}))
        if there is None:
            return
        due = self._ladder.next_look(there["base"], max(at, there["looked"])) if there.get("base") else None
        if due is None:
            await self.forget([id])
            return
        changes = {"$set": {"next": due}, "$max": {"looked": at}, "$unset": TROUBLE}
        await self._store.patiently(lambda: db.ledger.update_one({"_id": id}, changes))

    async def _write(self, operations: Sequence[Operation]) -> None:
        if operations:
            await self._store.patiently(lambda: self._store.db.ledger.bulk_write(operations, ordered=False))


TROUBLE = {"failed": "", "reason": "", "since": ""}
"""Fields that an address loses when it is read again."""


def entry(article: Article, base: datetime, due: datetime, holder: str | None = None) -> UpdateOne:
    """Return how an article that was read is entered, to be looked at again when it is due."""
    fields = {"source": article.source, "url": article.url, "base": base, "next": due, "text_of": holder}
    changes = {"$set": fields, "$max": {"looked": article.snapshot}, "$unset": TROUBLE}
    return UpdateOne({"_id": article.id}, changes, upsert=True)
