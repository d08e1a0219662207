"""Where the text of an article stands: readability proposes, the names that publishing systems give to it decide.

readability-lxml (measured against trafilatura, newspaper4k, GNE, jusText, boilerpy3 and Resiliparse, see
`tests/bench/extract.py`) finds the block of text; `body.read_body` reads it, and what is furniture is left out of it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml import etree
from lxml.html import HTMLParser as HtmlElements
from readability import Document
from readability.readability import REGEXES

from newsnap.generic.lines import Line, Lines
from newsnap.generic.marks import Mark, Marks
from newsnap.generic.trim import FOOT, MAX_FOOT, leads_away
from newsnap.page import Page


class Proposer(Document):
    """readability's search for the block of text, on a page that is parsed already."""

    def __init__(self, page: Page):
        super().__init__(page.text)
        self.page = page
        self.originals: dict[etree._Element, etree._Element] = {}

    def _parse(self, text: str) -> etree._Element:
        """Parse the page into elements with the methods that readability calls; scripts and the like are left out.

        The same text gives the same elements in the same order, so each is known to be the page's own at its place.
        """
        twin: etree._Element = etree.fromstring(
            text.encode("utf-8", "replace").replace(b"\x00", b""),
            HtmlElements(encoding="utf-8", huge_tree=True, remove_comments=True),
        )
        self.originals = dict(zip(twin.iter("*"), self.page.root.iter("*"), strict=False))
        etree.strip_elements(twin, *SCRIPTS, with_tail=False)
        return twin

    def transform_misused_divs_into_paragraphs(self) -> None:
        """Do as readability does, without writing out each element as text to look for tags in it."""
        for element in list(self.html.iter("div")):
            if not any(TAGS_IN_BLOCKS.match(each.tag) for child in element for each in child.iter("*")):
                element.tag = "p"
        for element in list(self.html.iter("div")):
            wrap_text(element)

    def remove_unlikely_candidates(self) -> None:
        """Do as readability does, asking for the same names once."""
        for element in self.html.findall(".//*"):
            if element.tag != "body" and unlikely(element.get("class", ""), element.get("id", "")):
                element.drop_tree()

    def get_link_density(self, element: etree._Element) -> float:
        """Return the share of an element's text that is links."""
        linked = sum(text_length(each) for each in element.iter("a"))
        return linked / max(text_length(element), 1)

    def propose(self) -> list[etree._Element]:
        """Return elements of the page, the likeliest first."""
        for ruthless in (True, False):
            self._html(force=True)
            if ruthless:
                self.remove_unlikely_candidates()
            self.transform_misused_divs_into_paragraphs()
            scored = self.score_paragraphs()
            ranked = sorted(scored.values(), key=lambda each: -each["content_score"])
            if found := [self.originals[each["elem"]] for each in ranked if each["elem"] in self.originals]:
                return found
        return []


@lru_cache(maxsize=20_000)
def unlikely(class_: str, id_: str) -> bool:
    """Tell whether readability takes an element of such names for none that holds text."""
    names = f"{class_} {id_}"
    return (
        REGEXES["unlikelyCandidatesRe"].search(names) is not None
        and REGEXES["okMaybeItsACandidateRe"].search(names) is None
    )


def text_length(element: etree._Element) -> int:
    """Return how many characters an element has, white space collapsed."""
    return len(" ".join(element.text_content().split()))


TAGS_IN_BLOCKS = re.compile(r"a|blockquote|dl|div|img|ol|p|pre|table|ul")
"""What readability takes for blocks; like its own, it matches the beginning of a name."""


def wrap_text(element: etree._Element) -> None:
    """Put the bare text in an element into paragraphs of its own, as readability does, and drop line breaks."""
    if element.text and element.text.strip():
        paragraph = element.makeelement("p")
        paragraph.text, element.text = element.text, None
        element.insert(0, paragraph)
    for at, child in reversed(list(enumerate(element))):
        if child.tail and child.tail.strip():
            paragraph = element.makeelement("p")
            paragraph.text, child.tail = child.tail, None
            element.insert(at + 1, paragraph)
        if child.tag == "br":
            child.drop_tree()


SCRIPTS = (
    "script", "style", "noscript", "iframe", "link", "meta", "head", "select", "button", "input", "textarea", "svg",
    "template",
)  # fmt: skip


SENTENCE = re.compile(r"[，。！？；、：“”…,]")


def weight(lines: Lines, element: etree._Element, after: int = -1) -> tuple[int, int, int]:
    """Return how many characters of an element, past a line, stand in sentences, in short lines, and in links."""
    first, last = lines.span(element)
    prose = short = linked = 0
    for line in lines.lines[max(first, after + 1) : last]:
        if line.linked * 2 > len(line.text):
            linked += len(line.text)
        elif is_prose(line):
            prose += line.plain
        else:
            short += line.plain
    return prose, short, linked


