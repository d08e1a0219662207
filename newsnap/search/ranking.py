"""Ranking: BM25 with a bonus for headlines and for what is new; a word is where all its terms are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsnap.search.index import NOTHING, Found, Places, Snapshot
from newsnap.search.query import Clause, Query
from newsnap.search.words import fold

SATURATION = 1.2
"""BM25's k1."""
LENGTH = 0.4
"""BM25's b, lower than usual: long reports are as often meant as flashes."""
HEADLINE = 1.0
"""A word of the headline counts so much more, in units of its rarity."""
RECENCY = 0.3
"""The newest article counts so much more than an old one that says the same."""
RECENCY_DAYS = 14
"""After so many days half of it is left."""
SAID_ENOUGH = 0.6
"""Where no article has all words, those that have so much of what the words tell are found."""
DAY = 86_400


@dataclass(slots=True)
class Ranked:
    """What was found, best first, one place an article."""

    places: Places
    scores: NDArray[np.float32]
    rarity: dict[str, float]
    """How telling each word is."""

    relaxed: bool
    """No article has all words."""


def together(clause: Clause, found: Mapping[int, Found]) -> Found:
    """Return where all terms of a clause stand."""
    each = sorted((found.get(term, NOTHING) for term in clause.terms), key=lambda it: len(it.places))
    if len(each) == 1:
        return each[0]
    places, often, headline = each[0].places, each[0].often, each[0].headline
    for other in each[1:]:
        at = np.searchsorted(other.places, places)
        at[at == len(other.places)] = 0
        both = other.places[at] == places if len(other.places) else np.zeros(len(places), np.bool_)
        at = at[both]
        places, often, headline = places[both], np.minimum(often[both], other.often[at]), headline[both]
        headline = headline & other.headline[at]
    return Found(places, often, headline)


def rarity(count: int, of: int) -> float:
    """Return how much a word tells that stands in `count` articles of `of`."""
    return float(np.log1p((of - count + 0.5) / (count + 0.5))) if count < of else 0.1


def allowed(query: Query, snapshot: Snapshot) -> NDArray[np.bool_]:
    """Return which places can be found at all: what is alive and passes the filters."""
    columns = snapshot.columns
    allow = columns.alive.copy()
    if query.sources or query.categories:
        sources = {fold(each) for each in query.sources}
        categories = {fold(each) for each in query.categories}
        passes = [
            (not sources or source in sources or fold(site) in sources)
            and (not categories or fold(category or "") in categories)
            for source, site, category in columns.facets
        ]
        allow &= np.array(passes, dtype=np.bool_)[columns.facet] if passes else False
    if query.since:
        allow &= columns.published >= query.since.timestamp()
    if query.until:
        allow &= columns.published < query.until.timestamp()
    return allow


def rank(query: Query, snapshot: Snapshot, found: Mapping[int, Found]) -> Ranked:
    """Return what a query finds."""
    columns = snapshot.columns
    allow = allowed(query, snapshot)
    for clause in query.excluded:
        allow[together(clause, found).places] = False
    scores = np.zeros(len(allow), dtype=np.float32)
    said = np.zeros(len(allow), dtype=np.float32)
    telling: dict[str, float] = {}
    for clause in query.wanted:
        there = together(clause, found)
        weight = telling[clause.text] = rarity(len(there.places), max(snapshot.living, 1))
        norm = SATURATION * (1 - LENGTH + LENGTH * columns.lengths[there.places] / snapshot.mean_length)
        gain = there.often * (SATURATION + 1) / (there.often + norm) + HEADLINE * there.headline
        scores[there.places] += weight * gain.astype(np.float32)
        said[there.places] += weight
        if clause.phrase:
            elsewhere = np.ones(len(allow), dtype=np.bool_)
            elsewhere[there.places] = False
            allow &= ~elsewhere
    total = sum(telling.values())
    allow &= said > 0
    places = np.flatnonzero(allow & (said >= total * 0.999))
    relaxed = not len(places)
    if relaxed:
        places = np.flatnonzero(allow & (said >= total * SAID_ENOUGH))
    ages = np.maximum(snapshot.newest - columns.published[places], 0) / DAY
    fresh = 1 + RECENCY * np.exp2(-ages / RECENCY_DAYS)
    return Ranked(places, (scores[places] * fresh).astype(np.float32), telling, relaxed and bool(len(places)))


def best(ranked: Ranked, count: int) -> Sequence[int]:
    """Return which of what was found are the best, best first; of equals the later ones."""
    scores = ranked.scores
    top = np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))
    ordered: list[int] = top[np.lexsort((-ranked.places[top], -scores[top]))].tolist()
    return ordered
