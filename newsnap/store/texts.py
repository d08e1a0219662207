"""Marked texts: the collection `takedown_texts`, by which reprints of what was taken down are known when they arrive.

Only hashes are kept, too few of each text to put it together again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from newsnap.fingerprints import Fingerprint, digests, relation
from newsnap.items import Article
from newsnap.store.batches import Batches
from newsnap.store.transactions import Session

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

ASKED_AT_ONCE = 100
ASKED_SECONDS = 0.01
REPRINTED = ("same", "reprint")


@dataclass(frozen=True, slots=True)
class Mark:
    """A text of which only hashes are left."""

    hash: str
    print: Fingerprint

    @classmethod
    def of(cls, title: str, body: str) -> "Mark":
        """Return the mark of a text."""
        return cls(*digests(title, body))

    @classmethod
    def of_stored(cls, article: Mapping[str, Any]) -> "Mark":
        """Return the mark of an article or of an earlier version of one, as MongoDB keeps it."""
        return cls.of(article["title"], article["body"])

    @classmethod
    def kept(cls, document: Mapping[str, Any]) -> "Mark":
        """Return a mark as MongoDB keeps it."""
        return cls(document["hash"], Fingerprint(bytes(document["signature"]), list(document["bands"])))

    def document(self) -> Document:
        """Return the mark as MongoDB keeps it."""
        return {"hash": self.hash, "bands": self.print.bands, "signature": self.print.signature}

    def covers(self, other: "Mark") -> bool:
        """Tell whether another text is this one or a reprint of it."""
        return self.hash == other.hash or relation(self.print, other.print) in REPRINTED


class Texts:
    """The collection `takedown_texts`."""

    def __init__(self, store: "Store"):
        self._store = store
        self._asking: Batches[Mark, list[str]] = Batches(self._ask, size=ASKED_AT_ONCE, seconds=ASKED_SECONDS)

    async def mark(self, session: Session, rule: str, article: str, story: str | None, marks: Sequence[Mark]) -> None:
        """Keep the marks of the versions of an article for a rule, in a transaction; twice is as good as once."""
        kept = {each.hash: each for each in marks}
        there = {
            each["hash"]
            async for each in self._store.db.takedown_texts.find(
                {"rule": rule, "hash": {"$in": list(kept)}}, {"hash": 1}, session=session
            )
        }
        new = [
            {"rule": rule, "article": article, "story": story, **each.document()}
            for each in kept.values()
            if each.hash not in there
        ]
        if new:
            await self._store.db.takedown_texts.insert_many(new, session=session)

    async def of_rule(self, rule: str) -> AsyncIterator[Document]:
        """Yield what is kept for a rule: `article`, `story`, and the mark."""
        async for document in self._store.db.takedown_texts.find({"rule": rule}, sort=[("_id", 1)]):
            yield document

    async def find(self, article: Article) -> list[str]:
        """Return the ids of the rules whose texts an article reprints; they may have ended."""
        if article.content_hash and article.fingerprint:
            return await self._asking.ask(Mark(article.content_hash, article.fingerprint))
        return await self._asking.ask(Mark.of(article.title, article.body))

    async def covering(self, mark: Mark) -> list[str]:
        """Return the ids of the rules whose texts a text reprints; they may have ended."""
        return await self._asking.ask(mark)

    async def _ask(self, marks: Sequence[Mark]) -> list[list[str] | Exception]:
        query = {
            "$or": [
                {"hash": {"$in": [each.hash for each in marks]}},
                {"bands": {"$in": [band for each in marks for band in each.print.bands]}},
            ]
        }

        bands = [set(each.print.bands) for each in marks]

        async def find() -> list[list[str] | Exception]:
            rules: list[dict[str, None]] = [{} for _ in marks]
            async for document in self._store.db.takedown_texts.find(query):
                kept = Mark.kept(document)
                for at, mark in enumerate(marks):
                    near = kept.hash == mark.hash or not bands[at].isdisjoint(kept.print.bands)
                    if near and document["rule"] not in rules[at] and kept.covers(mark):
                        rules[at][document["rule"]] = None
            return [list(each) for each in rules]

        return await self._store.patiently(find)
