"""The pace: when a source is to be crawled next, by when it publishes and how its runs went."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from newsnap.health import History
from newsnap.outcome import INTERRUPTED

AWAITED = 0.5
"""A crawl is due when so many articles are to be expected: after half the usual gap between two."""
LATELY = timedelta(days=14)
"""What was published longer ago says nothing of today; two weeks have the same days of the week twice."""
LULL = timedelta(days=2)
"""What was published before such a pause was put back into the listing, or is of another time."""
FEW = 10
"""A source with fewer articles is new, and nothing is known of when it publishes."""
STEADY = 3
"""With fewer moments lately a source publishes as good as never."""
SMOOTH = {-1: 0.25, 0: 0.5, 1: 0.25}
"""How much the hours beside an hour count in what is published in it: two weeks are few to tell one from the next."""
KNOWN = 0.5
"""Hours; of an hour of the day of which less was seen, nothing is known."""
JITTER = 0.1
"""Share of its pause that a source waits longer at most, always the same for one source."""
DOUBLINGS = 16
"""After more failures in a row the pause grows no more; it is the longest long since."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a source is left alone at least and at most."""

    shortest: timedelta
    longest: timedelta

    @property
    def middling(self) -> timedelta:
        """As many times the shortest as the longest is of it."""
        return timedelta(seconds=math.sqrt(self.shortest.total_seconds() * self.longest.total_seconds()))


def next_crawl(name: str, history: History, bounds: Bounds, zone: tzinfo) -> datetime | None:
    """Return when a source is to be crawled next; None, which is at once, for one that never was.

    zone: where the hours of its day are counted.
    """
    if not history.runs:
        return None
    last: datetime = history.runs[0]["ended"]
    seen = next((run["ended"] for run in history.runs if run["state"] == "done"), last)
    pause = usual_pause(history.published, seen=seen, after=last, bounds=bounds, zone=zone)
    if failed := failures_in_a_row(history.runs):
        pause = max(pause, bounds.shortest * 2 ** min(failed, DOUBLINGS))
    return last + bounded(pause, bounds, share_of(name))


def usual_pause(
    published: Sequence[datetime], *, seen: datetime, after: datetime, bounds: Bounds, zone: tzinfo
) -> timedelta:
    """Return how long after a moment half an article is to be expected; the longest pause where it would be longer.

    published: of the newest articles, newest first.  seen: when the source was last looked at and answered.
    """
    if len(published) < FEW:
        return bounds.middling
    moments = lately(published, seen)
    if len(moments) < STEADY:
        return bounds.longest
    rates = hourly_rates(moments, seen, zone)
    awaited = 0.0
    for start, length in hours(after, after + bounds.longest):
        rate = rates[start.astimezone(zone).hour]
        expected = rate * (length / timedelta(hours=1))
        if rate and awaited + expected >= AWAITED:
            return start - after + timedelta(hours=(AWAITED - awaited) / rate)
        awaited += expected
    return bounds.longest


def lately(published: Sequence[datetime], seen: datetime) -> list[datetime]:
    """Return the moments at which was published lately, newest first.

    Each counts once: a paper that dates all it has by the day publishes once a day.
    """
    moments = sorted({each for each in published if seen - LATELY <= each <= seen}, reverse=True)
    for number, (later, earlier) in enumerate(pairwise(moments), 1):
        if later - earlier > LULL:
            return moments[:number]
    return moments


def hourly_rates(moments: Sequence[datetime], seen: datetime, zone: tzinfo) -> list[float]:
    """Return for each hour of the day at how many moments of an hour was published; hours beside it count too.

    moments: newest first.
    """
    counts, lengths = [0] * 24, [0.0] * 24
    for moment in moments[:-1]:  # the oldest is where the time that is looked at begins
        counts[moment.astimezone(zone).hour] += 1
    for start, length in hours(moments[-1], seen):
        lengths[start.astimezone(zone).hour] += length / timedelta(hours=1)
    overall = sum(counts) / max(sum(lengths), 1)
    rates = []
    for hour in range(24):
        near = [((hour + each) % 24, weight) for each, weight in SMOOTH.items()]
        known = sum(weight * lengths[each] for each, weight in near)
        rates.append(sum(weight * counts[each] for each, weight in near) / known if known >= KNOWN else overall)
    return rates


def hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the time between two moments in parts that no full hour divides: where each starts, and how long it is."""
    while start < end:
        full = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        yield start, min(full, end) - start
        start = full


def failures_in_a_row(runs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many of the latest runs failed; runs are newest first, and those that somebody stopped are no sign."""
    failed = 0
    for run in runs:
        if run["state"] == "done":
            break
        failed += run.get("reason") != INTERRUPTED
    return failed


def bounded(pause: timedelta, bounds: Bounds, share: float) -> timedelta:
    """Return a pause within its bounds, a little longer by a share from 0 to 1, so that not all come at once."""
    pause = max(bounds.shortest, min(pause, bounds.longest / (1 + JITTER)))
    return min(bounds.longest, pause * (1 + JITTER * share))


def share_of(name: str) -> float:
    """Return a share from 0 to 1 that is always the same for a name, and another for each."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
