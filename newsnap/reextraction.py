"""Re-extraction: stored pages are read again by today's rules, and what they say otherwise replaces what is stored."""

import difflib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scrapy.http import HtmlResponse, Request, Response
from scrapy.settings import BaseSettings

from newsnap.fingerprints import digests
from newsnap.items import Article, Capture
from newsnap.listings import Entry
from newsnap.pipelines.dates import DatesPipeline
from newsnap.rendered.escalation import NeedsBrowser
from newsnap.runs import is_no_run
from newsnap.spiders.web import WebSpider
from newsnap.store.articles import to_document
from newsnap.store.captured import capture_from
from newsnap.store.revisions import date_of, reread
from newsnap.store.validators import LIVE_FIELDS
from newsnap.takedowns import Gate

Document = dict[str, Any]

NOT_OF_THE_PAGE = frozenset(["source", "snapshot", "story", "also_at", "gone", "content_hash"])
"""Fields that say where, when and how often a text was found, or follow from it."""
OF_THE_LISTING = ("category", "channel")
"""What only the listing may have said is kept where the page is silent."""

UNWRITTEN = {
    "text of another": "by today's rules another article has the same text",
    "moved on": "it was changed by a crawl meanwhile: run it again",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an article says otherwise by today's rules."""

    id: str
    url: str
    before: Document
    after: Document
    """The fields that differ, as they were and as they are."""

    def lines(self) -> Iterator[str]:
        """Yield the change for people: a line a field, and of the text the paragraphs that differ."""
        yield f"{self.id}  {self.url}"
        for name, value in self.after.items():
            if name == "body":
                for line in difflib.ndiff(self.before[name].split("\n"), value.split("\n")):
                    if line[0] in "+-":
                        yield f"  body          {line}"
            else:
                yield f"  {name:13} {shown(self.before[name])} -> {shown(value)}"


@dataclass(slots=True)
class Tally:
    """How a re-extraction went."""

    read: int = 0
    changed: int = 0
    by_field: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    """Sentences about articles that could not be read again, or that a takedown covers as they read now."""
    ended: bool = False


class Reextractor(WebSpider):
    """Reads the stored pages of articles again; asks for nothing.

    An article is written only as it was when it was read, so a crawl beside loses nothing.  Stopped and begun anew, it
    goes through all once more, and those that are done are unchanged.
    """

    asks: ClassVar[bool] = False
    query: Document
    """Which articles."""
    keep: bool
    """Whether what differs is written; otherwise it is only told."""
    tell: Callable[[Change], None]
    """Hears of each article that reads otherwise."""
    beat: Callable[[], None]
    """Is called after each article."""
    tally: Tally

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Leave out what speaks of a run, for this is none."""
        super().update_settings(settings)
        is_no_run(settings)

    async def start(self) -> AsyncIterator[Request]:
        """Read all; the requests it yields are none."""
        self.gate = Gate.of(self.crawler)
        await self.gate.open()
        self.dates: dict[str, DatesPipeline] = {}
        found = self.store.db.articles.find({"state": "live", **self.query}, sort=[("_id", 1)])
        async for stored in found:
            self.tally.read += 1
            try:
                await self.reread(stored)
            except (NeedsBrowser, ValueError) as error:
                why = "a browser would be needed" if isinstance(error, NeedsBrowser) else str(error)
                self.tally.troubles.append(f"{stored['_id']} is left as it is: {why}")
            self.beat()
        self.tally.ended = True
        return
        yield

    async def reread(self, stored: Document) -> None:
        """Read one article again.

        Raises NeedsBrowser, or ValueError with a reason for which it stays as it is.
        """
        pages = [capture_from(each) async for each in self.pages_of(stored)]
        article = await self.article_of(stored, pages)
        before, after = differences(stored, to_document(article))
        if not after:
            return
        if verdict := await self.gate.judge(article):
            if self.keep:
                await self.store.removal.remove_written(
                    article, verdict.rule, verdict.effect, marked=verdict.by != "text"
                )
            done = "removed" if verdict.effect == "remove" else "held"
            what = f"is {done} now" if self.keep else f"would be {done}"
            self.tally.troubles.append(f"{stored['_id']} {what}: {verdict.rule.id} covers what its page says")
            return
        if self.keep:
            await self.write(stored, article, after)
        self.tally.changed += 1
        self.tally.by_field.update(after.keys())
        self.tell(Change(stored["_id"], stored["url"], before, after))

    def pages_of(self, stored: Document) -> Any:
        """Return the captures of the text that an article has."""
        query = {"article": stored["_id"], "revision": stored["revision"]}
        return self.store.db.captures.find(query, sort=[("page", 1)])

    async def article_of(self, stored: Document, pages: Sequence[Capture]) -> Article:
        """Return what stored pages say by today's rules."""
        if not pages:
            raise ValueError("its pages are not stored")
        name = stored["_id"].partition(":")[0]
        if name not in self.sources:
            raise ValueError(f"there is no source {name} any more")
        address = self.sources[name].address_rules().identify(stored["url"]) or self.adopt(stored["url"])
        if address.id != stored["_id"]:
            raise ValueError(f"today's rules call it {address.id}: {stored['url']}")
        reader = self.reader(address)
        responses = [response_of(each) for each in pages]
        by_url = {each.url: each for each in responses}

        async def fetch(request: Request) -> Response:
            if request.url not in by_url:
                raise ValueError(f"its page {request.url} is not stored")
            return by_url[request.url]

        listed = stored["published_raw"] if stored["published_from"] == "listing" else ""
        article = await reader.read_article(responses[0], address, Entry(stored["url"], published=listed or ""), fetch)
        if article is None:
            raise ValueError(f"its page gives no article: `scrapy why {stored['url']}` tells why")
        article.content_hash, article.fingerprint = digests(article.title, article.body)
        if name not in self.dates:
            self.dates[name] = DatesPipeline(reader.crawler)
        return self.dates[name].process_item(article)

    async def write(self, stored: Document, article: Article, after: Document) -> None:
        """Replace what differs, and link the article to the reprints of the text that it now has."""
        fields = after | {"content_hash": article.content_hash}
        said_otherwise = article.content_hash != stored["content_hash"]
        if said_otherwise:
            await self.store.stories.keep([article])
        outcome = await reread(self.store, stored, fields, self.store.articles.clock.next())
        if outcome != "written":
            raise ValueError(UNWRITTEN[outcome])
        if said_otherwise:
            await self.store.stories.link(article, revised=True)


def response_of(capture: Capture) -> HtmlResponse:
    """Return a page as if it had just been received, at the time it was."""
    request = Request(capture.url, meta={"fetched": capture.fetched})
    headers: dict[str, list[str]] = {}
    for name, value in capture.headers:
        headers.setdefault(name, []).append(value)
    return HtmlResponse(capture.url, status=capture.status, headers=headers, body=capture.body, request=request)


def differences(old: Document, new: Document) -> tuple[Document, Document]:
    """Return the fields in which two readings of one page differ, as they were and as they are."""
    new = new | {name: old[name] for name in OF_THE_LISTING if new[name] is None} | date_of(old, new)
    names = [name for name in LIVE_FIELDS if name not in NOT_OF_THE_PAGE and old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}


def shown(value: Any) -> str:
    """Return a value in a few words."""
    if isinstance(value, list):
        value = "、".join(each["url"] if isinstance(each, dict) else str(each) for each in value)
    return str(value) if value not in (None, "") else "-"
