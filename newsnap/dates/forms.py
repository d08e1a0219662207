"""What dates are made of: characters, numerals, names of months and zones, and the shapes they are printed in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import islice

LOOKED_AT = 500
"""Characters of a text that are looked at; a line that says when something was published is never longer."""

MOST = 20
"""Dates of one shape that are looked at; a text with more is not about when it was published."""

ODD = (
    "０１２３４５６７８９：∶﹕︰／－﹣‐‑‒–—―−～〜．，（）［］｜＋Ｔ○◯Ｏ零⽇⽉"
    "週時點鐘剛個號國禮後間裡裏於發佈兩淩灣臺東標準協調當韓爾編輯"
    "\xa0\t\r\n\f\v\u2002\u2003\u2009\u200a\u200b\u200e\u200f\u202f\u2060\u3000\ufeff"
)
PLAIN = (
    "0123456789::::/---------~~.,()[]|+T〇〇〇〇日月"
    "周时点钟刚个号国礼后间里里于发布两凌湾台东标准协调当韩尔编辑"
    "                 "
)
"""For each odd character a plain one, so that a place in the plain text is the same place in the printed one."""

DIGITS = (
    {character: value for value, character in enumerate("〇一二三四五六七八九")}
    | {"两": 2, "元": 1}
    | dict.fromkeys("oOοΟ", 0)
)
TENS = {"廿": 20, "卅": 30}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
WEEKDAYS = {name: n for n, name in enumerate("一二三四五六日")} | {"天": 6}
DAYS_BACK = {"大前天": 3, "前天": 2, "前日": 2, "昨天": 1, "昨日": 1, "今天": 0, "今日": 0}
DAYS_BACK |= {day + part: back for day, back in (("昨", 1), ("今", 0)) for part in "早晨晚夜"}

EIGHT, NINE = timezone(timedelta(hours=8)), timezone(timedelta(hours=9))
ZONES: dict[str, tzinfo] = {
    **dict.fromkeys(("北京时间", "中国标准时间", "香港时间", "澳门时间", "台北时间", "台湾时间", "新加坡时间"), EIGHT),
    **dict.fromkeys(("格林尼治标准时间", "格林尼治时间", "格林威治标准时间", "格林威治时间"), UTC),
    **dict.fromkeys(("协调世界时", "世界协调时间", "世界标准时间", "utc", "gmt", "ut"), UTC),
    **dict.fromkeys(("东京时间", "日本时间", "首尔时间", "韩国时间", "jst", "kst"), NINE),
    **dict.fromkeys(("hkt", "sgt"), EIGHT),
    "edt": timezone(timedelta(hours=-4)),  # these eight: https://www.rfc-editor.org/rfc/rfc5322#section-4.3
    **dict.fromkeys(("est", "cdt"), timezone(timedelta(hours=-5))),
    **dict.fromkeys(("cst", "mdt"), timezone(timedelta(hours=-6))),
    **dict.fromkeys(("mst", "pdt"), timezone(timedelta(hours=-7))),
    "pst": timezone(timedelta(hours=-8)),
}
"""Zones as they are printed, in lower case."""

N = r"(?:\d{1,2}|[〇一二三四五六七八九十廿卅]{1,3})"
"""A number of one or two digits, or the same in Chinese numerals."""

PERIOD = "凌晨|清晨|早上|早晨|早|上午|中午|正午|午后|下午|傍晚|晚上|晚间|晚|夜间|夜里|深夜|半夜|午夜|夜"
ZONE = "|".join(sorted((name for name in ZONES if not name.isascii()), key=len, reverse=True))
ELSEWHERE = r"(?:当地|美东|美西|美国东部|美国西部|美国|英国|伦敦|纽约|巴黎|莫斯科)(?:标准)?时间"
"""Clocks that are not the source's: what is said by one of them is not when something was published."""

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = (
    r"(?:\(?(?:周|星期|礼拜)[一二三四五六日天]\)?|\([一二三四五六日]\)|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?)"
)
BESIDE = r"[ ,|·•_/()\[\]【】-]"
"""What may stand between a date and its clock."""

