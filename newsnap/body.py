"""The text of a page: elements become paragraphs, subheadings and figures; nothing of the article is lost.

A paragraph ends where a browser would begin a new line: at block elements, at `<br>`, at the end of a table row.  White
space is collapsed, indentation (U+3000) stripped; otherwise the text is as printed.
"""

import functools
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin

from lxml import etree

from newsnap.items import Figure

BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure
    footer form founder-content h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot
    thead tr ul""".split()  # noqa: SIM905 - a list of so many words is read better so
)
SKIPPED = frozenset(
    """audio button canvas embed head iframe input link meta noscript object option script select style svg template
    textarea title video""".split()  # noqa: SIM905 - the same
)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
BOLD = frozenset(["strong", "b"]) | HEADINGS
CELLS = frozenset(["td", "th"])
HEAVY = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
CENTRED = re.compile(
    r"text-align\s*:\s*center|caption|f_center|img_wrapper|picintro|pictext|tuzhu|pic_?info|img_?desc|article-img",
    re.IGNORECASE,
)
INVISIBLE = ("\u200b", "\ufeff", "\u2060")
"""Characters without a width, which stand where a line may be broken."""

IMAGE_ATTRIBUTES = ("data-original", "data-src", "data-lazy-src", "data-lazyload", "data-url", "_src", "src")
"""Where the address of an image stands, best first: pages that load lazily keep a placeholder in `src`."""

MAX_HEADING = 40
"""Characters of a subheading at most; a longer line in bold is a bold paragraph."""
MAX_DEPTH = 512
"""Elements in one another, as in browsers; what stands deeper is text without form."""
MAX_CELL = 60
"""Characters of a table's cell at most; a row with a longer one is layout, not data."""
MAX_CAPTION = 150
"""Characters of a caption at most."""
SENTENCE_END = "。！？；：，、…”.!?;,"


@dataclass(slots=True)
class Text:
    """What the body of an article says."""

    paragraphs: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    links: set[int] = field(default_factory=set)
    """Indexes of the paragraphs that are nothing but links."""

    def __len__(self) -> int:
        """Return the number of characters, without paragraph breaks."""
        return sum(map(len, self.paragraphs))

    def extend(self, other: "Text") -> None:
        """Append another text, such as the next page of the article."""
        start = len(self.paragraphs)
        self.paragraphs += other.paragraphs
        self.headings += [start + each for each in other.headings]
        self.links |= {start + each for each in other.links}
        known = {each.url for each in self.figures}
        for figure in other.figures:
            if figure.url not in known:
                figure.after = start + figure.after
                self.figures.append(figure)

    def keep(self, wanted: Iterable[bool]) -> None:
        """Drop the paragraphs that are not wanted; headings and figures follow."""
        keep = list(wanted)
        position = -1
        moved = []  # new index of the paragraph, or of the last one kept before it
        for each in keep:
            position += each
            moved.append(position)
        self.headings = [moved[each] for each in self.headings if keep[each]]
        self.links = {moved[each] for each in self.links if keep[each]}
        for figure in self.figures:
            figure.after = moved[figure.after] if figure.after >= 0 else -1
        self.paragraphs = [text for text, each in zip(self.paragraphs, keep, strict=True) if each]


class Look(NamedTuple):
    """What an element's style and classes say of it."""

    hidden: bool = False
    centred: bool = False
    heavy: bool = False


PLAIN = Look()


@functools.lru_cache(maxsize=4096)
def look_of(style: str, names: str) -> Look:
    """Return what a style and classes say; a page has few, and each often."""
    return Look(
        bool(HIDDEN.search(style)), bool(CENTRED.search(style) or CENTRED.search(names)), bool(HEAVY.search(style))
    )


