"""What stands before and after the text in the same block: headline, info lines, signatures, other headlines."""

import re
from functools import lru_cache

from newsnap import attribution
from newsnap.body import Text
from newsnap.generic.headline import squash
from newsnap.variants import compiled

LABELLED = compiled(
    r"来源|稿源|来自|出处|作者|编辑|责编|选稿|发布(?:时间|日期|于)?\s*[:：]|发表|时间|字号|字体|分享|评论|阅读"
    r"|点击|浏览|打印|列印|收藏|举报|跟[贴帖]|参与|关注|订阅|更新|复制链接|留言|赞|纠错"
)
DATE = compiled(
    r"[一二三四五六七八九十]{1,2}月\s\d{1,2},\s\d{4}|\d{4}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}|\d{1,2}:\d\d|\d+\s?(?:分钟|小时|天)前"
)
COUNTER = compiled(
    r"[\W\d_]*|\W*(?:正文|首页|字|大|中|小|号|体|[+A-Za-z\s-]{1,6}|facebook|留言|列印|赞|扫一扫|分享|关注|收藏|打印|评论|展开|收起|下载客户端|独家抢先看)\W*"
)
CRUMBS = compiled(r"(?:首页|主页|当前位置|您的位置|您现在的位置|所在位置).{0,80}|[^。，]{1,60}(?:>|»|›)\s*正文")
LABEL_FIRST = re.compile(r".{0,8}[:：|｜/]")
MAX_INFO = 90
"""Characters of an info line at most."""

OTHERS = compiled(
    r"[\s【\[（(◆■●▲·•>#]*(?:(?:更多|其他|其它|相关|延伸|推荐|热门|热点|精彩|最新|猜你|猜您|你可能|您可能|也许|大家都在|今日|本周|编辑|往期|近期)"
    r"(?:的|同类|您|你)?(?:新闻|阅读|文章|链接|连结|报道|报导|推荐|资讯|动态|专题|内容|点阅|话题|喜欢|也会喜欢|会感兴趣|感兴趣|回顾|精选|视频|图片|排行|热点|关注)"
    r"|阅读下一篇|下一篇|上一篇|网友评论|发表评论|我要评论|我有话说|相关链接|热门评论|最热评论|精彩评论|热点排行|点击排行|新闻排行|友情链接)"
    r"[^。！？]{0,12}|\W*(?:上一篇|下一篇|上一条|下一条)\W.*|\W*阅读[数量]?\W*\d+\W*"
)
AFTER = compiled(
    r"\W*(?:标签|关键词|关键字|文章关键词|Tags?|tags?|TAG)\s*[:：#].{0,80}|.{0,30}(?:Copyright|©|版权所有|ICP备|ICP证|京公网安备).*"
    r"|\W*(?:分享到|分享至|分享|举报|收藏|点赞|赞|转发|打印|关闭|展开|收起|返回首页|返回顶部|回到首页|扫码|扫一扫|列印|电子邮件|留言|评论|推荐|订阅|更多)\W*\d*\W*"
    r"|\W*(?:责任编辑|责编|编辑)\W*|(?=.*(?:\d{3}|机会|热线|专线)).{0,20}(?:自杀|生命线|张老师|[谘諮]询专线|安心专线|珍惜生命|关心您|给自己.{0,6}机会).{0,40}|\W*广告.{0,40}"
    r"|\W*点击\W*页首\W*|\W*#\S{1,12}(?:\s#\s?\S{1,12})*\W*|[\W\d]+|(?!.{0,3}本文).{0,20}(?:下载|安装|打开).{0,30}(?:APP|App|app|客户端|应用).{0,40}"
    r"|正文已结束.{0,30}|(?:您所浏览的新闻|请继续往下阅读|点击(?:进入|查看|此处)).{0,50}|[【［\[]?(?:发表评论|评论|打印本?稿?|关闭窗口|推荐|纠错|论坛)[】\]］].*"
    r"|\W*(?:看更多|更多精彩|更多内容|想看更多|还想看更多|喜欢这篇文章|欢迎关注|敬请关注|请关注|长按|请?长按|微信扫码|扫描二维码|识别二维码|继续滑动看下一个|添加到|关注(?:我们|公众号|该公众号)).{0,60}"
    r"|.{0,40}(?:未经授权|未经书面授权|未经许可|谢绝转载|禁止转载|请勿转载|不得转载|转载请注明|转载时?务?请|请注明出处|不代表.{0,12}(?:立场|观点)|违者必究|转载必究|违规转载).{0,60}"
    r"|.{0,12}(?:以上内容|以上作品内容|本(?:文|内容|作品|网)).{0,40}(?:上传|平台|版权归|信息存储).{0,60}"
    r"|[（(]\s?[\u4e00-\u9fff]{1,10}(?:报|网|社|时)\s?[)）]|\W*(?:THE )?END\W*|更多.{0,16}请关注.{0,40}"
    r"|Notice[:：] The content above.*",
    re.DOTALL,
)
SIGNED = compiled(
    r"[\s【\[]*(?:【?纠错】?\s*)?(?:本文)?(?:来源|稿源)\s*[:：](?P<outlet>[^。]{1,40}?)\s*(?P<rest>(?:作者|责任编辑|责编|编辑)\s*[:：].{0,60})?[\s】\])）]*"
)


