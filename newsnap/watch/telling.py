"""What a watch shows: a live line on a terminal, a line for each crawl, and a summary at the end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console

from newsnap.health import span
from newsnap.progress import LINE_SECONDS, LiveLine
from newsnap.watch.watcher import Ended, Watched, Watcher

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def live_line(watcher: Watcher, console: Console) -> AsyncIterator[None]:
    """Show how a watch is going, where there is a terminal."""
    if not console.is_terminal:
        yield
        return

    async def beat() -> None:
        while True:
            live.show(line(watcher, datetime.now(UTC)))
            await asyncio.sleep(LINE_SECONDS)

    live = LiveLine(console)
    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        live.stop()


def line(watcher: Watcher, now: datetime) -> str:
    """Return the state of a watch in one line."""
    crawling = ", ".join(f"{each.name} {clock(now - each.since)}" for each in watcher.crawling if each.since)
    waiting = watcher.waiting
    if watcher.stop.is_set():
        parts = [f"ending {crawling} (Ctrl-C again: at once)"]
    else:
        parts = [f"crawling {crawling}" if crawling else "crawling nothing"]
        if watcher.away:
            parts.append("MongoDB is away")
        elif waiting:
            parts.append(f"next {waiting[0].name} {when(waiting[0], now)}")
    return " · ".join([*parts, counted(watcher.sources)])


def when(source: Watched, now: datetime) -> str:
    """Return when a source is crawled next, by its own clock and from now."""
    if source.due is None or source.due <= now:
        return "now"
    return f"{source.due.astimezone(source.zone):%H:%M} (in {span(source.due - now)})"


def clock(duration: timedelta) -> str:
    """Return a duration in minutes and seconds.

    >>> clock(timedelta(minutes=75, seconds=5))
    '75:05'
    """
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


def counted(sources: Sequence[Watched]) -> str:
    """Return what was done since the start."""
    runs, new, failed = (sum(getattr(each, name) for each in sources) for name in ("runs", "new", "failed"))
    return f"{runs} runs, {new} new, {failed} failed"


def tell(ended: Ended, *, once: bool) -> None:
    """Say how a crawl went."""
    source = ended.source
    verdict = f"FAILED: {ended.failure}" if ended.failure else "stopped" if ended.stopped else "done"
    counts = ", ".join(f"{ended.counts.get(name, 0)} {name}" for name in ("new", "changed", "errors"))
    then = "" if once or ended.stopped else f"; next {when(source, datetime.now(UTC))}"
    more = f" (its log is {source.log.path})" if ended.failure else ""
    level = logging.ERROR if ended.failure else logging.INFO
    logger.log(level, "%s: %s in %.0f s, %s%s%s", source.name, verdict, ended.seconds, counts, then, more)


def summary(watcher: Watcher) -> tuple[str, int]:
    """Return how a watch went, in a few lines, and the exit code that says whether it was a success."""
    crawled = [each for each in watcher.sources if each.runs]
    lines = [
        f"{each.name}: {each.runs} runs, {each.new} new, {each.failed} failed"
        + (f"; the last: {each.failure} (its log is {each.log.path})" if each.failure else "")
        for each in crawled
    ]
    missed = [each.name for each in watcher.waiting] if watcher.once else []
    if missed:
        lines.append(f"stopped before it came to {', '.join(missed)}")
    failing = sum(bool(each.failure) for each in crawled)
    lines.append(f"{len(watcher.sources)} sources, {counted(watcher.sources)}; {failing} failed the last time")
    return "\n".join(lines), 1 if failing or missed else 0
