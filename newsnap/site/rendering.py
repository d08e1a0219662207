"""Rendering: templates, how times and addresses are shown, and answers that a browser need not load twice."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from importlib.resources import files
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsnap import __version__
from newsnap.categories import CATEGORIES
from newsnap.site.options import Options
from newsnap.site.parameters import ZONE, as_parameter
from newsnap.site.words import Words

UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, those that turn the direction of writing around, and what is no character: HTML and XML forbid
most, and none is anything to be seen."""
FORMATS = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}


def shown(text: str) -> str:
    """Return a text as it may stand in a page or a feed, escaped or not.

    >>> shown("a\\x00b\\u202ec")
    'abc'
    """
    return UNSHOWN.sub("", text)


def moment(at: datetime | None, precision: str | None = "minute") -> str:
    """Return a time in China's, as precise as it is known; empty for none.

    >>> moment(datetime(2024, 7, 21, 2, 26, tzinfo=UTC)), moment(datetime(2024, 7, 20, 16, tzinfo=UTC), "day")
    ('2024-07-21 10:26', '2024-07-21')
    """
    return at.astimezone(ZONE).strftime(FORMATS[precision or "day"]) if at else ""


def machine_time(at: datetime, precision: str | None = "second") -> str:
    """Return a time for the `datetime` of a `time` element: a day as a day, else with its offset."""
    local = at.astimezone(ZONE)
    return local.strftime("%Y-%m-%d") if precision == "day" else local.isoformat(timespec="seconds")


def web_address(url: str) -> str | None:
    """Return an address that a link may lead to: http or https with a host; None for any other.

    >>> web_address("javascript:alert(1)"), web_address("https://a.example/b")
    (None, 'https://a.example/b')
    """
    url = shown(url).strip()
    try:
        parts = urlsplit(url)
        return url if parts.scheme.lower() in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def article_path(id: str) -> str:
    """Return the path of an article's page."""
    return f"/article/{quote(id, safe=':')}"


def paragraphs(article: Mapping[str, Any], characters: int | None = None) -> list[dict[str, Any]]:
    """Return the parts of a text in order: `p` and `h2` with `text`, `figure` with `figure`.

    characters: at most so many, the last paragraph cut; None for the whole text.
    """
    headings = set(article["headings"])
    after: dict[int, list[dict[str, Any]]] = {}
    for each in article["figures"]:
        after.setdefault(each["after"], []).append({"kind": "figure", "figure": each})
    parts = [] if characters else after.get(-1, [])
    left = characters
    for at, text in enumerate(article["body"].split("\n")):
        if left is not None:
            cut, left = len(text) > left, left - len(text)
            if cut:
                text = text[: left + len(text)] + "……"
        parts.append({"kind": "h2" if at in headings else "p", "text": text})
        if left is None:
            parts += after.get(at, [])
        elif left <= 0:
            break
    for figure, below in pairwise(parts):  # where the publisher prints the caption as a paragraph, it is said there
        if figure["kind"] == "figure" and below.get("text", "").strip() == figure["figure"]["caption"].strip():
            figure["figure"] = {**figure["figure"], "caption": ""}
    return parts


class Renderer:
    """Makes pages of templates."""

    def __init__(self, options: Options, words: Words):
        self._options = options
        folder = files("newsnap.site")
        style = (folder / "static" / "style.css").read_bytes()
        self._style = hashlib.sha256(style).hexdigest()[:12]
        self._env = Environment(
            loader=PackageLoader("newsnap.site"),
            autoescape=True,  # all templates are pages
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=lambda value: shown(value) if type(value) is str else value,
        )
        self._env.globals |= {
            "words": words,
            "site": options,
            "version": __version__,
            "categories": CATEGORIES,
            "style": f"/static/style.css?v={self._style}",
        }
        self._env.filters |= {
            "moment": moment,
            "machine_time": machine_time,
            "web_address": web_address,
            "article_path": article_path,
            "pieces": pieces,
            "as_parameter": as_parameter,
            "path": lambda text: quote(text, safe=""),
        }
        self._made = hashlib.blake2b(f"{__version__} {options!r}".encode()).digest()
        """What an answer hangs on besides what it shows."""

    def base(self, request: Request) -> str:
        """Return the address of the site without a slash at its end."""
        return self._options.url or f"{request.url.scheme}://{request.url.netloc}"

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], *, status: int = 200, kept: bool = True
    ) -> Response:
        """Return a page, or 304 where the client has it as it is.

        kept: False for a page that is for one client alone.
        """
        context = {"here": request.url.path, "base": self.base(request), **context}
        if status != 200 or not kept:
            return HTMLResponse(self._render(template, context), status, {"cache-control": "no-store"})
        made = self._render(template, context).encode()  # takes less than to tell what it is made of
        tag = self.tag(made)
        headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if has(request, tag, None):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(made, headers=headers)

    def tag(self, of: bytes) -> str:
        """Return an entity tag that changes with what is shown and what shows it; weak, for it may be compressed."""
        return f'W/"{hashlib.blake2b(of, digest_size=12, key=self._made).hexdigest()}"'

    def _render(self, template: str, context: Mapping[str, Any]) -> str:
        return self._env.get_template(template).render(context)


def has(request: Request, tag: str, modified: datetime | None) -> bool:
    """Tell whether the client has what would be sent; https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2."""
    if given := request.headers.get("if-none-match"):
        return given.strip() == "*" or tag.removeprefix("W/") in {
            each.strip().removeprefix("W/") for each in given.split(",")
        }
    since = request.headers.get("if-modified-since")
    if since and modified:
        try:
            return modified.replace(microsecond=0) <= parsedate_to_datetime(since).replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return False
    return False


def http_date(at: datetime) -> str:
    """Return a time as headers have it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def pieces(parts: Sequence[tuple[str, bool]]) -> Markup:
    """Return a passage with its matches marked."""
    escaped = [(escape(shown(text)), match) for text, match in parts]
    return Markup("".join(f"<mark>{text}</mark>" if match else text for text, match in escaped))
