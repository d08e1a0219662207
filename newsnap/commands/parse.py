"""`scrapy parse URL`: Scrapy's own command, which shows of an article what MongoDB would keep, and not its page."""

import argparse
import logging
from typing import Any

from itemadapter import ItemAdapter
from scrapy.commands.parse import Command as ScrapyParse
from scrapy.exceptions import DropItem
from scrapy.utils import display
from scrapy.utils.defer import deferred_from_coro

LEFT_OUT = ("captures", "fingerprint", "stored")
"""Fields of an article that are of no use to who reads them: whole pages, hashes."""


class Command(ScrapyParse):
    """Shows what a spider reads on a page."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        logging.getLogger("py.warnings").setLevel(logging.ERROR)  # what Scrapy says of its own command
        assert self.settings is not None
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")

    def scraped_data(self, args: Any) -> Any:
        """Wait for the pipelines, which Scrapy's own command does not: the store would be closed under them."""
        return deferred_from_coro(self._scraped_data(args))

    async def _scraped_data(self, args: Any) -> list[Any]:
        items, requests, opts, *rest = args
        if opts.pipelines:
            for item in items:
                try:
                    await self.pcrawler.engine.scraper.itemproc.process_item_async(item)
                except DropItem as drop:
                    print(f"# Dropped: {drop}")
            opts = argparse.Namespace(**(vars(opts) | {"pipelines": False}))
        scraped: list[Any] = super().scraped_data((items, requests, opts, *rest))
        return scraped

    def print_items(self, lvl: int | None = None, colour: bool = True) -> None:
        """Print the items of a level, or of all."""
        items = [each for level in self.items.values() for each in level] if lvl is None else self.items.get(lvl, [])
        print("# Scraped Items ", "-" * 60)
        display.pprint([shown(each) for each in items], colorize=colour)


def shown(item: Any) -> dict[str, Any]:
    """Return an item without what is of no use to who reads it."""
    return {name: value for name, value in ItemAdapter(item).asdict().items() if name not in LEFT_OUT}
