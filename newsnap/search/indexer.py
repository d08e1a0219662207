"""The indexer: follows what changes among the articles, and brings the index up to date.

Any process may call it at any time.  One of them indexes, by a lease in MongoDB; what it writes does not count until
the state of the index names it, so a process that is killed leaves nothing that is found, and the next one clears it
away.
"""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsnap.search import words
from newsnap.search.packing import pack
from newsnap.search.sealing import Sealing, is_due
from newsnap.store.terms import Overtaken

if TYPE_CHECKING:
    from newsnap.store import Store

Document = dict[str, Any]

AT_ONCE = 128
"""Articles indexed together."""
LOOKS_BACK = timedelta(seconds=15)
"""A change becomes visible a little after the time it bears, and behind others."""
LOOKS_FAR_BACK = timedelta(minutes=15)
"""A crawler for which MongoDB was away writes what it had before (NEWSNAP_MONGO_WAIT_SECONDS)."""
EVERY = timedelta(minutes=5)
"""So often it looks far back."""
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(slots=True)
class Progress:
    """What was done to the index."""

    indexed: int = 0
    """Articles that are new in it, or in another version."""

    removed: int = 0
    """Articles that are in it no more."""

    behind: bool = False
    """There is more to do: time was up, or another process is at it."""


class Indexer:
    """Keeps the index of a store."""

    def __init__(self, store: "Store"):
        self._store = store
        self._terms = store.terms
        self._owner = uuid.uuid4().hex
        self._turn = asyncio.Lock()
        self._sealing = Sealing(store.terms, self._owner)

    async def catch_up(self, *, seconds: float | None = None) -> Progress:
        """Bring the index up to date; returns at once where it is, or where another process is at it.

        seconds: after so many it stops at the next good moment.
        """
        async with self._turn:
            state = await self._terms.state()
            if not await self._is_behind(state):
                return Progress()
            leased = await self._terms.lease(self._owner)
            if leased is None:
                return Progress(behind=True)
            try:
                return await self._catch_up(leased, seconds)
            except Overtaken:
                return Progress(behind=True)
            finally:
                await self._terms.release(self._owner)

    async def start_over(self) -> None:
        """Delete the whole index; until it has caught up again, less is found."""
        async with self._turn:
            await self._terms.drop_all()

    async def forget(self, ids: Sequence[str]) -> None:
        """Take articles that were removed or are held out of the index at once, however far behind it is.

        Where another process indexes at the moment, that one does it.
        """
        async with self._turn:
            if not ids or not await self._terms.state():
                return
            state = await self._terms.lease(self._owner)
            if state is None:
                return
            try:
                if await self._remove(ids, state, await self._terms.known(ids)):
                    state = await self._terms.advance(self._owner, {}, changed=True)  # they are found no more
                    await self._sealing.purge(state)
            except Overtaken:
                pass
            finally:
                await self._terms.release(self._owner)

    async def _is_behind(self, state: Document) -> bool:
        newest = await self._terms.newest_change()
        if newest is None and not state:
            return False
        return (
            state.get("newest") != newest
            or not state.get("tidy")
            or state.get("made") != words.VERSION
            or is_due(state)
            or state.get("looked", BEGINNING) + EVERY < datetime.now(UTC)
        )

    async def _catch_up(self, state: Document, seconds: float | None) -> Progress:
        if state.get("made", words.VERSION) != words.VERSION:
            state = await self._terms.drop_all()
        if not state.get("tidy"):
            state = await self._sealing.tidy(state)
        else:
            state = await self._terms.advance(self._owner, {"tidy": False}, changed=False)
        progress = await self._follow(state, seconds)
        await self._terms.advance(self._owner, {"tidy": True, "made": words.VERSION}, changed=False)
        return progress

    async def _follow(self, state: Document, seconds: float | None) -> Progress:
        """Take up what changed, oldest first."""
        begun, progress, now = time.monotonic(), Progress(), datetime.now(UTC)
        newest = await self._terms.newest_change()
        mark: datetime = state.get("mark", BEGINNING)
        far = state.get("looked", BEGINNING) + EVERY < now
        last = await self._terms.last_number()
        async for batch in self._terms.changes(mark - (LOOKS_FAR_BACK if far else LOOKS_BACK), AT_ONCE):
            indexed, removed = await self._take(batch, state, max(last, state["sealed"]))
            last += indexed
            progress.indexed += indexed
            progress.removed += removed
            mark = max(mark, batch[-1]["changed"])
            state = await self._terms.advance(self._owner, {"mark": mark}, changed=bool(indexed or removed))
            state = await self._sealing.seal(state)
            if seconds is not None and time.monotonic() - begun > seconds:
                progress.behind = True
                break
        state = await (self._sealing.purge(state) if progress.removed else self._sealing.drop_merged(state))
        if not progress.behind:
            noted: Document = {"newest": newest, "looked": now if far else state.get("looked", now)}
            await self._terms.advance(self._owner, noted, changed=False)
        return progress

    async def _take(self, batch: Sequence[Document], state: Document, last: int) -> tuple[int, int]:
        """Index articles of which something changed; return how many were indexed, and how many removed."""
        known = await self._terms.known([each["_id"] for each in batch])
        gone = [each["_id"] for each in batch if each["state"] != "live"]
        changed = [
            each["_id"]
            for each in batch
            if each["state"] == "live" and known.get(each["_id"], {}).get("changed") != each["changed"]
        ]
        removed = await self._remove(gone, state, known) if gone else 0
        if not changed:
            return 0, removed
        articles = await self._terms.live_articles(changed)
        anew: list[Document] = []
        stories: dict[str, str] = {}
        for each in articles:
            before = known.get(each["_id"])
            if before is None or bytes(before["digest"]) != digest_of(each):
                anew.append(each)
            elif before["story"] != each["story"]:
                stories[each["_id"]] = each["story"]
        await self._sealing.supersede([each["_id"] for each in anew], state)
        await self._sealing.move_stories(stories, state)
        noted = {each["_id"]: {"changed": each["changed"], "story": each["story"]} for each in articles}
        for each in anew:
            del noted[each["_id"]]
        await self._terms.note(noted)
        documents = await asyncio.to_thread(lambda: [document_of(each, last + at) for at, each in enumerate(anew, 1)])
        await self._terms.put(documents)
        if stories and not (anew or removed):
            await self._terms.advance(self._owner, {}, changed=True)
        return len(anew), removed

    async def _remove(self, ids: Sequence[str], state: Document, known: dict[str, Document]) -> int:
        """Let articles be found no more, and delete their terms; return how many were there."""
        hidden = await self._sealing.hide(ids, state)
        there = [id for id in ids if id in known]
        if there:
            await self._terms.remove(there)
        return len(hidden.union(there))


def document_of(article: Document, n: int) -> Document:
    """Return the document of `terms` of an article."""
    packed = pack(article["title"], beside(article), article["body"])
    return {
        "_id": article["_id"],
        "n": n,
        "changed": article["changed"],
        "digest": digest_of(article),
        "story": article["story"],
        "terms": packed.terms.astype("<u4").tobytes(),
        "marks": packed.marks.tobytes(),
        "length": packed.length,
        "source": article["source"],
        "site": article["site"],
        "category": article["category"],
        "published": article["published"] or article["snapshot"],
    }


def beside(article: Document) -> list[str]:
    """Return what is indexed of an article besides headline and text: lines about the headline, authors, captions."""
    captions = [each["caption"] for each in article["figures"]]
    return [article["kicker"] or "", article["subtitle"] or "", *article["authors"], *captions]


def digest_of(article: Document) -> bytes:
    """Return a digest of what is indexed of an article: where it stays the same, nothing is indexed anew."""
    said = [article[name] for name in ("title", "body", "source", "site", "category", "published")]
    said += beside(article)
    return hashlib.blake2b(repr(said).encode("utf-8", "backslashreplace"), digest_size=12).digest()
