"""Reading a page: a layout names where things are, and the parts of an article come out.

What a layout names, it is the authority on; `<meta>` fills the rest.  For dates every witness is kept: `dates`
judges.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

from newsnap import attribution
from newsnap.body import HIDDEN, Text
from newsnap.dates import Witness
from newsnap.layouts import MAX_LINE, Finder, Layout
from newsnap.page import Page
from newsnap.selectors import Node, ancestors

MAX_KEYWORD = 20
"""Characters of a keyword at most; a longer one is the headline once more."""
MAX_PAGE_COUNT = 1000
"""Pages that an article says it has; more are not believed."""
MAX_FORBIDDEN = 0.01
"""Share of unreadable characters (U+FFFD) in a text that makes it mojibake."""


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
    text = finder.text(elements)
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
    both = {*reading.authors} & {*reading.editors}
    if both and not any(shown(each) for each in finder.all(layout.authors)):  # a hidden field often repeats the editor
        reading.authors = [name for name in reading.authors if name not in both]
    reading.authors = reading.authors or attribution.read_byline(text.paragraphs)
    reading.channel = last_crumb(finder.texts(layout.channel))
    if published:
        reading.witnesses.append(Witness("page", published, layout.published))
    if "date" in page.comment_properties:
        reading.witnesses.append(Witness("meta", page.comment_properties["date"], "enpproperty date"))
    reading.further = [urljoin(page.base, link) for link in finder.links(layout.pages)]
    reading.further += numbered_pages(page, layout.page_count)
    reading.modified_raw = finder.first(layout.modified)
    read_meta(page, reading)
    return reading


def shown(match: Node | str) -> bool:
    """Tell whether a reader sees a match; data in scripts and attributes are not seen."""
    return not isinstance(match, str) and not any(
        HIDDEN.search(each.attributes.get("style") or "") for each in (match, *ancestors(match))
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
SECTION_HOST = re.compile(r"([a-z0-9-]+)(?:\.[a-z0-9-]+){2,}")
"""The host of a section, which names it: `china.huanqiu.com`."""


def last_crumb(crumbs: Sequence[str]) -> str | None:
    """Return the last element of a breadcrumb that names a section.

    >>> last_crumb(["首页 > 教育 > 正文"]), last_crumb(["人民网", "时政", "正文"])
    ('教育', '时政')
    """
    for crumb in reversed([piece for each in crumbs for piece in re.split(r"\s*(?:>+|→|»|›|-{2,})\s*", each)]):
        if crumb.strip() and not CRUMB_NOISE.fullmatch(crumb.strip()):
            host = SECTION_HOST.fullmatch(crumb.strip())
            return host[1] if host else crumb.strip()[:40]
    return None


DATE_METAS = (
    "article:published_time", "og:published_time", "publishdate", "pubdate", "publish_time", "publishtime",
    "datepublished", "bytedance:published_time", "weibo: article:create_at", "dc.date", "release_date", "apub:time",
    "article:create_at", "firstpublishedtime", "og:time",
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
    if re.fullmatch(r"zh(-[A-Za-z]{2,4}){1,2}", page.language):
        reading.language = page.language
