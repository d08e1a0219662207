"""One crawl as a process of its own, and the log it leaves."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Self

from newsnap.arguments import ArgumentError
from newsnap.mongod.files import take
from newsnap.watch.leash import GRACE_SECONDS

HELD_SECONDS = 10
"""So long is waited for the last crawl of a watch that was killed just now."""
TAIL_BYTES = 4096


class CrawlLog:
    """The log of the latest crawl of a source.

    It is locked as long as the source is watched, and by the crawl that writes it: no source is crawled twice at once,
    whatever became of the watch before.
    """

    def __init__(self, path: Path):
        self.path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Lock it.

        Raises ArgumentError where another watch has it, ServerError where it cannot be locked.
        """
        self._descriptor = take(self.path, seconds=HELD_SECONDS)
        if self._descriptor is None:
            raise ArgumentError(
                f"{self.path.stem} is watched already, or a watch that was killed left a crawl of it ({self.path} is "
                "locked): stop that one, wait for a minute, or leave the source out"
            )
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)
        self._descriptor = None

    @property
    def descriptor(self) -> int:
        assert self._descriptor is not None, "used while it is locked"
        return self._descriptor

    def begin(self) -> None:
        """Forget the crawl before."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)

    def last_line(self) -> str:
        """Return the last words of the crawl, empty for none."""
        size = os.fstat(self.descriptor).st_size
        tail = os.pread(self.descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES)).decode(errors="replace")
        lines = [line.strip() for line in tail.splitlines() if line.strip()]
        return "".join(filter(str.isprintable, lines[-1])) if lines else ""


async def start(name: str, log: CrawlLog, options: Sequence[str]) -> Process:
    """Start a crawl of a source; options are those of the command line.

    Raises OSError.
    """
    log.begin()
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scrapy", "crawl", name, "--leashed", *options),
        stdin=PIPE,  # the leash
        stdout=log.descriptor,
        stderr=log.descriptor,
        start_new_session=True,  # Ctrl-C is for the watch, which asks its crawls to end
    )


async def end_of(process: Process, seconds: float, stop: asyncio.Event, hurry: asyncio.Event) -> str:
    """Wait for the end of a crawl, or bring it about; return why it was, empty where the crawl ended by itself.

    It is asked to end after so many seconds or when stop is set, and killed after a grace or when hurry is set.
    """
    over = asyncio.ensure_future(process.wait())
    try:
        await first(over, stop.wait(), seconds)
        if over.done():
            return ""
        why = "it was stopped" if stop.is_set() else f"it took longer than {seconds:g} s (NEWSNAP_WATCH_CRAWL_SECONDS)"
        tell(process, signal.SIGTERM)
        await first(over, hurry.wait(), GRACE_SECONDS)
        if not over.done():
            why += " and killed" if stop.is_set() else ", did not end when it was asked to, and was killed"
            tell(process, signal.SIGKILL)
            await over
        return why
    finally:
        over.cancel()
        if process.returncode is None:
            tell(process, signal.SIGKILL)


def tell(process: Process, number: signal.Signals) -> None:
    """Send a signal to a process, if there still is one."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


async def first(over: asyncio.Future[Any], event: Coroutine[Any, Any, Any], seconds: float) -> None:
    """Wait for one of the two, or so many seconds."""
    other = asyncio.ensure_future(event)
    try:
        await asyncio.wait({over, other}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        other.cancel()
