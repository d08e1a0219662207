"""`scrapy export`: articles as JSON Lines, captures as a WARC."""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.commands import complain
from newsnap.sources import Sources, load_sources
from newsnap.store import Store, StoreError
from newsnap.store.captured import capture_from
from newsnap.store.server import ServerError
from newsnap.store.validators import FIELDS
from newsnap.takedowns import LiveRules, RulesUnreadable
from newsnap.warc import WarcFile

Document = dict[str, Any]


class Command(ScrapyCommand):
    """Writes what is stored."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "Write articles as JSON Lines, or their pages as received as a WARC"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
        parser.add_argument("--source", metavar="NAME", help="only of this source")
        parser.add_argument("--since", metavar="YYYY-MM-DD", help="only published since this day, UTC+8")
        parser.add_argument("--ids", metavar="ID,ID", help="only these identities; @FILE with one a line")
        parser.add_argument("--warc", metavar="FILE", help="write the captures of these articles to a .warc.gz file")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            raise UsageError(f"export takes options only, not {args[0]!r}", print_help=False)
        try:
            query = query_of(opts, load_sources(self.settings))
            count = asyncio.run(export(Store(self.settings), query, opts.output, opts.warc))
        except (StoreError, ServerError, RulesUnreadable, ValueError, OSError) as error:
            self.exitcode = complain(error)
            return
        what = "pages" if opts.warc else "articles"
        print(f"newsnap: {count} {what} written to {opts.warc or opts.output or 'standard output'}", file=sys.stderr)


def query_of(opts: argparse.Namespace, sources: Sources) -> Document:
    """Return the query that the options ask for.

    Raises ValueError with a sentence.
    """
    query: Document = {"state": "live"}  # what is held or removed leaves by no door
    if opts.source:
        query["source"] = sources.named(opts.source).name
    if opts.since:
        try:
            day = datetime.strptime(f"{opts.since} +0800", "%Y-%m-%d %z")
        except ValueError:
            raise ValueError(f"--since {opts.since} is not a day: give it as YYYY-MM-DD") from None
        query["published"] = {"$gte": day.astimezone(UTC)}
    if opts.ids:
        ids = (
            Path(opts.ids[1:]).read_text(encoding="utf-8").split() if opts.ids.startswith("@") else opts.ids.split(",")
        )
        query["_id"] = {"$in": [each.strip() for each in ids if each.strip()]}
    return query


async def export(store: Store, query: Document, output: str | None, warc: str | None) -> int:
    """Write what a query finds, in the order of publication; return how many articles, or pages into a WARC."""
    async with store, LiveRules.of(store) as rules:
        if warc:
            return await export_captures(store, rules, query, Path(warc))
        count = 0
        with opened(output) as lines:
            async for document in store.db.articles.find(
                query, sort=[("published", 1), ("_id", 1)], allow_disk_use=True
            ):
                if (await rules.now()).covering_article(document):  # taken down since the query began
                    continue
                lines.write(json.dumps(in_order(document), ensure_ascii=False, default=iso) + "\n")
                count += 1
        return count


async def export_captures(store: Store, rules: LiveRules, query: Document, path: Path) -> int:
    """Write the latest captures of the articles that a query finds."""
    count = 0
    with WarcFile(path) as warc:
        async for article in store.db.articles.find(query, {"revision": 1, "url": 1, "title": 1}, sort=[("_id", 1)]):
            if (await rules.now()).covering_article(article):
                continue
            chosen = {"article": article["_id"], "revision": article["revision"]}
            async for document in store.db.captures.find(chosen, sort=[("page", 1)]):
                warc.add(capture_from(document))
                count += 1
    return count


def in_order(document: Document) -> Document:
    """Return a document with its fields in the order of the README's table; MongoDB sorts a new one's by name."""
    order = [name for name in FIELDS if name in document]
    return {name: document[name] for name in order} | document


def iso(value: Any) -> str:
    """Return a time as ISO 8601 in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no field of an article")


@contextlib.contextmanager
def opened(output: str | None) -> Iterator[TextIO]:
    """Open a file that appears whole or not at all; standard output without a name."""
    if output is None:
        yield sys.stdout
        return
    path = Path(output)
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8") as lines:
        yield lines
    partial.replace(path)
