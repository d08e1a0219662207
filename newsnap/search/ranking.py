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
    places, often, headline = each[0].places, each[0].often, each[0].headline
    for other in each[1:]:
        at, both = standing(places, other.places)
        at = at[both]
        places, often = places[both], np.minimum(often[both], other.often[at])
        headline = headline[both] & other.headline[at]
    return Found(places, often, headline)


def standing(places: Places, among: Places) -> tuple[Places, NDArray[np.bool_]]:
    """Return where places would stand among others, and which of them do."""
    if not len(among):
        return np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_)
    at = np.searchsorted(among, places)
    at[at == len(among)] = 0
    return at, among[at] == places


def rarity(count: int, of: int) -> float:
    """Return how much a word tells that stands in `count` articles of `of`."""
    return float(np.log1p((of - count + 0.5) / (count + 0.5))) if count < of else 0.1


def allowed(query: Query, snapshot: Snapshot, places: Places) -> NDArray[np.bool_]:
    """Return which places can be found at all: those that are alive and pass the filters."""
    columns = snapshot.columns
    allow = columns.alive[places]
    if query.sources or query.categories:
        sources = {fold(each) for each in query.sources}
        categories = {fold(each) for each in query.categories}
        passes = [
            (not sources or source in sources or fold(site) in sources)
            and (not categories or fold(category or "") in categories)
            for source, site, category in columns.facets
        ]
        allow &= np.array(passes, dtype=np.bool_)[columns.facet[places]]
    if query.since:
        allow &= columns.published[places] >= query.since.timestamp()
    if query.until:
        allow &= columns.published[places] < query.until.timestamp()
    return allow


def rank(query: Query, snapshot: Snapshot, found: Mapping[int, Found]) -> Ranked:
    """Return what a query finds."""
    stands = [(clause, together(clause, found)) for clause in query.wanted]
    telling = {clause.text: rarity(len(there.places), max(snapshot.living, 1)) for clause, there in stands}
    places = min((there.places for _, there in stands), key=len)
    for _, there in stands:
        places = places[standing(places, there.places)[1]]
    places = sifted(places, query, snapshot, found)
    relaxed = not len(places) and len(stands) > 1
    if relaxed:
        places = sifted(saying_enough(stands, telling, snapshot), query, snapshot, found)
    columns = snapshot.columns
    norm = SATURATION * (1 - LENGTH + LENGTH * columns.lengths[places] / snapshot.mean_length)
    scores = np.zeros(len(places), dtype=np.float32)
    for clause, there in stands:
        at, here = standing(places, there.places)
        often = np.where(here, there.often[at], 0) if len(there.places) else np.zeros(len(places), np.float32)
        gain = often * (SATURATION + 1) / (often + norm)
        if len(there.places):
            gain += HEADLINE * (here & there.headline[at])
        scores += telling[clause.text] * gain
    ages = np.maximum(snapshot.newest - columns.published[places], 0) / DAY
    fresh = 1 + RECENCY * np.exp2(-ages / RECENCY_DAYS)
    return Ranked(places, (scores * fresh).astype(np.float32), telling, relaxed and bool(len(places)))


def sifted(places: Places, query: Query, snapshot: Snapshot, found: Mapping[int, Found]) -> Places:
    """Return places without those that are excluded, or do not pass the filters."""
    places = places[allowed(query, snapshot, places)]
    for clause in query.excluded:
        places = places[~standing(places, together(clause, found).places)[1]]
    return places


def saying_enough(stands: Sequence[tuple[Clause, Found]], telling: Mapping[str, float], snapshot: Snapshot) -> Places:
    """Return where most of what the words tell is said, and every phrase stands."""
    said = np.zeros(len(snapshot.columns.alive), dtype=np.float32)
    phrases = np.zeros(len(said), dtype=np.int16)
    for clause, there in stands:
        said[there.places] += telling[clause.text]
        phrases[there.places] += clause.phrase
    enough = (said > 0) & (said >= sum(telling.values()) * SAID_ENOUGH)
    return np.flatnonzero(enough & (phrases == sum(clause.phrase for clause, _ in stands)))


def best(ranked: Ranked, count: int) -> Sequence[int]:
    """Return which of what was found are the best, best first; of equals the later ones."""
    scores = ranked.scores
    top = np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))
    ordered: list[int] = top[np.lexsort((-ranked.places[top], -scores[top]))].tolist()
    return ordered
