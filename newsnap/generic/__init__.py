"""Generic extraction: reads the article of a page that no layout knows, and nothing where there is no article."""

from newsnap.extract import Page, Reading, clean, read_meta
from newsnap.body import read_body
from newsnap.generic import headline, names, text, times, trim
from newsnap.generic.lines import Lines

LAYOUT = "generic"


def read_generic(page: Page) -> Reading | None:
    """Read a page by what is common to Chinese news pages; None where it shows no article."""
    lines = Lines(page.root)
    title, at = headline.find(page, lines)
    container = text.find(page.root, lines, at)
    if container is None:
        return None
    first, last = lines.span(container)
    title, at = headline.find(page, lines, first)
    if title is None:
        return None
    body = read_body([container], page.base, text.furniture(container, lines))
    signed = clean(body)
    cut = trim.trim(body, title)
    if not body.paragraphs:
        return None
    begin = next((number for number in range(first, last) if lines[number].text == body.paragraphs[0]), first)
    end = next((number + 1 for number in range(last - 1, first, -1) if lines[number].text == body.paragraphs[-1]), last)
    reading = Reading(LAYOUT, title, body)
    found = names.names(page, lines, at, begin, end, cut)
    reading.outlet, reading.authors, reading.channel = found.outlet, found.authors, found.channel
    reading.editors = found.editors or signed
    reading.witnesses += times.witnesses(page, lines, at, begin, end)
    outlet = reading.outlet
    read_meta(page, reading)
    return reading