SUFFIX = compiled(r"\s*(?:返回搜狐[，,]\s*查看更多|【\s*我要纠错\s*】|阅读原文|查看原文)$")


FOOT = compiled(
    r"版权所有|Copyright|All Rights Reserved|ICP[备证]|公网安备|许可证(?:编?号)?\s*[:：\d]|不良信息|免责声明|郑重声明"
    r"|(?:关于|联系)我们\W|未经.{0,12}(?:授权|许可).{0,20}(?:转载|复制)",
    re.IGNORECASE,
)
"""What sites print at the foot of all their pages."""
MAX_FOOT = 200


def is_info(paragraph: str, *, inside: bool = True) -> bool:
    """Tell whether a line is one of those between headline and text; inside: the headline stands in the same block."""
    if len(paragraph) > MAX_INFO:
        return False
    if COUNTER.fullmatch(paragraph) or CRUMBS.fullmatch(paragraph):
        return True
    if paragraph[-1] in "。！？”；":
        return False
    dated = DATE.search(paragraph) is not None
    if LABELLED.search(paragraph) is not None:
        return dated or (inside and (len(paragraph) <= 24 or LABEL_FIRST.match(paragraph) is not None))
    return inside and dated and len(paragraph) < 40


def trim(text: Text, title: str) -> list[str]:
    """Take out of a text what stands before and after it; return what was taken, for those who look for names there."""
    paragraphs = text.paragraphs
    start = after_headline(paragraphs, title)
    end = before_others(text, start)
    keep = [start <= at < end and not is_advert(text, at) for at in range(len(paragraphs))]
    while end > start:
        paragraph = paragraphs[end - 1]
        is_link = end - 1 in text.links and len(paragraph) < MAX_INFO and end - start > 3
        if not is_link and not is_furniture(paragraph):
            break
        end -= 1
        keep[end] = False
    end, keep = without_rights(paragraphs, start, end, keep)
    taken = [paragraph for paragraph, kept in zip(paragraphs, keep, strict=True) if not kept]
    text.keep(keep)
    text.paragraphs[-1:] = [SUFFIX.sub("", each) for each in text.paragraphs[-1:]]
    return taken


def without_rights(paragraphs: list[str], start: int, end: int, keep: list[bool]) -> tuple[int, list[bool]]:
    """Cut at a notice of rights in the last lines, with the little that follows it."""
    for at in range(max(start + 1, end - 3), end):
        if (
            RIGHTS.search(paragraphs[at])
            and len(paragraphs[at]) < 150
            and sum(map(len, paragraphs[at + 1 : end])) < 120
        ):
            return at, [kept and number < at for number, kept in enumerate(keep)]
    return end, keep


