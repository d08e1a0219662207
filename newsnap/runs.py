"""The log of runs: one document in `crawls` for each, written at its start and completed at its end."""

import os
import platform
import uuid
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from newsnap import __version__
from newsnap.coverage import coverage_of
from newsnap.items import Article
from newsnap.outcome import Outcome, outcome_of
from newsnap.store import MongoAway, Store


def is_no_run(settings: BaseSettings) -> None:
    """Leave out of a crawl that only looks what speaks of a run, and the steps, which it asks one by one."""
    settings.set("ITEM_PIPELINES", {}, priority="spider")
    quiet = dict.fromkeys(("newsnap.progress.Progress", "newsnap.runs.RunLog"))
    settings.set("EXTENSIONS", {**settings.getdict("EXTENSIONS"), **quiet}, priority="spider")


class RunLog:
    """Keeps the run in MongoDB, and closes the store as the last who uses it.

    Stats: newsnap/errors/item.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.store = Store.of(crawler)
        self.id = uuid.uuid4().hex
        self.begun = False
        self.outcome: Outcome | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        log = cls(crawler)
        crawler.signals.connect(log.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(log.item_error, signal=signals.item_error)
        crawler.signals.connect(log.spider_closed, signal=signals.spider_closed)
        return log

    async def spider_opened(self) -> None:
        spider = self.crawler.spider
        if spider is None or self.store.client is None:
            return
        await self.store.runs.begin(
            {
                "_id": self.id,
                "source": spider.name,
                "started": datetime.now(UTC),
                "state": "running",
                "host": platform.node(),
                "process": os.getpid(),
                "version": __version__,
                "replay": self.crawler.settings["NEWSNAP_REPLAY"] or None,
                "given": getattr(spider, "given", None) is not None,
            }
        )
        self.begun = True

    def item_error(self, item: Article) -> None:
        self.crawler.stats.inc_value("newsnap/errors/item")

    async def spider_closed(self, reason: str) -> None:
        spider = self.crawler.spider
        stats = self.crawler.stats.get_stats()
        self.outcome = outcome_of(stats, reason, given=getattr(spider, "given", None) is not None)
        try:
            if self.begun and not self.store.away:
                await self.store.runs.end(self.id, self._end(spider, stats, reason, self.outcome))
        except MongoAway:
            pass  # said already; the run stays `running` in MongoDB and is read as unfinished
        finally:
            await self.store.close()

    def _end(self, spider: Any, stats: dict[str, Any], reason: str, outcome: Outcome) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ended": datetime.now(UTC),
            "state": "failed" if outcome.failures else "done",
            "reason": reason,
            "counts": outcome.counts,
            "errors": outcome.reasons,
            "failures": outcome.failures,
            "coverage": coverage_of(stats),
        }
        # Only after a run that left nothing to be fetched again may the next one skip an unchanged listing
        whole = not outcome.failures and not outcome.counts["errors"]
        bounded = stats.get("newsnap/spider/beyond_limit") or getattr(spider, "since", None)
        if whole and not bounded and getattr(spider, "seen_validators", None):
            fields["listings"] = [
                {"url": url, "headers": headers} for url, headers in spider.seen_validators.items() if headers
            ]
        return fields
