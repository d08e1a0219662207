"""`scrapy reextract SOURCE`: reads stored pages again by today's rules, and replaces what they say otherwise."""

import argparse
import sys
import time

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.arguments import ArgumentError
from newsnap.commands import complain
from newsnap.commands.crawl import ready
from newsnap.progress import LINE_SECONDS, LOG_SECONDS, LiveLine
from newsnap.reextraction import Change, Reextractor, Tally
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError
from newsnap.takedowns import RuleError

MOST_TROUBLES = 20
"""So many are told one by one."""


class Command(ScrapyCommand):
    """Reads what is stored again."""

    requires_project = True

    def syntax(self) -> str:
        return "[--dry-run] [--ids ID,ID] SOURCE"

    def short_desc(self) -> str:
        return "Read the stored pages of a source again by today's rules, and replace what they say otherwise"

    def long_desc(self) -> str:
        return (
            "Read the stored pages of a source again by today's layouts and rules, and replace in its articles what "
            "they say otherwise; nothing is fetched, and no revision is made, for the publisher changed nothing. "
            "Exits 0 if all could be read."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="only show, field by field, what would change")
        parser.add_argument("--ids", metavar="ID,ID", help="only the articles of these identities")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")  # what cannot be read is told at the end

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        assert self.crawler_process is not None
        if len(args) != 1:
            raise UsageError("give the name of one source; `scrapy sources` shows them", print_help=False)
        store = None
        try:
            name = load_sources(self.settings).named(args[0]).name
            store = Store(self.settings)
            ready(store)
        except (ArgumentError, RuleError, ServerError, StoreError) as error:
            self.exitcode = complain(error)
        else:
            query = {"source": name} | (
                {"_id": {"$in": [each.strip() for each in opts.ids.split(",")]}} if opts.ids else {}
            )
            tally = Tally()
            telling = Telling(name, tally, dry_run=opts.dry_run)
            self.crawler_process.crawl(
                Reextractor, query=query, keep=not opts.dry_run, tally=tally, tell=telling.change, beat=telling.beat
            )
            self.crawler_process.start()
            telling.summary()
            self.exitcode = 0 if tally.ended and not tally.troubles else 1
        finally:
            if store:
                store.leave()


class Telling:
    """Shows what changes, how far it is, and how it went."""

    def __init__(self, name: str, tally: Tally, *, dry_run: bool):
        self.name = name
        self.tally = tally
        self.dry_run = dry_run
        self.begun = self.told = time.monotonic()
        console = Console(stderr=True, highlight=False)
        self.live = LiveLine(console) if console.is_terminal else None
        self.pause = LINE_SECONDS if self.live else LOG_SECONDS

    def change(self, change: Change) -> None:
        """Show one article that reads otherwise."""
        if self.dry_run:
            if self.live:
                self.live.show("")
            print("\n".join(change.lines()))

    def beat(self) -> None:
        """Show how far it is, now and then."""
        if time.monotonic() - self.told < self.pause:
            return
        self.told = time.monotonic()
        rate = self.tally.read / (self.told - self.begun)
        line = f"{self.name}: read again {self.tally.read} ({rate:.0f}/s), {self.changed()}"
        if self.live:
            self.live.show(line)
        else:
            print(line, file=sys.stderr)

    def changed(self) -> str:
        return f"{self.tally.changed} {'would change' if self.dry_run else 'changed'}"

    def summary(self) -> None:
        """Show how it went."""
        if self.live:
            self.live.stop()
        troubles = self.tally.troubles
        for trouble in troubles[:MOST_TROUBLES]:
            print(f"newsnap: {trouble}", file=sys.stderr)
        if len(troubles) > MOST_TROUBLES:
            print(f"newsnap: and {len(troubles) - MOST_TROUBLES} more", file=sys.stderr)
        fields = ", ".join(f"{field} {count}" for field, count in self.tally.by_field.most_common())
        unchanged = self.tally.read - self.tally.changed - len(troubles)
        seconds = time.monotonic() - self.begun
        parts = [f"{self.changed()}{f' ({fields})' if fields else ''}", f"{unchanged} say the same"]
        if troubles:
            parts.append(f"{len(troubles)} told above")
        end = "" if self.tally.ended else "; STOPPED before the end, see the errors above"
        print(f"{self.name}: {self.tally.read} articles read again in {seconds:.1f} s: {', '.join(parts)}{end}")
