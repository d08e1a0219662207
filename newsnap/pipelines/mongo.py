"""Step 900: the store; an article counts as scraped when most of the replica set has it in the journal."""

import logging
from typing import Self

from pymongo.errors import PyMongoError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsnap.items import Article
from newsnap.outcome import stop_soon
from newsnap.pipelines.dedupe import note_duplicate
from newsnap.search.indexer import Indexer
from newsnap.store import Store, StoreError
from newsnap.store.errors import brief
from newsnap.takedowns import Gate

logger = logging.getLogger(__name__)

INDEX_SECONDS = 60
"""A crawl that ends indexes for at most so long, if there was much to do before it."""


class MongoPipeline:
    """Writes articles; waits for each one's own batch, so that a failed write is an item error and memory is bounded.

    What is written is linked to its reprints, and indexed for searching at the end, or by the site meanwhile.
    Stats: newsnap/mongo/{new,changed,unchanged,held}, newsnap/stories/linked.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.store = Store.of(crawler)
        self.gate = Gate.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        await self.store.open()
        self.store.on_away = lambda: stop_soon(self.crawler, "mongo_away")
        await self.store.stories.link_pending()

    async def close_spider(self) -> None:
        if self.store.client is None or self.store.away:
            return
        try:
            await Indexer(self.store).catch_up(seconds=INDEX_SECONDS)
        except (PyMongoError, StoreError) as error:  # nothing is lost: whoever indexes next goes on from there
            logger.warning("the search index is behind (%s); `scrapy index` brings it up to date", brief(error))

    async def process_item(self, item: Article) -> Article:
        try:
            return await self._keep(item)
        finally:
            await self.gate.confirm(item)  # a rule may have come between the gate and the write

    async def _keep(self, item: Article) -> Article:
        outcome = await self.store.articles.write(item, item.stored)
        if outcome == "duplicate":
            found = await self.store.articles.find(item)
            await note_duplicate(self.crawler, self.store, found.holder or "", item)
        self.crawler.stats.inc_value(f"newsnap/mongo/{outcome}")
        if outcome == "unchanged":
            await self.store.ledger.saw(item)
        if outcome in ("unchanged", "held"):
            raise DropItem(f"{outcome}: {item.url}", log_level="DEBUG")
        await self._follow_up(item, revised=outcome == "changed")
        return item

    async def _follow_up(self, item: Article, *, revised: bool) -> None:
        """Link an article that was written, and note what else is new about its address."""
        if await self.store.stories.link(item, revised=revised):
            self.crawler.stats.inc_value("newsnap/stories/linked")
        if revised:
            await self.store.ledger.saw(item)
            return
        if holder := self.store.ledger.held_by(item.id):  # its text was another article's, and is no more
            await self.store.articles.drop_address(holder, item.url)
        if (since := self.store.ledger.gone_since(item.id)) and since > item.snapshot:
            await self.store.ledger.gone(item.id, since)
