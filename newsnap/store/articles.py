"""Articles: written in batches, each once whatever happens, with the pages they were read from.

How a write is safe to repeat and safe against a second crawler:

- a new article is an upsert by `_id` that changes nothing where the identity is there already;
- the same new text under two identities meets the unique index `content_hash_of_new`;
- a revision is written in a transaction, only onto the revision it was made from, with the old one kept whole;
- captures, fingerprint and the entry in the ledger are written before their article, so an article that is there has
  them.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import bson
from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from newsnap.items import Article, Stored, stored_fields
from newsnap.store.batches import Batches
from newsnap.store.captured import documents_of
from newsnap.store.errors import StoreError, WriteRefused, broken_rules, passing
from newsnap.store.revisions import revise

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]
Outcome = Literal["new", "changed", "unchanged", "duplicate", "held"]

DUPLICATE_KEY = 11000
INVALID_DOCUMENT = 121
MAX_CAPTURE_BYTES = 15 * 1024 * 1024
"""A compressed page larger than this does not fit into a MongoDB document (16 MiB)."""
LOOK_UP_SIZE = 1000
"""Identities in one query."""
_STORED = [name for name in stored_fields() if name != "id"]


STORED = {"title": 1, "content_hash": 1, "revision": 1, "changed": 1, "state": 1, "reopened": 1}


@dataclass(frozen=True, slots=True)
class Found:
    """What MongoDB knows about an article that arrives."""

    own: Stored | None
    """The article of the same identity."""

    holder: str | None
    """The identity of another live article with the same text."""


@dataclass(slots=True)
class _Write:
    article: Article
    document: Document
    own: Stored | None


class Clock:
    """Times of change: the machine's UTC in milliseconds, made strictly increasing within a process."""

    def __init__(self) -> None:
        self._last = datetime.fromtimestamp(0, UTC)
        self._lock = threading.Lock()

    def next(self) -> datetime:
        """Return a time later than any returned before, at MongoDB's precision (milliseconds)."""
        with self._lock:
            current = datetime.now(UTC)
            current = current.replace(microsecond=current.microsecond // 1000 * 1000)
            self._last = max(current, self._last + timedelta(milliseconds=1))
            return self._last


class Articles:
    """The collections `articles`, `revisions` and `captures`."""

    def __init__(self, store: "Store", *, batch_articles: int, batch_seconds: float):
        self._store = store
        self.clock = Clock()
        self._finds: Batches[Article, Found] = Batches(self._find, size=batch_articles, seconds=batch_seconds / 2)
        self._writes: Batches[_Write, Outcome] = Batches(self._write, size=batch_articles, seconds=batch_seconds)

    # --- reading ---

    async def find(self, article: Article) -> Found:
        """Return what is stored under the article's identity, and under its text."""
        return await self._finds.ask(article)

    async def _find(self, articles: Sequence[Article]) -> list[Found]:
        ids = [each.id for each in articles]
        hashes = [each.content_hash for each in articles]
        query = {"$or": [{"_id": {"$in": ids}}, {"content_hash": {"$in": hashes}}]}

        async def find() -> list[Document]:
            return await self._store.db.articles.find(query, STORED).to_list()

        documents = await self._store.patiently(find)
        own = {each["_id"]: _stored(each) for each in documents}
        holders: dict[str, str] = {}
        for each in sorted(documents, key=lambda it: it["changed"]):
            if each["state"] == "live" and "content_hash" in each:
                holders.setdefault(each["content_hash"], each["_id"])
        found = []
        for article in articles:
            holder = holders.get(article.content_hash or "")
            found.append(Found(own.get(article.id), holder if holder != article.id else None))
        return found

    # --- writing ---

    async def write(self, article: Article, own: Stored | None) -> Outcome:
        """Keep an article, and wait until most of the replica set has it in the journal.

        own: what `find` said of its identity.  Raises StoreError for what MongoDB refuses, MongoAway when it is gone.
        """
        document = to_document(article)
        try:
            size = len(bson.encode(document))
        except (bson.errors.InvalidDocument, bson.errors.InvalidStringData, OverflowError) as error:
            raise StoreError(f"{article.id} cannot be stored: {error}; see {article.url}") from None
        if size > MAX_CAPTURE_BYTES:
            raise StoreError(f"{article.id} is too large for MongoDB ({size} bytes, at most {MAX_CAPTURE_BYTES})")
        return await self._writes.ask(_Write(article, document, own))

    async def add_duplicate(self, holder: str, article: Article) -> None:
        """Note the address of an article at the one that is stored with its text, and keep nothing else of it."""

        async def update() -> None:
            await self._store.db.articles.update_one(
                {"_id": holder, "state": "live", "also_at": {"$ne": article.url}},
                {"$push": {"also_at": article.url}, "$set": {"changed": self.clock.next()}},
            )

        await self._forget(article)  # first: once its address is noted, nobody comes back to it
        await self._store.patiently(update)

    async def drop_address(self, holder: str, url: str) -> None:
        """Note that an address has the text of a stored article no more."""

        async def update() -> None:
            await self._store.db.articles.update_one(
                {"_id": holder, "state": "live", "also_at": url},
                {"$pull": {"also_at": url}, "$set": {"changed": self.clock.next()}},
            )

        await self._store.patiently(update)

    async def note_seen(self, id: str, at: datetime) -> None:
        """Note that an article was there at a time, and says the same; before all that is known, in old recordings."""

        async def update() -> datetime | None:
            back = {"$and": [{"$eq": [{"$type": "$gone"}, "date"]}, {"$lt": ["$gone", at]}]}
            fields = {
                "snapshot": {"$max": ["$snapshot", at]},
                "gone": {"$cond": [back, None, "$gone"]},
                "changed": {"$cond": [back, self.clock.next(), "$changed"]},
            }
            before = await self._store.db.articles.find_one_and_update(
                {"_id": id, "state": "live"}, [{"$set": fields}], {"snapshot": 1}
            )
            return before["snapshot"] if before else None

        last = await self._store.patiently(update)
        if last is not None and at < last:
            await self._store.stories.was_there(id, at)

    async def _write(self, writes: Sequence[_Write]) -> list[Outcome | Exception]:
        answers: list[Outcome | Exception | None] = [None] * len(writes)
        todo = list(range(len(writes)))
        for _ in range(5):  # who loses a race looks again; nobody loses five
            fresh = [at for at in todo if writes[at].own is None]
            for at in todo:
                own = writes[at].own
                if own is not None:
                    answers[at] = await self._revise(writes[at], own)
            if fresh:
                for at, answer in zip(fresh, await self._insert([writes[at] for at in fresh]), strict=True):
                    answers[at] = answer
            todo = [at for at in todo if answers[at] is None]
            if not todo:
                break
            found = await self._find([writes[at].article for at in todo])
            for at, each in zip(todo, found, strict=True):
                writes[at].own = each.own
        return [
            StoreError(f"{write.article.id} was changed by others five times while it was written; it is fetched again")
            if answer is None
            else answer
            for write, answer in zip(writes, answers, strict=True)
        ]

    async def _insert(self, writes: Sequence[_Write]) -> list[Outcome | Exception | None]:
        """Write new articles; None for one that was there already, by whomever."""
        articles = [write.article for write in writes]
        refused, _, _ = await asyncio.gather(
            self._capture([(article, 1) for article in articles]),
            self._store.stories.keep(articles),
            self._store.ledger.expect(articles),
        )
        answers: list[Outcome | Exception | None] = [refused.get(write.article.id) for write in writes]
        kept = [at for at, answer in enumerate(answers) if answer is None]
        if not kept:
            return answers
        operations = []
        for write in (writes[at] for at in kept):
            write.document["changed"] = self.clock.next()
            fields = {name: value for name, value in write.document.items() if name != "_id"}
            operations.append(UpdateOne({"_id": write.article.id}, {"$setOnInsert": fields}, upsert=True))

        async def insert() -> tuple[set[int], dict[int, Document]]:
            try:
                result = await self._store.db.articles.bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                if passing(error):  # then what it counts as written may not last
                    raise
                inserted = {each["index"] for each in error.details.get("upserted", ())}
                return inserted, {each["index"]: each for each in error.details["writeErrors"]}
            return set(result.upserted_ids or {}), {}

        inserted, errors = await self._store.patiently(insert)
        for number, at in enumerate(kept):
            if number in inserted:
                answers[at] = "new"
            elif number in errors:
                answers[at] = await self._judge_error(writes[at], errors[number])
            elif await self._is_ours(writes[at]):
                answers[at] = "new"
        return answers

    async def _judge_error(self, write: _Write, error: Document) -> Outcome | Exception | None:
        if error["code"] == DUPLICATE_KEY:
            # by its text another article is there since a moment ago; by its identity, this one is
            return "duplicate" if "content_hash" in error.get("keyPattern", {}) else None
        await self._forget(write.article)
        if error["code"] == INVALID_DOCUMENT:
            return breaks_schema(write.article, broken_rules(error))
        return StoreError(f"{write.article.id} was refused by MongoDB: {error['errmsg']}")

    async def _forget(self, article: Article) -> None:
        """Delete what was kept for an article that is not stored, whoever kept it: no takedown would find it."""
        latest = max((each.fetched for each in article.captures), default=article.snapshot)

        async def delete() -> None:
            if await self._store.db.articles.find_one({"_id": article.id}, {"_id": 1}) is None:
                await self._store.db.captures.delete_many({"article": article.id, "fetched": {"$lte": latest}})
                await self._store.db.fingerprints.delete_one({"_id": article.id})

        await self._store.patiently(delete)

    async def _is_ours(self, write: _Write) -> bool:
        """Tell whether the article that is there is the one just written: an answer may be lost, and the write not."""

        async def find() -> Document | None:
            return await self._store.db.articles.find_one({"_id": write.article.id}, STORED)

        there = await self._store.patiently(find)
        return there is not None and there["revision"] == 1 and there["changed"] == write.document["changed"]

    async def _revise(self, write: _Write, own: Stored) -> Outcome | Exception | None:
        """Write an article over what is there; None if that changed meanwhile."""
        article = write.article
        if own.state == "reopened":
            return await self._revive(write, own.revision)
        if own.state != "live":
            return "held"
        if own.same_as(article):
            await self.note_seen(article.id, article.snapshot)
            return "unchanged"
        captures, refused = await self._compress([(article, own.revision + 1)])
        if refused:
            return refused[article.id]
        await self._store.stories.keep([article])
        changed = self.clock.next()
        try:
            return await self._store.patiently(lambda: revise(self._store, write.document, captures, own, changed))
        except WriteRefused as error:
            return breaks_schema(article, error.rules)

    async def _revive(self, write: _Write, revision: int) -> Outcome | Exception | None:
        """Write an article in place of the stone that a lifted takedown left; None if that changed meanwhile."""
        article = write.article
        refused = await self._capture([(article, revision + 1)])
        if refused:
            return refused[article.id]
        await self._store.stories.keep([article])
        await self._store.ledger.expect([article])
        changed = self.clock.next()
        fields = write.document | {"revision": revision + 1, "changed": changed}

        async def revive() -> Outcome | None:
            query = {"_id": article.id, "revision": revision, "state": "removed", "reopened": {"$exists": True}}
            if (await self._store.db.articles.replace_one(query, fields)).matched_count:
                return "changed"
            # the answer to the try before may have been lost
            there = await self._store.db.articles.find_one({"_id": article.id, "changed": changed}, {"_id": 1})
            return "changed" if there else None

        try:
            return await self._store.patiently(revive)
        except WriteRefused as error:
            return breaks_schema(article, error.rules)

    async def _capture(self, articles: Sequence[tuple[Article, int]]) -> dict[str, Exception]:
        """Write the pages of articles, given with their revision; return those that are refused, by identity.

        They are in the journal before the article is sent: a server that is killed in between has both or the pages.
        """
        documents, refused = await self._compress(articles)
        operations = [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents]
        if operations:
            await self._store.patiently(lambda: self._store.db.captures.bulk_write(operations, ordered=False))
        return refused

    async def _compress(self, articles: Sequence[tuple[Article, int]]) -> tuple[list[Document], dict[str, Exception]]:
        """Return the pages of articles as they are kept, and those articles that have one that is too large."""
        refused: dict[str, Exception] = {}
        kept = []
        for each in await asyncio.to_thread(documents_of, articles):
            if len(each["body"]) > MAX_CAPTURE_BYTES:
                refused[each["article"]] = StoreError(
                    f"{each['url']} is too large to be kept ({len(each['body'])} bytes, at most {MAX_CAPTURE_BYTES})"
                )
            else:
                kept.append(each)
        return kept, refused


def breaks_schema(article: Article, rules: Sequence[str]) -> StoreError:
    """Return why an article was refused, without what it says."""
    return StoreError(f"{article.id} breaks the schema of articles ({', '.join(rules)}); see {article.url}")


def _stored(document: Document) -> Stored:
    return Stored(
        document["_id"],
        document.get("title"),
        document.get("content_hash"),
        document["revision"],
        document["changed"],
        "reopened" if "reopened" in document else document["state"],
    )


def to_document(article: Article) -> Document:
    """Return a new article as MongoDB keeps it (README: the table of fields)."""
    document: Document = {"_id": article.id}
    for name in _STORED:
        document[name] = getattr(article, name)
    document["figures"] = [{"url": each.url, "caption": each.caption, "after": each.after} for each in article.figures]
    document["story"] = article.id
    document["also_at"] = []
    document["gone"] = None
    document["revision"] = 1
    document["state"] = "live"
    return document
