"""What is no article: lists, home pages, forums, encyclopedias, errors, logins; told by the page as a whole."""

import re
from urllib.parse import urlsplit

from newsnap.extract import Reading
from newsnap.generic.headline import PARTS, SITE_WORDS, document_title, squash
from newsnap.generic.lines import Lines
from newsnap.generic.trim import DATE, leads_away
from newsnap.page import Page
from newsnap.variants import compiled

OTHER_PLACES = re.compile(
    r"(?:^|[./-])(?:\w*blogs?|bbs\d*|forums?|club|tieba|wiki(?:pedia)?|baike|zhidao|book|read|yuedu|bulo|message|thread|jobs?|download|soft|login|passport"
    r"|search|so|mail|shop|mall|video-list)(?:[./-]|$)|/(?:bbs|forum|thread|viewthread|archiver|space|u|user|tag|tags|search|list)[/-]",
)
"""Parts of hosts and paths of what is no news."""
GENERATORS = re.compile(
    r"discuz|phpwind|phpbb|vbulletin|mediawiki|xenforo|vanilla|dokuwiki|gitbook|hexo|typecho|jekyll|hugo", re.IGNORECASE
)
TITLES = compiled(
    r"博客|博文|论坛|贴吧|BBS|百科|维基|个人主页|的空间|原文、?翻译|赏析|小说|全文阅读|章节|最新章节|在线阅读|诗歌|论文|范文|作文|下载|招聘|搜索结果|登录|注册|首页$|问答|书城|商城|\bblogs?\b"
)
HEADLINES = compiled(r"搜索结果|原文、?翻译|翻译及赏析|全文阅读|最新章节|的个人主页")
ERRORS = compiled(
    r"404|页面(?:不存在|找不到|未找到|已(?:删除|失效|移动|过期|下线))|(?:网页|页面|文章|内容|您?访问的.{0,8})(?:不存在|已被?删除|无法访问|走丢了|已下线|不见了|已过期|已失效|已搬家)|找不到.{0,8}页"
    r"|验证码|安全验证|人机验证|拖动滑块|访问(?:过于|太)频繁|请(?:先)?登[录陆]|登[录陆]后"
    r"|用户名|密码|正在跳转|自动跳转|页面跳转|网站(?:维护|升级)|系统(?:维护|繁忙)"
    r"|Access Denied|Forbidden|Not Found|Just a moment"
    r"|开启JavaScript|启用 ?JavaScript|enable JavaScript|浏览器版本过低|请登入",
    re.IGNORECASE,
)
FORUM = compiled(
    r"楼主|沙发|板凳|发表于[:：]?\s?\d|回复(?:本帖|此帖|该帖)|主题[:：]|跟帖|帖子|只看该作者|积分[:：]?\s?\d|注册时间"
)
MIN_PROSE = 30
"""Characters of text below which nothing makes a page an article."""
FEW, VERY_FEW = 500, 200
"""Characters of text below which a headline, and below which a first line, may say that the page is an error."""
SHORT = 130
"""Characters of text below which more has to speak for an article."""
MIN_EVIDENCE, MIN_EVIDENCE_OF_SHORT = 3.0, 4.0


def prose(reading: Reading) -> int:
    """Return how many characters of a text stand in sentences."""
    return sum(len(each) for each in reading.text.paragraphs if len(each) > 20 or each[-1] in "。！？”」")


def refusal(page: Page, lines: Lines, reading: Reading, *, repeated: bool, sure: bool, dated: bool) -> str:
    """Return why a page is no article; the empty string for one.

    repeated: the page's title repeats the headline.  sure: its text stands where a publishing system puts it.
    dated: a line beside headline or text says when.
    """
    text = reading.text
    amount = prose(reading)
    parts = urlsplit(page.url)
    title = document_title(page)
    if OTHER_PLACES.search(f"{parts.hostname or ''}{parts.path}".lower()):
        return f"{page.url} is a place of something else than news"
    around = f"{title.replace(reading.title, '')} {' '.join(PARTS.split(title)[1:])}"
    if found := TITLES.search(around) or HEADLINES.search(reading.title):
        return f"its title says {found[0]}"
    if page.meta.get("og:type", "").startswith(("book", "profile", "music")):
        return f"it calls itself a {page.meta['og:type']}"
    looked_at = reading.title if amount < FEW else ""
    if amount < VERY_FEW:
        looked_at = "\n".join([reading.title, *text.paragraphs[:2]])
    if found := ERRORS.search(looked_at):
        return f"it says {found[0]}: an error, a login or a check"
    if sum(len(FORUM.findall(line.text)) for line in lines.lines) > 12:
        return "it reads like a forum"
    listed = sum(1 for each in text.paragraphs if len(each) < 80 and DATE.search(each))
    if listed > 4 and listed * 3 >= len(text.paragraphs):
        return "its lines are dated, as those of a list are"
    if len(text.links) > 4 and min(text.links) < 2 and len(text.links) * 4 >= len(text.paragraphs):
        return "it is a list of links, with a few words on each"
    if text.links and leads_away(text.paragraphs[0]):
        return f"it begins with {text.paragraphs[0]!r}, which leads to other articles"
    if reading.title.endswith("。") and not repeated:
        return f"its headline {reading.title[:30]!r} is a sentence of a text"
    if is_site(reading.title, title, page.meta.get("og:site_name", "")):
        return f"its headline {reading.title!r} is the name of a site or section"
    if amount < MIN_PROSE:
        return f"only {amount} characters of text"
    evidence = score(page, reading, repeated=repeated, sure=sure, dated=dated)
    wanted = MIN_EVIDENCE if amount >= SHORT else MIN_EVIDENCE_OF_SHORT
    if evidence < wanted:
        return f"too little speaks for an article ({evidence:g} of {wanted:g}), such as a date or an outlet"
    return ""


def score(page: Page, reading: Reading, *, repeated: bool, sure: bool, dated: bool) -> float:
    """Return how much speaks for an article."""
    stated = any(each.kind == "meta" for each in reading.witnesses)
    metas = page.meta.get("og:type", "").endswith("article") or "article:published_time" in page.meta
    amount = prose(reading)
    return (
        2.0 * dated
        + 1.0 * (not dated and any(each.kind == "page" for each in reading.witnesses))
        + 1.0 * (SITE_WORDS.search(document_title(page)) is not None)
        + 0.5 * (amount > 800)
        - 2.0 * (GENERATORS.search(page.meta.get("generator", "")) is not None)
        + 1.0 * stated
        + 0.5 * any(each.kind == "url" and DAY_IN_PATH.search(each.text) for each in reading.witnesses)
        + 1.5 * bool(reading.outlet)
        + 1.5 * bool(reading.editors)
        + 0.5 * bool(reading.authors)
        + 1.5 * sure
        + 1.0 * metas
        + 1.0 * repeated
        + 0.5 * (reading.channel is not None)
    )


DAY_IN_PATH = re.compile(r"/(?:19|20)\d\d[-_/]?(?:0?[1-9]|1[0-2])[-_/]?(?:[0-2]?\d|3[01])[/_a-zA-Z]")


def is_site(headline: str, title: str, site: str) -> bool:
    """Tell whether a headline is the name of a site or a section."""
    plain = squash(headline)
    if len(plain) < 5:
        return True
    if plain in ("Advertisement", squash(site)):
        return True
    return (
        len(plain) <= 14
        and SITE_WORDS.search(headline) is not None
        and not re.search(r"[，。！？：“”、]", headline)
        and plain in squash(title)
    )
