"""The index for searching, as MongoDB keeps it: `terms`, `postings`, `segments` and `indexing`.

`terms` has one document an article: what is indexed of it, and until it is sealed its terms.  Every 512 articles are
sealed into a segment: a document of `segments` says which articles it holds, in which order, and what they are filtered
and ranked by; `postings` has the terms, many to a document.  `indexing` has one document: who indexes at the moment,
how far it came, which segments count.  What it does not name does not count, so a segment is there whole or not at all.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bson import Int64
from pymongo import DeleteOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

STATE = "index"
LEASE = timedelta(seconds=30)
"""Who indexes says so again well within this; who is killed is followed after it."""
INDEXED = {
    name: 1
    for name in (
        "source", "site", "title", "kicker", "subtitle", "authors", "figures.caption", "body", "category", "published",
        "snapshot", "story", "changed",
    )
}  # fmt: skip
"""Fields of an article that the index is made of."""
TERMS = ("terms", "marks", "length", "source", "site", "category", "published")
"""Fields of `terms` that are there until the article is sealed."""
BUCKETS = 1 << 16
"""Numbers of buckets that a segment may have."""
READ_AT_ONCE = 2000


class Overtaken(Exception):
    """Another process indexes meanwhile; what was begun here does not count."""


class Terms:
    """The collections of the index; what is in them is made and read by newsnap.search."""

    def __init__(self, store: "Store"):
        self._store = store

    # --- state and lease ---

    async def state(self) -> Document:
        """Return the state of the index: `version`, `segments`, `sealed`, `mark`, …; empty where nothing is indexed."""
        return await self._store.db.indexing.find_one({"_id": STATE}) or {}

    async def lease(self, owner: str) -> Document | None:
        """Become the one who indexes; return the state, or None if somebody else is."""
        await self._store.db.indexing.update_one(
            {"_id": STATE}, {"$setOnInsert": {"version": 0, "segments": [], "sealed": 0}}, upsert=True
        )
        free = {"_id": STATE, "$expr": {"$lt": [{"$ifNull": ["$until", "$$NOW"]}, {"$add": ["$$NOW", 1]}]}}
        return await self._store.db.indexing.find_one_and_update(
            free, [{"$set": {"owner": owner, "until": self._until()}}], return_document=True
        )

    async def advance(self, owner: str, fields: Document, *, changed: bool) -> Document:
        """Note how far the index is and keep the lease; `changed`: what is found is not what it was.

        Raises Overtaken.
        """
        update: Document = {name: {"$literal": value} for name, value in fields.items()}
        update["until"] = self._until()
        if changed:
            update["version"] = {"$add": ["$version", 1]}
        state = await self._store.db.indexing.find_one_and_update(
            {"_id": STATE, "owner": owner}, [{"$set": update}], return_document=True
        )
        if state is None:
            raise Overtaken
        return state

    async def release(self, owner: str) -> None:
        """Let others index."""
        await self._store.db.indexing.update_one({"_id": STATE, "owner": owner}, {"$unset": {"owner": "", "until": ""}})

    @staticmethod
    def _until() -> Document:
        return {"$add": ["$$NOW", round(LEASE.total_seconds() * 1000)]}

    # --- articles ---

    async def newest_change(self) -> datetime | None:
        """Return when an article was last changed; None if there is none."""
        found = await self._store.db.articles.find_one({}, {"_id": 0, "changed": 1}, sort=[("changed", -1)])
        return found["changed"] if found else None

    async def changes(self, since: datetime, at_once: int) -> AsyncIterator[list[Document]]:
        """Yield what changed, in the order it did: `_id`, `changed`, `state`."""
        cursor = self._store.db.articles.find(
            {"changed": {"$gte": since}}, {"changed": 1, "state": 1}, sort=[("changed", 1)], batch_size=at_once
        )
        batch = []
        async for each in cursor:
            batch.append(each)
            if len(batch) == at_once:
                yield batch
                batch = []
        if batch:
            yield batch

    async def live_articles(self, ids: Sequence[str]) -> list[Document]:
        """Return what is indexed of articles; those that are not live are left out."""
        return await self._store.db.articles.find({"_id": {"$in": list(ids)}, "state": "live"}, INDEXED).to_list()

    async def shown(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return articles whole, by identity; those that are not live are left out."""
        cursor = self._store.db.articles.find({"_id": {"$in": list(ids)}, "state": "live"}, batch_size=READ_AT_ONCE)
        return {each["_id"]: each async for each in cursor}

    # --- terms ---

    async def known(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return what is known of articles that are indexed: `n`, `changed`, `digest`, `story`."""
        fields = {"n": 1, "changed": 1, "digest": 1, "story": 1}
        cursor = self._store.db.terms.find({"_id": {"$in": list(ids)}}, fields, batch_size=READ_AT_ONCE)
        return {each["_id"]: each async for each in cursor}

    async def last_number(self) -> int:
        """Return the largest number that an article has in the index; 0 if there is none."""
        found = await self._store.db.terms.find_one({}, {"n": 1}, sort=[("n", -1)])
        return found["n"] if found else 0

    async def put(self, documents: Sequence[Document]) -> None:
        """Write documents of `terms`.  Raises Overtaken if their numbers are another's."""
        if documents:
            try:
                await self._store.db.terms.bulk_write(
                    [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents], ordered=False
                )
            except BulkWriteError as error:
                raise self._judged(error) from None

    async def note(self, fields: dict[str, Document]) -> None:
        """Set fields of documents of `terms`, given by identity; where there is none, nothing is made."""
        if fields:
            updates = [UpdateOne({"_id": id}, {"$set": each}) for id, each in fields.items()]
            await self._store.db.terms.bulk_write(updates, ordered=False)

    async def remove(self, ids: Sequence[str]) -> int:
        """Delete documents of `terms`; return how many there were."""
        result = await self._store.db.terms.delete_many({"_id": {"$in": list(ids)}})
        return result.deleted_count

    async def unsealed_count(self, sealed: int) -> int:
        """Return how many articles are not sealed."""
        return await self._store.db.terms.count_documents({"n": {"$gt": sealed}})

    async def unsealed(self, sealed: int, limit: int = 0) -> list[Document]:
        """Return documents of `terms` that are not sealed, in order of their number."""
        cursor = self._store.db.terms.find({"n": {"$gt": sealed}}, {"related": 0}, sort=[("n", 1)], limit=limit)
        return await cursor.to_list()

    async def unsealed_numbers(self, sealed: int) -> dict[str, tuple[int, str]]:
        """Return number and story of the articles that are not sealed, by identity."""
        cursor = self._store.db.terms.find(
            {"n": {"$gt": sealed}}, {"n": 1, "story": 1}, sort=[("n", 1)], batch_size=READ_AT_ONCE
        )
        return {each["_id"]: (each["n"], each["story"]) async for each in cursor}

    async def terms_of(self, ids: Sequence[str]) -> list[Document]:
        """Return documents of `terms` that have their terms."""
        query = {"_id": {"$in": list(ids)}, "terms": {"$exists": True}}
        return await self._store.db.terms.find(
            query, {"related": 0}, sort=[("n", 1)], batch_size=READ_AT_ONCE
        ).to_list()

    async def trim(self, after: int, to: int) -> None:
        """Delete the terms of articles that are sealed."""
        await self._store.db.terms.update_many({"n": {"$gt": after, "$lte": to}}, {"$unset": dict.fromkeys(TERMS, "")})

    # --- related articles, as they were last found ---

    async def related(self, id: str) -> Document | None:
        """Return what was last found for an article."""
        found = await self._store.db.terms.find_one({"_id": id}, {"related": 1})
        return (found or {}).get("related")

    async def keep_related(self, id: str, changed: datetime, related: Document) -> None:
        """Keep what was found for an article, unless it was changed or removed meanwhile."""
        await self._store.db.terms.update_one({"_id": id, "changed": changed}, {"$set": {"related": related}})

    # --- segments ---

    async def holding(self, ids: Iterable[str], active: Sequence[int]) -> list[Document]:
        """Return the segments that hold articles: `ids`, `dead`."""
        query = {"ids": {"$in": list(ids)}, "_id": {"$in": list(active)}}
        return await self._store.db.segments.find(query, {"ids": 1, "dead": 1, "stories": 1}).to_list()

    async def segments(self, ids: Sequence[int]) -> list[Document]:
        """Return segments whole."""
        return await self._store.db.segments.find({"_id": {"$in": list(ids)}}).to_list()

    async def segment_versions(self, ids: Sequence[int]) -> dict[int, int]:
        """Return the versions of segments."""
        cursor = self._store.db.segments.find({"_id": {"$in": list(ids)}}, {"version": 1})
        return {each["_id"]: each["version"] async for each in cursor}

    async def purging(self, active: Sequence[int]) -> list[Document]:
        """Return the segments of which something has yet to be purged: `_id`, `purging`."""
        query = {"_id": {"$in": list(active)}, "purging.0": {"$exists": True}}
        return await self._store.db.segments.find(query, {"purging": 1, "bits": 1}).to_list()

    async def mark_dead(self, segment: int, places: Sequence[int], *, purge: bool) -> None:
        """Let places of a segment be found no more; `purge`: forget who stood there."""
        update: Document = {"$addToSet": {"dead": {"$each": list(places)}}, "$inc": {"version": 1}}
        if purge:
            update["$addToSet"]["purging"] = {"$each": list(places)}
            update["$set"] = {f"ids.{place}": None for place in places}
        await self._store.db.segments.update_one({"_id": segment}, update)

    async def purged(self, segment: int, places: Sequence[int]) -> None:
        """Note that no posting of these places is left in a segment."""
        await self._store.db.segments.update_one(
            {"_id": segment}, {"$pullAll": {"purging": list(places)}, "$inc": {"version": 1}}
        )

    async def sizes(self, ids: Sequence[int]) -> list[Document]:
        """Return how many articles segments have, and how many of those are dead, oldest first."""
        fields = {"count": 1, "dead": {"$size": "$dead"}}
        return await self._store.db.segments.find({"_id": {"$in": list(ids)}}, fields, sort=[("_id", 1)]).to_list()

    async def set_stories(self, segment: int, before: bytes, stories: bytes) -> None:
        """Set the column of stories of a segment.  Raises Overtaken."""
        result = await self._store.db.segments.update_one(
            {"_id": segment, "stories": before}, {"$set": {"stories": stories}, "$inc": {"version": 1}}
        )
        if not result.matched_count:
            raise Overtaken

    async def add_segment(self, segment: Document) -> None:
        """Write the document of a segment.  Raises Overtaken."""
        try:
            await self._store.db.segments.insert_one(segment)
        except DuplicateKeyError:
            raise Overtaken from None

    async def drop_others(self, active: Sequence[int]) -> None:
        """Delete segments that do not count, and their postings."""
        await self._store.db.segments.delete_many({"_id": {"$nin": list(active)}})
        first = 0
        for segment in [*sorted(active), 1 << 40]:
            between = {"$gte": Int64(first * BUCKETS), "$lt": Int64(segment * BUCKETS)}
            await self._store.db.postings.delete_many({"_id": between})
            first = segment + 1

    async def drop_segments(self, gone: Sequence[int]) -> None:
        """Delete segments and their postings."""
        await self._store.db.segments.delete_many({"_id": {"$in": list(gone)}})
        for segment in gone:
            await self._store.db.postings.delete_many({"_id": self._range(segment, 0, BUCKETS)})

    async def drop_all(self) -> Document:
        """Delete the whole index and return the state; numbers of segments, which may be cached, are not used again."""
        beginning = {"segments": [], "merged": [], "sealed": 0, "trimmed": 0, "tidy": False}
        await self._store.db.indexing.update_one(
            {"_id": STATE},
            {
                "$set": beginning,
                "$unset": dict.fromkeys(("mark", "newest", "made", "looked"), ""),
                "$inc": {"version": 1},
            },
        )
        for name in ("segments", "postings", "terms"):
            await self._store.db[name].delete_many({})
        return await self.state()

    # --- postings ---

    @staticmethod
    def _range(segment: int, start: int, end: int) -> Document:
        return {"$gte": Int64(segment * BUCKETS + start), "$lt": Int64(segment * BUCKETS + end)}

    async def add_buckets(self, segment: int, buckets: Iterable[tuple[int, bytes]]) -> None:
        """Write buckets of a new segment.  Raises Overtaken."""
        documents = [
            {"_id": Int64(segment * BUCKETS + number), "version": 1, "packed": bucket} for number, bucket in buckets
        ]
        if documents:
            try:
                await self._store.db.postings.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                raise self._judged(error) from None

    async def buckets(self, segment: int, start: int, end: int) -> list[Document]:
        """Return the buckets of a segment from one number up to another."""
        cursor = self._store.db.postings.find({"_id": self._range(segment, start, end)}, sort=[("_id", 1)])
        return await cursor.to_list()

    async def rewrite_buckets(self, before: Sequence[Document], after: Sequence[bytes]) -> None:
        """Write other postings into buckets, as they were read; without any, a bucket goes.  Raises Overtaken."""
        operations: list[ReplaceOne[Document] | DeleteOne] = []
        for each, packed in zip(before, after, strict=True):
            query = {"_id": each["_id"], "version": each["version"]}
            if packed:
                operations.append(ReplaceOne(query, {"version": each["version"] + 1, "packed": packed}))
            else:
                operations.append(DeleteOne(query))
        if operations:
            result = await self._store.db.postings.bulk_write(operations, ordered=False)
            if result.matched_count + result.deleted_count != len(operations):
                raise Overtaken

    async def read_buckets(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Return buckets, given by segment and number; those that are empty are left out."""
        ids = [Int64(segment * BUCKETS + number) for segment, number in wanted]
        cursor = self._store.db.postings.find({"_id": {"$in": ids}}, {"packed": 1}, batch_size=READ_AT_ONCE)
        return {divmod(each["_id"], BUCKETS): each["packed"] for each in await cursor.to_list()}

    @staticmethod
    def _judged(error: BulkWriteError) -> Exception:
        return Overtaken() if any(each["code"] == 11000 for each in error.details["writeErrors"]) else error
