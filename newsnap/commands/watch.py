"""`scrapy watch`: crawls every source at its own pace, until it is stopped."""

import argparse
import asyncio
import contextlib
import functools
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pymongo.errors import PyMongoError
from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.utils.log import configure_logging

from newsnap.arguments import ArgumentError
from newsnap.commands import complain, show, table_of
from newsnap.commands.sources import local
from newsnap.health import span
from newsnap.sources import Sources, load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError
from newsnap.takedowns import RuleError
from newsnap.watch.options import Options
from newsnap.watch.process import CrawlLog
from newsnap.watch.telling import live_line, summary, tell, when
from newsnap.watch.watcher import Watched, Watcher


class Command(ScrapyCommand):
    """Watches the sources."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--once | --dry-run] [SOURCE ...]"

    def short_desc(self) -> str:
        return "Crawl every source at its own pace, sooner when it publishes often, until stopped"

    def long_desc(self) -> str:
        return (
            "Crawl the sources, all or those given, each when half an article is to be expected of it, by a process of "
            "its own. Ctrl-C ends it in good order, twice at once. Exits 0 if the last run of no source failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--once", action="store_true", help="crawl each source once, due or not, and end")
        only.add_argument("--dry-run", action="store_true", help="only show when each would be crawled")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        configure_logging(self.settings)
        try:
            store = Store(self.settings)
            options = Options.of(self.settings)
            watched = named(args, load_sources(self.settings), Path(self.settings["NEWSNAP_HOME"]).absolute() / "watch")
            watcher = Watcher(
                store,
                watched,
                options,
                arguments=passed_on(opts.set),
                once=opts.once,
                tell=functools.partial(tell, once=opts.once),
            )
            try:
                self.exitcode = asyncio.run(timetable(watcher) if opts.dry_run else watch(watcher))
            except PyMongoError as error:
                raise store.refusal(error) from error
        except (ArgumentError, RuleError, ServerError, StoreError) as error:
            self.exitcode = complain(error)


def named(names: Sequence[str], sources: Sources, folder: Path) -> list[Watched]:
    """Return what is to be watched: the sources that are named, or all that list articles.

    Raises ArgumentError.
    """
    chosen = [sources.named(each) for each in dict.fromkeys(names)] or [*sources.values()]
    listing = [each for each in chosen if not each.anywhere]
    if strangers := [each.name for each in chosen if each.anywhere and names]:
        raise ArgumentError(
            f"{strangers[0]} has no listings that could be watched: leave it out, and ask it for articles with "
            f"`scrapy crawl {strangers[0]} -a urls=…`"
        )
    return [Watched(each.name, ZoneInfo(each.timezone), CrawlLog(folder / f"{each.name}.log")) for each in listing]


def passed_on(given: Sequence[str]) -> list[str]:
    """Return the settings of the command line for each crawl, but that what it says goes to its own log."""
    return [word for each in (*given, "LOG_FILE=") for word in ("-s", each)]


async def timetable(watcher: Watcher) -> int:
    """Show when each source would be crawled; return the exit code."""
    async with watcher.store:
        await watcher.learn()
    table = table_of("source", "last run", "pause", "next")
    now = datetime.now(UTC)
    for each in watcher.waiting:
        last = each.history.runs[0]["ended"] if each.history.runs else None
        pause = span(each.due - last) if each.due and last else "-"
        table.add_row(each.name, local(last, str(each.zone)), pause, when(each, now))
    show(table)
    print(f"{len(watcher.sources)} sources; times are of each source's own zone")
    return 0


async def watch(watcher: Watcher) -> int:
    """Watch until the end, and show how it went; return the exit code."""
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, watcher.end)
    async with watcher.store as store:
        await store.rules.read()  # what is wrong with them is said once, and not by every crawl
        with contextlib.ExitStack() as logs:
            for source in watcher.sources:
                try:
                    source.log.path.parent.mkdir(parents=True, exist_ok=True)
                    logs.enter_context(source.log)
                except OSError as error:
                    raise ArgumentError(
                        f"the log {source.log.path} cannot be kept ({error}): set NEWSNAP_HOME"
                    ) from error
            await watcher.learn()
            async with live_line(watcher, Console(stderr=True, highlight=False)):
                await watcher.run()
    said, code = summary(watcher)
    print(said)
    return code
