"""Pages: bytes become text and a tree, once for all that reads them."""

import functools
import html
import json
import re
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from newsnap import encodings
from newsnap.selectors import Tree, parse


class Page:
    """A page as received and decoded, parsed once for all that reads it.

    Layouts ask its `tree`; generic extraction, whose library works on lxml's, its `root`.
    """

    def __init__(self, body: bytes, url: str, content_type: str = ""):
        """Decode and parse.

        Raises encodings.Mojibake if no encoding gives readable text.
        """
        text, self.encoding = encodings.decode(body, content_type)
        self.url = url
        self.text = text
        # Python's decoders are stricter and faster than those of parsers, which get UTF-8 always
        utf8 = body if self.encoding == "utf-8" and text[:1] != "\ufeff" else text.encode("utf-8", "replace")
        self.utf8 = utf8.replace(b"\x00", b"") if b"\x00" in utf8 else utf8

    @functools.cached_property
    def tree(self) -> Tree:
        """The page as a browser parses it."""
        return parse(self.utf8)

    @functools.cached_property
    def root(self) -> etree._Element:
        """The page as lxml parses it."""
        return lxml_root(self.utf8)

    @functools.cached_property
    def meta(self) -> dict[str, str]:
        """Content of the meta tags by lower-case name or property; the first of each."""
        found: dict[str, str] = {}
        for tag in (each.attributes for each in self.tree.css("meta")):
            name = tag.get("name") or tag.get("property") or tag.get("itemprop")
            content = tag.get("content")
            if name and content and content.strip():
                found.setdefault(name.strip().lower(), content.strip())
        return found

    @functools.cached_property
    def base(self) -> str:
        """The address that relative ones are resolved against."""
        base = self.tree.css_first("base")
        return urljoin(self.url, (base.attributes.get("href") or "") if base else "")

    @property
    def language(self) -> str:
        """The language it says it is in; empty where it says none."""
        attributes = self.tree.root.attributes if self.tree.root else {}
        return attributes.get("lang") or attributes.get("xml:lang") or ""

    @functools.cached_property
    def comment_properties(self) -> dict[str, str]:
        """What the founder system leaves in a comment: `<!--enpproperty <date>…</date> <sourcename>…-->`."""
        found = ENPPROPERTY.search(self.text) if b"npproperty" in self.utf8 else None  # quicker in bytes
        return (
            {name.lower(): value.strip() for name, value in ENPFIELD.findall(found[1]) if value.strip()}
            if found
            else {}
        )

    def data(self, where: str) -> Any:
        """Return the data that stands in the page after a regular expression; the response's own where it is `json`.

        None where there is none, or where no page is around it: what a script alone says is no page.
        """
        if where == "json":
            return script_value(self.text)
        if not SCRIPT.search(self.text):
            return None
        found = re.search(where, self.text)
        return script_value(self.text[found.end() :]) if found else None


SCRIPT = re.compile("<script", re.IGNORECASE)
ENPPROPERTY = re.compile(r"<!--\s*enpproperty(.{1,6000}?)/?enpproperty\s*-->", re.DOTALL | re.IGNORECASE)
ENPFIELD = re.compile(r"<(\w+)>([^<]{0,2000})</\1>")
PARSED_STRING = re.compile(r"\s*JSON\.parse\(\s*")
ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "", "\n": ""}


def script_value(text: str) -> Any:
    """Return the JSON value, string literal or `JSON.parse("…")` that a script's text begins with; None if it is none.

    >>> script_value(' {"a": 1}; more()'), script_value(" '<p>b</p>';"), script_value('JSON.parse("[1]")')
    ({'a': 1}, '<p>b</p>', [1])
    """
    parsed = PARSED_STRING.match(text)
    start = text[parsed.end() :] if parsed else text.lstrip()
    if start[:1] in ("'", '"', "`"):
        literal = re.match(rf"{start[0]}((?:[^\\{start[0]}]|\\.)*){start[0]}", start, re.DOTALL)
        if literal is None:
            return None
        value = ESCAPED.sub(unescaped, literal[1])
        return script_value(value) if parsed else value
    try:
        return json.JSONDecoder(strict=False).raw_decode(start)[0]
    except ValueError:
        return None


def unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return ESCAPES.get(code, code)


def html_fragment(markup: str) -> etree._Element:
    """Return a piece of HTML as lxml parses it."""
    # JSON may hold what no encoding can write
    return lxml_root(f"<div>{unescaped_markup(markup)}</div>".encode("utf-8", "replace").replace(b"\x00", b""))


def unescaped_markup(markup: str) -> str:
    """Return a piece of HTML; one that was escaped on the way is unescaped first."""
    return html.unescape(markup) if "<" not in markup and "&lt;" in markup else markup


def lxml_root(utf8: bytes) -> etree._Element:
    """Return what lxml parses; comments are no part of a page."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, collect_ids=False)
    root = etree.fromstring(utf8, parser) if utf8.strip() else None
    return etree.Element("html") if root is None else root
