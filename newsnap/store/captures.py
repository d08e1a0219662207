"""Captures as a recording: a crawl is answered from the pages that newsnap itself received."""

from datetime import datetime
from typing import Any

from pymongo import AsyncMongoClient
from scrapy.settings import BaseSettings

from newsnap.recordings import Record
from newsnap.store.captured import capture_from
from newsnap.store.server import EmbeddedServer

Document = dict[str, Any]


class CapturesRecording:
    """The latest capture of each address, in the MongoDB that the crawl writes to."""

    def __init__(self, settings: BaseSettings) -> None:
        self.uri: str = settings.get("MONGO_URI") or ""
        self.database: str = settings["MONGO_DATABASE"]
        self.server = None if self.uri else EmbeddedServer.from_settings(settings)
        self.client: AsyncMongoClient[Document] | None = None

    def open(self) -> None:
        if self.server:
            self.uri = self.server.join()

    @property
    def received(self) -> datetime | None:
        """Return None: each was received at its own time."""
        return None

    def holds(self, url: str) -> bool:
        """Return False: what is due is to be fetched, not read again."""
        return False

    async def get(self, url: str, maxsize: int) -> Record | None:
        if self.client is None:  # a client belongs to the loop it was made in
            self.client = AsyncMongoClient(self.uri, tz_aware=True, appname="newsnap replay")
        scheme, _, rest = url.partition("://")
        other = f"{'http' if scheme == 'https' else 'https'}://{rest}"
        document = await self.client[self.database].captures.find_one(
            {"url": {"$in": [url, other]}}, sort=[("fetched", -1)]
        )
        if document is None:
            return None
        capture = capture_from(document)
        return Record(
            status=capture.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in capture.headers],
            body=capture.body,
            fetched=capture.fetched,
        )

    def close(self) -> None:
        # the client's sockets end with the process; closing it would need a loop, and Scrapy's is stopping
        if self.server:
            self.server.leave()
