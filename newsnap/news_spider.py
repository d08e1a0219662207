"""What all sources share: from a listing to articles, and from an article's pages to one `Article`."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from newsnap import arguments, generic, listings, rendered, replay
from newsnap.dates import Witness
from newsnap.declared import Declared
from newsnap.encodings import Mojibake
from newsnap.extract import Reading, mojibake, read_page
from newsnap.items import Article, Capture
from newsnap.layouts import Layout
from newsnap.listings import Entry, JsonList
from newsnap.looks import Looks
from newsnap.page import Page
from newsnap.rendered.escalation import ESCALATED, Escalation, NeedsBrowser, is_shell
from newsnap.responses import content_type, fetch_time, now, reason_of
from newsnap.store import Store
from newsnap.urls import Address, without_scheme
from newsnap.ways import Ways

__all__ = ["JsonList", "Layout", "NewsSpider"]

Fetch = Callable[[Request], Awaitable[Response]]
"""How a page is had."""

AS_LISTED = "newsnap_as_listed"
"""Key in a request's meta: it asks for the address as listed, the canonical one having failed."""


class NewsSpider(Declared, scrapy.Spider):
    """Reads one source.

    Arguments: urls (addresses parted by commas, or @FILE with one a line), limit (number of articles), since
    (YYYY-MM-DD, in the source's zone), refresh (1: also what is stored already).
    Stats: newsnap/listing/{articles,dead}, newsnap/spider/{known,fetched,generic,empty,mojibake},
    newsnap/failed/<reason>.
    """

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Let a replay answer instead of the network where NEWSNAP_REPLAY says so, and a browser what needs one."""
        super().update_settings(settings)
        replay.configure(settings)
        rendered.configure(settings)

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

        Raises arguments.ArgumentError.
        """
        super().__init__(name, **kwargs)
        self.zone = ZoneInfo(self.timezone)
        self.given = arguments.read_urls(urls, self.adopt)
        self.limit = arguments.read_limit(limit)
        self.since = arguments.read_since(since, self.zone)
        self.refresh = arguments.read_refresh(refresh)
        self.asked: set[str] = set()
        """Identities asked for in this run."""
        self.validators: dict[str, dict[str, str]] = {}
        """Conditional headers by listing, from the last run that stored all it listed."""
        self.seen_validators: dict[str, dict[str, str]] = {}
        """The same, of this run; kept by runs.RunLog if it ends well."""

    def adopt(self, url: str) -> Address:
        """Return the address of what is given as an article.

        Raises AddressError.
        """
        return self.address_rules().adopt(url)

    # --- from the listings to requests ---

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the given articles; or for those that are listed and not stored, and those whose time has come."""
        if self.given is not None:
            async for request in self.wanted(self.given):
                yield request
            return
        async with aclosing(Ways(self).articles()) as listed:
            async for articles in listed:
                async for request in self.wanted(articles):
                    yield request
                if self.limit is not None and len(self.asked) >= self.limit:
                    break
        async for request in self.overdue():
            yield request

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
            at = listings.listed_at(entry, fetched=now(), zone=self.zone) if self.since else None
            if self.since and at and at < self.since - timedelta(days=1):
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

    async def read_article(
        self, response: Response, address: Address, entry: Entry | None, fetch: Fetch | None = None
    ) -> Article | None:
        """Return the article of a page, its further pages joined; None, and a count, where there is none.

        fetch: how the further pages are had; usually they are downloaded.
        """
        reading, capture = self.read(response)
        if reading is None:
            return None
        captures = [capture]
        fetch = fetch or self.crawler.engine.download_async
        for number, further, capture in await self.further_pages(reading, response, address, fetch):
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
        self, first: Reading, response: Response, address: Address, fetch: Fetch
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
            answer = await fetch(Request(url, meta=marks))
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
