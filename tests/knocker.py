"""A spider that knocks at doors: it asks for addresses as they are written, without tidying them first."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy.http import Request, Response

from newsnap.news_spider import NewsSpider


class KnockerSpider(NewsSpider):
    name = "knocker"
    site = "Knocker"
    doors = ""
    """A file with one address a line; spaces and line ends in them are percent-encoded."""

    async def start(self) -> AsyncIterator[Request]:
        for line in Path(self.doors).read_text(encoding="utf-8").splitlines():
            url = line.replace("%0A", "\n").replace("%09", "\t").replace("%20", " ")
            yield Request(url, callback=self.opened, errback=self.shut, dont_filter=True)

    def opened(self, response: Response) -> None:
        self.logger.info("open: %s", response.url)

    def shut(self, failure: Any) -> None:
        self.logger.info("shut: %s", failure.value)
