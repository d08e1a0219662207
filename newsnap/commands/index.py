"""`scrapy index`: brings the search index up to date, or makes it anew."""

import argparse
import asyncio
import sys
import time

from pymongo.errors import PyMongoError
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.commands import complain
from newsnap.search import Indexer
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError

STEP_SECONDS = 5
"""So often it says how far it is."""
WAIT_SECONDS = 2
"""It looks again after this when another process is at it."""


class Command(ScrapyCommand):
    """Indexes what is stored."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[--rebuild]"

    def short_desc(self) -> str:
        return "Bring the search index up to date; crawls and the site do so by themselves"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--rebuild", action="store_true", help="make the index anew from the articles")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("it takes no argument; --rebuild makes the index anew", print_help=False)
        assert self.settings is not None
        store = Store(self.settings)
        try:
            indexed, removed, seconds = asyncio.run(index(store, rebuild=opts.rebuild))
        except (StoreError, ServerError) as error:
            self.exitcode = complain(error)
        except PyMongoError as error:
            self.exitcode = complain(store.refusal(error))
        else:
            print(f"{indexed} articles indexed, {removed} removed from the index, in {seconds:.1f} s")


async def index(store: Store, *, rebuild: bool) -> tuple[int, int, float]:
    """Bring the index up to date; return how many articles were indexed and removed, and in how many seconds."""
    begun, indexed, removed = time.monotonic(), 0, 0
    async with store:
        indexer = Indexer(store)
        if rebuild:
            await indexer.start_over()
        while True:
            done = await indexer.catch_up(seconds=STEP_SECONDS)
            indexed, removed = indexed + done.indexed, removed + done.removed
            if not done.behind:
                return indexed, removed, time.monotonic() - begun
            print(f"newsnap: {indexed} articles indexed so far", file=sys.stderr)
            if not done.indexed and not done.removed:
                await asyncio.sleep(WAIT_SECONDS)
