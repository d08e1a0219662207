"""Listings: where a source says what is new.  Feeds, sitemaps, JSON lists and HTML lists become entries.

Pure functions from the bytes of a listing to `Entry`s; which of them are articles is for `urls.py` to say, which way of
listing is alive for `liveliest`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urljoin

import jmespath
from lxml import etree
from lxml.html import HTMLParser

from newsnap import dates, encodings

MAX_DEPTH = 2
"""A sitemap index may name an index; no deeper."""


class ListingError(ValueError):
    """A listing that is not what its source says it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing."""

    url: str
    """Absolute address, as listed."""

    title: str = ""
    """Headline as listed, white space collapsed; empty where the listing has none."""

    published: str = ""
    """The date as listed; empty where the listing has none."""

    category: str = ""
    """The section as listed; empty where the listing has none."""


@dataclass(frozen=True, slots=True)
class JsonList:
    """A list in JSON, JSONP or a script's `var x = {…}`; the paths are JMESPath (https://jmespath.org)."""

    url: str
    """Where it is."""

    items: str
    """Path to the entries, e.g. `datasource[]`."""

    link: str
    """Path, within an entry, to its address, e.g. `publishUrl`; a JMESPath expression may build it from an id."""

    title: str = ""
    """Path to the headline."""

    published: str = ""
    """Path to the date: text or epoch number."""

    category: str = ""
    """Path to the section."""

    data: str = ""
    """Regular expression after which the list begins, where a page carries it in a script."""

    post: str = ""
    """What to send, as JSON, to an address that wants to be asked by POST."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers without which it does not answer."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap holds: addresses of pages, and of further sitemaps with the time of their last change."""

    entries: list[Entry]
    children: list[Entry]


SPACE = re.compile(r"\s+")


def squeeze(text: str | None) -> str:
    """Collapse white space."""
    return SPACE.sub(" ", text or "").strip()


def xml_root(body: bytes) -> etree._Element:
    """Parse a feed or a sitemap as leniently as feed readers do, without entities, network or limits on bad input."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, strip_cdata=False)
    try:
        root = etree.fromstring(body.strip(), parser)
    except etree.XMLSyntaxError as error:
        raise ListingError(f"not XML: {error}") from None
    if root is None:
        raise ListingError("not XML: there is no element in it")
    return root


def children_by_name(element: etree._Element) -> dict[str, etree._Element]:
    """Return the first child of each local name; of Atom's several links the one to the page."""
    named: dict[str, etree._Element] = {}
    for child in element.iterchildren("*"):
        name = etree.QName(child).localname
        if name == "link" and child.get("rel", "alternate") != "alternate":
            continue
        named.setdefault(name, child)
    return named


def text_of(named: dict[str, etree._Element], *names: str) -> str:
    """Return the text of the first of the named children that has any."""
    for name in names:
        if (child := named.get(name)) is not None and (text := squeeze("".join(child.itertext()))):
            return text
    return ""


