"""What all sources share: from a listing to articles, and from an article's pages to one `Article`."""

import functools
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import scrapy
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.gz import gunzip
from twisted.python.failure import Failure

from newsnap import categories, dates, generic, listings, rendered, replay
from newsnap.dates import Witness
from newsnap.encodings import Mojibake
from newsnap.extract import Reading, mojibake, read_page
from newsnap.items import Article, Capture
from newsnap.layouts import Layout
from newsnap.listings import Entry, JsonList, ListingError
from newsnap.looks import Looks
from newsnap.page import Page
from newsnap.rendered.escalation import ESCALATED, Escalation, NeedsBrowser, is_shell
from newsnap.selectors import union
from newsnap.store import Store
from newsnap.urls import Address, AddressError, AddressRules, without_scheme

__all__ = ["JsonList", "Layout", "NewsSpider"]


Listed = tuple[str, list[Entry], datetime]
"""Address of a listing, its entries, when it was fetched."""

AS_LISTED = "newsnap_as_listed"
"""Key in a request's meta: it asks for the address as listed, the canonical one having failed."""

RELATIVE = re.compile("前|刚|今|昨|周|星期")
"""Words of dates that mean another day tomorrow."""

UNCHANGED: list[Entry] = []
"""The entries of a listing that answered 304: all of them were stored in an earlier run."""


class ArgumentError(ValueError):
    """A spider argument that cannot be obeyed; the message names it, its value, the rule and the way out."""


