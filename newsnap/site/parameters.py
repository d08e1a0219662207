"""Parameters of requests: each is one text of bounded length, or the request is answered with 400."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request

from newsnap.store.reading import Cursor

ZONE = ZoneInfo("Asia/Shanghai")
"""Times are shown, and days begin, as in China."""
MAX_CHARACTERS = 2048
MAX_ID_CHARACTERS = 512
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadParameter(ValueError):
    """A parameter that is not what it should be; `name` says which."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


def text(request: Request, name: str, *, most: int = MAX_CHARACTERS) -> str:
    """Return a parameter without white space around it, empty where there is none.

    Raises BadParameter for one that is given twice, as an object or array (`q[]`, `q[$ne]`), or too long.
    """
    given = request.query_params.getlist(name)
    if len(given) > 1 or any(each.startswith(f"{name}[") for each in request.query_params):
        raise BadParameter(name)
    value = given[0].strip() if given else ""
    if len(value) > most or "\0" in value:
        raise BadParameter(name)
    return value


def number(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a parameter as a number from 1 to `most`.

    Raises BadParameter.
    """
    value = text(request, name, most=6)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= most:
        raise BadParameter(name)
    return int(value)


def day(value: str, name: str) -> datetime:
    """Return the beginning of a day given as YYYY-MM-DD, in China's time.

    Raises BadParameter.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise BadParameter(name)
    try:
        found = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=ZONE)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(name) from None
    return found


def span(request: Request) -> tuple[datetime | None, datetime | None]:
    """Return from and until when, by the days `since` and `until`, of which the latter is counted in.

    Raises BadParameter.
    """
    since, until = text(request, "since", most=10), text(request, "until", most=10)
    try:
        end = day(until, "until") + timedelta(days=1) if until else None
    except OverflowError:
        raise BadParameter("until") from None
    return day(since, "since") if since else None, end


def cursor(request: Request) -> Cursor | None:
    """Return where a list goes on: `after`, milliseconds since 1970 or `-`, a dot, and an identity.

    Raises BadParameter.
    """
    value = text(request, "after", most=MAX_ID_CHARACTERS + 20)
    if not value:
        return None
    found = re.fullmatch(r"(-|-?[0-9]{1,14})\.([a-z0-9]+:.+)", value)
    if not found:
        raise BadParameter("after")
    try:
        at = None if found[1] == "-" else EPOCH + timedelta(milliseconds=int(found[1]))
    except OverflowError:
        raise BadParameter("after") from None
    return Cursor(at, found[2])


def as_parameter(place: Cursor) -> str:
    """Return where a list goes on as `cursor` reads it."""
    at = "-" if place.published is None else str((place.published - EPOCH) // timedelta(milliseconds=1))
    return f"{at}.{place.id}"
