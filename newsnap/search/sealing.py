"""Sealing: articles become segments, small segments a large one, and what was taken down is purged from them.

512 articles are sealed into a segment; four segments of a size are merged into one of the next, up to 8192 articles,
so that a posting is written four times in its life, and a search among 100 000 articles reads a term at 12 large places
and at most 6 smaller ones.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsnap.search.packing import (
    PLACES,
    Keys,
    Packed,
    bucket_bits,
    buckets,
    keys_of,
    moved,
    packed_bucket,
    unpacked_bucket,
    without,
)
from newsnap.store.terms import Terms

Document = dict[str, Any]

SEALED_AT_ONCE = 512
MERGED_AT_ONCE = 4
MOSTLY_DEAD = 0.3
"""A segment of which so much is superseded is written anew."""
STILL_READ = timedelta(seconds=5)
"""A segment that was merged is kept for so long, for those who search in it."""
SLICES = 16
"""A segment is merged and purged in so many parts, one after the other, which bounds memory."""


class Sealing:
    """What is done to segments, by the process that has the lease."""

    def __init__(self, terms: Terms, owner: str):
        self._terms = terms
        self._owner = owner

    async def tidy(self, state: Document) -> Document:
        """Clear away what a process that was killed has left, and finish what it had to purge."""
        active = state["segments"]
        state = await self._terms.advance(self._owner, {"tidy": False}, changed=False)
        await self._terms.drop_others(active)
        await self._terms.trim(state.get("trimmed", 0), state["sealed"])
        state = await self._terms.advance(self._owner, {"trimmed": state["sealed"], "merged": []}, changed=False)
        return await self.purge(state)

    async def drop_merged(self, state: Document, *, at_once: bool = False) -> Document:
        """Delete the segments that were merged into others."""
        if state.get("merged") and (at_once or is_due(state)):
            await self._terms.drop_segments(state["merged"])
            state = await self._terms.advance(self._owner, {"merged": []}, changed=False)
        return state

    # --- articles that change or go ---

    async def supersede(self, ids: Sequence[str], state: Document) -> None:
        """Let the segments find articles no more that are indexed anew."""
        for segment in await self._terms.holding(ids, state["segments"]) if ids else []:
            dead = set(segment["dead"])
            places = [place for place in places_of(segment, ids) if place not in dead]
            if places:
                await self._terms.mark_dead(segment["_id"], places, purge=False)

    async def move_stories(self, stories: dict[str, str], state: Document) -> None:
        """Note to which stories articles belong now."""
        for segment in await self._terms.holding(stories, state["segments"]) if stories else []:
            before = bytes(segment["stories"])
            column = np.frombuffer(before, "<u8").copy()
            for place in places_of(segment, stories):
                column[place] = story_number(stories[segment["ids"][place]])
            if column.tobytes() != before:
                await self._terms.set_stories(segment["_id"], before, column.tobytes())

    async def hide(self, ids: Sequence[str], state: Document) -> set[str]:
        """Let the segments find articles no more that are to be purged; return which of them stood there."""
        found: set[str] = set()
        for segment in await self._terms.holding(ids, state["segments"]):
            places = places_of(segment, ids)
            found.update(segment["ids"][place] for place in places)
            await self._terms.mark_dead(segment["_id"], places, purge=True)
        return found

    async def purge(self, state: Document) -> Document:
        """Take every posting of hidden articles out of the segments: of many at once for the price of one."""
        state = await self.drop_merged(state, at_once=True)
        for each in await self._terms.purging(state["segments"]):
            await self._purge_places(each["_id"], each["bits"], each["purging"])
        return await self._terms.advance(self._owner, {}, changed=True)

    async def _purge_places(self, segment: int, bits: int, places: Sequence[int]) -> None:
        gone = np.array(places, dtype=np.uint16)
        for start, end in slices(bits):
            before = await self._terms.buckets(segment, start, end)
            after = await asyncio.to_thread(lambda: [purged(each["packed"], gone) for each in before])  # noqa: B023
            touched = [at for at, packed in enumerate(after) if packed is not None]
            await self._terms.rewrite_buckets([before[at] for at in touched], [after[at] or b"" for at in touched])
            await self._terms.advance(self._owner, {}, changed=False)
        await self._terms.purged(segment, places)

    # --- segments ---

    async def seal(self, state: Document) -> Document:
        """Seal as many articles as there are whole segments of, and merge what is to be merged."""
        state = await self.drop_merged(state)
        while await self._terms.unsealed_count(state["sealed"]) >= SEALED_AT_ONCE:
            documents = await self._terms.unsealed(state["sealed"], SEALED_AT_ONCE)
            number = state.get("numbered", 0) + 1
            bits = bucket_bits(len(documents))
            keys = await asyncio.to_thread(lambda: keys_of(packed_of(each) for each in documents))  # noqa: B023
            await self._terms.add_buckets(number, buckets(keys, bits))
            await self._terms.add_segment(segment_of(number, bits, documents))
            fields = {"segments": [*state["segments"], number], "sealed": documents[-1]["n"], "numbered": number}
            before = state["sealed"]
            state = await self._terms.advance(self._owner, fields, changed=True)
            await self._terms.trim(before, state["sealed"])
            state = await self._terms.advance(self._owner, {"trimmed": state["sealed"]}, changed=False)
            state = await self._merge_some(state)
        return state

    async def _merge_some(self, state: Document) -> Document:
        segments = await self._terms.sizes(state["segments"])
        smaller, size = 0, SEALED_AT_ONCE
        while size * MERGED_AT_ONCE <= PLACES:
            alike = [each["_id"] for each in segments if smaller < each["count"] <= size]
            if len(alike) >= MERGED_AT_ONCE:
                return await self._merge(alike[:MERGED_AT_ONCE], state)
            smaller, size = size, size * MERGED_AT_ONCE
        for each in segments:
            if each["dead"] > MOSTLY_DEAD * each["count"]:
                return await self._merge([each["_id"]], state)
        return state

    async def _merge(self, numbers: Sequence[int], state: Document) -> Document:
        """Write segments as one, without what is dead in them."""
        segments = sorted(await self._terms.segments(numbers), key=lambda each: each["_id"])
        state = await self.drop_merged(state)
        number = state.get("numbered", 0) + 1
        merged, maps = merged_segment(number, segments)
        if merged is not None:
            for at in range(SLICES):
                keys = []
                for segment, map in zip(segments, maps, strict=True):
                    start, end = list(slices(segment["bits"]))[at]
                    found = await self._terms.buckets(segment["_id"], start, end)
                    keys.append(await asyncio.to_thread(moved_keys, [each["packed"] for each in found], map))
                sorted_keys = await asyncio.to_thread(lambda: np.sort(np.concatenate(keys)))  # noqa: B023
                await self._terms.add_buckets(number, buckets(sorted_keys, merged["bits"]))
                await self._terms.advance(self._owner, {}, changed=False)
            await self._terms.add_segment(merged)
        gone = [each["_id"] for each in segments]
        kept = [each for each in state["segments"] if each not in gone]
        fields = {
            "segments": [*kept, number] if merged is not None else kept,
            "numbered": number,
            "merged": [*state.get("merged", []), *gone],
            "merged_at": state["merged_at"] if state.get("merged") else datetime.now(UTC),
        }
        return await self._terms.advance(self._owner, fields, changed=True)


def is_due(state: Document) -> bool:
    """Tell whether there are segments to be deleted that nobody reads any more."""
    return bool(state.get("merged")) and state["merged_at"] + STILL_READ < datetime.now(UTC)


def slices(bits: int) -> Iterable[tuple[int, int]]:
    """Yield the parts of a segment's buckets: the first, and the one after the last."""
    size = (1 << bits) // SLICES
    return ((at * size, (at + 1) * size) for at in range(SLICES))


