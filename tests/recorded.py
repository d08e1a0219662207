"""Recordings of a site at a moment: what a crawl of people would have been answered then."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import invented
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

INDEX = "http://www.people.cn/sitemap_index.xml"
NEWS = "http://www.people.cn/sitemap/cn/all/news_sitemap.xml"
PHRASES = {200: "OK", 304: "Not Modified", 404: "Not Found", 410: "Gone", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answers at an address."""

    address: str
    body: bytes = b""
    status: int = 200
    content_type: str = "text/html"
    headers: Sequence[tuple[str, str]] = field(default_factory=list)


def listing(addresses: Iterable[str], at: datetime) -> list[Answer]:
    """Return the sitemaps of a site that lists these addresses."""
    day = f"<lastmod>{at:%Y-%m-%d}</lastmod>"
    listed = "".join(f"<url><loc>{each}</loc>{day}</url>" for each in addresses)
    index = invented.sitemap("sitemapindex", f"<sitemap><loc>{NEWS}</loc>{day}</sitemap>")
    return [
        Answer(INDEX, index, content_type="text/xml"),
        Answer(NEWS, invented.sitemap("urlset", listed), content_type="text/xml"),
    ]


def write(out: Path, answers: Iterable[Answer], at: datetime) -> Path:
    """Write what was answered at a moment as a WARC file."""
    with out.open("wb") as stream:
        writer = WARCWriter(stream, gzip=out.suffix == ".gz")
        for each in answers:
            status = f"{each.status} {PHRASES[each.status]}"
            headers = [("Content-Type", each.content_type), ("Content-Length", str(len(each.body))), *each.headers]
            record = writer.create_warc_record(
                each.address,
                "response",
                payload=io.BytesIO(each.body),
                length=len(each.body),
                warc_headers_dict={"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
                http_headers=StatusAndHeaders(status, headers, protocol="HTTP/1.1"),
            )
            writer.write_record(record)
    return out
