"""Arguments of a crawl: what stands behind `-a` is read, or refused in a sentence."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from newsnap.listings import Entry
from newsnap.urls import Address, AddressError


class ArgumentError(ValueError):
    """A spider argument that cannot be obeyed; the message names it, its value, the rule and the way out."""


def read_urls(urls: str, adopt: Callable[[str], Address]) -> list[tuple[Address, Entry]] | None:
    """Return the addresses that are given, each once; None where none are.

    adopt: returns the address of what is given as an article, or raises AddressError.
    """
    if not urls:
        return None
    if urls.startswith("@"):
        try:
            lines = Path(urls[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ArgumentError(f"urls={urls} cannot be read ({error}): give a text file, one address a line") from None
    else:
        lines = urls.split(",")
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        raise ArgumentError(f"urls={urls} holds no address: give at least one, or leave urls out to crawl the listings")
    try:
        given = [(adopt(each), Entry(each)) for each in wanted]
    except AddressError as error:
        raise ArgumentError(f"urls: {error}") from None
    return list({address.id: (address, entry) for address, entry in given}.values())


def read_limit(limit: str) -> int | None:
    """Return a number of articles; None where there is no limit."""
    if not limit:
        return None
    if not limit.isdecimal() or int(limit) < 1:
        raise ArgumentError(f"limit={limit} is not a number of articles: give a whole number from 1")
    return int(limit)


def read_since(since: str, zone: tzinfo) -> datetime | None:
    """Return 00:00 of a day in a zone, as UTC; None where none is given."""
    if not since:
        return None
    try:
        return datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise ArgumentError(f"since={since} is not a day: give it as YYYY-MM-DD, e.g. since=2026-10-03") from None


def read_refresh(refresh: str) -> bool:
    """Tell whether what is stored is to be fetched again."""
    if refresh not in ("", "0", "1"):
        raise ArgumentError(f"refresh={refresh} is neither 0 nor 1: give refresh=1 to fetch again what is stored")
    return refresh == "1"
