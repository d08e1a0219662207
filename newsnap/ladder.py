"""The ladder: when an article is looked at again after it was stored, and an address that failed is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from scrapy.settings import BaseSettings


class LadderError(ValueError):
    """A setting that is no row of growing times; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ages at which an article is looked at again, and the pauses before a failed address is tried again."""

    rungs: Sequence[timedelta]
    """Ages since publication, ascending."""

    pauses: Sequence[timedelta]
    """After the first failure, the second, and so on; after one more than there are pauses the address is given up."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Read NEWSNAP_LADDER_HOURS and NEWSNAP_LADDER_PAUSES_HOURS.

        Raises LadderError.
        """
        return cls(hours_of(settings, "NEWSNAP_LADDER_HOURS"), hours_of(settings, "NEWSNAP_LADDER_PAUSES_HOURS"))

    def next_look(self, base: datetime, looked: datetime) -> datetime | None:
        """Return when an article is due again; None if it is past the last rung.

        base: from when its age counts; looked: when it was last looked at.  Looks are at least the first rung apart.
        """
        if not self.rungs:
            return None
        rung = next((base + each for each in self.rungs if base + each > looked), None)
        return rung and max(rung, looked + self.rungs[0])

    def next_try(self, attempts: int, failed: datetime) -> datetime | None:
        """Return when an address that failed so many times in a row is tried again; None if it is given up."""
        return failed + self.pauses[attempts - 1] if attempts <= len(self.pauses) else None


def base_of(published: datetime | None, precision: str | None, fetched: datetime) -> datetime:
    """Return from when the age of an article counts: its publication if that is known to the minute, else its fetch."""
    if published is None or precision not in ("second", "minute"):
        return fetched
    return min(published, fetched)


def hours_of(settings: BaseSettings, name: str) -> list[timedelta]:
    """Return a setting of hours parted by commas; empty where it is empty.

    Raises LadderError.
    """
    value = str(settings.get(name) or "")
    try:
        hours = [float(each) for each in value.split(",") if each.strip()]
    except ValueError:
        hours = [0.0]
    if any(not 0 < each < 24 * 366 * 10 for each in hours) or hours != sorted(set(hours)):
        raise LadderError(f"{name}={value} is no row of growing numbers of hours: write it like 1,6,24")
    return [timedelta(hours=each) for each in hours]
