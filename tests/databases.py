"""Databases for tests, emptied and used again: to make the collections and indexes takes longer than most tests do."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from newsnap.store.schema import COLLECTIONS

Document = dict[str, Any]
MANY = 1000
"""So many documents are sooner gone with their collection."""

unused: defaultdict[str, list[str]] = defaultdict(list)
"""Names of databases that nobody uses at the moment, by the address of their server."""


@contextmanager
def empty_database(uri: str) -> Iterator[Database[Document]]:
    """Lend a database without documents; it may have collections and indexes, those of the schema only."""
    name = unused[uri].pop() if unused[uri] else f"test_{uuid.uuid4().hex[:12]}"
    with MongoClient[Document](uri, tz_aware=True) as client:
        # now and not after the last test, whose processes may have written until they were gone
        empty(client[name])
        yield client[name]
    unused[uri].append(name)


def empty(db: Database[Document]) -> None:
    """Remove all documents, and all collections that are not as the schema has them."""
    db.command("profile", 0)
    for each in list(db.list_collections()):
        name = each["name"]
        schema, _ = COLLECTIONS.get(name, (None, []))
        as_made = schema is not None and each["options"] == {"validator": {"$jsonSchema": schema}}
        if as_made and db[name].estimated_document_count() < MANY:
            db[name].delete_many({})
        else:
            db.drop_collection(name)
