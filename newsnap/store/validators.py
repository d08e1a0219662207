"""Validators: what a document of each collection may hold, as MongoDB's `$jsonSchema` says it."""

from typing import Any

from newsnap.categories import CATEGORIES
from newsnap.takedowns.log import ACTS
from newsnap.takedowns.notices import STATUSES
from newsnap.takedowns.rules import EFFECTS, KINDS, REPRINTS

Document = dict[str, Any]

TEXT = {"bsonType": "string"}
MAYBE_TEXT = {"bsonType": ["string", "null"]}
TIME = {"bsonType": "date"}
MAYBE_TIME = {"bsonType": ["date", "null"]}
TEXTS = {"bsonType": "array", "items": TEXT}
COUNT = {"bsonType": "int", "minimum": 1}
HASH = {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}

LIVE_FIELDS: Document = {
    "source": TEXT,
    "site": TEXT,
    "url": {"bsonType": "string", "pattern": "^https?://"},
    "title": {"bsonType": "string", "minLength": 1},
    "kicker": MAYBE_TEXT,
    "subtitle": MAYBE_TEXT,
    "published": MAYBE_TIME,
    "published_raw": MAYBE_TEXT,
    "published_precision": {"enum": ["second", "minute", "day", None]},
    "published_from": {"enum": ["page", "meta", "listing", "url", None]},
    "modified": MAYBE_TIME,
    "snapshot": TIME,
    "category": {"enum": [*CATEGORIES, None]},
    "channel": MAYBE_TEXT,
    "outlet": MAYBE_TEXT,
    "origin": TEXTS,
    "authors": TEXTS,
    "editors": TEXTS,
    "body": TEXT,
    "headings": {"bsonType": "array", "items": {"bsonType": "int", "minimum": 0}},
    "figures": {
        "bsonType": "array",
        "items": {
            "bsonType": "object",
            "required": ["url", "caption", "after"],
            "properties": {"url": TEXT, "caption": TEXT, "after": {"bsonType": "int", "minimum": -1}},
        },
    },
    "keywords": TEXTS,
    "language": TEXT,
    "layout": TEXT,
    "rendered": {"bsonType": "bool"},
    "pages": COUNT,
    "content_hash": {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"},
    "story": TEXT,
    "also_at": TEXTS,
    "gone": MAYBE_TIME,
}
KEPT_FIELDS: Document = {
    "_id": {"bsonType": "string", "pattern": "^[a-z0-9]+:.+"},
    "revision": COUNT,
    "changed": TIME,
    "state": {"enum": ["live", "held", "removed"]},
}

STONE_FIELDS: Document = {
    **KEPT_FIELDS,
    "state": {"enum": ["removed"]},
    "source": TEXT,
    "url_digest": HASH,
    "rule": TEXT,
    "removed": TIME,
    "reopened": TIME,
    "entry": {"bsonType": "int"},
}
"""All that is left of an article that was removed."""

FIELDS = ["_id", *LIVE_FIELDS, "revision", "changed", "state"]
"""All fields of an article, in the order of the README's table."""

ARTICLE: Document = {
    "bsonType": "object",
    "required": ["_id", "revision", "changed", "state"],
    "properties": {**KEPT_FIELDS, **LIVE_FIELDS},
    # what was removed leaves a stone: no text, title or image
    "oneOf": [
        {"properties": {"state": {"enum": ["live", "held"]}}, "required": list(LIVE_FIELDS)},
        {
            "properties": STONE_FIELDS,
            "required": ["rule", "removed", "url_digest"],
            "additionalProperties": False,
        },
    ],
}
REVISION: Document = {"bsonType": "object", "required": ["article", "revision", "replaced"]}
CAPTURE: Document = {
    "bsonType": "object",
    "required": ["article", "revision", "page", "url", "status", "headers", "encoding", "fetched", "body", "size"],
    "properties": {
        "article": TEXT,
        "revision": COUNT,
        "page": COUNT,
        "url": TEXT,
        "status": {"bsonType": "int"},
        "headers": {"bsonType": "array"},
        "encoding": TEXT,
        "fetched": TIME,
        "body": {"bsonType": "binData"},
        "size": {"bsonType": "int"},
    },
}
RULE: Document = {
    "bsonType": "object",
    "required": ["_id", "kind", "value", "reason", "since"],
    "properties": {
        "kind": {"enum": list(KINDS)},
        "value": TEXT,
        "identity": MAYBE_TEXT,
        "effect": {"enum": list(EFFECTS)},
        "reprints": {"enum": list(REPRINTS)},
        "reason": TEXT,
        "internal_reason": TEXT,
        "notice": MAYBE_TEXT,
        "decided_by": TEXT,
        "since": TIME,
        "until": MAYBE_TIME,
        "ended": {"bsonType": "bool"},
        "swept": MAYBE_TIME,
        "settled": {"bsonType": "bool"},
        "entry": {"bsonType": "int"},
    },
}
MARKED_TEXT: Document = {
    "bsonType": "object",
    "required": ["rule", "article", "hash", "bands", "signature"],
    "properties": {
        "_id": {},
        "rule": TEXT,
        "article": TEXT,
        "story": MAYBE_TEXT,
        "hash": HASH,
        "bands": {"bsonType": "array", "items": {"bsonType": ["int", "long"]}},
        "signature": {"bsonType": "binData"},
    },
    "additionalProperties": False,  # nothing a text could be read from
}
LOG_ENTRY: Document = {
    "bsonType": "object",
    "required": ["_id", "at", "act", "by", "previous", "hash"],
    "properties": {
        "_id": COUNT,
        "at": TIME,
        "act": {"enum": list(ACTS)},
        "by": TEXT,
        "rule": MAYBE_TEXT,
        "article": TEXT,
        "notice": TEXT,
        "details": {"bsonType": "object"},
        "previous": HASH,
        "hash": HASH,
    },
    "additionalProperties": False,
}
LOG_HEAD: Document = {
    "bsonType": "object",
    "required": ["count", "hash"],
    "properties": {"count": COUNT, "hash": HASH},
}
PARTY: Document = {
    "bsonType": "object",
    "required": ["name", "contact", "address", "work", "addresses", "evidence", "truth"],
    "properties": {
        **dict.fromkeys(("name", "contact", "address", "work", "evidence"), TEXT),
        "addresses": TEXTS,
        "truth": {"enum": [True]},
    },
}
NOTICE: Document = {
    "bsonType": "object",
    "required": ["_id", "status", "received", "claim", "rules", "articles", "history"],
    "properties": {
        "status": {"enum": list(STATUSES)},
        "received": TIME,
        "due": MAYBE_TIME,
        "claim": PARTY,
        "counter": {"oneOf": [{"bsonType": "null"}, PARTY]},
        "rules": TEXTS,
        "articles": TEXTS,
        "history": {"bsonType": "array", "items": {"bsonType": "object", "required": ["at", "status", "by"]}},
    },
}
FINGERPRINT: Document = {
    "bsonType": "object",
    "required": ["first", "week", "texts"],
    "properties": {
        "first": TIME,
        "week": {"bsonType": "int"},
        "pending": TIME,
        "texts": {
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["hash", "bands", "signature"],
                "properties": {
                    "hash": TEXT,
                    "bands": {"bsonType": "array", "items": {"bsonType": "int"}},
                    "signature": {"bsonType": "binData"},
                },
            },
        },
    },
}
ENTRY: Document = {
    "bsonType": "object",
    "required": ["source", "url", "looked", "next"],
    "properties": {
        "source": TEXT,
        "url": TEXT,
        "base": TIME,
        "looked": TIME,
        "next": MAYBE_TIME,
        "text_of": MAYBE_TEXT,
        "failed": COUNT,
        "reason": TEXT,
        "since": TIME,
    },
}
SUBSCRIPTION: Document = {
    "bsonType": "object",
    "required": ["_id", "feed", "categories", "sources", "words", "created", "seen"],
    "properties": {
        "_id": TEXT,
        "feed": TEXT,
        "categories": TEXTS,
        "sources": TEXTS,
        "words": TEXTS,
        "created": TIME,
        "seen": TIME,
    },
    "additionalProperties": False,
}
RUN: Document = {"bsonType": "object", "required": ["source", "started", "state"]}
PACKED = {"bsonType": "binData"}
PLACES = {"bsonType": "array", "items": {"bsonType": "int", "minimum": 0}}
INDEXED_ARTICLE: Document = {
    "bsonType": "object",
    "required": ["_id", "n", "changed", "digest", "story"],
    "properties": {
        "_id": TEXT,
        "n": COUNT,
        "changed": TIME,
        "digest": PACKED,
        "story": TEXT,
        "terms": PACKED,
        "marks": PACKED,
        "length": {"bsonType": "int"},
        "source": TEXT,
        "site": TEXT,
        "category": MAYBE_TEXT,
        "published": TIME,
        "related": {"bsonType": "object"},
    },
    "additionalProperties": False,
}
BUCKET: Document = {
    "bsonType": "object",
    "required": ["_id", "version", "packed"],
    "properties": {"_id": {"bsonType": "long"}, "version": COUNT, "packed": PACKED},
    "additionalProperties": False,
}
SEGMENT: Document = {
    "bsonType": "object",
    "required": ["_id", "version", "count", "bits", "ids", "dead", "purging", "facets"],
    "properties": {
        "_id": COUNT,
        "version": COUNT,
        "count": COUNT,
        "bits": COUNT,
        "ids": {"bsonType": "array", "items": MAYBE_TEXT},
        "dead": PLACES,
        "purging": PLACES,
        "facets": {"bsonType": "array", "items": {"bsonType": "array", "items": MAYBE_TEXT}},
        "stories": PACKED,
        "lengths": PACKED,
        "published": PACKED,
        "facet": PACKED,
    },
    "additionalProperties": False,
}
INDEXING: Document = {"bsonType": "object", "required": ["version", "segments", "sealed"]}
