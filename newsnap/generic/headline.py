"""The headline: the line of the page that its `<title>` repeats, not the first h1 and not the name of the site."""

import re
import unicodedata
from collections.abc import Iterator

from newsnap import attribution
from newsnap.generic.lines import Line, Lines
from newsnap.page import Page
from newsnap.variants import compiled

SITE_WORDS = compiled(
    r"网$|新闻|频道|在线|日报|晚报|早报|首页|中心|正文|网站|电子报|客户端|官网|资讯|媒体"
    r"|\.(?:com|cn|net|org)\b|\bnews\b",
    re.IGNORECASE,
)
PARTS = re.compile(r"\s*[_|｜]+\s*|\s+[-–—－]{1,2}\s*|\s*--\s*|\s*[-–—－]{1,2}(?=[^-–—－]{1,14}$)|\s+/\s+")
HEADLINE_NAME = re.compile(
    r"(?:^|[-_ ])(?:h1|h2)?(?:article|art|news|post|story|page|main|detail|content|text|cont|d|ivs|info|activity|p"
    r"|arti)?[-_]?"
    r"(?:titles?|tit|headline|biaoti|dabiaoti|bt|subject|name|ctitle)\d*(?:[-_][A-Za-z0-9]{3,10})?(?:$| )",
    re.IGNORECASE,
)
META_TITLES = ("articletitle", "apub:title", "og:title", "twitter:title", "title", "dc.title")
LABEL = compiled(r"^(?:标\s*题|名\s*称)\s*[:：]\s*")
MAX_HEADLINE = 120
"""Characters of a headline at most."""
NEAR = 25
"""Lines before the text in which a headline without any other sign is looked for."""


def squash(text: str) -> str:
    """Return a text as it is compared: no white space, full-width and half-width letters alike."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def document_title(page: Page) -> str:
    """Return what the title bar of a browser would show."""
    for each in page.root.iter("title"):
        if each.text and each.text.strip() and next(each.iterancestors("svg"), None) is None:
            return " ".join(each.text.split())
    return ""


def shortened(title: str, site: str = "") -> str:
    """Return a title without the names of sections and sites that follow it.

    >>> shortened("煤价回落_财经频道_晨港网"), shortened("最前线 | 三项事项_36氪")
    ('煤价回落', '最前线 | 三项事项')
    """
    for found in PARTS.finditer(title):
        head, rest = title[: found.start()].strip(), title[found.end() :].strip()
        enough = len(squash(head))
        if enough >= 8 or (enough >= 4 and all(part == site or SITE_WORDS.search(part) for part in PARTS.split(rest))):
            return head
    return title


def site_of(page: Page, headline: str) -> str | None:
    """Return the name of the site that the page's title ends with; None where it names none."""
    last = PARTS.split(document_title(page).replace(headline, ""))[-1].strip(" _|-–—")
    return last if 1 < len(last) <= 20 and SITE_WORDS.search(last) else None


def find(page: Page, lines: Lines, body: int | None = None) -> tuple[str | None, int]:
    """Return the headline and its line; the line is -1 where the page shows none, the headline None where it has none.

    body: the first line of the text, where it is known already.
    """
    title = document_title(page)
    titles = [title, *(page.meta[name] for name in META_TITLES if name in page.meta)]
    titles = [each for each in dict.fromkeys(titles) if each]
    site = page.meta.get("og:site_name", "")
    limit = len(lines) if body is None else body + 8
    best: tuple[float, int, str] | None = None
    for at, text, score in repeated(lines, titles, limit, site):
        if body is not None:
            score += 4 if body - NEAR <= at else -2
        if best is None or score > best[0]:
            best = (score, at, text)
    if best and best[0] >= 8:
        return whole(lines, titles, best[1], best[2])
    if best and body is None:
        return best[2], -1
    weak = None
    if body is not None:
        for at in [
            *range(min(body, len(lines)) - 1, max(-1, body - NEAR), -1),
            *range(body, min(body + 3, len(lines))),
        ]:
            line = lines[at]
            fits = (
                5 <= len(line.text) <= MAX_HEADLINE and squash(line.text) != squash(site) and not INFO.search(line.text)
            )
            if fits and (is_headline(line) or (at + 1 < len(lines) and dated(lines[at + 1]) and not line.linked)):
                return line.text, at
            if (
                fits
                and weak is None
                and not line.linked
                and (line.heading or any(map(is_info, lines[at + 1 : at + 4])))
            ):
                weak = line.text, at
    if weak and (best is None or SITE_WORDS.search(best[2]) or lines[best[1]].linked):
        return weak
    if best:
        return best[2], best[1]
    shown = [shortened(each, site) for each in titles]
    shown = [each for each in shown if len(each) >= 4 and each != site]
    return (shown[0] if shown else None), -1


