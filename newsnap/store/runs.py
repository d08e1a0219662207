"""Runs: one document in `crawls` for each time a source was crawled."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from newsnap.health import GAPS, History

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

RUNS = 500
"""So many of a source are looked at, which is a week of one every twenty minutes."""


class Runs:
    """The collection `crawls`."""

    def __init__(self, store: "Store"):
        self._store = store

    async def begin(self, run: Document) -> None:
        """Keep a run that starts; its `state` is `running`."""
        await self._store.patiently(lambda: self._store.db.crawls.replace_one({"_id": run["_id"]}, run, upsert=True))

    async def end(self, run_id: str, fields: Document) -> None:
        """Complete a run."""
        await self._store.patiently(lambda: self._store.db.crawls.update_one({"_id": run_id}, {"$set": fields}))

    async def validators(self, source: str) -> dict[str, dict[str, str]]:
        """Return the conditional headers of the source's listings, from the last run that stored all it listed."""

        async def find() -> Document | None:
            return await self._store.db.crawls.find_one(
                {"source": source, "listings": {"$exists": True}}, {"listings": 1}, sort=[("started", -1)]
            )

        run = await self._store.patiently(find)
        return {each["url"]: each["headers"] for each in run["listings"]} if run else {}

    async def last(self) -> dict[str, Document]:
        """Return the latest run of each source."""
        pipeline: list[Document] = [
            {"$sort": {"source": 1, "started": -1}},
            {"$group": {"_id": "$source", "run": {"$first": "$$ROOT"}}},
        ]
        return {each["_id"]: each["run"] async for each in await self._store.db.crawls.aggregate(pipeline)}

    async def history(self, source: str) -> History:
        """Return the newest articles and the latest runs of a source."""
        live = {"source": source, "state": "live", "published": {"$ne": None}}
        newest = self._store.db.articles.find(live, {"published": 1}).sort("published", -1).limit(GAPS)
        over = {"source": source, "state": {"$in": ["done", "failed"]}, "given": False}
        runs = self._store.db.crawls.find(over, {"listings": 0}).sort("started", -1).limit(RUNS)
        return History([each["published"] async for each in newest], await runs.to_list())

    async def holdings(self) -> dict[str, tuple[int, datetime | None]]:
        """Return the number of live articles and the newest publication of each source."""
        pipeline: list[Document] = [
            {"$match": {"state": "live"}},
            {"$group": {"_id": "$source", "articles": {"$sum": 1}, "newest": {"$max": "$published"}}},
        ]
        rows: AsyncIterator[Document] = await self._store.db.articles.aggregate(pipeline, hint="state_source")
        return {each["_id"]: (each["articles"], each["newest"]) async for each in rows}
