"""`scrapy health`: a source that is silent or reads worse than usual is told the same day, and nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Scrapy
from pymongo.database import Database
from shelf import DAY, HOUR, NOON

from newsnap.health import Health, History, at_most, judge

Document = dict[str, Any]
NOW = NOON + HOUR
GOOD = {"headlines": 1.0, "published": 1.0, "time of day": 1.0, "outlet": 0.95, "layout": 1.0, "figures": 0.5}


def run(articles: int, characters: int = 900, *, before: timedelta = HOUR, **shares: Any) -> Document:
    """Return a run that stored new articles, of which shares have each field."""
    held = {name: round(share * articles) for name, share in (GOOD | shares).items()}
    coverage = {"articles": articles, "characters": characters * articles, **held} if articles else {}
    counts = {"fetched": articles}
    return {"state": "done", "ended": NOW - before, "counts": counts, "errors": {}, "coverage": coverage}


def judged(*runs: Document, gap: timedelta = HOUR, silent: timedelta = HOUR) -> Health:
    """Judge a source that published every `gap`, the last time `silent` ago."""
    return judge(History([NOW - silent - gap * each for each in range(200)], runs), NOW)


USUAL = [run(20, before=DAY * each) for each in range(1, 10)]


def test_a_source_that_is_as_usual_is_well() -> None:
    health = judged(run(20), *USUAL)
    assert health.ills == []
    assert health.success == NOW - HOUR
    assert health.usual_gap == HOUR
    assert health.fields["outlet"] == (0.95, 0.95)


@pytest.mark.parametrize(
    ("latest", "said"),
    [
        (run(9, published=0), "0% of the last 9 articles have a date, usually 100%"),
        (run(20, **{"time of day": 0.2}), "20% of the last 20 articles have a time of day, usually 100%"),
        (run(12, outlet=0.25), "25% of the last 12 articles have an outlet, usually 95%"),
        (run(30, layout=0.1), "10% of the last 30 articles have a layout that reads them, usually 100%"),
        (run(10, headlines=0.1), "10% of the last 10 articles have a headline of their own, usually 100%"),
        (run(10, characters=120), "the last 10 texts have 120 characters on average, usually 900"),
        (run(10, characters=9000), "the last 10 texts have 9000 characters on average, usually 900"),
    ],
)
def test_pages_that_read_worse_are_told_by_what_they_give(latest: Document, said: str) -> None:
    assert judged(latest, *USUAL).ills == [said]


@pytest.mark.parametrize(
    "latest",
    [
        run(20, figures=0),  # half of the articles have some: a morning without is chance
        run(20, outlet=0.7),
        run(3, outlet=0),  # the runs before are looked at too
        run(20, characters=400),
        run(0),
    ],
)
def test_what_may_be_chance_is_not_told(latest: Document) -> None:
    assert judged(latest, *USUAL).ills == []


def test_nothing_is_unusual_in_a_source_that_is_new() -> None:
    assert judged(run(20, outlet=0), run(20), gap=HOUR).ills == []


@pytest.mark.parametrize(
    ("gap", "silent", "ill"),
    [(HOUR, 5 * HOUR, False), (HOUR, 7 * HOUR, True), (10 * HOUR, 14 * HOUR, False), (10 * HOUR, 16 * HOUR, True)],
)
def test_a_source_is_silent_by_its_own_measure(gap: timedelta, silent: timedelta, ill: bool) -> None:
    ills = judged(run(20), *USUAL, gap=gap, silent=silent).ills
    assert bool(ills) is ill
    assert not ill or ills[0].startswith("nothing new for")


def test_a_source_that_nobody_crawls_is_told_so() -> None:
    ills = judged(run(20, before=3 * DAY), *USUAL, silent=3 * DAY).ills
    assert ills == ["not crawled for 3 days", "nothing new for 3 days (usually at most 60 min)"]


def test_a_run_that_failed_and_pages_without_articles_are_told() -> None:
    failed = run(0) | {"state": "failed", "failures": ["no listing was alive"]}
    assert judged(failed, *USUAL).ills == ["the last run failed: no listing was alive"]
    stopped = failed | {"reason": "shutdown"}
    assert judged(stopped, run(20), *USUAL).ills == []
    unread = run(10) | {"counts": {"fetched": 14}, "errors": {"no article on the page": 4}}
    assert judged(unread, *USUAL).ills == ["4 of 14 pages of the last run give no article"]


def test_the_binomial_distribution() -> None:
    assert at_most(1, 2, 0.5) == pytest.approx(0.75)
    assert at_most(0, 3, 0.9) == pytest.approx(0.001)


def test_a_crawl_counts_what_its_articles_have_and_health_judges_it(scrapy: Scrapy, db: Database[Document]) -> None:
    assert scrapy("crawl", "people", NEWSNAP_REPLAY="tests/day.warc.gz").returncode == 0
    crawl = db.crawls.find_one({"source": "people"})
    assert crawl
    assert crawl["coverage"] | {"characters": 0} == {
        "articles": 9, "characters": 0, "headlines": 9, "published": 9, "time of day": 9, "outlet": 9,
        "authors or editors": 9, "category": crawl["coverage"]["category"], "layout": 9,
        "figures": crawl["coverage"]["figures"],
    }  # fmt: skip
    assert crawl["coverage"]["characters"] == sum(len(each["body"]) for each in db.articles.find())

    now = datetime.now(UTC)
    for number, each in enumerate(db.articles.find()):
        db.articles.update_one({"_id": each["_id"]}, {"$set": {"published": now - HOUR * number}})
    done = scrapy("health")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 sources, 0 ill" in done.stdout

    usual = [{**crawl, "_id": f"usual-{number}", "started": crawl["started"] - DAY * number} for number in range(1, 10)]
    db.crawls.insert_many(usual)
    db.crawls.update_one({"_id": crawl["_id"]}, {"$set": {"coverage.outlet": 0}})
    done = scrapy("health", "people", "xinhua")
    assert done.returncode == 1
    assert "people: 0% of the last 9 articles have an outlet, usually 100%" in done.stdout
    assert "xinhua: " not in done.stdout
    assert scrapy("health", "peple").returncode == 1

    db.crawls.update_many({}, {"$set": {"given": True}})
    done = scrapy("health")
    assert done.returncode == 0, "a source of which single articles were asked for is not one that is crawled"
    assert "0 sources, 0 ill" in done.stdout
