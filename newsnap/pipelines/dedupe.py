"""Step 100: what is stored already is not stored twice."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsnap.fingerprints import digests
from newsnap.items import Article
from newsnap.store import Store
from newsnap.takedowns import Gate


class DedupePipeline:
    """Drops an article whose text is stored: under its own identity (unchanged) or another (a duplicate).

    The unchanged one's `snapshot` and the duplicate's address are noted in MongoDB.  This look saves work; what decides
    when two crawlers bring the same at once is the write itself.
    Stats: newsnap/dedupe/{unchanged,duplicates}.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.store = Store.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        await self.store.open()

    async def process_item(self, item: Article) -> Article:
        item.content_hash, item.fingerprint = digests(item.title, item.body)
        found = await self.store.articles.find(item)
        item.stored = found.own
        if found.own:
            if found.own.state == "live" and found.own.same_as(item):
                await self.store.articles.note_seen(item.id, item.snapshot)
                await self.store.ledger.saw(item)
                self.crawler.stats.inc_value("newsnap/dedupe/unchanged")
                raise DropItem(f"unchanged: {item.url}", log_level="DEBUG")
        elif found.holder:
            await note_duplicate(self.crawler, self.store, found.holder, item)
        return item


async def note_duplicate(crawler: Crawler, store: Store, holder: str, item: Article) -> None:
    """Note the address of a text at the article that has it, and drop the item."""
    try:
        await store.articles.add_duplicate(holder, item)
        await store.ledger.saw(item, holder)
    finally:
        await Gate.of(crawler).confirm(item)  # nobody asked the takedown rules about its address so far
    crawler.stats.inc_value("newsnap/dedupe/duplicates")
    raise DropItem(f"duplicate of {holder}: {item.url}", log_level="DEBUG")