def find(page: Page, lines: Lines, marks: Marks, after: int) -> etree._Element | None:
    """Return the element that holds the text; after is the line of the headline, or -1."""
    weights: dict[etree._Element, tuple[int, int, int]] = {}

    def weigh(elements: Iterable[etree._Element]) -> list[etree._Element]:
        kept = [each for each in elements if lines.span(each)[1] > after + 1]
        weights.update((each, weight(lines, each, after)) for each in kept)
        return kept

    def worth(element: etree._Element) -> int:
        prose, short, linked = weights[element]
        return prose + short - linked // 2

    proposed = weigh(Proposer(page).propose()[:PROPOSED])
    names = weigh(marks.all(Mark.TEXT))
    others, end = others_of(lines, after)
    best = next(
        (
            each
            for each in proposed
            if weights[each][0] >= MIN_PROSE
            and lines.span(each)[0] not in others
            and (after < 0 or after - 4 <= lines.span(each)[0] <= min(after + FAR, end))
        ),
        None,
    )
    before = min(end, lines.span(best)[0] if best is not None else len(lines))
    stretch, amount = longest_stretch(lines, after, before, others)
    if stretch is not None and (best is None or weights[best][0] < amount):
        best = weigh([stretch])[0]
    sure = max(filter(marks.is_sure, names), key=worth, default=None)
    if sure is not None and (best is None or worth(sure) >= min(0.4 * worth(best), MIN_SURE)):
        best = sure
    if best is None:
        best = max((*proposed, *names), key=worth, default=None)
    if best is None:
        return None
    for each in names:
        if (
            best in each.iterancestors()
            and weights[each][0] >= 0.9 * weights[best][0]
            and worth(each) >= 0.8 * worth(best)
        ):
            best = each
    return best


def others_of(lines: Lines, after: int) -> tuple[set[int], int]:
    """Return the lines of blocks that lead to other articles, and the line after which there are only such.

    A heading that begins no block and has no list under it ends the article, if there was text enough before it.
    """
    blocks: set[int] = set()
    prose = 0
    for at in range(after + 1, min(len(lines), after + 1 + MAX_STRETCH)):
        if at in blocks:
            continue
        if leads_away(lines[at].text):
            if block := block_of(lines, at):
                blocks.update(range(at, lines.span(block[-1])[1]))
                continue
            if prose >= MIN_PROSE:
                return blocks, at
        prose += lines[at].plain if is_prose(lines[at]) else 0
    return blocks, len(lines)


def block_of(lines: Lines, at: int) -> list[etree._Element]:
    """Return the block that begins with a heading, or the heading and the list after it; empty if there is neither."""
    top = lines[at].at
    while lines.span(top) == (at, at + 1):
        following, parent = top.getnext(), top.getparent()
        if following is not None and following.tag in LISTS:
            return [top, following]
        if parent is None:
            return []
        top = parent
    first, last = lines.span(top)
    has_links = any(line.linked for line in lines.lines[first:last])
    return [top] if first == at and has_links and top.tag != "body" else []


LISTS = ("ul", "ol", "dl", "table")
"""What holds the links to other articles, under a heading of its own."""
PROPOSED = 8
"""Proposals that are looked at."""
MIN_PROSE = 50
"""Characters in sentences that make a proposal a text."""
FAR = 80
"""Lines after the headline in which the text begins."""
MIN_SURE = 80
"""Characters in an element of a sure name that make it the text, however much stands elsewhere."""


def is_prose(line: Line) -> bool:
    """Tell whether a line is a sentence, and neither a link nor what sites print at their foot."""
    return (
        line.linked * 2 <= len(line.text)
        and (len(line.text) > 24 or (len(line.text) > 8 and SENTENCE.search(line.text) is not None))
        and (len(line.text) > MAX_FOOT or FOOT.search(line.text) is None)
    )


def longest_stretch(lines: Lines, after: int, before: int, others: set[int]) -> tuple[etree._Element | None, int]:
    """Return the element around the richest stretch of sentences between two lines, and their characters.

    It corrects proposals that come from a list of summaries elsewhere on the page.
    """
    best, total, start = (0, 0, 0), 0, after + 1
    for at in range(after + 1, min(before, after + 1 + MAX_STRETCH)):
        if at in others:
            continue
        line = lines[at]
        total += line.plain if is_prose(line) else -max(8, line.linked * 2)
        if total <= 0:
            total, start = 0, at + 1
        elif total > best[0]:
            best = total, start, at
    amount, first, last = best
    if not amount:
        return None, 0
    around = set(lines[last].at.iterancestors()) | {lines[last].at}
    at = lines[first].at
    while at not in around:
        at = at.getparent()
    while at not in lines.spans and at.getparent() is not None:
        at = at.getparent()
    return at, amount


MAX_STRETCH = 600
"""Lines after the headline in which the richest stretch is looked for."""


def furniture(container: etree._Element, lines: Lines, marks: Marks) -> set[etree._Element]:
    """Return the elements in a container that their names tell to be no part of the article."""
    whole = sum(weight(lines, container))

    def is_small(element: etree._Element) -> bool:
        first, last = lines.span(element)
        return (
            element not in lines.spans
            or sum(len(line.text) for line in lines.lines[first:last]) <= MAX_FURNITURE * whole
        )

    found = set()
    for each in container.iterdescendants("*"):
        marked = Mark.FURNITURE in marks.of.get(each, Mark.NONE) or each.get("data-role") == "editor-name"
        if (marked or each.tag in ("aside", "nav", "footer")) and is_small(each):
            found.add(each)
    for each in container.iterdescendants(*LISTS, "div"):
        if is_list_of_links(lines, each) and is_small(each):
            found.add(each)
    first, last = lines.span(container)
    for at in range(first, last):
        if leads_away(lines[at].text):
            found.update(filter(is_small, block_of(lines, at)))
    return found


def is_list_of_links(lines: Lines, element: etree._Element) -> bool:
    """Tell whether an element is several lines of little but links."""
    first, last = lines.span(element)
    if element not in lines.spans or last - first < MIN_LIST:
        return False
    inside = lines.lines[first:last]
    return sum(line.linked for line in inside) >= MOSTLY * sum(len(line.text) for line in inside)


MIN_LIST, MOSTLY = 4, 0.7
"""Lines of a list of links at least, and the share of it that is links."""
MAX_FURNITURE = 0.35
"""Share of a container that furniture can be; a larger part with such a name is the text all the same."""
