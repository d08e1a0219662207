"""The kill soak: crawlers and mongod are killed at random moments, and nothing may be lost or doubled.

    python tests/soak_kill.py [--articles 600] [--kills 20] [--seed 1] [--only crawler,mongod,away]

It takes about five minutes, and exits 1 if anything was lost, doubled or left running.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from crashes import (
    Audit,
    Crawl,
    articles_of,
    audit,
    kill_mongod,
    left_running,
    mongod_of,
    unclean_starts,
    wait_for,
)
from invented import Invented, write_warc

from newsnap.store.server import EmbeddedServer

Document = dict[str, Any]
END_SECONDS = 180
"""A crawl that is left alone ends within so many seconds."""
KILLS_IN_A_ROW = 5
"""So many deaths of mongod within a minute of its start the supervisor puts up with."""


@dataclass(slots=True)
class Soak:
    """What all parts work on."""

    work: Path
    articles: list[Invented]
    recording: Path
    kills: int
    chance: random.Random
    faults: list[str]

    def blame(self, fault: str) -> None:
        self.faults.append(fault)
        say(f"FAULT: {fault}")

    def judge(self, part: str, found: Audit, home: Path) -> None:
        say(
            f"{part}: {len(self.articles)} addresses, {found.stored} articles stored, "
            f"lost {len(found.lost)}, doubled {len(found.doubled)}, torn {len(found.torn)}"
        )
        if found.faults:
            self.blame(f"{part}: {len(found.faults)} faults, such as: {'; '.join(found.faults[:9])}")
        if not wait_for(lambda: not left_running(home), 20):
            self.blame(f"{part}: still running: {left_running(home)}")


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def kill_crawlers(soak: Soak) -> None:
    """Kill the crawler again and again, which also stops and starts the embedded server each time."""
    home = soak.work / "crawler"
    for number in range(1, soak.kills + 1):
        with Crawl(home, soak.recording, soak.work / f"crawler-{number}.log", delay=0.5) as crawl:
            started = time.monotonic()
            if soak.chance.random() < 0.6:  # in the crawl itself; else from the first moment of the process on
                crawl.wait_for_articles(1, END_SECONDS)
            time.sleep(soak.chance.uniform(0.1, 3))
            moment = time.monotonic() - started
            if not crawl.kill():
                soak.blame(
                    f"crawler: exit {crawl.wait(0)} before kill {number}: see {crawl.log}, or give more --articles"
                )
        say(f"crawler: kill {number} after {moment:.1f} s, {len(crawl.acknowledged)} articles scraped in it")
    with Crawl(home, soak.recording, soak.work / "crawler-last.log", delay=0.02) as crawl:
        if code := crawl.wait(END_SECONDS):
            soak.blame(f"crawler: the last crawl exited {code}: see {crawl.log}")
    say(f"crawler: the last crawl scraped {len(crawl.acknowledged)}")
    if unclean := unclean_starts(home):
        soak.blame(f"crawler: mongod found {unclean} unclean shutdowns, and nobody had killed it")
    with EmbeddedServer(home) as server, MongoClient[Document](server.join(), tz_aware=True) as client:
        found = audit(client["newsnap"], soak.articles)
        ended = [each["state"] for each in client["newsnap"].crawls.find().sort("started", 1)]
    say(f"crawler: {len(ended)} runs in crawls: {ended.count('running')} unfinished, {ended.count('done')} done")
    soak.judge("crawler", found, home)


def kill_mongods(soak: Soak) -> None:
    """Kill mongod under crawls that have to go on, and to tell of nothing that is not there afterwards."""
    home = soak.work / "mongod"
    killed = crawls = 0
    while killed < soak.kills:
        crawls += 1
        log, name = soak.work / f"mongod-{crawls}.log", f"run{crawls}"
        here = 0
        with Crawl(home, soak.recording, log, delay=0.4, MONGO_DATABASE=name) as crawl:
            wait_for(lambda: mongod_of(home), 30)
            while here < min(KILLS_IN_A_ROW, soak.kills - killed) and crawl.process.poll() is None:
                time.sleep(soak.chance.uniform(0.5, 4))
                if crawl.process.poll() is None and kill_mongod(home):
                    here += 1
            code = crawl.wait(END_SECONDS)
        killed += here
        words = crawl.words
        say(
            f"mongod: crawl {crawls}: {here} kills, exit {code}, {len(crawl.acknowledged)} acknowledged, told "
            f"{words.count('; the crawl waits')} times it waits, {words.count(' is back after ')} it goes on"
        )
        if code or not here:
            soak.blame(f"mongod: crawl {crawls} exited {code} after {here} kills: see {crawl.log}")
        with EmbeddedServer(home) as server, MongoClient[Document](server.join(), tz_aware=True) as client:
            missing = crawl.acknowledged - {each["_id"] for each in client[name].articles.find({}, {"_id": 1})}
            found = audit(client[name], soak.articles)
        if missing:
            soak.blame(f"mongod: acknowledged and missing: {sorted(missing)}")
        soak.judge(f"mongod, crawl {crawls}", found, home)


def mongod_away(soak: Soak) -> None:
    """Stop MongoDB for good in the middle of a crawl; the next one fetches what is missing."""
    home = soak.work / "away"
    with EmbeddedServer(home) as server:
        settings = {"MONGO_URI": server.join(), "NEWSNAP_MONGO_WAIT_SECONDS": "3"}
        with Crawl(home / "crawler", soak.recording, soak.work / "away-1.log", delay=0.2, **settings) as crawl:
            crawl.wait_for_articles(len(soak.articles) // 4, END_SECONDS)
            server.leave()  # nobody else is a member
            stopped = time.monotonic()
            code = crawl.wait(END_SECONDS)
    seconds = time.monotonic() - stopped
    error = next((line for line in crawl.words.splitlines() if "has been away for" in line), "")
    say(f"away: exit {code} {seconds:.1f} s after MongoDB went, {len(crawl.acknowledged)} acknowledged: {error}")
    if not code or not error:
        soak.blame(f"away: MongoDB went, and the crawl exited {code} with the error {error!r}: see {crawl.log}")
    with EmbeddedServer(home) as server, MongoClient[Document](server.join(), tz_aware=True) as client:
        settings["MONGO_URI"] = server.join()
        stored = {each["_id"] for each in client["newsnap"].articles.find({}, {"_id": 1})}
        if missing := crawl.acknowledged - stored:
            soak.blame(f"away: acknowledged and missing: {sorted(missing)}")
        with Crawl(home / "crawler", soak.recording, soak.work / "away-2.log", delay=0.02, **settings) as again:
            if code := again.wait(END_SECONDS):
                soak.blame(f"away: the next crawl exited {code}: see {again.log}")
        say(f"away: {len(stored)} stored before, {len(again.acknowledged)} scraped by the next crawl")
        if both := again.acknowledged & stored:
            soak.blame(f"away: scraped a second time: {sorted(both)}")
        found = audit(client["newsnap"], soak.articles)
    soak.judge("away", found, home)


PARTS: dict[str, Callable[[Soak], None]] = {"crawler": kill_crawlers, "mongod": kill_mongods, "away": mongod_away}


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill crawlers and mongod, and count what is lost or doubled.")
    parser.add_argument("--articles", type=int, default=600)
    parser.add_argument("--kills", type=int, default=20, help="of the crawler, and of mongod")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default=",".join(PARTS), metavar="PART,PART", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="newsnap-soak-"))
    articles = articles_of(options.articles)
    soak = Soak(work, articles, work / "site.warc.gz", options.kills, random.Random(options.seed), [])
    write_warc(soak.recording, articles)
    say(f"{len(articles)} articles, {options.kills} kills, --seed {options.seed}, in {work}")
    for part in options.only.split(","):
        PARTS[part](soak)
    if soak.faults:
        sys.exit(f"{len(soak.faults)} faults; logs and data are in {work}")
    say("nothing lost, nothing doubled, nothing left running")
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
