"""Step 200: the moment of publication, by the witnesses that the page, the listing and the address are."""

import logging
from datetime import datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsnap.dates import SLACK, judge, read_moment
from newsnap.items import Article

logger = logging.getLogger(__name__)

RAW_CHARACTERS = 200
"""Of what could not be read, so much is kept."""


class DatesPipeline:
    """Sets `published` and what belongs to it, and `modified`; an article without a date is kept.

    Stats: `newsnap/dates/from_<kind>`; `doubted` (articles whose witnesses disagree); `unreadable` (articles with
    witnesses of which none can be believed); `refused_future` (witnesses that are later than the fetch);
    `before_since` (articles older than `-a since`, which are dropped).
    """

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats
        self.spider = crawler.spider
        name = getattr(crawler.spider, "timezone", "Asia/Shanghai")
        try:
            self.zone: tzinfo = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"timezone = {name!r} is not in the IANA database: write it like Asia/Shanghai") from error

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        witnesses, fetched = item.published_witnesses, item.snapshot
        verdict = judge(witnesses, fetched=fetched, zone=self.zone)
        late = sum(moment is not None and moment.at > fetched + SLACK for _, moment, _ in verdict.considered)
        self.count("refused_future", late)
        if verdict.moment and verdict.witness:
            item.published, item.published_raw = verdict.moment.at, verdict.moment.raw
            item.published_precision, item.published_from = verdict.moment.precision, verdict.witness.kind
            self.count(f"from_{verdict.witness.kind}")
        elif witnesses:
            item.published_raw = witnesses[0].text.strip()[:RAW_CHARACTERS] or None
            self.count("unreadable")
        if verdict.doubts:
            self.count("doubted")
            logger.debug("published doubted: %s: %s", item.url, "; ".join(verdict.doubts))
        since = getattr(self.spider, "since", None)
        if since and item.published and item.published < since:
            self.count("before_since")
            raise DropItem(f"published before since: {item.url}", log_level="DEBUG")
        item.modified = modified(item.modified_raw, item.published, fetched, self.zone)
        return item

    def count(self, event: str, times: int = 1) -> None:
        """Count an event of this step."""
        if times and self.stats:
            self.stats.inc_value(f"newsnap/dates/{event}", times)


def modified(raw: str | None, published: datetime | None, fetched: datetime, zone: tzinfo) -> datetime | None:
    """Return when an article was last changed; None if nobody says, or it lies ahead, or a day before publication."""
    moment = read_moment(raw, fetched=fetched, zone=zone) if raw else None
    if moment is None or moment.at > fetched + SLACK:
        return None
    if published and moment.at < published - timedelta(days=1):
        return None
    return moment.at