def places_of(segment: Document, ids: Iterable[str]) -> list[int]:
    """Return where articles stand in a segment."""
    wanted = set(ids)
    return [place for place, id in enumerate(segment["ids"]) if id in wanted]


def purged(packed: bytes, places: NDArray[np.uint16]) -> bytes | None:
    """Return a bucket without some places, empty if nothing is left; None if it has none of them."""
    keys = unpacked_bucket(packed)
    left = without(keys, places)
    if len(left) == len(keys):
        return None
    return packed_bucket(left) if len(left) else b""


def moved_keys(packed: Sequence[bytes], to: NDArray[np.int32]) -> Keys:
    """Return the keys of buckets with other places."""
    keys = [unpacked_bucket(each) for each in packed]
    return moved(np.concatenate(keys) if keys else np.zeros(0, dtype=np.uint64), to)


def packed_of(document: Document) -> Packed:
    """Return the terms that a document of `terms` holds."""
    return Packed(
        np.frombuffer(document["terms"], "<u4"), np.frombuffer(document["marks"], np.uint8), document["length"]
    )


def story_number(story: str) -> int:
    """Return a story as the columns have it: 64 bits of a digest."""
    return int.from_bytes(hashlib.blake2b(story.encode(), digest_size=8).digest(), "little")


def segment_of(number: int, bits: int, documents: Sequence[Document]) -> Document:
    """Return the document of a segment of articles, given by their documents of `terms`."""
    facets = {(each["source"], each["site"], each["category"]): 0 for each in documents}
    for at, each in enumerate(facets):
        facets[each] = at
    return {
        "_id": number,
        "version": 1,
        "count": len(documents),
        "bits": bits,
        "ids": [each["_id"] for each in documents],
        "dead": [],
        "purging": [],
        "facets": [list(each) for each in facets],
        "stories": np.array([story_number(each["story"]) for each in documents], dtype="<u8").tobytes(),
        "lengths": np.minimum([each["length"] for each in documents], 0xFFFF).astype("<u2").tobytes(),
        "published": np.array([seconds_of(each) for each in documents], dtype="<u4").tobytes(),
        "facet": np.array(
            [facets[each["source"], each["site"], each["category"]] for each in documents], dtype="<u2"
        ).tobytes(),
    }


