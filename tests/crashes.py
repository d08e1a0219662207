"""Crashes: crawls as processes that can be killed, and the count of what was lost or doubled by it."""

import contextlib
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import readied
from invented import Invented, article
from pymongo.database import Database

from newsnap.mongod.files import ServerFiles

ROOT = Path(__file__).parent.parent
Document = dict[str, Any]

SCRAPED = re.compile(r"Scraped from .*\nArticle\(id='([^']+)'")
POLL_SECONDS = 0.05


def articles_of(count: int) -> list[Invented]:
    """Return so many articles: every tenth has two pages, every twenty-fifth the text of the one before it."""
    return [
        article(number, text_of=number - 1) if number % 25 == 24 else article(number, pages=1 + (number % 10 == 0))
        for number in range(count)
    ]


class Crawl:
    """`scrapy crawl people` on a recording, a process of its own that can be killed."""

    def __init__(self, home: Path, recording: Path, log: Path, *, delay: float, **variables: str):
        """Start it.

        home: NEWSNAP_HOME.  delay: seconds between two requests to a host, so that there is time to kill something.
        """
        self.log = log
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))}
        environment = kept | {
            "NEWSNAP_HOME": str(home), "NEWSNAP_REPLAY": str(recording), "LOG_LEVEL": "DEBUG", "PYTHONPATH": str(ROOT),
        } | variables  # fmt: skip
        log.write_bytes(b"")
        arguments = ["-m", "scrapy", "crawl", "people", "-s", f"DOWNLOAD_DELAY={delay}"]
        self.process = readied.start(arguments, environment, log, log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> bool:
        """Kill it with SIGKILL; return whether it was still running."""
        running = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        return running

    def wait(self, seconds: float) -> int:
        """Wait for its end, and return its exit code."""
        return self.process.wait(seconds)

    def wait_for_articles(self, count: int, seconds: float) -> bool:
        """Wait until it has scraped so many, or has ended; return whether it has scraped them."""
        wait_for(lambda: len(self.acknowledged) >= count or self.process.poll() is not None, seconds)
        return len(self.acknowledged) >= count

    @property
    def words(self) -> str:
        """What it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def acknowledged(self) -> set[str]:
        """The identities that it has said are scraped: what MongoDB has acknowledged."""
        return set(SCRAPED.findall(self.words))


@dataclass(slots=True)
class Audit:
    """What is wrong with a database after all its crawls, each in words; nothing, if nothing was lost or doubled."""

    stored: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    """Stored, but not whole."""

    @property
    def faults(self) -> list[str]:
        """All of it."""
        return self.lost + self.doubled + self.torn


def audit(db: Database[Document], articles: Sequence[Invented]) -> Audit:
    """Count what a database has of the articles; of those with one text it must have one, and know all addresses."""
    documents = {each["_id"]: each for each in db.articles.find()}
    pages = Counter(each["article"] for each in db.captures.find({}, {"article": 1}))
    result = Audit(len(documents))
    known = Counter(url for each in documents.values() for url in (each["url"], *each["also_at"]))
    texts: dict[object, list[Invented]] = {}
    for each in articles:
        texts.setdefault(each.pages, []).append(each)
        if not known[each.url]:
            result.lost.append(f"{each.id} is lost")
        elif known[each.url] > 1:
            result.doubled.append(f"{each.url} is known {known[each.url]} times")
    for same in texts.values():
        if len(held := [each for each in same if each.id in documents]) > 1:
            result.doubled.append(f"one text is stored as {', '.join(each.id for each in held)}")
        for each in held:
            document = documents[each.id]
            body = "\n".join(line for page in each.pages for line in page)
            if document["body"] != body or document["title"] != each.title:
                result.torn.append(f"{each.id} is not whole")
            if document["revision"] != 1:
                result.doubled.append(f"{each.id} has the revision {document['revision']}")
            if pages[each.id] < len(each.pages):
                result.lost.append(f"{each.id} has {pages[each.id]} captures of {len(each.pages)} pages")
            elif pages[each.id] > len(each.pages):
                result.doubled.append(f"{each.id} has {pages[each.id]} captures of {len(each.pages)} pages")
    fingerprints = {each["_id"]: "pending" in each for each in db.fingerprints.find({}, {"pending": 1})}
    result.torn += [f"{each} has no fingerprint" for each in sorted(documents.keys() - fingerprints.keys())]
    result.torn += [f"{each} was never compared with others" for each, pending in fingerprints.items() if pending]
    result.doubled += [f"{each} has a fingerprint and is not stored" for each in fingerprints.keys() - documents.keys()]
    strangers = documents.keys() - {each.id for each in articles}
    result.doubled += [f"{each} is stored and was never published" for each in sorted(strangers)]
    result.doubled += [f"{each} has captures and is not stored" for each in sorted(pages.keys() - documents.keys())]
    result.doubled += [f"{each['_id']} is an earlier revision" for each in db.revisions.find({}, {"_id": 1})]
    return result


def mongod_of(home: Path) -> int | None:
    """Return the process id of the embedded server's mongod, None while there is none."""
    state = ServerFiles(home).state()
    return state.mongod if state and state.phase == "running" and state.mongod else None


def kill_mongod(home: Path) -> bool:
    """Kill the embedded server's mongod with SIGKILL; return whether there was one."""
    process = mongod_of(home)
    if process is None or not any(str(home) in word for word in command_of(process)):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
        return True
    return False


def command_of(process: int) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(psutil.Process(process).cmdline())
    return []


@contextlib.contextmanager
def not_restarted(home: Path) -> Iterator[None]:
    """Keep the supervisor from starting mongod again, which it does within a second."""
    state = ServerFiles(home).state()
    assert state is not None
    assert state.supervisor is not None
    os.kill(state.supervisor, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(state.supervisor, signal.SIGCONT)


def left_running(home: Path) -> list[int]:
    """Return the processes that have the home on their command line: mongod and its supervisor."""
    return [each for each in psutil.pids() if any(str(home) in word for word in command_of(each))]


def unclean_starts(home: Path) -> int:
    """Return how often a mongod of the home found that the one before it had not ended in good order."""
    logs = (home / "mongo").glob("mongod.log*")
    return sum(log.read_text(encoding="utf-8", errors="replace").count("Detected unclean shutdown") for log in logs)


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until something holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
