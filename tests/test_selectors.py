"""Selectors: what is looked up in the index of a page is what XPath finds on it."""

import time
from dataclasses import fields
from pathlib import Path

import pytest
from cssselect import HTMLTranslator
from lxml import etree
from scrapy.settings import Settings

from newsnap.encodings import decode
from newsnap.layouts import Layout
from newsnap.selectors import Index, position, union, ways_of
from newsnap.sources import load_sources

PAGES = Path(__file__).parent / "pages"
PATHS = ("kicker", "title", "subtitle", "published", "modified", "outlet", "authors", "editors", "channel", "pages")
NOT_SELECTORS = ("name", "data", "page_count", "marks")
SOURCES = load_sources(Settings({"SPIDER_MODULES": ["newsnap.spiders"]}))

PAGE = """<html><body id="top"><div class="main text"><p class="first">a<a href="/1.html">b</a></p>
<div class="text"><p>c<a href="/2.html" target="_blank">d</a></p><span id="top">e</span></div><!-- f -->
<p class="text\tlast">g</p></div><ul><li class="first">h</li><li>i</li></ul></body></html>"""


def by_xpath(root: etree._Element, selector: str) -> list[etree._Element]:
    """Find what a CSS selector means by the XPath that cssselect makes of it."""
    return list(root.xpath(HTMLTranslator().css_to_xpath(selector)))


def selectors_of(layout: Layout) -> list[str]:
    """Return the CSS selectors of a layout."""
    values = [getattr(layout, each.name) for each in fields(layout) if each.name not in NOT_SELECTORS]
    return [each for each in values if isinstance(each, str) and each and not each.startswith(("$", "/", "./", "("))]


@pytest.mark.parametrize(
    "selector",
    [
        ".text", "p.text", "#top", "span#top", ".main.text", ".text p", ".text > p", ".main .text a", ".main > .text a",
        ".text .text > p a", ".first, #top, .main", "li.first, p.first", "p", ".main a[target]", ".main [target]",
        ".main a[href^='/1']", ".main a[href$='2.html'], .first", ".main a[href*=html]", ".main a[href='/1.html']",
        "a[href*='']", ".main > *", ".main *", "#top li", "body#top > ul > li", "div p", "li:first-child", ".last",
        ".none", ".first + div", ".main p:not(.text)", ".TEXT", "P.text", ".first ~ p", ".main > p ~ .last", "div + *",
        "p:has(> a)", ".main p:contains('c')", ".text:not(:contains('g'))", ".main p:last-of-type", "p:has(+ div)",
        "[class*='ex']", "p[class^='te']", "[class$='st']", "[class='text']", "[class*='x la']", "[class*='ir'] > a",
        "div.deep .deep p, .deep > .deep",
    ],
)  # fmt: skip
def test_a_selector_finds_what_xpath_finds(selector: str) -> None:
    root = etree.fromstring(PAGE, etree.HTMLParser())
    assert Index(root).select(selector) == by_xpath(root, selector)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_selectors_of_a_source_find_on_its_pages_what_xpath_finds(name: str) -> None:
    selectors = {each for layout in SOURCES[name].page_layouts() for each in selectors_of(layout)}
    for path in sorted((PAGES / name).glob("*.html")):
        text, _ = decode(path.read_bytes(), "text/html")
        root = etree.fromstring(text.encode(), etree.HTMLParser(encoding="utf-8"))
        index = Index(root)
        for selector in selectors:
            assert index.select(selector) == by_xpath(root, selector), f"{path.name}: {selector}"


def test_an_xpath_gives_what_it_asks_for() -> None:
    root = etree.fromstring(PAGE, etree.HTMLParser())
    assert Index(root).select("//a/@href") == ["/1.html", "/2.html"]
    assert Index(root).select("") == []


def test_simple_selectors_are_looked_up() -> None:
    assert all(isinstance(way, tuple) for way in ways_of(".main .text > p a, #top, div.first[id]"))


def test_a_page_of_many_elements_takes_no_more_than_its_share() -> None:
    page = "<div class=deep>" * 20 + '<p class="few many"><i id=x>a</i></p>' * 20_000
    root = etree.fromstring(page, etree.HTMLParser(huge_tree=True))
    started = time.process_time()
    assert len(Index(root).select(".few, #x, .many")) == 40_000
    assert len(Index(root).select(".deep .deep .many, .deep > .few")) == 20_000
    assert time.process_time() - started < 10  # a quadratic search takes a minute


def test_what_is_dropped_is_looked_for_in_the_text() -> None:
    root = etree.fromstring(PAGE, etree.HTMLParser())
    index = Index(root)
    [text] = index.select("div.text div.text")
    assert index.select_in([text], "a, #none") == set(text.iter("a"))
    assert index.select_in([text], "") == set()


@pytest.mark.parametrize("selectors", [("p", "", "#top"), ("p", "//*[@id='top']"), ("//p", "#top")])
def test_a_union_finds_what_any_of_its_selectors_finds(selectors: tuple[str, ...]) -> None:
    root = etree.fromstring(PAGE, etree.HTMLParser())
    assert Index(root).select(union(*selectors)) == by_xpath(root, "p, #top")


def test_positions_are_in_document_order() -> None:
    root = etree.fromstring(PAGE, etree.HTMLParser())
    elements = list(root.iter(etree.Element))
    assert sorted(reversed(elements), key=position) == elements
