"""A week of two sites: what they published, copied from each other, changed and took away; what a crawl makes of it.

The same seed always gives the same week.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import invented
import recorded
import reprints
from crawls import Step
from pymongo.database import Database
from recorded import Answer

from newsnap.precedence import Member, earliest
from newsnap.store.captured import capture_from

MONDAY = datetime(2026, 9, 28, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 7
EVENING = timedelta(hours=22)
"""Every day is recorded at ten in the evening."""
CHINANEWS = Path(__file__).parent / "pages" / "chinanews" / "standard-2026.html"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOT_COPIED = ("attributed", "another headline", "editor's line", "narrow punctuation", "cut to half")
"""Ways to copy of which nothing is left when the page is read, and one that is told apart by its text alone."""
Page = Callable[["Published", list[str]], bytes]


@dataclass(slots=True)
class Published:
    """An article of the week."""

    number: int
    source: str
    at: datetime
    """When it was published, to the minute."""

    title: str
    texts: list[list[str]]
    """Its paragraphs, as they were first and after each edit."""

    edited: list[datetime] = field(default_factory=list)
    """When it was edited, to the day's recording before which."""

    gone: datetime | None = None
    """From when its page is no more."""

    story: int | None = None
    """The story it belongs to; None if nobody copied it."""

    @property
    def id(self) -> str:
        return f"{self.source}:{60_000_000 + self.number}"

    @property
    def url(self) -> str:
        key = 60_000_000 + self.number
        if self.source == "people":
            return f"http://society.people.com.cn/n1/{self.at:%Y/%m%d}/c1008-{key}.html"
        return f"https://www.chinanews.com.cn/sh/{self.at:%Y/%m-%d}/{key}.shtml"

    def text_at(self, moment: datetime) -> list[str]:
        """Return its paragraphs as they were at a moment."""
        return self.texts[sum(each <= moment for each in self.edited)]

    def answer(self, moment: datetime) -> Answer:
        """Return what its site answers at a moment."""
        if self.gone and self.gone <= moment:
            return Answer(self.url, b"<html><title>404</title></html>", status=404 if self.number % 2 else 410)
        page = people_page if self.source == "people" else chinanews_page
        return Answer(self.url, page(self, self.text_at(moment)))


def people_page(published: Published, paragraphs: list[str]) -> bytes:
    before, title, after = invented.template()
    text = "".join(f"<p>　　{each}</p>" for each in paragraphs)
    head = before.replace(title, published.title).replace("2026年10月03日08:12", f"{published.at:%Y年%m月%d日%H:%M}")
    head = head.replace("2026-10-03", f"{published.at:%Y-%m-%d}")
    return f'{head}{text}<div class="zdfy clearfix"></div>{after}'.encode(invented.ENCODING)


def chinanews_page(published: Published, paragraphs: list[str]) -> bytes:
    page = CHINANEWS.read_text(encoding="utf-8").replace("望川修伞匠开班收徒 年轻人排队学手艺", published.title)
    page = page.replace("2026-10-03 08:21:36", f"{published.at:%Y-%m-%d %H:%M}:00")
    page = page.replace("2026年10月03日 08:21", f"{published.at:%Y年%m月%d日 %H:%M}")
    page = page.replace('value="2026-10-03"', f'value="{published.at:%Y-%m-%d}"').replace(
        "08:21:36", f"{published.at:%H:%M}:00"
    )
    page = page.replace("//www.chinanews.com.cn/sh/2026/10-03/10699950.shtml", published.url.removeprefix("https:"))
    text = "".join(f"<p>　　{each}</p>\n" for each in paragraphs)
    return re.sub(
        r'(<div class="left_zw">).*?(</div>\s*<div class="clear">)',
        lambda it: it[1] + text + it[2],
        page,
        count=1,
        flags=re.DOTALL,
    ).encode()


