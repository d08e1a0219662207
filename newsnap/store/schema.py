"""The schema: collections, validators and indexes, made by the store and never by hand."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, OperationFailure

from newsnap.store.errors import SchemaError
from newsnap.store.subscriptions import KEPT_DAYS
from newsnap.store.validators import (
    ARTICLE,
    BUCKET,
    CAPTURE,
    ENTRY,
    FINGERPRINT,
    INDEXED_ARTICLE,
    INDEXING,
    LOG_ENTRY,
    LOG_HEAD,
    MARKED_TEXT,
    NOTICE,
    REVISION,
    RULE,
    RUN,
    SEGMENT,
    SUBSCRIPTION,
)

Document = dict[str, Any]

NEWEST_FIRST = [("published", DESCENDING), ("_id", DESCENDING)]

COLLECTIONS: dict[str, tuple[Document, list[IndexModel]]] = {
    "articles": (
        ARTICLE,
        [
            IndexModel([("changed", ASCENDING)], name="changed"),  # consumers poll it
            # lists are read in pages, and each begins after an article
            IndexModel([("source", ASCENDING), *NEWEST_FIRST], name="source_published_id"),
            IndexModel([("category", ASCENDING), *NEWEST_FIRST], name="category_published_id"),
            IndexModel(NEWEST_FIRST, name="published_id"),
            # the state of all sources is counted without reading an article
            IndexModel([("state", ASCENDING), ("source", ASCENDING), ("published", DESCENDING)], name="state_source"),
            IndexModel([("story", ASCENDING), ("published", ASCENDING)], name="story_published"),
            IndexModel([("also_at", ASCENDING)], name="also_at", sparse=True),
            IndexModel([("content_hash", ASCENDING), ("_id", ASCENDING)], name="content_hash"),
            # Two crawlers that bring the same new text at once: MongoDB lets one in.  Revised articles are exempt: a
            # publisher may make two of his articles the same.
            IndexModel(
                [("content_hash", ASCENDING)],
                name="content_hash_of_new",
                unique=True,
                partialFilterExpression={"revision": 1, "content_hash": {"$exists": True}},
            ),
        ],
    ),
    "revisions": (REVISION, [IndexModel([("article", ASCENDING), ("revision", DESCENDING)], name="article_revision")]),
    "captures": (
        CAPTURE,
        [
            IndexModel([("article", ASCENDING), ("revision", DESCENDING)], name="article_revision"),
            IndexModel([("url", ASCENDING), ("fetched", DESCENDING)], name="url_fetched"),  # to be replayed
        ],
    ),
    "fingerprints": (
        FINGERPRINT,
        [
            # Bands are random: without the week before them each new key would rewrite a page of its own somewhere in
            # the index, and an article among 60 000 cost nine times what it costs among 12 000.
            IndexModel([("week", DESCENDING), ("texts.bands", ASCENDING)], name="week_bands"),
            IndexModel([("pending", ASCENDING)], name="pending", sparse=True),
        ],
    ),
    "ledger": (
        ENTRY,
        [
            IndexModel([("source", ASCENDING), ("next", ASCENDING)], name="source_next"),
            IndexModel([("failed", ASCENDING)], name="failed", sparse=True),
        ],
    ),
    "takedowns": (
        RULE,
        [
            IndexModel([("entry", ASCENDING)], name="entry"),  # gates ask for what changed
            IndexModel([("kind", ASCENDING), ("value", ASCENDING)], name="kind_value"),
            IndexModel([("notice", ASCENDING)], name="notice"),
            IndexModel([("settled", ASCENDING)], name="settled"),
            IndexModel([("until", ASCENDING)], name="until"),
        ],
    ),
    "takedown_texts": (
        MARKED_TEXT,
        [
            IndexModel([("bands", ASCENDING)], name="bands"),
            IndexModel([("hash", ASCENDING)], name="hash"),
            IndexModel([("rule", ASCENDING), ("hash", ASCENDING)], name="rule_hash"),
        ],
    ),
    "takedown_log": (
        LOG_ENTRY,
        [
            IndexModel([("rule", ASCENDING), ("_id", ASCENDING)], name="rule"),
            IndexModel([("article", ASCENDING), ("_id", ASCENDING)], name="article"),
            IndexModel([("notice", ASCENDING), ("_id", ASCENDING)], name="notice"),
            IndexModel([("act", ASCENDING), ("_id", ASCENDING)], name="act"),
        ],
    ),
    "takedown_head": (LOG_HEAD, []),
    "notices": (NOTICE, [IndexModel([("status", ASCENDING), ("received", ASCENDING)], name="status_received")]),
    "terms": (INDEXED_ARTICLE, [IndexModel([("n", ASCENDING)], name="n", unique=True)]),
    "postings": (BUCKET, []),
    "segments": (SEGMENT, [IndexModel([("ids", ASCENDING)], name="ids")]),
    "indexing": (INDEXING, []),
    "subscriptions": (
        SUBSCRIPTION,
        [
            IndexModel([("feed", ASCENDING)], name="feed"),
            IndexModel([("seen", ASCENDING)], name="seen", expireAfterSeconds=KEPT_DAYS * 86_400),
        ],
    ),
    "crawls": (RUN, [IndexModel([("source", ASCENDING), ("started", DESCENDING)], name="source_started")]),
}

NAMESPACE_EXISTS = 48


async def ensure_schema(db: AsyncDatabase[Document]) -> None:
    """Make collections, validators and indexes as they should be; several processes may do it at once.

    Raises SchemaError if the takedown rules are gone from a database that has articles.
    """
    there = {each["name"]: each async for each in await db.list_collections()}
    if "takedowns" not in there and "articles" in there and await db.articles.find_one({}, {"_id": 1}):
        raise SchemaError(
            f"the collection takedowns is gone from the database {db.name}, which has articles: nothing is crawled or "
            "shown without the rules; restore it from a backup, or make it anew with db.createCollection('takedowns') "
            "if there were none"
        )
    for name, (schema, indexes) in COLLECTIONS.items():
        validator = {"$jsonSchema": schema}
        options = there.get(name, {}).get("options", {})
        if name not in there:
            try:
                await db.create_collection(name, validator=validator)
            except CollectionInvalid:
                pass
            except OperationFailure as error:
                if error.code != NAMESPACE_EXISTS:  # another process was faster
                    raise
        elif options.get("validator") != validator:
            await db.command("collMod", name, validator=validator)
        if indexes:
            await db[name].create_indexes(indexes)
