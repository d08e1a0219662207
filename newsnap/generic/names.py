"""Who says it: outlet, authors, editors and section, from the lines around the text and elements that name them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsnap import attribution
from newsnap.body import text_content
from newsnap.categories import PROVINCES
from newsnap.extract import last_crumb
from newsnap.generic.lines import Lines
from newsnap.generic.linked import linked_article
from newsnap.generic.marks import Mark, Marks
from newsnap.generic.trim import DATE
from newsnap.page import Page
from newsnap.variants import compiled

MEDIUM = compiled(
    r"[\w·《》“”\-—–－\s]{0,22}(?:报|网|社|新闻|周刊|杂志|在线|电视台|日报|频道|客户端|传媒|财经|资讯|时报|晨报|晚报|商报|快报|信报|期刊|月刊|娱乐|音乐|体育|科技|汽车|房产|军事|教育|时尚|游戏|健康|文化|综合|中心|广播|中时)[》”]?"
)
PAPER = compiled(r"[\w《》“”·]{1,14}(?:报|网|社|刊|杂志|电视台|广播|客户端|中时)[》”]?")
"""Names that stand by themselves: a section is called news or finance too."""
URL = re.compile(
    r"(?:https?://)?[\w.-]+\.(?:com|cn|net|org|gov|edu|info|tv|tw|hk|sg)(?:\.[a-z]{2})?/?", re.IGNORECASE | re.ASCII
)
PLACES = "|".join(PROVINCES)
"""Where a platform says that something was posted, beside the name of who did."""
FURNITURE = compiled(
    r"(?:\d+\s*)?(?:人参与评论|人?参与|条?评论|我来说两句|我要评论|发表评论|查看评论|有话说|阅读量?|点击|浏览|收藏|微博|微信|QQ空间|分享到?|打印|字号|字体"
    r"|缩小字体|放大字体|举报|关注|更新|原创|优质原创作者|扫一扫|手机看|我要纠错|纠错)\s*[:：]?\s*(?:\(?\s*\d[\d,]*\s*\)?)?|(?<!\S)[（(]?\s*\d[\d,]*\s*[)）]?(?!\S)|\|"
    rf"|(?<!\S)(?:{PLACES})(?!\S)|(?<!\S)(?:by|文|图文|Posted on|on|发布|发表)(?!\S)"
    r"|(?:发布于|来自|发布地)\s*[:：]?\s*[\u4e00-\u9fff]{2,4}(?!\S)|[大中小](?:\s[大中小]){2}|A[-+]?(?:\s?A[-+]?)+"
)
CLOCK = compiled(
    r"[一二三四五六七八九十]{1,2}月\s\d{1,2},\s\d{4}|\d{1,2}[-/]\d{1,2}[-/]\d{4}(?:\s*-?\s*\d{1,2}:\d\d)?"
    r"|\d{1,2}\s[A-Z][a-z]{2,8}\s\d{4}(?:\s\d{1,2}:\d\d)?"
    r"|\d{1,2}:\d\d(?=\s\d{4}[-/])|"
    r"(?:(?:发布|发表|发稿|更新)?(?:时间|日期|于)?\s*[:：]?\s*)?(?:\d{4}|(?<!\d)\d\d)\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}日?,?\s*(?:(?:星期|周).)?\s*"
    r"(?:上午|下午)?\s*(?:\d{1,2}:\d\d(?::\d\d)?)?|\d+\s?(?:分钟|小时|天)前|(?:前|昨|今)天"
)
AUTHOR_LABELLED = compiled(
    r"(?:(?:作\s*者|撰\s*文|采写|采访)\s*[:：|｜丨︱/／]|(?<![\u4e00-\u9fff])作者\s(?=[\u4e00-\u9fff]{2,4}(?:[\s|｜]|$))|(?<![\u4e00-\u9fff])文\s*[|｜丨︱/／])\s*(?P<names>[^:：|｜。]{2,30}?)(?=\s*(?:责任编辑|责编|编辑|来源|排版|校对|审核|发布|\d{4}|[|｜/\])）】]|$)|\s[\u4e00-\u9fff]{2,5}\s?[:：])"
)
REPORTER = compiled(
    r"[（(【\[]?\s*(?:本报|本网|见习|实习|特约|首席|全媒体|新华社|中新社|新华网)*记者\s+(?P<names>[\u4e00-\u9fff·\s、]{2,24})[)）】\]]?"
)
EDITOR_TAIL = (
    r"\s*[:：]\s*(?P<names>[^:：|｜。【】\[\]]{1,30}?)"
    r"(?=\s*(?:校对|审核|作者|来源|责任|编辑|点击|[|｜\])）】]|$)|\s[\u4e00-\u9fff]{2,5}\s?[:：])"
)
EDITORS_LABELLED = [compiled(label + EDITOR_TAIL) for label in ("(?:责任编辑|责编)", "(?:编辑|选稿|编译)")]
"""The responsible editor first: 编辑 alone is a deputy where both are named."""
ACCOUNT = compiled(r"\s*(?:企鹅号|官方账号|头条号|百家号|大鱼号|搜狐号|网易号)$")
SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任"
    "陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤温庄樊兰殷颜倪柳翟齐欧"
    "張劉陳楊黃趙吳孫馬鄭羅謝韓許鄧蕭馮蘇葉呂蔣鐘盧陸譚韋賈鄒閻龍顧賴賀嚴錢龔湯莊蘭顏齊歐"
)
SURNAMED = re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}")
"""A line that is a name: a frequent surname and one or two characters."""
PEOPLE = re.compile(r"[\u4e00-\u9fff·A-Za-z][\u4e00-\u9fff·A-Za-z0-9_\-. ／/、]{1,23}")
PERSONS = re.compile(
    r"(?:[\u4e00-\u9fff·]{2,5}|[A-Za-z][\w.]{2,15})(?:[\s、／/](?:[\u4e00-\u9fff·]{2,5}|[A-Za-z][\w.]{2,15})){0,3}"
)
REPORTED = compiled(
    r"(?:(?P<outlet>[\u4e00-\u9fff]{1,6}(?:报|社|网|电|报社))\s*)?记者\s*(?P<names>[\u4e00-\u9fff、]{2,12}?)\s*[／/]"
)
SPACED = compiled(r"(?P<outlet>[\u4e00-\u9fff]{2,10}(?:报|网|社|刊|台|新闻|客户端))\s+记者\s")
"""新京报 记者 曲言 编辑 时雨: a line that names all, parted by blanks."""
BYLINE = compiled(
    r"(?:本报|本网|本刊|本社)?(?:特约|见习|实习)?(?:记者|评论员)\s+(?P<names>[\u4e00-\u9fff·\s、]{2,30}?)(?:《|\d|$|\s(?:编辑|通讯员))"
)
PLATFORMS = re.compile(
    r"//(?:[\w-]+\.)*(?:toutiao\.com|baijiahao\.baidu\.com|360kuai\.com|sohu\.com/a|yahoo\.com|toutiao\.\w+|baijiahao\.\w+|360kuai\.\w+|yahoohk\.\w+)"
)
"""Where anybody may publish: what stands beside the date is an account, and the author."""
BEFORE, AFTER, FAR_AFTER = 4, 10, 50
"""Lines before the headline and after the text that are looked at, and those in which the responsible editor may be."""
CHANGED = compiled(r"最[后新近]|更新|修改|编辑|时间|日期|截")
CITY = re.compile(r"\s*[（(][\u4e00-\u9fff]{2,3}[)）]$")


@dataclass(slots=True)
class Names:
    """Who is named."""

    outlet: str | None = None
    authors: list[str] = field(default_factory=list)
    editors: list[str] = field(default_factory=list)
    channel: str | None = None


class Surroundings:
    """What stands around the text of an article."""

    def __init__(self, page: Page, lines: Lines, marks: Marks, title: int, first: int, last: int, cut: Sequence[str]):
        """Take note of it.

        title is the line of the headline or -1, first and last are those of the text, cut is what was taken out of it.
        """
        self.page, self.lines, self.marks, self.title = page, lines, marks, title
        self.start = title + 1 if 0 <= title <= first + 12 and first - title < 60 else max(0, first - 12)
        self.stop = max(first, min(self.start + 6, len(lines)))
        self.head = [each.text for each in lines.lines[self.start : self.stop] if len(each.text) <= MAX_TEXT]
        self.info = [each.text for each in lines.lines[self.start : first] if len(each.text) <= MAX_TEXT]
        self.tail = [*cut, *(each.text for each in lines.lines[last : last + AFTER])]
        self.tail = [text for text in self.tail if len(text) <= MAX_TEXT]
        between = range(self.start, min(first, len(lines)))
        dated = [at for at in between if DATE.search(lines[at].text)]
        self.beside = [lines[at].text for day in dated for at in (day - 1, day + 1) if at in between]
        self.below = [each.text for each in lines.lines[last + AFTER : last + FAR_AFTER] if len(each.text) <= MAX_TEXT]
        self.platform = PLATFORMS.search(page.url) is not None

    def named(self, mark: Mark) -> Iterator[str]:
        """Yield the texts of elements that bear a mark: by their id, or by their class between headline and text."""
        anywhere = mark in BY_ID
        for each in self.marks.all(mark):
            if anywhere or self.start <= self.lines.span(each)[0] < self.stop:
                text = " ".join(filter(None, map(str.strip, each.itertext())))
                if text and len(text) <= 60:
                    yield text


BY_ID = Mark.OUTLET_ID | Mark.AUTHOR_ID | Mark.EDITOR_ID
MAX_TEXT = 160
"""Characters of a line in which a name is looked for."""


def names(around: Surroundings) -> Names:
    """Return who is named around the text."""
    found = Names()
    found.outlet = outlet(around)
    found.editors = editors(around)
    found.authors = authors(around, found)
    found.channel = last_crumb([text_content(each)[:MAX_TEXT] for each in around.marks.all(Mark.CRUMBS)[:3]])
    return found


def outlet(around: Surroundings) -> str | None:
    """Return the outlet: by its label, by the name of its element, or as what stands beside the date."""
    if name := next(filter(None, map(labelled, around.head)), None):
        return name
    if not around.platform:
        for mark in (Mark.OUTLET_ID, Mark.OUTLET):
            for text in around.named(mark):
                if name := labelled(text) or beside_date(text):
                    return name
        for text in around.named(Mark.AUTHOR):
            if ACCOUNT.search(text):
                return ACCOUNT.sub("", text)
        for text in around.info:
            if spaced := SPACED.search(text):
                return spaced["outlet"]
            if (reported := REPORTED.search(text)) and reported["outlet"]:
                return reported["outlet"]
            name = beside_date(text) if DATE.search(text) else None
            if name and MEDIUM.fullmatch(name):
                return name
        for text in around.beside:
            if PAPER.fullmatch(text):
                return text
    before = [each.text for each in around.lines.lines[max(0, around.title - BEFORE) : max(0, around.title)]]
    for text in [*before, *around.tail]:
        if len(text) <= MAX_TEXT and (name := labelled(text)):
            return name
    for name in ("source", "mediaid", "article:source"):
        if (
            name in around.page.meta
            and not around.platform
            and (said := attribution.read_outlet(around.page.meta[name].removesuffix("原创稿")))
        ):
            return said
    return None


LABELS = compiled(
    r"(?:本文来源于|来源于|来自\s*[:：]|【?(?:发布|发文|供稿)(?:单位|机构|部门)[】:：]|(?<![\u4e00-\u9fff])来源\s(?=\S))\s*"
)


def labelled(text: str) -> str | None:
    """Return the outlet that a label announces.

    >>> labelled("2018-10-30 来源: 晨港日报 (上海)"), labelled("图片来源：晨港图片社")
    ('晨港日报', None)
    """
    if attribution.CREDIT.search(text):
        return None
    if not attribution.OUTLET.search(text):
        if not (label := LABELS.search(text)):
            return None
        text = f"来源：{text[label.end() :]}"
    name = attribution.read_outlet(text)
    if not name or DATE.match(name):
        return None
    name = re.split(
        r"\s+(?=发表|查看|类型|选稿|我来说|责任|第\d|<<|[:：])", CITY.sub("", CLOCK.sub(" ", name).strip())
    )[0]
    name = re.sub(r"\s+\d[\d.,]*\s*[kKwW万]?$", "", attribution.OUTLET.sub("", name))
    first, _, rest = name.partition(" ")
    return (
        first
        if rest and re.match(r"[\u4e00-\u9fff]{2}", rest) and re.search(r"[\u4e00-\u9fff》]$", first)
        else name.strip() or None
    )


def beside_date(text: str) -> str | None:
    """Return the name that stands in a line with nothing but a date, an address and furniture."""
    rest = FURNITURE.sub(" ", URL.sub(" ", CLOCK.sub("  ", text)))
    rest = re.sub(r"\s+", " ", rest).strip(" \u3000|｜·•-–,，()（）:：")
    return rest if 1 < len(rest) <= 30 and not re.search(r"[:：。，]", rest) else None


def editors(around: Surroundings) -> list[str]:
    """Return the editors that lines or elements name."""
    for label, below in zip(EDITORS_LABELLED, (around.below, []), strict=True):
        for text in [*around.tail, *around.head, *below]:
            if (found := label.search(text)) and (people := attribution.read_names(found["names"], numbers=True)):
                return people
    for text in around.head:
        if SPACED.match(text) and (people := attribution.read_signature(text)[1]):
            return people
    for text in around.named(Mark.EDITOR_ID):
        if people := attribution.read_signature(text)[1]:
            return people
    return []


def authors(around: Surroundings, found: Names) -> list[str]:
    """Return the authors that elements, lines or linked data name."""
    for text in around.named(Mark.AUTHOR_ID):
        if people := account(text, found):
            return people
    for text in [*around.head, *around.tail]:
        if (label := AUTHOR_LABELLED.search(text)) and (people := attribution.read_names(label["names"])):
            return [name for name in people if name not in ("责任", found.outlet)]
    for text in around.info:
        if SPACED.search(text) and (people := attribution.read_signature(text)[0]):
            return people
        if reported := REPORTED.search(text):
            return attribution.read_names(reported["names"])
        if byline := BYLINE.match(text):
            return attribution.read_names(byline["names"])
    for text in around.named(Mark.AUTHOR):
        if people := account(text, found):
            return people
    for text in around.info:
        if labelled(text) or (found.outlet and found.outlet in text):
            continue
        name = beside_date(text) if CLOCK.search(text) else None
        if name and not CHANGED.match(name):
            if around.platform:
                return [name]
            if PERSONS.fullmatch(name) and not MEDIUM.fullmatch(name):
                return attribution.read_names(name.replace("／", "/"))
    for text in around.beside:
        if SURNAMED.fullmatch(text) or (around.platform and PEOPLE.fullmatch(text)):
            return [text]
    if around.platform and "mediaid" in around.page.meta:
        return [around.page.meta["mediaid"]]
    author = linked_article(around.page).get("author")
    given = author if isinstance(author, list) else [author]
    return [
        str(each["name"])
        for each in given
        if isinstance(each, dict) and each.get("@type") == "Person" and each.get("name")
    ]


def account(text: str, found: Names) -> list[str]:
    """Return the names in an element that is called author; none if it holds the outlet or something else."""
    name = beside_date(attribution.LABEL.sub("", text))
    if (
        not name
        or name == found.outlet
        or ACCOUNT.search(text)
        or not PEOPLE.fullmatch(name)
        or attribution.EDITOR_LABEL.search(text)
    ):
        return []
    people = [each for each in attribution.read_names(name) if each not in found.editors]
    return [each for each in people if len(each) <= MAX_NAME] or people


MAX_NAME = 4
"""Characters of a name, where something longer, such as a profession, stands beside it."""
