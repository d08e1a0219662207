"""The account: every decision about one address, for those who ask why an article is stored as it is, or is not."""

import copy
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from newsnap.body import text_content
from newsnap.dates import Verdict, judge
from newsnap.encodings import Mojibake
from newsnap.extract import read_layout
from newsnap.fingerprints import digests
from newsnap.generic import read_or_refuse
from newsnap.items import Article
from newsnap.layouts import Finder, Layout
from newsnap.listings import Entry
from newsnap.news_spider import NewsSpider
from newsnap.page import Page
from newsnap.pipelines.dates import DatesPipeline
from newsnap.rendered.escalation import NeedsBrowser
from newsnap.responses import content_type, fetch_time, reason_of
from newsnap.runs import is_no_run
from newsnap.spiders.web import WebSpider
from newsnap.takedowns import Gate
from newsnap.urls import Address

Account = dict[str, Any]
"""What JSON can hold, but for times, which are aware datetimes."""

FIELDS = ("title", "kicker", "subtitle", "outlet", "authors", "editors", "channel")
"""Fields whose origin is told; that of the date is told by its witnesses."""
SHOWN = 80
"""Characters of a text that are shown."""
STORED = (
    "state",
    "revision",
    "changed",
    "snapshot",
    "layout",
    "title",
    "published",
    "story",
    "also_at",
    "content_hash",
)


class Inspector(WebSpider):
    """Asks for one address as a crawl would, and stores nothing: its account is what it finds."""

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Leave out what speaks of a run, for this is none."""
        super().update_settings(settings)
        is_no_run(settings)

    def __init__(self, name: str | None = None, **kwargs: Any):
        super().__init__(name, **kwargs)
        assert self.given is not None
        self.address = self.given[0][0]
        self.account: Account = {}

    async def start(self) -> AsyncIterator[Request]:
        """Tell what is known before the fetch, and fetch."""
        await self.store.open()
        self.account |= await self.before(self.address)
        self.keep_pace(self.address)
        meta = {"handle_httpstatus_all": True, "dont_retry": True}
        url = self.account["asked"] = await self.stored_at() or self.fetch_address(self.address)
        yield Request(url, callback=self.inspect, errback=self.kept_away, meta=meta, dont_filter=True)

    async def stored_at(self) -> str | None:
        """Return the address that answered with the stored page; None where the page is not read from there."""
        query = {"article": self.address.id, "page": 1}
        capture = (
            await self.store.db.captures.find_one(query, {"url": 1}, sort=[("revision", -1)])
            if self.reads_capture
            else None
        )
        return capture["url"] if capture else None

    async def before(self, address: Address) -> Account:
        """Tell whose an address is, which rule covers it, and what is stored."""
        name = address.id.partition(":")[0]
        source = self.sources[name]
        known = source.address_rules().identify(address.url) is not None
        rule = (await Gate.of(self.crawler).rules()).covering(address.url, id=address.id)
        stored = await self.store.db.articles.find_one({"_id": address.id})
        holder = await self.store.db.articles.find_one({"also_at": address.url}, {"_id": 1})
        return {
            "identity": address.id,
            "address": address.url,
            "source": name,
            "site": source.site if not source.anywhere else None,
            "recognised": "as an article of its source"
            if known
            else "by its host only"
            if name != self.name
            else "by no source",
            "channel": address.channel,
            "takedown": {"rule": rule.id, "kind": rule.kind, "value": rule.value, "reason": rule.reason}
            if rule
            else None,
            "stored": {field: stored[field] for field in STORED if field in stored} if stored else None,
            "captures": await self.store.db.captures.count_documents({"article": address.id}),
            "revisions": await self.store.db.revisions.count_documents({"article": address.id}),
            "duplicate_of": holder["_id"] if holder else None,
        }

    def kept_away(self, failure: Failure) -> None:
        """Tell why there is no page."""
        reason = reason_of(failure.value)
        self.account["robots"] = (
            "forbids it" if reason == "robots.txt" else "was not asked" if reason == "taken down" else "not told"
        )
        self.account["answer"] = {"failed": reason}

    async def inspect(self, response: Response) -> AsyncIterator[Request]:
        """Tell what the page says, and what the steps would do with it."""
        self.account["robots"] = (
            "allows it" if not self.reads_capture else "was not asked: the page is read as it is stored"
        )
        self.account["answer"] = {
            "url": response.url,
            "status": response.status,
            "redirected_from": response.meta.get("redirect_urls", []),
            "content_type": content_type(response),
            "bytes": len(response.body),
            "fetched": fetch_time(response),
        }
        if response.status != 200:
            return
        address = self.sources.identify(response.url) or self.address
        reader = self.reader(address)
        try:
            page = Page(response.body, response.url, content_type(response))
            self.account["answer"]["encoding"] = page.encoding
            self.account["layouts"] = list(layouts(page, reader))
            self.account["generic"] = generic_account(page)
            article = await reader.read_article(response, address, Entry(address.url))
        except Mojibake as error:
            self.account["refused"] = str(error)
        except NeedsBrowser:
            self.account["rendered"] = "the page is a shell that scripts fill: asked for once more with the browser"
            yield self.escalated(response)
        else:
            if article is None:
                self.account["refused"] = reader.extract(page)[1] or "its text holds too many unreadable characters"
            else:
                self.account |= await self.after(article, page, reader)

    @property
    def reads_capture(self) -> bool:
        """Whether stored pages answer, and not the network or a recording."""
        return bool(self.settings["NEWSNAP_REPLAY"] == "captures")

    async def after(self, article: Article, page: Page, reader: NewsSpider) -> Account:
        """Tell what was read, by what, and what the steps make of it."""
        zone = ZoneInfo(reader.timezone)
        verdict = judge(article.published_witnesses, fetched=article.snapshot, zone=zone)
        layout = next((each for each in reader.page_layouts() if each.name == article.layout), None)
        return {
            "layout": article.layout,
            "fields": list(fields(article, page, layout)),
            "dates": witnesses(verdict, zone),
            "doubts": list(verdict.doubts),
            "text": {
                "paragraphs": article.body.count("\n") + 1,
                "characters": len(article.body),
                "headings": len(article.headings),
                "figures": len(article.figures),
                "pages": article.pages,
                "begins": article.body[:SHOWN],
            },
            "category": article.category,
            "keywords": article.keywords,
            "origin": article.origin,
            "language": article.language,
            "steps": [step async for step in self.steps(article)],
        }

    async def steps(self, article: Article) -> AsyncIterator[Account]:
        """Tell what each step would do; all but the store's are asked themselves, on a copy."""
        article = copy.copy(article)
        article.content_hash, article.fingerprint = digests(article.title, article.body)
        found = await self.store.articles.find(article)
        if found.own and found.own.state == "live" and found.own.same_as(article):
            outcome = "unchanged: dropped"
        elif found.own:
            outcome = f"another text than revision {found.own.revision}, which is {found.own.state}"
        elif found.holder:
            outcome = f"duplicate of {found.holder}: dropped, its address noted there"
        else:
            outcome = "neither its identity nor its text is stored"
        yield {"step": "dedupe", "outcome": outcome, "content_hash": article.content_hash}
        article = DatesPipeline.from_crawler(self.crawler).process_item(article)
        yield {
            "step": "dates",
            "outcome": f"published {article.published_raw!r}" if article.published else "no date that can be believed",
        }
        if refusal := await Gate.of(self.crawler).judge(article):
            yield {"step": "takedowns", "outcome": f"taken down: {article.url} ({refusal.rule.id})"}
            return
        yield {"step": "takedowns", "outcome": "no rule covers it"}
        dropped = "dropped" in outcome
        yield {
            "step": "mongo",
            "outcome": "not reached"
            if dropped
            else f"would store revision {found.own.revision + 1 if found.own else 1}",
        }


