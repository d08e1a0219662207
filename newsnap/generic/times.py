"""Witnesses of the publication date: every place of a page that says when its article appeared."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from newsnap.body import text_content
from newsnap.dates import Witness, read_moment
from newsnap.generic.lines import Lines
from newsnap.generic.linked import linked_article, text_of
from newsnap.generic.marks import Mark, Marks
from newsnap.generic.trim import leads_away
from newsnap.layouts import MAX_LINE
from newsnap.page import Page
from newsnap.variants import compiled

KEYS = (
    "var ct", "var createTime", "var create_time", "var publish_time", "var publishTime", "var pubtime", "var pub_date",
    '"pubtime"', '"pub_time"', '"publish_time"', '"publishTime"', '"newsTime"', '"publishDate"', '"publish_date"',
    '"published_at"', '"datePublished"', "'publish_time'", "'pubtime'",
)  # fmt: skip
"""What scripts call the time of publication; `ct` is WeChat's."""
SAID = re.compile(r"\s*[=:]\s*[\"']?([^\"',;}<]{8,30})")
DATED = compiled(
    r"\d{4}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}|\d{1,2}月\s?\d{1,2}[日号]?|\d{1,2}[-/]\d{1,2}\s+\d{1,2}:\d\d"
    r"|[一二三四五六七八九十]+月\s\d{1,2},\s\d{4}|\d{1,2}\s\w{3,9}\s\d{4}|\d+\s?(?:分钟|小时|天)\s?前|(?:昨天|前天|今天)|[〇一二]{1,4}年.{1,3}月"
    r"|[A-Z][a-z]{2,8}\.?\s\d{1,2},?\s\d{4}|(?<!\d)1[01]\d[-/.]\d\d[-/.]\d\d(?!\d)|(?<!\d)\d{4}\s+\d\d/\d\d\s+\d\d:\d\d",
)
NOT_PUBLISHED = compiled(r"(?:最后|最近|上次)?(?:更新|修改|编辑)(?:时间|日期|于)?\s*[:：]|成文日期|截止|有效期|收录")
PUBLISHED = compiled("发布|发表|发稿")
NEAR = 14
"""Lines around headline and text in which a date line is looked for."""
LONGEST = 160


def witnesses(page: Page, lines: Lines, marks: Marks, shown: list[Witness]) -> Iterator[Witness]:
    """Yield the witnesses, the most trusted first; shown are those of `visible`."""
    told = list(stated(page, marks))
    # what counts from the fetch (昨天) is the least sure, and wrong on a page that was saved long ago
    if elsewhere(shown, told):
        shown = []
    absolute = [each for each in (*shown, *told) if ABSOLUTE.search(each.text)]
    yield from absolute or (*shown, *told)
    if not absolute:
        yield from dateline(lines)
    yield Witness("url", page.url, "address")


ABSOLUTE = re.compile(r"\d{1,2}\s?[-/年月.]\s?\d{1,2}|月\s\d{1,2},|\d{4}")


def stated(page: Page, marks: Marks) -> Iterator[Witness]:
    """Yield what named elements, linked data and scripts say."""
    for each in marks.all(Mark.TIME_ID):
        text = text_content(each) or each.get("value") or ""
        if DATED.search(text):
            yield Witness("page", text[:MAX_LINE], f"#{each.get('id')}")
            break
    thing = linked_article(page)
    if said := text_of(thing, "datePublished", "pubDate", "dateCreated", "uploadDate"):
        yield Witness("meta", said[:MAX_LINE], "JSON-LD")
    if value := next((each.get("datetime") for each in page.root.iter("time") if each.get("datetime")), None):
        yield Witness("meta", value[:MAX_LINE], "time")
    for key in KEYS:
        at = page.text.find(key)
        if at >= 0 and (found := SAID.match(page.text, at + len(key))):
            yield Witness("meta", found[1], f"script {key}")
            break
    if "date" in page.comment_properties:
        yield Witness("meta", page.comment_properties["date"], "enpproperty date")


def dateline(lines: Lines) -> Iterator[Witness]:
    """Yield the day in the head of a page, as newspapers put it there; for pages that say no other."""
    for at, line in enumerate(lines.lines):
        if len(line.text) < 60 and re.search(r"(?:19|20)\d\d\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日", line.text):
            yield Witness("page", line.text, f"line {at}")
            return


def visible(lines: Lines, title: int, first: int, last: int) -> Iterator[Witness]:
    """Yield the line that says when: after the headline, else just before it, else right after the text.

    title is the line of the headline or -1, first and last those of the text.
    """
    start = title if title >= 0 and first - title < 60 else max(0, first - NEAR)
    between = range(start + (title == start), max(start, first) + (4 if title >= first - 1 else 1))
    before = range(max(0, start - 5), start)
    after = range(
        last, next((at for at in range(last, last + 8) if at >= len(lines) or leads_away(lines[at].text)), last + 8)
    )
    for region in (between, reversed(before), after):
        found = None
        for at in region:
            if at >= len(lines):
                break
            if not says_when(lines, at, between=region is between):
                continue
            changed = NOT_PUBLISHED.search(lines[at].text) and not PUBLISHED.search(lines[at].text)
            if found is None or (changed is None and found[1]):
                found = at, bool(changed)
            if not changed:
                break
        if found:
            yield Witness("page", lines[found[0]].text, f"line {found[0]}")
            # a page that prints the day below its headline may print the hour above it, never below the text
            if region is between and not CLOCK.search(lines[found[0]].text):
                clocks = (at for at in before if says_when(lines, at) and CLOCK.search(lines[at].text))
                yield from (Witness("page", lines[at].text, f"line {at}") for at in islice(clocks, 1))
            return


CLOCK = compiled(r"\d{1,2}\s?[:：]\s?\d\d|\d\s?[点时]")


def says_when(lines: Lines, at: int, *, between: bool = False) -> bool:
    """Tell whether a line is one that says when, and no sentence or headline with a date in it."""
    text = lines[at].text
    if len(text) > LONGEST or not DATED.search(text) or (len(text) > 40 and re.search("[，。]", text)):
        return False
    return lines[at].linked * 2 <= len(text) or (between and CLOCK.search(text) is not None)


def elsewhere(shown: list[Witness], told: list[Witness]) -> bool:
    """Tell whether a page prints its time by the clock of a place abroad: whole hours from what its metadata say.

    Eight hours are left to the judge: they are UTC written as local time, or the reverse.
    """
    now = datetime.now(UTC)
    printed = [each for each in (read_moment(it.text, fetched=now) for it in shown) if each and each.precision != "day"]
    stated = [each for it in told if OFFSET.search(it.text) and (each := read_moment(it.text, fetched=now))]
    for one in printed:
        for other in stated:
            apart = abs(one.at - other.at.replace(second=one.at.second, microsecond=0))
            if (
                apart
                and apart < timedelta(hours=15)
                and apart % timedelta(minutes=30) == timedelta(0)
                and apart != timedelta(hours=8)
            ):
                return True
    return False


OFFSET = re.compile(r"T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$")