DAY_END = r"(?:\s{0,2}[日号]|(?![\d点时分十])(?!\s?[-~年月:%]))"
FIGURES_END = r"(?![\d.]|[-/]\d|\s?[年月:%])"
CLOCK_AT_ONCE = r"\d\d(?=\d\d:\d\d)"
"""A day that the clock follows without a space: 2024-07-2110:26."""


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a shape of plain text: spaced out, of either case, and with no digits or spaces but ASCII's."""
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.ASCII)


ANY = compiled(r"\d{2} | [〇一二三四五六七八九十廿卅元]{1,3}\s?[年月] | \d\s?月 | 前 | 刚 | 昨 | 今 | 周 | 星期 | 礼拜")
"""What every text with a date has; it spares the rest."""

YEAR_FIRST = compiled(
    rf"""(?<!\d)(?<!\d[-./])
    (?P<y>(?:19|20)\d\d)
    (?: \s{{0,2}}年\s{{0,2}}(?P<m1>{N})\s{{0,2}}月\s{{0,2}}(?P<d1>{N}){DAY_END}
      | \s?(?P<sep>[-/.])\s?(?P<m2>\d{{1,2}})\s?(?P=sep)\s?
        (?P<d2>{CLOCK_AT_ONCE}|\d{{1,2}}(?!\d|\.\d|/\d(?!\d?:)|\s?[年月%]))
      | (?:\s?年\s?|[ |]{{1,8}})(?P<m3>\d\d)(?:\s?[-/.]\s?|(?P<space>[ ]))(?P<d3>\d\d){FIGURES_END}
      | [ ,-]{{1,2}}(?P<m4>{MONTH})\.?[ -](?P<d4>\d{{1,2}})(?!\d)
    )"""
)
COMPACT = compiled(
    r"""(?<![0-9a-z_.\#/=-])
    (?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])
    (?: [t ]?(?P<hh>[01]\d|2[0-3])(?P<mm>[0-5]\d)(?:(?P<ss>[0-5]\d)(?:\d{3})?)?(?P<utc>z)?(?![\d:]) )?
    (?!\d)"""
)
NUMERALS = compiled(
    rf"""(?: 民国\s?(?P<roc>\d{{1,3}}|[元〇一二三四五六七八九十百]{{1,5}})
           | (?<![〇一二三四五六七八九十])(?P<y>[一二][〇oοΟ一二三四五六七八九]{{3}}) )
    \s?[年/.-]\s?(?P<m>{N})\s?[月/.-]\s?(?P<d>{N})(?:\s?[日号]|{FIGURES_END})"""
)
MONTH_NAME = compiled(MONTH)
ENGLISH = compiled(
    rf"""(?<![0-9a-z])
    (?: (?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[ ,/-]{{1,2}}(?P<m1>{MONTH})\.?,?[ ,/-]{{1,2}}
        (?P<y1>\d{{4}}(?![\d:])|\d\d(?=[ ]\d\d?:\d\d))
      | (?P<m2>{MONTH})\.?\s{{0,2}}(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?[ ,]{{1,3}}(?P<y2>\d{{4}})(?![\d:])
      | (?P<m3>{MONTH})\s{{1,2}}(?P<d3>\d{{1,2}}),?\s{{1,2}}(?P<hh>\d\d):(?P<mm>\d\d):(?P<ss>\d\d)\s
        (?:(?P<zone>[a-z]{{2,4}}|[+-]\d{{4}})\s)?(?P<y3>\d{{4}})(?!\d)
    )"""
)
YEAR_LAST = compiled(
    rf"""(?<!\d)(?<!\d[-./])
    (?: (?P<a>\d{{1,2}})(?:\s?(?P<sep>[-/.])\s?|\s)(?P<b>\d{{1,2}})(?(sep)\s?(?P=sep)\s?|\s)
        (?P<y>(?:19|20)\d\d){FIGURES_END}
      | (?P<m1>{N})\s?月\s?(?P<d1>\d{{1,2}})\s?日?\s?,\s?(?P<y1>(?:19|20)\d\d)(?!\d|[^ -~])
      | (?P<d2>\d{{1,2}})\s(?P<m2>{N})\s?月\s?,?\s?(?P<y2>(?:19|20)\d\d)(?!\d|[^ -~])
    )"""
)
SHORT_YEAR = compiled(
    rf"""(?<!\d)(?<!\d[-./:])
    (?P<y>\d\d|1[01]\d)
    (?: \s?年\s?(?P<m1>{N})\s?月\s?(?P<d1>{N}){DAY_END}
      | (?P<sep>[-/.])(?P<m2>\d{{1,2}})(?P=sep)(?P<d2>{CLOCK_AT_ONCE}|\d{{1,2}}{FIGURES_END})
    )"""
)
MONTH_DAY = compiled(
    rf"""(?<![\d〇一二三四五六七八九十年])(?<!\d[-./:])
    (?: (?P<m1>{N})\s?月\s?(?P<d1>{N})(?:\s?[日号]|(?![\d点时分十])(?=[ ,]{{1,3}}\d\d?:\d\d))
      | (?P<m2>\d{{1,2}})(?P<sep>[-/.])(?P<d2>{CLOCK_AT_ONCE}|\d{{1,2}}{FIGURES_END})
    )"""
)
AGO = compiled(
    r"""(?<![\d.第])(?P<n>\d{1,3}(?:\.\d)?|半|[一二三四五六七八九十百两]{1,5})\s?
    (?P<half>个半)?(?:个(?!半))?\s?
    (?P<unit>秒钟?|分钟|分|小时|钟头|天|周|星期|礼拜|月)
    (?:\s?(?P<n2>\d{1,2}|[一二三四五六七八九十两]{1,3})\s?个?(?P<unit2>分钟|分|小时))?
    \s?[之以]?前"""
)
JUST_NOW = compiled(r"刚刚|刚才")
DAY_WORD = compiled("|".join(DAYS_BACK))
WEEK_DAY = compiled(
    r"(?P<week>上上个?|上个?|本|这个?|下下?个?|每个?|逢|隔)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])"
)
EPOCH = compiled(
    r"""[\s"'(]* (?:(?:var\s+)?["']?[a-z_]*(?:time|date|stamp|ct)[a-z_]*["']?\s*[=:]\s*["']?)?
    (?P<s>[1-9]\d{8,9})(?:(?P<ms>\d{3})|\.\d{1,9})? [\s"');,]*"""
)

