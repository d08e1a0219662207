"""Manners: no host is asked more often than it wishes, and none has to wait because another is slow."""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.pqueues import DownloaderAwarePriorityQueue, DownloaderInterface
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

PAUSING_STATUSES = {429, 503}
"""Too Many Requests, Service Unavailable: the answers whose Retry-After speaks of the host as a whole."""


class MannersMiddleware:
    """Keeps the pauses that a host asks for: `Crawl-delay` in its robots.txt, and `Retry-After` with a refusal.

    Each host has its own queue, and only that one is slowed.  Its requests that are queued already wait too.  Trying a
    refused request again is left to Scrapy's RetryMiddleware.

    Settings:
        NEWSNAP_CRAWL_DELAY_MAX_SECONDS: a longer Crawl-delay is cut to this; 0 ignores all.
        NEWSNAP_RETRY_AFTER_MAX_SECONDS: a longer Retry-After is cut to this; 0 ignores all.
        ROBOTSTXT_USER_AGENT, USER_AGENT: the name whose Crawl-delay is ours.
    Stats: newsnap/manners/delayed (hosts with a Crawl-delay), newsnap/manners/paused (Retry-After heeded).
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.logger = logging.getLogger(__name__)
        if crawler.settings.getfloat("NEWSNAP_CRAWL_DELAY_MAX_SECONDS") > 0:
            crawler.signals.connect(self.robots_parsed, signal=signals.robots_parsed)
        if crawler.settings.getfloat("NEWSNAP_RETRY_AFTER_MAX_SECONDS") > 0:
            # not process_response: by then the next request to the host may be on its way
            crawler.signals.connect(self.response_downloaded, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "MannersMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a redirected request wait in the queue of the host it now goes to, not of the one it came from."""
        request.meta.pop("download_slot", None)

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Slow the queue of a host down to its Crawl-delay."""
        settings = self.crawler.settings
        agent = settings["ROBOTSTXT_USER_AGENT"] or request.headers.get(b"User-Agent") or settings["USER_AGENT"]
        asked = robotparser.crawl_delay(agent)
        if not asked:
            return
        host = urlparse_cached(request).hostname or ""
        seconds = self.bounded(asked, host, "Crawl-delay", "NEWSNAP_CRAWL_DELAY_MAX_SECONDS")
        downloader = self.crawler.engine.downloader
        # an idle slot is dropped after a minute; a new one is made from these settings
        lasting = downloader.per_slot_settings.setdefault(host, {})
        lasting["delay"] = max(seconds, lasting.get("delay", settings.getfloat("DOWNLOAD_DELAY")))
        lasting["jitter"] = 0  # which would shorten every other pause
        if slot := downloader.slots.get(host):
            slot.delay, slot.jitter = lasting["delay"], 0
        self.crawler.stats.inc_value("newsnap/manners/delayed")
        self.logger.info("%s is asked every %g s at most, as its robots.txt wishes", host, lasting["delay"])

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Stop the queue of a host for as long as its refusal says."""
        if response.status not in PAUSING_STATUSES:
            return
        asked = retry_after(response, datetime.now(UTC))
        slot = self.crawler.engine.downloader.slots.get(request.meta["download_slot"])
        if not asked or slot is None:
            return
        host = urlparse_cached(request).hostname or ""
        seconds = self.bounded(asked, host, "Retry-After", "NEWSNAP_RETRY_AFTER_MAX_SECONDS")
        pause(slot, seconds)
        self.crawler.stats.inc_value("newsnap/manners/paused")
        self.logger.info("%s answers %d: it is not asked again for %g s", host, response.status, seconds)

    def bounded(self, asked: float, host: str, wish: str, setting: str) -> float:
        """Return the seconds that a host wishes for, cut with a warning to what the setting allows."""
        most = self.crawler.settings.getfloat(setting)
        if asked > most:
            self.logger.warning("%s wishes for a %s of %g s, which %s cuts to %g s", host, wish, asked, setting, most)
        return min(asked, most)


def retry_after(response: Response, now: datetime) -> float | None:
    """Return for how many seconds a response asks not to be asked again (RFC 9110, 10.2.3); None if it does not say.

    A moment is measured from the Date that the server gives, for its clock may be wrong, or else from `now`.
    """
    value = header(response, "Retry-After")
    if value.isascii() and value.isdigit():
        return float(value)
    until = http_date(value)
    return max(0.0, (until - (http_date(header(response, "Date")) or now)).total_seconds()) if until else None


def header(response: Response, name: str) -> str:
    """Return the value of a header, or the empty string."""
    return (response.headers.get(name) or b"").decode("latin-1").strip()


def http_date(text: str) -> datetime | None:
    """Return the moment that a date of HTTP names, aware UTC; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def pause(slot: Slot, seconds: float) -> None:
    """Start no request of a downloader slot before so many seconds have passed."""
    # A slot starts a request when its delay has passed since the last start.  A start in the future is a pause, if
    # there is a delay at all, and it keeps Scrapy from dropping the slot as idle.
    slot.delay = slot.delay or 0.001
    shortest_delay = slot.delay * (1 - slot.jitter)
    slot.lastseen = max(slot.lastseen, monotonic() + seconds - shortest_delay)


class HostQueue(DownloaderAwarePriorityQueue):
    """Hands out waiting requests to idle hosts only; for SCHEDULER_PRIORITY_QUEUE.

    Scrapy's own queue fills the downloader up to CONCURRENT_REQUESTS with requests of a slow host as soon as nothing
    else waits.  Where a host wants two minutes between requests, all others then wait for it, and so does the end of
    the crawl.

    Settings: CONCURRENT_REQUESTS_PER_DOMAIN, the requests under way that make a host busy.
    """

    def __init__(self, crawler: Crawler, *arguments: Any, **options: Any) -> None:
        super().__init__(crawler, *arguments, **options)
        self._downloader_interface = HostLoad(crawler)
        self.busy = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")

    def pop(self) -> Request | None:
        load = self._downloader_interface.stats(self.pqueues)
        if load and min(load)[0] >= self.busy:
            return None
        return super().pop()


class HostLoad(DownloaderInterface):
    """How many requests are under way to each host, those included that wait for its robots.txt."""

    def stats(self, possible_slots: Iterable[str]) -> list[tuple[int, str]]:
        under_way = Counter(self.get_slot_key(request) for request in self.downloader.active)
        return [(under_way[slot], slot) for slot in possible_slots]
