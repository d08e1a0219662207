"""Reading a page: bytes become a parsed page, a layout names where things are, and the parts of an article come out.

What a layout names, it is the authority on; `<meta>` fills the rest.  For dates every witness is kept: `dates`
judges.
"""

import functools
import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urljoin

import jmespath
from lxml import etree

from newsnap import attribution, encodings, selectors
from newsnap.body import HIDDEN, Text, read_body, text_content
from newsnap.dates import Witness
from newsnap.selectors import Index, select

MAX_LINE = 400
"""Characters of an info line that are looked at."""
MAX_KEYWORD = 20
"""Characters of a keyword at most; a longer one is the headline once more."""
MAX_PAGE_COUNT = 1000
"""Pages that an article says it has; more are not believed."""
MAX_FORBIDDEN = 0.01
"""Share of unreadable characters (U+FFFD) in a text that makes it mojibake."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things are on the pages of one era of a source.

    Values are CSS selectors (alternatives with a comma), XPath where they begin with `/`, `./` or `(`, or, where they
    begin with `$`, a JMESPath into `data`: `$.detail.title`, `$` for the whole.
    """

    name: str
    """Kept with each article that it reads."""

    body: str
    """Elements that hold the text: a container, or its paragraphs."""

    title: str
    kicker: str = ""
    subtitle: str = ""

    published: str = ""
    """The visible line, or a hidden field, that has the date; more may stand in it."""

    modified: str = ""
    """The same for the time of the last change."""

    outlet: str = ""
    """来源: its own element, or a line where it follows a label."""

    authors: str = ""
    editors: str = ""

    staff_numbers: bool = False
    """Editors are named with their numbers (王磊_NN2587), or by them alone."""

    channel: str = ""
    """Links or words of the breadcrumb; the last that is no 正文 counts."""

    pages: str = ""
    """Links to the article's further pages."""

    page_count: str = ""
    """Where a script writes those links: a regular expression that finds, in its group, how many pages there are.
    Page n is then `…_{n-1}.htm`, as TRS names them."""

    drop: str = ""
    """What stands in the body and is not text."""

    data: str = ""
    """Where the page carries its data: a regular expression after which, in a script, a JSON value or a string begins
    (`window\\.DATA\\s*=`); the whole response where it is `json`."""

    body_is_html: bool = False
    """The text of the body's element is HTML itself, as in a `textarea`.  HTML found in `data` is always read so."""

    marks: str = ""
    """Where the HTML in `data` marks its pictures by comments (`<!--IMG_0-->`): the path to what the marks stand for,
    by name, each with its address and a caption (`desc`)."""

    def __post_init__(self) -> None:
        """Compile, so that a selector that is none is found when its source is loaded."""
        for each in fields(self):
            selector = getattr(self, each.name)
            if each.name not in ("name", "body_is_html", "staff_numbers") and selector:
                try:
                    re.compile(selector) if each.name in ("data", "page_count") else compiled(selector)
                except Exception as error:
                    raise ValueError(
                        f"layout {self.name!r}: {each.name}={selector!r} is no selector: {error}"
                    ) from None


@functools.cache
def compiled(selector: str) -> Any:
    """Return the XPath of a selector, or its JMESPath where it begins with `$`; compiled once for all pages."""
    if selector.startswith("$"):
        return jmespath.compile(selector[1:].removeprefix(".") or "@")
    return selectors.compiled(selector)


def html_parser() -> etree.HTMLParser:
    """Return a parser for UTF-8; comments are no part of a page, and ids are found by `Index`."""
    return etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, collect_ids=False)


