"""Fingerprints as they are kept, one document an article, and which of them are worth comparing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from newsnap.fingerprints import BANDS, Fingerprint, compare
from newsnap.items import Article

Document = dict[str, Any]

MOST_TEXTS = 8
"""Texts kept of one article, the latest; a page that tells an event as it happens has hundreds."""
REACH_WEEKS = 4
"""A reprint that is fetched more weeks after the article is a story of its own: who reads it then has not read that,
and a look back costs by its length (eight weeks: 2.3 ms among 200 000 articles, four: 1.6 ms)."""
MOST_OF_A_BAND = 4
"""Where one article shares bands with too many, so many are compared with it for each band, the latest: a daily report
has thousands that are written like it, and a reprint of it still has bands that they have not."""
MOST_CANDIDATES = BANDS * MOST_OF_A_BAND
"""So many articles are compared with one at most."""
CERTAIN = 0.985
"""The share from which hashes are enough, if all numbers are the same."""


@dataclass(slots=True)
class KeptText:
    """One of the texts of a document of `fingerprints`."""

    hash: str
    fingerprint: Fingerprint


@dataclass(slots=True)
class Kept:
    """A document of `fingerprints`."""

    id: str
    week: int
    """Number of the week in which it was first fetched."""

    texts: list[KeptText]
    revised: bool = False
    """It was linked before, and its date may be another now."""

    likes: set[str] = field(default_factory=set)
    """Identities of articles with nearly the same text."""

    @property
    def bands(self) -> Iterable[int]:
        if len(self.texts) == 1:
            return self.texts[0].fingerprint.bands
        return {band for text in self.texts for band in text.fingerprint.bands}


Pairs = dict[str, tuple[Kept, Kept]]
"""Articles to be compared, by the identity of the second."""


def document_of(article: Article, pending: datetime) -> Document:
    """Return the document of `fingerprints` of an article with one text, yet to be linked."""
    assert article.content_hash is not None
    assert article.fingerprint is not None
    text = {
        "hash": article.content_hash,
        "bands": article.fingerprint.bands,
        "signature": article.fingerprint.signature,
    }
    week = week_of(article.snapshot)
    return {"_id": article.id, "first": article.snapshot, "week": week, "pending": pending, "texts": [text]}


def week_of(moment: datetime) -> int:
    """Return the number of a moment's week, in UTC."""
    return moment.astimezone(UTC).toordinal() // 7


def weeks_near(kept: Iterable["Kept"]) -> list[int]:
    """Return the weeks in which articles that may be one story with these were first fetched.

    Those to come are among them, for recordings are replayed in any order; weeks without articles cost nothing.
    """
    return sorted({week for each in kept for week in range(each.week - REACH_WEEKS, each.week + REACH_WEEKS + 1)})


def another_text(document: Document) -> UpdateOne:
    """Return how a document is added to the one that is there; nothing changes if its text is."""
    (text,) = document["texts"]
    return UpdateOne(
        {"_id": document["_id"], "texts.hash": {"$ne": text["hash"]}},
        {
            "$push": {"texts": {"$each": [text], "$slice": -MOST_TEXTS}},
            "$min": {"first": document["first"], "week": document["week"]},
            "$set": {"pending": document["pending"]},
        },
    )


def kept_from(document: Document, *, revised: bool = False) -> Kept:
    """Read a document of `fingerprints`."""
    texts = [
        KeptText(each["hash"], Fingerprint(bytes(each["signature"]), list(each["bands"])))
        for each in document.get("texts", ())
    ]
    return Kept(document["_id"], document["week"], texts, revised)


def pairs_of(batch: Sequence[Kept], found: Sequence[Kept]) -> list[tuple[Kept, Kept]]:
    """Return which articles share a band: those of a batch with each other, and with those found."""
    first: dict[int, Kept] = {}
    shared: dict[int, list[Kept]] = {}
    for each in [*batch, *found]:
        for band in each.bands:
            other = first.setdefault(band, each)
            if other is not each:
                shared.setdefault(band, [other]).append(each)
    members = {each.id for each in batch}
    partners: dict[str, tuple[Pairs, Pairs]] = {}
    for holders in shared.values():
        for one in holders:
            if one.id not in members:
                continue
            for other in holders:
                # bounded apart, or a hundred reprints that come at once are never compared with what was there
                known = partners.setdefault(one.id, ({}, {}))[other.id in members]
                near = other.id != one.id and abs(other.week - one.week) <= REACH_WEEKS
                if near and len(known) < MOST_CANDIDATES:
                    known.setdefault(other.id, (one, other))
    return [pair for both in partners.values() for known in both for pair in known.values()]


def likeness_of(one: Kept, other: Kept) -> tuple[float, bool]:
    """Return the largest share that two of the texts of two articles have in common, and whether that is enough."""
    share, certain = 0.0, False
    for mine in one.texts:
        for its in other.texts:
            likeness = compare(mine.fingerprint, its.fingerprint)
            share = max(share, likeness.contained)
            certain = certain or (likeness.contained >= CERTAIN and not likeness.numbers_missing)
    return share, certain


def groups_of(batch: Sequence[Kept]) -> list[set[str]]:
    """Return which identities belong together, directly or by a third; a revised article alone is a group too."""
    groups: list[set[str]] = []
    for each in batch:
        group = {each.id, *each.likes}
        if len(group) == 1 and not each.revised:
            continue
        apart = []
        for other in groups:
            if group.isdisjoint(other):
                apart.append(other)
            else:
                group |= other
        groups = [*apart, group]
    return groups
