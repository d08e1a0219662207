"""The watcher: crawls what is due, a few sources at once, until it is stopped."""

import asyncio
import contextlib
import logging
import signal
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from pymongo.errors import PyMongoError

from newsnap.health import History
from newsnap.outcome import INTERRUPTED
from newsnap.store import Store
from newsnap.store.errors import brief
from newsnap.watch.options import Options
from newsnap.watch.pace import Bounds, next_crawl
from newsnap.watch.process import CrawlLog, end_of, start

LOOK_SECONDS = 30
"""So often is looked at the clock, which may be set, or have stood still with the machine."""
AWAY_SECONDS = 5
"""MongoDB has so long to answer, and while it does not, it is asked so often."""
UNTOLD = 16
"""So many runs that MongoDB knows nothing of are remembered; more make no pause longer."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Watched:
    """A source that is watched."""

    name: str
    zone: tzinfo
    log: CrawlLog
    history: History = field(default_factory=lambda: History([], []))
    untold: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=UNTOLD))
    """Runs that did not come to be known in MongoDB, newest first."""
    due: datetime | None = None
    """When it is crawled next; None: at once."""
    since: datetime | None = None
    """Since when it is crawled; None while it is not."""
    runs: int = 0
    new: int = 0
    failed: int = 0
    failure: str = ""
    """Why its last run failed; empty where it did not."""

    def plan(self, bounds: Bounds) -> None:
        """Set when it is crawled next."""
        runs = sorted([*self.untold, *self.history.runs], key=lambda run: run["ended"], reverse=True)
        self.due = next_crawl(self.name, History(self.history.published, runs), bounds, self.zone)

    @property
    def urgency(self) -> tuple[datetime, str]:
        """What is due the longest is the least."""
        return self.due or datetime.min.replace(tzinfo=UTC), self.name


@dataclass(frozen=True, slots=True)
class Ended:
    """How a crawl went."""

    source: Watched
    seconds: float
    counts: Mapping[str, int]
    failure: str
    """Why it is no success; empty where it is one, or was stopped with the watch."""
    stopped: bool


class Watcher:
    """Crawls each source when it is due, or each once.

    A MongoDB that goes away ends nothing: no crawl starts until it is back.
    """

    def __init__(
        self,
        store: Store,
        sources: Sequence[Watched],
        options: Options,
        *,
        arguments: Sequence[str] = (),
        once: bool = False,
        tell: Callable[[Ended], None] = lambda ended: None,
    ):
        """Prepare it.

        arguments: options on the command line of each crawl.  once: it ends when each source was crawled.
        tell: hears how each crawl went.
        """
        self.store = store
        self.sources = sources
        self.options = options
        self.arguments = arguments
        self.once = once
        self.tell = tell
        self.away = False
        """MongoDB cannot be used just now."""
        self.stop = asyncio.Event()
        """No crawl starts any more, and those that run are asked to end."""
        self.hurry = asyncio.Event()
        """They are killed."""
        self._news = asyncio.Event()

    @property
    def crawling(self) -> list[Watched]:
        return [each for each in self.sources if each.since]

    @property
    def waiting(self) -> list[Watched]:
        """Those that are not crawled, what is due the longest first; with `once`, those that were not."""
        idle = [each for each in self.sources if not each.since and not (self.once and each.runs)]
        return sorted(idle, key=lambda each: each.urgency)

    def end(self) -> None:
        """End in good order; at once, when it is said again."""
        (self.hurry if self.stop.is_set() else self.stop).set()
        self._news.set()

    async def learn(self) -> None:
        """Read what is known of each source.

        Raises PyMongoError.
        """
        for each in self.sources:
            each.history = await self.store.runs.history(each.name)
            each.plan(self.options.bounds)

    async def run(self) -> None:
        """Crawl until the end, having learnt."""
        async with asyncio.TaskGroup() as crawls:
            while not self.stop.is_set():
                waiting = self.waiting
                if not waiting and not self.crawling:
                    break
                seconds = float(LOOK_SECONDS)
                if waiting and len(self.crawling) < self.options.crawls:
                    seconds = min(seconds, self.seconds_to(waiting[0]))
                    if seconds <= 0:
                        seconds = AWAY_SECONDS
                        if await self.reachable() and not self.stop.is_set():
                            waiting[0].since = datetime.now(UTC)
                            crawls.create_task(self.crawl(waiting[0]))
                            continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._news.wait()
                self._news.clear()

    def seconds_to(self, source: Watched) -> float:
        """Return how long it is until a source is crawled."""
        return 0 if self.once or source.due is None else (source.due - datetime.now(UTC)).total_seconds()

    async def reachable(self) -> bool:
        """Tell whether MongoDB answers; say so where that has changed."""
        try:
            async with asyncio.timeout(AWAY_SECONDS):
                await self.store.db.command("ping")
        except (PyMongoError, TimeoutError) as error:
            if not self.away:
                why = brief(error) or "no answer"
                logger.warning("MongoDB at %s is away (%s): no crawl starts until it is back", self.store.where, why)
            self.away = True
            return False
        if self.away:
            logger.warning("MongoDB at %s is back", self.store.where)
        self.away = False
        return True

    async def crawl(self, source: Watched) -> None:
        """Crawl a source once, and plan when to do so again."""
        assert source.since is not None
        begun, why, code, process = source.since, "", None, None
        try:
            process = await start(source.name, source.log, self.arguments)
        except OSError as error:
            why = f"it could not be started ({error})"
        else:
            why = await end_of(process, self.options.crawl_seconds, self.stop, self.hurry)
            code = process.returncode
        run = await self.known(source, begun, process)
        stopped = bool(why) and self.stop.is_set() and not self.hurry.is_set() and code != 0
        failure = ""
        if code != 0 and not stopped:
            failure = why or reason_of(run, code, source.log)
        if run is None:
            state = "failed" if code != 0 else "done"
            end = {"state": state, "ended": datetime.now(UTC), "reason": INTERRUPTED if stopped else ""}
            source.untold.appendleft(end)
        counts = run["counts"] if run else {}
        source.runs += 1
        source.new += counts.get("new", 0)
        source.failed += bool(failure)
        source.failure = failure
        source.since = None
        source.plan(self.options.bounds)
        self.tell(Ended(source, (datetime.now(UTC) - begun).total_seconds(), counts, failure, stopped))
        self._news.set()

    async def known(self, source: Watched, begun: datetime, process: Process | None) -> Mapping[str, Any] | None:
        """Return what is known of a run in MongoDB, None where it is not; and learn of the source."""
        try:
            async with asyncio.timeout(AWAY_SECONDS):
                source.history = await self.store.runs.history(source.name)
        except (PyMongoError, TimeoutError) as error:
            why = brief(error) or "no answer"
            logger.warning("%s was crawled, and how is known to MongoDB alone, which is away (%s)", source.name, why)
            return None
        latest = source.history.runs[0] if source.history.runs else None
        ours = latest and process and latest["process"] == process.pid and latest["ended"] >= begun
        return latest if ours else None


def reason_of(run: Mapping[str, Any] | None, code: int | None, log: CrawlLog) -> str:
    """Return why a crawl failed that ended by itself."""
    if run and run["failures"]:
        return "; ".join(run["failures"])
    if code is not None and code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return log.last_line() or f"it ended with code {code} and without a word"
