"""Who says it: outlet, names, the chain of reprints, and the lines around a text that are not the article.

The phrases are those that Chinese news pages print; each expression is bounded, so that no text makes it slow.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from newsnap.categories import PROVINCES
from newsnap.variants import compiled

SEPARATORS = r"[、,，;；/|｜丨&＆]"
SPACES = re.compile(r"\s+")

OUTLET = compiled(r"(?:(?:本文|文章|稿件|新闻|信息)?来\s*源|稿\s*源|出处|文章来源)\s*(?:于|自)?\s*[:：丨|]\s*")
AFTER_OUTLET = compiled(
    r"\s{2,}|[|｜\u3000]|\s(?=作者|记者|编辑|责编|责任编辑|时间|发布|字号|分享|评论|参与|举报|浏览|阅读|点击|我要|打印|\d{4}[-年])"
    r"|(?:作者|责任编辑|责编|编辑|发布时间|时间|字号|字体)\s*[:：]|参与互动|分享到|我有话说|\(?举报\)?$"
)
MEDIUM_AS_AUTHOR = re.compile(r"作者\s*[:：]\s*([^\s:：、，,]{1,20}[报网社台])")
"""How sina writes some outlets."""
BRACKETS = "()[]（）【】［］〔〕{}<>《》「」 \u3000\xa0·:：-—"


def read_outlet(text: str) -> str | None:
    """Return the outlet that an info line, or an element for it alone, names; None if it names none.

    >>> read_outlet("2019年06月15日08:18  来源：人民网-文化频道")
    '人民网-文化频道'
    >>> read_outlet("新华网"), read_outlet("作者：滨海晚报")
    ('新华网', '滨海晚报')
    """
    if signed := MEDIUM_AS_AUTHOR.fullmatch(text.strip()):
        return signed[1]
    labelled = OUTLET.search(text)
    rest = text[labelled.end() :] if labelled else text
    if not labelled and re.search(r"\d{4}[-年/]\d", text):  # a date line that names no outlet
        return None
    rest = AFTER_OUTLET.split(rest.strip(), maxsplit=1)[0]
    rest = rest.strip(" \u3000\xa0:：|,，;；、").rstrip("【（([ ")
    for opening, closing in ("（）", "()", "【】", "[]"):
        if rest.endswith(closing) and opening not in rest:
            rest = rest[:-1].rstrip()
        if rest.startswith(opening) and (closing not in rest or rest.endswith(closing)):
            rest = rest[1:].removesuffix(closing).strip()
    rest = SPACES.sub(" ", rest)
    return rest if 0 < len(rest) <= 60 else None


ROLE = (
    r"(?:特约|见习|实习|本报|本网|本刊|本社|驻站|首席|全媒体|新媒体|责任|执行|网络|值班|视觉|美术|图片|图文|文字|摄影|视频|二审|三审|终审|初审|一审)*"
    r"(?:责任编辑|责编|编辑|记者|作者|通讯员|撰文|撰稿|编译|翻译|主编|监制|审核|审校|审读|校对|校审|制作|摄影|策划|统筹|编审|签发|文字|采写|文)"
)
LABEL = compiled(rf"^[\[【(（［\s]*{ROLE}\s*[:：/／丨|\s]\s*")
GLUED_ROLE = compiled(
    r"^(?:本报|本网|本刊|见习|实习|特约|首席|全媒体)*(?:记者|通讯员|评论员|特约评论员|责任编辑|责编|编辑|作者)(?=[\u4e00-\u9fff]{2,4}$)"
)
OTHER_ROLE = compiled(
    r"(?:校对|审核|审校|监制|制作|视觉|美编|二审|三审|终审|签发|值班主任|值班编委|值班主编|主编|统筹|摄影|编审)\s*[:：].*"
)
STAFF_NUMBER = re.compile(r"[_\s]*(?:[A-Z]{1,4}[_-]?\d{2,6}|\d{3,6}|(?:NN|NT|NB|NF|NS|NK|PN|BJ)\d+)$")
SPREAD_NAME = re.compile(r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])\s+([\u4e00-\u9fff])(?![\u4e00-\u9fff])")
OFFICE = compiled(r"[\u4e00-\u9fff·]{0,12}(?:记者|评论员|通讯员|实习生|撰稿人)")
"""Whose a name is, not a name; unless the article is signed with nothing else (本报评论员)."""
NAME = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf·•A-Za-z][\u4e00-\u9fff\u3400-\u4dbf·•.\-' A-Za-z0-9_]{0,40}")


def read_names(text: str, *, first_role_only: bool = True, numbers: bool = False) -> list[str]:
    """Return the names in an editor's or author's line, without labels, brackets and staff numbers.

    first_role_only: what another role follows with (校对：…) is not read.  numbers: staff numbers are kept as printed.

    >>> read_names("(责编：牛镛、岳弘彬)"), read_names("责任编辑：李曦_NN2587"), read_names("本报记者 王乐文 方  敏")
    (['牛镛', '岳弘彬'], ['李曦'], ['王乐文', '方敏'])
    """
    text = text.replace("【纠错】", "").strip().strip("()[]（）【】［］〔〕 \u3000\xa0")
    while labelled := LABEL.match(text):
        text = text[labelled.end() :]
    if first_role_only:
        text = OTHER_ROLE.sub("", text)
    text = SPREAD_NAME.sub(r"\1\2", text)
    names = []
    for piece in re.split(rf"{SEPARATORS}|\s(?![A-Za-z.])|\s*(?<=[\u4e00-\u9fff])\s(?![A-Z]{{1,3}}\d)", text):
        piece = piece.strip(BRACKETS) if numbers else STAFF_NUMBER.sub("", piece.strip(BRACKETS))
        piece = LABEL.sub("", piece)
        piece = GLUED_ROLE.sub("", piece).strip(BRACKETS)
        if piece and NAME.fullmatch(piece) and piece not in names and not re.fullmatch(ROLE, piece):
            names.append(piece)
    return [name for name in names if not OFFICE.fullmatch(name)] or names


PERSON = r"[\u4e00-\u9fff·]{2,8}"
BYLINE = compiled(
    rf"(?:[^\s，。：:]{{2,15}}\s)?(?:记者|作者)[\s:：|｜︱]+(?P<names>{PERSON}(?:[\s、]+{PERSON}){{0,4}})"
)
CREDIT_OF_AUTHOR = compiled(rf"(?:作者|撰文|采写)[\s:：|｜︱]+(?P<names>{PERSON}(?:[\s、]+{PERSON}){{0,4}})")
CREDIT_OF_EDITOR = compiled(r"(?:责任)?编辑[\s:：|｜︱]")
CREDITS = 4
"""Lines at the end of a text that may be credits."""


def read_byline(paragraphs: Sequence[str]) -> list[str]:
    """Return the authors whom a text names itself: in a line above it, or in credits below it that name editors too.

    A signature alone (本报记者 王磊) is part of the text: it may be that of a quoted text, or of its last part.

    >>> read_byline(["滨海网文化频道 记者 王磊 李静", "……"]), read_byline(["……", "作者 王磊", "编辑 李静 | 排版 张帆"])
    (['王磊', '李静'], ['王磊'])
    """
    if len(paragraphs) > 1 and (byline := BYLINE.fullmatch(paragraphs[0])):
        return read_names(byline["names"])
    for line, following in pairwise(paragraphs[-CREDITS:]):
        if CREDIT_OF_EDITOR.match(following) and (credit := CREDIT_OF_AUTHOR.fullmatch(line)):
            return read_names(credit["names"])
    return []


EDITOR_LABEL = compiled(r"(?:责任编辑|责编|编辑)\s*[:：]")
AUTHOR_LABEL = compiled(r"(?:作者|记者|撰文)\s*[:：]([^:：]{1,40}?)(?=\s*(?:责任编辑|责编|编辑|来源|$))")
ROLES = r"(?:记者|作者|撰文|撰稿|责任编辑|责编|编辑|校对|审核|来源)"
SPACED = compiled(
    rf"(?:^|\s)(?:(?P<author>记者|作者|撰文|撰稿)|责任编辑|责编|编辑)\s+(?P<names>[^:：]{{1,60}}?)(?=\s+{ROLES}\s|$)"
)


def read_signature(text: str, *, numbers: bool = False) -> tuple[list[str], list[str]]:
    """Return authors and editors of a line that may name both; editors with their staff numbers if asked so.

    >>> read_signature("[作者: 王磊 责任编辑: 李静 ]"), read_signature("【编辑:张帆】")
    ((['王磊'], ['李静']), ([], ['张帆']))
    >>> read_signature("滨海晚报 记者 王磊 编辑 李静 校对 张帆")
    (['王磊'], ['李静'])
    """
    authors = AUTHOR_LABEL.search(text)
    editors = EDITOR_LABEL.search(text)
    if not authors and not editors and (spaced := list(SPACED.finditer(text))):
        found: tuple[list[str], list[str]] = ([], [])
        for each in spaced:
            found[not each["author"]].extend(read_names(each["names"]))
        return found
    if editors:
        return read_names(authors[1]) if authors else [], read_names(text[editors.end() :], numbers=numbers)
    return (read_names(authors[1]), []) if authors else ([], read_names(text, numbers=numbers))


EDITOR_LINE = compiled(
    r"[\[【(（［\s]*(?:【?纠错】?)?\s*(?:本文)?(?:网络|值班|执行|本期|栏目|责任)*(?:责任编辑|(?:本版)?责编|编辑|值班编辑|实习编辑)\s*[:：/]\s*(?P<names>[^。！？]{1,60}?)[\]】)）］\s]*"
)
NOTICES = compiled(
    "|".join(
        (
            r"[（(【\[]?\s*(?:本文)?原(?:标题|题)\s*(?:为|是)?\s*[:：].*",  # of the origin; not this headline
            r"(?:【\d+】\s*){2,}",  # page links
            r"(?=[\s\d]{0,40}(?:上一页|下一页|首页))(?:上一页|下一页|首页|尾页|末页|\s|\d){2,}",
            r"(?:阅读剩余全文|展开全文|点击查看更多|返回搜狐|查看更多|查看原图|点击查看原图|转播到腾讯微博).{0,12}",
            r"点击进入专题.{0,40}",
            rf"(?:发布于|来自)\s*(?:{'|'.join(PROVINCES)})[省市]?",  # where the address of the writer's computer is
            r"(?:分享到|分享让更多人看到|扫一扫|长按二维码|扫码|微信扫).{0,40}",
            r"(?:打开|下载|安装|点击下载).{0,12}(?:APP|App|app|客户端).{0,24}",
            r"(?:新浪声明|平台声明|特别声明|免责声明|版权声明|版权所有|网站声明|广告声明|风险提示)\s*[:：].*",
            r"本文(?:系观察者网独家稿件|为澎湃号作者或机构在澎湃新闻上传并发布).*",
            r"[（(【]?\s*(?:[本该此]文|文章|文中|以上)[^。]{0,16}仅代表作者.{0,80}",
            r"[（(]?\s*(?:转载请注明来源|请支持独立网站|更多精彩内容[，,]\s*请点击).*",
            r"(?:【\s*[上下]一篇\s*】.{0,60})+",
            r".{0,12}投稿(?:信箱|邮箱)\s*[:：].{0,60}",
            r"(?:\[!--begin:\w+--\].*?\[!--end:\w+--\]\s*)+",  # where cctv's script puts a player
            r"(?:广告|相关阅读|相关新闻|相关链接|延伸阅读|推荐阅读|相关报道|更多阅读|热点新闻|精彩推荐)\s*[:：]?",
            r"【?\s*(?:纠错|我要纠错|打印|关闭|大|中|小|推荐)\s*】?",
            r"[（(]?\s*(?:责任)?(?:校对|审核|监制|[初复二三终]审(?:编辑)?|值班主任|值班主编)\s*[:：]\s*[^。！？]{1,30}[)）]?",
        )
    ),
    re.DOTALL,
)
SIGNED = compiled(r"[（(【\[]?\s*(?:图?文|执笔|作者|撰文|撰稿|记者|出品|策划|来源|编译|翻译|摄影)\s*[/／:：︱｜|丨]")
"""How a line begins that says who made the text: no subheading, though it may be in bold."""
MAX_NOTICE = 300
"""Characters of a line that may be a notice; a longer one is read as text."""


BARE_NAMES = r"[\u4e00-\u9fff·]{2,4}(?:[\s、][\u4e00-\u9fff·]{2,4}){0,2}"
BARE_EDITOR_LINE = compiled(rf"(?:责任)?编辑\s+(?P<names>{BARE_NAMES}?)\s+校对\s+{BARE_NAMES}")
"""编辑 王磊 校对 李静, without a colon."""


def editor_names(paragraph: str) -> list[str] | None:
    """Return the names of a line that names editors and says nothing else; None for any other line."""
    if len(paragraph) > 90:
        return None
    found = EDITOR_LINE.fullmatch(paragraph) or BARE_EDITOR_LINE.fullmatch(paragraph)
    return read_names(found["names"]) if found else None


def is_notice(paragraph: str) -> bool:
    """Tell whether a paragraph is furniture of the page: no part of the article wherever it stands."""
    return len(paragraph) <= MAX_NOTICE and NOTICES.fullmatch(paragraph) is not None


MEDIUM = r"(?P<medium>[^\s。，,；;：:（）()【】\[\]]{2,30})"
REPRINT = compiled(
    r"(?:(?:本文|文章|稿件|内容|该文)\s*(?:转载[自于]|转自|摘编?自|选自|首发于|原载于?|原刊于?|来自)\s*[:：]?"
    rf"|(?:转载[自于]|转自|摘编?自|选自|转载来源|稿源)\s*[:：])\s*[「“\"《]?{MEDIUM}"
)
TAIL_SOURCE = compiled(rf"[（(【\[]?\s*(?:本文)?(?:来源|稿源)\s*[:：]\s*{MEDIUM}")
TAIL_WIRE = compiled(
    r"[（(]\s*据?\s*(?P<medium>[\u4e00-\u9fff]{1,10}?(?:社|报|网))[\u4e00-\u9fff]{0,12}\d{0,2}月?\d{0,2}日?电"
)
CREDIT = compiled(r"(?:图片|图|视频|资料|数据|照片|摄影)\s*(?:来源|源)|题图|供图|图源")
DATELINE = compiled(
    r"^[\[【(（]?\s*(?P<medium>新华社|中新社|中新网|人民网|新华网|央视网|光明网|中国网|本报|本网|参考消息网|环球网|中青网|央广网|中国青年网)"
    r"(?P<place>[\u4e00-\u9fff·]{1,20}?)?\s*(?:\d{1,4}年)?\d{1,2}月\d{1,2}日\s*(?P<kind>电|讯|消息|报道)"
)
RIGHTS = compiled(r"请注明|转载请|谢绝转载|不得转载|未经授权|版权|请下载")


def read_origin(paragraphs: Sequence[str]) -> list[str]:
    """Return the chain of attribution that the text itself names, outermost first; empty where it names none.

    本文转自/转自/稿源 lines of the first and last three paragraphs, a closing （来源：…）, then the dateline
    (新华社北京…电).

    >>> read_origin(["本文转自：人民网-北京频道", "新华社北京4月24日电 今天……"])
    ['人民网-北京频道', '新华社']
    """
    chain: list[str] = []
    edges = [*paragraphs[:3], *paragraphs[3:][-3:]]
    for paragraph in edges:
        if len(paragraph) > MAX_NOTICE or CREDIT.search(paragraph) or RIGHTS.search(paragraph):
            continue
        if found := REPRINT.match(paragraph.lstrip("（(【[ ")):
            add(chain, found["medium"])
    for paragraph in paragraphs[-2:]:
        if len(paragraph) > 60 or CREDIT.search(paragraph):
            continue
        if found := TAIL_SOURCE.match(paragraph) or TAIL_WIRE.match(paragraph):
            add(chain, found["medium"])
    for paragraph in paragraphs[:3]:
        if (found := DATELINE.match(paragraph)) and found["medium"] not in ("本报", "本网"):
            add(chain, found["medium"])
    return chain


def add(chain: list[str], medium: str) -> None:
    """Append a medium that the chain does not name yet."""
    medium = medium.strip('「」“”"《》').removesuffix("电").removesuffix("报道")
    if len(medium) >= 2 and medium not in chain:
        chain.append(medium)
