"""Packing: terms of articles as the index keeps them, from the forward form of one article to buckets of postings.

A posting is 16 bits: the place of the article in its segment (13), whether the term stands in the headline (1), how
often it occurs (2, of which `OFTEN` gives the number).  The postings of a segment are sorted by term, and cut into
buckets by the term's first bits.  A bucket is: number of terms n, n terms, n ends (32 bits each, little-endian), the
postings of all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsnap.search.words import Hashes, codes_of, terms_of

Postings = NDArray[np.uint16]
PLACES = 1 << 13
"""Articles in a segment at most."""
HEADLINE = 4
"""Bit of a posting: the term stands in the headline."""
OFTEN = np.array([1, 2, 3.5, 7], dtype=np.float32)
"""Occurrences of a term in an article, by the last two bits of its postings."""
MANY = np.array([0, 0, 1, 2, 2, 2, 3], dtype=np.uint8)
"""Which of them it is for so many occurrences, or more."""
MOST_CHARACTERS = 100_000
"""Of an article so many are indexed; longer ones are tables and lists."""
PER_BUCKET = 1
"""Articles of a segment for one of its buckets, which has then about 3 KB."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The terms of one article."""

    terms: Hashes
    """Ascending, each once."""

    marks: NDArray[np.uint8]
    """The last three bits of their postings."""

    length: int
    """Terms in all."""


def pack(title: str, others: Sequence[str], body: str) -> Packed:
    """Return the terms of an article: headline, further texts (names, captions), body."""
    headline = terms_of(codes_of(title))
    text = terms_of(codes_of("\n".join([*others, body])[:MOST_CHARACTERS]))
    everything = np.sort(np.concatenate([headline, text]))
    first = np.flatnonzero(np.diff(everything, prepend=everything[:1] ^ 1))
    terms, counts = everything[first], np.diff(first, append=len(everything))
    often = MANY[np.minimum(counts, len(MANY) - 1)]
    often[np.searchsorted(terms, headline)] |= HEADLINE
    return Packed(terms, often, len(headline) + len(text))


# --- sorted postings of a segment: keys of 64 bits, the term first ---

Keys = NDArray[np.uint64]


def keys_of(packed: Iterable[Packed]) -> Keys:
    """Return the keys of articles, in the order of their places, sorted."""
    keys = [
        (each.terms.astype(np.uint64) << np.uint64(16)) | (np.uint64(place << 3) | each.marks.astype(np.uint64))
        for place, each in enumerate(packed)
    ]
    return np.sort(np.concatenate(keys)) if keys else np.zeros(0, dtype=np.uint64)


def bucket_bits(places: int) -> int:
    """Return how many first bits of a term name its bucket, in a segment of so many articles."""
    return max(4, (max(places, 1) // PER_BUCKET - 1).bit_length())


def bucket_of(term: int, bits: int) -> int:
    """Return in which bucket a term stands."""
    return term >> (32 - bits)


def buckets(keys: Keys, bits: int) -> Iterator[tuple[int, bytes]]:
    """Yield the buckets that are not empty of a segment's sorted keys, with their numbers."""
    numbers = (keys >> np.uint64(48 - bits)).astype(np.int64)
    ends = np.searchsorted(numbers, np.arange(1 << bits), "right").tolist()
    start = 0
    for number, end in enumerate(ends):
        if end > start:
            yield number, packed_bucket(keys[start:end])
        start = end


def packed_bucket(keys: Keys) -> bytes:
    """Return sorted keys as one bucket."""
    terms = (keys >> np.uint64(16)).astype("<u4")
    last = np.flatnonzero(np.concatenate([terms[1:] != terms[:-1], [True]]))
    return b"".join(
        (
            len(last).to_bytes(4, "little"),
            terms[last].tobytes(),
            (last + 1).astype("<u4").tobytes(),
            keys.astype("<u2").tobytes(),  # the last 16 bits
        )
    )


def unpacked_bucket(bucket: bytes) -> Keys:
    """Return the sorted keys of a bucket."""
    count = int.from_bytes(bucket[:4], "little")
    terms = np.frombuffer(bucket, "<u4", count, 4).astype(np.uint64)
    ends = np.frombuffer(bucket, "<u4", count, 4 + 4 * count)
    postings = np.frombuffer(bucket, "<u2", -1, 4 + 8 * count)
    keys: Keys = (np.repeat(terms, np.diff(ends, prepend=0)) << np.uint64(16)) | postings
    return keys


NONE: Postings = np.zeros(0, dtype=np.uint16)


def postings_in(bucket: bytes, term: int) -> Postings:
    """Return the postings of a term in a bucket, by place."""
    count = int.from_bytes(bucket[:4], "little")
    terms = np.frombuffer(bucket, "<u4", count, 4)
    at = int(terms.searchsorted(np.uint32(term)))
    if at == count or terms[at] != term:
        return NONE
    ends = 4 + 4 * count
    end = int.from_bytes(bucket[ends + 4 * at : ends + 4 * at + 4], "little")
    start = int.from_bytes(bucket[ends + 4 * at - 4 : ends + 4 * at], "little") if at else 0
    return np.frombuffer(bucket, "<u2", end - start, 4 + 8 * count + 2 * start)


def postings_among(keys: Keys, term: int) -> Postings:
    """Return the postings of a term among sorted keys, by place."""
    start, end = keys.searchsorted(np.array([term << 16, (term + 1) << 16], dtype=np.uint64)).tolist()
    return keys[start:end].astype(np.uint16)


def without(keys: Keys, places: NDArray[Any]) -> Keys:
    """Return keys without those of some places."""
    left: Keys = keys[~np.isin((keys.astype(np.uint16) >> 3), places)]
    return left


def moved(keys: Keys, to: NDArray[np.int32]) -> Keys:
    """Return keys with other places, given where each place goes (-1: nowhere); unsorted."""
    place = to[(keys.astype(np.uint16) >> 3)]
    stays = place >= 0
    keys, place = keys[stays], place[stays].astype(np.uint64)
    kept = np.uint64(0xFFFF_FFFF_0007)
    other: Keys = (keys & kept) | (place << np.uint64(3))
    return other
