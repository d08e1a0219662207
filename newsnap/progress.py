"""Progress: a live line on a terminal, a log line now and then elsewhere, and a summary at the end."""

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, Self

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.log import get_scrapy_root_handler

from newsnap.outcome import Outcome, errors_of, outcome_of

logger = logging.getLogger(__name__)

LINE_SECONDS = 0.5
"""How often the live line is written anew."""
LOG_SECONDS = 30
"""How often a log line is written where there is no terminal."""


class Progress:
    """Shows how a crawl is going, and how it went."""

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.started = time.monotonic()
        self.console = Console(stderr=True, highlight=False)
        self.live: LiveLine | None = None
        self.loop: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(progress.spider_closed, signal=signals.spider_closed)
        return progress

    def spider_opened(self) -> None:
        self.started = time.monotonic()
        if self.console.is_terminal and not self.crawler.settings["LOG_FILE"]:
            self.live = LiveLine(self.console)
        seconds = LINE_SECONDS if self.live else LOG_SECONDS
        self.loop = create_looping_call(self.show)
        self.loop.start(seconds, now=False)

    def show(self) -> None:
        stats = self.crawler.stats.get_stats()
        line = self.line(stats)
        if self.live:
            self.live.show(line)
        else:
            logger.info("%s", line)

    def line(self, stats: Mapping[str, Any]) -> str:
        """Return the state of the crawl in one line."""
        seconds = max(time.monotonic() - self.started, 0.001)
        counts = outcome_of(stats, "finished", given=False).counts
        name = self.crawler.spider.name if self.crawler.spider else ""
        parts = [
            f"{name} {int(seconds) // 60}:{int(seconds) % 60:02}",
            f"fetched {counts['fetched']} ({counts['fetched'] / seconds:.1f}/s)",
            f"stored {counts['new'] + counts['changed']}",
            f"duplicates {counts['duplicates']}",
            f"taken down {counts['taken_down']}",
            f"errors {sum(errors_of(stats).values())}",
        ]
        return " · ".join(parts)

    def spider_closed(self, reason: str) -> None:
        if self.loop is not None and self.loop.running:
            self.loop.stop()
        if self.live:
            self.live.stop()
        stats = self.crawler.stats.get_stats()
        given = getattr(self.crawler.spider, "given", None) is not None
        outcome = outcome_of(stats, reason, given=given)
        seconds = time.monotonic() - self.started
        name = self.crawler.spider.name if self.crawler.spider else ""
        text = summary(name, outcome, seconds)
        if self.console.is_terminal or not self.crawler.settings.getbool("LOG_ENABLED"):
            self.console.print(Text(text))
        else:
            logger.log(logging.ERROR if outcome.failures else logging.INFO, "%s", text)


class LiveLine:
    """A line at the foot of a terminal that is written anew; log lines scroll above it instead of through it."""

    def __init__(self, console: Console):
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()
        handler = get_scrapy_root_handler()
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(FileProxy(console, sys.__stderr__))  # type: ignore[arg-type]

    def show(self, line: str) -> None:
        """Write it anew; the empty line leaves its place to what is printed next."""
        self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

    def stop(self) -> None:
        self._live.stop()


def summary(name: str, outcome: Outcome, seconds: float) -> str:
    """Return how a crawl went, in a few lines."""
    counts = outcome.counts
    verdict = "done" if not outcome.failures else "FAILED"
    lines = [f"{name}: {verdict} in {seconds:.1f} s"]
    lines.append(
        f"  listed {counts['listed']}, stored before {counts['known']}, fetched {counts['fetched']}: "
        f"new {counts['new']}, changed {counts['changed']}, unchanged {counts['unchanged']}, "
        f"duplicates {counts['duplicates']}, taken down {counts['taken_down']}, errors {counts['errors']}"
    )
    if any(counts[each] for each in ("due", "gone", "waiting", "given_up")):
        lines.append(
            f"  looked at again {counts['due']}, gone at the source {counts['gone']}, "
            f"failed before and tried later {counts['waiting']}, given up {counts['given_up']}"
        )
    if counts["rendered"]:
        share = counts["rendered"] / max(counts["pages"], counts["rendered"])
        lines.append(f"  rendered {counts['rendered']} of {counts['pages']} pages ({share:.0%})")
    if outcome.reasons:
        lines.append("  errors: " + ", ".join(f"{reason} {count}" for reason, count in outcome.reasons.items()))
    lines += [f"  failed: {failure}" for failure in outcome.failures]
    return "\n".join(lines)
