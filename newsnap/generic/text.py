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

from newsnap.generic.furniture import MAX_STRETCH, MIN_PROSE, is_prose, others_of, weight
from newsnap.generic.lines import Lines
from newsnap.generic.marks import Mark, Marks
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


PROPOSED = 8
"""Proposals that are looked at."""
FAR = 80
"""Lines after the headline in which the text begins."""
MIN_SURE = 80
"""Characters in an element of a sure name that make it the text, however much stands elsewhere."""


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