class NewsSpider(scrapy.Spider):
    """Reads one source.

    Arguments: urls (addresses parted by commas, or @FILE with one a line), limit (number of articles), since
    (YYYY-MM-DD, in the source's zone), refresh (1: also what is stored already).
    Stats: newsnap/listing/{articles,dead}, newsnap/spider/{known,fetched,generic,empty,mojibake},
    newsnap/failed/<reason>.
    """

    # who
    anywhere: ClassVar[bool] = False
    """Whether it reads whatever address is given, and is no source of its own."""
    site: ClassVar[str] = ""
    allowed_domains: ClassVar[list[str]] = []
    timezone: ClassVar[str] = "Asia/Shanghai"
    """IANA name of the zone of dates printed without an offset."""

    # listing, cheapest first; the first way that is alive is taken
    feed_urls: ClassVar[Sequence[str]] = ()
    sitemap_urls: ClassVar[Sequence[str]] = ()
    json_lists: ClassVar[Sequence[JsonList]] = ()
    listing_urls: ClassVar[Sequence[str] | Mapping[str, str]] = ()
    """Addresses; or, where neither address nor page tell an article's section, each with the section it lists."""
    sublisting_url: ClassVar[str] = ""
    """Regular expression for links of `listing_urls` that are lists themselves: the pages of a newspaper.  What they
    list bears the words of the link as its section; the table of contents itself lists nothing else."""
    skip_title: ClassVar[str] = ""
    """Regular expression for listed headlines that are none: the line of the page's editors in a newspaper."""
    article_url: ClassVar[str | Sequence[str]] = ()
    mirrors: ClassVar[Sequence[tuple[str, str]]] = ()
    scheme: ClassVar[str] = "https"
    keep_query: ClassVar[Sequence[str]] = ()
    first_page: ClassVar[int] = 1
    """The number that page suffixes give the first page; 0 where `_1` leads to the second, as TRS writes them."""
    fetch_url: ClassVar[tuple[str, str] | None] = None
    """Regular expression and replacement: from the canonical address to the one that answers with the whole article."""

    # page
    layouts: ClassVar[Sequence[Layout]] = ()
    drop: ClassVar[str] = ""
    categories: ClassVar[dict[str, str]] = {}
    rendered: ClassVar[bool] = False
    """Whether articles need a browser."""
    language: ClassVar[str] = "zh-CN"

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Let a replay answer instead of the network where NEWSNAP_REPLAY says so, and a browser what needs one."""
        super().update_settings(settings)
        replay.configure(settings)
        rendered.configure(settings)

    @classmethod
    @functools.cache
    def address_rules(cls) -> AddressRules:
        """Return how this source writes its addresses."""
        return AddressRules(
            cls.name,
            cls.allowed_domains,
            cls.article_url,
            mirrors=cls.mirrors,
            scheme=cls.scheme,
            keep_query=cls.keep_query,
            first_page=cls.first_page,
        )

    @classmethod
    @functools.cache
    def page_layouts(cls) -> list[Layout]:
        """Return the layouts, each with what this source drops on all its pages."""
        return [replace(each, drop=union(each.drop, cls.drop)) for each in cls.layouts]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.store = Store.of(crawler)
        spider.looks = Looks.of(crawler)
        spider.escalation = Escalation.of(crawler)
        return spider

    store: Store
    looks: Looks
    escalation: Escalation

    def __init__(
        self,
        name: str | None = None,
        *,
        urls: str = "",
        limit: str = "",
        since: str = "",
        refresh: str = "",
        **kwargs: Any,
    ):
        """Read the arguments.

        Raises ArgumentError.
        """
        super().__init__(name, **kwargs)
        self.zone = ZoneInfo(self.timezone)
        self.given = self._read_urls(urls)
        self.limit = self._read_limit(limit)
        self.since = self._read_since(since)
        self.refresh = self._read_refresh(refresh)
        self.asked: set[str] = set()
        """Identities asked for in this run."""
        self.validators: dict[str, dict[str, str]] = {}
        """Conditional headers by listing, from the last run that stored all it listed."""
        self.seen_validators: dict[str, dict[str, str]] = {}
        """The same, of this run; kept by runs.RunLog if it ends well."""

    # --- arguments ---

    def _read_urls(self, urls: str) -> list[tuple[Address, Entry]] | None:
        if not urls:
            return None
        if urls.startswith("@"):
            try:
                lines = Path(urls[1:]).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ArgumentError(
                    f"urls={urls} cannot be read ({error}): give a text file, one address a line"
                ) from None
        else:
            lines = urls.split(",")
        wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not wanted:
            raise ArgumentError(
                f"urls={urls} holds no address: give at least one, or leave urls out to crawl the listings"
            )
        try:
            given = [(self.adopt(each), Entry(each)) for each in wanted]
        except AddressError as error:
            raise ArgumentError(f"urls: {error}") from None
        return list({address.id: (address, entry) for address, entry in given}.values())

    def adopt(self, url: str) -> Address:
        """Return the address of what is given as an article.

        Raises AddressError.
        """
        return self.address_rules().adopt(url)

    def _read_limit(self, limit: str) -> int | None:
        if not limit:
            return None
        if not limit.isdecimal() or int(limit) < 1:
            raise ArgumentError(f"limit={limit} is not a number of articles: give a whole number from 1")
        return int(limit)

    def _read_since(self, since: str) -> datetime | None:
        if not since:
            return None
        try:
            return datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=self.zone).astimezone(UTC)
        except ValueError:
            raise ArgumentError(f"since={since} is not a day: give it as YYYY-MM-DD, e.g. since=2026-10-03") from None

    def _read_refresh(self, refresh: str) -> bool:
        if refresh not in ("", "0", "1"):
            raise ArgumentError(f"refresh={refresh} is neither 0 nor 1: give refresh=1 to fetch again what is stored")
        return refresh == "1"

    # --- from the listings to requests ---

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the given articles; or for those that are listed and not stored, and those whose time has come."""
        if self.given is not None:
            async for request in self.wanted(self.given):
                yield request
            return
        async for request in self.listed():
            yield request
        async for request in self.overdue():
            yield request

    async def listed(self) -> AsyncIterator[Request]:
        """Ask for the articles that the first living way of listing names."""
        self.validators = await self.store.runs.validators(self.name)
        max_age = timedelta(days=self.settings.getint("NEWSNAP_LISTING_MAX_AGE_DAYS"))
        for way in (self.from_feeds, self.from_sitemaps, self.from_json_lists, self.from_html):
            alive, death = False, ""
            async for url, entries, fetched in way():
                if entries is UNCHANGED:
                    alive = True
                    continue
                articles = self.articles_in([self.settled(entry, fetched) for entry in entries])
                listed = [entry for _, entry in articles]
                reach = max(max_age, fetched - self.since) if self.since else max_age
                if reason := listings.dead(listed, fetched=fetched, zone=self.zone, max_age=reach):
                    death = f"{url}: {reason}"
                    self.logger.debug("Dead listing %s", death)
                    continue
                alive = True
                async for request in self.wanted(articles):
                    yield request
                if self.limit is not None and len(self.asked) >= self.limit:
                    return
            if alive:
                return
            if death:
                self.crawler.stats.inc_value("newsnap/listing/dead")
                self.logger.warning("%s is dead, the next way of listing is tried", death)
        self.crawler.stats.set_value("newsnap/listing/none_alive", 1)
        self.logger.error("No listing of %s is alive: nothing is crawled; see why in the warnings before", self.name)

    async def from_feeds(self) -> AsyncIterator[Listed]:
        for url in self.feed_urls:
            if response := await self.listing(url):
                yield (
                    url,
                    self.entries_of(response, partial(listings.read_feed, response.body, response.url)),
                    fetch_time(response),
                )

    async def from_sitemaps(self) -> AsyncIterator[Listed]:
        """Yield the pages of the sitemaps; of an index only those sitemaps that changed lately are read."""
        todo = [(url, 0) for url in self.sitemap_urls]
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
        for each in self.json_lists:
            if response := await self.listing(each.url, each.post, each.headers):
                kind = content_type(response)
                entries = self.entries_of(response, partial(listings.read_json, response.body, kind, each))
                yield each.url, entries, fetch_time(response)

    async def from_html(self) -> AsyncIterator[Listed]:
        given = self.listing_urls
        todo = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given, "")
        known = set(todo)
        while todo:
            url, section = next(iter(todo.items()))
            del todo[url]
            if not (response := await self.listing(url)):
                continue
            kind = content_type(response)
            entries = self.entries_of(response, partial(listings.read_html, response.body, kind, response.url))
            sublists = self.sublists_in(entries) if url in self.listing_urls else {}
            if sublists:
                todo |= {each: words for each, words in sublists.items() if each not in known}
                known |= sublists.keys()
                continue
            if section and entries is not UNCHANGED:
                entries = [replace(each, category=each.category or section) for each in entries]
            yield url, entries, fetch_time(response)

    def sublists_in(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Return the addresses of the lists that a list leads to, each with the words of its link."""
        if not self.sublisting_url:
            return {}
        return {each.url: each.title for each in entries if re.search(self.sublisting_url, each.url)}

    async def listing(self, url: str, post: str = "", headers: Mapping[str, str] | None = None) -> Response | None:
        """Fetch a listing, if it changed since a run that stored all it listed; None where it cannot be had."""
        every = {**(headers or {}), **({"Content-Type": "application/json"} if post else self.validators.get(url, {}))}
        method = "POST" if post else "GET"
        request = Request(url, method=method, body=post or None, meta={"allow_offsite": True}, headers=every)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # whatever keeps a listing away, the next one may be alive
            self.lost(url, reason_of(error), "listing")
            return None
        if response.status == 304:
            self.crawler.stats.inc_value("newsnap/listing/unchanged")
        elif response.status != 200:
            self.lost(url, f"HTTP {response.status}", "listing")
            return None
        names = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        told = {ours: value.decode("latin-1") for ours, its in names.items() if (value := response.headers.get(its))}
        self.seen_validators[url] = told or self.validators.get(url, {})
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
        oldest = self.since or fetched - timedelta(days=self.settings.getint("NEWSNAP_CRAWL_MAX_AGE_DAYS"))
        return [entry for entry in entries if (at := self.listed_at(entry, fetched)) is None or at >= oldest]

    def listed_at(self, entry: Entry, fetched: datetime) -> datetime | None:
        return next(listings.dated([entry], fetched=fetched, zone=self.zone), None)

    def settled(self, entry: Entry, fetched: datetime) -> Entry:
        """Return an entry whose date does not depend on when it is read: 3小时前 is said when it is listed."""
        if not RELATIVE.search(entry.published):
            return entry
        moment = dates.read_moment(entry.published, fetched=fetched, zone=self.zone)
        return replace(entry, published=moment.at.isoformat()) if moment else entry

    def articles_in(self, entries: Sequence[Entry]) -> list[tuple[Address, Entry]]:
        """Return the entries that are articles of this source, each once."""
        found: dict[str, tuple[Address, Entry]] = {}
        for entry in entries:
            if self.skip_title and re.search(self.skip_title, entry.title):
                continue
            if address := self.address_rules().identify(entry.url):
                found.setdefault(address.id, (address, entry))
        return list(found.values())

    async def wanted(self, articles: Sequence[tuple[Address, Entry]], *, listed: bool = True) -> AsyncIterator[Request]:
        """Yield requests for the articles that are not stored or are due, as far as `limit` and `since` allow."""
        new = [each for each in articles if each[0].id not in self.asked]
        self.crawler.stats.inc_value("newsnap/listing/articles", len(new) if listed else 0)
        looks = await self.looks.wanted(
            [address for address, _ in new], refresh=self.refresh, given=self.given is not None
        )
        for address, entry in (each for each in new if each[0].id in looks):
            if self.limit is not None and len(self.asked) >= self.limit:
                self.crawler.stats.inc_value("newsnap/spider/beyond_limit")
                continue
            if self.since and (at := self.listed_at(entry, now())) and at < self.since - timedelta(days=1):
                self.crawler.stats.inc_value("newsnap/dates/before_since")
                continue
            self.asked.add(address.id)
            headers = looks[address.id].headers
            yield Request(
                self.fetch_address(address),
                callback=self.parse,
                errback=self.failed,
                cb_kwargs={"address": address, "entry": entry},
                headers=headers,
                meta={"handle_httpstatus_list": [304]} if headers else {},
            )

    async def overdue(self) -> AsyncIterator[Request]:
        """Yield requests for what is due to be looked at again and is not listed any more."""
        due = [each for each in await self.looks.due(self.name) if each.id not in self.asked]
        addresses = {each.id: self.address_rules().identify(each.url) for each in due}
        if strays := [id for id, address in addresses.items() if address is None or address.id != id]:
            await self.store.ledger.forget(strays)  # entered when the source wrote its addresses otherwise
        known = [(each, Entry(each.url)) for id, each in addresses.items() if each is not None and each.id == id]
        async for request in self.wanted(known, listed=False):
            yield request

    def fetch_address(self, address: Address) -> str:
        """Return the address to ask for an article."""
        return re.sub(*self.fetch_url, address.url) if self.fetch_url else address.url

    def needs_browser(self, url: str) -> bool:
        """Tell whether articles like that of an address are to be asked for with the browser at once."""
        return self.rendered or self.escalation.at_once(self.site_of(url))

    def site_of(self, url: str) -> str:
        """Return whose pages are alike: those of a source, or else those of a host."""
        return (urlsplit(url).hostname or "") if self.anywhere else self.name

    # --- from a page to an article ---

    async def parse(
        self, response: Response, address: Address | None = None, entry: Entry | None = None
    ) -> AsyncIterator[Article | Request]:
        """Yield the article of a page, its further pages joined; nothing, and a count, where there is none.

        Where a browser may find one, the request for it is yielded.
        """
        asked, at = address, fetch_time(response)
        if response.status == 304 and asked:
            await self.looks.unchanged(asked, at)
            return
        self.crawler.stats.inc_value("newsnap/spider/fetched")
        # a redirect may lead to another article, and then it is that one
        address = self.address_rules().identify(response.url) or asked or self.address_rules().adopt(response.url)
        if asked and asked.id != address.id:
            await self.looks.moved(asked, address, at)
        try:
            article = await self.read_article(response, address, entry)
        except NeedsBrowser:
            yield self.escalated(response)
            return
        except Exception as error:
            await self.looks.failed(address, reason_of(error), at)
            raise
        if site := response.meta.get(ESCALATED):
            self.escalation.learn(site, helped=article is not None)
        if article is None:
            await self.looks.failed(address, "no article on the page", at)
        else:
            yield article

    async def read_article(self, response: Response, address: Address, entry: Entry | None) -> Article | None:
        """Return the article of a page, its further pages joined; None, and a count, where there is none."""
        reading, capture = self.read(response)
        if reading is None:
            return None
        captures = [capture]
        for number, further, capture in await self.further_pages(reading, response, address):
            self.logger.debug("Page %d of %s joined", number, address.url)
            reading.text.extend(further.text)
            reading.editors = reading.editors or further.editors
            captures.append(capture)
        return self.refine(self.article(reading, address, entry, captures), response)

    def read(self, response: Response) -> tuple[Reading | None, Capture]:
        """Read a page by the layouts; None, with a count and a warning, where there is no article on it.

        Raises NeedsBrowser for one without an article that scripts have yet to write.
        """
        kind = content_type(response)
        capture = Capture(
            url=response.url,
            status=response.status,
            headers=[(k.decode("latin-1"), v.decode("latin-1")) for k, vs in response.headers.items() for v in vs],
            body=response.body,
            encoding="",
            fetched=fetch_time(response),
        )
        try:
            page = Page(response.body, response.url, kind)
        except Mojibake as error:
            self.refuse("mojibake", response.url, str(error))
            return None, capture
        capture.encoding = page.encoding
        reading, refused = self.extract(page)
        if reading is None and not rendered.is_rendered(response) and self.is_worth_rendering(page):
            raise NeedsBrowser(response.url)
        if reading is None:
            self.refuse("empty", response.url, refused)
        elif mojibake(reading):
            self.refuse("mojibake", response.url, "its text holds too many unreadable characters")
            reading = None
        return reading, capture

    def is_worth_rendering(self, page: Page) -> bool:
        """Tell whether a page without an article may show one in a browser, as far as this crawl knows."""
        return self.escalation.worth_trying(self.site_of(page.url)) and is_shell(page)

    def escalated(self, response: Response) -> Request:
        """Return the request for a page once more, this time with the browser."""
        self.crawler.stats.inc_value("newsnap/rendered/escalated")
        self.logger.debug("Escalated to the browser: %s", response.url)
        assert response.request is not None
        meta = {rendered.PLAYWRIGHT: True, ESCALATED: self.site_of(response.url)}
        return response.request.replace(url=response.url, dont_filter=True, meta=meta)

    def extract(self, page: Page) -> tuple[Reading | None, str]:
        """Read a page by the layouts, else by what news pages have in common; or say why it is no article."""
        refused = "layouts are switched off (NEWSNAP_EXTRACT_GENERIC)"
        if not self.settings.getbool("NEWSNAP_EXTRACT_GENERIC"):
            if (reading := read_page(page, self.page_layouts())) is not None:
                return reading, ""
            tried = "; ".join(f"{each.name}: title {each.title!r}, body {each.body!r}" for each in self.layouts)
            refused = f"no layout gives a headline and a text ({tried})" if tried else "no layout knows it"
        reading, why = generic.read_or_refuse(page)
        if reading is None:
            return None, f"{refused}; generic extraction: {why}"
        self.crawler.stats.inc_value("newsnap/spider/generic")
        return reading, ""

    def refuse(self, reason: str, url: str, why: str) -> None:
        """Count and tell a page that yields nothing."""
        self.crawler.stats.inc_value(f"newsnap/spider/{reason}")
        self.logger.warning("Nothing is taken from %s: %s", url, why)

    async def further_pages(
        self, first: Reading, response: Response, address: Address
    ) -> list[tuple[int, Reading, Capture]]:
        """Fetch the further pages of an article; return them in order of their numbers.

        Raises whatever keeps one of them away: half an article is not stored, it is fetched again next time.
        """
        pages: dict[int, tuple[int, Reading, Capture]] = {}
        todo = list(first.further)
        while todo:
            url = todo.pop(0)
            found = self.address_rules().identify(url)
            if found is None or found.id != address.id or found.page == 1 or found.page in pages:
                continue
            if len(pages) >= self.settings.getint("NEWSNAP_ARTICLE_MAX_PAGES"):
                raise ValueError(f"{address.url} has more than {len(pages)} pages: raise NEWSNAP_ARTICLE_MAX_PAGES")
            marks = {rendered.PLAYWRIGHT: True} if rendered.is_rendered(response) else {}
            answer = await self.crawler.engine.download_async(Request(url, meta=marks))
            self.crawler.stats.inc_value("newsnap/spider/further_pages")
            if answer.status != 200:
                raise ValueError(f"page {found.page} of {address.url} answered HTTP {answer.status}")
            reading, capture = self.read(answer)
            if reading is None:
                raise ValueError(f"page {found.page} of {address.url} cannot be read")
            pages[found.page] = (found.page, reading, capture)
            todo += reading.further
        return [pages[number] for number in sorted(pages)]

    def article(self, reading: Reading, address: Address, entry: Entry | None, captures: list[Capture]) -> Article:
        """Put together what address, listing and page say."""
        witnesses = [*reading.witnesses]
        if entry and entry.published:
            witnesses.append(Witness("listing", entry.published))
        if address.date:
            witnesses.append(Witness("url", address.url))
        if reading.channel == self.site:  # a breadcrumb that leads home and no further
            reading.channel = None
        channel = reading.channel or (entry.category if entry else "") or address.channel
        return Article(
            id=address.id,
            source=self.name,
            site=self.site,
            url=address.url,
            title=reading.title,
            kicker=reading.kicker,
            subtitle=reading.subtitle,
            snapshot=captures[0].fetched,
            category=self.category(address.channel, reading.channel, entry.category if entry else None),
            channel=channel or None,
            outlet=reading.outlet,
            origin=reading.origin,
            authors=reading.authors,
            editors=reading.editors,
            body="\n".join(reading.text.paragraphs),
            headings=reading.text.headings,
            figures=reading.text.figures,
            keywords=reading.keywords,
            language=reading.language or self.language,
            layout=reading.layout,
            pages=len(captures),
            published_witnesses=witnesses,
            modified_raw=reading.modified_raw,
            captures=captures,
            rendered=any(map(rendered.was_rendered, captures)),
        )

    def category(self, *labels: str | None) -> str | None:
        """Return the category that the address, the page or the listing names, in this order."""
        for label in filter(None, labels):
            for part in (label, label.partition("/")[0]):
                if part in self.categories:
                    return self.categories[part]
        if "*" in self.categories:  # a source of one subject
            return self.categories["*"]
        return next((found for label in labels if (found := categories.category_of(label))), "其他")

    def refine(self, article: Article, response: Response) -> Article | None:
        """Change an article where attributes cannot say how; None drops it."""
        return article

    async def failed(self, failure: Failure) -> Request | None:
        """Count and tell an article that could not be fetched; a later run asks for it again.

        An old host may still have what its successor never took over: what is not at its canonical address is
        asked for where it was listed.
        """
        request: Request = failure.request  # type: ignore[attr-defined]
        address, response = request.cb_kwargs["address"], getattr(failure.value, "response", None)
        entry: Entry | None = request.cb_kwargs.get("entry")
        missing = response is not None and response.status in (404, 410) and AS_LISTED not in request.meta
        if missing and entry and without_scheme(entry.url) != without_scheme(request.url):
            return request.replace(url=entry.url, meta={**request.meta, AS_LISTED: True}, dont_filter=True)
        at = self.looks.clock() if response is None else fetch_time(response)
        if response is not None and await self.looks.gone(address, response, at):
            return None
        reason = reason_of(failure.value)
        if site := request.meta.get(ESCALATED):
            self.escalation.learn(site, helped=False)
        self.lost(request.url, reason, "article")
        await self.looks.failed(address, reason, at, response)
        return None

    def lost(self, url: str, reason: str, what: str) -> None:
        self.crawler.stats.inc_value(f"newsnap/failed/{what}/{reason}")
        level = logging.INFO if reason in ("robots.txt", "taken down") else logging.WARNING
        self.logger.log(level, "The %s %s is not had: %s", what, url, reason)


def reason_of(error: BaseException | None) -> str:
    """Return in a word or two why a request failed; the words are those of the summary and of `crawls`."""
    if isinstance(error, HttpError):
        return f"HTTP {error.response.status}"
    if isinstance(error, IgnoreRequest):
        return "robots.txt" if "robots.txt" in str(error) else str(error).partition(":")[0] or "ignored"
    name = type(error).__name__
    return {"DownloadTimeoutError": "timeout", "DownloadCancelledError": "too large"}.get(name, name)


def content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def fetch_time(response: Response) -> datetime:
    """Return when a response was received: now, or when it was recorded where a replay answers."""
    fetched = response.meta.get("fetched")
    return fetched if isinstance(fetched, datetime) else now()


def now() -> datetime:
    return datetime.now(UTC)


def unzipped(response: Response) -> bytes:
    """Return the body of a sitemap, which may be a gzip file."""
    return gunzip(response.body, max_size=64 * 1024 * 1024) if response.body[:2] == b"\x1f\x8b" else response.body