class Page:
    """A page as received and parsed, once for all that reads it."""

    def __init__(self, body: bytes, url: str, content_type: str = ""):
        """Decode and parse.

        Raises encodings.Mojibake if no encoding gives readable text.
        """
        text, self.encoding = encodings.decode(body, content_type)
        # Python's decoders are stricter and faster than libxml2's; it gets UTF-8 always
        utf8 = body if self.encoding == "utf-8" and text[:1] != "\ufeff" else text.encode("utf-8", "replace")
        if b"\x00" in utf8:
            utf8 = utf8.replace(b"\x00", b"")
        self.url = url
        self.text = text
        root = etree.fromstring(utf8, html_parser()) if utf8.strip() else None
        self.root: etree._Element = etree.Element("html") if root is None else root

    @functools.cached_property
    def index(self) -> Index:
        """What its selectors are answered from."""
        return Index(self.root)

    @functools.cached_property
    def declarations(self) -> list[etree._Element]:
        """What the page says of itself: its `meta` and `base` tags, which stand outside of `head` too."""
        return list(self.root.iter("meta", "base"))

    @functools.cached_property
    def meta(self) -> dict[str, str]:
        """Content of the meta tags by lower-case name or property; the first of each."""
        found: dict[str, str] = {}
        for tag in self.declarations:
            name = tag.get("name") or tag.get("property") or tag.get("itemprop")
            content = tag.get("content")
            if name and content and content.strip():
                found.setdefault(name.strip().lower(), content.strip())
        return found

    @functools.cached_property
    def base(self) -> str:
        """The address that relative ones are resolved against."""
        href: str = next((each.get("href", "") for each in self.declarations if each.tag == "base"), "")
        return urljoin(self.url, href)

    @functools.cached_property
    def comment_properties(self) -> dict[str, str]:
        """What the founder system leaves in a comment: `<!--enpproperty <date>…</date> <sourcename>…-->`."""
        found = ENPPROPERTY.search(self.text) if "npproperty" in self.text else None
        return (
            {name.lower(): value.strip() for name, value in ENPFIELD.findall(found[1]) if value.strip()}
            if found
            else {}
        )

    def data(self, where: str) -> Any:
        """Return the data that stands in the page after a regular expression; the response's own where it is `json`.

        None where there is none.
        """
        if where == "json":
            return script_value(self.text)
        found = re.search(where, self.text)
        return script_value(self.text[found.end() :]) if found else None


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


class Finder:
    """Finds on one page what one layout names."""

    def __init__(self, page: Page, layout: Layout):
        self.page = page
        self.layout = layout
        self.data = page.data(layout.data) if layout.data else None

    def all(self, selector: str) -> list[Any]:
        """Return elements, or strings where the selector asks for attributes or data; in order."""
        if selector.startswith("$"):
            return list(strings(compiled(selector).search(self.data))) if self.data is not None else []
        return self.page.index.select(selector)

    def texts(self, selector: str) -> Iterator[str]:
        """Yield the texts of what matches, those that have any."""
        for each in self.all(selector):
            if not isinstance(each, str) and each.tag == "textarea":
                each = "".join(each.itertext())
            if isinstance(each, str) and ("<" in each or "&lt;" in each):
                each = html_fragment(each)
            if text := text_content(each):
                yield text

    def first(self, selector: str) -> str | None:
        """Return the text of the first match that has any."""
        return next(self.texts(selector), None)

    def line(self, selector: str) -> str | None:
        """Return the texts of all matches in one line."""
        # one match may stand inside another
        return " ".join(dict.fromkeys(self.texts(selector)))[:MAX_LINE] or None

    def body(self) -> list[etree._Element]:
        """Return the elements that hold the text."""
        found = self.all(self.layout.body)
        if self.layout.body_is_html or self.layout.body.startswith("$"):
            markup = [each if isinstance(each, str) else "".join(each.itertext()) for each in found]
            if self.layout.marks and self.data is not None:
                pictures = compiled(self.layout.marks).search(self.data)
                markup = [with_pictures(each, pictures) for each in markup]
            return [html_fragment(each) for each in markup]
        return [each for each in found if not isinstance(each, str)]

    def dropped(self, elements: Sequence[etree._Element]) -> set[etree._Element]:
        """Return what stands in these elements and is not text."""
        if self.layout.body_is_html or self.layout.body.startswith("$"):
            return {found for each in elements for found in select(each, self.layout.drop)}
        return self.page.index.select_in(elements, self.layout.drop)


def strings(value: Any) -> Iterator[str]:
    """Yield what a path into data found, as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


MARK = re.compile(r"<!--\s*(\w{1,40})\s*-->")


def with_pictures(markup: str, pictures: Any) -> str:
    """Return HTML with the pictures that its comments stand for; marks of anything else are left as they are."""

    def figure(mark: re.Match[str]) -> str:
        told = pictures.get(mark[1]) if isinstance(pictures, dict) else None
        if not isinstance(told, dict):
            return mark[0]
        addresses = (told.get(name) for name in PICTURE_ADDRESSES)
        address = next((each for each in addresses if isinstance(each, str) and each), "")
        caption = told.get("desc")
        words = html.escape(caption) if isinstance(caption, str) else ""
        return f'<figure><img src="{html.escape(address)}"><figcaption>{words}</figcaption></figure>' if address else ""

    return MARK.sub(figure, markup)


PICTURE_ADDRESSES = ("origUrl", "imgurl1000", "imgurl", "url", "src")
"""Names of a picture's address in such data, the largest picture first."""


