"""Selectors: CSS and XPath, compiled once, and answered on a page from an index of its classes and ids.

XPath looks at every element of a page for each class it is asked for: the dozen selectors of a layout took three times
as long as parsing the page.  Simple CSS, which is nearly all that layouts hold, is therefore looked up and followed.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from typing import Any

from cssselect import HTMLTranslator
from cssselect import parse as parse_css
from cssselect.parser import (
    Attrib,
    Class,
    CombinedSelector,
    Element,
    Function,
    Hash,
    Matching,
    Negation,
    Pseudo,
    Relation,
)
from lxml import etree

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

    test: etree.XPath | None = None
    """What else is asked of an element: `:not(…)`, `:has(…)`, `:last-of-type`, `:contains(…)` and the like."""

    relation: str = " "
    """The part before is an ancestor (` `), the parent (`>`), the sibling before (`+`) or any before (`~`)."""

    @property
    def parts(self) -> list[str]:
        """Words of which each stands in one of the element's classes: `[class^=index_text]`."""
        held = (value.split() for name, operator, value in self.attributes if name == "class" and operator)
        return [words[0] for words in held if len(words) == 1]

    @property
    def named(self) -> bool:
        """Whether it can be looked up."""
        return bool(self.ids or self.classes or self.parts)

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
        return self.test is None or bool(self.test(element))

    def before(self, element: etree._Element) -> Iterator[etree._Element]:
        """Yield the elements that may be the part before, the nearest first."""
        match self.relation:
            case ">":
                return islice(element.iterancestors(), 1)
            case "+":
                return islice(element.itersiblings("*", preceding=True), 1)
            case "~":
                return iter(element.itersiblings("*", preceding=True))
        return iter(element.iterancestors())

    def after(self, elements: Sequence[etree._Element]) -> list[etree._Element]:
        """Return the elements of its tag to which one of these is the part before, in document order."""
        tag = self.tag or "*"
        match self.relation:
            case ">":
                found = [child for each in elements for child in each.iterchildren(tag)]
            case "+":
                nexts = chain.from_iterable(islice(each.itersiblings("*"), 1) for each in elements)
                found = [each for each in nexts if self.tag in (None, each.tag)]
            case "~":
                found = [sibling for each in elements for sibling in each.itersiblings(tag)]
            case _:  # of those above, one may stand in another
                return list(dict.fromkeys(chain.from_iterable(each.iterdescendants(tag) for each in elements)))
        return found if len(elements) == 1 else in_order(found)


Path = tuple[Step, ...]
"""A selector from its last part to its first."""


