"""Score and cost of reading dates: ours beside dateparser, htmldate and GNE, each where it is installed.

    python tests/bench/dates.py [SECONDS]

Every reader gets the same texts, in the same shuffled order, for at most SECONDS (default 20) a set: the table of
`tests/dates.tsv`, and what the pages of the corpus print, where that is beside the checkout.  `right` is the moment
meant, to the precision printed (the others give none, and are not asked for it), and nothing where nothing is meant;
`wrong` is any other answer; `none` is no answer where there is one.  htmldate knows only days: for it the day counts.
GNE finds the text of a date in a page; dateparser reads what it finds.
"""

import json
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from newsnap.dates import SHANGHAI, read_moment  # noqa: E402

FETCHES = {
    "noon": "2024-07-21T12:00:00+08:00",
    "eve": "2024-12-31T23:59:00+08:00",
    "leap": "2024-02-29T12:00:00+08:00",
    "newyork": "2024-07-21T22:30:00-04:00",
    "morning": "2024-12-31T16:05:00+00:00",
}
PRECISIONS = {10: "day", 22: "minute", 25: "second"}
FORMS = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}


class Case(NamedTuple):
    """A text, when it was fetched, its zone, and what it means: `2024-07-21T10:26+08:00`, or `-` for nothing."""

    text: str
    fetched: datetime
    zone: tzinfo
    meaning: str

    def expected(self, precision: str) -> str | None:
        """Return the meaning in the zone, to a precision."""
        if self.meaning == "-":
            return None
        at = datetime.fromisoformat(self.meaning)
        return (at if at.tzinfo is None else at.astimezone(self.zone)).strftime(FORMS[precision])

    @property
    def precision(self) -> str:
        """How precisely it is printed."""
        return PRECISIONS.get(len(self.meaning), "day")


Reader = Callable[[Case], tuple[datetime, str | None] | None]
"""Returns a moment and its precision (None: unknown), or None."""


def table() -> Iterator[Case]:
    for line in (ROOT / "tests" / "dates.tsv").read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            text, meaning, fetches, *zone = line.split("\t")
            for name in FETCHES if fetches == "any" else fetches.split():
                fetched = datetime.fromisoformat(FETCHES[name])
                yield Case(text.replace("\\n", "\n"), fetched, ZoneInfo(zone[0]) if zone else SHANGHAI, meaning)


def corpus() -> Iterator[Case]:
    for path in sorted((ROOT.parent / "shared" / "corpus").glob("gold/*/*.json")):
        gold = json.loads(path.read_text("utf-8"))
        if gold["published_raw"] and gold["published"]:
            zone = ZoneInfo("Europe/Paris") if gold["published"].endswith("+01:00") else SHANGHAI
            yield Case(gold["published_raw"], datetime(2026, 10, 1, tzinfo=UTC), zone, gold["published"])


def ours(case: Case) -> tuple[datetime, str | None] | None:
    moment = read_moment(case.text, fetched=case.fetched, zone=case.zone)
    return (moment.at, moment.precision) if moment else None


def with_dateparser() -> Reader:
    import dateparser

    def read(case: Case) -> tuple[datetime, str | None] | None:
        at = dateparser.parse(
            case.text,
            languages=["zh", "en"],
            settings={
                "RELATIVE_BASE": case.fetched.astimezone(case.zone).replace(tzinfo=None),
                "TIMEZONE": str(case.zone),
                "RETURN_AS_TIMEZONE_AWARE": True,
                "PREFER_DATES_FROM": "past",
                "REQUIRE_PARTS": ["day", "month"],
            },
        )
        return (at, None) if at else None

    return read


def with_htmldate() -> Reader:
    from htmldate import find_date

    def read(case: Case) -> tuple[datetime, str | None] | None:
        page = f'<html><body><p class="publish-date">{case.text}</p></body></html>'
        found = find_date(page, max_date=case.fetched.strftime("%Y-%m-%d"), extensive_search=True)
        return (datetime.fromisoformat(found).replace(tzinfo=case.zone), "day only") if found else None

    return read


def with_gne() -> Reader:
    from gne.extractor import TimeExtractor
    from lxml.html import fromstring

    parse = with_dateparser()
    extractor = TimeExtractor()

    def read(case: Case) -> tuple[datetime, str | None] | None:
        page = fromstring(f'<html><body><p class="publish-date">{case.text}</p></body></html>')
        found = extractor.extractor(page)
        return parse(case._replace(text=found)) if found else None

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "newsnap": lambda: ours,
    "dateparser": with_dateparser,
    "htmldate": with_htmldate,
    "GNE": with_gne,
}


def verdict(case: Case, answer: tuple[datetime, str | None] | None) -> str:
    """Return right, wrong or none."""
    if answer is None:
        return "right" if case.meaning == "-" else "none"
    at, precision = answer
    compared = "day" if precision == "day only" else case.precision
    if precision in FORMS and precision != case.precision:
        return "wrong"
    try:
        return "right" if at.astimezone(case.zone).strftime(FORMS[compared]) == case.expected(compared) else "wrong"
    except OverflowError:  # the year 1
        return "wrong"


def run(name: str, cases: list[Case], seconds: float, ours_microseconds: float | None) -> float:
    """Print the score and the cost of one reader; return its median, in microseconds."""
    read = READERS[name]()
    counts = {"right": 0, "wrong": 0, "none": 0}
    costs: list[float] = []
    read(cases[0])  # what is loaded or compiled at first use is not counted
    stop = time.perf_counter() + seconds
    for case in cases:
        start = time.thread_time()  # of the processor: other programs do not count
        try:
            answer = read(case)
        except Exception:  # a reader that raises has given no answer
            answer = None
        costs.append((time.thread_time() - start) * 1e6)
        counts[verdict(case, answer)] += 1
        if time.perf_counter() > stop:
            break
    n = len(costs)
    median = statistics.median(costs)
    p99 = sorted(costs)[min(n - 1, int(n * 0.99))]
    shares = "".join(f"{100 * counts[each] / n:8.1f} %" for each in counts)
    ratio = f"{median / ours_microseconds:8.1f} x" if ours_microseconds else " " * 10
    print(f"  {name:12}{n:6}{shares}{median:10.0f}{p99:10.0f}{ratio}", flush=True)
    return median


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    warnings.simplefilter("ignore")
    for title, cases in (("table", list(table())), ("corpus", list(corpus()))):
        if not cases:
            print(f"{title}: not here")
            continue
        random.Random(4).shuffle(cases)
        print(f"{title}: {len(cases)} cases")
        titles = ("right", "wrong", "none", "median µs", "p99 µs", "cost")
        print(f"  {'reader':12}{'read':>6}" + "".join(f"{each:>10}" for each in titles))
        first: float | None = None
        for name in READERS:
            try:
                median = run(name, cases, seconds, first)
            except ImportError as error:
                print(f"  {name:12} not installed: {error}")
                continue
            first = first or median


if __name__ == "__main__":
    main()
