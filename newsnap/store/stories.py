"""Stories: which articles are one text, linked by the earliest of them, whatever the order they come in.

Every article has a document in `fingerprints`, with all the texts it ever had.  How a link is never lost:

- the fingerprint is written before the article and marked `pending`, so an article that is there has one;
- it is compared after its article is written: of two crawlers that bring reprints of each other at once, at least one
  sees the other's;
- the mark goes when its links are made; what a crawl that was killed left marked is linked by the next;
- stories are united in a transaction that writes to the fingerprint of each story's first article, so that of two
  that touch one story the second waits for the first and sees what it did.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from newsnap.fingerprints import Fingerprint, relation
from newsnap.items import Article
from newsnap.likeness import read, relation_of_texts
from newsnap.precedence import Member, earliest, in_order
from newsnap.store.articles import Clock
from newsnap.store.batches import Batches
from newsnap.store.errors import passing
from newsnap.store.fingerprints import (
    MOST_CANDIDATES,
    MOST_OF_A_BAND,
    Kept,
    KeptText,
    another_text,
    document_of,
    groups_of,
    kept_from,
    likeness_of,
    pairs_of,
    week_of,
    weeks_near,
)

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

DUPLICATE_KEY = 11000
CANDIDATES_A_BATCH = 4
"""A batch that finds more on average is halved, and an article that alone finds too many is bounded as said before."""
INDEX = "week_bands"
"""Named, since a planner that tries others first takes longer than the search."""
KEPT = {"week": 1, "texts": 1}
"""Fields of candidates."""
DOUBTFUL = 0.6
"""The share, as estimated from hashes, from which the texts themselves are compared."""
LINKED_AT_ONCE = 100
ORPHAN_HOURS = 1
"""A fingerprint without an article is deleted after so long: its article was refused, or its crawler killed."""


class Stories:
    """The collection `fingerprints`, and the field `story` of articles."""

    def __init__(self, store: "Store", clock: Clock, *, batch_articles: int, batch_seconds: float):
        self._store = store
        self._clock = clock
        self._links: Batches[Kept, bool] = Batches(self._link, size=batch_articles, seconds=batch_seconds / 2)

    # --- while articles are written ---

    async def keep(self, articles: Sequence[Article]) -> None:
        """Write the fingerprints of articles that are about to be written."""
        documents = [document_of(article, self._clock.next()) for article in articles]

        async def write() -> None:
            # most are new, and an insert costs the server half of an upsert
            try:
                await self._store.db.fingerprints.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                errors = error.details["writeErrors"]
                if passing(error) or any(each["code"] != DUPLICATE_KEY for each in errors):
                    raise
                await self._store.db.fingerprints.bulk_write(
                    [another_text(documents[each["index"]]) for each in errors]
                )

        if documents:
            await self._store.patiently(write)

    async def link(self, article: Article, *, revised: bool) -> bool:
        """Link an article that was just written to those with nearly the same text; tell whether there are any."""
        assert article.content_hash is not None
        assert article.fingerprint is not None
        text = KeptText(article.content_hash, article.fingerprint)
        return await self._links.ask(Kept(article.id, week_of(article.snapshot), [text], revised))

    async def link_pending(self) -> int:
        """Link what was written and not linked, since its crawl was killed; return how many articles that were."""
        linked, last = 0, ""
        while True:
            documents = await self._store.patiently(lambda after=last: self._pending_after(after))  # type: ignore[misc]
            if not documents:
                return linked
            last = documents[-1]["_id"]
            there = await self._there([each["_id"] for each in documents])
            await self._link([kept_from(each, revised=True) for each in documents if each["_id"] in there])
            linked += len(there)
            lost = [each["_id"] for each in documents if each["_id"] not in there]
            if lost:
                await self._delete_orphans(lost)

    async def _pending_after(self, id: str) -> list[Document]:
        query = {"pending": {"$exists": True}, "_id": {"$gt": id}}
        return await self._store.db.fingerprints.find(query).sort("_id", 1).limit(LINKED_AT_ONCE).to_list()

    async def _there(self, ids: Sequence[str]) -> set[str]:
        """Return those identities that have an article with a story."""
        query = {"_id": {"$in": list(ids)}, "story": {"$exists": True}}
        found = await self._store.patiently(lambda: self._store.db.articles.find(query, {"_id": 1}).to_list())
        return {each["_id"] for each in found}

    async def _delete_orphans(self, ids: Sequence[str]) -> None:
        oldest = datetime.now(UTC) - timedelta(hours=ORPHAN_HOURS)
        query = {"_id": {"$in": list(ids)}, "pending": {"$lt": oldest}}
        await self._store.patiently(lambda: self._store.db.fingerprints.delete_many(query))

    async def forget(self, id: str, session: AsyncClientSession | None = None) -> None:
        """Delete the fingerprint of an article, and let its story, if it has one, go on without it.

        For one that is removed, after its document has lost `story`; in the caller's transaction if a session is given.
        """

        async def act(session: AsyncClientSession) -> None:
            await self._store.db.fingerprints.delete_one({"_id": id}, session=session)
            await self._unite(session, await self._store.db.articles.distinct("_id", {"story": id}, session=session))

        if session is not None:
            await act(session)
        else:
            await self._transact(act)

    async def was_there(self, id: str, at: datetime) -> None:
        """Note that an article was fetched at a time: of those that tie, who was fetched first leads the story."""

        async def act(session: AsyncClientSession) -> None:
            earlier = {"$set": {"first": at, "week": week_of(at)}}
            found = await self._store.db.fingerprints.update_one(
                {"_id": id, "first": {"$gt": at}}, earlier, session=session
            )
            if found.modified_count:
                await self._unite(session, [id])

        await self._transact(act)

    async def lead(self, id: str, session: AsyncClientSession) -> None:
        """Give the story of an article that was hidden, or is shown again, the first publisher that readers may see.

        In the caller's transaction, after the article's `state` was changed.
        """
        await self._unite(session, [id])

    # --- finding reprints ---

    async def _link(self, batch: Sequence[Kept]) -> list[bool]:
        """Find the reprints of articles, among themselves and among all, and make one story of each group."""
        started = self._clock.next()
        doubtful = []
        for one, other in pairs_of(batch, await self.candidates(batch)):
            share, certain = likeness_of(one, other)
            if certain:
                one.likes.add(other.id)
            elif share >= DOUBTFUL:
                doubtful.append((one, other))
        if doubtful:
            await self._compare_texts(doubtful)
        for group in groups_of(batch):
            await self._transact(lambda session, group=group: self._unite(session, group))  # type: ignore[misc]
        done = {"_id": {"$in": [each.id for each in batch]}, "pending": {"$lte": started}}
        await self._store.patiently(lambda: self._store.db.fingerprints.update_many(done, {"$unset": {"pending": ""}}))
        return [bool(each.likes) for each in batch]

    async def candidates(self, batch: Sequence[Kept]) -> list[Kept]:
        """Return the articles that share a band with one of these, by one indexed query."""
        members = [each.id for each in batch]
        bands = sorted({band for each in batch for band in each.bands})
        if not bands:
            return []
        weeks = weeks_near(batch)
        query = {"week": {"$in": weeks}, "texts.bands": {"$in": bands}, "_id": {"$nin": members}}
        bound = MOST_CANDIDATES + CANDIDATES_A_BATCH * len(batch)

        async def find() -> list[Document]:
            return await self._store.db.fingerprints.find(query, KEPT).hint(INDEX).limit(bound).to_list()

        documents = await self._store.patiently(find)
        if len(documents) < bound:
            return [kept_from(each) for each in documents]
        if len(batch) == 1:
            return await self._latest_of_each(bands, weeks, members[0])
        half = len(batch) // 2
        found = [*await self.candidates(batch[:half]), *await self.candidates(batch[half:])]
        return [each for each in {each.id: each for each in found}.values() if each.id not in members]

    async def _latest_of_each(self, bands: Sequence[int], weeks: Sequence[int], id: str) -> list[Kept]:
        """Return the latest few articles of each band, for an article that shares bands with too many."""
        latest: list[list[Document]] = [
            [
                {"$match": {"week": {"$in": weeks}, "texts.bands": band, "_id": {"$ne": id}}},
                {"$sort": {"week": -1}},
                {"$limit": MOST_OF_A_BAND},
                {"$project": KEPT},
            ]
            for band in bands
        ]
        others = [{"$unionWith": {"coll": "fingerprints", "pipeline": each}} for each in latest[1:]]

        async def find() -> list[Document]:
            found = await self._store.db.fingerprints.aggregate([*latest[0], *others])
            return await found.to_list()

        documents = {each["_id"]: each for each in await self._store.patiently(find)}
        return [kept_from(each) for each in documents.values()]

    async def _compare_texts(self, pairs: Sequence[tuple[Kept, Kept]]) -> None:
        """Compare the texts where hashes leave doubt; a text that an article no longer has is judged by its hashes."""
        query = {"_id": {"$in": list({each.id for pair in pairs for each in pair})}, "body": {"$exists": True}}
        fields = {"title": 1, "body": 1, "content_hash": 1}
        found = await self._store.patiently(lambda: self._store.db.articles.find(query, fields).to_list())
        texts = {each["_id"]: (each["content_hash"], read(each["title"], each["body"])) for each in found}
        for one, other in pairs:
            if one.id not in texts or other.id not in texts:
                continue
            (hash_one, text_one), (hash_other, text_other) = texts[one.id], texts[other.id]
            verdicts = {
                relation_of_texts(text_one, text_other)
                if (mine.hash, its.hash) == (hash_one, hash_other)
                else relation(mine.fingerprint, its.fingerprint)
                for mine in one.texts
                for its in other.texts
            }
            if verdicts & {"same", "reprint"}:
                one.likes.add(other.id)

    # --- making one story of several ---

    async def _transact(self, act: Callable[[AsyncClientSession], Coroutine[Any, Any, None]]) -> None:
        """Do something in a transaction, again where another one was faster."""

        async def run() -> None:
            client, db = self._store.client, self._store.db
            assert client is not None
            async with client.start_session() as session:
                await session.with_transaction(
                    act, read_concern=ReadConcern("snapshot"), write_concern=db.write_concern
                )

        await self._store.patiently(run)

    async def _unite(self, session: AsyncClientSession, articles: Iterable[str]) -> None:
        """Make one story of all that articles belong to, under the identity of the earliest that readers may see."""
        db = self._store.db
        belong = {"_id": {"$in": list(articles)}, "story": {"$exists": True}}
        stories = await db.articles.distinct("story", belong, session=session)
        members = await self._members({"story": {"$in": stories}}, session)
        if not members:
            return
        # the lock: of two that unite one story, the second fails here, and begins again with what the first did
        ids = [each.member.id for each in members]
        locked = stories if set(stories) <= set(ids) else ids  # a story whose first article was removed
        await db.fingerprints.update_many({"_id": {"$in": locked}}, {"$inc": {"united": 1}}, session=session)
        shown = [each.member for each in members if each.is_live]
        story = earliest(shown or [each.member for each in members]).id
        moved = [
            UpdateOne({"_id": each.member.id}, {"$set": {"story": story, "changed": self._clock.next()}})
            for each in members
            if each.story != story
        ]
        if moved:
            await db.articles.bulk_write(moved, session=session)
            # what a takedown remembers of a story is found under its new name
            renamed = {"story": {"$in": [each for each in stories if each != story]}}
            await db.takedown_texts.update_many(renamed, {"$set": {"story": story}}, session=session)

    async def _members(self, query: Document, session: AsyncClientSession | None = None) -> list["_Belonging"]:
        """Return the articles that a query finds."""
        db = self._store.db
        fields = {"story": 1, "state": 1, "published": 1, "published_precision": 1, "snapshot": 1}
        articles = await db.articles.find(query, fields, session=session).to_list()
        ids = {"_id": {"$in": [each["_id"] for each in articles]}}
        firsts = {each["_id"]: each["first"] async for each in db.fingerprints.find(ids, {"first": 1}, session=session)}
        return [
            _Belonging(
                Member(
                    id=each["_id"],
                    published=each["published"],
                    precision=each["published_precision"],
                    first=firsts.get(each["_id"]) or each["snapshot"],
                ),
                each["story"],
                each["state"] == "live",
            )
            for each in articles
        ]

    # --- reading ---

    async def sharing_bands(self, fingerprint: Fingerprint) -> AsyncIterator[Document]:
        """Yield the documents of `fingerprints`, of whatever time, with a text that shares a band with this one."""
        collection = self._store.db.fingerprints
        ends = [await collection.find_one({}, {"week": 1}, sort=[("week", way)], hint=INDEX) for way in (1, -1)]
        if ends[0] is None or ends[1] is None:
            return
        weeks = list(range(ends[0]["week"], ends[1]["week"] + 1))
        query = {"week": {"$in": weeks}, "texts.bands": {"$in": fingerprint.bands}}
        async for document in collection.find(query, KEPT).hint(INDEX):
            yield document

    async def members(self, story: str) -> list[Member]:
        """Return the articles of a story in order of publication, the first publisher first; empty if there is none."""
        found = await self._store.patiently(lambda: self._members({"story": story, "state": "live"}))
        return in_order([each.member for each in found])

    async def attribution(self, id: str) -> "Attribution | None":
        """Compare whom a live article names as its origin with the first publisher of its story; None without one."""
        fields = {"story": 1, "origin": 1, "outlet": 1, "site": 1}
        query = {"_id": id, "state": "live"}
        article = await self._store.patiently(lambda: self._store.db.articles.find_one(query, fields))
        if article is None:
            return None
        members = await self.members(article["story"])
        first = members[0].id if members else id
        head = article
        if first != id:
            found = await self._store.patiently(lambda: self._store.db.articles.find_one({"_id": first}, fields))
            head = found or article
        named = article["origin"] or ([article["outlet"]] if article["outlet"] else [])
        return Attribution(named, first, [head["site"], *([head["outlet"]] if head["outlet"] else [])], members)


@dataclass(frozen=True, slots=True)
class _Belonging:
    """An article that belongs to a story."""

    member: Member
    story: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whom a text names as its origin, and whom the database knows as its first publisher."""

    named: list[str]
    """The chain that the text names (本文转自), outermost first, or else its 来源; empty where it names nobody."""

    first: str
    """Identity of the earliest article of the story."""

    first_names: list[str]
    """Masthead of its source, and the 来源 it displays."""

    members: list[Member]
    """All live articles of the story, in order of publication."""

    @property
    def agrees(self) -> bool | None:
        """Tell whether the first publisher is among those named; None where nobody is named."""
        if not self.named:
            return None
        return any(one in other or other in one for one in self.named for other in self.first_names)
