"""Takedowns: rules that say what may not be fetched, kept or shown, and the gate before the fetch.

One list, every door: `Rules.covering` is asked by the downloader middleware, by the pipeline and by whoever shows
articles.  A gate whose rules cannot be read stays shut.
"""

import asyncio
import logging
import re
import secrets
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from newsnap.outcome import stop_soon
from newsnap.urls import AddressError, tidy, without_scheme

if TYPE_CHECKING:
    from newsnap.sources import Sources

logger = logging.getLogger(__name__)
Kind = Literal["url", "prefix", "host", "source"]
KINDS: tuple[str, ...] = get_args(Kind)


class RuleError(ValueError):
    """A rule that cannot be obeyed; the message says why and what to do."""


class TakenDown(IgnoreRequest):
    """A request for what is taken down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What may not be fetched, kept or shown."""

    id: str = field(default_factory=lambda: f"T{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}")
    kind: Kind
    value: str
    """Canonical address, beginning of addresses, host, or name of a source, as `kind` says; without scheme."""

    reason: str
    """Shown to the public."""

    notice: str | None = None
    """The notice it rests on."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    until: datetime | None = None
    """When it ends, None for never."""

    def in_force(self, at: datetime) -> bool:
        """Tell whether the rule holds at a time."""
        return self.since <= at and (self.until is None or at < self.until)

    def document(self) -> dict[str, Any]:
        """Return the rule as MongoDB keeps it."""
        return {
            "_id": self.id, "kind": self.kind, "value": self.value, "reason": self.reason, "notice": self.notice,
            "since": self.since, "until": self.until,
        }  # fmt: skip


def rule_from(document: dict[str, Any]) -> Rule:
    """Read a rule as MongoDB keeps it.

    Raises RuleError for one that is not understood.
    """
    kind, value, since = document.get("kind"), document.get("value"), document.get("since")
    if kind not in KINDS or not isinstance(value, str) or not value or not isinstance(since, datetime):
        raise RuleError(
            f"the takedown rule {document.get('_id')!r} cannot be read (kind {kind!r}, value {value!r}, since {since!r}): "
            "correct or delete it in the collection takedowns; until then every gate stays shut"
        )
    return Rule(
        id=str(document["_id"]),
        kind=kind,
        value=value,
        reason=str(document.get("reason", "")),
        notice=document.get("notice"),
        since=since,
        until=document.get("until"),
    )


HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.ASCII)


def make_rule(kind: str, value: str, reason: str, sources: "Sources", notice: str | None = None) -> Rule:
    """Return a rule, its value in the form that is compared.

    Raises RuleError for what can't be a rule.
    """
    if kind not in KINDS:
        raise RuleError(f"{kind!r} is no kind of rule: give one of {', '.join(KINDS)}")
    if not reason.strip():
        raise RuleError("a rule needs a reason, which readers are shown: give --reason TEXT")
    if kind == "source":
        if value not in sources:
            raise RuleError(f"there is no source {value!r}: `scrapy sources` shows them")
    elif kind == "host":
        value = value.strip().rstrip(".").lower()
        if not HOST.fullmatch(value):
            raise RuleError(f"{value!r} is no host: give a name such as news.example.com, without http:// and path")
    else:
        if "://" not in value:
            value = f"https://{value}"
        try:
            known = sources.identify(value) if kind == "url" else None
            value = without_scheme(known.url if known else tidy(value))
        except AddressError as error:
            raise RuleError(str(error)) from None
        if kind == "prefix" and not urlsplit(f"//{value}").path.strip("/"):
            raise RuleError(f"{value} is a whole host: use the kind host for it")
    return Rule(kind=kind, value=value, reason=reason.strip(), notice=notice)  # type: ignore[arg-type]


class Rules:
    """All rules in force, made for asking often: sets and one sorted search, no loop over the rules."""

    def __init__(self, rules: Iterable[Rule], sources: "Sources"):
        self._sources = sources
        self._urls: dict[str, Rule] = {}
        self._ids: dict[str, Rule] = {}
        self._hosts: dict[str, Rule] = {}
        self._names: dict[str, Rule] = {}
        self._prefixes: dict[int, dict[str, Rule]] = {}
        for rule in rules:
            if rule.kind == "url":
                self._urls[rule.value] = rule
                if known := sources.identify(f"https://{rule.value}"):
                    self._ids[known.id] = rule
            elif rule.kind == "host":
                self._hosts[rule.value] = rule
            elif rule.kind == "source":
                self._names[rule.value] = rule
            else:
                self._prefixes.setdefault(len(rule.value), {})[rule.value] = rule

    def covering(self, url: str, *, id: str | None = None) -> Rule | None:
        """Return a rule that covers an address in any of its variants, or the article of an identity; None if none does."""
        try:
            plain = without_scheme(tidy(url))
        except AddressError:
            return None
        known = self._sources.identify(url)
        forms = {plain}
        ids = {id} if id else set()
        if known:
            forms.add(without_scheme(known.url))
            ids.add(known.id)
        for each in ids:
            if rule := self._ids.get(each) or self._names.get(each.partition(":")[0]):
                return rule
        for form in forms:
            if rule := self._urls.get(form):
                return rule
            labels = form.partition("/")[0].partition(":")[0].split(".")
            for at in range(len(labels)):
                if rule := self._hosts.get(".".join(labels[at:])):
                    return rule
            for length, prefixes in self._prefixes.items():
                if rule := prefixes.get(form[:length]):
                    return rule
        if self._names:
            for source in self._sources.of_host(url):
                if rule := self._names.get(source.name):
                    return rule
        return None


class Gate:
    """The rules as a running crawl has them: read anew every few seconds, shut when they cannot be read.

    Settings: NEWSNAP_TAKEDOWNS_POLL_SECONDS.
    """

    _of_crawlers: "weakref.WeakKeyDictionary[Crawler, Gate]" = weakref.WeakKeyDictionary()

    def __init__(self, crawler: Crawler):
        from newsnap.sources import load_sources  # sources know takedowns, by way of the spiders' store
        from newsnap.store import Store

        self._crawler = crawler
        self._store = Store.of(crawler)
        self._sources = load_sources(crawler.settings)
        self._poll_seconds = crawler.settings.getfloat("NEWSNAP_TAKEDOWNS_POLL_SECONDS")
        self._rules: Rules | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()

    @classmethod
    def of(cls, crawler: Crawler) -> "Gate":
        """Return the gate that all components of a crawl share."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler)
        return cls._of_crawlers[crawler]

    async def open(self) -> None:
        """Read the rules for the first time.

        Raises RuleError or StoreError if they cannot be read.
        """
        await self._store.open()
        await self.rules()

    async def rules(self) -> Rules:
        """Return the rules, at most NEWSNAP_TAKEDOWNS_POLL_SECONDS old.

        Raises RuleError, StoreError or PyMongoError if they cannot be read: nobody may pass then, and the crawl ends.
        """
        if self._rules is None or time.monotonic() - self._read_at > self._poll_seconds:
            async with self._reading:
                if self._rules is None or time.monotonic() - self._read_at > self._poll_seconds:
                    started = time.monotonic()
                    self._rules = None
                    try:
                        self._rules = Rules(await self._store.patiently(self._store.rules.read), self._sources)
                    except Exception:
                        stop_soon(self._crawler, "takedowns_unreadable")
                        raise
                    self._read_at = started
        return self._rules


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
        rule = (await self.gate.rules()).covering(request.url)
        if rule:
            self.crawler.stats.inc_value("newsnap/takedowns/refused")
            raise TakenDown(f"taken down: {request.url} ({rule.id})")
