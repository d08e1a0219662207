"""Related snapshots: articles of other stories that share what an article tells.

Its telling words are those that stand often in it, or in its headline, and seldom elsewhere (tf-idf of words, not of
pairs of characters).  What is found is kept with the article's own terms: identities and its own words, no text of
others; passages are made when they are read, of articles that are live then.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from newsnap.search.index import Found, Index, Snapshot
from newsnap.search.passages import Marker, Pieces
from newsnap.search.query import Clause
from newsnap.search.ranking import DAY, rarity, together
from newsnap.search.words import cut, fold, terms_of_word

if TYPE_CHECKING:
    from newsnap.store import Store

Document = dict[str, Any]

MOST_READ = 6000
"""Characters of an article from which telling words are taken."""
LOOKED_UP = 30
"""Words of an article whose rarity is looked up."""
TELLING = 20
"""Words that are compared."""
COMMON = 0.08
"""A word that stands in a larger share of articles tells nothing."""
KEPT = 30
"""Identities that are kept, of which those that are live are shown."""
SPOTTED = 12
"""Of so many it is kept where their passages are, so that a page need not look for them."""
FRESH = timedelta(hours=6)
"""What was found is found anew after this, or, while the article is new, after a quarter of its age."""
FRESH_FIRST = timedelta(minutes=5)
"""But not sooner."""
GROWN = 1.1
"""And when there are so many times as many articles."""
OF_ONE_SOURCE = 0.9
"""Each further article of one source counts less by this factor."""
SAME_CATEGORY = 1.1
NEAR_DAYS = 60
NEAR = 0.2
"""What was published at the same time counts so much more."""

COMMONPLACE = frozenset(
    """
    记者 工作 发展 进行 表示 通过 目前 今年 其中 相关 开展 成为 问题 已经 可以 没有 我们 他们 以及 方面 推动
    提升 实现 加强 建设 服务 活动 时间 情况 持续 全面 不断 进一步 重要 介绍 编辑 来源 责任 本报 报道 日前 近日
    同时 此外 此次 这个 一个 一些 自己 还是 因为 所以 但是 如果 就是 这些 其他 作为 为了 根据 有关 按照 以来
    截至 左右 以上 以下 超过 达到 积极 做好 推进 有效 不是 这样 许多 很多 认为 需要 得到 参加 举行 举办 什么
    怎么 现在 时候 出来 起来 下来 以后 之后 之前 当时 当天 随后 今天 昨天 明天 上午 下午
    """.split()  # noqa: SIM905 - a list of so many words is read better so
)
"""Words of any report; they would only take the places of others."""


@dataclass(slots=True)
class Related:
    """An article that another one is related to."""

    id: str
    score: float
    article: Document = field(repr=False)
    """As in MongoDB, without its body."""

    passage: Pieces = field(repr=False)


@dataclass(slots=True)
class Known:
    """What is known of an article's relations."""

    articles: list[Related]
    """Best first."""

    old: bool
    """It is to be found anew: nothing was found yet, or long ago, or among much fewer articles."""


async def relate(store: "Store", index: Index, article: Document) -> Document:
    """Find the articles that an article is related to, and keep them; this takes a while."""
    kept = await find(index, await index.now(), article)
    marker = marker_of(kept)
    articles = await store.terms.shown(kept["ids"][:SPOTTED])
    kept["spots"] = {id: marker.spot(other["body"]) for id, other in articles.items()}
    await store.terms.keep_related(article["_id"], article["changed"], kept)
    return kept


async def known(store: "Store", index: Index, article: Document, *, size: int) -> Known:
    """Return what was last found of the articles that an article is related to."""
    snapshot = await index.now()
    kept = await store.terms.related(article["_id"])
    if kept is None:
        return Known([], old=True)
    return Known(await shown(store, article, kept, size), is_old(kept, snapshot, article["snapshot"]))


async def shown(store: "Store", article: Document, kept: Document, size: int) -> list[Related]:
    """Return those of the articles that were found which are live, one a story, each with its passage."""
    marker = marker_of(kept)
    spots = kept.get("spots", {})
    found: list[Related] = []
    seen = {article["story"]}
    scores = dict(zip(kept["ids"], kept["scores"], strict=True))
    ids = list(scores)
    while ids and len(found) < size:
        # nearly all of the best are live; the rest is kept for those that are not
        part, ids = ids[: size - len(found) + 1], ids[size - len(found) + 1 :]
        articles = await store.terms.shown(part)
        for id in part:
            other = articles.get(id)
            if other is None or other["story"] in seen or len(found) == size:
                continue
            seen.add(other["story"])
            body = other.pop("body")
            known = id in spots and other["changed"] <= kept["made"]
            passage = marker.passage_at(body, spots[id]) if known else marker.passage(body)
            found.append(Related(id, scores[id], other, passage))
    return found


def marker_of(kept: Document) -> Marker:
    """Return what finds the words that relate articles."""
    return Marker(dict(zip(kept["words"], kept["weights"], strict=True)))


