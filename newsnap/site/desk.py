"""The desk: what all pages work with, open while the site runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from pymongo.errors import PyMongoError
from scrapy.settings import BaseSettings
from starlette.requests import Request

from newsnap.search import Indexer, Search
from newsnap.site.options import Options
from newsnap.site.rendering import Renderer
from newsnap.site.safety import Keys, Limits
from newsnap.site.words import words_of
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.reading import Reading
from newsnap.takedowns import LiveRules

logger = logging.getLogger(__name__)

INDEX_SECONDS = 2.0
"""What a crawl stored can be searched so long after, and a little more."""


class Desk:
    """Store, rules, search, words and limits of a running site."""

    store: Store
    rules: LiveRules
    reading: Reading
    search: Search

    def __init__(self, settings: BaseSettings):
        """Read the settings.

        Raises OptionError.
        """
        self.settings = settings
        self.options = Options.of(settings)
        self.words = words_of(self.options.language)
        self.sources = load_sources(settings)
        self.renderer = Renderer(self.options, self.words)
        self.keys = Keys(self.options)
        self.limits = Limits(self.options)

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the desk of the site that a request came to."""
        desk: Self = request.app.state.desk
        return desk

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open the store, and keep the search index up to date meanwhile.

        Raises StoreError or store.server.ServerError.
        """
        async with Store(self.settings) as store, LiveRules.of(store) as rules:
            self.store, self.rules = store, rules
            self.reading, self.search = Reading(store, rules), Search(store)
            indexing = asyncio.create_task(self._index())
            try:
                yield
            finally:
                indexing.cancel()
                with suppress(asyncio.CancelledError):
                    await indexing

    async def _index(self) -> None:
        indexer = Indexer(self.store)
        while True:
            try:
                await indexer.catch_up()
            except (PyMongoError, StoreError) as error:
                logger.warning("The search index waits for MongoDB: %s", error)
            await asyncio.sleep(INDEX_SECONDS)

    def masthead(self, source: str) -> str:
        """Return the masthead of a source, or its name if there is no such source any more."""
        return self.sources[source].site if source in self.sources else source
