"""The page as a reader sees it: one line after the other, each with the element it stands in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

from lxml import etree

from newsnap.body import BLOCKS, HEADINGS, HIDDEN, SKIPPED, collapsed

PARTED = frozenset(["td", "th", "span", "em", "i", "a", "label", "cite", "time", "font"])
"""Elements whose text is kept apart from what follows: date and outlet often stand side by side without a blank."""
MAX_LINES = 20_000
"""Lines of a page that are looked at."""


@dataclass(slots=True)
class Line:
    """What a browser would show in one line, however wide its window."""

    text: str
    """White space collapsed."""

    at: etree._Element
    """The element in which it begins."""

    linked: int
    """Characters of it that are links."""

    heading: bool
    """Whether it stands in h1 to h6."""

    @property
    def plain(self) -> int:
        """Characters that are no links."""
        return len(self.text) - self.linked


class Lines:
    """The lines of a page, and which of them an element spans."""

    def __init__(self, root: etree._Element):
        self.lines: list[Line] = []
        self.spans: dict[etree._Element, tuple[int, int]] = {}
        """Of block elements, and of others that have an id: the first line in them, and the first after them."""
        self._words: list[str] = []
        self._at: etree._Element | None = None
        self._linked = 0
        self._links = 0
        self._headings = 0
        self._walk(root)

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        return self.lines[at]

    def span(self, element: etree._Element) -> tuple[int, int]:
        """Return the first line in an element, or in the block around it, and the first after it."""
        at: etree._Element | None = element
        while at is not None and at not in self.spans:
            at = at.getparent()
        return self.spans[at] if at is not None else (0, 0)

    def _walk(self, root: etree._Element) -> None:
        """Go through the page without recursion: pages are nested as deep as they like."""
        open_: list[tuple[etree._Element, Iterator[etree._Element], int]] = [(root, iter(root), self._enter(root))]
        while open_:
            element, children, start = open_[-1]
            child = next(children, None)
            if child is None:
                open_.pop()
                self._leave(element, start)
                if open_:
                    self._say(element.tail, open_[-1][0])
            elif is_hidden(child):
                self._say(child.tail, element)
            elif len(self.lines) > MAX_LINES:
                return
            else:
                open_.append((child, iter(child), self._enter(child)))
        self._end()

    def _enter(self, element: etree._Element) -> int:
        """Begin an element; return its first line."""
        tag = element.tag
        if tag in BLOCKS:
            self._end()
        self._links += tag == "a"
        self._headings += tag in HEADINGS
        start = len(self.lines)
        self._say(element.text, element)
        return start

    def _leave(self, element: etree._Element, start: int) -> None:
        tag = element.tag
        if tag in BLOCKS:
            self._end()
            self.spans[element] = (start, len(self.lines))
        else:
            if tag in PARTED:
                self._words.append(" ")
            if element.get("id") is not None:
                self.spans[element] = (start, len(self.lines) + (self._at is not None))
        self._links -= tag == "a"
        self._headings -= tag in HEADINGS

    def _say(self, words: str | None, at: etree._Element) -> None:
        if not words:
            return
        self._words.append(words)
        if not words.isspace():
            if self._at is None:
                self._at = at
            if self._links:
                self._linked += len(words.strip())

    def _end(self) -> None:
        at, linked = self._at, self._linked
        if at is not None:
            text = collapsed("".join(self._words).replace("\xad", ""))
            if text:
                self.lines.append(Line(text, at, min(linked, len(text)), self._headings > 0))
            self._at, self._linked = None, 0
        self._words.clear()


def is_hidden(element: etree._Element) -> bool:
    """Tell whether an element is not shown, or is no element at all."""
    tag = element.tag
    if not isinstance(tag, str) or tag in SKIPPED:
        return True
    style = element.get("style")
    return style is not None and HIDDEN.search(style) is not None
