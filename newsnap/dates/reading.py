"""Reads the moments that a text prints: a line of a page, the content of a tag, a date of a feed, an epoch number."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from newsnap.dates import forms
from newsnap.dates.clocks import Clock, from_utc
from newsnap.dates.moments import (
    SHANGHAI,
    Context,
    Moment,
    Reading,
    at_midnight,
    calendar_day,
    context,
    dated,
    latest,
    whole_year,
)
from newsnap.dates.relative import relative


def read_moment(text: str, *, fetched: datetime, zone: tzinfo = SHANGHAI) -> Moment | None:
    """Return the moment at which a text says that something was published; None if it says none that can be trusted.

    Of several the one labelled as the publication comes first, then one with a time of day, then the first in the text.
    Relative words and missing years are read against `fetched`, which is aware; a time without an offset is in `zone`.

    >>> read_moment("时间：2024-07-21 10:26 来源：人民资讯", fetched=datetime(2024, 7, 21, 4, tzinfo=UTC)).raw
    '2024-07-21 10:26'
    """
    best = read(text, fetched=fetched, zone=zone)
    return best.moment if best else None


def read_moments(text: str, *, fetched: datetime, zone: tzinfo = SHANGHAI) -> list[Moment]:
    """Return all moments of a text, in order; see `read_moment`."""
    line = context(text, fetched, zone)
    taken: list[Reading] = []
    for form in FORMS:
        for reading in form(line):
            if all(reading.end <= other.start or reading.start >= other.end for other in taken):
                taken.append(reading)
    return [reading.moment for reading in sorted(taken, key=lambda reading: reading.start)]


def read(text: str, *, fetched: datetime, zone: tzinfo) -> Reading | None:
    """Return the reading behind `read_moment`."""
    line = context(text, fetched, zone)
    if not forms.ANY.search(line.plain):
        return None
    for form in FORMS:
        best = max(form(line), key=lambda reading: reading.rank, default=None)  # of equals, the first
        if best is not None:
            return best
    return None


def epochs(line: Context) -> Iterator[Reading]:
    """Read seconds or milliseconds since 1970 where the text is nothing else; from 1990 to a year after the fetch."""
    match = forms.EPOCH.fullmatch(line.plain)
    if match is None:
        return
    at = datetime.fromtimestamp(int(match["s"]), UTC)
    if at.year >= 1990 and at - line.fetched < timedelta(days=366):
        start, end = match.start("s"), match.end("ms") if match["ms"] else match.end("s")
        midnight = at_midnight(at.astimezone(line.zone).date(), line.zone)
        yield Reading(
            Moment(at, "second", line.text[start:end]), start, end, midnight=midnight if midnight == at else None
        )


def years_first(line: Context) -> Iterator[Reading]:
    """Read 2024年7月21日, 2024-07-21, 2024/7/21, 2024.07.21, 2024 07/21, 2024-Jul-21."""
    last = 0
    for match in forms.found(forms.YEAR_FIRST, line.plain):
        year, m1, d1, separator, m2, d2, m3, space, d3, m4, d4 = match.groups()
        start, end = match.span()
        if separator == "." and forms.VERSION.search(line.plain[max(0, start - 10) : start]):
            continue
        month = forms.month(m4) if m4 else forms.number(m1 or m2 or m3)
        date = calendar_day(int(year), month, forms.number(d1 or d2 or d3 or d4))
        reading = dated(line, date, start, end, last=last)
        if reading and not (space and reading.moment.precision == "day"):  # 2024 07 21 may be three numbers
            last = reading.end
            yield reading


def compact(line: Context) -> Iterator[Reading]:
    """Read 20240721, 20240721102600, 20240721T102600Z; alone, after a label, or with a clock: else they are numbers."""
    for match in forms.found(forms.COMPACT, line.plain):
        clock = None
        if match["hh"]:
            second = int(match["ss"]) if match["ss"] else None
            zulu = UTC if match["utc"] else None
            clock = Clock(int(match["hh"]), int(match["mm"]), second, zulu, match.start("hh"), match.end())
        date = calendar_day(int(match["y"]), int(match["m"]), int(match["d"]))
        reading = dated(line, date, match.start(), match.end(), clock=clock)
        if reading and (alone(line, reading) or (reading.moment.precision != "day" and not clock)):
            yield reading


def numerals(line: Context) -> Iterator[Reading]:
    """Read 二〇二四年七月二十一日, 民国113年7月21日."""
    if "年" not in line.plain and "民国" not in line.plain:
        return
    for match in forms.found(forms.NUMERALS, line.plain):
        year = 1911 + forms.number(match["roc"]) if match["roc"] else forms.number(match["y"])
        date = calendar_day(year, forms.number(match["m"]), forms.number(match["d"]))
        if reading := dated(line, date, match.start(), match.end()):
            yield reading


def english(line: Context) -> Iterator[Reading]:
    """Read July 21, 2024; 21 Jul 2024 10:26:00 +0800 (RFC 5322); Sun Jul 21 10:26:00 CST 2024 (C, Java)."""
    if not forms.MONTH_NAME.search(line.plain):
        return
    for match in forms.found(forms.ENGLISH, line.plain):
        year = match["y1"] or match["y2"] or match["y3"]
        month = match["m1"] or match["m2"] or match["m3"]
        day = match["d1"] or match["d2"] or match["d3"]
        clock = None
        if match["hh"]:
            zone: tzinfo | str | None = match["zone"]
            if match["zone"] and match["zone"][0] in "+-":
                zone = from_utc(match["zone"][0], match["zone"][1:3], match["zone"][3:])
            clock = Clock(int(match["hh"]), int(match["mm"]), int(match["ss"]), zone, match.start("hh"), match.end())
        date = calendar_day(whole_year(year, line.today) if len(year) == 2 else int(year), forms.month(month), int(day))
        if reading := dated(line, date, match.start(), match.end(), clock=clock):
            yield reading


def years_last(line: Context) -> Iterator[Reading]:
    """Read 21/07/2024, 07/21/2024, 四月 27, 2019, 27 4 月, 2019.

    Where both numbers can be a month the day comes first (as on every such page seen so far), but not in America.
    """
    for match in forms.found(forms.YEAR_LAST, line.plain):
        other = None
        if match["y"]:
            year, day, month = int(match["y"]), int(match["a"]), int(match["b"])
            american = str(line.zone).startswith("America/")
            if month > 12 or (american and day <= 12):
                day, month = month, day
            if day <= 12 and day != month:
                other = calendar_day(year, day, month)
        else:
            year, month = int(match["y1"] or match["y2"]), forms.number(match["m1"] or match["m2"])
            day = int(match["d1"] or match["d2"])
        reading = dated(line, calendar_day(year, month, day), match.start(), match.end())
        if reading is None or (match["y"] and not match["sep"] and reading.moment.precision == "day"):
            continue  # 11 05 2024 without a clock is three numbers
        swapped = dated(line, other, match.start(), match.end())
        yield reading._replace(swapped=swapped.moment if swapped else None)


def short_years(line: Context) -> Iterator[Reading]:
    """Read 24年7月21日, 24-07-21 10:26, 日期：113年7月21日; in figures with a clock, or alone and with noughts."""
    for match in forms.found(forms.SHORT_YEAR, line.plain):
        month, day = match["m1"] or match["m2"], match["d1"] or match["d2"]
        date = calendar_day(whole_year(match["y"], line.today), forms.number(month), forms.number(day))
        if len(match["y"]) == 3 and not forms.LABEL.search(line.plain[: match.start()]):
            continue  # of the Republic of China where it is called a date; else a number
        reading = dated(line, date, match.start(), match.end())
        if reading and (
            match["m1"] or reading.moment.precision != "day" or (len(month) == len(day) == 2 and alone(line, reading))
        ):
            yield reading


def month_days(line: Context) -> Iterator[Reading]:
    """Read 7月21日, 07-21 10:26, [07/21]: of the year in which they are nearest before the fetch."""
    for match in forms.found(forms.MONTH_DAY, line.plain):
        month, day = match["m1"] or match["m2"], match["d1"] or match["d2"]
        reading = None
        for year in range(line.today.year + 1, line.today.year - 9, -1):  # 29 February can be eight years back
            date = calendar_day(year, forms.number(month), forms.number(day))
            if date is None or (date - line.today).days > 1:
                continue
            reading = dated(line, date, match.start(), match.end())
            if reading is None or reading.moment.at <= latest(line.fetched, reading.moment):
                break
        else:
            reading = None
        if reading and (match["m1"] or is_date(line, reading, match["sep"], noughts=len(month) == len(day) == 2)):
            yield reading


def is_date(line: Context, reading: Reading, separator: str, *, noughts: bool) -> bool:
    """Tell a month and a day in figures from a score, a price or a fraction."""
    if reading.moment.precision == "day":
        return noughts and separator != "." and alone(line, reading)
    return noughts or alone(line, reading)


def alone(line: Context, reading: Reading) -> bool:
    """Tell whether a reading is all that a text says, or what its label announces."""
    before, after = line.plain[: reading.start], line.plain[reading.end :]
    return bool(forms.LABEL.search(before)) or not (forms.WORDS.search(before) or forms.WORDS.search(after))


FORMS: tuple[Callable[[Context], Iterator[Reading]], ...] = (
    epochs, years_first, compact, english, numerals, years_last, short_years, month_days, relative,
)  # fmt: skip
"""Readers of one form each, the surest first: where one finds something, the others are not asked."""
