"""Recordings: responses that were received once, kept in a file, and can be looked up by their address."""

import logging
import os
import re
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit

# Of the two readers of WARC files, warcio indexes 250 MB (8000 pages) in 4.3 s and fetches a page in 0.62 ms, this one
# in 2.0 s and 0.36 ms; both find the same records.
from fastwarc import ArchiveIterator, WarcRecord, WarcRecordType
from w3lib.url import safe_url_string

logger = logging.getLogger(__name__)

GZIP_MAGIC = b"\x1f\x8b"
HEAD_BYTES = 64 * 1024
"""The status line and headers of a response have to end within so many bytes."""
CHUNK_OVERHEAD = 6
"""A body in chunks of a single byte is longer than itself by this factor."""
PROGRESS_SECONDS = 5.0
DEFAULT_PORTS = {"http": 80, "https": 443}

PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
STATUS_LINE = re.compile(rb"(HTTP/\d(?:\.\d)?)[ \t]+([1-5]\d\d)(?!\d)")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n", re.IGNORECASE)


class ReplayError(ValueError):
    """NEWSNAP_REPLAY names nothing that can be replayed; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One recorded response."""

    status: int
    """HTTP status code, as sent: redirects and errors too."""

    headers: list[tuple[bytes, bytes]]
    """Names and values in the order they were sent; Content-Encoding may be left over from a body that is decoded."""

    body: bytes = field(repr=False)
    """The body without its transfer encoding; its content encoding may still be on it."""

    fetched: datetime
    """When it was received, aware UTC."""

    protocol: str | None = None
    """As in the status line, e.g. `HTTP/1.1`; None where it is not recorded."""

    ip_address: str | None = None
    """The host that sent it; None where it is not recorded."""

    truncated: bool = False
    """The recorder says that it did not keep all of the body."""


class Recording(Protocol):
    """A source of recorded responses; opened before the first request, closed after the last."""

    @property
    def received(self) -> datetime | None:
        """When the last of the responses was received, the time of a crawl that replays them; None if there is none."""

    def holds(self, url: str) -> bool:
        """Tell whether an address is recorded, so that there is a point in asking for it although nothing lists it."""

    def open(self) -> None:
        """Get ready to answer, once; raise ReplayError if that cannot be."""

    async def get(self, url: str, maxsize: int) -> Record | None:
        """Return the latest response recorded for an address, or None if there is none.

        `maxsize` is in bytes, 0 for no limit; a longer body may be cut, to no less than a byte more than that.
        """

    def close(self) -> None:
        """Give back what `open` took; may be called more than once."""


def lookup_key(url: str) -> str:
    """Return the form of an address that its spellings share: no fragment, no default port, escapes in one case.

    Raises ValueError if it is not an absolute http or https address.

    >>> lookup_key("HTTP://News.cn:80/%e4%b8%ad?q=中#top")
    'http://news.cn/%E4%B8%AD?q=%E4%B8%AD'
    """
    # some writers put the address in angle brackets, as the grammar of WARC/1.0 can be read
    parts = urlsplit(safe_url_string(url.strip().removeprefix("<").removesuffix(">")))
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is not an address of the web: it needs to begin with http:// or https:// and a host")
    host = parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS[parts.scheme]}")
    key = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    return PERCENT.sub(lambda escape: escape[0].upper(), key)


