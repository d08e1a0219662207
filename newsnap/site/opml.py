"""OPML: subscriptions as other feed readers take and give them (http://opml.org/spec2.opml)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from lxml import etree

from newsnap.categories import CATEGORIES
from newsnap.site.desk import Desk
from newsnap.site.finding import MAX_QUERY_CHARACTERS
from newsnap.site.rendering import shown
from newsnap.store.subscriptions import Subscription


class OpmlError(ValueError):
    """What is no OPML."""


def feeds_of(desk: Desk, subscription: Subscription) -> Iterator[tuple[str, str, str]]:
    """Yield the title, the path of the page and the path of the feed of all that is followed."""
    for name in subscription.categories:
        yield name, f"/category/{quote(name)}", f"/category/{quote(name)}/feed.atom"
    for name in subscription.sources:
        yield desk.masthead(name), f"/source/{quote(name)}", f"/source/{quote(name)}/feed.atom"
    for words in subscription.words:
        asked = urlencode({"q": words})
        yield words, f"/search?{asked}", f"/search/feed.atom?{asked}"


def write(desk: Desk, base: str, subscription: Subscription) -> bytes:
    """Return subscriptions as OPML."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = shown(desk.options.name)
    body = etree.SubElement(root, "body")
    for title, page, feed in feeds_of(desk, subscription):
        named = {"text": shown(title), "title": shown(title)}
        etree.SubElement(body, "outline", named, type="rss", xmlUrl=base + feed, htmlUrl=base + page)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def read(desk: Desk, given: bytes) -> Subscription:
    """Return what of an OPML can be followed here: feeds of this site, or of another newsnap.

    Raises OpmlError for what is no OPML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root: Any = etree.fromstring(given, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise OpmlError(str(error)) from None
    if root.tag != "opml":
        raise OpmlError("no OPML")
    found = Subscription()
    for outline in root.iter("outline"):
        try:
            parts = urlsplit(outline.get("xmlUrl") or "")
        except ValueError:
            continue
        match unquote(parts.path).strip("/").split("/"):
            case [*_, "category", name, "feed.atom" | "feed.json"] if name in CATEGORIES:
                found.add("categories", name)
            case [*_, "source", name, "feed.atom" | "feed.json"] if name in desk.sources:
                found.add("sources", name)
            case [*_, "search", "feed.atom" | "feed.json"]:
                words = shown(parse_qs(parts.query).get("q", [""])[0].strip())
                if 0 < len(words) <= MAX_QUERY_CHARACTERS:
                    found.add("words", words)
    return found
