"""Likeness: whether one text is a reprint of another, told from the texts themselves where their hashes leave doubt.

What tells a reprint from a text written with the same template is where they differ.  Edits are scattered, a character
here, a clause there.  A template is changed in its slots: whole numbers and names, the subject's name wherever it is.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsnap.fingerprints import CONTAINED, FEWEST, MUCH_LONGER, SHORT, Relation, distinct, other_numbers, sequences
from newsnap.wording import Codes, folded, numbers, said

EDITED = 0.7
"""The share of the shorter text in the longer one from which it may be a heavily edited reprint."""
LONGEST_SLOT = 12
"""Characters; a longer change is a passage added, and fills no slot of a template."""
FILLED_SLOTS = 3
"""So many slots filled otherwise make a template, if they are a good part of the text."""
DATED = re.compile(r"(?:\d+[年月])*\d*日")
FILLED_SHARE = 0.03
"""The good part: share of the characters."""
RETOLD = frozenset("今昨明日本该据悉获了解到称说报网社者")
"""Characters of words that reprints exchange: 今天 for 3日, 本报记者 for 人民网记者, 据了解 for 据悉."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is compared."""

    codes: Codes
    numbers: frozenset[str]
    headed: "Text | None" = None
    """A text as short as a flash with its headline, which counts if the other text is as short."""

    @property
    def characters(self) -> str:
        """Return the letters, characters and digits as a string."""
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")


def read(title: str, body: str) -> Text:
    """Read a text, for `relation_of_texts`."""
    body = said(body)
    codes, figures = folded(body), frozenset(numbers(body))
    if len(codes) >= SHORT:
        return Text(codes, figures)
    return Text(codes, figures, Text(np.concatenate([folded(title), codes]), figures | {*numbers(title)}))


def relation_of_texts(a: Text, b: Text) -> Relation:
    """Tell what two texts are to each other, whichever came first; as `fingerprints.relation`, but exactly."""
    if a.headed and b.headed:
        a, b = a.headed, b.headed
    hashes_a, hashes_b = sequences(a.codes)[0], sequences(b.codes)[0]
    all_a, all_b = distinct(hashes_a), distinct(hashes_b)
    if len(all_a) > len(all_b):
        a, b, hashes_a, hashes_b, all_a, all_b = b, a, hashes_b, hashes_a, all_b, all_a
    if len(all_a) < max(FEWEST, MUCH_LONGER * len(all_b)):
        return "same" if np.array_equal(a.codes, b.codes) else "other"
    contained = float(np.isin(all_a, all_b, assume_unique=True).mean())
    if contained < EDITED:
        return "other"
    if contained == 1 and len(all_a) == len(all_b) and np.array_equal(a.codes, b.codes):
        return "same"
    changes = Changes.between(a.characters, ~np.isin(hashes_a, all_b), b.characters, ~np.isin(hashes_b, all_a))
    missing = len(a.numbers - b.numbers)
    if changes.scattered and not all_other(len(a.numbers), missing):
        return "reprint"
    if changes.is_other_subject or other_numbers(len(a.numbers), missing):
        return "twin"
    return "reprint" if contained >= CONTAINED else "other"


@dataclass(frozen=True, slots=True)
class Changes:
    """Where the shorter of two texts says something else than the longer one."""

    size: int
    """Characters of the shorter text."""

    slots: list[str]
    """What stands there in the shorter text; empty where the longer one only says more."""

    pairs: list[tuple[str, str]]
    """What stands there in the shorter, and in the longer one, where the text around is the same."""

    @classmethod
    def between(cls, a: str, missing_a: NDArray[np.bool_], b: str, missing_b: NDArray[np.bool_]) -> "Changes":
        """Compare two texts, given which of the sequences of three characters of each the other has not."""
        spans_a, spans_b = changed(missing_a, len(a)), changed(missing_b, len(b))
        filled = {around(b, *span): b[slice(*span)] for span in spans_b}
        pairs = [(a[slice(*span)], filled[key]) for span in spans_a if (key := around(a, *span)) in filled]
        slots = [a[start:end] for start, end in spans_a if end - start <= LONGEST_SLOT]
        return cls(len(a), slots, [each for each in pairs if max(map(len, each)) <= LONGEST_SLOT])

    @property
    def scattered(self) -> bool:
        """Tell whether the changes, those of numbers apart, are mostly of single characters: the text was edited."""
        words = [each for each in self.slots if not has_digit(each)]
        # a name that is another wherever it stands is one change
        words = [each for at, each in enumerate(words) if not each or each not in words[:at]]
        return len(words) >= FILLED_SLOTS and sum(len(each) <= 1 for each in words) * 2 > len(words)

    @property
    def is_other_subject(self) -> bool:
        """Tell whether names stand in the slots that differ: one name for one other throughout, or many."""
        undated = [(without_date(one), without_date(other)) for one, other in self.pairs]
        names = [pair for pair in undated if min(map(len, pair)) >= 2 and not RETOLD & {*pair[0], *pair[1]}]
        words = [pair for pair in names if not has_digit(pair[0] + pair[1])]
        if any(count >= 2 for count in Counter(words).values()):
            return True
        return len(words) >= FILLED_SLOTS and sum(len(each) for each, _ in names) >= FILLED_SHARE * self.size


def changed(missing: NDArray[np.bool_], size: int) -> list[tuple[int, int]]:
    """Return start and end of the characters that no sequence of three explains, given which sequences are missing."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    spans = []
    for first, after in edges.reshape(-1, 2).tolist():
        start = first + 2 if first else 0
        spans.append((start, max(start, after if after < len(missing) else size)))
    return spans


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the two characters before a passage, and after."""
    return text[max(start - 2, 0) : start], text[end : end + 2]


def all_other(count: int, missing: int) -> bool:
    """Tell whether so many numbers are missing that no edits of single characters can be the reason."""
    return missing >= 3 and missing * 4 >= count * 3


def without_date(text: str) -> str:
    """Return a name without the day that stands before it.

    >>> without_date("10月3日松渡")
    '松渡'
    """
    return DATED.sub("", text)


def has_digit(text: str) -> bool:
    return any(each.isdigit() for each in text)