class _Reader:
    """Walks elements and gathers their text."""

    def __init__(self, base: str, dropped: Container[etree._Element]):
        self.text = Text()
        self.base = base
        self.dropped = dropped
        self.line: list[str] = []
        self.bold = 0  # characters of the line in bold
        self.plain = 0  # and not
        self.linked = 0  # in links
        self.link_depth = 0
        self.centred = 0  # depth of centred elements
        self.in_row = False
        self.depth = 0
        self.uncaptioned: Figure | None = None

    def say(self, words: str, bold: bool) -> None:
        if not self.line and words.isspace():
            return
        self.line.append(words)
        count = len(words.strip())
        if self.link_depth:
            self.linked += count
        if bold:
            self.bold += count
        else:
            self.plain += count

    def end_line(self, *, heading: bool = False, caption: bool = False) -> None:
        if not self.line:
            return
        paragraph = collapsed("".join(self.line), " ")
        whole_bold = bool(self.bold and not self.plain)
        whole_link = bool(self.linked and self.linked == self.bold + self.plain)
        self.line.clear()
        self.bold = self.plain = self.linked = 0
        if not paragraph:
            return
        text = self.text
        figure, self.uncaptioned = self.uncaptioned, None
        if figure and (caption or self.centred) and len(paragraph) <= MAX_CAPTION:
            figure.caption = paragraph
        elif (heading or whole_bold) and len(paragraph) <= MAX_HEADING and paragraph[-1] not in SENTENCE_END:
            text.headings.append(len(text.paragraphs))
        if whole_link:
            text.links.add(len(text.paragraphs))
        text.paragraphs.append(paragraph)

    def end_block(self, *, heading: bool = False, caption: bool = False) -> None:
        """End a line, but for those inside a row of data, which is one line."""
        if self.in_row:
            self.line.append(" ")
        else:
            self.end_line(heading=heading, caption=caption)

    def picture(self, image: etree._Element) -> None:
        found = next((image.get(name) for name in IMAGE_ATTRIBUTES if image.get(name)), None)
        if not found or found.startswith("data:"):
            return
        address = found.strip()
        if "/." in address or not address.startswith(("http://", "https://")):
            try:
                address = urljoin(self.base, address)
            except ValueError:
                return
        if address.startswith(("http://", "https://")):
            self.uncaptioned = Figure(
                url=address, after=len(self.text.paragraphs) - 1 + bool("".join(self.line).strip())
            )
            self.text.figures.append(self.uncaptioned)

    def walk(self, element: etree._Element, bold: bool = False) -> None:
        tag = element.tag
        if not isinstance(tag, str):  # comment or processing instruction
            return
        if tag in SKIPPED or element in self.dropped:
            return
        attributes = dict(element.items())
        look = look_of(attributes.get("style", ""), attributes.get("class", "")) if attributes else PLAIN
        if look.hidden:
            return
        if tag == "img":
            self.picture(element)
            return
        if self.depth == MAX_DEPTH:
            self.say("".join(element.itertext()), bold)
            return
        self.depth += 1
        block = tag in BLOCKS
        if block and self.line:
            self.end_block()
        row = tag == "tr" and not self.in_row and is_data(element)
        self.in_row = self.in_row or row
        centred = tag == "center" or look.centred or attributes.get("align") == "center"
        self.centred += centred
        bold = bold or tag in BOLD or look.heavy or attributes.get("data-scene") == "strong"
        self.link_depth += tag == "a"
        if element.text:
            self.say(element.text, bold)
        for child in element:
            self.walk(child, bold)
            if child.tail:
                self.say(child.tail, bold)
        if tag in CELLS:
            self.line.append(" ")
        if row:
            self.in_row = False
        if block and self.line:
            self.end_block(heading=tag in HEADINGS, caption=tag == "figcaption")
        self.centred -= centred
        self.link_depth -= tag == "a"
        self.depth -= 1


def is_data(row: etree._Element) -> bool:
    """Tell whether a row of a table holds data: several cells, all short and without pictures."""
    cells = [each for each in row if each.tag in CELLS]
    return (
        len(cells) > 1
        and next(row.iter("img", "table"), None) is None
        and all(len(text_content(each)) <= MAX_CELL for each in cells)
    )


def read_body(elements: Iterable[etree._Element], base: str, dropped: Container[etree._Element] = ()) -> Text:
    """Read the text of elements in document order; base is the address that relative images are resolved against.

    An element inside another one of them is not read twice.
    """
    chosen = list(elements)
    members = set(chosen)
    reader = _Reader(base, dropped)
    for element in chosen:
        if len(members) == 1 or members.isdisjoint(element.iterancestors()):
            reader.walk(element)
            reader.end_line()
    return reader.text


def text_content(element: etree._Element | str) -> str:
    """Return the text of an element, or of an attribute, in one line."""
    words = element if isinstance(element, str) else "".join(visible(element))
    return collapsed(words.replace("\xad", ""))


def collapsed(words: str, invisible: str = "") -> str:
    """Return a text with single spaces for its white space, and something in place of what has no width."""
    for each in INVISIBLE:
        if each in words:
            words = words.replace(each, invisible)
    return " ".join(words.split())


def visible(element: etree._Element) -> Iterable[str]:
    """Yield the pieces of text of an element, without scripts and comments; `<br>` parts words."""
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if event == "end":
            if each is not element and each.tail:
                yield each.tail
        elif each.tag not in SKIPPED or each is element:
            if each.tag == "br":
                yield " "
            if each.text:
                yield each.text
