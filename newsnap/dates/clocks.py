"""Times of day: which hour the printed words and figures mean, and by whose clock."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import NamedTuple

from newsnap.dates import forms

NIGHT = ("晚", "晚上", "晚间", "夜", "夜间", "夜里", "深夜", "半夜", "午夜")


class Clock(NamedTuple):
    """A time of day as printed."""

    hour: int
    """0 to 24; 24 is the midnight at the end of the day."""

    minute: int
    second: int | None
    """None if no seconds are printed."""

    zone: tzinfo | str | None
    """The offset printed; the name of a zone, whose offset depends on the date; None if there is neither."""

    start: int
    end: int


COMMON = ("h1", "m1", "s1", "h2", "m2", "offset", "period", "after", "meridiem")


def clock_after(plain: str, end: int, period: str = "") -> Clock | None:
    """Return the time of day that follows a date; `period` is the part of the day that the date has named already."""
    match = forms.CLOCK_AFTER.match(plain, end)
    if match is None:
        return None
    h1, m1, s1, h2, m2, offset, spoken, after, meridiem = match.group(*COMMON)
    if h1 or h2:
        hour, minute, second = int(h1 or h2), int(m1 or m2), int(s1) if s1 else None
    else:
        hour, minute, second = words(match)
    zone: tzinfo | str | None = match["before"]
    stop = match.end()
    if offset:
        printed = offset_of(match, exact=match["gap"] in ("T", "t") or s1 is not None)
        zone, stop = (zone, match.start("offset")) if printed is None else (printed, stop)
    hour = on_dial(hour, spoken or after or period, meridiem)
    return checked(Clock(hour, minute, second, zone, end, stop))


def words(match: re.Match[str]) -> tuple[int, int, int | None]:
    """Return hour, minute and second of 10点26分, 十时, 下午3点半, 8点一刻."""
    if minute := match["m3"] or match["m4"]:
        minutes = forms.number(minute)
    else:
        minutes = 30 if match["half"] else {"一": 15, "三": 45}.get(match["quarter"], 0)
    return forms.number(match["h3"]), minutes, forms.number(match["s3"]) if match["s3"] else None


def clock_before(plain: str, start: int, last: int) -> Clock | None:
    """Return the time of day that stands before a date, as in `15:31 2018/09/16`, but not before `last`."""
    first = max(last, start - 30)
    match = forms.CLOCK_BEFORE.search(plain[first:start])
    if match is None:
        return None
    zone: tzinfo | str | None = match["offset"]
    if match["offset"] and match["offset"][0] in "+-":
        zone = from_utc(match["offset"][0], match["offset"][1:3], match["offset"][-2:])
    hour = on_dial(int(match["h2"] or match["h3"]), match["period"], match["meridiem"])
    second = int(match["s2"]) if match["s2"] else None
    begin = first + match.start()
    return checked(Clock(hour, int(match["m2"] or match["m3"]), second, zone, begin, begin))


def on_dial(hour: int, period: str | None, meridiem: str | None) -> int:
    """Put a printed hour on the dial of 24 hours; -1 if there is none such, or two (晚上1点 is of which night?).

    上午12 and 凌晨12 are the first hour of the day, as programs print them; 晚上12 is the end of it, as people say.
    """
    if meridiem or (period and period.isascii()):
        noon = 12 if (meridiem or period or "")[0] in "pP" else 0
        return hour % 12 + noon if 1 <= hour <= 12 + noon else -1
    if not period or hour > 12:
        return hour
    if period in ("凌晨", "上午"):
        return hour % 12
    if period in NIGHT:
        return hour + 12 if hour >= 5 else -1 if hour else 0
    afternoon = period in ("下午", "午后", "傍晚") or (period in ("中午", "正午") and hour < 3)
    return hour + 12 if afternoon and hour < 12 else hour


def checked(clock: Clock) -> Clock | None:
    """Return a clock whose hands can stand so, with 60 for a leap second; after 24:00 only as 晚上12:05 is said."""
    return clock if 0 <= clock.hour <= 24 and clock.minute < 60 and (clock.second or 0) <= 60 else None


def offset_of(match: re.Match[str], exact: bool) -> tzinfo | str | None:
    """Return the offset or zone printed after a clock; None for what only looks like one (10:26-11:30).

    `exact` says that the clock is one of a program, with seconds or a T, and not one end of a span.
    """
    if match["zone"]:
        return str(match["zone"]) if forms.is_zone(match["zone"]) else None
    if not match["sign"]:
        return UTC
    text = match["offset"].lower()
    named = "utc" in text or "gmt" in text
    if not named and (
        len(match["oh"]) == 1
        or (match["sign"] == "-" and not exact)
        or (text[0] == " " and not match["om"] and not exact)
    ):
        return None
    return from_utc(match["sign"], match["oh"], match["om"] or "0")


def from_utc(sign: str, hours: str, minutes: str) -> tzinfo | None:
    """Return the zone of an offset; None for one that no place on earth has."""
    east = timedelta(hours=int(hours), minutes=int(minutes))
    if east > timedelta(hours=14) or int(minutes) % 15:
        return None
    return timezone(-east if sign == "-" else east)
