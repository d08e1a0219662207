"""Coverage: what of the stored articles a takedown rule covers, and what is left of that elsewhere."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from newsnap.store.texts import Mark
from newsnap.takedowns.matching import SAME_SITE, SIDES, Rules, Titles, forms_of
from newsnap.takedowns.rules import Rule
from newsnap.urls import digest

if TYPE_CHECKING:
    from newsnap.sources import Sources
    from newsnap.store.connection import Store

Document = dict[str, Any]

STORED = ["live", "held"]
"""States of an article whose text is there."""
SHOWN = {
    "source": 1,
    "site": 1,
    "url": 1,
    "title": 1,
    "published": 1,
    "state": 1,
    "story": 1,
    "content_hash": 1,
    "rule": 1,
}
ENDS = ("", "/", "/index.html", "/index.htm", "/index.shtml")
PREVIEWED = 1000
LOOKED_UP = 500
"""Identities in one query."""
VERSIONS = {"articles": "_id", "revisions": "article"}


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that a rule reaches."""

    article: Document
    """`_id` and the fields of SHOWN."""

    why: str
    """`covered` by the rule itself; a reprint by the same `story`, or by its `text`."""


@dataclass(slots=True)
class Preview:
    """What a rule would do to the store."""

    covered: list[Document] = field(default_factory=list)
    """The articles it covers itself: `_id` and the fields of SHOWN."""

    reprints: list[Hit] = field(default_factory=list)
    """Other articles with the text of one of these."""

    addresses: list[tuple[str, str]] = field(default_factory=list)
    """Identities of other articles, and the covered address where each is found too."""

    stored: int = 0
    """Number of articles in the store, the hidden ones too."""


