"""The index as a process that searches sees it: its columns in memory, its postings as they are asked for.

Of 100 000 articles the columns take 15 MB; postings that were read lately are kept up to a number of bytes.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from newsnap.search.packing import HEADLINE, OFTEN, Keys, bucket_of, keys_of, postings_among, postings_in
from newsnap.search.sealing import packed_of, seconds_of, story_number

if TYPE_CHECKING:
    from newsnap.store import Store

Document = dict[str, Any]
Places = NDArray[np.int64]
"""Places of articles in the columns, ascending."""

CACHE_BYTES = 64 * 1024 * 1024
"""Postings that are kept in memory."""
FRESH_SECONDS = 1.0
"""The state of the index is read again after this."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a term stands."""

    places: Places
    often: NDArray[np.float32]
    """How often it stands there, about."""

    headline: NDArray[np.bool_]
    """Whether it stands in the headline."""


@dataclass(slots=True)
class Part:
    """A segment: where its columns begin, and how its postings are found."""

    number: int
    version: int
    base: int
    bits: int


@dataclass(slots=True)
class Columns:
    """What articles are filtered and ranked by; a place an article."""

    ids: list[str | None]
    alive: NDArray[np.bool_]
    lengths: NDArray[np.float32]
    published: NDArray[np.int64]
    """Seconds since 1970."""

    facet: NDArray[np.int32]
    """Which of `facets`."""

    facets: list[tuple[str, str, str | None]]
    """Source, site, category."""

    story: NDArray[np.int64]
    """Articles of one story have the same number: which of `stories`."""

    stories: NDArray[np.uint64]
    """What segments know the stories by, ascending."""

    def story_of(self, story: str) -> int:
        """Return the number of a story; -1 if no article of it is indexed."""
        number = np.uint64(story_number(story))
        at = int(self.stories.searchsorted(number))
        return at if at < len(self.stories) and self.stories[at] == number else -1


def no_columns() -> Columns:
    return Columns(
        [], np.zeros(0, np.bool_), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int32), [],
        np.zeros(0, np.int64), np.zeros(0, np.uint64),
    )  # fmt: skip


@dataclass(slots=True)
class Snapshot:
    """The index at one moment; what is read of it later is still of this moment, or is missing."""

    version: int = -1
    parts: list[Part] = field(default_factory=list)
    columns: Columns = field(default_factory=no_columns)
    unsealed: Keys = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    unsealed_base: int = 0
    living: int = 0
    """Articles that can be found."""

    mean_length: float = 1.0
    newest: int = 0
    """When the newest article was published, in seconds since 1970."""


class Index:
    """Reads the index of a store."""

    def __init__(self, store: "Store", *, cache_bytes: int = CACHE_BYTES):
        self._terms = store.terms
        self._turn = asyncio.Lock()
        self._read = -FRESH_SECONDS
        self._segments: dict[int, Document] = {}
        self._unsealed: dict[str, Document] = {}
        self._snapshot = Snapshot()
        self._cache: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._cached = 0

    async def now(self) -> Snapshot:
        """Return the index as it was at most a second ago."""
        if time.monotonic() - self._read >= FRESH_SECONDS:
            async with self._turn:
                if time.monotonic() - self._read >= FRESH_SECONDS:
                    await self._refresh()
                    self._read = time.monotonic()
        return self._snapshot

    async def _refresh(self) -> None:
        state = await self._terms.state()
        if state.get("version", 0) == self._snapshot.version:
            return
        for _ in range(3):  # what was read belongs together if nobody sealed or merged meanwhile
            await self._read_columns(state)
            read, state = state, await self._terms.state()
            if read.get("segments") == state.get("segments"):
                break
        segments, unsealed = list(self._segments.values()), list(self._unsealed.values())
        self._snapshot = await asyncio.to_thread(snapshot_of, read.get("version", 0), segments, unsealed)

    async def _read_columns(self, state: Document) -> None:
        active: list[int] = state.get("segments", [])
        versions = await self._terms.segment_versions(active)
        old = [each for each in active if self._segments.get(each, {}).get("version") != versions.get(each)]
        read = {each["_id"]: each for each in await self._terms.segments(old)}
        there = self._segments | read
        self._segments = {each: there[each] for each in active if each in versions and each in there}
        numbers = await self._terms.unsealed_numbers(state.get("sealed", 0))
        kept = {id: self._unsealed[id] for id, (n, _) in numbers.items() if self._unsealed.get(id, {}).get("n") == n}
        for each in await self._terms.terms_of([id for id in numbers if id not in kept]):
            kept[each["_id"]] = each
        for id, each in kept.items():
            each["story"] = numbers[id][1]
        self._unsealed = kept

    # --- postings ---

    async def find(self, snapshot: Snapshot, terms: Sequence[int]) -> dict[int, Found]:
        """Return where terms stand."""
        buckets = await self._buckets(snapshot, terms)
        found = {}
        for term in terms:
            postings = [postings_among(snapshot.unsealed, term)]
            bases = [snapshot.unsealed_base]
            for part in reversed(snapshot.parts):
                bucket = buckets.get((part.number, bucket_of(term, part.bits)))
                if bucket is not None and len(there := postings_in(bucket, term)):
                    postings.append(there)
                    bases.append(part.base)
            together = np.concatenate(postings[::-1])
            base = np.repeat(np.array(bases[::-1], dtype=np.int64), [len(each) for each in postings[::-1]])
            found[term] = Found(base + (together >> 3), OFTEN[together & 3], (together & HEADLINE) != 0)
        return found

    async def _buckets(self, snapshot: Snapshot, terms: Iterable[int]) -> dict[tuple[int, int], bytes]:
        found: dict[tuple[int, int], bytes] = {}
        missing: dict[tuple[int, int], int] = {}
        for part in snapshot.parts:
            for bucket in {bucket_of(term, part.bits) for term in terms}:
                kept = self._cache.get((part.number, bucket, part.version))
                if kept is None:
                    missing[part.number, bucket] = part.version
                else:
                    self._cache.move_to_end((part.number, bucket, part.version))
                    found[part.number, bucket] = kept
        if missing:
            read = await self._terms.read_buckets(list(missing))
            found |= read
            for key, version in missing.items():
                self._keep((*key, version), read.get(key, EMPTY))
        return found

    def _keep(self, key: tuple[int, int, int], bucket: bytes) -> None:
        if key not in self._cache:
            self._cache[key] = bucket
            self._cached += len(bucket) + 200  # what Python needs for it
        while self._cached > self._cache_bytes:
            _, gone = self._cache.popitem(last=False)
            self._cached -= len(gone) + 200