class Index:
    """The elements of a parsed page by class and by id; the page is not to be changed while it is used."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.classes: dict[str, list[etree._Element]] = {}
        self.ids: dict[str, list[etree._Element]] = {}
        repeated: dict[str, list[list[etree._Element]]] = {}  # by class attribute: a page has few, and each often
        for element in root.iter("*"):
            if names := element.get("class"):
                if (lists := repeated.get(names)) is None:
                    lists = repeated[names] = [self.classes.setdefault(name, []) for name in {*names.split()}]
                for each in lists:
                    each.append(element)
            if name := element.get("id"):
                self.ids.setdefault(name, []).append(element)

    def select(self, selector: str) -> list[Any]:
        """Return elements, or strings where an XPath asks for attributes; in document order."""
        found = self.found(selector)
        return found[0] if len(found) == 1 else in_order(chain.from_iterable(found))

    def select_in(self, elements: Sequence[etree._Element], selector: str) -> set[Any]:
        """Return what stands in some elements, with or without what stands elsewhere."""
        return set(chain.from_iterable(self.found(selector, elements)))

    def found(self, selector: str, within: Sequence[etree._Element] = ()) -> list[list[Any]]:
        """Return what each alternative of a selector finds.

        within: where those that are named by no class or id are looked for, if not on the whole page.
        """
        ways = ways_of(selector) if selector else ()
        return [self.find(way, within) if isinstance(way, tuple) else results(way, self.root) for way in ways]

    def partly(self, part: str) -> list[etree._Element]:
        """Return the elements of which a class has a word in it, in document order."""
        found = [each for name, each in self.classes.items() if part in name]
        return found[0] if len(found) == 1 else in_order(chain.from_iterable(found))

    def find(self, path: Path, within: Sequence[etree._Element] = ()) -> list[etree._Element]:
        """Return what a path leads to, in document order."""
        last = path[0]
        if last.named:
            held = [self.ids.get(each, []) for each in last.ids] + [self.classes.get(each, []) for each in last.classes]
            below = min(held or map(self.partly, last.parts), key=len)
        elif len(path) > 1 and any(step.named for step in path):
            return [each for each in last.after(self.find(path[1:])) if last.matches(each)]
        else:
            below = list(chain.from_iterable(each.iter(last.tag or "*") for each in within or (self.root,)))
        return [each for each in below if last.matches(each) and stands_right(each, path, 0)]


def stands_right(element: etree._Element, path: Path, at: int) -> bool:
    """Tell whether around an element that matches one part of a path stands what the parts before it ask for."""
    if at + 1 == len(path):
        return True
    step = path[at + 1]
    for each in path[at].before(element):
        if step.matches(each):
            if stands_right(each, path, at + 1):
                return True
            if path[at].relation == step.relation == " ":  # what is not above this one is not above those further up
                return False
    return False


def in_order(elements: Iterable[etree._Element]) -> list[etree._Element]:
    """Return elements in document order, each once."""
    once = list(dict.fromkeys(elements))
    if len(once) <= FEW:
        return sorted(once, key=position) if len(once) > 1 else once
    wanted = set(once)
    return [each for each in once[0].getroottree().iter("*") if each in wanted]


def position(element: etree._Element) -> list[int]:
    """Return the number of an element among its siblings, after those of its ancestors from the root on."""
    return [parent.index(each) for each, parent in pairwise((element, *element.iterancestors()))][::-1]


@functools.cache
def ways_of(selector: str) -> tuple[Path | etree.XPath, ...]:
    """Return how the alternatives of a selector are found: as paths, or by XPath what a path cannot say."""
    if is_xpath(selector):
        return (compiled(selector),)
    ways: list[Path | etree.XPath] = []
    for alternative in parse_css(selector):
        path = None if alternative.pseudo_element else path_of(alternative.parsed_tree)
        ways.append(path or etree.XPath(HTMLTranslator().selector_to_xpath(alternative), smart_strings=False))
    return tuple(ways)


def path_of(tree: Any) -> Path | None:
    """Return a parsed selector as a path; None where a path cannot say it."""
    match tree:
        case CombinedSelector():
            before, last = path_of(tree.selector), path_of(tree.subselector)
            if before is None or last is None:
                return None
            return (replace(last[0], relation=tree.combinator), *before)
        case Element(namespace=None):
            return (Step(tag=tree.element and tree.element.lower()),)
        case Class() | Hash() | Attrib(namespace=None) | Function() | Matching() | Negation() | Pseudo() | Relation():
            return with_condition(tree)
    return None


def with_condition(tree: Any) -> Path | None:
    """Return what is asked of an element, with one more condition."""
    path = path_of(tree.selector)
    if path is None or len(path) > 1:
        return None
    step = path[0]
    match tree:
        case Class():
            return (replace(step, classes=(*step.classes, tree.class_name)),)
        case Hash():
            return (replace(step, ids=(*step.ids, tree.id)),)
        case Attrib() if not tree.flag and (tree.operator == "exists" or tree.operator in MATCHES):
            operator, value = ("", None) if tree.value is None else (tree.operator, tree.value.value)
            return (replace(step, attributes=(*step.attributes, (tree.attrib.lower(), operator, value or ""))),)
    test = etree.XPath(f"self::{HTMLTranslator().xpath(tree)}", smart_strings=False)
    return (replace(step, test=test),)


def is_xpath(selector: str) -> bool:
    """Tell XPath from CSS."""
    return selector.startswith(("/", "./", "("))


def union(*selectors: str) -> str:
    """Return a selector for what any of these finds; an XPath where one of them is, empty where none says anything."""
    given = [each for each in selectors if each]
    if any(map(is_xpath, given)):
        paths = (each if is_xpath(each) else HTMLTranslator().css_to_xpath(each) for each in given)
        return f"({' | '.join(paths)})"
    return ", ".join(given)


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
