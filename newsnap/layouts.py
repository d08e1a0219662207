"""Layouts: where a source has what on its pages, and what is found there."""

import functools
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import jmespath
from lxml import etree

from newsnap import selectors
from newsnap.body import text_content
from newsnap.page import Page, html_fragment
from newsnap.selectors import select

MAX_LINE = 400
"""Characters of an info line that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things are on the pages of one era of a source.

    Values are CSS selectors (alternatives with a comma), XPath where they begin with `/`, `./` or `(`, or, where they
    begin with `$`, a JMESPath into `data`: `$.detail.title`, `$` for the whole.
    """

    name: str
    """Kept with each article that it reads."""

    body: str
    """Elements that hold the text: a container, or its paragraphs."""

    title: str
    kicker: str = ""
    subtitle: str = ""

    published: str = ""
    """The visible line, or a hidden field, that has the date; more may stand in it."""

    modified: str = ""
    """The same for the time of the last change."""

    outlet: str = ""
    """来源: its own element, or a line where it follows a label."""

    authors: str = ""
    editors: str = ""

    staff_numbers: bool = False
    """Editors are named with their numbers (王磊_NN2587), or by them alone."""

    channel: str = ""
    """Links or words of the breadcrumb; the last that is no 正文 counts."""

    pages: str = ""
    """Links to the article's further pages."""

    page_count: str = ""
    """Where a script writes those links: a regular expression that finds, in its group, how many pages there are.
    Page n is then `…_{n-1}.htm`, as TRS names them."""

    drop: str = ""
    """What stands in the body and is not text."""

    data: str = ""
    """Where the page carries its data: a regular expression after which, in a script, a JSON value or a string begins
    (`window\\.DATA\\s*=`); the whole response where it is `json`."""

    body_is_html: bool = False
    """The text of the body's element is HTML itself, as in a `textarea`.  HTML found in `data` is always read so."""

    marks: str = ""
    """Where the HTML in `data` marks its pictures by comments (`<!--IMG_0-->`): the path to what the marks stand for,
    by name, each with its address and a caption (`desc`)."""

    def __post_init__(self) -> None:
        """Compile, so that a selector that is none is found when its source is loaded."""
        for each in fields(self):
            selector = getattr(self, each.name)
            if each.name not in ("name", "body_is_html", "staff_numbers") and selector:
                try:
                    re.compile(selector) if each.name in ("data", "page_count") else compiled(selector)
                except Exception as error:
                    raise ValueError(
                        f"layout {self.name!r}: {each.name}={selector!r} is no selector: {error}"
                    ) from None


@functools.cache
def compiled(selector: str) -> Any:
    """Return the XPath of a selector, or its JMESPath where it begins with `$`; compiled once for all pages."""
    if selector.startswith("$"):
        return jmespath.compile(selector[1:].removeprefix(".") or "@")
    return selectors.compiled(selector)


class Finder:
    """Finds on one page what one layout names."""

    def __init__(self, page: Page, layout: Layout):
        self.page = page
        self.layout = layout
        self.data = page.data(layout.data) if layout.data else None

    def all(self, selector: str) -> list[Any]:
        """Return elements, or strings where the selector asks for attributes or data; in order."""
        if selector.startswith("$"):
            return list(strings(compiled(selector).search(self.data))) if self.data is not None else []
        return self.page.index.select(selector)

    def texts(self, selector: str) -> Iterator[str]:
        """Yield the texts of what matches, those that have any."""
        for each in self.all(selector):
            if not isinstance(each, str) and each.tag == "textarea":
                each = "".join(each.itertext())
            if isinstance(each, str) and ("<" in each or "&lt;" in each):
                each = html_fragment(each)
            if text := text_content(each):
                yield text

    def first(self, selector: str) -> str | None:
        """Return the text of the first match that has any."""
        return next(self.texts(selector), None)

    def line(self, selector: str) -> str | None:
        """Return the texts of all matches in one line."""
        # one match may stand inside another
        return " ".join(dict.fromkeys(self.texts(selector)))[:MAX_LINE] or None

    def body(self) -> list[etree._Element]:
        """Return the elements that hold the text."""
        found = self.all(self.layout.body)
        if self.layout.body_is_html or self.layout.body.startswith("$"):
            markup = [each if isinstance(each, str) else "".join(each.itertext()) for each in found]
            if self.layout.marks and self.data is not None:
                pictures = compiled(self.layout.marks).search(self.data)
                markup = [with_pictures(each, pictures) for each in markup]
            return [html_fragment(each) for each in markup]
        return [each for each in found if not isinstance(each, str)]

    def dropped(self, elements: Sequence[etree._Element]) -> set[etree._Element]:
        """Return what stands in these elements and is not text."""
        if self.layout.body_is_html or self.layout.body.startswith("$"):
            return {found for each in elements for found in select(each, self.layout.drop)}
        return self.page.index.select_in(elements, self.layout.drop)


def strings(value: Any) -> Iterator[str]:
    """Yield what a path into data found, as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


MARK = re.compile(r"<!--\s*(\w{1,40})\s*-->")


def with_pictures(markup: str, pictures: Any) -> str:
    """Return HTML with the pictures that its comments stand for; marks of anything else are left as they are."""

    def figure(mark: re.Match[str]) -> str:
        told = pictures.get(mark[1]) if isinstance(pictures, dict) else None
        if not isinstance(told, dict):
            return mark[0]
        addresses = (told.get(name) for name in PICTURE_ADDRESSES)
        address = next((each for each in addresses if isinstance(each, str) and each), "")
        caption = told.get("desc")
        words = html.escape(caption) if isinstance(caption, str) else ""
        return f'<figure><img src="{html.escape(address)}"><figcaption>{words}</figcaption></figure>' if address else ""

    return MARK.sub(figure, markup)


PICTURE_ADDRESSES = ("origUrl", "imgurl1000", "imgurl", "url", "src")
"""Names of a picture's address in such data, the largest picture first."""