EMPTY = bytes(4)
"""A bucket without terms."""
NOTHING = Found(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.bool_))


def snapshot_of(version: int, segments: Sequence[Document], unsealed: Sequence[Document]) -> Snapshot:
    """Put segments, and articles that are not sealed, into one row."""
    ids: list[str | None] = []
    parts: list[Part] = []
    alive: list[NDArray[np.bool_]] = []
    facets: dict[tuple[Any, ...], int] = {}
    columns: dict[str, list[NDArray[Any]]] = {"stories": [], "lengths": [], "published": [], "facet": []}
    for segment in segments:
        parts.append(Part(segment["_id"], segment["version"], len(ids), segment["bits"]))
        ids += segment["ids"]
        living = np.ones(segment["count"], dtype=np.bool_)
        living[segment["dead"]] = False
        alive.append(living)
        for name, form in (("stories", "<u8"), ("lengths", "<u2"), ("published", "<u4")):
            columns[name].append(np.frombuffer(segment[name], form))
        to = np.array([facets.setdefault(tuple(each), len(facets)) for each in segment["facets"]], dtype=np.int32)
        columns["facet"].append(to[np.frombuffer(segment["facet"], "<u2")])
    base = len(ids)
    keys = keys_of(packed_of(each) for each in unsealed)
    ids += [each["_id"] for each in unsealed]
    alive.append(np.ones(len(unsealed), dtype=np.bool_))
    columns["stories"].append(np.array([story_number(each["story"]) for each in unsealed], dtype="<u8"))
    columns["lengths"].append(np.array([each["length"] for each in unsealed], dtype="<u4"))
    columns["published"].append(np.array([seconds_of(each) for each in unsealed], dtype="<u4"))
    kinds = [(each["source"], each["site"], each["category"]) for each in unsealed]
    columns["facet"].append(np.array([facets.setdefault(each, len(facets)) for each in kinds], dtype=np.int32))
    row = {name: np.concatenate(each) for name, each in columns.items()}
    stories, story = np.unique(row["stories"], return_inverse=True)
    living = np.concatenate(alive)
    lengths = row["lengths"].astype(np.float32)
    published = row["published"].astype(np.int64)
    there = Columns(
        ids, living, lengths, published, row["facet"].astype(np.int32),
        [(str(source), str(site), category) for source, site, category in facets], story.astype(np.int64),
        stories.astype(np.uint64),
    )  # fmt: skip
    any_lives = bool(living.any())
    return Snapshot(
        version, parts, there, keys, base, int(living.sum()),
        float(lengths[living].mean()) if any_lives else 1.0, int(published[living].max()) if any_lives else 0,
    )  # fmt: skip
