"""`scrapy sources`: a table of the sources, and how each is doing."""

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.commands import ScrapyCommand

from newsnap.commands import complain, show, table_of
from newsnap.news_spider import NewsSpider
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError


class Command(ScrapyCommand):
    """Shows the sources."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "Show the sources: ways of listing, articles stored, newest article, last run"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        sources = load_sources(self.settings)
        try:
            holdings, runs, troubles = asyncio.run(look_up(Store(self.settings)))
        except (StoreError, ServerError) as error:
            self.exitcode = complain(error)
            return
        headings = ("source", "masthead", "listing", "rendered", "articles", "newest article", "failing", "last run")
        table = table_of(*headings, right=["articles"])
        for name, source in sources.items():
            articles, newest = holdings.pop(name, (0, None))
            row = [name, source.site, ways_of(source), "yes" if source.rendered else "", str(articles)]
            row += [local(newest, source.timezone), failing(*troubles.get(name, (0, 0)))]
            table.add_row(*row, told(runs.get(name), source.timezone))
        for name, (articles, newest) in holdings.items():  # crawled once, no source any more
            table.add_row(name, "", "", "", str(articles), local(newest, "Asia/Shanghai"), "", "")
        show(table)
        print(f"{len(sources)} sources; times are of each source's own zone")


async def look_up(
    store: Store,
) -> tuple[dict[str, tuple[int, datetime | None]], dict[str, dict[str, Any]], dict[str, tuple[int, int]]]:
    async with store:
        return await store.runs.holdings(), await store.runs.last(), await store.ledger.troubles()


def failing(tried: int, over: int) -> str:
    """Return in a few words how many addresses of a source are tried again, and how many were given up."""
    parts = [f"{tried} tried again" if tried else "", f"{over} given up" if over else ""]
    return ", ".join(filter(None, parts))


def ways_of(source: type[NewsSpider]) -> str:
    """Return the ways of listing of a source in the order they are tried."""
    ways = {
        "feed": source.feed_urls,
        "sitemap": source.sitemap_urls,
        "json": source.json_lists,
        "html": source.listing_urls,
    }
    return ", ".join(f"{name} ({len(urls)})" for name, urls in ways.items() if urls)


def local(at: datetime | None, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if at else "-"


def told(run: dict[str, Any] | None, zone: str) -> str:
    """Return in a few words when a source was crawled last, and how it went."""
    if run is None:
        return "never"
    if run["state"] == "running":
        age = datetime.now(UTC) - run["started"]
        return f"{local(run['started'], zone)} {'running' if age.days < 1 else 'never ended'}"
    counts = run.get("counts", {})
    return f"{local(run['started'], zone)} {run['state']}, {counts.get('new', 0)} new, {counts.get('errors', 0)} errors"
