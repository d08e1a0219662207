"""The page as a reader sees it: one line after the other, each with the element it stands in."""

from dataclasses import dataclass

from lxml import etree

from newsnap.body import BLOCKS, HEADINGS, HIDDEN, INVISIBLE, SKIPPED, SPACE

PARTED = frozenset(["td", "th", "span", "em", "i", "a", "label", "cite", "time", "font"])
"""Elements whose text is kept apart from what follows: a date and an outlet often stand side by side without a blank."""
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
        self._walk(root)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: int) -> Line:
        return self.lines[at]

    def span(self, element: etree._Element) -> tuple[int, int]:
        """Return the first line in an element, or in the block around it, and the first after it."""
        at: etree._Element | None = element
        while at is not None and at not in self.spans:
            at = at.getparent()
        return self.spans[at] if at is not None else (0, 0)

    def _walk(self, root: etree._Element) -> None:
        links = headings = 0
        starts: dict[etree._Element, int] = {}
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if not isinstance(tag, str):
                if event == "start":
                    continue
                self._say(element.tail, element.getparent(), links)
                continue
            hidden = tag in SKIPPED or (
                (style := element.get("style")) is not None and HIDDEN.search(style) is not None
            )
            block = tag in BLOCKS
            if event == "start":
                if hidden:
                    walk.skip_subtree()
                    continue
                if block:
                    self._end(headings > 0)
                    starts[element] = len(self.lines)
                    if len(self.lines) > MAX_LINES:
                        return
                elif element.get("id") is not None:
                    starts[element] = len(self.lines)
                links += tag == "a"
                headings += tag in HEADINGS
                self._say(element.text, element, links)
                continue
            if not hidden:
                if block:
                    self._end(headings > 0)
                    self.spans[element] = (starts.get(element, 0), len(self.lines))
                else:
                    if element in starts:
                        self.spans[element] = (starts[element], len(self.lines) + bool(self._at is not None))
                    if tag in PARTED:
                        self._words.append(" ")
                links -= tag == "a"
                headings -= tag in HEADINGS
            if element is not root:
                self._say(element.tail, element.getparent(), links)
        self._end(False)

    def _say(self, words: str | None, at: etree._Element | None, links: int) -> None:
        if not words:
            return
        self._words.append(words)
        stripped = words.strip()
        if stripped:
            self._at = at if self._at is None else self._at
            self._linked += len(stripped) if links else 0

    def _end(self, heading: bool) -> None:
        if not self._words:
            return
        text = SPACE.sub(" ", INVISIBLE.sub("", "".join(self._words))).strip()
        self._words.clear()
        at, self._at = self._at, None
        linked, self._linked = self._linked, 0
        if text and at is not None:
            self.lines.append(Line(text, at, min(linked, len(text)), heading))