def html_fragment(markup: str) -> etree._Element:
    """Parse a piece of HTML; markup that was escaped on the way is unescaped first."""
    if "<" not in markup and "&lt;" in markup:
        markup = html.unescape(markup)
    # JSON may hold what no encoding can write
    utf8 = f"<div>{markup}</div>".encode("utf-8", "replace").replace(b"\x00", b"")
    root = etree.fromstring(utf8, html_parser())
    return etree.Element("div") if root is None else root


@dataclass(slots=True)
class Reading:
    """What a page says."""

    layout: str
    title: str
    text: Text
    kicker: str | None = None
    subtitle: str | None = None
    outlet: str | None = None
    authors: list[str] = field(default_factory=list)
    editors: list[str] = field(default_factory=list)
    channel: str | None = None
    keywords: list[str] = field(default_factory=list)
    origin: list[str] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    modified_raw: str | None = None
    language: str | None = None
    site: str | None = None
    """Name of the site as the page states it."""
    further: list[str] = field(default_factory=list)
    """Addresses of the article's further pages, as linked."""


def read_page(page: Page, layouts: Sequence[Layout]) -> Reading | None:
    """Read a page by the first of the layouts that gives a headline and a text; None if none does."""
    for layout in layouts:
        if (reading := read_layout(page, layout)) is not None:
            return reading
    return None


def read_layout(page: Page, layout: Layout) -> Reading | None:
    """Read a page by one layout; None if it gives no headline or no text."""
    finder = Finder(page, layout)
    elements = finder.body()
    if not elements:
        return None
    title = finder.first(layout.title)
    if not title:
        return None
    dropped = finder.dropped(elements)
    text = read_body(elements, page.base, dropped)
    signed = clean(text)
    if not text.paragraphs and not text.figures:
        return None
    reading = Reading(layout.name, title, text)
    reading.kicker, reading.subtitle = finder.first(layout.kicker), finder.first(layout.subtitle)
    published = finder.line(layout.published)
    reading.outlet = read_outlet(finder, layout.outlet or layout.published)
    if reading.outlet is None and published and attribution.OUTLET.search(published):
        reading.outlet = attribution.read_outlet(published)
    if line := finder.line(layout.authors):
        reading.authors = attribution.read_names(line)
    reading.editors = signed
    if line := finder.first(layout.editors):
        authors, reading.editors = attribution.read_signature(line, numbers=layout.staff_numbers)
        reading.authors = reading.authors or authors
    if not any(shown(each) for each in finder.all(layout.authors)):  # a hidden field often repeats the editor
        reading.authors = [name for name in reading.authors if name not in reading.editors]
    reading.authors = reading.authors or attribution.read_byline(text.paragraphs)
    reading.channel = last_crumb(list(finder.texts(layout.channel)))
    if published:
        reading.witnesses.append(Witness("page", published, layout.published))
    if "date" in page.comment_properties:
        reading.witnesses.append(Witness("meta", page.comment_properties["date"], "enpproperty date"))
    reading.further = [
        urljoin(page.base, each.get("href")) for each in page.index.select(layout.pages) if each.get("href")
    ] + numbered_pages(page, layout.page_count)
    reading.modified_raw = finder.first(layout.modified)
    read_meta(page, reading)
    return reading


def shown(match: etree._Element | str) -> bool:
    """Tell whether a reader sees a match; data in scripts and attributes are not seen."""
    return not isinstance(match, str) and not any(
        HIDDEN.search(each.get("style", "")) for each in (match, *match.iterancestors())
    )


FILE_SUFFIX = re.compile(r"(\.s?html?)$")


def numbered_pages(page: Page, page_count: str) -> list[str]:
    """Return the addresses of the further pages, where the page only tells how many there are."""
    found = re.search(page_count, page.text) if page_count else None
    count = min(int(found[1]), MAX_PAGE_COUNT) if found else 1
    return [FILE_SUFFIX.sub(rf"_{number}\1", page.url) for number in range(1, count)]


