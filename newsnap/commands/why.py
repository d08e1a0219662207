"""`scrapy why URL`: every decision about one address, from its identity to what the store would do."""

import argparse
import asyncio
import json
import logging

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.account import Inspector, plain, told
from newsnap.arguments import ArgumentError
from newsnap.commands import complain
from newsnap.recordings import ReplayError
from newsnap.replay import open_ahead
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError
from newsnap.takedowns import RuleError


class Command(ScrapyCommand):
    """Explains one address."""

    requires_project = True

    def syntax(self) -> str:
        return "[--json] [--fetch] URL"

    def short_desc(self) -> str:
        return "Show every decision about one address: robots, takedowns, layouts, dates, duplicates"

    def long_desc(self) -> str:
        return (
            "Read the page of URL as a crawl would, and show what was decided and why; nothing is stored. The page is "
            "that of NEWSNAP_REPLAY where it is set, else the stored one, else it is fetched with all manners."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the account as JSON")
        parser.add_argument("--fetch", action="store_true", help="fetch the page, though it is stored")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")  # the account says what the log would

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        assert self.crawler_process is not None
        if len(args) != 1:
            raise UsageError("give one address", print_help=False)
        logging.getLogger("scrapy.core.scraper").setLevel(logging.CRITICAL)
        url = args[0] if "://" in args[0] else f"https://{args[0]}"
        store = None
        try:
            inspector = Inspector(urls=url.replace(",", "%2C"))
            store = Store(self.settings)
            store.join()  # held until the end, so that the embedded server is started once
            loop = asyncio.new_event_loop()  # asyncio.run would take the reactor's loop away
            try:
                stored = loop.run_until_complete(is_captured(store, inspector))
            finally:
                loop.close()
            if stored and not opts.fetch and not self.settings["NEWSNAP_REPLAY"]:
                self.settings.set("NEWSNAP_REPLAY", "captures", priority="cmdline")
            crawler = self.crawler_process.create_crawler(Inspector)
            open_ahead(crawler.settings)
        except (ArgumentError, ReplayError, RuleError, ServerError, StoreError) as error:
            self.exitcode = complain(error)
        else:
            self.crawler_process.crawl(crawler, urls=url.replace(",", "%2C"))
            self.crawler_process.start()
            account = crawler.spider.account if isinstance(crawler.spider, Inspector) else {}
            if "address" not in account:
                self.exitcode = complain(
                    RuntimeError(f"{url} could not be looked into: see the errors above, or -L INFO")
                )
                return
            print(
                json.dumps(account, ensure_ascii=False, indent=2, default=plain)
                if opts.json
                else "\n".join(told(account))
            )
        finally:
            if store:
                store.leave()


async def is_captured(store: Store, inspector: Inspector) -> bool:
    """Open the store, read the rules once so that what is wrong is said in one sentence, and look for a stored page."""
    await store.open()
    try:
        await store.rules.read()
        return await store.db.captures.find_one({"article": inspector.address.id}, {"_id": 1}) is not None
    finally:
        await store.disconnect()
