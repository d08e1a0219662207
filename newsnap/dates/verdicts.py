"""Judges between the witnesses of a publication date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from newsnap.dates.addresses import read_address
from newsnap.dates.moments import SHANGHAI, SLACK, Moment, Reading, as_day
from newsnap.dates.reading import read

KINDS = ("page", "meta", "listing", "url", "header")
"""Kinds of witnesses by authority.  A header is heard but never followed: it says when a file was written."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""There were no pages before: 1970 and 1900 are what programs say that know no date."""

DAY, HOUR, MINUTE, SECOND = range(1, 5)
"""How finely a moment is known, and how finely two of them agree."""

FINENESS = {"day": DAY, "minute": MINUTE, "second": SECOND}
WIDTH = {"day": timedelta(days=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}
"""Of each precision of a printed date."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A text that says when an article was published, and where it stood."""

    kind: str
    """`page` (visible line or hidden field), `meta` (meta tag or linked data), `listing`, `url` or `header`."""

    text: str
    """What it says, as it stands there; for `url` the address itself."""

    name: str = ""
    """The selector, or the name of the tag or header, for those who ask why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """When an article was published, by which witness, and what speaks against it."""

    moment: Moment | None
    witness: Witness | None

    doubts: tuple[str, ...]
    """Plain sentences such as `listing says 2024-05-01, page says 2024-05-03`."""

    considered: tuple[tuple[Witness, Moment | None, str], ...]
    """Every witness, what was read in it, and why it was taken or not."""


@dataclass(slots=True)
class Testimony:
    """A witness, and what the judge makes of it."""

    witness: Witness
    reading: Reading | None
    refused: str = ""
    """Why it is not to be believed at all."""

    apart: timedelta = timedelta(0)
    """How far it is from the page's clock, where that is just the zone's distance from UTC."""

    remark: str = ""

    @property
    def moment(self) -> Moment:
        """What was read; to be asked only where something was."""
        assert self.reading is not None
        return self.reading.moment

    @property
    def fineness(self) -> int:
        """How finely the moment is known."""
        assert self.reading is not None
        if self.reading.loose >= timedelta(hours=1):
            return HOUR
        return FINENESS[self.reading.moment.precision]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment that it can mean, and the first after it that it cannot."""
        assert self.reading is not None
        return self.moment.at - self.reading.loose, self.moment.at + WIDTH[self.moment.precision]

    @property
    def believed(self) -> bool:
        """Whether it counts."""
        return self.reading is not None and not self.refused


def judge(
    witnesses: Sequence[Witness], *, fetched: datetime, zone: tzinfo = SHANGHAI, slack: timedelta = SLACK
) -> Verdict:
    """Return when an article was published, by the most precise witness that another one confirms.

    Two witnesses confirm each other when they mean the same moment at the coarser precision of the two, and are not of
    one kind: two tags of a page are one field of one database.  The finest such agreement decides, and in it the page
    before the rest; where there is none, what the page says holds, as finely as any witness that fits it says it.
    What lies later than the fetch by more than `slack` is refused, and so is what lies before the web.
    """
    bench = [hear(witness, fetched, zone) for witness in witnesses]
    for each in bench:
        settle_order(each, bench, fetched + slack)
        each.refused = each.refused or implausible(each, fetched, slack)
    measure_shift(bench, zone)
    for each in bench:
        doubt_midnight(each, bench)
    heard = [each for each in bench if each.believed and each.witness.kind != "header"]
    if not heard:
        return Verdict(None, None, (), tuple(account(each) for each in bench))
    confirmed = [max((agreement(each, other) for other in bench), default=0) for each in heard]
    finest = max(confirmed)
    ranked = sorted(
        (each for each, level in zip(heard, confirmed, strict=True) if level == finest),
        key=lambda each: (bool(each.apart), KINDS.index(each.witness.kind)),
    )
    anchor = ranked[0]
    fitting = [each for each in heard if each is anchor or (fits(each, anchor) and each.apart == anchor.apart)]
    winner = max(fitting, key=lambda each: (each.fineness, -KINDS.index(each.witness.kind)))
    doubts = []
    for each in bench:
        if each is winner:
            each.remark = (
                "taken: another kind of witness agrees" if finest else "taken: no other kind of witness agrees"
            )
            if each.reading and each.reading.swapped:
                other = show(each.reading.swapped, zone)
                doubts.append(f"{label(each, winner)} says {show(each.moment, zone)}, which may mean {other}")
            continue
        if each.apart and each.apart != winner.apart:
            hours = f"{abs(each.apart) / timedelta(hours=1):g} h"
            each.remark = f"{hours} from the page: UTC written as local time, or the reverse"
            doubts.append(f"{contrast(each, winner, zone)}: {hours} apart, UTC written as local time or the reverse")
        elif each.believed and fits(each, winner):
            each.remark = "agrees" if each.fineness == winner.fineness else "agrees, less precise"
        elif each.believed and each.witness.kind == "header":
            each.remark = "not followed: a header says when a file was written"
        elif each.believed and fits(each, winner, within=timedelta(minutes=1)):
            each.remark = "agrees but for seconds"
        elif each.believed:
            each.remark = "disagrees"
            doubts.append(contrast(each, winner, zone))
    return Verdict(winner.moment, winner.witness, tuple(doubts), tuple(account(each) for each in bench))


def hear(witness: Witness, fetched: datetime, zone: tzinfo) -> Testimony:
    """Read what a witness says.

    Midnight in a field that a program filled means a day: `2022-01-28 00:00:00` stands beside 2022年01月28日 on pages.
    What a page prints for its readers (2009年11月09日00:00) is believed, until a clock of the same day says otherwise.
    """
    if witness.kind not in KINDS:
        raise ValueError(f"witness of kind {witness.kind!r}, which is none of {', '.join(KINDS)}: name one of these")
    if witness.kind == "url":
        moment = read_address(witness.text, fetched=fetched, zone=zone)
        return Testimony(witness, Reading(moment, 0, 0) if moment else None)
    reading = read(witness.text, fetched=fetched, zone=zone)
    if reading and reading.midnight and witness.kind != "page":
        return Testimony(witness, as_day(reading))
    return Testimony(witness, reading)


def settle_order(testimony: Testimony, bench: Sequence[Testimony], latest: datetime) -> None:
    """Decide whether 06/02/2022 is in February or June, by the other witnesses and the time of the fetch."""
    if testimony.reading is None or testimony.reading.swapped is None:
        return
    other = replace(testimony, reading=testimony.reading._replace(moment=testimony.reading.swapped))
    kind = testimony.witness.kind
    rest = [each for each in bench if each.reading and each.witness.kind != kind]
    this_way, that_way = (any(fits(way, each, within=timedelta(days=1)) for each in rest) for way in (testimony, other))
    late, other_late = testimony.moment.at > latest, other.moment.at > latest
    if (that_way, late) != (this_way, other_late):
        chosen = other if (that_way, late) > (this_way, other_late) else testimony
        testimony.reading = chosen.reading._replace(swapped=None) if chosen.reading else None


def implausible(testimony: Testimony, fetched: datetime, slack: timedelta) -> str:
    """Return why a witness cannot be believed; the empty string if it can."""
    if testimony.reading is None:
        return "no date in it"
    if testimony.moment.at > fetched + slack:
        return f"refused: later than the fetch by {testimony.moment.at - fetched}"
    if testimony.moment.at < EARLIEST:
        return "refused: older than the web"
    return ""


def measure_shift(bench: Sequence[Testimony], zone: tzinfo) -> None:
    """Note which witnesses are as far from the page's clock as the zone is from UTC: eight hours in China."""
    clocks = [each for each in bench if each.reading and each.fineness >= MINUTE]
    page = next((each for each in clocks if each.witness.kind == "page" and not each.refused), None)
    if page is None:
        return
    offset = page.moment.at.astimezone(zone).utcoffset() or timedelta(0)
    for each in clocks:
        for shift in (offset, -offset):
            if offset and each.witness.kind != "page" and fits(moved(each, shift), page):
                each.apart = -shift


def moved(testimony: Testimony, by: timedelta) -> Testimony:
    """Return what a witness would have said on another clock."""
    assert testimony.reading is not None
    moment = replace(testimony.moment, at=testimony.moment.at + by)
    return replace(testimony, reading=testimony.reading._replace(moment=moment))


def doubt_midnight(testimony: Testimony, bench: Sequence[Testimony]) -> None:
    """Take a page's midnight for the day where a witness of another kind knows the hour."""
    if testimony.reading is None or not testimony.reading.midnight:
        return
    day = replace(testimony, reading=as_day(testimony.reading))
    for each in bench:
        if each.believed and each.fineness >= MINUTE and agreement(day, each) and not fits(testimony, each):
            testimony.reading = day.reading


def fits(one: Testimony, other: Testimony, within: timedelta = timedelta(0)) -> bool:
    """Tell whether two witnesses can mean the same moment, or moments `within` so much of each other."""
    (start, end), (other_start, other_end) = one.span, other.span
    return start < other_end + within and other_start < end + within


def agreement(one: Testimony, other: Testimony) -> int:
    """Return how finely two witnesses confirm each other, 0 if they do not.

    A day is too little where a clock is known to be shifted, or where a header says only that the file is of that day.
    """
    if one.witness.kind == other.witness.kind or not one.believed or not other.believed or not fits(one, other):
        return 0
    level = min(one.fineness, other.fineness)
    weak = one.apart != other.apart or other.witness.kind == "header"
    return 0 if weak and level < MINUTE else level


def show(moment: Moment, zone: tzinfo) -> str:
    """Write a moment as a reader at the source would, as precisely as it is known."""
    form = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}
    return moment.at.astimezone(zone).strftime(form[moment.precision])


def label(one: Testimony, other: Testimony) -> str:
    """Name a witness so that it is told from another."""
    kind, name = one.witness.kind, one.witness.name
    return f"{kind} ({name})" if kind == other.witness.kind and name else kind


def contrast(one: Testimony, other: Testimony, zone: tzinfo) -> str:
    """Say what two witnesses say."""
    return f"{label(one, other)} says {show(one.moment, zone)}, {label(other, one)} says {show(other.moment, zone)}"


def account(testimony: Testimony) -> tuple[Witness, Moment | None, str]:
    """Return a witness as the verdict lists it."""
    moment = testimony.reading.moment if testimony.reading else None
    return testimony.witness, moment, testimony.refused if not testimony.remark else testimony.remark
