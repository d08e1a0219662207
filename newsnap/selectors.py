"""Selectors: CSS and XPath, compiled once, and answered on a page from an index of its classes and ids.

XPath looks at every element of a page for each class it is asked for: the dozen selectors of a layout took three times
as long as parsing the page.  Simple CSS, which is nearly all that layouts hold, is therefore looked up and followed.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

from cssselect import HTMLTranslator
from cssselect import parse as parse_css
from cssselect.parser import Attrib, Class, CombinedSelector, Element, Hash
from lxml import etree

CLASSES = etree.XPath("//@class", smart_strings=False)
CLASSED = etree.XPath("descendant-or-self::*[@class]")
IDS = etree.XPath("//@id", smart_strings=False)
IDENTIFIED = etree.XPath("descendant-or-self::*[@id]")

FEW = 50
"""So many elements are put in order by their position; for more it is faster to go through the whole page."""

MATCHES: dict[str, Callable[[str, str], bool]] = {
    "=": lambda held, wanted: held == wanted,
    "^=": lambda held, wanted: bool(wanted) and held.startswith(wanted),
    "$=": lambda held, wanted: bool(wanted) and held.endswith(wanted),
    "*=": lambda held, wanted: bool(wanted) and wanted in held,
}
"""Operators of attribute selectors (https://www.w3.org/TR/selectors-3/#attribute-selectors)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a selector, such as `h1.title`, and how it stands to the part before it."""

    tag: str | None = None
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    """Name, operator and value; the operator is empty where the attribute only has to be there."""

    child: bool = False
    """The part before is the parent, not just any ancestor."""

    @property
    def named(self) -> bool:
        """Whether it can be looked up."""
        return bool(self.ids or self.classes)

    def matches(self, element: etree._Element) -> bool:
        """Tell whether an element is of this kind, wherever it stands."""
        if self.tag is not None and element.tag != self.tag:
            return False
        if self.ids and {*self.ids} != {element.get("id")}:
            return False
        if self.classes and not {*self.classes}.issubset(element.get("class", "").split()):
            return False
        for name, operator, wanted in self.attributes:
            held = element.get(name)
            if held is None or (operator and not MATCHES[operator](held, wanted)):
                return False
        return True


Path = tuple[Step, ...]
"""A selector from its last part to its first."""


class Index:
    """The elements of a parsed page by class and by id; the page is not to be changed while it is used."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.classes: dict[str, list[etree._Element]] = {}
        self.ids: dict[str, list[etree._Element]] = {}
        for element, names in zip(CLASSED(root), CLASSES(root), strict=True):
            for name in names.split():
                self.classes.setdefault(name, []).append(element)
        for element, name in zip(IDENTIFIED(root), IDS(root), strict=True):
            self.ids.setdefault(name, []).append(element)

    def select(self, selector: str) -> list[Any]:
        """Return elements, or strings where an XPath asks for attributes; in document order."""
        if not selector:
            return []
        ways = ways_of(selector)
        found = [self.find(way) if isinstance(way, tuple) else results(way, self.root) for way in ways]
        return found[0] if len(found) == 1 else in_order(chain.from_iterable(found))

    def find(self, path: Path) -> list[etree._Element]:
        """Return what a path leads to, in document order."""
        last = path[0]
        if last.named:
            held = [self.ids.get(each, []) for each in last.ids] + [self.classes.get(each, []) for each in last.classes]
            return [each for each in min(held, key=len) if last.matches(each) and stands_below(each, path, 0)]
        above = self.find(path[1:])
        tag = last.tag or etree.Element  # any element, no comment
        if last.child:
            below = in_order(chain.from_iterable(each.iterchildren(tag) for each in above))
        else:  # of those above, one may stand in another
            below = list(dict.fromkeys(chain.from_iterable(each.iterdescendants(tag) for each in above)))
        return [each for each in below if last.matches(each)]


def stands_below(element: etree._Element, path: Path, at: int) -> bool:
    """Tell whether above an element that matches one part of a path stands what the parts before it ask for."""
    if at + 1 == len(path):
        return True
    step = path[at + 1]
    if path[at].child:
        parent = element.getparent()
        return parent is not None and step.matches(parent) and stands_below(parent, path, at + 1)
    for each in element.iterancestors():
        if step.matches(each):
            if stands_below(each, path, at + 1):
                return True
            if not step.child:  # what is not above this one is not above those further up
                return False
    return False


def in_order(elements: Iterable[etree._Element]) -> list[etree._Element]:
    """Return elements in document order, each once."""
    once = list(dict.fromkeys(elements))
    if len(once) <= FEW:
        return sorted(once, key=position) if len(once) > 1 else once
    wanted = set(once)
    return [each for each in once[0].getroottree().iter(etree.Element) if each in wanted]


def position(element: etree._Element) -> list[int]:
    """Return the number of an element among its siblings, after those of its ancestors from the root on."""
    return [parent.index(each) for each, parent in pairwise((element, *element.iterancestors()))][::-1]


@functools.cache
def ways_of(selector: str) -> tuple[Path | etree.XPath, ...]:
    """Return how the alternatives of a selector are found: as paths, or by XPath what a path cannot say.

    By XPath too where no class and no id is named: nothing can be looked up, and XPath goes through all the fastest.
    """
    if is_xpath(selector):
        return (compiled(selector),)
    ways: list[Path | etree.XPath] = []
    for alternative in parse_css(selector):
        path = None if alternative.pseudo_element else path_of(alternative.parsed_tree)
        if path is not None and any(step.named for step in path):
            ways.append(path)
        else:
            ways.append(etree.XPath(HTMLTranslator().selector_to_xpath(alternative), smart_strings=False))
    return tuple(ways)


def path_of(tree: Any) -> Path | None:
    """Return a parsed selector as a path; None where a path cannot say it."""
    match tree:
        case CombinedSelector(combinator=" " | ">"):
            before, last = path_of(tree.selector), path_of(tree.subselector)
            if before is None or last is None:
                return None
            return (replace(last[0], child=tree.combinator == ">"), *before)
        case Element(namespace=None):
            return (Step(tag=tree.element and tree.element.lower()),)
        case Class() | Hash() | Attrib(namespace=None):
            return with_condition(tree)
    return None


def with_condition(tree: Class | Hash | Attrib) -> Path | None:
    """Return what a class, an id or an attribute is asked of, with the condition added."""
    path = path_of(tree.selector)
    if path is None or len(path) > 1:
        return None
    step = path[0]
    match tree:
        case Class():
            return (replace(step, classes=(*step.classes, tree.class_name)),)
        case Hash():
            return (replace(step, ids=(*step.ids, tree.id)),)
    if tree.flag or (tree.operator != "exists" and tree.operator not in MATCHES):
        return None
    operator, value = ("", None) if tree.value is None else (tree.operator, tree.value.value)
    return (replace(step, attributes=(*step.attributes, (tree.attrib.lower(), operator, value or ""))),)


def is_xpath(selector: str) -> bool:
    """Tell XPath from CSS."""
    return selector.startswith(("/", "./", "("))


@functools.cache
def compiled(selector: str) -> etree.XPath:
    """Return the XPath of a selector, compiled once for all pages.

    Raises cssselect.SelectorError or etree.XPathSyntaxError for one that is none.
    """
    xpath = selector if is_xpath(selector) else HTMLTranslator().css_to_xpath(selector)
    return etree.XPath(xpath, smart_strings=False)


def select(root: etree._Element, selector: str) -> list[Any]:
    """Return what a selector finds in an element, which may be any piece of a page; nothing for none."""
    if not selector:
        return []
    return results(compiled(selector), root)


def results(xpath: etree.XPath, root: etree._Element) -> list[Any]:
    """Return what an XPath finds; one that computes a single value finds that."""
    found = xpath(root)
    return found if isinstance(found, list) else [found]
