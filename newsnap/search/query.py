"""The query language: what a reader types becomes words, phrases, what is excluded, and filters.

    文创 "成绩单" -体育 来源:人民网 类别:国内 after:2024-07-01 before:2024-08

Words must all occur; phrases (in quotes of any kind) as they stand; `-` excludes a word or a phrase.  `source:`
(`来源:`) takes the name or the masthead of a source, `category:` (`类别:`) a category; `after:` (`晚于:`) and
`before:` (`早于:`) take a day, a month or a year of Shanghai: from its beginning on, and before its beginning.
What is malformed is read as words.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsnap.search.words import PIECE, TELL_NOTHING, cut, fold, terms_of_word

MAX_CHARACTERS = 200
"""A longer query is refused."""
MAX_WORDS = 24
"""Words of a query that are searched, those of phrases among them; further ones are not."""
MAX_TERMS = 40
"""Terms that are looked up for a query; words that would need more are not searched."""
PHRASE_TERMS = 12
"""Terms by which a phrase is looked up; the text tells whether it stands there."""
ZONE = ZoneInfo("Asia/Shanghai")

CLAUSE = re.compile(
    r"""(?P<minus>-?)(?:
        (?P<filter>[a-z]+|来源|类别|晚于|早于):(?:"(?P<of>[^"]*)"|(?P<to>[^\s"]+))
        |"(?P<phrase>[^"]*)(?:"|$)
        |(?P<word>[^\s"]+)
    )""",
    re.VERBOSE,
)
FILTERS = {
    "source": "source", "来源": "source", "category": "category", "类别": "category", "after": "since", "晚于": "since",
    "before": "until", "早于": "until",
}  # fmt: skip
DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")


class QueryTooCostly(ValueError):
    """A query, or a page of its results, is beyond what is searched; `key` says in which way."""

    def __init__(self, message: str, key: str):
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Clause:
    """A word or a phrase, folded."""

    text: str
    """As it is looked for in texts."""

    terms: tuple[int, ...]
    """What the index has where it stands."""

    phrase: bool = False
    """It was in quotes: where it does not stand as it is, nothing is found."""


@dataclass(slots=True)
class Query:
    """What is asked for."""

    wanted: list[Clause] = field(default_factory=list)
    excluded: list[Clause] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    """What was typed without a space, folded; where it stands as it is, an article is more likely meant."""

    sources: list[str] = field(default_factory=list)
    """Names or mastheads, folded; any of them."""

    categories: list[str] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None

    def add(self, clause: Clause, *, excluded: bool) -> None:
        """Add a word or a phrase, unless there are too many."""
        clauses = self.excluded if excluded else self.wanted
        everything = [*self.wanted, *self.excluded]
        terms = sum(len(each.terms) for each in everything) + len(clause.terms)
        if clause.terms and clause not in clauses and terms <= MAX_TERMS and len(everything) < MAX_WORDS:
            clauses.append(clause)

    def add_filter(self, name: str, value: str) -> bool:
        """Add a filter; False if its value is none."""
        if not value:
            return False
        if name == "source":
            self.sources.append(value)
        elif name == "category":
            self.categories.append(value)
        elif day := moment(value):
            setattr(self, name, day)
        else:
            return False
        return True

    @property
    def words(self) -> list[str]:
        """What is searched, folded."""
        return [each.text for each in self.wanted]


def parse(text: str) -> Query:
    """Read a query.

    Raises TypeError for what is no text, QueryTooCostly for one that is too long.
    """
    if not isinstance(text, str):
        raise TypeError(f"a query is a text, not {type(text).__name__}: give what the reader typed")
    if len(text) > MAX_CHARACTERS:
        raise QueryTooCostly(
            f"the query has {len(text)} characters, {MAX_CHARACTERS} are searched: leave words out", "long"
        )
    query = Query()
    for minus, kind, value in clauses(text):
        phrase = " ".join(value.split()) if kind == "phrase" else ""
        if terms := terms_of_phrase(phrase):
            query.add(Clause(phrase, terms, phrase=True), excluded=bool(minus))
        elif kind in ("phrase", "word") or minus or not query.add_filter(FILTERS[kind], value):
            typed = value if kind in ("phrase", "word") else f"{kind}:{value}"
            words = cut(typed)
            if len(words) > 1 and not minus:
                query.runs.append(typed)
            for word in words:
                query.add(Clause(word, tuple(terms_of_word(word))), excluded=bool(minus))
    telling = [each for each in query.wanted if each.phrase or each.text not in TELL_NOTHING]
    query.wanted = telling or query.wanted
    return query


def terms_of_phrase(phrase: str) -> tuple[int, ...]:
    """Return terms that an article has where a phrase stands in it, spread over it if it is long.

    A number or word at its edge may be a part of one in the article, where somebody marked and copied it.
    """
    pieces = list(PIECE.finditer(phrase))
    if any(each[2] for each in pieces):
        edges = (pieces[0], pieces[-1])
        pieces = [each for each in pieces if each[2] or each not in edges]
    terms = list(dict.fromkeys(term for each in pieces for term in terms_of_word(each[0])))
    if len(terms) > PHRASE_TERMS:
        terms = [terms[at * len(terms) // PHRASE_TERMS] for at in range(PHRASE_TERMS)]
    return tuple(terms)


def clauses(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the clauses of a query, folded: minus, kind (`phrase`, `word` or the name of a filter), text."""
    folded = "".join(
        " " if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") else each for each in fold(text)
    )
    for match in CLAUSE.finditer(folded):
        if match["filter"] and match["filter"] in FILTERS:
            yield match["minus"], match["filter"], match["of"] or match["to"] or ""
        elif match["phrase"] is not None:
            yield match["minus"], "phrase", match["phrase"]
        else:
            yield match["minus"], "word", match[0].removeprefix("-") if match["minus"] else match[0]


def moment(text: str) -> datetime | None:
    """Return the beginning of a day, a month or a year in Shanghai, as UTC; None for anything else.

    >>> moment("2024-07"), moment("2024-13")
    (datetime.datetime(2024, 6, 30, 16, 0, tzinfo=datetime.timezone.utc), None)
    """
    match = DAY.fullmatch(text)
    if not match:
        return None
    try:
        return datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
