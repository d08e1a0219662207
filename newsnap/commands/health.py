"""`scrapy health`: which sources still publish and still read as they used to."""

import argparse
import asyncio
from datetime import UTC, datetime

from pymongo.errors import PyMongoError
from scrapy.commands import ScrapyCommand

from newsnap.arguments import ArgumentError
from newsnap.commands import complain, show, table_of
from newsnap.commands.sources import local
from newsnap.health import Health, History, judge, span
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError


class Command(ScrapyCommand):
    """Judges the sources."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[SOURCE ...]"

    def short_desc(self) -> str:
        return "Tell which sources are silent or read worse than usual; exits 1 if one is or does"

    def long_desc(self) -> str:
        return (
            "Compare each source that was ever crawled, or those given, with what is usual for it: the gap between its "
            "articles, the share of them that have a date, an outlet, a layout that reads them and so on, how long "
            "they are. Exits 1 if one is silent, failed, or reads worse than can be chance."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        sources = load_sources(self.settings)
        store = Store(self.settings)
        try:
            names = [sources.named(each).name for each in args] or [*sources]
            histories = asyncio.run(look_up(store, names))
        except (ArgumentError, StoreError, ServerError) as error:
            self.exitcode = complain(error)
            return
        except PyMongoError as error:
            self.exitcode = complain(store.refusal(error))
            return
        now = datetime.now(UTC)
        # what was fetched one by one, by address, makes no source that is crawled
        judged = {name: judge(each, now) for name, each in histories.items() if each.runs or args}
        headings = (
            "source",
            "last success",
            "newest article",
            "usual gap",
            "date",
            "outlet",
            "names",
            "layout",
            "errors",
        )
        table = table_of(*headings)
        for name, health in judged.items():
            table.add_row(name, *row(health, sources[name].timezone), style="red" if health.ills else None)
        if judged:
            show(table)
        ill = {name: health.ills for name, health in judged.items() if health.ills}
        for name, ills in ill.items():
            print(f"{name}: {'; '.join(ills)}")
        quiet = len(sources) - len(judged) if not args else 0
        print(f"{len(judged)} sources, {len(ill)} ill" + (f"; {quiet} were never crawled" if quiet else ""))
        self.exitcode = 1 if ill else 0


async def look_up(store: Store, names: list[str]) -> dict[str, History]:
    async with store:
        return {name: await store.runs.history(name) for name in names}


def row(health: Health, zone: str) -> list[str]:
    """Return the columns of a source: times, and the shares of its latest articles."""
    cells = [local(health.success, zone), local(health.newest, zone)]
    cells.append(span(health.usual_gap) if health.usual_gap else "-")
    for name in ("published", "outlet", "authors or editors", "layout"):
        share = health.fields.get(name)
        cells.append(f"{share[0]:.0%}" if share else "-")
    cells.append(", ".join(f"{reason} {count}" for reason, count in health.errors.items()) or "-")
    return cells
