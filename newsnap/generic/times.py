"""Witnesses of the publication date: every place of a page that says when its article appeared."""

import re
from collections.abc import Iterator

from newsnap.body import text_content
from newsnap.dates import Witness
from newsnap.extract import MAX_LINE, Page, select
from newsnap.generic.lines import Lines
from newsnap.generic.linked import linked_article, text_of

NAMED = (
    "//*[@id='pubtime_baidu' or @id='pub_date' or @id='pubtime' or @id='pubTime' or @id='publish_time' or @id='p_publishtime'"
    " or @id='news-time' or @id='newstime' or @id='paperdate' or @id='ivs_date' or @id='publishtime' or @id='PubTime']"
)
TIMES = "//time[@datetime]/@datetime | //*[@itemprop='datePublished']/@content | //*[@itemprop='datePublished']/@datetime"
SCRIPTED = (
    r"\bvar\s+ct\s*=\s*[\"'](\d{10})[\"']",  # WeChat
    r"\bvar\s+(?:createTime|create_time|publish_?time|publishTime|pubtime|pub_?date)\s*=\s*[\"']([^\"']{8,30})[\"']",
    r"[\"'](?:pubtime|pub_time|publish_?time|publishTime|newsTime|publishDate|publish_date|published_at|datePublished)[\"']\s*:\s*[\"']?([^\"',}]{8,30})",
)
DATED = re.compile(
    r"\d{4}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}|\d{1,2}月\s?\d{1,2}[日号]?|\d{1,2}[-/]\d{1,2}\s+\d{1,2}:\d\d"
    r"|[一二三四五六七八九十]+月\s\d{1,2},\s\d{4}|\d{1,2}\s\w{3,9}\s\d{4}|\d+\s?(?:分钟|分鐘|小时|小時|天)前|(?:昨天|前天|今天)|[〇一二]{1,4}年.{1,3}月"
    r"|(?<!\d)\d{4}\s+\d\d/\d\d\s+\d\d:\d\d",
)
NOT_PUBLISHED = re.compile(r"(?:最后|最近|最後|上次)?(?:更新|修改|编辑)(?:时间|日期|于|於)?\s*[:：]|成文日期|截止|有效期|收录")
NEAR = 14
"""Lines around headline and text in which a date line is looked for."""
LONGEST = 160


def witnesses(page: Page, lines: Lines, title: int, first: int, last: int) -> Iterator[Witness]:
    """Yield the witnesses, the most trusted first.

    title is the line of the headline or -1, first and last those of the text.
    """
    told = list(stated(page))
    shown = list(visible(lines, title, first, last))
    # what counts from the fetch (昨天) is the least sure, and wrong on a page that was saved long ago
    absolute = [each for each in (*shown, *told) if ABSOLUTE.search(each.text)]
    yield from absolute or (*shown, *told)
    if not absolute:
        yield from dateline(lines)
    yield Witness("url", page.url, "address")


ABSOLUTE = re.compile(r"\d{1,2}\s?[-/年月.]\s?\d{1,2}|月\s\d{1,2},|\d{4}")


def stated(page: Page) -> Iterator[Witness]:
    """Yield what named elements, linked data and scripts say."""
    for each in select(page.root, NAMED):
        text = text_content(each) or each.get("value") or ""
        if DATED.search(text):
            yield Witness("page", text[:MAX_LINE], f"#{each.get('id')}")
            break
    thing = linked_article(page)
    if said := text_of(thing, "datePublished", "pubDate", "dateCreated", "uploadDate"):
        yield Witness("meta", said[:MAX_LINE], "JSON-LD")
    for value in select(page.root, TIMES)[:1]:
        yield Witness("meta", value[:MAX_LINE], "time")
    for pattern in SCRIPTED:
        if found := re.search(pattern, page.text):
            yield Witness("meta", found[1], f"script {pattern[2:20]}")
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
    """Yield the line that says when: after the headline, else just before it, else right after the text."""
    start = title if 0 <= title and first - title < 60 else max(0, first - NEAR)
    between = range(start + (title == start), max(start, first) + 4 if title >= first - 1 else first)
    before = range(max(0, start - 5), start)
    after = range(last, min(last + 8, len(lines)))
    for region in (between, reversed(before), after):
        best = None
        for at in region:
            if at >= len(lines):
                break
            text = lines[at].text
            if len(text) > LONGEST or not DATED.search(text) or (len(text) > 40 and re.search("[，。]", text)):
                continue
            if lines[at].linked * 2 > len(text) and (region is not between or not re.search(r"\d:\d\d", text)):
                continue
            if NOT_PUBLISHED.search(text) and not re.search(r"发布|发表|发稿", text):
                best = best or at
                continue
            yield Witness("page", text, f"line {at}")
            return
        if best is not None:
            yield Witness("page", lines[best].text, f"line {best}")
            return
