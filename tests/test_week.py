"""A week of two sites is stored as it was, in any order, by two crawlers at once; `soak_week.py` is the long form."""

import random
from pathlib import Path
from typing import Any

import crawls
import week
from pymongo.database import Database

Document = dict[str, Any]


ORDER = (3, 0, 6, 1, 5, 2, 4)


def test_a_week_is_stored_as_it_was(db: Database[Document], mongo_uri: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    everything = week.week(articles=40, copies=12, edits=6, gone=3, seed=5)
    recordings = week.record_all(tmp_path, everything)
    plan = [week.step(recordings[day], everything, day, refresh=True) for day in ORDER]
    crawling = [crawls.Crawler(week.shuffled(plan, chance), tmp_path, mongo_uri, db.name) for _ in range(2)]
    for each in crawling:
        code, log = each.end()
        assert code == 0, log
        assert "Traceback" not in log
    found = week.judge(db, everything)
    assert found.faults == []
    assert (found.articles, found.revisions, found.gone) == (40, 6, 3)