class Coverage:
    """What rules cover in the store."""

    def __init__(self, store: "Store", sources: "Sources"):
        self._store = store
        self._sources = sources

    async def preview(self, rule: Rule, marks: Sequence[Mark] = ()) -> Preview:
        """Return what a rule would do; nothing is changed.

        marks: of a text rule whose text is not that of a stored article.  Of very many articles only the first
        PREVIEWED are looked at for reprints.
        """
        found = Preview(stored=await self._store.db.articles.count_documents({"state": {"$in": STORED}}))
        found.covered = [document async for document in self.covered(rule)]
        seen = {each["_id"] for each in found.covered}
        looked_for: list[tuple[Mark, str | None]] = [(mark, None) for mark in marks]
        for article in found.covered[:PREVIEWED]:
            looked_for += [(Mark.of_stored(each), article.get("story")) for each in await self.versions(article["_id"])]
        for mark, story in looked_for:
            async for hit in self.reprints(mark, story, seen):
                seen.add(hit.article["_id"])
                found.reprints.append(hit)
        found.addresses = [each async for each in self.also_at(rule)]
        return found

    # --- articles ---

    async def covered(self, rule: Rule) -> AsyncIterator[Document]:
        """Yield the stored articles that a rule covers itself, each once."""
        if rule.kind == "title":
            found = self._titled(rule)
        else:
            alone = Rules([rule], self._sources)
            found = self._found(self._query(rule), alone)
        async for document in found:
            yield document

    async def _found(self, query: Document, rules: Rules) -> AsyncIterator[Document]:
        query = {**query, "state": {"$in": STORED}}
        async for document in self._store.db.articles.find(query, SHOWN):
            if rules.covering_article(document):
                yield document

    def _query(self, rule: Rule) -> Document:
        """Return a query that finds at least what a rule covers."""
        match rule.kind:
            case "source":
                return {"source": rule.value}
            case "host" | "prefix":
                return {"url": {"$regex": expression(rule)}}
            case "url":
                return {"_id": {"$in": list(self._identities(rule))}}
        return {"_id": rule.value}

    def _identities(self, rule: Rule) -> set[str]:
        """Return the identities that an article at the address of a rule may have."""
        if rule.identity:
            return {rule.identity}
        plain = SAME_SITE.sub("", rule.value, count=1)
        variants = {f"{side}{plain}{end}" for side in ("", *SIDES) for end in ENDS}
        names = {*forms_of(f"https://{rule.value}", self._sources).sources, "web"}
        return {f"{name}:{digest(f'https://{each}')}" for name in names for each in variants}

    async def _titled(self, rule: Rule) -> AsyncIterator[Document]:
        """Yield the articles of which some version has a headline that a rule finds."""
        titles = Titles()
        titles.add(rule)
        seen: set[str] = set()
        for collection, name in VERSIONS.items():
            hits: list[str] = []
            async for document in self._store.db[collection].find({}, {name: 1, "title": 1}):
                if document.get("title") and document[name] not in seen and titles.find(document["title"]):
                    seen.add(document[name])
                    hits.append(document[name])
            async for document in self._of_ids(hits):
                yield document

    async def _of_ids(self, ids: Iterable[str]) -> AsyncIterator[Document]:
        rest = iter(ids)
        while part := list(islice(rest, LOOKED_UP)):
            query = {"_id": {"$in": part}, "state": {"$in": STORED}}
            async for document in self._store.db.articles.find(query, SHOWN):
                yield document

    # --- reprints ---

    async def versions(self, id: str, session: Any = None) -> list[Document]:
        """Return the texts of an article: the present one and the earlier ones, with `title` and `body`."""
        db, shown = self._store.db, {"title": 1, "body": 1, "story": 1}
        present = await db.articles.find_one({"_id": id, "state": {"$in": STORED}}, shown, session=session)
        earlier = await db.revisions.find({"article": id}, shown, session=session).to_list()
        return [each for each in (present, *earlier) if each and each.get("body") is not None]

    async def reprints(self, mark: Mark, story: str | None, but: set[str]) -> AsyncIterator[Hit]:
        """Yield the stored articles with a text, or a version of it, that a mark covers, and those of its story."""
        db, seen = self._store.db, set(but)
        if story:
            query: Document = {"story": story, "state": {"$in": STORED}}
            async for document in db.articles.find(query, SHOWN):
                if document["_id"] not in seen:
                    seen.add(document["_id"])
                    yield Hit(document, "story")
        async for document in db.articles.find({"content_hash": mark.hash, "state": {"$in": STORED}}, SHOWN):
            if document["_id"] not in seen:
                seen.add(document["_id"])
                yield Hit(document, "text")
        async for document in self._store.stories.sharing_bands(mark.print):
            if document["_id"] not in seen and any(mark.covers(Mark.kept(each)) for each in document["texts"]):
                seen.add(document["_id"])
                async for shown in self._of_ids([document["_id"]]):
                    yield Hit(shown, "text")

    # --- other places ---

    async def also_at(self, rule: Rule) -> AsyncIterator[tuple[str, str]]:
        """Yield identity and address where an article is known to be also at an address that a rule covers."""
        if rule.kind in ("text", "title"):
            return
        alone = Rules([rule], self._sources)
        async for document in self._store.db.articles.find({"also_at": self._places(rule)}, {"also_at": 1}):
            for url in document.get("also_at", ()):
                if alone.covering(url):
                    yield document["_id"], url

    def _places(self, rule: Rule) -> Document:
        """Return what addresses have to be like for a rule to cover them; answered from the index of `also_at`."""
        if rule.kind in ("host", "prefix"):
            return {"$regex": expression(rule)}
        source = self._sources.get(rule.value if rule.kind == "source" else (rule.identity or rule.value).split(":")[0])
        domains = source.allowed_domains if source else ()
        if not domains:
            return {"$gt": ""}
        return {"$regex": rf"^https?://(?:[^/]*\.)?(?:{'|'.join(map(re.escape, domains))})(?::\d+)?/"}

    async def leftovers(self, rule: Rule | None) -> AsyncIterator[tuple[str, str]]:
        """Yield identity and state (`removed`, or `missing`) where pages or earlier versions outlived their article.

        A crawler that was killed leaves such, and one that wrote while the article was removed.  For a rule about one
        article only that one is looked at, else all.
        """
        db = self._store.db
        if rule and rule.kind in ("url", "article", "text"):
            ids = self._identities(rule) if rule.kind == "url" else {rule.value}
            for id in ids:
                async for each in self._outlived([id]):
                    yield each
            return
        for collection in ("captures", "revisions"):
            part: list[str] = []
            # answered from the index alone, which holds each article once for every page
            async for document in await db[collection].aggregate(
                [{"$group": {"_id": "$article"}}], hint="article_revision", allowDiskUse=True
            ):
                part.append(document["_id"])
                if len(part) == LOOKED_UP:
                    async for each in self._outlived(part):
                        yield each
                    part = []
            async for each in self._outlived(part):
                yield each

    async def _outlived(self, ids: list[str]) -> AsyncIterator[tuple[str, str]]:
        states = {
            each["_id"]: each["state"]
            async for each in self._store.db.articles.find({"_id": {"$in": ids}}, {"state": 1})
        }
        for id in ids:
            state = states.get(id, "missing")
            if state in ("removed", "missing"):
                for collection in ("captures", "revisions"):
                    if await self._store.db[collection].find_one({"article": id}, {"_id": 1}):
                        yield id, state
                        break


def expression(rule: Rule) -> str:
    """Return a regular expression for the addresses below a host or a prefix; it may find more, never less."""
    if rule.kind == "host":
        return rf"^https?://(?:[^/]*\.)?{re.escape(rule.value)}(?::\d+)?/"
    value = SAME_SITE.sub("", rule.value, count=1)
    sides = "|".join(map(re.escape, SIDES))
    return rf"^https?://(?:{sides})?{re.escape(value.rstrip('/'))}"