def is_old(kept: Document, snapshot: Snapshot, fetched: datetime) -> bool:
    """Tell whether related articles are to be found anew: of what is news itself, sooner.

    fetched: when the article was.
    """
    made: datetime = kept["made"]
    fresh = min(FRESH, max(FRESH_FIRST, (made - fetched) / 4))
    return made + fresh < datetime.now(UTC) or snapshot.living > GROWN * kept["of"] + 10


async def find(index: Index, snapshot: Snapshot, article: Document) -> Document:
    """Find related articles; return what is kept of them."""
    words = candidates(article["title"], article["body"])
    clauses = {word: Clause(word, tuple(terms_of_word(word))) for word in words}
    terms = {term: None for clause in clauses.values() for term in clause.terms}
    found = await index.find(snapshot, list(terms))
    telling = telling_words(words, clauses, found, snapshot)
    ids, scores = likest(article, telling, snapshot)
    return {
        "made": datetime.now(UTC),
        "of": snapshot.living,
        "ids": ids,
        "scores": scores,
        "words": list(telling),
        "weights": [weight for weight, _ in telling.values()],
    }


def candidates(title: str, body: str) -> dict[str, float]:
    """Return the words of an article that may tell what it is about, each with how much it is dwelt on."""
    dwelt: dict[str, float] = {}
    for text, counts in ((title, 2.0), (body[:MOST_READ], 1.0)):
        for word in cut(fold(text)):
            if len(word) > 1 and word not in COMMONPLACE:
                dwelt[word] = dwelt.get(word, 0.0) + counts
    weights = {
        word: (1 + math.log(count)) * (1.3 if len(word) > 2 else 1.0) * (0.5 if word.isdigit() else 1.0)
        for word, count in dwelt.items()
    }
    most = sorted(weights, key=lambda word: -weights[word])[:LOOKED_UP]
    return {word: 1 + math.log(dwelt[word]) for word in most}


def telling_words(
    words: Mapping[str, float], clauses: Mapping[str, Clause], found: Mapping[int, Found], snapshot: Snapshot
) -> dict[str, tuple[float, Found]]:
    """Return the words that tell most, each with its weight and where it stands."""
    weighed: dict[str, tuple[float, Found]] = {}
    for word, dwelt in words.items():
        there = together(clauses[word], found)
        count = len(there.places)
        if 2 <= count <= max(COMMON * snapshot.living, 20):
            weighed[word] = dwelt * rarity(count, snapshot.living), there
    most = sorted(weighed, key=lambda word: -weighed[word][0])[:TELLING]
    return {word: weighed[word] for word in most}


def likest(
    article: Document, telling: Mapping[str, tuple[float, Found]], snapshot: Snapshot
) -> tuple[list[str], list[float]]:
    """Return the identities of the articles that are most like an article, and how much they are."""
    columns = snapshot.columns
    scores = np.zeros(len(columns.alive), dtype=np.float32)
    shared = np.zeros(len(columns.alive), dtype=np.int16)
    for weight, there in telling.values():
        length = columns.lengths[there.places] / snapshot.mean_length
        gain = there.often * 2.2 / (there.often + 1.2 * (0.4 + 0.6 * length)) + 0.7 * there.headline
        scores[there.places] += (weight * gain).astype(np.float32)
        shared[there.places] += 1
    possible = columns.alive & (shared >= min(2, len(telling))) & (scores > 0)
    possible &= columns.story != columns.story_of(article["story"])
    places = np.flatnonzero(possible)
    if not len(places):
        return [], []
    published = (article.get("published") or article["snapshot"]).timestamp()
    apart = np.abs(columns.published[places] - published) / DAY
    worth = scores[places] * (1 + NEAR * np.exp2(-apart / NEAR_DAYS))
    same = np.array([category == article.get("category") for _, _, category in columns.facets], dtype=np.bool_)
    worth *= np.where(same[columns.facet[places]], SAME_CATEGORY, 1.0)
    best = np.argsort(-worth, kind="stable")[: 5 * KEPT]
    return varied(places[best].tolist(), worth[best].tolist(), snapshot)


def varied(places: Sequence[int], worth: Sequence[float], snapshot: Snapshot) -> tuple[list[str], list[float]]:
    """Return identities, one a story, where many of one source come later than others as good."""
    columns = snapshot.columns
    # of each source the best, each further one of it worth less; so the next is always the best of some source
    waiting: dict[str, list[tuple[float, int]]] = {}
    for place, score in zip(reversed(places), reversed(worth), strict=True):
        waiting.setdefault(columns.facets[columns.facet[place]][0], []).append((score, place))
    taken = dict.fromkeys(waiting, 0)
    stories: set[int] = set()
    ids: list[str] = []
    scores: list[float] = []
    while waiting and len(ids) < KEPT:
        source = max(waiting, key=lambda each: waiting[each][-1][0] * OF_ONE_SOURCE ** min(taken[each], 5))
        score, place = waiting[source].pop()
        taken[source] += 1
        if not waiting[source]:
            del waiting[source]
        story, id = int(columns.story[place]), columns.ids[place]
        if story not in stories and id:
            stories.add(story)
            ids.append(id)
            scores.append(round(score, 3))
    return ids, scores
