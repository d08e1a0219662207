"""Responses: when they were received, what they are of, and why there is none."""

from datetime import UTC, datetime

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.gz import gunzip


def reason_of(error: BaseException | None) -> str:
    """Return in a word or two why a request failed; the words are those of the summary and of `crawls`."""
    if isinstance(error, HttpError):
        return f"HTTP {error.response.status}"
    if isinstance(error, IgnoreRequest):
        return "robots.txt" if "robots.txt" in str(error) else str(error).partition(":")[0] or "ignored"
    name = type(error).__name__
    return {"DownloadTimeoutError": "timeout", "DownloadCancelledError": "too large"}.get(name, name)


def content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def fetch_time(response: Response) -> datetime:
    """Return when a response was received: now, or when it was recorded where a replay answers."""
    fetched = response.meta.get("fetched")
    return fetched if isinstance(fetched, datetime) else now()


def now() -> datetime:
    return datetime.now(UTC)


def unzipped(response: Response) -> bytes:
    """Return the body of a sitemap, which may be a gzip file."""
    return gunzip(response.body, max_size=64 * 1024 * 1024) if response.body[:2] == b"\x1f\x8b" else response.body