def read_feed(body: bytes, url: str) -> list[Entry]:
    """Read RSS 0.9x, 1.0, 2.0 and Atom.

    Raises ListingError for what is not XML; a feed without entries gives an empty list.
    """
    entries = []
    for item in xml_root(body).iter("{*}item", "{*}entry"):
        named = children_by_name(item)
        link = named.get("link")
        address = (link.get("href") if link is not None else None) or text_of(named, "link", "guid", "id")
        if address:
            date = text_of(named, "pubDate", "date", "published", "updated")
            entry = Entry(urljoin(url, address), text_of(named, "title"), date, text_of(named, "category"))
            entries.append(entry)
    return entries


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Read a sitemap, a sitemap index or a news sitemap (https://www.sitemaps.org/protocol.html).

    Raises ListingError for what is not XML.
    """
    pages: list[Entry] = []
    children: list[Entry] = []
    for element in xml_root(body).iter("{*}url", "{*}sitemap"):
        named = children_by_name(element)
        if not (address := text_of(named, "loc")):
            continue
        title = date = ""
        if (news := named.get("news")) is not None:
            told = children_by_name(news)
            title, date = text_of(told, "title"), text_of(told, "publication_date")
        entry = Entry(urljoin(url, address), title, date or text_of(named, "lastmod"))
        (pages if etree.QName(element).localname == "url" else children).append(entry)
    return Sitemap(pages, children)


def read_json(body: bytes, content_type: str, source: JsonList) -> list[Entry]:
    """Read a JSON list; JSONP and `var x = …;` are unwrapped.

    Raises ListingError for what is not JSON, has no list where `items` says, or rows of another shape.
    """
    text, _ = encodings.decode(body, content_type)
    if source.data:
        found = re.search(source.data, text)
        text = text[found.end() :] if found else ""
    rows = at_path(source.items, unwrap(text))
    if not isinstance(rows, list):
        raise ListingError(f"no list at {source.items!r}")
    entries = []
    for row in rows:
        link = look_up(source.link, row)
        if link:
            told = (look_up(path, row) for path in (source.title, source.published, source.category))
            entries.append(Entry(urljoin(source.url, link), *told))
    return entries


def look_up(path: str, row: Any) -> str:
    """Return what stands at a path, as text; empty where there is nothing or something that is no text."""
    value = at_path(path, row) if path else None
    return squeeze(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def at_path(path: str, value: Any) -> Any:
    """Return what stands at a path; None where there is nothing.

    Raises ListingError where a function of the path is given what it cannot take.
    """
    try:
        return jmespath.search(path, value)
    except jmespath.exceptions.JMESPathTypeError as error:
        raise ListingError(f"{path!r} does not fit what is listed: {error}") from None


def unwrap(text: str) -> Any:
    """Return the value of a JSON text, of the argument of a JSONP call or of the value given to a variable.

    Raises ListingError.

    >>> unwrap('cb({"a": [1]});'), unwrap('var list = [1, 2];')
    ({'a': [1]}, [1, 2])
    """
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        raise ListingError("not JSON: neither an object nor an array in it")
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, min(starts))
    except ValueError as error:
        raise ListingError(f"not JSON: {error}") from None
    return value


DATED = re.compile(r"\d\s*[-/.:月]\s*\d|\d\s*(?:分钟|小时|天)前")


def read_html(body: bytes, content_type: str, url: str) -> list[Entry]:
    """Read every link of an HTML page, with the date that stands beside it.

    The date is looked for in the text that follows the link, then in the line (`li`, `tr`, `dd`, `p`, `div`) it is in.
    """
    text, _ = encodings.decode(body, content_type)
    root = etree.fromstring(text.encode(), HTMLParser(encoding="utf-8"))
    if root is None:
        return []
    base = urljoin(url, next(iter(root.xpath("//base/@href")), ""))
    entries: dict[str, Entry] = {}
    for link in root.iter("a"):
        address = urljoin_or_none(base, link.get("href"))
        if address is None:
            continue
        title = squeeze("".join(link.itertext())) or squeeze(link.get("title"))
        known = entries.get(address)
        if known is None or not known.title:  # a picture's link often comes before the headline's
            entries[address] = Entry(address, title, date_beside(link))
    return list(entries.values())


def urljoin_or_none(base: str, href: str | None) -> str | None:
    """Return the absolute address of a link; None for those that lead to no page."""
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
        return None
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return None


def date_beside(link: etree._Element) -> str:
    """Return the text beside a link that looks like a date, or the empty string."""
    if link.tail and DATED.search(link.tail):
        return squeeze(link.tail)
    line = link.getparent()
    for _ in range(3):
        if line is None:
            break
        if len(list(zip(line.iter("a"), range(4), strict=False))) > 3:  # a whole list: its dates belong to others
            break
        pieces = line.xpath(".//text()[not(ancestor::a)]")  # a headline may look like a date
        beside = squeeze(" ".join(piece for piece in pieces if DATED.search(piece) and len(piece) < 60))
        if beside:
            return beside
        line = line.getparent()
    return ""


def newest(entries: Sequence[Entry], *, fetched: datetime, zone: tzinfo) -> datetime | None:
    """Return the time of the newest entry, aware UTC; None if no entry has a date that can be read."""
    return max(dated(entries, fetched=fetched, zone=zone), default=None)


def listed_at(entry: Entry, *, fetched: datetime, zone: tzinfo) -> datetime | None:
    """Return when an entry was published, as far as its listing tells; None if it does not."""
    return next(dated([entry], fetched=fetched, zone=zone), None)


def dated(entries: Sequence[Entry], *, fetched: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the times of the entries that have one."""
    for entry in entries:
        if entry.published and (moment := dates.read_moment(entry.published, fetched=fetched, zone=zone)):
            yield moment.at


def dead(entries: Sequence[Entry], *, fetched: datetime, zone: tzinfo, max_age: timedelta) -> str | None:
    """Return why a listing counts as dead, or None if it is alive.

    Feeds that answer 200 with the news of years ago are common here: the age of the newest entry tells, not the status.
    """
    if not entries:
        return "it lists no article"
    last = newest(entries, fetched=fetched, zone=zone)
    if last is not None and fetched - last > max_age:
        return f"its newest entry is of {last.astimezone(zone):%Y-%m-%d}"
    return None
