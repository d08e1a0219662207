"""Revisions: every text an article ever had, whole; the latest in `articles`, those before it in `revisions`.

Versions are numbered in the order they were fetched, whatever the order they arrive in: a page of an older recording
that arrives late takes its place among them, and those after it move up by one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from newsnap.items import Stored
from newsnap.precedence import SPANS
from newsnap.wording import headline

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]
Outcome = Literal["changed", "unchanged"]

DATE_FIELDS = ("published", "published_raw", "published_precision", "published_from")
OF_THE_ARTICLE = ("_id", "also_at", "story")
"""Fields that belong to the article and not to one of its texts."""


async def revise(
    store: "Store", document: Document, captures: Sequence[Document], own: Stored, changed: datetime
) -> Outcome | None:
    """Keep another text of an article, in one transaction; None if what is stored is not `own` any more.

    captures: the pages it was read from; their revision is set here.  Safe to repeat with the same time of change.
    """
    answer: Outcome | None = None

    async def act(session: AsyncClientSession) -> None:
        nonlocal answer
        current = await store.db.articles.find_one({"_id": own.id}, session=session)
        if current is None or current["state"] != "live":
            answer = None
        elif current["revision"] == own.revision + 1 and current["changed"] == changed:
            answer = "changed"  # the answer to the try before was lost
        elif current["revision"] != own.revision:
            answer = None
        elif document["snapshot"] >= await _since(store, session, current):
            answer = await _replace(store, session, current, document, captures, changed)
        else:
            answer = await _insert_earlier(store, session, current, document, captures, changed)

    assert store.client is not None
    async with store.client.start_session() as session:
        await session.with_transaction(act, read_concern=ReadConcern("snapshot"), write_concern=store.db.write_concern)
    return answer


async def reread(
    store: "Store", old: Document, fields: Document, changed: datetime
) -> Literal["written", "moved on", "text of another"]:
    """Set fields of an article whose pages were read again, if it is still as it was, `old`.

    The publisher changed nothing, so this is no revision.  Raises WriteRefused.
    """
    query = {name: old[name] for name in ("_id", "revision", "changed", "state")}

    async def update() -> Literal["written", "moved on", "text of another"]:
        try:
            done = await store.db.articles.update_one(query, {"$set": fields | {"changed": changed}})
        except DuplicateKeyError:
            return "text of another"
        # the answer to the try before may have been lost
        there = done.matched_count or await store.db.articles.find_one({"_id": old["_id"], "changed": changed})
        return "written" if there else "moved on"

    return await store.patiently(update)


async def _since(store: "Store", session: AsyncClientSession, current: Document) -> datetime:
    """Return when the text that is there was first fetched; `snapshot` is when it was last seen."""
    capture = await store.db.captures.find_one(
        {"_id": f"{current['_id']}/{current['revision']}/1"}, {"fetched": 1}, session=session
    )
    since: datetime = capture["fetched"] if capture else current["snapshot"]
    return since


async def _replace(
    store: "Store",
    session: AsyncClientSession,
    old: Document,
    new: Document,
    captures: Sequence[Document],
    changed: datetime,
) -> Outcome:
    """Put a later text in place of the one that is there."""
    await store.db.revisions.insert_one(kept(old, changed), session=session)
    await _insert_captures(store.db.captures, captures, old["_id"], old["revision"] + 1, session)
    fields = without(new, OF_THE_ARTICLE) | date_of(old, new) | {"revision": old["revision"] + 1, "changed": changed}
    await store.db.articles.update_one({"_id": old["_id"]}, {"$set": fields}, session=session)
    return "changed"


async def _insert_earlier(
    store: "Store",
    session: AsyncClientSession,
    current: Document,
    earlier: Document,
    captures: Sequence[Document],
    changed: datetime,
) -> Outcome:
    """Keep a text that is older than the one that is there, in its place among those before."""
    db, id = store.db, current["_id"]
    before = await db.revisions.find({"article": id}, session=session).sort("revision", 1).to_list()
    if any(says_the_same(each, earlier) for each in before):
        return "unchanged"
    number = 1 + sum(each["snapshot"] <= earlier["snapshot"] for each in before)
    for each in reversed(before[number - 1 :]):
        moved = each | {"_id": f"{id}/{each['revision'] + 1}", "revision": each["revision"] + 1}
        await db.revisions.delete_one({"_id": each["_id"]}, session=session)
        await db.revisions.insert_one(moved, session=session)
    later = db.captures.find({"article": id, "revision": {"$gte": number}}, session=session).sort("revision", -1)
    for each in await later.to_list():
        await db.captures.delete_one({"_id": each["_id"]}, session=session)
        await _insert_captures(db.captures, [each], id, each["revision"] + 1, session)
    mine = earlier | {name: current[name] for name in OF_THE_ARTICLE} | {"revision": number}
    await db.revisions.insert_one(kept(mine, changed), session=session)
    await _insert_captures(db.captures, captures, id, number, session)
    counted = {"$set": {"revision": current["revision"] + 1, "changed": changed}}
    await db.articles.update_one({"_id": id}, counted, session=session)
    return "changed"


async def _insert_captures(
    collection: AsyncCollection[Document],
    captures: Sequence[Document],
    id: str,
    number: int,
    session: AsyncClientSession,
) -> None:
    for each in captures:
        numbered = each | {"_id": f"{id}/{number}/{each['page']}", "revision": number}
        await collection.replace_one({"_id": numbered["_id"]}, numbered, upsert=True, session=session)


def says_the_same(a: Document, b: Document) -> bool:
    """Tell whether two versions of an article differ in nothing but print."""
    return a["content_hash"] == b["content_hash"] and headline(a["title"]) == headline(b["title"])


def kept(article: Document, replaced: datetime) -> Document:
    """Return an article as `revisions` keeps it."""
    return {
        "_id": f"{article['_id']}/{article['revision']}",
        "article": article["_id"],
        "replaced": replaced,
        **without(article, ["_id"]),
    }


def date_of(old: Document, new: Document) -> Document:
    """Return the date of publication of a revised article: the old one, where the new one is no other and less precise.

    A page that is looked at again without its listing lacks the minute that only the listing knew.
    """
    if old.get("published") is None:
        return {}
    if new["published"] is not None:
        ends = new["published"] + SPANS.get(new["published_precision"] or "day", SPANS["day"])
        finer = SPANS.get(old["published_precision"] or "day", SPANS["day"]) < ends - new["published"]
        if not (finer and new["published"] <= old["published"] < ends):
            return {}
    return {name: old[name] for name in DATE_FIELDS}


def without(document: Document, names: Iterable[str]) -> Document:
    """Return a document without some of its fields."""
    return {name: value for name, value in document.items() if name not in names}
