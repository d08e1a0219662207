"""Generic extraction: reads the article of a page that no layout knows, and nothing where there is no article."""

from newsnap import attribution
from newsnap.body import read_body
from newsnap.dates import Witness
from newsnap.extract import Reading, clean, read_meta
from newsnap.generic import embedded, furniture, headline, names, negatives, text, times, trim
from newsnap.generic.lines import Lines
from newsnap.generic.marks import Marks
from newsnap.page import Page

LAYOUT = "generic"


def read_generic(page: Page) -> Reading | None:
    """Read a page by what is common to Chinese news pages; None where it shows no article."""
    return read_or_refuse(page)[0]


def read_or_refuse(page: Page) -> tuple[Reading | None, str]:
    """Return what a page says, or why it is no article."""
    if not len(page.root):
        return None, "the page is empty"
    lines, marks = Lines(page.root), Marks(page.root)
    reading, refused = read_shown(page, lines, marks)
    if reading is None or len(reading.text) < SHELL or not reading.outlet:
        carried = embedded.embedded(page)
        if carried and carried.amount > 2 * (len(reading.text) if reading else 0):
            reading, refused = read_carried(page, lines, marks, carried)
        elif carried and reading and carried.amount * 2 > len(reading.text):
            add_names(reading, carried)
            if carried.time:
                reading.witnesses.append(Witness("meta", carried.time, "script"))
    if reading is not None:
        read_meta(page, reading)
        reading.language = reading.language or LOCALES.get(page.meta.get("og:locale", "").lower().replace("-", "_"))
        reading.site = page.meta.get("og:site_name") or headline.site_of(page, reading.title)
    return reading, refused


LOCALES = {
    "zh_tw": "zh-TW",
    "zh_hk": "zh-HK",
    "zh_cn": "zh-CN",
    "zh_sg": "zh-SG",
    "zh_hant": "zh-Hant",
    "zh_hans": "zh-Hans",
}
"""What Open Graph calls the languages of a page, where its `lang` is silent."""


def add_names(reading: Reading, carried: embedded.Embedded) -> None:
    """Add to what a page shows who and when its data name, where the data hold the same text."""
    if carried.outlet:
        reading.outlet = reading.outlet or attribution.read_outlet(carried.outlet)
    reading.authors = reading.authors or attribution.read_names(carried.authors or "")
    reading.editors = reading.editors or attribution.read_names(carried.editors or "", numbers=True)


SHELL = 400
"""Characters of text below which a page may be a shell whose text stands in a script."""


def read_shown(page: Page, lines: Lines, marks: Marks) -> tuple[Reading | None, str]:
    """Read what the page shows."""
    title, at = headline.find(page, lines)
    container = text.find(page, lines, marks, at)
    if container is None:
        return None, "no block of text"
    first, last = lines.span(container)
    title, at = headline.find(page, lines, first)
    if title is None:
        return None, "no headline"
    body = read_body([container], page.base, furniture.furniture(container, lines, marks))
    signed = clean(body)
    cut = trim.trim(body, title)
    if not body.paragraphs:
        return None, "no text"
    begin = next((number for number in range(first, last) if lines[number].text == body.paragraphs[0]), first)
    end = next((number + 1 for number in range(last - 1, first, -1) if lines[number].text == body.paragraphs[-1]), last)
    shown = list(times.visible(lines, at, begin, end))
    if begin > at and len(body.paragraphs) > 1 and any(each.name == f"line {begin}" for each in shown):
        body.keep(number > 0 for number in range(len(body.paragraphs)))
    around = names.Surroundings(page, lines, marks, at, begin, end, cut)
    return judged(around, Reading(LAYOUT, title, body), shown, signed, sure=marks.is_sure(container))


def read_carried(page: Page, lines: Lines, marks: Marks, carried: embedded.Embedded) -> tuple[Reading | None, str]:
    """Read what the page carries as data."""
    title, at = headline.find(page, lines)
    shown_title = headline.document_title(page)
    if carried.title and (not shown_title or headline.squash(carried.title) in headline.squash(shown_title)):
        title = " ".join(carried.title.split())
    if title is None:
        return None, "no headline"
    body = read_body(carried.elements, page.base)
    signed = clean(body)
    cut = trim.trim(body, title)
    if not body.paragraphs:
        return None, "no text"
    near = at if at >= 0 else 0
    shown = list(times.visible(lines, at, near + 1, near + 1)) if at >= 0 else []
    if carried.time:
        shown.insert(0, Witness("meta", carried.time, "script"))
    reading = Reading(LAYOUT, title, body)
    add_names(reading, carried)
    around = names.Surroundings(page, lines, marks, at, near + 1, near + 1, cut)
    return judged(around, reading, shown, signed, sure=True)


def judged(
    around: names.Surroundings, reading: Reading, shown: list[Witness], signed: list[str], *, sure: bool
) -> tuple[Reading | None, str]:
    """Return a reading with who and when filled in, or why the page is no article."""
    page = around.page
    found = names.names(around)
    reading.outlet = reading.outlet or found.outlet
    reading.authors = reading.authors or found.authors or attribution.read_byline(reading.text.paragraphs)
    reading.editors = reading.editors or found.editors or signed
    reading.channel = found.channel
    reading.witnesses += times.witnesses(page, around.lines, around.marks, shown)
    repeated = headline.squash(reading.title) in headline.squash(headline.document_title(page))
    refused = negatives.refusal(page, around.lines, reading, repeated=repeated, sure=sure, dated=bool(shown))
    return (None, refused) if refused else (reading, "")