def read_outlet(finder: Finder, selector: str) -> str | None:
    """Return the outlet that the first telling match names, or all in one line: a label may have its own element."""
    for text in finder.texts(selector):
        if outlet := attribution.read_outlet(text[:MAX_LINE]):
            return outlet
    line = finder.line(selector)
    return attribution.read_outlet(line) if line else None


def clean(text: Text) -> list[str]:
    """Take out of a text the lines that are not the article; return the editors they name."""
    editors: list[str] = []
    keep = []
    for paragraph in text.paragraphs:
        names = attribution.editor_names(paragraph)
        if names is not None:
            editors += [name for name in names if name not in editors]
        keep.append(names is None and not attribution.is_notice(paragraph))
    # A list of links at the end leads to other articles; one link alone may be the article's own reference
    end = len(keep)
    while end and (not keep[end - 1] or end - 1 in text.links):
        end -= 1
    if sum(at in text.links for at in range(end, len(keep))) > 1:
        keep[end:] = [False] * (len(keep) - end)
    if not all(keep):
        text.keep(keep)
    text.headings = [each for each in text.headings if not attribution.SIGNED.match(text.paragraphs[each])]
    return editors


def mojibake(reading: Reading) -> bool:
    """Tell whether what was read is not readable: it came damaged from the publisher, or was decoded wrongly.

    A few unreadable characters in a row count as one: publishers lose emoji so, of which each is two or more.
    """
    words = reading.title + "".join(reading.text.paragraphs)
    runs = map(len, UNREADABLE.findall(words)) if "\ufffd" in words else ()
    damaged = sum(1 if length <= LOST_EMOJI else length for length in runs)
    return damaged + 3 * words.count("锟斤拷") + 3 * words.count("烫烫烫") > MAX_FORBIDDEN * len(words)


UNREADABLE = re.compile("\ufffd+")
LOST_EMOJI = 8
"""Unreadable characters in a row that may have been emoji."""


CRUMB_NOISE = re.compile(r"正文|首页|详细|内容|\W+")


def last_crumb(crumbs: Sequence[str]) -> str | None:
    """Return the last element of a breadcrumb that names a section.

    >>> last_crumb(["首页 > 教育 > 正文"]), last_crumb(["人民网", "时政", "正文"])
    ('教育', '时政')
    """
    for crumb in reversed([piece for each in crumbs for piece in re.split(r"\s*(?:>+|→|»|›|-{2,})\s*", each)]):
        if crumb.strip() and not CRUMB_NOISE.fullmatch(crumb.strip()):
            return crumb.strip()[:40]
    return None


DATE_METAS = (
    "article:published_time", "og:published_time", "publishdate", "pubdate", "publish_time", "publishtime",
    "datepublished", "bytedance:published_time", "weibo: article:create_at", "dc.date", "release_date", "apub:time",
    "article:create_at",     "firstpublishedtime",
)  # fmt: skip
MODIFIED_METAS = (
    "article:modified_time",
    "og:updated_time",
    "bytedance:updated_time",
    "bytedance:lrdate_time",
    "datemodified",
    "lastmodifiedtime",
)
OUTLET_METAS = ("source", "mediaid", "article:source", "og:site_name")


def read_meta(page: Page, reading: Reading) -> None:
    """Fill from the meta tags what the layout did not give; add their dates as witnesses."""
    meta = page.meta
    for name in DATE_METAS:
        if name in meta:
            reading.witnesses.append(Witness("meta", meta[name][:MAX_LINE], name))
    reading.modified_raw = reading.modified_raw or next((meta[name] for name in MODIFIED_METAS if name in meta), None)
    if reading.outlet is None and "source" in meta:
        reading.outlet = attribution.read_outlet(meta["source"].removesuffix("原创稿"))
    if "keywords" in meta:
        reading.keywords = list(
            dict.fromkeys(
                word for word in re.split(r"[\s,，;；、|]+", meta["keywords"]) if 0 < len(word) <= MAX_KEYWORD
            )
        )[:30]
    reading.channel = reading.channel or page.comment_properties.get("nodename")
    reading.origin = attribution.read_origin(reading.text.paragraphs)
    language = page.root.get("lang") or page.root.get("xml:lang") or ""
    if re.fullmatch(r"zh(-[A-Za-z]{2,4}){1,2}", language):
        reading.language = language
