"""Reading: what readers may see of the articles, one article a story in lists, nothing that a takedown rule covers."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from newsnap.precedence import Member, earliest, in_order
from newsnap.takedowns import LiveRules, Rule, RuleError, Rules

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

LEAD_CHARACTERS = 160
"""Of a text, so much is read for a list."""
LISTED: Document = {
    name: 1
    for name in (
        "source", "site", "url", "title", "published", "published_precision", "snapshot", "category", "outlet", "story",
        "changed", "gone", "revision",
    )
} | {"lead": {"$substrCP": ["$body", 0, LEAD_CHARACTERS]}}  # fmt: skip
"""What lists need of an article."""
MOST_ROUNDS = 5
"""A list whose articles are nearly all reprints of others ends early rather than read on for ever."""
MOST_MEMBERS = 200
"""A story shows at most so many reprints."""
MOST_REVISIONS = 50
FRESH_SECONDS = 2.0
"""The head of a list is read again after so long; what is taken down meanwhile is left out all the same."""
MOST_HEADS = 500
STATUS_SECONDS = 5.0
"""Counting reads an index from end to end; what is taken down is to be gone from counts within seconds all the same."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: after an article."""

    published: datetime | None
    id: str


@dataclass(slots=True)
class Listed:
    """A page of a list."""

    articles: list[Document]
    """Each with `lead`, the beginning of its text, and `members`, the number of live articles of its story."""

    next: Cursor | None
    """Where the next page begins, None on the last."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is no article to show."""

    why: Literal["unknown", "taken down", "deleted"]
    """`deleted`: it was taken down, the takedown was lifted, and it was not crawled since."""

    rule: Rule | None = None


@dataclass(slots=True)
class Story:
    """All live articles of a story, in order of publication, the first publisher first."""

    id: str
    articles: list[Document] = field(default_factory=list)


