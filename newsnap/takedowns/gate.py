"""The gate: the rules as a running process has them, and the door before the fetch."""

import asyncio
import logging
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import pymongo
from pymongo.errors import PyMongoError
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from newsnap.items import Article
from newsnap.outcome import stop_soon
from newsnap.store.batches import Batches
from newsnap.store.errors import StoreError, brief
from newsnap.takedowns.matching import Rules
from newsnap.takedowns.rules import Effect, Rule, RuleError, RulesUnreadable, rule_from

if TYPE_CHECKING:
    from newsnap.sources import Sources
    from newsnap.store import Store

logger = logging.getLogger(__name__)

WATCH_AGAIN_SECONDS = 30
"""After a change stream failed, so long is left to polling."""
TRY_AGAIN_SECONDS = 1
"""After rules could not be read, so long everybody is told so at once: each trying in turn would take minutes."""
CLOSE_SECONDS = 5
BOOKKEEPING = {"swept", "settled"}
"""Fields of a rule that change without changing what it covers."""
CONFIRMED_AT_ONCE = 200
"""Articles that one look at the rules confirms."""


class TakenDown(IgnoreRequest):
    """A request for what is taken down."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an article may not be kept."""

    rule: Rule
    by: Literal["address", "title", "text"]
    """What of the article the rule found."""

    @property
    def effect(self) -> Effect:
        """What happens to the article where it is stored already."""
        return (self.rule.on_reprints or self.rule.effect) if self.by == "text" else self.rule.effect


