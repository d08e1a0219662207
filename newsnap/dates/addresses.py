"""Reads the day that stands in an address, and never takes an id for one."""

from datetime import datetime, timedelta, tzinfo

from newsnap.dates import forms
from newsnap.dates.moments import SHANGHAI, Moment, at_midnight, calendar_day, context, whole_year

M, D = r"(?P<m>0[1-9]|1[0-2])", r"(?P<d>0[1-9]|[12]\d|3[01])"
SHAPES = [
    forms.compiled(shape)
    for shape in (
        rf"(?<=/)(?P<y>(?:19|20)\d\d)[-_/]?{M}[-_/]?{D}(?=[/_-])",  # /2024/0424/ /2024-05/09/ /2019_09_09_517162
        r"(?<=/)(?P<y>(?:19|20)\d\d)(?P<s>[-/])(?P<m>1[0-2]|0?[1-9])(?P=s)(?P<d>3[01]|[12]\d|0?[1-9])(?=/|$)",
        rf"(?<=[/_])(?:t|story)(?P<y>20\d\d){M}{D}(?=[_-])",  # t20240509_40001, story20240509-1234567
        rf"(?<=/a/)(?P<y>20\d\d){M}{D}(?=[a-z]\w{{5}})",  # /a/20240513A00GCM00
        rf"(?<=/)(?P<y>\d\d)/{M}{D}/(?=\d\d?/)",  # /24/0513/09/J21ABC
        rf"(?<=/)(?P<y>\d\d){M}{D}/(?=[^/])",  # /240509/
    )
]
"""Days in paths, the surest first."""

OLDEST_SHORT = timedelta(days=2 * 366)
"""Six figures are a day only where they would be a recent one: /110105/ is a district of Peking."""


def read_address(url: str, *, fetched: datetime, zone: tzinfo = SHANGHAI) -> Moment | None:
    """Return the day in the path of an address; None if there is none.

    The query is not looked at, the fragment only if it is a path (`#/…`).  Days before 1995, or more than one after the
    fetch, are ids.  The hour that some addresses have is that of the file, and left out.

    >>> read_address("www.news.cn/local/2024-05/09/c_1130140001.htm", fetched=datetime(2024, 7, 1, tzinfo=SHANGHAI)).raw
    '2024-05/09'
    """
    line = context(url, fetched, zone)
    path, _, fragment = url[: forms.LOOKED_AT].partition("#")
    path = path.partition("?")[0]
    if fragment.startswith("/"):
        path += fragment
    for shape in SHAPES:
        for match in shape.finditer(path):
            short = len(match["y"]) == 2
            year = whole_year(match["y"], line.today) if short else int(match["y"])
            day = calendar_day(year, int(match["m"]), int(match["d"]))
            if day is None or day.year < 1995 or (day - line.today).days > 1:
                continue
            if not short or line.today - day < OLDEST_SHORT:
                return Moment(at_midnight(day, zone), "day", path[match.start("y") : match.end("d")])
    return None