RIGHTS = compiled(
    r"转载(?:时?务?请|必须)?注明|谢绝转载|请勿转载|禁止转载|不得转载|未经.{0,12}(?:授权|许可).{0,12}转载|授权.{0,30}发布"
)


def after_headline(paragraphs: list[str], title: str) -> int:
    """Return the index of the first paragraph of the text, past headline and info lines in the same block."""
    start = 0
    wanted = squash(title)
    for at, paragraph in enumerate(paragraphs[:15]):
        plain = squash(paragraph)
        if plain == wanted:
            start = at + 1
    inside = start > 0
    while start < min(len(paragraphs) - 1, 20):
        stop = start + (3 if inside else 1)
        after = next((at + 1 for at in range(start, stop) if is_info_at(paragraphs, at, inside=inside)), None)
        if after is None or any(len(each) > MAX_NAME or each[-1] in "。！？" for each in paragraphs[start : after - 1]):
            break
        start = after
    return start


def is_info_at(paragraphs: list[str], at: int, *, inside: bool) -> bool:
    """Tell whether there is a paragraph between headline and text at a place."""
    return at < len(paragraphs) - 1 and is_info(paragraphs[at], inside=inside)


MAX_NAME = 12
"""Characters of a line that may name an author or an outlet, between headline and date."""


def before_others(text: Text, start: int) -> int:
    """Return the index after the last paragraph of the text, before a signature or what leads to other articles."""
    paragraphs = text.paragraphs
    total = sum(map(len, paragraphs[start:])) or 1
    end, rest = len(paragraphs), 0  # from the end: what follows a paragraph, links aside
    for at in range(len(paragraphs) - 1, start, -1):
        if rest > MAX_OTHERS * total:
            break
        limit = MAX_SIGNATURE if ENDS.search(paragraphs[at]) is None else MAX_OTHERS
        linked = rest < MAX_SIGNATURE * total or any(link > at for link in text.links)
        if (linked and leads_away(paragraphs[at])) or (rest < limit * total and is_signature(paragraphs[at])):
            end = at
        rest += len(paragraphs[at]) if at not in text.links else 0
    return end


ENDS = compiled(r"来源\s*[:：].*责任编辑\s*[:：]")
MAX_OTHERS, MAX_SIGNATURE = 0.45, 0.25
"""Shares of a text that may follow the heading of other articles, or the signature, and be none of it."""


@lru_cache(maxsize=20_000)
def leads_away(paragraph: str) -> bool:
    """Tell whether a line is a heading that other articles follow."""
    return len(paragraph) < MAX_INFO and OTHERS.fullmatch(paragraph) is not None


SHARED = compiled(r"分享|facebook|line|twitter|微博|微信|复制链接|列印|打印|收藏|点赞|转发", re.IGNORECASE)


def is_advert(text: Text, at: int) -> bool:
    """Tell whether a paragraph is a button for sharing, or a link that calls itself an advertisement."""
    paragraph = text.paragraphs[at]
    return SHARED.fullmatch(paragraph) is not None or (at in text.links and paragraph.startswith(("广告", "廣告")))


def is_signature(paragraph: str) -> bool:
    """Tell whether a line says who made the article, and so ends it."""
    if len(paragraph) >= MAX_INFO:
        return False
    return attribution.editor_names(paragraph) is not None or SIGNED.fullmatch(paragraph) is not None


def is_furniture(paragraph: str) -> bool:
    """Tell whether a line at the end of a text is none of it."""
    return len(paragraph) <= attribution.MAX_NOTICE and (
        AFTER.fullmatch(paragraph) is not None
        or SIGNED.fullmatch(paragraph) is not None
        or (len(paragraph) <= MAX_FOOT and FOOT.search(paragraph) is not None)
    )
