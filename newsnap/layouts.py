"""Layouts: where a source has what on its pages, and what is found there."""

import functools
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import jmespath

from newsnap import selectors
from newsnap.body import Text, read_body, text_content
from newsnap.page import Page, html_fragment, unescaped_markup
from newsnap.selectors import Node, elements, outermost, select, select_first, text_of

MAX_LINE = 400
"""Characters of an info line that are looked at."""

DROPPED = "data-newsnap-dropped"
"""Attribute of what stands in a body and is not text."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things are on the pages of one era of a source.

    Values are CSS selectors (alternatives with a comma; `:contains('…')` asks for words in a piece of text,
    `:lexbor-contains('…')` in one of an element's own; `::text` or `::attr(name)` at the end asks for those, not for
    elements) or, where they begin with `$`, a JMESPath into `data`: `$.detail.title`, `$` for the whole.
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
                    if each.name in ("data", "page_count"):
                        re.compile(selector)
                    elif selector.startswith("$"):
                        path(selector)
                    else:
                        selectors.check(selector)
                except (re.error, jmespath.exceptions.JMESPathError, selectors.SelectorError) as error:
                    raise ValueError(
                        f"layout {self.name!r}: {each.name}={selector!r} is no selector: {error}"
                    ) from None


@functools.cache
def path(selector: str) -> Any:
    """Return a JMESPath, compiled once for all pages."""
    return jmespath.compile(selector[1:].removeprefix(".") or "@")


class Finder:
    """Finds on one page what one layout names."""

    def __init__(self, page: Page, layout: Layout):
        self.page = page
        self.layout = layout
        self.data = page.data(layout.data) if layout.data else None
        self.found: dict[str, list[str]] = {}  # texts by selector: two fields often stand in one line

    def all(self, selector: str) -> list[Node | str]:
        """Return elements, or strings where the selector asks for attributes or data; in order."""
        if selector.startswith("$"):
            return list(strings(path(selector).search(self.data))) if self.data is not None else []
        return select(self.page.tree, selector)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of what matches, of those that have any."""
        if selector not in self.found:
            self.found[selector] = [text for each in self.all(selector) if (text := said(each))]
        return self.found[selector]

    def first(self, selector: str) -> str | None:
        """Return the text of the first match that has any."""
        if selector in self.found or selector.startswith("$"):
            return next(iter(self.texts(selector)), None)
        match = select_first(self.page.tree, selector)
        if match is None:
            return None
        return said(match) or next(iter(self.texts(selector)), None)

    def line(self, selector: str) -> str | None:
        """Return the texts of all matches in one line."""
        # one match may stand inside another
        return " ".join(dict.fromkeys(self.texts(selector)))[:MAX_LINE] or None

    def links(self, selector: str) -> list[str]:
        """Return the addresses that matching links lead to, as written."""
        return [href for each in elements(self.page.tree, selector) if (href := each.attributes.get("href"))]

    def body(self) -> list[Node]:
        """Return the elements that hold the text, none of them in another."""
        if not self.layout.body_is_html and not self.layout.body.startswith("$"):
            return outermost(elements(self.page.tree, self.layout.body))
        markup = [each if isinstance(each, str) else each.text() for each in self.all(self.layout.body)]
        if self.layout.marks and self.data is not None:
            pictures = path(self.layout.marks).search(self.data)
            markup = [with_pictures(each, pictures) for each in markup]
        return [fragment(each) for each in markup]

    def text(self, body: Sequence[Node]) -> Text:
        """Return what the elements of a body say, without what is dropped."""
        marked = [each for element in body for each in elements(element, self.layout.drop)]
        for each in marked:
            each.attrs[DROPPED] = ""
        root = html_fragment("".join(f"<div>{element.html}</div>" for element in body))
        dropped = {each for each in root.iter("*") if each.get(DROPPED) is not None} if marked else ()
        return read_body([root], self.page.base, dropped)


def said(match: Node | str) -> str:
    """Return the text of a match in one line; data and textareas may hold HTML."""
    if not isinstance(match, str) and match.tag != "textarea":
        return text_of(match)
    words = match if isinstance(match, str) else match.text()
    return text_of(fragment(words)) if "<" in words or "&lt;" in words else text_content(words)


def fragment(markup: str) -> Node:
    """Return a piece of HTML as an element."""
    body = selectors.parse(unescaped_markup(markup).encode("utf-8", "replace")).body
    assert body is not None
    return body


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
