"""What of a page is text, and what is furniture: lists of other articles, adverts, feet of sites."""

import re

from lxml import etree

from newsnap.generic.lines import Line, Lines
from newsnap.generic.marks import Mark, Marks
from newsnap.generic.trim import FOOT, MAX_FOOT, leads_away

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


def is_prose(line: Line) -> bool:
    """Tell whether a line is a sentence, and neither a link nor what sites print at their foot."""
    return (
        line.linked * 2 <= len(line.text)
        and (len(line.text) > 24 or (len(line.text) > 8 and SENTENCE.search(line.text) is not None))
        and (len(line.text) > MAX_FOOT or FOOT.search(line.text) is None)
    )


MIN_PROSE = 50
"""Characters in sentences that make a proposal a text."""
MAX_STRETCH = 600
"""Lines after the headline in which the richest stretch is looked for."""


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