CLOCK_AFTER = compiled(
    rf"""(?P<gap>{BESIDE}{{0,8}}(?:{WEEKDAY}{BESIDE}{{0,8}})?(?:t(?=\d)|at\s)?)(?:(?P<before>{ZONE})[ :]{{0,2}})?
    (?P<period>{PERIOD}|[ap]m(?=[ ]))?\s{{0,2}}
    (?: (?P<h1>\d{{1,2}})\s?:\s?(?P<m1>\d{{1,2}})\s?:\s?(?P<s1>\d{{1,2}})(?!\d)
        (?:\.\d{{1,9}}|,\d{{1,6}}(?!\d|[-/.年]\d))?(?!\d)
      | (?P<h2>\d{{1,2}})\s?:\s?(?P<m2>[0-5]\d)(?!\d|\s?:\s?\d)分?
      | (?P<h3>{N})\s?[时点]\s?
        (?: (?P<m3>{N})\s?分\s?(?:(?P<s3>{N})\s?秒)?
          | (?:(?P<half>半)|(?P<quarter>[一三])刻|整|钟|(?P<m4>{N}))?(?![^ -~]|\d) )
    )
    (?:\s?(?P<meridiem>[ap])\.?m\b\.?|\s?(?P<after>上午|下午)(?![^ -~]))?
    (?P<offset> \s?z(?![^ -~]|[0-9a-z])
      | \s?\(?(?:utc|gmt)?\s?(?P<sign>[+-]|&\#x2b;|&\#43;|%2b)(?P<oh>\d{{1,2}})(?::?(?P<om>\d\d))?(?![\d:])
      | \s?\(?(?P<zone>{ZONE}|[a-z]{{2,4}}(?![0-9a-z]))\)?
    )?"""
)
CLOCK_BEFORE = compiled(
    rf"""(?<![\d:.-])(?P<period>{PERIOD})?\s?
    (?: (?P<h2>\d{{1,2}}):(?P<m2>[0-5]\d)(?::(?P<s2>[0-5]\d))? | (?P<h3>\d{{1,2}})\s?[时点]\s?(?P<m3>[0-5]?\d)\s?分 )
    (?:\s?(?P<meridiem>[ap])\.?m\b\.?)?
    (?:\s?(?P<offset>z|utc|gmt|cst|[+-]\d\d:?\d\d))?
    (?:\son)?[ ,|·•-]{{1,4}}(?:{WEEKDAY}{BESIDE}{{1,3}})?$"""
)