def layouts(page: Page, reader: NewsSpider) -> Iterator[Account]:
    """Tell what each layout finds, up to the one that reads the page."""
    if reader.settings.getbool("NEWSNAP_EXTRACT_GENERIC"):
        return
    for layout in reader.page_layouts():
        finder = Finder(page, layout)
        body, title = len(finder.body()), finder.first(layout.title)
        reading = read_layout(page, layout)
        if reading is not None:
            outcome = "reads it"
        else:
            outcome = (
                f"no text at {layout.body!r}"
                if not body
                else f"no headline at {layout.title!r}"
                if not title
                else "no text in its body"
            )
        yield {"layout": layout.name, "bodies": body, "title": title, "outcome": outcome}
        if reading is not None:
            return


def generic_account(page: Page) -> str:
    """Tell whether generic extraction would find an article."""
    reading, refused = read_or_refuse(page)
    return (
        f"would read {len(reading.text)} characters under {reading.title!r}"
        if reading
        else f"finds no article: {refused}"
    )


def fields(article: Article, page: Page, layout: Layout | None) -> Iterator[Account]:
    """Tell of each field its value, and the selector and text that gave it."""
    finder = Finder(page, layout) if layout else None
    for name in FIELDS:
        value = getattr(article, name)
        selector = getattr(layout, name) if layout else ""
        printed = finder.line(selector) if finder and selector else None
        if not value and not printed:
            continue
        by = "generic extraction" if layout is None else selector if printed else origin(name, value, page, layout)
        yield {"field": name, "value": value, "by": by, "printed": printed}


