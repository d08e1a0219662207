"""The outcome of a crawl: its counts in words, and whether it was a success."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapy.crawler import Crawler

GOOD_ENDS = ("finished",)
"""Scrapy's own reasons for an end that is a success; whatever else ended a crawl, it did not do all it should."""


def stop_soon(crawler: Crawler, reason: str) -> None:
    """End a running crawl in good order, from wherever it is called; one that is not running yet raises by itself."""
    engine = crawler._engine
    if engine is None or engine.spider is None or not crawler.crawling:
        return
    task = asyncio.get_running_loop().create_task(engine.close_spider_async(reason=reason))
    _stopping.add(task)
    task.add_done_callback(_stopping.discard)


_stopping: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no reference to a task."""


@dataclass(slots=True)
class Outcome:
    """The counts of a run, and what was wrong with it."""

    counts: dict[str, int]
    reasons: dict[str, int] = field(default_factory=dict)
    """Errors by reason."""

    failures: list[str] = field(default_factory=list)
    """Why the run is no success, in sentences; empty for a success."""


COUNTS = {
    "listed": "newsnap/listing/articles",
    "known": "newsnap/spider/known",
    "fetched": "newsnap/spider/fetched",
    "new": "newsnap/mongo/new",
    "changed": "newsnap/mongo/changed",
    "due": "newsnap/spider/due",
    "gone": "newsnap/ledger/gone",
    "waiting": "newsnap/spider/waiting",
    "given_up": "newsnap/ledger/given_up",
    "rendered": "newsnap/rendered/pages",
}


def outcome_of(stats: Mapping[str, Any], reason: str, *, given: bool) -> Outcome:
    """Judge a run by Scrapy's stats and the reason it ended; given tells that the addresses were given by hand.

    `scrapy crawl` itself exits 0 whatever happened, so the exit code is made of this.
    """
    counts = {name: int(stats.get(stat, 0)) for name, stat in COUNTS.items()}
    counts["unchanged"] = sum(int(stats.get(f"newsnap/{each}/unchanged", 0)) for each in ("dedupe", "mongo", "ledger"))
    counts["duplicates"] = int(stats.get("newsnap/dedupe/duplicates", 0))
    closed = ("refused", "dropped", "withdrawn")
    counts["taken_down"] = sum(int(stats.get(f"newsnap/takedowns/{each}", 0)) for each in closed)
    counts["taken_down"] += int(stats.get("newsnap/mongo/held", 0))
    counts["pages"] = counts["fetched"] + int(stats.get("newsnap/spider/further_pages", 0))
    reasons = errors_of(stats)
    reasons.pop("taken down", None)
    counts["errors"] = sum(reasons.values())
    outcome = Outcome(counts, dict(sorted(reasons.items())))
    say = outcome.failures.append
    if reason not in GOOD_ENDS:
        say(f"it ended early: {END_WORDS.get(reason, reason)}")
    if stats.get("newsnap/listing/none_alive"):
        say("no listing was alive")
    if unstored := reasons.get("not stored", 0):
        say(f"{unstored} fetched article{'s' * (unstored > 1)} could not be stored and will be fetched again")
    had = ("new", "changed", "unchanged", "known", "duplicates", "taken_down", "gone")
    if counts["listed"] and not any(counts[each] for each in had) and not stats.get("newsnap/dates/before_since"):
        say(f"{counts['listed']} article{'s' * (counts['listed'] > 1)} listed, none stored")
    elif given and counts["errors"]:
        say(f"{counts['errors']} of the given addresses could not be had")
    return outcome


INTERRUPTED = "shutdown"
"""Scrapy's reason for an end that somebody asked for: the source failed in nothing."""

END_WORDS = {
    INTERRUPTED: "it was interrupted",
    "mongo_away": "MongoDB stayed away",
    "takedowns_unreadable": "the takedown rules could not be read",
    "closespider_errorcount": "too many pages failed one after another (CLOSESPIDER_ERRORCOUNT)",
    "start_error": "reading the listings failed",
    "no_browser": "there was no browser to render its pages with",
}


def errors_of(stats: Mapping[str, Any]) -> dict[str, int]:
    """Return what went wrong, counted by reason in words."""
    reasons: dict[str, int] = {}

    def add(reason: str, count: Any) -> None:
        if count:
            reasons[reason] = reasons.get(reason, 0) + int(count)

    for name, value in stats.items():
        if name.startswith("newsnap/failed/"):
            add(name.rsplit("/", 1)[1], value)
        elif name.startswith("spider_exceptions/") and name.count("/") == 1 and name != "spider_exceptions/count":
            add(f"error in the page's reading ({name.partition('/')[2]})", value)
    add("no article on the page", stats.get("newsnap/spider/empty"))
    add("unreadable characters", stats.get("newsnap/spider/mojibake"))
    add("unreadable listing", stats.get("newsnap/listing/unreadable"))
    add("not stored", stats.get("newsnap/errors/item"))
    return reasons