CALLED = compiled(
    r"""(?: (?P<published>发布|发表|发稿|刊发|首发|上线|publish|posted)
          | (?P<changed>更新|修改|编辑|截至|updated|modified|edited)
          | (?P<deadline>截止|有效期|过期|到期) ) [^\d]{0,8}$"""
)
"""What a date is called by the words before it."""

LABEL = compiled(
    r"(?:时间|日期|发布|发表|发稿|更新|编辑|修改|于|\bdate|\btime|published|posted|updated)\s?:?\s?[(\[]?\s?$"
)
WORDS = compiled(r"[a-z0-9\u3400-\u9fff]")
VERSION = compiled(r"(?:[a-z]|版本\s?:?\s?|\bv(?:er(?:sion)?)?\.?\s?:?\s?|\bbuild\s?)$")
CLOCK_OF = compiled(rf"(?:(?P<elsewhere>{ELSEWHERE})|(?P<zone>{ZONE}))\s?[:(]?\s?$")
SENTENCE = compiled(r"[。！？；]")
BEFORE_REMARK = compiled(r"(?:^|[^a-z0-9\u3400-\u9fff，、,]|发布|发表|发稿|更新|编辑|时间|日期|于|在|约)\s?$")
AFTER_REMARK = compiled(rf"\s?(?:{PERIOD})?\s?(?:$|发布|发表|更新|编辑|来自|来源|[^a-z0-9\u3400-\u9fff，、,])")


ODD_CHARACTER = re.compile(f"[{ODD}]")
TO_PLAIN = dict(zip(ODD, PLAIN, strict=True))


def plain(text: str) -> str:
    """Return the beginning of a text in plain characters, each where it was."""
    return ODD_CHARACTER.sub(lambda odd: TO_PLAIN[odd[0]], text[:LOOKED_AT])


def found(shape: re.Pattern[str], plain: str) -> Iterator[re.Match[str]]:
    """Yield the first places of a shape in a text."""
    return islice(shape.finditer(plain), MOST)


def number(word: str) -> int:
    """Return the value of a number in digits or Chinese numerals, said (二十三) or spelled (二〇二四).

    >>> number("07"), number("二十三"), number("廿一"), number("二〇二四"), number("一百一十三")
    (7, 23, 21, 2024, 113)
    """
    if word[0].isascii():
        return int(word)
    if not set(word) & set("十百廿卅"):
        return int("".join(str(DIGITS[character]) for character in word))
    total = unit = 0
    for character in word:
        if character in "十百":
            total += (unit or 1) * (10 if character == "十" else 100)
            unit = 0
        elif character in TENS:
            total += TENS[character]
        else:
            unit = DIGITS[character]
    return total + unit


def month(name: str) -> int:
    """Return the number of a month named in English, whole or shortened."""
    return MONTHS.index(name[:3].lower()) // 4 + 1


def is_zone(name: str) -> bool:
    """Tell whether a word is the name of a zone."""
    return name.lower() in ZONES


def named_zone(name: str, zone: tzinfo, local: datetime) -> tzinfo:
    """Return the zone of a printed name, or the source's own where that goes by this name at the time.

    `CST` is China's where the source keeps China's time, and else what RFC 5322 says.
    """
    name = name.lower()
    here = local.replace(tzinfo=zone)
    if name == (here.tzname() or "").lower() or (name == "cst" and here.utcoffset() == timedelta(hours=8)):
        return zone
    return ZONES.get(name, zone)