def origin(name: str, value: Any, page: Page, layout: Layout) -> str:
    """Say where a field came from that the layout's own selector did not give."""
    if name == "outlet" and layout.published and not layout.outlet:
        return layout.published
    if name == "outlet" and "source" in page.meta:
        return "meta source"
    if name in ("authors", "editors"):
        return "a line of the text, or of another field"
    return "the address" if name == "channel" else "the page"


def witnesses(verdict: Verdict, zone: tzinfo) -> list[Account]:
    """Tell what each witness of the date says, and what the judge made of it."""
    return [
        {
            "kind": witness.kind,
            "name": witness.name,
            "says": text_content(witness.text)[:SHOWN],
            "read": moment.at.astimezone(zone) if moment else None,
            "precision": moment.precision if moment else None,
            "verdict": remark,
        }
        for witness, moment, remark in verdict.considered
    ]


def told(account: Account) -> Iterator[str]:
    """Yield an account in lines for people; times in UTC+8."""

    def line(label: str, value: Any) -> str:
        return f"{label:12} {shown(value)}"

    yield line("address", account["address"])
    if account["asked"] != account["address"]:
        yield line("asked", account["asked"])
    site = f" ({account['site']})" if account["site"] else ""
    yield line("identity", f"{account['identity']}, recognised {account['recognised']}")
    yield line(
        "source", f"{account['source']}{site}" + (f", channel {account['channel']}" if account["channel"] else "")
    )
    rule = account["takedown"]
    yield line(
        "takedown",
        f"{rule['rule']} ({rule['kind']} {rule['value']}): {rule['reason']}" if rule else "no rule covers it",
    )
    yield line("robots.txt", account.get("robots", "was not asked"))
    stored = account["stored"]
    if stored:
        yield line("stored", f"{stored['state']}, revision {stored['revision']}, changed {shown(stored['changed'])}")
        yield line(
            "",
            f"read by {stored.get('layout')} at {shown(stored.get('snapshot'))}, {account['captures']} captures, "
            f"{account['revisions']} earlier revisions",
        )
        if stored.get("story") and stored["story"] != account["identity"]:
            yield line("story", f"a reprint of {stored['story']}")
        for url in stored.get("also_at", ()):
            yield line("also at", url)
    elif account["duplicate_of"]:
        yield line("stored", f"not under this identity: its text is that of {account['duplicate_of']}")
    else:
        yield line("stored", "no")
    answer = account.get("answer", {"failed": "nothing was asked"})
    if "failed" in answer:
        yield line("page", f"not had: {answer['failed']}")
        return
    yield line(
        "page",
        f"HTTP {answer['status']}, {answer['bytes']} bytes, {answer.get('encoding', '?')}, "
        f"fetched {shown(answer['fetched'])}",
    )
    for url in answer["redirected_from"]:
        yield line("", f"redirected from {url}")
    if "rendered" in account:
        yield line("browser", account["rendered"])
    for each in account.get("layouts", ()):
        yield line("layout", f"{each['layout']}: {each['outcome']}")
    if "generic" in account:
        yield line("generic", account["generic"])
    if "refused" in account:
        yield line("refused", account["refused"])
    if "layout" not in account:
        return
    yield line("read by", account["layout"])
    for each in account["fields"]:
        printed = f"  {each['printed'][:SHOWN]!r}" if each["printed"] and each["printed"] != each["value"] else ""
        yield line(f"  {each['field']}", f"{shown(each['value'])}  <- {each['by']}{printed}")
    for each in account["dates"]:
        name = f" ({each['name']})" if each["name"] else ""
        yield line(
            "  date",
            f"{each['kind']}{name} says {each['says']!r}: {shown(each['read'])}; {each['verdict']}",
        )
    for doubt in account["doubts"]:
        yield line("  doubt", doubt)
    text = account["text"]
    counted = ", ".join(f"{text[name]} {name}" for name in ("paragraphs", "characters", "headings", "figures", "pages"))
    yield line("  text", f"{counted}; begins {text['begins']!r}")
    yield line("  category", account["category"])
    for step in account["steps"]:
        yield line(step["step"], step["outcome"])


CHINA = ZoneInfo("Asia/Shanghai")


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return "、".join(map(str, value)) or "-"
    return str(value) if value not in (None, "") else "-"


def plain(value: Any) -> Any:
    """Return a value of an account that JSON does not know: times as ISO 8601, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is nothing an account holds")