def week(*, articles: int = 500, copies: int = 120, edits: int = 40, gone: int = 15, seed: int = 1) -> list[Published]:
    """Return what was published in a week: `articles` in all, of which so many are copies, edited, taken away."""
    chance = random.Random(seed)
    originals = []
    for number in range(articles - copies):
        at = MONDAY + chance.randrange(5) * DAY + chance.randrange(6 * 60, 20 * 60) * MINUTE
        title, body = reprints.text_of(number)
        originals.append(Published(number, chance.choice(("people", "chinanews")), at, title, [body.split("\n")]))
    everything = list(originals)
    for number in range(articles - copies, articles):
        original = chance.choice(originals[: copies // 2])
        original.story = original.number
        how = dict(reprints.reprints((original.title, "\n".join(original.texts[0])), number))
        kind = chance.choice([each for each in how if each not in NOT_COPIED])
        # a copy is later as a rule; now and then it turns out to be the first
        at = original.at + chance.choice((1, 1, 1, 1, -1)) * chance.randrange(5, 5 * 60) * MINUTE
        copy = Published(number, chance.choice(("people", "chinanews")), at, original.title, [])
        copy.texts = [[*how[kind][1].split("\n"), f"（本版编辑：{reprints.name(chance)}）第{number}版"]]
        copy.story = original.number
        everything.append(copy)
    changing = chance.sample(everything, edits + gone)
    for each in changing[:edits]:
        words = list(each.texts[0])
        words[-1] = f"{words[-1]}更正：应为{chance.randint(100, 999)}处，不是{chance.randint(10, 99)}处。"
        each.texts.append(words)
        each.edited = [before_a_look(each.at, chance)]
    for each in changing[edits:]:
        each.gone = before_a_look(each.at, chance)
    return everything


def before_a_look(published: datetime, chance: random.Random) -> datetime:
    """Return a moment after an article was recorded first, and before it is looked at again in the same week."""
    looked = [days for days in (1, 3) if recording_after(published) + days * DAY <= evenings()[-1]]
    return recording_after(published) + (chance.choice(looked) - 1) * DAY + HOUR


def recording_after(moment: datetime) -> datetime:
    """Return the evening of a moment's day, or the next for what is published later that night."""
    evening = moment.replace(hour=0, minute=0) + EVENING
    return evening if evening >= moment else evening + DAY


def evenings() -> list[datetime]:
    return [MONDAY + day * DAY + EVENING for day in range(DAYS)]


def record_all(folder: Path, everything: list[Published]) -> list[Path]:
    """Write what both sites answered in each evening, of the articles that were there or had been."""
    recordings = []
    for day, evening in enumerate(evenings()):
        answers = [each.answer(evening) for each in everything if each.at <= evening]
        recordings.append(recorded.write(folder / f"{day}.warc.gz", answers, evening.astimezone(UTC)))
    return recordings


def step(recording: Path, everything: list[Published], day: int, *, refresh: bool) -> Step:
    """Return how all that was recorded in an evening is crawled."""
    there = [each for each in everything if each.at <= evenings()[day]]
    urls = {source: [each.url for each in there if each.source == source] for source in ("people", "chinanews")}
    return {"replay": str(recording), "urls": urls, "refresh": refresh}


def shuffled(plan: Sequence[Step], chance: random.Random) -> list[Step]:
    """Return a plan with the articles of each step in another order."""
    return [
        {**each, "urls": {source: chance.sample(urls, len(urls)) for source, urls in each["urls"].items()}}
        for each in plan
    ]


def stories(everything: list[Published]) -> dict[str, str]:
    """Return the story that each article belongs to, by identity."""
    found: dict[str, str] = {}
    for story in {each.story for each in everything}:
        members = [each for each in everything if each.story == story] if story is not None else []
        if members:
            first = earliest(Member(each.id, each.at, "minute", recording_after(each.at)) for each in members)
            found |= {each.id: first.id for each in members}
    return found | {each.id: each.id for each in everything if each.story is None}


@dataclass(slots=True)
class Verdict:
    """What is stored of the week, and what of that is not as it was: identities."""

    articles: int
    copies: int
    revisions: int
    gone: int
    lost: list[str]
    strange: list[str]
    misplaced: list[str]
    """In another story, or under another first publisher."""

    other_texts: list[str]
    """Whose text and earlier ones, in their order, are not those that were published."""

    other_pages: list[str]
    """Whose pages as received are not those that were sent."""

    wrongly_gone: list[str]
    """Gone, and is there; or there, and is gone."""

    unlinked: list[str]

    @property
    def faults(self) -> list[str]:
        found = {
            "lost": self.lost,
            "strange": self.strange,
            "in wrong stories": self.misplaced,
            "other texts": self.other_texts,
            "other pages": self.other_pages,
            "wrongly gone or there": self.wrongly_gone,
            "not linked": self.unlinked,
        }
        return [f"{what} {len(ids)}: {', '.join(ids[:5])}" for what, ids in found.items() if ids]

    def __str__(self) -> str:
        return (
            f"{self.articles} articles, {self.copies} of them copies, {self.revisions} revisions, {self.gone} gone; "
            f"lost {len(self.lost)}, strange {len(self.strange)}, in wrong stories {len(self.misplaced)}, other texts "
            f"{len(self.other_texts)}, other pages {len(self.other_pages)}, wrongly gone or there "
            f"{len(self.wrongly_gone)}, not linked {len(self.unlinked)}"
        )


def judge(db: Database[dict[str, Any]], everything: list[Published]) -> Verdict:
    """Compare what is stored with what happened."""
    articles = {each["_id"]: each for each in db.articles.find()}
    expected = stories(everything)
    last = evenings()[-1]
    found = Verdict(
        articles=len(articles),
        copies=sum(expected[id] != id for id in expected),
        revisions=db.revisions.count_documents({}),
        gone=db.articles.count_documents({"gone": {"$type": "date"}}),
        lost=[each.id for each in everything if each.id not in articles],
        strange=[id for id in articles if id not in expected],
        misplaced=[id for id, story in expected.items() if id in articles and articles[id]["story"] != story],
        other_texts=[],
        other_pages=[],
        wrongly_gone=[],
        unlinked=[each["_id"] for each in db.fingerprints.find({"pending": {"$exists": True}})],
    )
    for each in everything:
        stored = articles.get(each.id)
        if stored is None:
            continue
        # an edit that came after the last look of the week cannot be known
        versions = each.texts[: 1 + sum(edit <= last for edit in each.edited)]
        before = list(db.revisions.find({"article": each.id}).sort("revision"))
        bodies = [version["body"].split("\n") for version in (*before, stored)]
        if bodies != versions or stored["revision"] != len(versions):
            found.other_texts.append(each.id)
        pages = [capture_from(page) for page in db.captures.find({"article": each.id}).sort("revision")]
        sent = people_page if each.source == "people" else chinanews_page
        if [capture.body for capture in pages] != [sent(each, text) for text in versions]:
            found.other_pages.append(each.id)
        if bool(stored["gone"]) != bool(each.gone and each.gone <= last):
            found.wrongly_gone.append(each.id)
    return found
