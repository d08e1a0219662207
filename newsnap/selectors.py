"""Selectors: CSS on the tree that a browser would make of a page.

lexbor parses as the HTML Standard says (https://html.spec.whatwg.org/multipage/parsing.html), in less than half of
libxml2's time, and answers CSS in C.
"""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborDocumentOptions, SelectolaxError
from selectolax.lexbor import LexborHTMLParser as Tree
from selectolax.lexbor import LexborNode as Node

from newsnap.body import MAX_DEPTH, SKIPPED, collapsed

__all__ = [
    "Node",
    "SelectorError",
    "Tree",
    "check",
    "elements",
    "outermost",
    "parse",
    "select",
    "select_first",
    "text_of",
]

PSEUDO_ELEMENT = re.compile(r"::(?:attr\(([\w-]+)\)|text)$")
"""As Scrapy's selectors have them (https://docs.scrapy.org/en/latest/topics/selectors.html)."""

DOCTYPE = b"<!DOCTYPE html>"
"""The first one counts; in a page without, the names of classes and ids would be found in any case
(https://html.spec.whatwg.org/multipage/parsing.html#the-initial-insertion-mode)."""

CONTAINS = re.compile(r""":contains\(((['"]).*?\2)\)""")
DEEP = r":is(:lexbor-contains(\1), :has(:lexbor-contains(\1)))"
"""lexbor looks at an element's own text; meant is all of it."""

BARE = re.compile(r"""'[^']*'|"[^"]*"|(?:^|(?<=[\s>+~,(])):(?!:)""")
"""A pseudo-class without an element before it; of the elements above one, lexbor 3.1 would then look at the nearest
alone, so `:is(.a, .b) p` is asked for as `*:is(.a, .b) p` (2026-11-29).  Quoted words are passed over."""

LONG, MANY_TAGS = 200_000, 20_000
"""Bytes and tags of a page; one with less is parsed within two seconds, however it is nested."""
TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr p li dt dd option".split())
"""What is never closed, or closes itself."""


class SelectorError(ValueError):
    """A selector that is none."""


def parse(html: bytes) -> Tree:
    """Return the tree of a page in UTF-8; an empty one for a page nested beyond reason.

    What `noscript` holds is no part of it, as in a browser.
    """
    return Tree(DOCTYPE + (b"" if is_too_deep(html) else html), scripting=True, options=LexborDocumentOptions.WO_EVENTS)


def is_too_deep(html: bytes) -> bool:
    """Tell whether a page holds elements in one another that take long to parse, which is the square of their depth."""
    if len(html) < LONG or html.count(b"<") < MANY_TAGS:
        return False
    depth = deepest = 0
    for closing, tag in TAG.findall(html):
        if tag.lower() not in VOID:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


def check(selector: str) -> None:
    """Raise SelectorError for a selector that is none."""
    try:
        select(Tree(""), selector)
    except SelectolaxError as error:
        raise SelectorError(f"{error} It is CSS, with ::text or ::attr(name) at its end") from None


class Asked(NamedTuple):
    """A selector as lexbor takes it."""

    css: str
    attribute: str | None
    """Name of the attribute that is asked for, empty for the elements' own text; None for the elements themselves."""

    above: str
    below: str
    """The two parts of a selector such as `.info a, .source a`: what its elements stand in, and what they are.

    Empty where it has no such parts.
    """


@functools.cache
def asked(selector: str) -> Asked:
    """Return what a selector asks for."""
    pseudo = PSEUDO_ELEMENT.search(selector)
    css = selector[: pseudo.start()] if pseudo else selector
    css = BARE.sub(lambda found: "*:" if found[0] == ":" else found[0], CONTAINS.sub(DEEP, css))
    return Asked(css, (pseudo[1] or "") if pseudo else None, *halves(css))


def halves(css: str) -> tuple[str, str]:
    """Return a selector's parts before and after its last blank, the latter the same in all its alternatives.

    >>> halves(".info a, p[title='b c'] a"), halves(".info > a"), halves(".info a, .source b")
    ((".info, p[title='b c']", 'a'), ('', ''), ('', ''))
    """
    above, below = [], set()
    for alternative in apart(css, ","):
        *before, last = apart(alternative, " ")
        if not before or before[-1] in COMBINATORS or last[0] in COMBINATORS or before[-1][-1] in COMBINATORS:
            return "", ""
        above.append(" ".join(before))
        below.add(last)
    return (", ".join(above), below.pop()) if len(below) == 1 else ("", "")


def apart(css: str, separator: str) -> list[str]:
    """Return the pieces of a selector between commas or blanks, but for those in brackets and quotes."""
    pieces, depth, quote = [""], 0, ""
    for character in css:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        depth += 0 if quote else (character in "([") - (character in ")]")
        if character == separator and not quote and not depth:
            pieces.append("")
        else:
            pieces[-1] += character
    return [each.strip() for each in pieces if each.strip()]


COMBINATORS = ">+~"


def elements(within: Tree | Node, selector: str) -> list[Node]:
    """Return the elements that a selector finds, in document order."""
    if not selector:
        return []
    css, _, above, below = asked(selector)
    if above and isinstance(within, Tree):
        # four times as fast: lexbor goes from the elements up, and of links a page has hundreds
        found = [each for one in within.css(above) for each in one.css(below) if each != one]
    else:
        found = within.css(css)
    return list(dict.fromkeys(found)) if above or "," in css else found  # what stands in two of them is found twice


def select(within: Tree | Node, selector: str) -> list[Node | str]:
    """Return what a selector finds, in document order: elements, or strings where it asks for text or an attribute."""
    found = elements(within, selector)
    match asked(selector).attribute:
        case None:
            return [*found]
        case "":
            pieces = (piece for each in found for piece in each.iter(include_text=True) if piece.is_text_node)
            return [piece.text_content or "" for piece in pieces]
        case name:
            return [value for each in found if (value := each.attributes.get(name)) is not None]


def select_first(within: Tree | Node, selector: str) -> Node | str | None:
    """Return the first of what a selector finds, which is quicker to find than all; None where that is nothing."""
    if not selector or asked(selector).attribute is not None:
        return next(iter(select(within, selector)), None)
    return within.css_first(asked(selector).css)


def outermost(nodes: list[Node]) -> list[Node]:
    """Return the nodes that stand in no other one of them."""
    if len(nodes) < 2:
        return nodes
    chosen = {each.mem_id for each in nodes}
    return [each for each in nodes if all(above.mem_id not in chosen for above in ancestors(each))]


def ancestors(node: Node) -> Iterator[Node]:
    """Yield what a node stands in, the nearest first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def text_of(node: Node) -> str:
    """Return the text of an element in one line: without scripts, `<br>` parting words; of a `meta` its content."""
    if node.tag == "meta":
        return collapsed(node.attributes.get("content") or "")
    only = node.first_child
    if only is not None and only.next is None and only.is_text_node:
        return collapsed((only.text_content or "").replace("\xad", ""))
    pieces = []
    for each in node.traverse(include_text=True):
        if each.is_text_node:
            parent = each.parent
            if parent is None or parent == node or parent.tag not in SKIPPED:
                pieces.append(each.text_content or "")
        elif each.tag == "br":
            pieces.append(" ")
    return collapsed("".join(pieces).replace("\xad", ""))
