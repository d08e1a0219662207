"""The week soak: two sites are recorded for a week and replayed day by day, and in any order, by one crawler and two.

    PYTHONPATH=. python tests/soak_week.py [--articles 500] [--orders 2] [--seed 1]

It takes about three minutes, and exits 1 if a story, a first publisher, a revision or what is gone is not as it was.
`test_week.py` is the short form.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import crawls
import week
from pymongo import MongoClient

from newsnap.store.server import EmbeddedServer

Document = dict[str, Any]


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
    chance = random.Random(options.seed)
    runs = [("day by day", list(range(week.DAYS)), 1), ("day by day, two crawlers at once", list(range(week.DAYS)), 2)]
    for number in range(options.orders):
        days = chance.sample(range(week.DAYS), week.DAYS)
        order = "".join(str(day + 1) for day in days)
        runs.append((f"days in the order {order}, {1 + number % 2} at once", days, 1 + number % 2))
    faults = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder) / "home") as server,
        MongoClient[Document](server.join(), tz_aware=True) as client,
    ):
        work = Path(folder)
        recordings = week.record_all(work, everything)
        for number, (name, days, crawlers) in enumerate(runs):
            began, database = time.monotonic(), f"week_{number}"
            # what is fetched in another order than it was published is asked for whether it is due or not
            plan = [week.step(recordings[day], everything, day, refresh=days != sorted(days)) for day in days]
            crawling = [
                crawls.Crawler(week.shuffled(plan, chance), work, server.join(), database) for _ in range(crawlers)
            ]
            ended = [each.end() for each in crawling]
            found = week.judge(client[database], everything)
            broken = sum(code != 0 or "Traceback" in log for code, log in ended)
            print(f"{name}: {found}, in {time.monotonic() - began:.0f} s; crawlers broken {broken}", flush=True)
            for _, log in ended:
                if "Traceback" in log:
                    print(log[log.index("Traceback") :][:3000])
            for fault in found.faults:
                print(f"  FAULT: {fault}", flush=True)
            faults += len(found.faults) + broken
            client.drop_database(database)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
