"""Step 300: the gate before the store; what is taken down does not pass."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsnap.items import Article
from newsnap.takedowns import Gate


class TakedownsPipeline:
    """Drops articles that a rule covers.  Fails closed: rules that cannot be read let nothing pass.

    Stats: newsnap/takedowns/dropped.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.gate = Gate.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        """Read the rules before anything is fetched; the crawl does not start without them."""
        await self.gate.open()

    async def process_item(self, item: Article) -> Article:
        verdict = await self.gate.judge(item)
        if verdict:
            await self.gate.refuse(item, verdict)
            self.crawler.stats.inc_value("newsnap/takedowns/dropped")
            raise DropItem(f"taken down: {item.url} ({verdict.rule.id})", log_level="INFO")
        return item
