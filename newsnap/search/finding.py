"""Finding: a query becomes a page of articles, each with the passage that says what was asked for.

What the index finds is read from the articles before it is shown: those that are not live any more are left out,
phrases are looked up in the text, and of the best those go first in which the words stand close together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from newsnap.search.index import Index, Snapshot
from newsnap.search.indexer import beside
from newsnap.search.passages import MOST_READ, Marker, Match, Pieces, around, pieces
from newsnap.search.query import Query, QueryTooCostly, parse
from newsnap.search.ranking import Ranked, best, rank
from newsnap.search.related import Known, Related, known, relate, shown
from newsnap.search.words import fold

if TYPE_CHECKING:
    from newsnap.store import Store

Document = dict[str, Any]

MAX_PLACES = 1000
"""Beyond this place of the results nothing is shown."""
MAX_SIZE = 100
READ = 30
"""Articles that are read at once, and put into order by their texts."""
MOST_VERIFIED = 200
"""Articles that are read to find a phrase in them."""
CLOSE = 0.6
"""Words that stand close together count so much more than elsewhere."""
AS_TYPED = 0.8
"""What was typed without a space and stands so in the text counts so much more."""


@dataclass(slots=True)
class Hit:
    """An article that was found."""

    id: str
    score: float
    article: Document = field(repr=False)
    """As in MongoDB, without its body."""

    title: Pieces = field(repr=False)
    passage: Pieces = field(repr=False)
    others: int = 0
    """Further articles of its story that were found."""


@dataclass(slots=True)
class Results:
    """A page of what was found."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    """Stories found; at least so many where there are `more`."""

    more: bool = False
    words: list[str] = field(default_factory=list)
    """What was searched, folded."""

    relaxed: bool = False
    """No article has all words, these have most of what they tell."""

    refused: str | None = None
    """Why nothing was searched: `empty`, or `only_excluded`."""

    version: int = 0
    """Of the index; the same query finds the same as long as it stays."""


@dataclass(slots=True)
class _Story:
    """The best article of a story, and how many more were found."""

    place: int
    score: float
    others: int


class Search:
    """Searches in a store."""

    def __init__(self, store: "Store"):
        self._store = store
        self._index = Index(store)

    async def version(self) -> int:
        """Return a number that is another whenever what is found may be; at most a second old."""
        return (await self._index.now()).version

    async def find(
        self,
        text: str,
        *,
        source: str | None = None,
        category: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        page: int = 1,
        size: int = 20,
    ) -> Results:
        """Return a page of the articles that a query finds, one a story.

        since, until: published from the one on and before the other, aware.  Raises TypeError for what is no text,
        QueryTooCostly for a query that is too long and for a page that is too far.
        """
        if size < 1 or page < 1 or size > MAX_SIZE or page * size > MAX_PLACES:
            raise QueryTooCostly(
                f"page {page} of {size} is beyond the first {MAX_PLACES}, which are shown: ask more precisely",
                "far",
            )
        query = parse(text)
        query.sources += [source] if source else []
        query.categories += [category] if category else []
        if any(each is not None and each.tzinfo is None for each in (since, until)):
            raise TypeError("since and until are moments: give them with their zone")
        query.since = max(filter(None, (query.since, since)), default=None)
        query.until = min(filter(None, (query.until, until)), default=None)
        snapshot = await self._index.now()
        results = Results(words=query.words, version=snapshot.version)
        if not query.wanted:
            results.refused = "only_excluded" if query.excluded else "empty"
            return results
        terms = {term: None for clause in (*query.wanted, *query.excluded) for term in clause.terms}
        ranked = rank(query, snapshot, await self._index.find(snapshot, list(terms)))
        results.relaxed = ranked.relaxed
        await _Page(self._store, query, snapshot, ranked, results).fill(page, size)
        return results

    async def related(self, article: Document, *, size: int = 10) -> list[Related]:
        """Return articles of other stories that an article is related to, best first.

        article: with `_id`, `title`, `body`, `story`, `changed`.  What was found is kept for some hours; to
        find it takes longer than a page may.
        """
        found = await known(self._store, self._index, article, size=size)
        if not found.old:
            return found.articles
        return await shown(self._store, article, await self.relate(article), size)

    async def known_related(self, article: Document, *, size: int = 10) -> Known:
        """Return the same as far as it was found before."""
        return await known(self._store, self._index, article, size=size)

    async def relate(self, article: Document) -> Document:
        """Find what an article is related to, and keep it."""
        return await relate(self._store, self._index, article)


class _Page:
    """A page of results in the making."""

    def __init__(self, store: "Store", query: Query, snapshot: Snapshot, ranked: Ranked, results: Results):
        self._store = store
        self._snapshot = snapshot
        self._ranked = ranked
        self._results = results
        self._words = Marker(ranked.rarity)
        self._phrases = [Marker({each.text: 1.0}) for each in query.wanted if each.phrase and len(each.text) > 2]
        mean = sum(ranked.rarity.values()) / max(len(ranked.rarity), 1)
        self._runs = [(Marker({run: 1.0}), AS_TYPED * mean * min(len(run), 12)) for run in query.runs[:3]]

    async def fill(self, page: int, size: int) -> None:
        """Read articles in the order of their rank until there are enough for the page."""
        wanted, read = page * size, 0
        stories, found = self._stories(MOST_VERIFIED if self._phrases else wanted + 2 * READ)
        kept: list[_Candidate | None] = []
        while len(kept) < wanted and read < len(stories):
            batch = stories[read : read + READ]
            read += len(batch)
            if read <= wanted - size and not self._phrases:
                kept += [None] * len(batch)  # on pages before this one
            else:
                kept += await self._read(batch)
        self._results.hits = [self._hit(each) for each in kept[wanted - size : wanted] if each is not None]
        if self._phrases and read < found:
            self._results.total, self._results.more = len(kept), True
        else:
            self._results.total = found - (read - len(kept))

    def _stories(self, most: int) -> tuple[list[_Story], int]:
        """Return the best article of each story, best first, so many; and how many stories were found."""
        ranked, story = self._ranked, self._snapshot.columns.story[self._ranked.places]
        counts = np.bincount(story, minlength=1)
        found = int(np.count_nonzero(counts))
        ordered = best(ranked, len(story) if found < len(story) else min(most, found))
        columns = (story, ranked.places, ranked.scores, counts[story] - 1)
        seen: set[int] = set()
        stories: list[_Story] = []
        for number, place, score, others in zip(*(each[ordered].tolist() for each in columns), strict=True):
            if number not in seen:
                seen.add(number)
                stories.append(_Story(place, score, others))
                if len(stories) == most:
                    break
        return stories, found

    async def _read(self, batch: Sequence[_Story]) -> list["_Candidate"]:
        """Return the articles of stories, those first in which the words stand close together."""
        ids = [self._snapshot.columns.ids[each.place] for each in batch]
        articles = await self._store.terms.shown([id for id in ids if id])
        there = [(story, articles[id]) for id, story in zip(ids, batch, strict=True) if id in articles]
        candidates = [each for story, article in there if (each := self._candidate(story, article))]
        return sorted(candidates, key=lambda each: -each.score)

    def _candidate(self, story: _Story, article: Document) -> "_Candidate | None":
        """Weigh an article by its text; None if a phrase does not stand in it."""
        folded = fold(f"{article['title']}\n{article['body']}"[:MOST_READ])
        aside = fold("\n".join(beside(article))) if self._phrases else ""
        if not all(phrase.matches(folded) or phrase.matches(aside) for phrase in self._phrases):
            return None
        matches = self._words.matches(folded)
        score = story.score + CLOSE * self._words.best(folded, matches)[1]
        score += sum(bonus for marker, bonus in self._runs if marker.matches(folded))
        return _Candidate(score, story.others, article, folded, matches)

    def _hit(self, candidate: "_Candidate") -> Hit:
        """Return an article as it is shown."""
        article, matches = candidate.article, candidate.matches
        title, body = article["title"], article.pop("body")
        begins = len(title) + 1
        inside = [(start - begins, end - begins, word) for start, end, word in matches if start >= begins]
        at, _ = self._words.best(candidate.folded[begins:], inside)
        in_title = [match for match in matches if match[1] < begins]
        title_pieces = pieces(title, 0, len(title), in_title)
        return Hit(article["_id"], candidate.score, article, title_pieces, around(body, at, inside), candidate.others)


@dataclass(slots=True)
class _Candidate:
    """An article that was read."""

    score: float
    others: int
    article: Document
    folded: str
    """Headline and text."""

    matches: list[Match]
