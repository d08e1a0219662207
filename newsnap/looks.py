"""Looks: what a crawl asks the ledger before it fetches, and tells it afterwards."""

import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from newsnap.items import Article
from newsnap.replay import NOT_RECORDED, Replay
from newsnap.store import MongoAway, Store
from newsnap.store.ledger import Due, Look
from newsnap.urls import Address

logger = logging.getLogger(__name__)

GONE = (404, 410)
"""HTTP status codes that say a page is no more."""
NOT_TRIED = frozenset(["robots.txt"])
"""Reasons for which nothing was asked for, so that nothing failed."""


class Looks:
    """The ledger as a crawl uses it.

    Settings: NEWSNAP_LADDER_HOURS, NEWSNAP_LADDER_PAUSES_HOURS, NEWSNAP_LADDER_MAX_DUE.
    Stats: newsnap/spider/{known,waiting,due}, newsnap/ledger/{unchanged,gone,moved,given_up}.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.store = Store.of(crawler)
        self.max_due = crawler.settings.getint("NEWSNAP_LADDER_MAX_DUE")

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the looks of a crawl, which hear of articles that could not be stored."""
        looks = cls(crawler)
        crawler.signals.connect(looks.item_error, signal=signals.item_error)
        return looks

    @property
    def replay(self) -> Replay | None:
        return self.crawler.get_extension(Replay)

    def clock(self) -> datetime:
        """Return the time of the crawl, which is that of its last record where a recording is replayed."""
        recorded = self.replay.recording.received if self.replay else None
        return recorded or datetime.now(UTC)

    def count(self, stat: str, times: int = 1) -> None:
        self.crawler.stats.inc_value(f"newsnap/{stat}", times)

    async def wanted(
        self, addresses: Sequence[Address], *, refresh: bool = False, given: bool = False
    ) -> dict[str, Look]:
        """Return the addresses to fetch, by identity, and how.

        refresh: all, unconditionally; given: also those that failed a moment ago.
        """
        found = await self.store.ledger.look_up(addresses, self.clock())
        looks = {id: look for id, look in found.items() if look.standing != "taken_down"}
        self.count("takedowns/refused", len(found) - len(looks))
        if refresh:
            return dict.fromkeys(looks, Look("due"))
        fetched = {"new", "due", "waiting"} if given else {"new", "due"}
        for standing in ("known", "due", "waiting"):
            self.count(f"spider/{standing}", sum(each.standing == standing for each in looks.values()))
        return {id: look for id, look in looks.items() if look.standing in fetched}

    async def due(self, source: str) -> list[Due]:
        """Return what is due although it may not be listed any more; in a replay, what is recorded of it."""
        found = await self.store.ledger.due(source, self.clock(), self.max_due)
        return [each for each in found if self.replay is None or self.replay.recording.holds(each.url)]

    async def unchanged(self, address: Address, at: datetime) -> None:
        """Note that the server says a page did not change."""
        await self.store.ledger.saw_again(address.id, at)
        self.count("ledger/unchanged")

    async def moved(self, address: Address, to: Address, at: datetime) -> None:
        """Note that an address led to another article."""
        await self.store.ledger.moved(address, self._source, to.id, at)
        self.count("ledger/moved")

    async def gone(self, address: Address, response: Response, at: datetime) -> bool:
        """Note that the page of a stored article is no more; False if that is not what a response says."""
        if response.status not in GONE or NOT_RECORDED in response.flags:
            return False
        if not await self.store.ledger.gone(address.id, at):
            return False
        self.count("ledger/gone")
        logger.info("Gone at the source, kept here: %s (HTTP %d)", address.url, response.status)
        return True

    async def failed(self, address: Address, reason: str, at: datetime, response: Response | None = None) -> None:
        """Note that an address could not be fetched or read; what is taken down leaves no trace."""
        if reason == "taken down":
            await self.store.ledger.forget([address.id])
            return
        if reason in NOT_TRIED or (response is not None and NOT_RECORDED in response.flags):
            return
        if self.replay and not self.replay.recording.received:  # what is stored is read again, nothing is fetched
            return
        if await self.store.ledger.failed(address, self._source, reason, at):
            self.count("ledger/given_up")
            logger.warning("Given up after many tries: %s (%s)", address.url, reason)

    async def item_error(self, item: Article) -> None:
        if not self.store.away:
            with contextlib.suppress(MongoAway):  # said already
                await self.failed(Address(id=item.id, url=item.url), "not stored", self.clock())

    @property
    def _source(self) -> str:
        assert self.crawler.spider is not None
        return self.crawler.spider.name
