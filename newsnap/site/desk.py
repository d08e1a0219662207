"""The desk: what all pages work with, open while the site runs."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from scrapy.settings import BaseSettings
from starlette.requests import Request

from newsnap.search import Related, Search, Worker
from newsnap.site.options import Options
from newsnap.site.rendering import Renderer
from newsnap.site.safety import Keys, Limits
from newsnap.site.words import words_of
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.store.reading import Reading
from newsnap.takedowns import LiveRules

Document = dict[str, Any]

WAIT_SECONDS = 0.4
WAIT_EVERY_SECONDS = 1.0
"""One reader of all that come within this waits for relations, the others see them when they come again."""


class Desk:
    """Store, rules, search, words and limits of a running site."""

    store: Store
    rules: LiveRules
    reading: Reading
    search: Search
    worker: Worker

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
        self.found: dict[str, tuple[float, list[Document]]] = {}
        """What searches that are followed found, and when."""
        self._waited = -WAIT_EVERY_SECONDS

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
        async with Store(self.settings) as store, LiveRules.of(store) as rules, Worker(self.settings) as worker:
            self.store, self.rules, self.worker = store, rules, worker
            self.reading, self.search = Reading(store, rules), Search(store)
            yield

    async def related(self, article: Document, size: int) -> list[Related]:
        """Return the related snapshots of an article that may be shown, as far as they are found by now.

        What nobody found yet is found beside; a reader waits for that, a little, only while few come.
        """
        known = await self.search.known_related(article, size=size)
        if known.old:
            done = self.worker.relate(article["_id"])
            now = time.monotonic()
            if not known.articles and now - self._waited > WAIT_EVERY_SECONDS:
                self._waited = now
                with suppress(TimeoutError):
                    async with asyncio.timeout(WAIT_SECONDS):
                        await done.wait()
                known = await self.search.known_related(article, size=size)
        rules = await self.rules.now()
        return [each for each in known.articles if not rules.covering_article(each.article)]

    def masthead(self, source: str) -> str:
        """Return the masthead of a source, or its name if there is no such source any more."""
        return self.sources[source].site if source in self.sources else source
