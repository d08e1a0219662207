"""The recorded day: every page under `tests/pages/<source>/` in one WARC, as its site would have sent it.

    python tests/record.py OUT.warc.gz [--sources people,xinhua]

`addresses.tsv` of a source has one line a file: name, address, Content-Type.  What lies in `lists/` is what a crawl
reads before any article: robots.txt, sitemaps, feeds, lists.  The same pages give the same bytes, whatever the day
(compressed, also the same release of zlib is needed).
"""

import argparse
import io
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGES = Path(__file__).parent / "pages"
DAY = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
"""When everything was received: 17:00 in Shanghai; no page or list is of a later time."""
LISTED = datetime(2026, 10, 3, 8, 45, tzinfo=UTC)
"""Last change of the lists."""


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the recorded day."""

    path: Path
    address: str
    content_type: str
    """As the site sends it: people.com.cn, for one, never tells the charset."""


def pages_of(source: str) -> Iterator[Page]:
    """Yield the pages of a source in the order of its table.

    Raises ValueError for a source without a table, a line that is not three columns, an address that is given twice.
    """
    table = PAGES / source / "addresses.tsv"
    if not table.is_file():
        raise ValueError(f"{source} has no recorded pages: {table} is missing; give one of {', '.join(recorded())}")
    seen: set[str] = set()
    for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
        columns = line.split("\t")
        if len(columns) != 3:
            raise ValueError(f"{table}:{number} is {line!r}: a line is file, address and Content-Type, parted by tabs")
        name, address, content_type = columns
        if address in seen:
            raise ValueError(f"{table}:{number} gives {address} a second time: an address has one answer; remove one")
        seen.add(address)
        yield Page(table.parent / name, address, content_type)


def recorded() -> list[str]:
    """Return the names of the sources that have pages, sorted."""
    return sorted(table.parent.name for table in PAGES.glob("*/addresses.tsv"))


def http_headers(page: Page, size: int) -> StatusAndHeaders:
    """Return the head of a response with a body of so many bytes."""
    headers = [
        ("Server", "nginx"),
        ("Date", format_datetime(DAY, usegmt=True)),
        ("Content-Type", page.content_type),
        ("Content-Length", str(size)),
    ]
    if page.path.parent.name == "lists":
        headers.append(("Last-Modified", format_datetime(LISTED, usegmt=True)))
    return StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")


def record(out: Path, sources: list[str] | None = None) -> int:
    """Write the pages of the sources, of all by default, and return how many there were.

    Compressed if the name ends in `.gz`, each record on its own.  Raises ValueError as `pages_of` does, OSError for a
    file that cannot be read or written.
    """
    pages = [page for source in (recorded() if sources is None else sorted(set(sources))) for page in pages_of(source)]
    bodies = [page.path.read_bytes() for page in pages]  # all there, before anything is written
    with out.open("wb") as stream:
        writer = WARCWriter(stream, gzip=out.suffix == ".gz")
        for page, body in zip(pages, bodies, strict=True):
            # warcio's own ids are random and its dates are now
            fixed = {
                "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, page.address)}>",
                "WARC-Date": f"{DAY:%Y-%m-%dT%H:%M:%SZ}",
            }
            response = writer.create_warc_record(
                page.address,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                warc_headers_dict=fixed,
                http_headers=http_headers(page, len(body)),
            )
            writer.write_record(response)
    return len(pages)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the recorded day as a WARC file.")
    parser.add_argument("out", type=Path, metavar="OUT.warc.gz")
    parser.add_argument("--sources", metavar="NAME,NAME", help="only these (default: all that have pages)")
    options = parser.parse_args()
    sources = options.sources.split(",") if options.sources else None
    try:
        count = record(options.out, sources)
    except (OSError, ValueError) as error:
        sys.exit(f"record: {error}")
    print(f"{count} pages of {', '.join(sources or recorded())} -> {options.out}")


if __name__ == "__main__":
    main()