class LiveRules:
    """The rules, never older than `poll_seconds` when they are asked for, and shut when they cannot be read.

    What has changed is known by the number of entries in the takedown log, which every change of a rule moves in one
    transaction with it; a change stream, where the server has one, only makes the next look come at once.
    """

    def __init__(self, store: "Store", sources: "Sources", *, poll_seconds: float, patient: bool = False):
        """Read from an open store.

        patient: wait for a MongoDB that is away, as a crawl does; otherwise fail at once, as a site does.
        """
        self._store = store
        self._sources = sources
        self._poll_seconds = poll_seconds
        self._patient = patient
        self._rules: Rules | None = None
        self._known: set[str] = set()
        """Ids of all rules that were read, those that have ended too."""
        self._version = -1
        self._documents = -1
        self._read_at = -float("inf")
        self._heard_at = -float("inf")
        """When a change was last heard of."""
        self._by_hand_at = -float("inf")
        """When one might have been made that is not in the log."""
        self._failed_at = -float("inf")
        self._failure = ""
        self._reading = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    def of(cls, store: "Store") -> Self:
        """Return the rules for who shows articles of a store.

        Settings: NEWSNAP_TAKEDOWNS_POLL_SECONDS.
        """
        from newsnap.sources import load_sources  # sources know takedowns, by way of their spiders' store

        poll_seconds = store.settings.getfloat("NEWSNAP_TAKEDOWNS_POLL_SECONDS")
        return cls(store, load_sources(store.settings), poll_seconds=poll_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def version(self) -> int:
        """The number of log entries when the rules were read."""
        return self._version

    async def now(self) -> Rules:
        """Return the rules, at most `poll_seconds` old.

        Raises RulesUnreadable if they cannot be read: nobody may pass then.  Many who ask at once share one try, and
        after one that failed nobody waits for the next but who makes it.
        """
        rules = self._fresh()
        if rules is None:
            if self._failure and self._reading.locked():
                raise RulesUnreadable(self._failure)
            async with self._reading:
                if self._failure and time.monotonic() - self._failed_at < min(TRY_AGAIN_SECONDS, self._poll_seconds):
                    raise RulesUnreadable(self._failure)
                rules = self._fresh()
                if rules is None:
                    rules = await self._read()
        return rules

    async def newest(self) -> Rules:
        """Return the rules as they are after this was called.

        Raises RulesUnreadable.
        """
        async with self._reading:
            return await self._read()

    async def close(self) -> None:
        """Stop watching; before the store is closed."""
        self._closed = True
        if self._watching:
            self._watching.cancel()
            await asyncio.wait([self._watching], timeout=CLOSE_SECONDS)

    def _fresh(self) -> Rules | None:
        """Return the rules if they are new enough."""
        fresh = self._heard_at < self._read_at and time.monotonic() - self._read_at <= self._poll_seconds
        return self._rules if fresh else None

    async def _read(self) -> Rules:
        started = time.monotonic()
        known, self._rules = self._rules, None  # shut, until it is known what holds
        try:
            act = self._refreshed
            rules = await (self._store.patiently(lambda: act(known)) if self._patient else act(known))
        except (RuleError, PyMongoError, StoreError) as error:
            self._failure, self._failed_at = unreadable(error), time.monotonic()
            raise RulesUnreadable(self._failure) from error
        self._rules, self._read_at, self._failure = rules, started, ""
        if self._watching is None and not self._closed:
            self._watching = asyncio.create_task(self._watch())
        return rules

    async def _refreshed(self, rules: Rules | None) -> Rules:
        """Bring the rules up to date: with what changed, or wholly where there is none or one was changed by hand."""
        version, documents = await self._store.rules.state()
        if rules is not None and self._by_hand_at >= self._read_at:
            rules = None
        if rules is not None and (version, documents) == (self._version, self._documents):
            return rules
        if rules is not None and version >= self._version:
            changed = [rule_from(each) for each in await self._store.rules.since(self._version)]
            fresh = sum(each.id not in self._known for each in changed)
            if self._documents + fresh == documents:
                for rule in changed:
                    rules.put(rule)
                    self._known.add(rule.id)
                self._version, self._documents = version, documents
                return rules
        found = await self._store.rules.since(None)
        rules = await asyncio.to_thread(lambda: Rules(map(rule_from, found), self._sources))
        self._known = {each["_id"] for each in found}
        self._version, self._documents = version, documents
        return rules

    async def _watch(self) -> None:
        """Look at the rules at once when one changes, where the server can tell."""
        while not self._closed:
            try:
                with pymongo.timeout(None):  # a stream may be silent for as long as it likes
                    async with await self._store.rules.watch() as changes:
                        async for change in changes:
                            self._heard(change)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # polling goes on, whatever became of the stream
                logger.debug("No change stream of the takedown rules: %s", error)
                self._by_hand_at = time.monotonic()  # what was changed by hand meanwhile is not heard of
            if not self._closed:  # the driver may make another error of a cancellation
                await asyncio.sleep(WATCH_AGAIN_SECONDS)

    def _heard(self, change: dict[str, Any]) -> None:
        fields = (change.get("updateDescription") or {}).get("updatedFields", {})
        if fields and fields.keys() <= BOOKKEEPING:
            return
        if change["operationType"] != "insert" and "entry" not in fields:
            self._by_hand_at = time.monotonic()
        self._heard_at = time.monotonic()


def unreadable(error: Exception) -> str:
    """Return why the rules cannot be read, in a sentence."""
    if isinstance(error, RuleError):
        return str(error)
    return f"the takedown rules cannot be read, so nothing passes: {brief(error)}"


class Gate:
    """The gate of a crawl, shared by all its components.

    Settings: NEWSNAP_TAKEDOWNS_POLL_SECONDS.
    Stats: newsnap/takedowns/withdrawn.
    """

    _of_crawlers: "weakref.WeakKeyDictionary[Crawler, Gate]" = weakref.WeakKeyDictionary()

    def __init__(self, crawler: Crawler):
        from newsnap.sources import load_sources  # sources know takedowns, by way of the spiders' store
        from newsnap.store import Store

        self._crawler = crawler
        self._store = Store.of(crawler)
        poll_seconds = crawler.settings.getfloat("NEWSNAP_TAKEDOWNS_POLL_SECONDS")
        self._live = LiveRules(self._store, load_sources(crawler.settings), poll_seconds=poll_seconds, patient=True)
        self._confirming: Batches[Article, Verdict | None] = Batches(self._confirm, size=CONFIRMED_AT_ONCE, seconds=0)
        crawler.signals.connect(self._live.close, signal=signals.spider_closed)

    @classmethod
    def of(cls, crawler: Crawler) -> "Gate":
        """Return the gate that all components of a crawl share."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler)
        return cls._of_crawlers[crawler]

    async def open(self) -> None:
        """Read the rules for the first time, and finish what a killed crawl or command may have left undone.

        Raises RulesUnreadable or StoreError if they cannot be read.
        """
        await self._store.open()
        await self.rules()
        await self._store.removal.settle()

    async def rules(self) -> Rules:
        """Return the rules, at most NEWSNAP_TAKEDOWNS_POLL_SECONDS old.

        Raises RulesUnreadable if they cannot be read: nobody may pass then, and the crawl ends.
        """
        try:
            return await self._live.now()
        except BaseException:
            stop_soon(self._crawler, "takedowns_unreadable")
            raise

    async def refuses(self, url: str, *, id: str | None = None) -> Rule | None:
        """Return the rule that forbids to fetch an address, whoever would fetch it; None if it may be."""
        return (await self.rules()).covering(url, id=id)

    async def judge(self, article: Article) -> Verdict | None:
        """Return what forbids to keep an article: its addresses, its headline or its text; None if nothing does."""
        rules = await self.rules()
        article.judged = self._live.version
        return await self._verdict(rules, article)

    async def refuse(self, article: Article, verdict: Verdict) -> None:
        """Leave a stone for an article whose headline or text forbids to keep it, so that it is not fetched again."""
        if verdict.by != "address":
            await self._store.removal.refuse(article, verdict.rule)

    async def confirm(self, article: Article) -> Verdict | None:
        """Look again after an article was written, or might have been; what is forbidden by now is removed.

        This closes the gap between judgement and write.  Whoever adds a rule commits it and sweeps the store after; a
        crawler writes and looks at the rules after.  So whichever comes second sees the other's work.
        """
        try:
            verdict = await self._confirming.ask(article)
        except BaseException:
            stop_soon(self._crawler, "takedowns_unreadable")
            raise
        if verdict:
            self._crawler.stats.inc_value("newsnap/takedowns/withdrawn")
            logger.info("Taken down while it was written: %s (%s)", article.url, verdict.rule.id)
        return verdict

    async def _confirm(self, articles: Sequence[Article]) -> list[Verdict | Exception | None]:
        rules = await self._live.newest()
        version = self._live.version
        answers: list[Verdict | Exception | None] = []
        for article in articles:
            verdict = None if article.judged == version else await self._verdict(rules, article)
            if verdict:
                await self._store.removal.remove_written(
                    article, verdict.rule, verdict.effect, marked=verdict.by != "text"
                )
            answers.append(verdict)
        return answers

    async def _verdict(self, rules: Rules, article: Article) -> Verdict | None:
        for url in dict.fromkeys([article.url, *(capture.url for capture in article.captures)]):
            if rule := rules.covering(url, id=article.id):
                return Verdict(rule, "address")
        if rule := rules.covering("", title=article.title):
            return Verdict(rule, "title")
        if rules.has_texts:
            for rule_id in await self._store.texts.find(article):
                if rule := rules.get(rule_id):
                    return Verdict(rule, "text")
        return None


class TakedownsMiddleware:
    """Refuses requests for what is taken down, redirects into it too.

    Stats: newsnap/takedowns/refused.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.gate = Gate.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        address: Any = request.cb_kwargs.get("address")  # where a site is asked at another address than it is known by
        if rule := await self.gate.refuses(request.url, id=getattr(address, "id", None)):
            self.crawler.stats.inc_value("newsnap/takedowns/refused")
            raise TakenDown(f"taken down: {request.url} ({rule.id})")
