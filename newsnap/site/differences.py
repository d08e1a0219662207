"""Differences between two texts, by words and numbers; white space and widths are none."""

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import rjieba

from newsnap.search.words import PIECE, fold

Kind = Literal["same", "gone", "new"]
MOST_WORDS = 4000
"""Paragraphs of more words are compared as wholes: comparing takes time by the square of what differs."""
ALIKE = 0.3
"""Two paragraphs with less in common are another, not a changed one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A paragraph of either text, or the changed one of both."""

    kind: Kind | Literal["changed"]
    pieces: tuple[Piece, ...]


def words_in(text: str) -> list[str]:
    """Return a text cut into words, numbers and single signs, none lost.

    >>> words_in("增长1,220.1亿元，GPT-4")
    ['增长', '1,220.1', '亿元', '，', 'GPT-4']
    """
    words: list[str] = []
    folded, at = fold(text), 0
    for match in PIECE.finditer(folded):
        words += text[at : match.start()]
        lengths = [len(each) for each in rjieba.cut(match[2])] if match[2] else [len(match[0])]
        at = match.start()
        for length in lengths:
            words.append(text[at : at + length])
            at += length
    return [*words, *text[at:]]


def bare(text: str) -> str:
    """Return what a text says apart from white space and the widths of its characters; scripts are not folded."""
    return unicodedata.normalize("NFKC", "".join(text.split()))


def differences(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """Return the paragraphs of two texts in order, with what is gone and what is new."""
    matcher = difflib.SequenceMatcher(None, [bare(each) for each in old], [bare(each) for each in new], autojunk=False)
    changes: list[Change] = []
    for way, a, b, c, d in matcher.get_opcodes():
        if way == "equal":
            changes += [whole("same", each) for each in new[c:d]]
        else:
            changes += _between(list(old[a:b]), list(new[c:d]))
    return changes


def _between(old: list[str], new: list[str]) -> list[Change]:
    """Return the differences of paragraphs none of which stayed, each with the next that is like it."""
    changes: list[Change] = []
    at = 0
    for paragraph in new:
        words = words_in(paragraph)
        found = next((n for n in range(at, len(old)) if alike(words_in(old[n]), words)), None)
        if found is None:
            changes.append(whole("new", paragraph))
            continue
        changes += [whole("gone", each) for each in old[at:found]]
        changes.append(Change("changed", tuple(compare(words_in(old[found]), words))))
        at = found + 1
    return changes + [whole("gone", each) for each in old[at:]]


def whole(kind: Kind, text: str) -> Change:
    """Return a paragraph that is wholly of one kind."""
    return Change(kind, (Piece(kind, text),))


def alike(old: Sequence[str], new: Sequence[str]) -> bool:
    """Tell whether one list of words may have become the other."""
    if max(len(old), len(new)) > MOST_WORDS:
        return False
    a, b = {bare(each) for each in old}, {bare(each) for each in new}
    return len(a & b) >= ALIKE * max(len(a), len(b), 1)


def compare(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Return two lists of words as runs of those that stayed, went and came."""
    matcher = difflib.SequenceMatcher(None, [bare(each) for each in old], [bare(each) for each in new], autojunk=False)
    pieces: list[Piece] = []
    for way, a, b, c, d in matcher.get_opcodes():
        if way == "equal":
            pieces.append(Piece("same", "".join(new[c:d])))
            continue
        gone, came = "".join(old[a:b]), "".join(new[c:d])
        if bare(gone):
            pieces.append(Piece("gone", gone))
        if bare(came):
            pieces.append(Piece("new", came))
        elif came:
            pieces.append(Piece("same", came))
    return pieces
