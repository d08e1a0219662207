"""`scrapy crawl SOURCE`: Scrapy's own, with clear sentences for bad input and an exit code that means something."""

import argparse
import asyncio
import logging

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from newsnap.arguments import ArgumentError
from newsnap.commands import complain
from newsnap.outcome import outcome_of
from newsnap.recordings import ReplayError
from newsnap.rendered import check_browser
from newsnap.rendered.executable import NoBrowser
from newsnap.replay import open_ahead
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError
from newsnap.takedowns import RuleError
from newsnap.watch.leash import GRACE_SECONDS, hold

QUIET = ("scrapy.middleware", "scrapy.crawler", "scrapy.utils.log", "scrapy.addons", "scrapy.core.engine")
"""Loggers that say at every start what is the same at every start."""


class Command(ScrapyCrawl):
    """Crawls a source once."""

    def short_desc(self) -> str:
        return "Crawl a source once: its listings, its new articles, into MongoDB"

    def long_desc(self) -> str:
        return (
            "Crawl a source once. -a urls=URL,URL or -a urls=@FILE: just these articles; -a limit=N: at most N; "
            "-a since=YYYY-MM-DD: none published before; -a refresh=1: also those already stored. "
            "Exits 0 if the crawl did what it should."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--leashed", action="store_true", help="end in good order when standard input is closed")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check everything that can be checked before the crawl, crawl, and judge."""
        if len(args) != 1:
            raise UsageError("give the name of one source; `scrapy sources` shows them", print_help=False)
        assert self.settings is not None
        assert self.crawler_process is not None
        name = args[0]
        if opts.leashed:
            hold(self.settings.getfloat("NEWSNAP_WATCH_CRAWL_SECONDS") + 2 * GRACE_SECONDS)
        if self.settings["LOG_LEVEL"] not in ("DEBUG", "NOTSET"):
            for logger in QUIET:
                logging.getLogger(logger).setLevel(logging.WARNING)
        store = None
        try:
            crawler = self._prepare(name, opts)
            store = Store(crawler.settings)
            ready(store)
        except (ArgumentError, NoBrowser, ReplayError, RuleError, ServerError, StoreError) as error:
            self.exitcode = complain(error)
        else:
            self.exitcode = self._crawl(crawler, opts)
        finally:
            if store:
                store.leave()

    def _crawl(self, crawler: Crawler, opts: argparse.Namespace) -> int:
        assert self.crawler_process is not None
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        reason = crawler._stats.get_value("finish_reason") if crawler._stats else None
        if self.crawler_process.bootstrap_failed or reason is None:
            return 1
        given = bool(opts.spargs.get("urls"))
        return 1 if outcome_of(crawler.stats.get_stats(), reason, given=given).failures else 0

    def _prepare(self, name: str, opts: argparse.Namespace) -> Crawler:
        assert self.settings is not None
        assert self.crawler_process is not None
        load_sources(self.settings).named(name)(**opts.spargs)  # raises ArgumentError
        crawler = self.crawler_process.create_crawler(name)
        open_ahead(crawler.settings)
        check_browser(crawler.spidercls, crawler.settings)
        return crawler


def ready(store: Store) -> None:
    """Hold the embedded server, so that it is started once, and check what can be checked ahead.

    Raises ServerError, StoreError or RuleError with a sentence; whoever calls leaves the store at the end.
    """
    store.join()
    loop = asyncio.new_event_loop()  # asyncio.run would take the reactor's loop away
    try:
        loop.run_until_complete(check(store))
    finally:
        loop.close()


async def check(store: Store) -> None:
    """Open the store and read the rules once, so that what is wrong is said in one sentence and not in a traceback."""
    await store.open()
    try:
        await store.rules.read()
    finally:
        await store.disconnect()