def other_scheme(key: str) -> str:
    """Return an address with https for http, or http for https."""
    scheme, rest = key.split(":", 1)
    return f"{'http' if scheme == 'https' else 'https'}:{rest}"


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a WARC file a response stands, and what is needed to choose between several."""

    key: str
    """Its address, as `lookup_key` has it."""

    time: float
    """When it was received, in seconds since 1970."""

    offset: int
    """Byte of the file at which its record begins; where it is compressed, the gzip member of the record."""

    digest: str | None
    """Of its payload, as stated."""

    revisit: bool
    """The response was the same as an earlier one, and is recorded without its body."""


class WarcRecording:
    """The responses of a WARC file (ISO 28500): `.warc`, or `.warc.gz` with a gzip member for each record.

    Opening reads the file once and keeps where the latest response of each address stands; none of their content stays
    in memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream: BinaryIO | None = None
        self.responses: dict[str, Location] = {}
        self.revisits: dict[str, Location] = {}
        self.payloads: dict[str, int] = {}
        """Digest of a payload → offset of a response that has it."""

    def open(self) -> None:
        if self.stream is not None:
            return
        try:
            self.stream = self.path.open("rb")
            self.index(self.stream)
        except OSError as error:
            self.close()
            raise self.refusal(f"cannot be read ({error.strerror})") from None
        except ReplayError:
            self.close()
            raise

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def refusal(self, reason: str) -> ReplayError:
        return ReplayError(
            f"NEWSNAP_REPLAY={str(self.path)!r} {reason}: it has to be a WARC file (.warc, .warc.gz) with responses in "
            "it; give the path of one, or leave it empty to fetch from the network"
        )

    def index(self, stream: BinaryIO) -> None:
        """Find all responses; what a damaged file still holds is used, with a warning."""
        size = os.fstat(stream.fileno()).st_size
        compressed = os.pread(stream.fileno(), 2, 0) == GZIP_MAGIC
        told = time.monotonic()
        offset, records = -1, 0
        location = damage = None
        try:
            for record in ArchiveIterator(stream, parse_http=False):
                if location:  # a record follows it, so it is whole
                    self.remember(location)
                at = record.stream_pos
                if at <= offset or (compressed and os.pread(stream.fileno(), 2, at) != GZIP_MAGIC):
                    raise self.refusal(
                        "is compressed as a whole, so that no record can be found without reading all before it "
                        f"(`warcio recompress {self.path.name} NEW.warc.gz` compresses each on its own)"
                    )
                offset, records, location = at, records + 1, self.location(record)
                if time.monotonic() - told > PROGRESS_SECONDS:
                    told = time.monotonic()
                    logger.info("Replay: reading %s, %.0f%%", self.path, 100 * offset / size)
        except OSError as error:
            damage = str(error)
        if offset < 0:
            raise self.refusal(f"is not a WARC file ({damage})" if size else "is empty")
        if not self.is_whole(stream, offset):
            damage = damage or "the file ends in the middle of a record"
        elif location:
            self.remember(location)
        found = len(self.responses.keys() | self.revisits.keys())
        if damage:
            logger.warning(
                "NEWSNAP_REPLAY=%s is damaged in or after the record at byte %d of %d (%s): what comes before is used",
                self.path, offset, size, damage,
            )  # fmt: skip
        if not found:
            raise self.refusal(f"holds no response to http or https among its {records} records")
        logger.info("Replay: %d addresses are answered from %s, and no others", found, self.path)

    def location(self, record: WarcRecord) -> Location | None:
        """Return what to remember of a record; None if it is no response of the web, or not dated."""
        if record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
            return None
        try:
            key = lookup_key(record.headers.get("WARC-Target-URI") or "")
        except ValueError:  # dns:, ftp: and the like are recorded as responses too
            return None
        if record.record_date is None:
            logger.warning(
                "Replay: the record at byte %d of %s has no readable date: left out", record.stream_pos, self.path
            )
            return None
        return Location(
            key=key,
            time=record.record_date.timestamp(),
            offset=record.stream_pos,
            digest=record.headers.get("WARC-Payload-Digest"),
            revisit=record.record_type == WarcRecordType.revisit,
        )

    def remember(self, location: Location) -> None:
        """Keep a location, unless a later one of the same address is known."""
        locations = self.revisits if location.revisit else self.responses
        known = locations.get(location.key)
        if known is None or location.time >= known.time:
            locations[location.key] = location
        if location.digest and not location.revisit:
            self.payloads[location.digest] = location.offset

    def is_whole(self, stream: BinaryIO, offset: int) -> bool:
        """Tell whether the record at an offset is there to its last byte."""
        try:
            record = self.record_at(stream, offset)
            left = record.content_length
            while left and (piece := record.reader.read(min(left, HEAD_BYTES))):
                left -= len(piece)
        except OSError:
            return False
        return left == 0

    def record_at(self, stream: BinaryIO, offset: int) -> WarcRecord:
        stream.seek(offset)
        return next(iter(ArchiveIterator(stream, parse_http=False)))

    @property
    def received(self) -> datetime | None:
        times = [each.time for each in (*self.responses.values(), *self.revisits.values())]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def holds(self, url: str) -> bool:
        try:
            key = lookup_key(url)
        except ValueError:
            return False
        return any(each in known for each in (key, other_scheme(key)) for known in (self.responses, self.revisits))

    async def get(self, url: str, maxsize: int) -> Record | None:
        assert self.stream is not None, "opened before the first request"
        try:
            key = lookup_key(url)
        except ValueError:
            return None
        if (record := self.latest(self.stream, key, maxsize)) is not None:
            return record
        record = self.latest(self.stream, other_scheme(key), maxsize)
        # http that only leads to https would lead in a circle
        return None if record is None or leads_to(record, other_scheme(key), key) else record

    def latest(self, stream: BinaryIO, key: str, maxsize: int) -> Record | None:
        """Return the last response of an address in time; a revisit counts as the response that it refers to."""
        response, revisit = self.responses.get(key), self.revisits.get(key)
        if revisit and (response is None or revisit.time > response.time):
            record = self.revisited(stream, revisit, maxsize)
            if record is not None or response is None:
                return record
        return self.read(stream, response.offset, maxsize) if response else None

    def revisited(self, stream: BinaryIO, revisit: Location, maxsize: int) -> Record | None:
        """Return the response that a revisit refers to, as of the day of the revisit; None if it is not in the file."""
        record = self.record_at(stream, revisit.offset)
        offset = self.payloads.get(revisit.digest or "")
        if offset is None:
            try:
                referred = lookup_key(record.headers.get("WARC-Refers-To-Target-URI") or revisit.key)
            except ValueError:
                return None
            response = self.responses.get(referred)
            if response is None or (revisit.digest and response.digest):  # the digests differ
                return None
            offset = response.offset
        original = self.read(stream, offset, maxsize)
        return original and replace(original, fetched=datetime.fromtimestamp(revisit.time, UTC))

    def read(self, stream: BinaryIO, offset: int, maxsize: int) -> Record | None:
        """Return the response at an offset; None, with a warning, if it is not one of HTTP."""
        record = self.record_at(stream, offset)
        limit = HEAD_BYTES + CHUNK_OVERHEAD * (maxsize + 1) if maxsize else record.content_length
        block = read_fully(record, min(limit, record.content_length))
        parsed = parse_head(block)
        if parsed is None:
            logger.warning("Replay: the record at byte %d of %s is not a response of HTTP: left out", offset, self.path)
            return None
        status, protocol, headers, start = parsed
        body = block[start:]
        if any(name.lower() == b"transfer-encoding" and b"chunked" in value.lower() for name, value in headers):
            body = unchunked(body)
        return Record(
            status=status,
            headers=[pair for pair in headers if pair[0].lower() != b"transfer-encoding"],
            body=body,
            fetched=record.record_date,
            protocol=protocol,
            ip_address=record.headers.get("WARC-IP-Address"),
            truncated="WARC-Truncated" in record.headers,
        )


