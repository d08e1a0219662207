"""Subscriptions: the collection `subscriptions`, what a reader follows; of readers themselves nothing is known."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

MOST = {"categories": 50, "sources": 50, "words": 20}
"""Of each kind; a word costs a search."""
KEPT_DAYS = 400
"""Subscriptions that nobody looks at are deleted after so long."""
SEEN_SECONDS = 24 * 3600
"""That somebody looked is noted once a day."""


@dataclass(slots=True)
class Subscription:
    """What a reader follows."""

    categories: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Searches."""

    def __bool__(self) -> bool:
        return bool(self.categories or self.sources or self.words)

    def has(self, kind: str, value: str) -> bool:
        """Tell whether something is followed."""
        return value in getattr(self, kind)

    def add(self, kind: str, value: str) -> bool:
        """Follow something; False if there is no room for more of the kind."""
        values = getattr(self, kind)
        if value not in values:
            if len(values) >= MOST[kind]:
                return False
            values.append(value)
        return True


class Subscriptions:
    """The collection `subscriptions`; `_id` is the digest of a token that only the reader has."""

    def __init__(self, store: "Store"):
        self._store = store

    async def find(self, id: str) -> Subscription | None:
        """Return a reader's subscriptions, and note that they are looked at."""
        return await self._read({"_id": id})

    async def of_feed(self, feed: str) -> Subscription | None:
        """Return the subscriptions whose private address of the feed has this digest."""
        return await self._read({"feed": feed})

    async def _read(self, query: Document) -> Subscription | None:
        found = await self._store.db.subscriptions.find_one(query)
        if found is None:
            return None
        now = datetime.now(UTC)
        if (now - found["seen"]).total_seconds() > SEEN_SECONDS:
            await self._store.db.subscriptions.update_one({"_id": found["_id"]}, {"$set": {"seen": now}})
        return Subscription(found["categories"], found["sources"], found["words"])

    async def change(self, id: str, feed: str, *, add: Subscription, drop: Subscription) -> Subscription:
        """Follow more, or less; two changes at once are both kept.

        feed: the digest of the feed's private address.  What is beyond the bound of a kind is not added.
        """
        kinds = ("categories", "sources", "words")
        now = datetime.now(UTC)
        fields: Document = {"seen": now, "feed": feed, "created": {"$ifNull": ["$created", now]}}
        for kind in kinds:
            there = {"$ifNull": [f"${kind}", []]}
            wanted: list[str] = getattr(add, kind)
            fresh = {"$setDifference": [literal(wanted), there]}
            in_order = {"$filter": {"input": literal(wanted), "cond": {"$in": ["$$this", fresh]}}}
            kept = {"$filter": {"input": there, "cond": {"$not": {"$in": ["$$this", literal(getattr(drop, kind))]}}}}
            fields[kind] = {"$slice": [{"$concatArrays": [kept, in_order]}, MOST[kind]]}
        found = await self._store.db.subscriptions.find_one_and_update(
            {"_id": id}, [{"$set": fields}], upsert=True, return_document=True
        )
        assert found is not None  # it is made where there was none
        return Subscription(*(found[kind] for kind in kinds))

    async def delete(self, id: str) -> None:
        """Forget a reader's subscriptions."""
        await self._store.db.subscriptions.delete_one({"_id": id})


def literal(values: list[str]) -> Document:
    """Return texts as MongoDB takes them in an expression: a text that begins with $ is a text."""
    return {"$literal": values}