class Reading:
    """The articles as readers see them: live, and covered by no rule.

    Every method raises RulesUnreadable when the rules cannot be read, and PyMongoError when MongoDB is away.
    """

    def __init__(self, store: "Store", rules: LiveRules):
        self._store = store
        self._rules = rules
        self._heads: dict[str, tuple[float, Listed]] = {}
        self._status: tuple[float, dict[str, tuple[int, datetime | None]], dict[str, Document]] | None = None
        self._counting = asyncio.Lock()

    # --- lists ---

    async def listed(self, query: Mapping[str, Any], size: int, *, after: Cursor | None = None) -> Listed:
        """Return a page of the articles that a query finds, newest first, one article a story.

        query: conditions on indexed fields.  An article that stands for its story is the first publisher's, or, while
        that is held or taken down, the earliest there is.
        """
        if after is not None:
            return await self._page(query, size, after)
        key = f"{size} {sorted(query.items())!r}"
        known = self._heads.get(key)
        if known is None or time.monotonic() - known[0] > FRESH_SECONDS:
            known = (time.monotonic(), await self._page(query, size, None))
            self._heads.pop(key, None)
            self._heads[key] = known
            while len(self._heads) > MOST_HEADS:
                del self._heads[next(iter(self._heads))]
        rules = await self._rules.now()
        return Listed([each for each in known[1].articles if not rules.covering_article(each)], known[1].next)

    async def _page(self, query: Mapping[str, Any], size: int, after: Cursor | None) -> Listed:
        rules = await self._rules.now()
        shown: list[Document] = []
        for _ in range(MOST_ROUNDS):
            wanted = (size - len(shown)) * 3 // 2 + 1
            found = await self._following(query, wanted, after)
            members = await self._members_of(found, rules)
            for each in found:
                story = members.get(each["story"])
                stands = story is not None and leader(each["story"], story) == each["_id"]
                after = Cursor(each["published"], each["_id"])
                if stands and story is not None:
                    shown.append(each | {"members": len(story)})
                    if len(shown) == size:
                        return Listed(shown, after)
            if len(found) < wanted:
                return Listed(shown, None)
        return Listed(shown, after)

    async def _following(self, query: Mapping[str, Any], size: int, after: Cursor | None) -> list[Document]:
        """Return articles in order; those without a date come after all others."""
        articles, order = self._store.db.articles, [("published", -1), ("_id", -1)]
        live = {"state": "live", **query}
        found: list[Document] = []
        if after is None or after.published is not None:
            dated: Document = {"published": {"$ne": None, **live.get("published", {})}}
            if after is not None:
                dated["published"]["$lte"] = after.published
                dated["$nor"] = [{"published": after.published, "_id": {"$gte": after.id}}]
            found = await articles.find({**live, **dated}, LISTED, sort=order, limit=size).to_list()
        if len(found) < size and "published" not in live:
            undated: Document = {"published": None}
            if after is not None and after.published is None:
                undated["_id"] = {"$lt": after.id}
            left = size - len(found)
            found += await articles.find({**live, **undated}, LISTED, sort=order, limit=left).to_list()
        return found

    async def _members_of(self, articles: Iterable[Document], rules: Rules) -> dict[str, list[Member]]:
        """Return the articles of stories that may be shown, by story."""
        stories = {each["story"] for each in articles}
        fields = {"story": 1, "published": 1, "published_precision": 1, "snapshot": 1, "url": 1, "title": 1}
        members: dict[str, list[Member]] = {}
        async for each in self._store.db.articles.find({"story": {"$in": list(stories)}, "state": "live"}, fields):
            if not rules.covering_article(each):
                members.setdefault(each["story"], []).append(member_of(each))
        return members

    # --- one article ---

    async def article(self, id: str) -> Document | Absent:
        """Return an article whole, or why there is none to show."""
        rules = await self._rules.now()
        found = await self._store.db.articles.find_one({"_id": id})
        if found is None:
            return Absent("unknown")
        if found["state"] == "live":
            rule = rules.covering_article(found)
            return Absent("taken down", rule) if rule else found
        if "reopened" in found:
            return Absent("deleted")
        try:
            rule = await self._store.rules.find(found["rule"]) if "rule" in found else None
        except RuleError:
            rule = None
        return Absent("taken down", rule)

    async def at(self, url: str, *, id: str | None = None) -> Document | None:
        """Return the article that is at an address, or one with the identical text; None if there is none to show.

        url: canonical; id: the identity that it belongs to, where a source knows.
        """
        rules = await self._rules.now()
        if rules.covering(url, id=id):
            return None
        found = await self._store.db.articles.find(
            {"$or": [{"_id": id}, {"also_at": url}], "state": "live"}, LISTED, limit=2
        ).to_list()
        return next((each for each in found if not rules.covering_article(each)), None)

    async def those(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return articles as lists show them, by identity; what may not be shown is missing."""
        rules = await self._rules.now()
        query = {"_id": {"$in": list(ids)}, "state": "live"}
        found = await self._store.db.articles.find(query, LISTED).to_list()
        return {each["_id"]: each for each in found if not rules.covering_article(each)}

    async def whole(self, ids: Sequence[str]) -> list[Document]:
        """Return articles with their texts, in no order; what may not be shown is missing."""
        rules = await self._rules.now()
        found = await self._store.db.articles.find({"_id": {"$in": list(ids)}, "state": "live"}).to_list()
        return [each for each in found if not rules.covering_article(each)]

    async def revisions(self, id: str) -> list[Document]:
        """Return the earlier versions of an article that is shown, latest first, each with `replaced`."""
        rules = await self._rules.now()
        query = {"article": id}
        found = self._store.db.revisions.find(query, sort=[("revision", -1)], limit=MOST_REVISIONS)
        return [each async for each in found if not rules.covering_article({**each, "_id": each["article"]})]

    async def story(self, id: str, *, whole: bool = False) -> Story:
        """Return the articles of a story; empty if there are none to show.

        whole: with their texts.
        """
        rules = await self._rules.now()
        query = {"story": id, "state": "live"}
        found = self._store.db.articles.find(query, None if whole else LISTED, sort=[("published", 1)])
        by_id = {each["_id"]: each async for each in found.limit(MOST_MEMBERS) if not rules.covering_article(each)}
        members = in_order([member_of(each) for each in by_id.values()])
        members.sort(key=lambda each: each.id != id)  # of those that tie the store knows who was fetched first
        return Story(id, [by_id[each.id] for each in members])

    # --- the whole ---

    async def status(self) -> tuple[dict[str, tuple[int, datetime | None]], dict[str, Document]]:
        """Return per source the number of articles with the newest publication, and the latest run.

        Some seconds old at most.  Sources that a rule covers as a whole are left out.
        """
        async with self._counting:
            if self._status is None or time.monotonic() - self._status[0] > STATUS_SECONDS:
                holdings, runs = await asyncio.gather(self._store.runs.holdings(), self._store.runs.last())
                self._status = (time.monotonic(), holdings, runs)
        rules = await self._rules.now()
        _, holdings, runs = self._status
        hidden = {name for name in {*holdings, *runs} if rules.covering("", id=f"{name}:")}
        return (
            {name: each for name, each in holdings.items() if name not in hidden},
            {name: each for name, each in runs.items() if name not in hidden},
        )


def leader(story: str, members: Sequence[Member]) -> str:
    """Return who stands for a story in lists: whom it is named after, or the earliest while that may not be shown."""
    return story if any(each.id == story for each in members) else earliest(members).id


def member_of(article: Mapping[str, Any]) -> Member:
    """Return an article as a member of its story."""
    return Member(
        id=article["_id"],
        published=article["published"],
        precision=article["published_precision"],
        first=article["snapshot"],
    )


def day_of(day: datetime) -> Document:
    """Return the query for the articles of one day, given by its beginning."""
    start = day.astimezone(UTC)
    return {"published": {"$gte": start, "$lt": start + timedelta(days=1)}}
