"""newsnap's own scrapy commands, one file each."""

import logging
import sys
from collections.abc import Collection

from rich.console import Console
from rich.table import Table
from scrapy.utils.log import get_scrapy_root_handler

logger = logging.getLogger(__name__)


def table_of(*headings: str, right: Collection[str] = ()) -> Table:
    """Return an empty table; `right` are the headings of numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    return table


def show(table: Table) -> None:
    """Print a table, as wide as the terminal, or wide enough for a file."""
    Console(width=None if Console().is_terminal else 160).print(table)


def complain(error: Exception) -> int:
    """Say in one line what is wrong, also in the log where that is a file; return the exit code."""
    print(f"newsnap: {error}", file=sys.stderr)
    if isinstance(get_scrapy_root_handler(), logging.FileHandler):  # a Scrapyd job has no other words for its operator
        logger.error("%s", error)
    return 1
