"""WARC files of captures: what newsnap received, for archives and for replay (ISO 28500:2017)."""

import io
from pathlib import Path
from types import TracebackType
from typing import Self

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsnap import __version__
from newsnap.items import Capture

UNTRUE = frozenset(["content-encoding", "transfer-encoding", "content-length"])
"""Headers that no longer say what is so, since the body is kept decoded."""


class WarcFile:
    """A WARC being written; it appears under its name when it is whole."""

    def __init__(self, path: Path):
        self.path = path
        self.partial = path.with_name(path.name + ".part")

    def __enter__(self) -> Self:
        self.file = self.partial.open("wb")
        self.writer = WARCWriter(self.file, gzip=self.path.suffix == ".gz")
        info = {"software": f"newsnap/{__version__}", "format": "WARC File Format 1.1"}
        self.writer.write_record(self.writer.create_warcinfo_record(self.path.name, info))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if kind is None:
            self.partial.replace(self.path)
        else:
            self.partial.unlink()

    def add(self, capture: Capture) -> None:
        """Append a page."""
        headers = [pair for pair in capture.headers if pair[0].lower() not in UNTRUE]
        headers.append(("Content-Length", str(len(capture.body))))
        status = StatusAndHeaders(f"{capture.status} OK", headers, protocol="HTTP/1.1")
        date = capture.fetched.strftime("%Y-%m-%dT%H:%M:%SZ")
        record = self.writer.create_warc_record(
            capture.url,
            "response",
            payload=io.BytesIO(capture.body),
            length=len(capture.body),  # else warcio spools it through a file
            http_headers=status,
            warc_headers_dict={"WARC-Date": date},
        )
        self.writer.write_record(record)
