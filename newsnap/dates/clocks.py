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


def clock_after(plain: str, end: int, period: str = "") -> Clock | None:
    """Return the time of day that follows a date; `period` is the part of the day that the date has named already."""
    match = forms.CLOCK_AFTER.match(plain, end)
    if match is None:
        return None
    hour = forms.number(match["h1"] or match["h2"] or match["h3"])
    minute, second = match["m1"] or match["m2"] or match["m3"] or match["m4"], match["s1"] or match["s3"]
    minutes = (
        forms.number(minute) if minute else 30 if match["half"] else {"一": 15, "三": 45}.get(match["quarter"] or "", 0)
    )
    zone: tzinfo | str | None = match["before"]
    stop = match.end()
    if match["offset"]:
        exact = match["gap"] in ("T", "t") or match["s1"] is not None
        printed = offset_of(match, exact)
        zone, stop = (zone, match.start("offset")) if printed is None else (printed, stop)
    period = match["period"] or match["after"] or period
    return on_dial(hour, minutes, forms.number(second) if second else None, period, match["meridiem"], zone, end, stop)


def clock_before(plain: str, start: int, last: int) -> Clock | None:
    """Return the time of day that stands before a date, as in `15:31 2018/09/16`, but not before `last`."""
    first = max(last, start - 30)
    match = forms.CLOCK_BEFORE.search(plain[first:start])
    if match is None:
        return None
    zone: tzinfo | str | None = match["offset"]
    if match["offset"] and match["offset"][0] in "+-":
        zone = offset(match["offset"][0], match["offset"][1:3], match["offset"][-2:])
    hour, minute = int(match["h2"] or match["h3"]), int(match["m2"] or match["m3"])
    second = int(match["s2"]) if match["s2"] else None
    begin = first + match.start()
    return on_dial(hour, minute, second, match["period"] or "", match["meridiem"], zone, begin, begin)


def on_dial(
    hour: int,
    minute: int,
    second: int | None,
    period: str,
    meridiem: str | None,
    zone: tzinfo | str | None,
    start: int,
    end: int,
) -> Clock | None:
    """Put a printed hour on the dial of 24 hours; None if there is none such, or two (晚上1点 is of which night?).

    上午12 and 凌晨12 are the first hour of the day, as programs print them; 晚上12 is the end of it, as people say.
    """
    if meridiem:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if meridiem in "pP" else 0)
    elif period in ("凌晨", "上午"):
        hour = 0 if hour == 12 else hour
    elif period in NIGHT:
        if 0 < hour < 5:
            return None
        hour += 12 if 5 <= hour <= 12 else 0
    elif period in ("下午", "午后", "傍晚") or (period in ("中午", "正午") and hour < 3):
        hour += 12 if hour < 12 else 0
    if (
        hour > 24
        or minute > 59
        or (second or 0) > 60
        or (hour == 24 and not minute == (second or 0) == 0 and period not in NIGHT)
    ):
        return None
    return Clock(hour, minute, second, zone, start, end)


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
        len(match["oh"]) == 1 or (match["sign"] == "-" and not exact) or (text[0] == " " and not match["om"])
    ):
        return None
    return offset(match["sign"], match["oh"], match["om"] or "0")


def offset(sign: str, hours: str, minutes: str) -> tzinfo | None:
    """Return the zone of an offset; None for one that no place on earth has."""
    east = timedelta(hours=int(hours), minutes=int(minutes))
    if east > timedelta(hours=14) or int(minutes) % 15:
        return None
    return timezone(-east if sign == "-" else east)
