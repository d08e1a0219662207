"""Selectors: CSS finds what it means on the tree of a page, and a hostile page costs no more than its share."""

import time

import pytest

from newsnap.layouts import Finder, Layout
from newsnap.page import Page
from newsnap.selectors import Node, SelectorError, check, outermost, parse, select, text_of

PAGE = """<html><body id="top"><div class="main text"><p class="first">a<a href="/1.html">b</a></p>
<div class="text"><p>c<a href="/2.html" target="_blank">d</a></p><span id="end">责任<b>编辑：</b>王磊</span></div>
<!-- f --><p class="text last">g</p></div><ul><li class="first">h</li><li>i</li></ul></body></html>"""


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (".main .text a", ["d"]),
        (".main > .first a, #end, .main > p > a", ["b", "责任编辑：王磊"]),
        ("#end, .first", ["ab", "责任编辑：王磊", "h"]),
        ("a[href^='/1'], a[target]", ["b", "d"]),
        ("p:has(> a):not(.first)", ["cd"]),
        (".main > p:last-of-type", ["g"]),
        (".text .text :contains('编辑')", ["责任编辑：王磊", "编辑："]),
        ("span:contains('编辑'), li:contains(\"h\")", ["责任编辑：王磊", "h"]),
        ("div:not(:contains('编辑'))", []),
        (":is(.main, ul) a, :not(p) > b", ["b", "d", "编辑："]),  # the nearest above is neither
        ("li:contains(' :h'), li:contains('i')", ["i"]),
        ("#end::text", ["责任", "王磊"]),
        (".text a::attr(target)", ["_blank"]),
        (".main a, .text a", ["b", "d"]),
        (".text p, .main .text .last", ["ab", "cd", "g"]),
        (".none, .FIRST", []),
        ("", []),
    ],
)
def test_a_selector_finds_what_it_means(selector: str, found: list[str]) -> None:
    matches = select(parse(PAGE.encode()), selector)
    assert [each if isinstance(each, str) else text_of(each) for each in matches] == found


@pytest.mark.parametrize("selector", ["p[", "p:contains(", "//p", "p::first", "p:never", "a::text, b"])
def test_what_is_no_selector_is_refused_when_its_source_is_loaded(selector: str) -> None:
    with pytest.raises(SelectorError, match="is CSS"):
        check(selector)
    with pytest.raises(ValueError, match=r"layout 'l': body='.*' is no selector"):
        Layout(name="l", title="h1", body=selector)


def test_text_is_what_a_reader_sees_in_one_line() -> None:
    page = "<p>a<br>b <script>no</script><i>c</i> d<!-- no --><style>no</style>\u200be\xa0\xad</p><meta content=' f '>"
    assert [text_of(each) for each in parse(page.encode()).css("p, meta")] == ["a b c de", "f"]


def test_what_stands_in_another_is_not_taken_twice() -> None:
    found = [each for each in select(parse(PAGE.encode()), ".text, p, b") if isinstance(each, Node)]
    assert [text_of(each) for each in outermost(found)] == ["ab cd责任编辑：王磊 g"]


@pytest.mark.parametrize("tag", ["div", "b", "ul", "font", "table><tr><td", "a", "p"])
def test_a_page_nested_beyond_reason_costs_no_more_than_its_share(tag: str) -> None:
    page = Page(f"<{tag}>".encode() * 200_000 + b"text", "https://x.example/")
    started = time.process_time()
    assert Finder(page, Layout(name="l", title="h1", body="body")).first("h1") is None
    assert time.process_time() - started < 10  # it takes more than a minute to parse


def test_a_long_page_that_is_not_nested_is_read() -> None:
    page = "<div class=few><p>a<br>b</div>" * 30_000
    assert len(select(parse(page.encode()), ".few")) == 30_000
