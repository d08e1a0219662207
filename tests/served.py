"""The site as `scrapy serve` runs it, a reader who asks it, and articles to show."""

import os
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import readied
import reprints
from databases import empty_database
from scrapy.settings import Settings
from shelf import HOUR, NOON, article, in_store, put_all, settings_for

from newsnap.items import Article, Figure
from newsnap.search import Indexer
from newsnap.store import Store

ROOT = Path(__file__).parent.parent
EMAIL = "office@newsnap.example"
ADDRESS = re.compile(r"newsnap: the site is at (\S+)/ .*\n")
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site answered."""

    status: int
    headers: HTTPMessage
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()


class Reader:
    """A reader with cookies; `follow` False sees redirects themselves."""

    def __init__(self, base: str, *, follow: bool = True):
        self.base = base
        self.cookies = CookieJar()
        handlers: list[Any] = [urllib.request.HTTPCookieProcessor(self.cookies), urllib.request.ProxyHandler({})]
        self._opener = urllib.request.build_opener(*handlers, *([] if follow else [Unfollowed()]))

    def get(self, path: str, headers: Mapping[str, str] = {}, **query: str) -> Answer:
        """Ask for a page; `path` may hold characters as they are, `query` is encoded."""
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self._ask(urllib.request.Request(self.base + quoted(path) + asked, headers=dict(headers)))

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = {}) -> Answer:
        """Send a form."""
        return self.send(path, urllib.parse.urlencode(fields).encode(), headers)

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request with a body."""
        return self._ask(urllib.request.Request(self.base + quoted(path), body, dict(headers)))

    def form(self, path: str) -> str:
        """Return what a form of a page must carry."""
        return self.get(path).text.partition('name="form" value="')[2].partition('"')[0]

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read(), response.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(), error.url or "")


class Unfollowed(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to who asked."""

    def redirect_request(self, *_: Any) -> None:
        return None


def quoted(path: str) -> str:
    """Return a path with what an address cannot hold encoded."""
    return urllib.parse.quote(path, safe="/%?&=:+;,@!*'()[]$-._~")


@contextmanager
def serving(environment: Mapping[str, str], **variables: str) -> Iterator[Reader]:
    """Run `scrapy serve` on a free port, and stop it in the end."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        given = {**environment, "NEWSNAP_SITE_EMAIL": EMAIL, **variables}
        process = readied.start(["-m", "scrapy", "serve", "--bind", "127.0.0.1:0"], given, log, log)
        try:
            while not (found := ADDRESS.search(said := log.read_text(encoding="utf-8") if log.exists() else "")):
                assert process.poll() is None, f"the site did not start:\n{said}"
                time.sleep(POLL_SECONDS)
            yield Reader(found[1])
        finally:
            process.terminate()
            process.wait(20)


def library() -> list[Article]:
    """Return articles of all kinds: a story with reprints, figures and headings, a revision, many more."""
    title, body = reprints.text_of(1)
    title += "，水轮博物馆也换轴承"
    body += "\n云溪水轮博物馆的三架水轮也换上了新轴承，水轮转起来，博物馆里听得见水声。"
    told = [("xinhua", 2, f"本文转自：人民网\n{body}"), ("china", 5, body.replace("。", "，据悉。", 1))]
    plain = [reprints.text_of(number) for number in range(10, 50)]
    categories = ["社会", "文化", "国内", "财经"]
    return [
        article(
            "people:1", body, title=title, category="社会", kicker="新区纪事", subtitle="——泵房里的一年",
            authors=["裴镕"], editors=["宁喆"], outlet="滨海日报", origin=["人民网-滨海频道", "滨海日报"], headings=[2],
            figures=[Figure(url="https://img.people.example/a.jpg", caption="泵房外景。裴镕摄", after=1)],
        ),
        *(article(f"{name}:1", text, title=title, category="社会", published=NOON + hours * HOUR, outlet="人民网")
          for name, hours, text in told),
        *(article(f"people:{at + 10}", text, title=each, category=categories[at % 4], published=NOON - at * HOUR)
          for at, (each, text) in enumerate(plain)),
        article("gmw:9", "只有一句话，不知何时所写。", title="没有日期的消息", published=None),
        article("gmw:8", "只知道是哪一天。", title="只有日期的消息", published=NOON - 12 * HOUR, precision="day",
                category="教育"),
        article("gmw:5", "云溪水轮博物馆周末开馆，三架水轮从清早转到日落。\n观众可以登上水轮。", title="水轮博物馆开馆",
                published=NOON - 30 * HOUR, category="教育"),
        article("gmw:6", "匠人修好水轮，说轴承要年年上油。\n博物馆请他带徒弟。", title="修水轮的人", category="教育",
                published=NOON - 31 * HOUR),
        revised("people:11", *reprints.text_of(11)),
    ]  # fmt: skip


def stocked(settings: Settings, articles: list[Article]) -> None:
    """Put articles into the store and into the search index."""

    async def fill(store: Store) -> None:
        first = {each.id: each for each in reversed(articles)}
        await put_all(store, reversed(first.values()))
        await put_all(store, [each for each in articles if first[each.id] is not each])
        await Indexer(store).catch_up()

    in_store(settings, fill)


@contextmanager
def shelved(uri: str, home: Path, articles: list[Article]) -> Iterator[tuple[Settings, dict[str, str]]]:
    """Give the settings of a database with articles in it, and the environment of a site that shows them."""
    with empty_database(uri) as db:
        settings = settings_for(db, uri)
        stocked(settings, articles)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSNAP_", "MONGO_"))}
        variables = {"MONGO_URI": uri, "MONGO_DATABASE": db.name, "NEWSNAP_HOME": str(home), "PYTHONPATH": str(ROOT)}
        yield settings, kept | variables


def revised(id: str, title: str, body: str) -> Article:
    """Return an article as it is found again after some hours, with a number in the text that was not there."""
    said = body.replace("。", "，共9876处。", 1)
    return article(id, said, title=title, category="文化", published=NOON - HOUR, fetched=NOON + 3 * HOUR)
