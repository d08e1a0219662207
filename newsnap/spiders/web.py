"""Any address: the rules of its source where one knows the host, generic extraction elsewhere; nothing is listed."""

import functools
import re
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from newsnap.arguments import ArgumentError
from newsnap.extract import Reading
from newsnap.items import Article, Capture
from newsnap.listings import Entry
from newsnap.news_spider import NewsSpider
from newsnap.sources import Sources, load_sources
from newsnap.urls import Address, AddressRules, digest, tidy


class AnyAddress(AddressRules):
    """Addresses of sites that no source knows: each is its own identity, but for spelling and tracking parameters."""

    def identify(self, url: str) -> Address | None:
        """Return None: what an address is about cannot be told from it."""
        return None

    def adopt(self, url: str) -> Address:
        """Return the address of what somebody says is an article.

        Raises AddressError if it is no address.
        """
        canonical = tidy(url)
        return Address(f"{self.source}:{digest(canonical)}", canonical)


class WebSpider(NewsSpider):
    """Snapshots the addresses that are given; an article of a known source is stored as that source's."""

    name = "web"
    site = "任意网站"
    anywhere: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    """Whether it asks for addresses, which have to be given then."""

    def __init__(self, name: str | None = None, **kwargs: Any):
        """Read the arguments.

        Raises ArgumentError, also where no address is given.
        """
        self._sources: Sources | None = None
        self._readers: dict[str, NewsSpider] = {}
        self._as_given: dict[str, str] = {}
        if self.asks and not kwargs.get("urls"):
            raise ArgumentError("web lists nothing by itself: give the addresses with -a urls=URL,URL or -a urls=@FILE")
        super().__init__(name, **kwargs)

    @classmethod
    @functools.cache
    def address_rules(cls) -> AddressRules:
        return AnyAddress(cls.name, (), ())

    def adopt(self, url: str) -> Address:
        """Return the address as its source has it, or as one of the web."""
        source = next(iter(self.sources.of_host(tidy(url))), None)
        if source:
            return source.address_rules().adopt(url)
        address = self.address_rules().adopt(url)
        self._as_given[address.id] = url
        return address

    @property
    def sources(self) -> Sources:
        """All sources; known only when the first address is read."""
        if self._sources is None:
            from scrapy.utils.project import get_project_settings

            self._sources = load_sources(get_project_settings())
        return self._sources

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the given articles, each host at the pace its source keeps."""
        if not self.settings.get("NEWSNAP_REPLAY"):
            for address, _ in self.given or ():
                self.keep_pace(address)
        async for request in super().start():
            yield request

    def keep_pace(self, address: Address) -> None:
        """Let a host be asked as seldom as by a crawl of its own source; a recording need not be spared."""
        if self.settings.get("NEWSNAP_REPLAY"):
            return
        source = self.sources.get(address.id.partition(":")[0])
        delay = (source.custom_settings or {}).get("DOWNLOAD_DELAY") if source else None
        if delay is not None:
            host = urlsplit(address.url).hostname or ""
            self.crawler.engine.downloader.per_slot_settings.setdefault(host, {}).setdefault("delay", delay)

    def fetch_address(self, address: Address) -> str:
        """Return the address to ask; as it was given where no source knows it, for the order of a query may matter."""
        source = self.sources.get(address.id.partition(":")[0])
        if source is not None and source.fetch_url:
            return re.sub(*source.fetch_url, address.url)
        return self._as_given.get(address.id, address.url)

    async def parse(
        self, response: Response, address: Address | None = None, entry: Entry | None = None
    ) -> AsyncIterator[Article | Request]:
        """Yield the article of a page, as its source reads it."""
        landed = self.sources.identify(response.url) or address or self.adopt(response.url)
        reader = self.reader(landed)
        parse = super().parse if reader is self else reader.parse
        async for found in parse(response, landed, entry):
            yield found

    def needs_browser(self, url: str) -> bool:
        """Tell whether the source of an address needs a browser, or its host turned out to."""
        known = self.sources.identify(url)
        return super().needs_browser(url) if known is None else self.reader(known).needs_browser(url)

    def reader(self, address: Address) -> NewsSpider:
        """Return the spider that reads an article: of its source, or this one."""
        name = address.id.partition(":")[0]
        if name == self.name:
            return self
        if name not in self._readers:
            self._readers[name] = self.sources[name].from_crawler(self.crawler)
            self._readers[name].looks = self.looks  # one ear for what could not be stored
        return self._readers[name]

    def article(self, reading: Reading, address: Address, entry: Entry | None, captures: list[Capture]) -> Article:
        """Put an article together; its masthead is what the page calls its site, or the host."""
        article = super().article(reading, address, entry, captures)
        article.site = reading.site or urlsplit(address.url).hostname or ""
        return article
