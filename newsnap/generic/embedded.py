"""Text that a page carries in a script or a textarea, for its own script to show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from newsnap.body import text_content
from newsnap.generic.linked import parsed
from newsnap.page import Page, html_fragment, script_value

ASSIGNED = re.compile(
    r"(?:\bvar\s+|\bwindow\.|\b)(?:__)?[A-Za-z_][\w.]{2,40}\s*=\s*"
    r"(?=\{|JSON\.parse|[\"'`][^\"'`]{0,300}[\u4e00-\u9fff])"
)
TITLES = ("title", "headline", "articleTitle", "newsTitle")
TIMES = (
    "newsTime", "pubtime", "pub_time", "publish_time", "publishTime", "publishedAt", "ctime", "createTime",
    "datePublished", "pubTime",
)  # fmt: skip
OUTLETS = ("source", "sourceName", "media", "media_name", "mediaName", "source_name")
AUTHORS = ("author", "authorName", "author_name", "authors")
EDITORS = ("editor", "editorName", "responEditor", "editor_name", "dutyEditor")
LIST_KEYS = ("data", "text", "content", "html", "value")
MIN_TEXT = 60
"""Chinese characters that make a value a text."""
MAX_SCRIPTS, MAX_ASSIGNED = 12, 40
"""Scripts of a page, and assignments in each, that are looked at."""
MAX_DEPTH = 14
ROLES = {"title": "title", "time": "newsTime", "source": "source", "author": "author", "editor": "editor"}
"""What the class of a textarea says of it, and the name that its text goes by in data."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(slots=True)
class Embedded:
    """An article in a page's data."""

    elements: list[etree._Element]
    amount: int
    """Chinese characters of its text."""

    title: str | None = None
    time: str | None = None
    outlet: str | None = None
    authors: str | None = None
    editors: str | None = None


def embedded(page: Page) -> Embedded | None:
    """Return the longest text that the page carries as data; None where it has none."""
    best: Embedded | None = None
    areas = {area.get("class") or "": "".join(area.itertext()).strip() for area in page.root.iter("textarea")}
    said: dict[str, str] = {}
    for class_, text in areas.items():  # the article's own come first, those of related articles later
        for role, name in ROLES.items():
            if text and is_role(class_, role):
                said.setdefault(name, text)
    for markup in areas.values():
        best = longer(best, [markup], [said])
    for value in values(page):
        for texts, around in texts_in(value, []):
            best = longer(best, texts, around)
    return best


def is_role(class_: str, role: str) -> bool:
    """Tell whether a textarea is of a role: article-time, article-source-name."""
    return re.fullmatch(rf"(?:\w+-)?{role}(?:-name)?", class_) is not None


def longer(best: Embedded | None, texts: list[str], around: list[dict[str, Any]]) -> Embedded | None:
    """Return the longer of a text found before and of another, given with the data around it, the nearest last."""
    amount = sum(len(CHINESE.findall(each)) for each in texts)
    if amount < MIN_TEXT or (best is not None and amount <= best.amount):
        return best

    def said(names: tuple[str, ...]) -> str | None:
        for each in reversed(around):
            for name in names:
                value = each.get(name)
                if isinstance(value, str | int) and not isinstance(value, bool) and 1 < len(str(value)) < 150:
                    return text_content(html_fragment(str(value)))
        return None

    elements = [html_fragment(each) for each in texts]
    return Embedded(elements, amount, *map(said, (TITLES, TIMES, OUTLETS, AUTHORS, EDITORS)))


def values(page: Page) -> Iterator[Any]:
    """Yield the data of a page's scripts, linked data first."""
    read = 0
    for script in page.root.iter("script"):
        text = script.text or ""
        if len(CHINESE.findall(text[:200_000])) < MIN_TEXT or read >= MAX_SCRIPTS:
            continue
        read += 1
        if "json" in (script.get("type") or "") or text.lstrip()[:1] in "{[":
            yield parsed(text)
            continue
        for found in islice(ASSIGNED.finditer(text), MAX_ASSIGNED):
            yield script_value(text[found.end() :])


def texts_in(value: Any, around: list[dict[str, Any]]) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    """Yield the texts in data, with the objects they stand in; a list of pieces is one text."""
    if len(around) > MAX_DEPTH:
        return
    if isinstance(value, dict):
        inside = [*around, value]
        for each in value.values():
            if isinstance(each, str) and len(each) >= MIN_TEXT:
                yield [each], inside
            elif isinstance(each, dict | list):
                yield from texts_in(each, inside)
    elif isinstance(value, list):
        pieces = [piece for each in value if (piece := piece_of(each))]
        if pieces and len(pieces) * 2 > len(value):
            yield pieces, around
        for each in value[:200]:
            yield from texts_in(each, around)


def piece_of(value: Any) -> str:
    """Return the piece of a text that an element of a list is; the empty string if it is none."""
    if isinstance(value, str):
        return value if "<" in value or len(value) > 40 else ""
    if isinstance(value, dict):
        return next((value[key] for key in LIST_KEYS if isinstance(value.get(key), str) and len(value[key]) > 20), "")
    return ""
