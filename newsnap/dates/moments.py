"""Moments: a day and a time of day, by the clock of a place, as far as they are printed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from newsnap.dates import forms
from newsnap.dates.clocks import Clock, clock_after, clock_before

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone of times that are printed without one."""

SLACK = timedelta(minutes=10)
"""How far a publisher's clock may be ahead of ours."""

Precision = Literal["second", "minute", "day"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as far as a text tells it."""

    at: datetime
    """Aware UTC; for a day its 00:00 in the zone of the source."""

    precision: Precision
    """What was printed of it; the rest of `at` is zeros."""

    raw: str
    """The part of the text that was read, as printed."""


class Reading(NamedTuple):
    """A moment, where it stands in the text, and what a judge has to know about it."""

    moment: Moment
    start: int
    end: int

    rank: int = 0
    """Of several in one text the highest is meant: called the publication, not a change, and with a time of day."""

    midnight: datetime | None = None
    """00:00 of the day printed, where the clock says midnight here or there: it may mean no time of day."""

    loose: timedelta = timedelta(0)
    """How much earlier it may have been: an hour for `3小时前`."""

    swapped: Moment | None = None
    """The other reading of 06/02/2022, where nothing tells the day from the month."""


class Context(NamedTuple):
    """A text, and what it does not say itself."""

    text: str
    plain: str
    fetched: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The day of the fetch where the source is."""
        return self.fetched.astimezone(self.zone).date()


def context(text: str, fetched: datetime, zone: tzinfo) -> Context:
    """Return what a text is read against."""
    if fetched.utcoffset() is None:
        raise ValueError(
            f"fetched={fetched.isoformat()} has no zone, and a time of day needs one: pass an aware datetime"
        )
    return Context(text, forms.plain(text), fetched, zone)


def calendar_day(year: int, month: int, day: int) -> date | None:
    """Return a day of the years that news can be of; None if the calendar has none such."""
    try:
        return date(year, month, day) if 1900 <= year < 2200 else None
    except ValueError:
        return None


def whole_year(two_digits: str, today: date) -> int:
    """Return the year that two digits stand for: of this century up to next year, else of the last one.

    Three digits count from the founding of the Republic of China.
    """
    if len(two_digits) == 3:
        return 1911 + int(two_digits)
    year = today.year // 100 * 100 + int(two_digits)
    return year if year <= today.year + 1 else year - 100


def at_midnight(day: date, zone: tzinfo) -> datetime:
    """Return 00:00 of a day in a zone, as UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def to_minute(at: datetime) -> datetime:
    """Return the minute a moment is in, as UTC."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def latest(fetched: datetime, moment: Moment) -> datetime:
    """Return the last moment that a text fetched then can speak of: its clock may be ahead, its calendar not."""
    return fetched if moment.precision == "day" else fetched + SLACK


def dated(
    context: Context, day: date | None, start: int, end: int, *, last: int = 0, clock: Clock | None = None
) -> Reading | None:
    """Return the reading of a day that is printed from `start` to `end`, with the clock given or the one beside it.

    `last` is where the reading before it ended.  None if the day is none, or a deadline, or by the clock of
    some other place.
    """
    if day is None:
        return None
    lead = context.plain[max(0, start - 20, last) : start]
    spoken = forms.CLOCK_OF.search(lead) if "时" in lead else None
    if spoken and spoken["elsewhere"]:
        return None
    rank = 0
    if len(lead) > 1 and (called := forms.CALLED.search(lead)):
        if called["deadline"]:
            return None
        rank = 2 if called["published"] else -2
    clock = clock or clock_after(context.plain, end) or clock_before(context.plain, start, last)
    if clock is None:
        return Reading(Moment(at_midnight(day, context.zone), "day", context.text[start:end]), start, end, rank)
    start, end = min(start, clock.start), max(end, clock.end)
    zone = clock.zone or (spoken["zone"] if spoken else None) or context.zone
    if isinstance(zone, str):
        zone = forms.named_zone(zone, context.zone, datetime.combine(day, time(clock.hour % 24)))
    hour, second = clock.hour, min(clock.second or 0, 59)  # 60 is a leap second
    if hour >= 24:
        day, hour = day + timedelta(days=1), 0
    at = datetime(day.year, day.month, day.day, hour, clock.minute, second, tzinfo=zone).astimezone(UTC)
    midnight = None
    if clock.hour == clock.minute == second == 0:
        midnight = at_midnight(day, context.zone)
    elif clock.minute % 15 == second == 0 and zone is not context.zone:  # all zones are whole quarters of an hour
        here = at.astimezone(context.zone)
        midnight = at if here.hour == here.minute == 0 else None
    precision: Precision = "minute" if clock.second is None else "second"
    return Reading(Moment(at, precision, context.text[start:end]), start, end, rank + 1, midnight)


def as_day(reading: Reading) -> Reading:
    """Return a reading of midnight as one of the day that begins then."""
    if reading.midnight is None:
        return reading
    return reading._replace(moment=Moment(reading.midnight, "day", reading.moment.raw))
