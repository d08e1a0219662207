"""What is to be watched, and how closely."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from scrapy.settings import BaseSettings

from newsnap.arguments import ArgumentError
from newsnap.watch.pace import Bounds


@dataclass(frozen=True, slots=True)
class Options:
    """How closely is watched.

    Settings: NEWSNAP_WATCH_MIN_SECONDS, NEWSNAP_WATCH_MAX_SECONDS, NEWSNAP_WATCH_CRAWLS, NEWSNAP_WATCH_CRAWL_SECONDS.
    """

    bounds: Bounds
    crawls: int
    """So many at once."""
    crawl_seconds: float
    """A crawl takes so long at most."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Return what the settings say.

        Raises ArgumentError where they cannot be obeyed.
        """
        shortest, longest = (number(settings, f"NEWSNAP_WATCH_{each}_SECONDS") for each in ("MIN", "MAX"))
        if shortest > longest:
            raise ArgumentError(
                f"NEWSNAP_WATCH_MIN_SECONDS is {shortest:g}, more than NEWSNAP_WATCH_MAX_SECONDS, {longest:g}: "
                "a source is left alone at least so long as the one says and at most as the other"
            )
        bounds = Bounds(timedelta(seconds=shortest), timedelta(seconds=longest))
        crawls = int(number(settings, "NEWSNAP_WATCH_CRAWLS"))
        return cls(bounds, crawls, number(settings, "NEWSNAP_WATCH_CRAWL_SECONDS"))


MOST = 365 * 86400
"""No setting of these is larger: what is a year, in seconds, is for ever."""


def number(settings: BaseSettings, name: str) -> float:
    """Return a setting that is a number from 1.

    Raises ArgumentError.
    """
    value = settings[name]
    try:
        if 1 <= float(value) <= MOST:
            return float(value)
    except ValueError:
        pass
    raise ArgumentError(f"{name} is {value!r}: give a number from 1 to {MOST}")
