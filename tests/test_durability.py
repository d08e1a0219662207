"""Durability: what is killed in the midst of a crawl loses and doubles nothing; `soak_kill.py` is the long form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crashes import Crawl, articles_of, audit, kill_mongod, left_running, not_restarted, wait_for
from invented import Invented, write_warc
from pymongo import MongoClient
from pymongo.database import Database

from newsnap.store.server import EmbeddedServer

Document = dict[str, Any]
SECONDS = 120
"""No crawl of these takes so long."""


@pytest.fixture(scope="module")
def articles() -> list[Invented]:
    return articles_of(50)


@pytest.fixture(scope="module")
def recording(articles: list[Invented], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "site.warc.gz"
    write_warc(path, articles)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A NEWSNAP_HOME whose embedded server is gone after the test."""
    yield tmp_path / "home"
    EmbeddedServer(tmp_path / "home").release(now=True)


def test_a_killed_crawler_loses_nothing_and_doubles_nothing(
    articles: list[Invented], recording: Path, db: Database[Document], mongo_uri: str, tmp_path: Path
) -> None:
    settings = {"MONGO_URI": mongo_uri, "MONGO_DATABASE": db.name}
    with Crawl(tmp_path, recording, tmp_path / "killed.log", delay=0.2, **settings) as crawl:
        assert crawl.wait_for_articles(10, SECONDS), crawl.words
        assert crawl.kill(), crawl.words
    stored = {each["_id"] for each in db.articles.find({}, {"_id": 1})}
    assert crawl.acknowledged <= stored
    with Crawl(tmp_path, recording, tmp_path / "again.log", delay=0, **settings) as again:
        assert again.wait(SECONDS) == 0, again.words
    assert not again.acknowledged & stored
    assert audit(db, articles).faults == []
    assert [each["state"] for each in db.crawls.find().sort("started", 1)] == ["running", "done"]


def test_a_killed_mongod_delays_a_crawl_and_loses_nothing(
    articles: list[Invented], recording: Path, home: Path, tmp_path: Path
) -> None:
    with Crawl(home, recording, tmp_path / "crawl.log", delay=0.2) as crawl:
        assert crawl.wait_for_articles(10, SECONDS), crawl.words
        with not_restarted(home):
            assert kill_mongod(home), crawl.words
            assert wait_for(lambda: "; the crawl waits, " in crawl.words, SECONDS), crawl.words
        assert crawl.wait(SECONDS) == 0, crawl.words
    assert " is back after " in crawl.words
    with EmbeddedServer(home) as server, MongoClient[Document](server.join(), tz_aware=True) as client:
        assert crawl.acknowledged <= {each["_id"] for each in client["newsnap"].articles.find({}, {"_id": 1})}
        assert audit(client["newsnap"], articles).faults == []
    assert wait_for(lambda: not left_running(home), SECONDS)
