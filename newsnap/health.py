"""Health: whether a source still publishes, and whether its pages still read as they used to.

Nothing is set by hand: what is usual for a source is learnt from what was stored of it, and only what can hardly be
chance is called ill.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from newsnap.outcome import INTERRUPTED

Counts = Mapping[str, int]

GAPS = 200
"""So many articles tell how long a source is usually silent."""
FEW_GAPS = 20
"""With fewer articles nothing is usual yet."""
PATIENCE = 1.5
"""A source is silent when nothing is new for so many times its longest usual gap."""
SHORTEST_SILENCE, SILENCE_OF_STRANGERS = timedelta(hours=6), timedelta(days=3)
"""A silence is at least so long; and where nothing is usual yet, so long."""

RECENT, USUAL = 8, 2000
"""Articles of the latest runs that are compared at least, and those before that tell what is usual at most."""
FEW_USUAL = 40
"""With fewer nothing is usual yet."""
MOST = 0.8
"""What fewer articles have varies with the news of the day."""
FALL = 0.5
"""A share falls when it is less than so much of the usual one."""
CHANCE = 0.001
"""What is less likely than this is no chance."""
LENGTHS = (0.25, 4)
"""The mean length of some texts is at least and at most so much of the usual one."""
UNREAD = 0.2
"""Share of pages without an article that is too much."""
FEW_UNREAD = 3


@dataclass(slots=True)
class History:
    """What is stored of a source and its runs."""

    published: Sequence[datetime]
    """Of its newest articles, newest first."""
    runs: Sequence[Mapping[str, Any]]
    """Its runs that are over, newest first; not those of addresses given by hand."""


@dataclass(slots=True)
class Health:
    """How a source is doing."""

    success: datetime | None = None
    """When it was last crawled well."""
    newest: datetime | None = None
    usual_gap: timedelta | None = None
    """The longest between two of its articles, lately."""
    fields: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    """Share of its latest articles that have a field, and the usual one, None where there is none yet."""
    errors: dict[str, int] = field(default_factory=dict)
    """Of its latest run, by reason."""
    ills: list[str] = field(default_factory=list)
    """What is wrong, in sentences."""


def judge(history: History, now: datetime) -> Health:
    """Return how a source is doing."""
    health = Health(newest=history.published[0] if history.published else None)
    health.success = next((run["ended"] for run in history.runs if run["state"] == "done"), None)
    health.usual_gap = usual_gap(history.published)
    if history.runs:
        health.errors = dict(history.runs[0].get("errors") or {})
    health.ills += silence(health, history, now)
    health.ills += failures(health, history)
    recent, usual = split([run["coverage"] for run in history.runs if run.get("coverage")])
    health.ills += falls(health, recent, usual)
    return health


def usual_gap(published: Sequence[datetime]) -> timedelta | None:
    """Return the longest time between two articles, newest first; None for few."""
    if len(published) < FEW_GAPS:
        return None
    return max(later - earlier for later, earlier in pairwise(published[:GAPS]))


def silence(health: Health, history: History, now: datetime) -> Iterator[str]:
    """Yield why a source counts as silent."""
    if health.newest is None:
        return
    bound = SILENCE_OF_STRANGERS if health.usual_gap is None else max(SHORTEST_SILENCE, PATIENCE * health.usual_gap)
    silent = now - health.newest
    if silent <= bound:
        return
    last = history.runs[0]["ended"] if history.runs else None
    usual = f"usually at most {span(health.usual_gap)}" if health.usual_gap else f"more than {span(bound)}"
    if last is None or now - last > bound:
        yield f"not crawled for {span(now - last)}" if last else "never crawled as a source"
    yield f"nothing new for {span(silent)} ({usual})"


def failures(health: Health, history: History) -> Iterator[str]:
    """Yield why its latest run was no success, and whether its pages give no article any more.

    A run that somebody stopped says nothing of its source.
    """
    latest = next((run for run in history.runs if run.get("reason") != INTERRUPTED), None)
    if latest is None:
        return
    if latest["state"] == "failed":
        yield f"the last run failed: {'; '.join(latest.get('failures') or ['it says not why'])}"
    fetched = latest.get("counts", {}).get("fetched", 0)
    unread = (latest.get("errors") or {}).get("no article on the page", 0)
    if unread >= FEW_UNREAD and unread > UNREAD * fetched:
        yield f"{unread} of {fetched} pages of the last run give no article"


def split(coverages: Sequence[Counts]) -> tuple[Counts, Counts]:
    """Return the counts of the latest articles, and of those before them."""
    at, articles = 0, 0
    while at < len(coverages) and articles < RECENT:
        articles += coverages[at]["articles"]
        at += 1
    end = at
    while end < len(coverages) and articles < RECENT + USUAL:
        articles += coverages[end]["articles"]
        end += 1
    return added(coverages[:at]), added(coverages[at:end])


def added(coverages: Sequence[Counts]) -> Counts:
    """Return the sums of counts."""
    names = dict.fromkeys(name for each in coverages for name in each)
    return {name: sum(each.get(name, 0) for each in coverages) for name in names}


def falls(health: Health, recent: Counts, usual: Counts) -> Iterator[str]:
    """Yield what the latest articles lack that those before had; note all shares."""
    articles, before = recent.get("articles", 0), usual.get("articles", 0)
    comparable = articles >= RECENT and before >= FEW_USUAL
    for name in dict.fromkeys((*usual, *recent)):
        if name in ("articles", "characters") or not articles:
            continue
        share, was = recent.get(name, 0) / articles, usual.get(name, 0) / before if before else 0
        health.fields[name] = share, was if before else None
        usually = comparable and was >= MOST
        if usually and share < FALL * was and at_most(recent.get(name, 0), articles, was) < CHANCE:
            yield f"{share:.0%} of the last {articles} articles have {WORDS.get(name, name)}, usually {was:.0%}"
    if comparable and usual.get("characters"):
        length, mean = recent.get("characters", 0) / articles, usual["characters"] / before
        if not LENGTHS[0] * mean <= length <= LENGTHS[1] * mean:
            yield f"the last {articles} texts have {length:.0f} characters on average, usually {mean:.0f}"


WORDS = {
    "headlines": "a headline of their own",
    "published": "a date",
    "time of day": "a time of day",
    "outlet": "an outlet",
    "category": "a category",
    "layout": "a layout that reads them",
}


def at_most(count: int, of: int, share: float) -> float:
    """Return how likely at most so many are, where each has it with a chance of `share` (binomial distribution)."""
    return sum(math.comb(of, each) * share**each * (1 - share) ** (of - each) for each in range(count + 1))


def span(duration: timedelta) -> str:
    """Return a duration in one unit.

    >>> span(timedelta(minutes=5)), span(timedelta(hours=31)), span(timedelta(days=3, hours=2))
    ('5 min', '31 h', '3 days')
    """
    hours = duration / timedelta(hours=1)
    if hours < 2:
        return f"{duration / timedelta(minutes=1):.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