def whole(lines: Lines, titles: list[str], at: int, text: str) -> tuple[str, int]:
    """Return a headline with the line before or after it that belongs to it: a title holds both."""
    for title in map(squash, titles):
        plain = squash(text)
        if plain not in title:
            continue
        if at and len(before := lines[at - 1].text) > 4 and squash(before) + plain in title:
            return before + text, at
        if at + 1 < len(lines) and len(after := lines[at + 1].text) > 4 and plain + squash(after) in title:
            return text + after, at + 1
    return text, at


INFO = compiled(r"\d{4}\s?[-/年.]\s?\d{1,2}|来源|作者|编辑|\d\d:\d\d|^[^\w【“‘《「『\"]|^[上下]一[篇条]|首页")


def dated(line: Line) -> bool:
    """Tell whether a line is one that says when the article was published."""
    return len(line.text) < 90 and re.search(r"\d{4}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}", line.text) is not None


def is_info(line: Line) -> bool:
    """Tell whether a line says when or by whom the article was published."""
    return dated(line) or (len(line.text) < 90 and attribution.OUTLET.search(line.text) is not None)


def is_headline(line: Line) -> bool:
    """Tell whether a line stands where headlines stand: in h1 or h2, or in an element that is called so."""
    at = line.at
    for _ in range(3):
        if at is None or at.tag in ("body", "html"):
            return False
        if at.tag in ("h1", "h2") or HEADLINE_NAME.search(f"{at.get('id') or ''} {at.get('class') or ''}"):
            return line.linked * 2 < len(line.text) or at.tag == "h1"
        at = at.getparent()
    return False


def repeated(lines: Lines, titles: list[str], limit: int, site: str) -> Iterator[tuple[int, str, float]]:
    """Yield the lines that a title repeats, with the headline as displayed and how much speaks for it."""
    wanted = [(each, squash(each), squash(shortened(each, site))) for each in titles]
    for at, line in enumerate(lines.lines[:limit]):
        if len(line.text) < 4 or len(line.text) > MAX_HEADLINE + 60:
            continue
        shown = LABEL.sub("", line.text)
        plain = squash(shown)
        for title, entire, head in wanted:
            text = None
            if plain in entire:
                start = entire.find(plain)
                edge = start == 0 or entire[start - 1] in "_|-—–>》:：·"
                if len(plain) >= 0.4 * len(head) and (edge or len(plain) > 10):
                    text, score = shown, float(len(plain))
                    if start + len(plain) < len(head):  # a part of it only
                        score *= 0.6
            elif len(head) >= 8 and plain.startswith(head) and len(plain) <= len(head) + 24:
                text, score = shortened(title, site), len(head) - 1.0
            elif (cut := entire.rstrip(".…")) != entire and len(cut) >= 8 and plain.startswith(cut):
                text, score = shown, len(cut) + 1.0
            if text:
                if is_headline(line):
                    score += 6
                if line.linked * 2 > len(line.text):
                    score -= 4
                yield at, text, score
