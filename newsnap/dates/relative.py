"""Reads what a text says from where it stands: 刚刚, 十五分钟前, 昨天 10:26, 上周五."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, timedelta

from newsnap.dates import forms
from newsnap.dates.clocks import Clock, clock_after
from newsnap.dates.moments import Context, Moment, Precision, Reading, calendar_day, dated, latest, to_minute

WEEKS = ("周", "星期", "礼拜")


def relative(line: Context) -> Iterator[Reading]:
    """Read the words that count from the fetch, where they are a remark of their own and not part of a sentence."""
    for form, signs in ((just_now, "刚"), (ago, "前"), (day_words, "今昨前"), (week_days, "周期拜")):
        if any(sign in line.plain for sign in signs):
            yield from form(line)


def just_now(line: Context) -> Iterator[Reading]:
    """Read 刚刚."""
    for match in forms.found(forms.JUST_NOW, line.plain):
        if remark(line.plain, match.start(), match.end()):
            yield counted(line, timedelta(0), "minute", match.start(), match.end())


def ago(line: Context) -> Iterator[Reading]:
    """Read 30秒前, 十五分钟前, 一个半小时前, 两天前, 3个月前.

    Hours are given to the minute, as there is no word for a precision of hours, and marked as an hour loose.
    """
    for match in forms.found(forms.AGO, line.plain):
        start, end, unit = match.start(), match.end(), match["unit"]
        clock = clock_after(line.plain, end) if unit in ("天", *WEEKS) else None
        if not remark(line.plain, start, clock.end if clock else end) or (unit == "月" and "个" not in match[0]):
            continue  # 3月前 is before March
        n = amount(match["n"]) + (0.5 if match["half"] else 0)
        more = timedelta(0)
        if match["n2"]:
            more = amount(match["n2"]) * timedelta(minutes=60 if match["unit2"] == "小时" else 1)
        if unit[0] == "秒":
            yield counted(line, timedelta(seconds=n), "second", start, end)
        elif unit[0] == "分":
            yield counted(line, timedelta(minutes=n), "minute", start, end)
        elif unit in ("小时", "钟头"):
            spread = timedelta(minutes=1 if more else 60)
            yield counted(line, timedelta(hours=n) + more, "minute", start, end)._replace(loose=spread)
        elif reading := dated(line, days_ago(line, n, unit, more), start, end, clock=clock):
            yield reading


def amount(word: str) -> float:
    """Return what 半, 1.5, 15 or 十五 stands for."""
    if word == "半":
        return 0.5
    return float(word) if word[0].isascii() else float(forms.number(word))


def days_ago(line: Context, n: float, unit: str, more: timedelta) -> date | None:
    """Return the day that lies so many days, weeks or months back; the last of its month where that is shorter."""
    if unit == "月":
        year, month = divmod(line.today.year * 12 + line.today.month - 1 - int(n), 12)
        first = calendar_day(year, month + 1, 1)
        if first is None:
            return None
        day = first.replace(day=min(line.today.day, monthrange(year, month + 1)[1]))
        return day - timedelta(days=15) if n % 1 else day
    if unit == "天" and n % 1:
        return None
    return (line.fetched.astimezone(line.zone) - timedelta(days=int(n * 7) if unit in WEEKS else int(n)) - more).date()


def day_words(line: Context) -> Iterator[Reading]:
    """Read 今天 10:26, 昨晚8点, 前天."""
    for match in forms.found(forms.DAY_WORD, line.plain):
        word = match[0]
        clock = clock_after(line.plain, match.end(), word[1] if word[1] in "早晨晚夜" else "")
        if remark(line.plain, match.start(), match.end(), clock):
            day = line.today - timedelta(days=forms.DAYS_BACK[word])
            if reading := dated(line, day, match.start(), match.end(), clock=clock):
                yield reading


def week_days(line: Context) -> Iterator[Reading]:
    """Read 周五 (the last one), 本周三, 上周五; weeks begin on Monday."""
    for match in forms.found(forms.WEEK_DAY, line.plain):
        week = match["week"] or ""
        clock = clock_after(line.plain, match.end())
        if week[:1] in ("下", "每", "逢", "隔") or not remark(line.plain, match.start(), match.end(), clock):
            continue
        monday = line.today - timedelta(days=line.today.weekday())
        if week.startswith("上"):
            monday -= timedelta(weeks=2 if week.startswith("上上") else 1)
        day = monday + timedelta(days=forms.WEEKDAYS[match["day"]])
        reading = dated(line, day, match.start(), match.end(), clock=clock)
        if reading and not week and reading.moment.at > latest(line.fetched, reading.moment):
            reading = dated(line, day - timedelta(weeks=1), match.start(), match.end(), clock=clock)
        if reading:
            yield reading


def remark(plain: str, start: int, end: int, clock: Clock | None = None) -> bool:
    """Tell whether words that count from the fetch are a remark on the article, not a part of a sentence.

    3小时前 来源：新华网 and 发布于昨天 are remarks; 两天前，他 and 据昨日消息 are not.  With a clock only what stands
    before them counts.
    """
    if forms.SENTENCE.search(plain):
        return False
    before = plain[max(0, start - 8) : start]
    return bool(forms.BEFORE_REMARK.search(before)) and (
        clock is not None or bool(forms.AFTER_REMARK.match(plain, end))
    )


def counted(line: Context, back: timedelta, precision: Precision, start: int, end: int) -> Reading:
    """Return the reading of the moment so long before the fetch."""
    at = (line.fetched - back).astimezone(UTC).replace(microsecond=0)
    if precision == "minute":
        at = to_minute(at)
    return Reading(
        Moment(at, precision, line.text[start:end]), start, end, loose=timedelta(minutes=precision == "minute")
    )