def seconds_of(document: Document) -> int:
    """Return when an article was published, in seconds since 1970, before which nothing was."""
    return min(max(int(document["published"].timestamp()), 0), 2**32 - 1)


def merged_segment(number: int, segments: Sequence[Document]) -> tuple[Document | None, list[NDArray[np.int32]]]:
    """Return the document of several segments as one, and where each of their places goes (-1: nowhere).

    None if all of them are dead.
    """
    facets: dict[tuple[str | None, ...], int] = {}
    maps: list[NDArray[np.int32]] = []
    ids: list[str] = []
    columns: dict[str, list[NDArray[Any]]] = {"stories": [], "lengths": [], "published": [], "facet": []}
    for segment in segments:
        alive = np.ones(segment["count"], dtype=np.bool_)
        alive[segment["dead"]] = False
        maps.append(np.where(alive, np.cumsum(alive) - 1 + len(ids), -1).astype(np.int32))
        ids += [id for id, lives in zip(segment["ids"], alive.tolist(), strict=True) if lives]
        for name, form in (("stories", "<u8"), ("lengths", "<u2"), ("published", "<u4")):
            columns[name].append(np.frombuffer(segment[name], form)[alive])
        to = np.array([facets.setdefault(tuple(each), len(facets)) for each in segment["facets"]], dtype="<u2")
        columns["facet"].append(to[np.frombuffer(segment["facet"], "<u2")[alive]])
    if not ids:
        return None, maps
    merged: Document = {
        "_id": number,
        "version": 1,
        "count": len(ids),
        "bits": bucket_bits(len(ids)),
        "ids": ids,
        "dead": [],
        "purging": [],
        "facets": [list(each) for each in facets],
    }
    return merged | {name: np.concatenate(each).tobytes() for name, each in columns.items()}, maps
