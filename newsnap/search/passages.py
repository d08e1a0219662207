"""Passages: where an article says what was asked for, as pieces of its own text.

A piece is a text and whether it is a match.  The pieces of a headline, put together, are the headline; those of a
passage are a part of a paragraph, with `…` where it was cut.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

from newsnap.search.words import NUMBER, TOKEN, fold

Pieces = list[tuple[str, bool]]
Match = tuple[int, int, str]
"""Where it begins and ends, and of which word it is."""

CHARACTERS = 80
"""About as many has a passage."""
MOST_READ = 30_000
"""Characters of a text that are looked at."""
MOST_MATCHES = 400
"""Matches in one text that are weighed."""
BEFORE = 16
"""So many characters before the first match, if no sentence begins there."""
GAP = re.compile(r"\s+|(?<=[^\w\s])")
"""Here a paragraph may end in the text, and not in what was copied from it."""
END = re.compile("[。！？；!?;…\n]")
CUT = ("…", False)
BOUND = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
"""Next to these a word of another script is a part of a longer one."""


class Marker:
    """Finds words in texts.

    words: folded words and phrases with their weights.  Most are sought as they are, which takes a tenth of the time of
    a regular expression, and of its making.
    """

    def __init__(self, words: Mapping[str, float]):
        self._weights = {plain(word): weight for word, weight in words.items()}
        self._words = [word for word in words if not needs_pattern(word)]
        self._patterns = [re.compile(pattern_of(word)) for word in words if needs_pattern(word)]

    def matches(self, folded: str) -> list[Match]:
        """Return where words stand in a folded text, in its order; of those that overlap the first, or the longest."""
        found: list[Match] = []
        for word in self._words:
            at, size = folded.find(word, 0, MOST_READ), len(word)
            whole = word.isascii()
            while at >= 0 and len(found) < MOST_MATCHES:
                if not (whole and (folded[at - 1 : at] in BOUND or folded[at + size : at + size + 1] in BOUND)):
                    found.append((at, at + size, word))
                at = folded.find(word, at + size, MOST_READ)
        for pattern in self._patterns:
            for match in islice(pattern.finditer(folded, 0, MOST_READ), MOST_MATCHES):
                found.append((match.start(), match.end(), plain(match[0])))
        found.sort(key=lambda match: (match[0], -match[1]))
        apart: list[Match] = []
        end = 0
        for each in found:
            if each[0] >= end and each[1] > each[0]:
                apart.append(each)
                end = each[1]
        return apart

    def marked(self, text: str) -> Pieces:
        """Return a whole text, such as a headline, as pieces."""
        return pieces(text, 0, len(text), self.matches(fold(text)))

    def passage(self, text: str) -> Pieces:
        """Return the part of a text that says most of what was asked for; its beginning where it says nothing of it."""
        folded = fold(text[:MOST_READ])
        matches = self.matches(folded)
        return around(text, self.best(folded, matches)[0], matches)

    def spot(self, text: str) -> int | None:
        """Return where the first match of a text's passage begins; None if there is none."""
        folded = fold(text[:MOST_READ])
        return self.best(folded, self.matches(folded))[0]

    def passage_at(self, text: str, spot: int | None) -> Pieces:
        """Return the passage of a text whose spot is known, without a look at the rest."""
        if spot is None:
            return around(text, None, [])
        start = max(0, spot - 4 * BEFORE)
        near = text[start : spot + 2 * CHARACTERS]
        return around(near, spot - start, self.matches(fold(near)))

    def best(self, folded: str, matches: Sequence[Match]) -> tuple[int | None, float]:
        """Return where the first match of the best passage begins, and its weight."""
        best, best_weight, first = None, 0.0, 0
        inside: dict[str, int] = {}
        weight = 0.0
        for start, end, word in matches:
            if not inside.get(word):
                weight += self._weights.get(word, 0.0)
            inside[word] = inside.get(word, 0) + 1
            while matches[first][0] < start and (
                end - matches[first][0] > CHARACTERS or "\n" in folded[matches[first][0] : start]
            ):
                gone = matches[first][2]
                inside[gone] -= 1
                if not inside[gone]:
                    weight -= self._weights.get(gone, 0.0)
                first += 1
            if weight > best_weight + 1e-9:
                best, best_weight = matches[first][0], weight
        return best, best_weight


def needs_pattern(word: str) -> bool:
    """Tell whether a word may stand otherwise in a text than it is written."""
    return NUMBER.fullmatch(word) is not None if TOKEN.fullmatch(word) else GAP.search(word) is not None


def pattern_of(word: str) -> str:
    """Return a pattern for a folded word or phrase: numbers with commas or without, words of other scripts only whole.

    >>> bool(re.search(pattern_of("1220.1"), "1,220.1亿")), bool(re.search(pattern_of("ai"), "said"))
    (True, False)
    """
    if TOKEN.fullmatch(word):
        pattern = re.escape(word)
        if NUMBER.fullmatch(word):
            pattern = re.sub(r"(\d)(?=\d)", r"\1,?", pattern)
        return rf"(?<![0-9a-z]){pattern}(?![0-9a-z])"
    return r"\s*".join(map(re.escape, filter(None, GAP.split(word))))


def plain(matched: str) -> str:
    """Return what spellings of a word have in common: it without spaces, and a number without commas."""
    matched = "".join(matched.split())
    return matched.replace(",", "") if matched[:1].isdigit() else matched


def around(text: str, start: int | None, matches: Sequence[Match]) -> Pieces:
    """Return the passage about a match that begins at `start`, from the beginning of its sentence if that is near."""
    if start is None:
        head = text[:CHARACTERS].split("\n")[0] or text[:CHARACTERS].strip()
        return [(head, False), *([CUT] if len(head) < len(text.strip()) else [])]
    paragraph = text.rfind("\n", 0, start) + 1
    ends = [match.end() for match in END.finditer(text, max(paragraph, start - 2 * BEFORE), start)]
    first = ends[-1] if ends else paragraph if start - paragraph <= 2 * BEFORE else start - BEFORE
    while first < start and text[first].isspace():
        first += 1
    stop = text.find("\n", first)
    stop = min(first + CHARACTERS, len(text) if stop < 0 else stop)
    for match_start, match_end, _ in matches:
        if match_start < stop < match_end:
            stop = match_end
    found = pieces(text, first, stop, matches)
    before = [CUT] if first > paragraph else []
    after = [CUT] if stop < len(text) and text[stop] != "\n" else []
    return [*before, *found, *after]


def pieces(text: str, start: int, end: int, matches: Sequence[Match]) -> Pieces:
    """Return a part of a text, cut where matches begin and end."""
    inside = [(first, last) for first, last, _ in matches if first >= start and last <= end]
    edges = [(start, start), *inside, (end, end)]
    found: Pieces = []
    for (_, before), (first, last) in pairwise(edges):
        if first > before:
            found.append((text[before:first], False))
        if last > first:
            found.append((text[first:last], True))
    return found
