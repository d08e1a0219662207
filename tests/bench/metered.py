"""The spiders of `crawl.py`; each writes what it cost, in seconds, into the file that `METER` names."""

import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from newsnap.news_spider import NewsSpider
from newsnap.spiders.people import PeopleSpider


class Meter:
    """Measures a crawl between its opened and its closed spider: startup and imports are nobody's pages."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.opened, signal=signals.spider_opened)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    def opened(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def closed(self) -> None:
        stats = self.crawler.stats.get_stats()
        measured = {
            "wall": time.perf_counter() - self.wall,
            "cpu": time.process_time() - self.cpu,
            "responses": stats.get("downloader/response_status_count/200", 0),
            "items": stats.get("item_scraped_count", 0),
        }
        Path(os.environ["METER"]).write_text(json.dumps(measured), encoding="utf-8")


class BareSpider(scrapy.Spider):
    """Scrapy and an empty callback."""

    name = "bare"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.meter = Meter(crawler)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        for url in Path(self.addresses).read_text(encoding="utf-8").split():
            yield Request(url)

    def parse(self, response: Response) -> Iterator[dict[str, Any]] | None:
        return None


class SelectorsSpider(BareSpider):
    """Scrapy, and what the first layout of people names, read as spiders are usually written; nothing is stored."""

    name = "selectors"
    fields = {
        "title": ".rm_txt h1::text",
        "kicker": ".rm_txt h3.pre::text",
        "published": ".rm_txt #newstime::text, .rm_txt .channel .col-1-1::text",
        "outlet": ".rm_txt .channel .col-1-1 a::text",
        "authors": ".rm_txt .author::text",
        "editors": ".rm_txt_con .edit::text",
        "channel": "#rwb_navpath a::text",
        "body": "#rm_txt_zw p::text",
    }

    def parse(self, response: Response) -> Iterator[dict[str, Any]] | None:
        yield {name: response.css(selector).getall() for name, selector in self.fields.items()}


class NewsnapSpider(NewsSpider):
    """newsnap, whole: the source people as it would be if its site were on loopback."""

    name = "people"
    site = PeopleSpider.site
    allowed_domains = ["127.0.0.1"]
    article_url = r"127\.0\.0\.1:\d+/n1/(?P<date>\d{4}/\d{4})/c\d+-(?P<id>\d+)(?P<page>-\d+)?\.html"
    scheme = "http"
    layouts = PeopleSpider.layouts
    categories = PeopleSpider.categories

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.meter = Meter(crawler)
        return spider