def read_fully(record: WarcRecord, size: int) -> bytes:
    """Return the first bytes of a record's block; fewer only if the record has fewer."""
    pieces = []
    while size > 0 and (piece := record.reader.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def parse_head(block: bytes) -> tuple[int, str, list[tuple[bytes, bytes]], int] | None:
    r"""Return status, protocol, headers and where the body begins; None if there is no status line.

    Lenient as browsers are: lines without a colon are passed over, line ends may lack their carriage return.

    >>> parse_head(b"HTTP/1.1 200 OK\r\nServer: a\r\n b\r\n\r\nbody")
    (200, 'HTTP/1.1', [(b'Server', b'a b')], 34)
    """
    status_line = STATUS_LINE.match(block)
    if status_line is None:
        return None
    blank = BLANK_LINE.search(block, 0, HEAD_BYTES)
    head, start = (block[: blank.start()], blank.end()) if blank else (block, len(block))
    headers: list[tuple[bytes, bytes]] = []
    for line in head.splitlines()[1:]:
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, value + b" " + line.strip())
        elif b":" in line:
            name, _, value = line.partition(b":")
            headers.append((name.strip(), value.strip()))
    return int(status_line[2]), status_line[1].decode("ascii"), headers, start


def unchunked(body: bytes) -> bytes:
    r"""Return a body without its chunks (RFC 9112, 7.1), what there is of it; unaltered if it is not in chunks.

    Many archives keep the header and store the body as it was meant.

    >>> unchunked(b"4\r\nnews\r\n3;x=y\r\nnap\r\n0\r\n\r\n"), unchunked(b"news")
    (b'newsnap', b'news')
    """
    pieces: list[bytes] = []
    at = 0
    while size_line := CHUNK_SIZE.match(body, at):
        begin, size = size_line.end(), int(size_line[1], 16)
        if size == 0:
            return b"".join(pieces) if pieces or not body[begin:].strip() else body
        pieces.append(body[begin : begin + size])
        at = begin + size
        at += 2 if body.startswith(b"\r\n", at) else 1  # its line end
    return b"".join(pieces) if pieces and at >= len(body) else body


def leads_to(record: Record, url: str, key: str) -> bool:
    """Tell whether a response of one address redirects to another, given as its `lookup_key`."""
    location = next((value for name, value in record.headers if name.lower() == b"location"), None)
    if not 300 <= record.status < 400 or location is None:
        return False
    try:
        return lookup_key(urljoin(url, location.decode("latin-1"))) == key
    except ValueError:
        return False
