"""Ways of listing: a source's feeds, sitemaps, JSON lists and HTML lists, tried in this order until one is alive."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from scrapy.http import Request, Response

from newsnap import dates, listings
from newsnap.encodings import Mojibake
from newsnap.listings import Entry, ListingError
from newsnap.responses import content_type, fetch_time, reason_of, unzipped
from newsnap.urls import Address

if TYPE_CHECKING:
    from newsnap.news_spider import NewsSpider

Listed = tuple[str, list[Entry], datetime]
"""Address of a listing, its entries, when it was fetched."""

RELATIVE = re.compile("前|刚|今|昨|周|星期")
"""Words of dates that mean another day tomorrow."""

UNCHANGED: list[Entry] = []
"""The entries of a listing that answered 304: all of them were stored in an earlier run."""


class Ways:
    """The ways of listing of a source, in one crawl.

    Stats: newsnap/listing/{fetched,unchanged,unreadable,dead,none_alive}.
    """

    def __init__(self, spider: "NewsSpider"):
        self.spider = spider
        self.crawler = spider.crawler
        self.settings = spider.settings
        self.zone = spider.zone
        self.logger = spider.logger

    async def articles(self) -> AsyncGenerator[list[tuple[Address, Entry]]]:
        """Yield the articles of each listing of the first way that is alive."""
        spider = self.spider
        spider.validators = await spider.store.runs.validators(spider.name)
        max_age = timedelta(days=self.settings.getint("NEWSNAP_LISTING_MAX_AGE_DAYS"))
        for way in (self.from_feeds, self.from_sitemaps, self.from_json_lists, self.from_html):
            alive, death = False, ""
            async for url, entries, fetched in way():
                if entries is UNCHANGED:
                    alive = True
                    continue
                articles = spider.articles_in([self.settled(entry, fetched) for entry in entries])
                listed = [entry for _, entry in articles]
                reach = max(max_age, fetched - spider.since) if spider.since else max_age
                if reason := listings.dead(listed, fetched=fetched, zone=self.zone, max_age=reach):
                    death = f"{url}: {reason}"
                    self.logger.debug("Dead listing %s", death)
                    continue
                alive = True
                yield articles
            if alive:
                return
            if death:
                self.crawler.stats.inc_value("newsnap/listing/dead")
                self.logger.warning("%s is dead, the next way of listing is tried", death)
        self.crawler.stats.set_value("newsnap/listing/none_alive", 1)
        self.logger.error("No listing of %s is alive: nothing is crawled; see why in the warnings before", spider.name)

    async def from_feeds(self) -> AsyncIterator[Listed]:
        for url in self.spider.feed_urls:
            if response := await self.listing(url):
                yield (
                    url,
                    self.entries_of(response, partial(listings.read_feed, response.body, response.url)),
                    fetch_time(response),
                )

    async def from_sitemaps(self) -> AsyncIterator[Listed]:
        """Yield the pages of the sitemaps; of an index only those sitemaps that changed lately are read."""
        todo = [(url, 0) for url in self.spider.sitemap_urls]
        while todo:
            url, depth = todo.pop(0)
            if not (response := await self.listing(url)):
                continue
            fetched = fetch_time(response)
            if response.status == 304:
                yield url, UNCHANGED, fetched
                continue
            try:
                sitemap = listings.read_sitemap(unzipped(response), response.url)
            except ListingError as error:
                self.unread(response, error)
                continue
            if depth < listings.MAX_DEPTH:
                fresh = self.fresh(sitemap.children, fetched)
                known = {each for each, _ in todo}
                todo += [(each, depth + 1) for each in dict.fromkeys(entry.url for entry in fresh) if each not in known]
            if sitemap.entries:
                # the whole list tells whether it is alive, its fresh part what is to be read
                yield url, self.fresh(sitemap.entries, fetched) or sitemap.entries[:1], fetched

    async def from_json_lists(self) -> AsyncIterator[Listed]:
        for each in self.spider.json_lists:
            if response := await self.listing(each.url, each.post, each.headers):
                kind = content_type(response)
                entries = self.entries_of(response, partial(listings.read_json, response.body, kind, each))
                yield each.url, entries, fetch_time(response)

    async def from_html(self) -> AsyncIterator[Listed]:
        given = self.spider.listing_urls
        todo = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given, "")
        known = set(todo)
        while todo:
            url, section = next(iter(todo.items()))
            del todo[url]
            if not (response := await self.listing(url)):
                continue
            kind = content_type(response)
            entries = self.entries_of(response, partial(listings.read_html, response.body, kind, response.url))
            sublists = self.sublists_in(entries) if url in self.spider.listing_urls else {}
            if sublists:
                todo |= {each: words for each, words in sublists.items() if each not in known}
                known |= sublists.keys()
                continue
            if section and entries is not UNCHANGED:
                entries = [replace(each, category=each.category or section) for each in entries]
            yield url, entries, fetch_time(response)

    def sublists_in(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Return the addresses of the lists that a list leads to, each with the words of its link."""
        if not self.spider.sublisting_url:
            return {}
        return {each.url: each.title for each in entries if re.search(self.spider.sublisting_url, each.url)}

    async def listing(self, url: str, post: str = "", headers: Mapping[str, str] | None = None) -> Response | None:
        """Fetch a listing, if it changed since a run that stored all it listed; None where it cannot be had."""
        more = {"Content-Type": "application/json"} if post else self.spider.validators.get(url, {})
        every = {**(headers or {}), **more}
        method = "POST" if post else "GET"
        request = Request(url, method=method, body=post or None, meta={"allow_offsite": True}, headers=every)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # whatever keeps a listing away, the next one may be alive
            self.spider.lost(url, reason_of(error), "listing")
            return None
        if response.status == 304:
            self.crawler.stats.inc_value("newsnap/listing/unchanged")
        elif response.status != 200:
            self.spider.lost(url, f"HTTP {response.status}", "listing")
            return None
        names = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        told = {ours: value.decode("latin-1") for ours, its in names.items() if (value := response.headers.get(its))}
        self.spider.seen_validators[url] = told or self.spider.validators.get(url, {})
        self.crawler.stats.inc_value("newsnap/listing/fetched")
        return response

    def entries_of(self, response: Response, read: Callable[[], list[Entry]]) -> list[Entry]:
        """Read a listing, within bounds; what is not what it should be has no entries, and says so."""
        if response.status == 304:
            return UNCHANGED
        try:
            entries = read()
        except (ListingError, Mojibake) as error:
            self.unread(response, error)
            return []
        bound = self.settings.getint("NEWSNAP_LISTING_MAX_ENTRIES")
        if len(entries) > bound:
            self.logger.warning("%s lists %d entries, only the first %d are read", response.url, len(entries), bound)
        return entries[:bound]

    def unread(self, response: Response, error: Exception) -> None:
        self.crawler.stats.inc_value("newsnap/listing/unreadable")
        self.logger.warning("The listing %s cannot be read: %s", response.url, error)

    def fresh(self, entries: Sequence[Entry], fetched: datetime) -> list[Entry]:
        """Return the entries that are not older than the crawl goes back; those without a date are fresh."""
        oldest = self.spider.since or fetched - timedelta(days=self.settings.getint("NEWSNAP_CRAWL_MAX_AGE_DAYS"))
        dated = ((entry, listings.listed_at(entry, fetched=fetched, zone=self.zone)) for entry in entries)
        return [entry for entry, at in dated if at is None or at >= oldest]

    def settled(self, entry: Entry, fetched: datetime) -> Entry:
        """Return an entry whose date does not depend on when it is read: 3小时前 is said when it is listed."""
        if not RELATIVE.search(entry.published):
            return entry
        moment = dates.read_moment(entry.published, fetched=fetched, zone=self.zone)
        return replace(entry, published=moment.at.isoformat()) if moment else entry
