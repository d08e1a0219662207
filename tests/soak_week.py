"""The week soak: two sites are recorded for a week and replayed day by day, and in any order, by one crawler and two.

    PYTHONPATH=. python tests/soak_week.py [--articles 500] [--orders 2] [--seed 1]

It takes about ten minutes, and exits 1 if a story, a first publisher, a revision or what is gone is not as it was.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import week
from pymongo import MongoClient
from pymongo.database import Database
from week import Published

from newsnap.store.articles import capture_from
from newsnap.store.server import EmbeddedServer

ROOT = Path(__file__).parents[1]
SOURCES = ("people", "chinanews")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evening:
    """One recording."""

    at: datetime
    warc: Path
    articles: list[Published]


class Soak:
    """A week, recorded, and the server it is replayed into."""

    def __init__(self, work: Path, uri: str, everything: list[Published], seed: int):
        self.work, self.uri, self.everything = work, uri, everything
        self.chance = random.Random(seed)
        self.faults: list[str] = []
        self.evenings = []
        for at in week.evenings():
            warc = work / f"{at:%Y%m%d}.warc.gz"
            self.evenings.append(Evening(at, warc, week.record(warc, everything, at)))

    def crawl(self, database: str, evening: Evening, *, crawlers: int, refresh: bool) -> None:
        """Crawl what was there in one evening, each site by so many crawlers at once, each in an order of its own."""
        running = []
        for source in SOURCES:
            urls = [each.url for each in evening.articles if each.source == source]
            for number in range(crawlers):
                self.chance.shuffle(urls)
                listed = self.work / f"{source}-{number}.txt"
                listed.write_text("\n".join(urls))
                command = [sys.executable, "-m", "scrapy", "crawl", source, "-a", f"urls=@{listed}"]
                environment = os.environ | {
                    "MONGO_URI": self.uri, "MONGO_DATABASE": database, "NEWSNAP_REPLAY": str(evening.warc),
                    "NEWSNAP_HOME": str(self.work), "PYTHONPATH": str(ROOT),
                }  # fmt: skip
                running.append(
                    subprocess.Popen(
                        command + ["-a", "refresh=1"] * refresh,
                        cwd=ROOT,
                        env=environment,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                )
        for each in running:
            log = each.communicate()[1]
            if "Traceback" in log:
                self.blame(f"a crawl broke: {log[log.index('Traceback') :][:3000]}")

    def blame(self, fault: str) -> None:
        self.faults.append(fault)
        print(f"  FAULT: {fault}")

    def judge(self, name: str, db: Database[Document], began: float) -> None:
        """Compare what is stored with what happened."""
        articles = {each["_id"]: each for each in db.articles.find()}
        expected = week.stories(self.everything)
        lost = [each.id for each in self.everything if each.id not in articles]
        strangers = [id for id in articles if id not in expected]
        wrong = [id for id, story in expected.items() if id in articles and articles[id]["story"] != story]
        unedited = unkept = unseen = 0
        for each in self.everything:
            stored = articles.get(each.id)
            if stored is None:
                continue
            # an edit that came after the last look of the week cannot be known
            versions = each.texts[: 1 + sum(edit <= self.evenings[-1].at for edit in each.edited)]
            before = list(db.revisions.find({"article": each.id}).sort("revision"))
            bodies = [version["body"].split("\n") for version in (*before, stored)]
            unedited += bodies != versions or stored["revision"] != len(versions)
            pages = [capture_from(page) for page in db.captures.find({"article": each.id}).sort("revision")]
            page = week.people_page if each.source == "people" else week.chinanews_page
            unkept += [capture.body for capture in pages] != [page(each, text) for text in versions]
            unseen += bool(stored["gone"]) != bool(each.gone and each.gone <= self.evenings[-1].at)
        pending = db.fingerprints.count_documents({"pending": {"$exists": True}})
        copies = sum(expected[id] != id for id in expected)
        took = time.monotonic() - began
        gone = db.articles.count_documents({"gone": {"$type": "date"}})
        print(
            f"{name}: {len(articles)} articles, {copies} of them copies, {db.revisions.count_documents({})} revisions, "
            f"{gone} gone, in {took:.0f} s; lost {len(lost)}, strange {len(strangers)}, in wrong stories {len(wrong)}, "
            f"other texts {unedited}, other pages {unkept}, wrongly gone or there {unseen}, not linked yet {pending}",
            flush=True,
        )
        for what, found in (("lost", lost), ("strange", strangers), ("in the wrong story", wrong)):
            if found:
                self.blame(f"{what}: {', '.join(found[:5])}")
        if unedited or unkept or unseen or pending:
            self.blame("revisions, pages, gone or links are not as they should be")

    def run(self, name: str, days: Sequence[Evening], *, crawlers: int, refresh: bool) -> None:
        database = f"week_{len(name)}_{self.chance.randrange(10**6)}"
        began = time.monotonic()
        for evening in days:
            self.crawl(database, evening, crawlers=crawlers, refresh=refresh)
        with MongoClient[Document](self.uri, tz_aware=True) as client:
            self.judge(name, client[database], began)
            client.drop_database(database)


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay a week, and compare what is stored with what happened.")
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--orders", type=int, default=2, help="orders of the days besides the natural one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    size = options.articles / 500
    everything = week.week(
        articles=options.articles, copies=int(120 * size), edits=int(40 * size), gone=int(15 * size), seed=options.seed
    )
    with tempfile.TemporaryDirectory() as work, EmbeddedServer(Path(work) / "home") as server:
        soak = Soak(Path(work), server.join(), everything, options.seed)
        soak.run("day by day", soak.evenings, crawlers=1, refresh=False)
        soak.run("day by day, two crawlers at once", soak.evenings, crawlers=2, refresh=False)
        for number in range(options.orders):
            days = list(soak.evenings)
            soak.chance.shuffle(days)
            order = "".join(str(soak.evenings.index(each) + 1) for each in days)
            soak.run(f"days in the order {order}", days, crawlers=1 + number % 2, refresh=True)
    sys.exit(1 if soak.faults else 0)


if __name__ == "__main__":
    main()
