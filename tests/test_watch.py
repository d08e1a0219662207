"""`scrapy watch`: each source at its own pace, each crawl a process of its own, and nothing left running."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest
from conftest import ROOT, Scrapy
from crashes import kill_mongod, left_running, not_restarted, wait_for
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import DAY, HOUR, MINUTE, NOON
from taken_down import settings_of

from newsnap.arguments import ArgumentError
from newsnap.commands.watch import named
from newsnap.health import History
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.store.server import EmbeddedServer
from newsnap.watch import process as process_module
from newsnap.watch.options import Options
from newsnap.watch.pace import JITTER, Bounds, next_crawl
from newsnap.watch.process import CrawlLog, end_of
from newsnap.watch.telling import line, summary
from newsnap.watch.watcher import Watched, Watcher

Document = dict[str, Any]
REPLAY = "tests/day.warc.gz"
SECONDS = 120
"""Nothing of these takes so long."""

# --- pace ------------------------------------------------------------------------------------------------------------
SHANGHAI = ZoneInfo("Asia/Shanghai")
BOUNDS = Bounds(5 * MINUTE, 6 * HOUR)
MIDDLING = timedelta(seconds=(300 * 21600) ** 0.5)
MIDNIGHT = NOON - 12 * HOUR


def every(gap: timedelta, *, until: datetime = NOON, days: float = 20) -> list[datetime]:
    """Return moments, newest first."""
    return [until - gap * each for each in range(min(200, int(days * DAY / gap)))]


def by_day(gap: timedelta, until: datetime) -> list[datetime]:
    """Return moments from eight to eight."""
    return [each for each in every(gap, until=until) if 8 <= each.astimezone(SHANGHAI).hour < 20]


def ended(state: str = "done", *, at: datetime = NOON, reason: str = "finished") -> Document:
    return {"state": state, "ended": at, "reason": reason}


def pause(published: Sequence[datetime], *runs: Document, name: str = "people") -> timedelta:
    """Return how long after its latest run a source is crawled again."""
    due = next_crawl(name, History(published, runs or [ended()]), BOUNDS, SHANGHAI)
    assert due
    return due - (runs[0]["ended"] if runs else NOON)


FAILED = ended("failed")
CASES: dict[str, tuple[timedelta, timedelta]] = {
    "half the usual gap": (pause(every(40 * MINUTE)), 20 * MINUTE),
    "ten a minute": (pause(every(MINUTE / 10)), BOUNDS.shortest),
    "one a week": (pause(every(7 * DAY, days=200)), BOUNDS.longest),
    "nothing for a month": (pause(every(HOUR, until=NOON - 30 * DAY)), BOUNDS.longest),
    "dated by the day": (pause([MIDNIGHT - DAY * (each // 10) for each in range(200)]), BOUNDS.longest),
    "new": (pause(every(MINUTE, days=0.001)), MIDDLING),
    "new, and nothing published": (pause([]), MIDDLING),
    "an article of last week put on top": (pause([*every(40 * MINUTE, days=2), NOON - 7 * DAY]), 20 * MINUTE),
    "an article of next week": (pause([NOON + 7 * DAY, *every(40 * MINUTE)]), 20 * MINUTE),
    "by day, at noon": (pause(by_day(40 * MINUTE, NOON)), 20 * MINUTE),
    "by day, in the evening": (pause(by_day(40 * MINUTE, NOON), ended(at=NOON + 10 * HOUR)), BOUNDS.longest),
    "by day, before the morning": (pause(by_day(40 * MINUTE, NOON), ended(at=NOON + 17 * HOUR)), 3.1 * HOUR),
    "failed": (pause(every(MINUTE), FAILED, ended()), 10 * MINUTE),
    "failed three times": (pause(every(MINUTE), FAILED, FAILED, FAILED, ended(), FAILED), 40 * MINUTE),
    "failed once, and publishes rarely": (pause(every(2 * HOUR), FAILED, ended()), HOUR),
    "failed a hundred times": (pause(every(MINUTE), *[FAILED] * 100), BOUNDS.longest),
    "stopped by hand": (pause(every(MINUTE), ended("failed", reason="shutdown")), BOUNDS.shortest),
}


@pytest.mark.parametrize("case", CASES)
def test_a_source_is_crawled_when_half_an_article_is_to_be_expected(case: str) -> None:
    found, expected = CASES[case]
    assert BOUNDS.shortest <= found <= BOUNDS.longest
    assert expected * 0.9 <= found <= expected * (1 + JITTER) * 1.05


def test_a_source_that_was_never_crawled_is_due_at_once() -> None:
    assert next_crawl("people", History([], []), BOUNDS, SHANGHAI) is None


def test_crawls_that_mongodb_knows_nothing_of_count_as_runs(tmp_path: Path) -> None:
    source = Watched("people", SHANGHAI, CrawlLog(tmp_path / "people.log"), History(every(MINUTE), [ended()]))
    source.untold.extend(ended("failed", at=NOON + MINUTE * each) for each in (2, 1))
    source.plan(BOUNDS)
    assert source.due
    assert 22 * MINUTE <= source.due - NOON <= 24 * MINUTE


def test_sources_of_one_pace_do_not_come_at_once_and_each_is_always_the_same() -> None:
    names = [f"paper{number}" for number in range(28)]
    pauses = {pause(every(40 * MINUTE), name=name) for name in names}
    assert len(pauses) == 28
    assert max(pauses) - min(pauses) > MINUTE
    assert pauses == {pause(every(40 * MINUTE), name=name) for name in names}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NEWSNAP_WATCH_MIN_SECONDS", "soon", "NEWSNAP_WATCH_MIN_SECONDS is 'soon': give a number from 1"),
        ("NEWSNAP_WATCH_CRAWLS", "0", "NEWSNAP_WATCH_CRAWLS is '0'"),
        ("NEWSNAP_WATCH_CRAWL_SECONDS", "inf", "NEWSNAP_WATCH_CRAWL_SECONDS is 'inf'"),
        ("NEWSNAP_WATCH_MAX_SECONDS", "60", "more than NEWSNAP_WATCH_MAX_SECONDS, 60"),
    ],
)
def test_settings_that_cannot_be_obeyed_are_told(settings: Settings, name: str, value: str, said: str) -> None:
    settings.set(name, value, priority="cmdline")
    with pytest.raises(ArgumentError, match=said):
        Options.of(settings)


# --- one crawl -------------------------------------------------------------------------------------------------------
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
WAIT = "print(1, flush=True); import time; time.sleep(60)"


@pytest.mark.parametrize(
    ("code", "stopped", "why"),
    [
        ("print(1)", False, ""),
        (WAIT, False, "it took longer than 0.2 s (NEWSNAP_WATCH_CRAWL_SECONDS)"),
        (WAIT, True, "it was stopped"),
        (DEAF + WAIT, False, "did not end when it was asked to, and was killed"),
        (DEAF + WAIT, True, "it was stopped and killed"),
    ],
)
def test_a_crawl_that_does_not_end_is_ended(
    code: str, stopped: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "GRACE_SECONDS", 0.2 if DEAF in code else SECONDS)

    async def run() -> tuple[str, int | None]:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
        assert process.stdout
        await process.stdout.readline()  # it is as far as it is to be
        stop = asyncio.Event()
        if stopped:
            stop.set()
        return await end_of(process, 0.2 if why else SECONDS, stop, asyncio.Event()), process.returncode

    said, returned = asyncio.run(run())
    assert said == why or (why and said.endswith(why))
    assert returned == (0 if not why else -signal.SIGKILL if DEAF in code else -signal.SIGTERM)


def test_a_crawl_on_a_leash_that_hangs_is_ended_by_the_system() -> None:
    code = "from newsnap.watch.leash import hold; hold(1); import re; re.match('(a+)+$', 'a' * 60 + 'b')"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE) as crawl:
        try:
            assert crawl.wait(SECONDS) == -signal.SIGALRM
        finally:
            crawl.kill()


def test_a_source_is_watched_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "HELD_SECONDS", 0)
    first, second = (CrawlLog(tmp_path / "people.log") for _ in range(2))
    with first:
        with pytest.raises(ArgumentError, match="people is watched already"), second:
            pass
        crawl = subprocess.Popen(["sleep", "60"], stdout=first.descriptor)  # as one whose watch was killed
    with crawl:
        with pytest.raises(ArgumentError), second:
            pass
        crawl.kill()
    with second:
        pass


# --- what is shown ---------------------------------------------------------------------------------------------------
@pytest.fixture
def watcher(settings: Settings, tmp_path: Path) -> Watcher:
    """A watcher of three sources: one is crawled, one failed, one was not crawled yet."""
    people, xinhua, gmw = (
        Watched(name, SHANGHAI, CrawlLog(tmp_path / f"{name}.log")) for name in ("people", "xinhua", "gmw")
    )
    people.since, people.runs, people.new = NOON - 65 * timedelta(seconds=1), 2, 7
    xinhua.due, xinhua.runs, xinhua.new, xinhua.failed, xinhua.failure = NOON + HOUR, 1, 3, 1, "no listing was alive"
    gmw.due = NOON + 10 * MINUTE
    return Watcher(Store(settings), [people, xinhua, gmw], Options.of(settings))


def test_the_line_tells_what_is_crawled_what_is_next_and_what_was_done(watcher: Watcher) -> None:
    assert line(watcher, NOON) == "crawling people 1:05 · next gmw 12:10 (in 10 min) · 3 runs, 10 new, 1 failed"
    watcher.away = True
    assert line(watcher, NOON) == "crawling people 1:05 · MongoDB is away · 3 runs, 10 new, 1 failed"
    watcher.end()
    assert line(watcher, NOON) == "ending people 1:05 (Ctrl-C again: at once) · 3 runs, 10 new, 1 failed"


def test_the_summary_tells_of_each_source_and_is_a_success_if_the_last_runs_were(watcher: Watcher) -> None:
    people, xinhua, _ = watcher.sources
    people.since = None
    said, code = summary(watcher)
    assert code == 1
    assert said.splitlines() == [
        "people: 2 runs, 7 new, 0 failed",
        f"xinhua: 1 runs, 3 new, 1 failed; the last: no listing was alive (its log is {xinhua.log.path})",
        "3 sources, 3 runs, 10 new, 1 failed; 1 failed the last time",
    ]
    xinhua.failure = ""
    said, code = summary(watcher)
    assert code == 0
    assert said.endswith("1 failed; 0 failed the last time")
    watcher.once = True
    said, code = summary(watcher)
    assert code == 1, "each was to be crawled once"
    assert "stopped before it came to gmw" in said


# --- the command -----------------------------------------------------------------------------------------------------
class Watch:
    """`scrapy watch`, as a process that can be sent signals."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scrapy", "watch", *arguments],
                cwd=ROOT, env=environment | {"NEWSNAP_REPLAY": REPLAY}, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.crawls: set[psutil.Process] = set()
        """All that were seen."""

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for crawl in self.crawls:
            with contextlib.suppress(psutil.Error):
                crawl.kill()

    @property
    def words(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, condition: Callable[[], object]) -> bool:
        """Wait until something holds; return whether it does before the watch has ended."""
        return wait_for(lambda: condition() or self.process.poll() is not None, SECONDS) and bool(condition())

    def crawling(self) -> list[str]:
        """Return the sources that are being crawled."""
        names = []
        with contextlib.suppress(psutil.Error):
            for each in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.Error):
                    words = each.cmdline()
                    if "crawl" in words and each.status() != psutil.STATUS_ZOMBIE:
                        self.crawls.add(each)
                        names.append(words[words.index("crawl") + 1])
        return names

    def left(self) -> list[psutil.Process]:
        """Return the crawls that still run."""
        return [each for each in self.crawls if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


SLOW = ("-s", "DOWNLOAD_DELAY=2")
"""A crawl that goes on until it is ended."""


def test_each_source_is_crawled_once_and_what_fails_is_told(
    scrapy: Scrapy, db: Database[Document], environment: dict[str, str]
) -> None:
    done = scrapy("watch", "--once", "people", "xinhua", "chinanews", NEWSNAP_REPLAY=REPLAY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert db.articles.distinct("source") == ["chinanews", "people", "xinhua"]
    stored = db.articles.count_documents({"state": "live"})
    assert f"3 sources, 3 runs, {stored} new, 0 failed; 0 failed the last time" in done.stdout
    assert "people: done in " in done.stderr
    log = Path(environment["NEWSNAP_HOME"], "watch", "people.log")
    assert "people: done in" in log.read_text(encoding="utf-8")

    done = scrapy("watch", "--dry-run", "people", "gmw")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:3]] == ["gmw", "people"]
    assert db.crawls.count_documents({}) == 3

    done = scrapy("watch", "--once", "gmw", NEWSNAP_REPLAY=REPLAY)  # of which nothing is recorded
    assert done.returncode == 1
    assert "gmw: 1 runs, 0 new, 1 failed; the last: no listing was alive (its log is " in done.stdout
    assert "gmw: FAILED: no listing was alive" in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("peple", "there is no source 'peple'; did you mean people?"),
        ("web", "web has no listings that could be watched"),
    ],
)
def test_what_cannot_be_watched_is_told(scrapy: Scrapy, name: str, said: str) -> None:
    done = scrapy("watch", name)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_home_where_no_log_can_be_kept_is_told(scrapy: Scrapy, tmp_path: Path) -> None:
    (tmp_path / "watch").touch()  # a file where the folder would be
    done = scrapy("watch", "--once", "people", NEWSNAP_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"the log {tmp_path / 'watch' / 'people.log'} cannot be kept (" in done.stderr
    assert "set NEWSNAP_HOME" in done.stderr


def test_a_crawl_that_takes_too_long_is_ended_and_told(scrapy: Scrapy) -> None:
    limit = ("-s", "NEWSNAP_WATCH_CRAWL_SECONDS=3")
    done = scrapy("watch", "--once", "people", *SLOW, *limit, NEWSNAP_REPLAY=REPLAY)
    assert done.returncode == 1
    assert "the last: it took longer than 3 s (NEWSNAP_WATCH_CRAWL_SECONDS)" in done.stdout


def test_all_sources_are_watched_that_list_articles(settings: Settings, tmp_path: Path) -> None:
    watched = [each.name for each in named([], load_sources(settings), tmp_path)]
    assert {*watched, "web"} == {*load_sources(settings)}
    assert "web" not in watched
    assert [each.name for each in named(["xinhua", "people", "xinhua"], load_sources(settings), tmp_path)] == [
        "xinhua",
        "people",
    ]


def test_a_crawl_that_does_not_even_begin_is_told_by_its_last_words(scrapy: Scrapy) -> None:
    done = scrapy("watch", "--once", "people", NEWSNAP_REPLAY="nowhere.warc")
    assert done.returncode == 1
    assert "the last: newsnap: NEWSNAP_REPLAY='nowhere.warc'" in done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A NEWSNAP_HOME whose embedded server is gone after the test."""
    yield tmp_path / "embedded"
    EmbeddedServer(tmp_path / "embedded").release(now=True)


def test_a_watch_goes_on_and_ends_in_good_order(environment: dict[str, str], home: Path, tmp_path: Path) -> None:
    """Its server is started once and may die, no source is crawled twice at once, and nothing is left running."""
    pace = {"NEWSNAP_WATCH_MIN_SECONDS": "1", "NEWSNAP_WATCH_MAX_SECONDS": "1"}
    embedded = environment | pace | {"MONGO_URI": "", "NEWSNAP_HOME": str(home)}
    seen: list[list[str]] = []
    with Watch(embedded, tmp_path / "watch.log", "people", "xinhua") as watch:

        def told(words: str, times: int) -> bool:
            seen.append(watch.crawling())
            return watch.words.count(words) >= times

        assert watch.wait_for(lambda: told("people: done in", 1) and told("xinhua: done in", 1)), watch.words
        assert kill_mongod(home)
        runs = watch.words.count(": done in")
        assert watch.wait_for(lambda: told(": done in", runs + 2)), watch.words
        watch.process.send_signal(signal.SIGTERM)
        watch.process.wait(SECONDS)
        assert not watch.left()
        assert "2 sources, " in watch.words, "it ends with a summary"
    assert max(map(len, seen)) == 2
    assert all(len(set(names)) == len(names) for names in seen)
    assert wait_for(lambda: not left_running(home), SECONDS)
    log = (home / "mongo" / "supervisor.log").read_text(encoding="utf-8")
    assert log.count("started mongod") == 2, "once at the start, once when it was killed"


def test_a_mongodb_that_goes_away_is_waited_for(
    home: Path, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedServer(home) as server:
        environment |= {"MONGO_URI": server.uri, "NEWSNAP_REPLAY": REPLAY}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(ROOT)
        settings = settings_of(environment)

        async def run() -> Watched:
            async with Store(settings) as store:
                with CrawlLog(tmp_path / "people.log") as log:
                    people = Watched("people", SHANGHAI, log)
                    watcher = Watcher(store, [people], Options.of(settings), once=True)
                    await watcher.learn()
                    with not_restarted(home):
                        assert kill_mongod(home)
                        watching = asyncio.create_task(watcher.run())
                        async with asyncio.timeout(SECONDS):
                            while not watcher.away:
                                await asyncio.sleep(0.05)
                        assert not people.since
                    await watching
                    return people

        people = asyncio.run(run())
    assert (people.runs, people.failure) == (1, "")
    assert people.new


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_a_watch_ends_its_crawls_end_in_good_order(
    number: signal.Signals, environment: dict[str, str], db: Database[Document], tmp_path: Path
) -> None:
    running = {"state": "running"}
    with Watch(environment, tmp_path / "watch.log", "people", "xinhua", *SLOW) as watch:
        assert watch.wait_for(lambda: db.crawls.count_documents(running) == 2), watch.words
        assert sorted(watch.crawling()) == ["people", "xinhua"]
        os.killpg(watch.process.pid, number)  # as a terminal does
        code = watch.process.wait(SECONDS)
        assert wait_for(lambda: not watch.left(), SECONDS if number == signal.SIGKILL else 0)
        assert [each["reason"] for each in db.crawls.find()] == ["shutdown", "shutdown"]
        if number == signal.SIGINT:
            assert code == 0, watch.words
            assert "people: stopped in " in watch.words
            assert "2 sources, 2 runs, " in watch.words
            assert "0 failed the last time" in watch.words


def test_a_second_signal_ends_at_once(environment: dict[str, str], db: Database[Document], tmp_path: Path) -> None:
    with Watch(environment, tmp_path / "watch.log", "people", *SLOW) as watch:
        assert watch.wait_for(lambda: db.crawls.count_documents({"state": "running"}) == 1), watch.words
        watch.crawling()
        (crawl,) = watch.crawls
        crawl.suspend()  # it does not end when it is asked to
        watch.process.send_signal(signal.SIGINT)
        watch.process.send_signal(signal.SIGTERM)
        assert watch.process.wait(SECONDS) == 1, watch.words
        assert not watch.left()
        assert "people: FAILED: it was stopped and killed" in watch.words
