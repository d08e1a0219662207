"""Replay: a crawl that is answered from a recording, and never from the network."""

import ipaddress
import logging
import zlib
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from scrapy import Request, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings

from newsnap.recordings import Record, Recording, ReplayError, WarcRecording
from newsnap.store.captures import CapturesRecording

CAPTURES = "captures"
"""The value of NEWSNAP_REPLAY that names what newsnap itself received, in MongoDB."""

HANDLER = "newsnap.replay.ReplayDownloadHandler"
EXTENSION = "newsnap.replay.Replay"
NOT_RECORDED = "not recorded"
"""Flag of a response that says nothing of the site: nobody asked it."""

SETTINGS = {
    "DOWNLOAD_DELAY": 0,  # no host is there to be spared
    "DOWNLOAD_DELAY_JITTER": 0,
    "DOWNLOAD_SLOTS": {},
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "AUTOTHROTTLE_ENABLED": False,
    "NEWSNAP_CRAWL_DELAY_MAX_SECONDS": 0,
    "NEWSNAP_RETRY_AFTER_MAX_SECONDS": 0,
    "RETRY_ENABLED": False,  # the answer will not change
}
"""What a replay sets, besides who answers."""


def configure(settings: BaseSettings) -> None:
    """Make a crawl a replay if NEWSNAP_REPLAY is set; for `update_settings` of a spider, after all else it sets."""
    if not settings.get("NEWSNAP_REPLAY"):
        return
    nowhere_else = dict.fromkeys(("data", "file", "ftp", "s3"))
    handlers = {**settings.getdict("DOWNLOAD_HANDLERS"), **nowhere_else, "http": HANDLER, "https": HANDLER}
    settings.set("DOWNLOAD_HANDLERS", handlers, priority="spider")
    settings.set("EXTENSIONS", {**settings.getdict("EXTENSIONS"), EXTENSION: 0}, priority="spider")
    for name, value in SETTINGS.items():
        settings.set(name, value, priority="spider")


def recording(value: str, settings: BaseSettings) -> Recording:
    """Return the recording that a value of NEWSNAP_REPLAY names, not yet opened."""
    if value == CAPTURES:
        return CapturesRecording(settings)
    return WarcRecording(Path(value).expanduser())


_opened: dict[str, Recording] = {}


def open_ahead(settings: BaseSettings) -> None:
    """Open the recording for the next crawl of this process: what is wrong with it is said before anything starts.

    Raises ReplayError.
    """
    if value := settings.get("NEWSNAP_REPLAY"):
        _opened[value] = recording(value, settings)
        _opened[value].open()


class Replay:
    """Opens the recording before the crawl, which does not start if that fails (ReplayError), and closes it after.

    Settings: NEWSNAP_REPLAY, the path of a WARC file, or `captures`.
    """

    def __init__(self, crawler: Crawler) -> None:
        value = crawler.settings["NEWSNAP_REPLAY"]
        self.recording = _opened.pop(value) if value in _opened else recording(value, crawler.settings)
        self.recording.open()
        crawler.signals.connect(self.close, signal=signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Replay":
        return cls(crawler)

    def close(self) -> None:
        self.recording.close()


class ReplayDownloadHandler(BaseDownloadHandler):
    """Answers requests from the recording; an address that it does not hold is a 404, as is any method but GET
    and POST.

    When the response was received is left in `request.meta["fetched"]`, aware UTC.  A response of which the recorder
    kept only a part has the flag `truncated`, the 404 of an address that is not recorded the flag NOT_RECORDED.

    Settings: DOWNLOAD_MAXSIZE, as for a download.
    Stats: newsnap/replay/answered, newsnap/replay/missing.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        replay = crawler.get_extension(Replay)
        if replay is None:
            raise ReplayError(
                f"{HANDLER} has no recording to answer from: let newsnap.replay.configure set up the crawl"
            )
        self.recording = replay.recording
        self.maxsize = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self.logger = logging.getLogger(__name__)

    async def download_request(self, request: Request) -> Response:
        url = request.url.partition("#")[0]
        maxsize: int = request.meta.get("download_maxsize", self.maxsize)
        record = await self.recording.get(url, maxsize) if request.method in ("GET", "POST") else None
        if record is None:
            request.meta.pop("fetched", None)  # of the response that redirected here
            self.crawler.stats.inc_value("newsnap/replay/missing")
            return response_of(url, 404)
        if maxsize and len(record.body) > maxsize:
            message = f"The recorded response of {url} has more than the {maxsize} bytes that DOWNLOAD_MAXSIZE allows"
            self.logger.warning(message)
            raise DownloadCancelledError(message)
        self.crawler.stats.inc_value("newsnap/replay/answered")
        request.meta["fetched"] = record.fetched
        return response_of(url, record.status, record)


def response_of(url: str, status: int, record: Record | None = None) -> Response:
    """Return a response as Scrapy's own handlers make it; without a record, an empty one."""
    if record is None:
        return responsetypes.from_args(url=url)(url, status=status, flags=[NOT_RECORDED])
    headers = Headers()
    for name, value in record.headers:
        headers.appendlist(name, value)
    if not is_encoded(record.body, headers):
        headers.pop(b"Content-Encoding", None)
    headers[b"Content-Length"] = str(len(record.body))
    return responsetypes.from_args(headers=headers, url=url, body=record.body)(
        url,
        status=status,
        headers=headers,
        body=record.body,
        flags=["truncated"] if record.truncated else [],
        ip_address=ip_address(record.ip_address),
        protocol=record.protocol,
    )


def ip_address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an IP address, or None if the text is none."""
    try:
        return ipaddress.ip_address(text or "")
    except ValueError:
        return None


def is_encoded(body: bytes, headers: Headers) -> bool:
    """Tell whether a body still has the content encoding that its headers name.

    Many archives store what the encoding was taken from and keep the header; decoding that again would lose the page.
    An encoding that is not known here is taken at its word.
    """
    named = b",".join(headers.getlist(b"Content-Encoding")).lower()
    outermost = named.rpartition(b",")[2].strip()
    beginning = body[:4096]
    match outermost:
        case b"gzip" | b"x-gzip":
            return body.startswith(b"\x1f\x8b")
        case b"zstd":
            return body.startswith(b"\x28\xb5\x2f\xfd")
        case b"br":
            try:
                brotli.Decompressor().process(beginning, output_buffer_limit=4096)
            except brotli.error:
                return False
            return bool(body)
        case b"deflate":
            return any(inflates(beginning, wbits) for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS))
    return True


def inflates(data: bytes, wbits: int) -> bool:
    """Tell whether the data begins a stream of zlib, or a raw one (negative wbits), which some servers send."""
    try:
        return bool(zlib.decompressobj(wbits).decompress(data, 4096))
    except zlib.error:
        return False
