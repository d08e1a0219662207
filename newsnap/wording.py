"""Wording: what a text says, apart from how it is printed; the form in which texts are compared and hashed."""

import functools
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
"""A text as code points."""

LAST_OF_PLANE = 0xFFFF
"""Code points up to here are folded by table; beyond are rare characters of names, and emoji."""
RARE_CHARACTERS = (0x20000, 0x3FFFF)
"""Planes 2 and 3: 𠮷 is text, an emoji of plane 1 is not."""
NEVER_FOLDED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3))
"""Han and Hangul are as they are, which spares half the work of making the table."""
NEVER_TEXT = ((0xD800, 0xF8FF),)
"""Surrogates, and what only a font of the publisher's gives a meaning."""


@functools.cache
def folding() -> Codes:
    """Return the table code point → folded code point, 0 for what is no letter, character or digit; made once."""
    table = np.zeros(LAST_OF_PLANE + 1, dtype=np.uint32)
    at = 0
    for first, last in sorted((*NEVER_FOLDED, *NEVER_TEXT)):
        _fold(table, at, first)
        if (first, last) in NEVER_FOLDED:
            table[first : last + 1] = np.arange(first, last + 1, dtype=np.uint32)
        at = last + 1
    _fold(table, at, LAST_OF_PLANE + 1)
    return table


def _fold(table: Codes, start: int, end: int) -> None:
    for code in range(start, end):
        folded = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", chr(code)).casefold()))
        if len(folded) == 1:
            table[code] = ord(folded)
        elif folded:  # ½ is neither 1 nor 12
            table[code] = code


def folded(text: str) -> Codes:
    """Return the letters, characters and digits of a text, widths and case folded: what survives a reprint unchanged.

    >>> "".join(map(chr, folded("Ａ股　上涨 1.2%。𠮷")))
    'a股上涨12𠮷'
    """
    codes: Codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint32, copy=False)
    plain = folding()[np.minimum(codes, LAST_OF_PLANE)]
    if codes.size and codes.max() > LAST_OF_PLANE:
        rare = (codes >= RARE_CHARACTERS[0]) & (codes <= RARE_CHARACTERS[1])
        plain = np.where(rare, codes, plain)
    kept: Codes = plain[plain != 0]
    return kept


NUMBER = re.compile(r"[0-9０-９]+(?:[.．·:：/／,，\-－‐-―~～∼]{1,2}[0-9０-９]+)*+(?:\s?[%％‰℃°])?")
"""A number with the symbols that make it another number; ranges, dates and clock times in figures are one."""
SIGNS = frozenset("-−－﹣+＋$＄¥￥€£")
"""What may stand before a number and belong to it."""
CODE = re.compile("[0-9A-Za-z０-９]")
"""After these a sign is a hyphen: B-2."""
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
DASHES = re.compile(r"[−\u2010-\u2015~∼-]{1,2}")


def numbers(text: str) -> list[str]:
    """Return the numbers of a text in order, in one spelling each.

    >>> numbers("气温－5℃至１.２ ％，1,200人，10：30—11:45，B-2")
    ['-5°C', '1.2%', '1200', '10:30-11:45', '2']
    """
    found = []
    for match in NUMBER.finditer(text):
        start, printed = match.start(), match[0]
        if start and text[start - 1] in SIGNS and not (start > 1 and CODE.match(text, start - 2)):
            printed = text[start - 1] + printed
        found.append(printed if printed.isdecimal() and printed.isascii() else number(printed))
    return found


def number(printed: str) -> str:
    """Return one spelling of a number as printed."""
    plain = unicodedata.normalize("NFKC", printed).replace(" ", "").replace("·", ".")
    return THOUSANDS.sub("", DASHES.sub("-", plain))


_COUNTED = r"(?:阅读|浏览|点击|播放|观看|查看|围观|评论|点赞|收藏|分享|转发|参与|跟[帖贴]|人气|热度|喜欢|在看|赞)"
_COUNT = r"\d[\d,.，]*\s*[万亿wWkK]?\+?\s*(?:人次|[次人条个])?"
_COUNTER = rf"(?:{_COUNTED}(?:总?[量数次]|次数|人数)?\s*[:：(（]?\s*{_COUNT}[)）]?|{_COUNT}\s*{_COUNTED}(?:[量数过])?)"
_BUTTON = (
    r"(?:分享(?:到|至)?[:：]?|微信(?:好友)?|朋友圈|微博|新浪微博|腾讯微博|QQ(?:空间|好友)?|人人网?|豆瓣|复制链接|打印(?:本[页文稿])?|关闭(?:窗口)?"
    r"|字[号体][:：]?|[大中小]|收藏(?:本[页文])?|纠错|举报|返回顶部|点赞|评论|我要评论|参与评论|更多|扫一扫[^。！？]{0,20}"
    r"|[Tt](?:\||$)|已有|共有?|人参与)"
)
_GAP = r"[\s|｜·/、，,【】\[\]()（）]*+"
WIDGET = re.compile(rf"{_GAP}(?:(?>{_COUNTER}|{_BUTTON}){_GAP})++")
"""A line of counters and buttons, and nothing else; possessive throughout, so that no line makes it slow."""
MAX_WIDGET = 60
"""Characters; a longer line is text whatever it begins with."""


def is_widget(line: str) -> bool:
    """Tell whether a line belongs to the page and not to the article: a counter of views, a row of buttons.

    >>> is_widget("阅读 1.2万 | 评论：35条"), is_widget("阅读使人充实，2024年共有35人参与。")
    (True, False)
    """
    return len(line) <= MAX_WIDGET and WIDGET.fullmatch(line) is not None


def said(body: str) -> str:
    """Return a body without the lines that are not the article's.

    >>> said("全文如下。\\n浏览次数：1024次\\n【打印】【关闭】")
    '全文如下。'
    """
    lines = body.split("\n")
    kept = [line for line in lines if len(line) > MAX_WIDGET or WIDGET.fullmatch(line) is None]
    return body if len(kept) == len(lines) else "\n".join(kept)


QUOTES = str.maketrans(dict.fromkeys("“”„‟＂「」『』〝〞", '"') | dict.fromkeys("‘’‚‛＇", "'"))
SPACE = re.compile(r"\s+")


def headline(title: str) -> str:
    """Return a headline as it is compared: by words and signs, not by widths, white space and the style of quotes.

    >>> headline("“青石” 到站了？") == headline('「青石」到站了?'), headline("到站了") == headline("到站了？")
    (True, False)
    """
    return SPACE.sub("", unicodedata.normalize("NFKC", title.translate(QUOTES))).casefold()
