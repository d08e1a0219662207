"""Precedence: who published a text first, as far as printed times tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SPANS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "day": timedelta(days=1)}
"""What a printed time leaves open, by its precision."""
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story."""

    id: str
    """Its identity."""

    published: datetime | None
    """Start of the second, minute or day it was published in; None where no date could be read."""

    precision: str | None
    """`second`, `minute` or `day`."""

    first: datetime
    """When newsnap first fetched it."""

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return from when to when it may have been published, the end excluded; without a date, after all with one."""
        if self.published is None:
            return NEVER, NEVER
        return self.published, self.published + SPANS.get(self.precision or "day", SPANS["day"])


def earliest(members: Iterable[Member]) -> Member:
    """Return the first publisher: the earliest by date, of those that tie the first fetched, then the lesser identity.

    Two tie if their spans overlap: a day ties with each of its minutes.  That alone would not put three in an order (a
    day ties with morning and evening, which do not), so those count that no other member surely precedes.

    Raises ValueError for no members.
    """
    everyone = list(members)
    if not everyone:
        raise ValueError("a story has at least one article")
    first_end = min(each.span[1] for each in everyone)
    first = [each for each in everyone if each.span[0] < first_end] or everyone
    return min(first, key=lambda each: (each.first, each.id))


def in_order(members: Sequence[Member]) -> list[Member]:
    """Return the members in order of publication, the first publisher first."""
    left, ordered = list(members), []
    while left:
        ordered.append(earliest(left))
        left.remove(ordered[-1])
    return ordered
