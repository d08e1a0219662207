"""The log's arithmetic: entries chained by hashes, and what a chain tells about itself."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any, Literal, get_args

Act = Literal[
    "add",  # a rule
    "remove",  # an article: what is left is a stone
    "hold",  # an article
    "refuse",  # an article that arrived: a stone, and nothing was stored
    "forget",  # an address that an article is also found at
    "purge",  # what a crawler wrote for an article that was removed meanwhile
    "lift",  # a rule
    "end",  # a rule, on the day it was made for
    "release",  # a held article
    "reopen",  # a removed article: it may be crawled again
    "receive", "accept", "reject", "counter", "close",  # a notice
]  # fmt: skip

ACTS: tuple[str, ...] = get_args(Act)

GENESIS = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log."""

    count: int
    hash: str

    def __str__(self) -> str:
        return f"{self.count}:{self.hash}"


def plain(value: Any) -> Any:
    """Return a value as it is hashed: times as ISO 8601 in UTC with milliseconds."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def entry_hash(entry: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, of all fields of an entry but its own hash: number and previous hash among them."""
    fields = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(json.dumps(plain(fields), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def chained(head: Head, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the entry that follows the end of the log."""
    entry = {"_id": head.count + 1, **fields, "previous": head.hash}
    return {**entry, "hash": entry_hash(entry)}


@dataclass(frozen=True, slots=True)
class _Link:
    """What the chain needs of an entry."""

    stored: str
    previous: str
    sound: bool
    """Whether its hash is that of what it says."""


MAX_FAULTS = 100
"""So many broken entries are looked into; a log with more is beyond telling."""


async def faults(entries: AsyncIterator[dict[str, Any]], head: Head) -> list[str]:
    """Return what is wrong with the log, entry by entry, in sentences; nothing if it is whole.

    entries: in the order of their numbers.  head: where the log ends, as noted beside it.
    """
    links: dict[int, _Link] = {}
    unsound: dict[int, dict[str, Any]] = {}
    async for entry in entries:
        number, stored = entry["_id"], str(entry.get("hash"))
        sound = entry_hash(entry) == stored
        links[number] = _Link(stored, str(entry.get("previous")), sound)
        if not sound and len(unsound) < MAX_FAULTS:
            unsound[number] = entry
    last = max(links, default=0)
    missing = [number for number in range(1, max(last, head.count) + 1) if number not in links]
    broken = list(islice(_broken(links, head), MAX_FAULTS))
    found = [f"{numbered(*span)} missing{' at the end' * (span[1] > last)}" for span in spans(missing)]
    if last > head.count:
        found.append(f"{numbered(head.count + 1, last)} beyond the noted end of the log: no command wrote that")
    for number in sorted(broken):
        entry = unsound.get(number, {})
        places = [each for each in (*broken, *missing) if entry and entry_hash({**entry, "_id": each}) == entry["hash"]]
        home = f"not in its place: it was entry {places[0]}" if places else "not as it was written"
        found.append(f"entry {number} is {home}")
    return found


def _broken(links: dict[int, _Link], head: Head) -> Iterator[int]:
    """Yield the entries that are not what the next one, if that can be trusted, was chained to."""
    trusted = False
    for number in sorted(links, reverse=True):
        if number == head.count:
            expected: str | None = head.hash
        else:
            expected = links[number + 1].previous if trusted else None
        link = links[number]
        trusted = link.sound and expected in (None, link.stored) and (number > 1 or link.previous == GENESIS)
        if not trusted:
            yield number
        trusted = trusted and number - 1 in links


def spans(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last of the runs in a sorted list.

    >>> list(spans([1, 2, 5]))
    [(1, 2), (5, 5)]
    """
    for _, run in groupby(enumerate(numbers), key=lambda it: it[1] - it[0]):
        found = [number for _, number in run]
        yield found[0], found[-1]


def numbered(first: int, last: int) -> str:
    """Return the subject of a sentence about a run of entries."""
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
