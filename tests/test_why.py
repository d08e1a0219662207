"""`scrapy why` and `scrapy parse`: what was decided about one address, and nothing is stored by asking."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Scrapy
from scrapy.utils.project import get_project_settings
from test_generic import URL, article, saved_page_of_people, write_warc

from newsnap.sources import load_sources

KNOWN, SAVED = saved_page_of_people()
SOURCES = load_sources(get_project_settings())


@pytest.fixture
def warc(tmp_path: Path) -> str:
    """A recording of a page of a known source, one of an unknown host, and one that robots.txt forbids."""
    out = tmp_path / "why.warc.gz"
    pages: dict[str, str | bytes] = {
        KNOWN: SAVED,
        URL: article(),
        "https://closed.example/robots.txt": "User-agent: *\nDisallow: /\n",
        "https://closed.example/a.html": article(),
    }
    write_warc(out, pages)
    return str(out)


def account(scrapy: Scrapy, url: str, **variables: str) -> dict[str, Any]:
    done = scrapy("why", "--json", url, **variables)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_why_tells_what_gave_each_field_and_stores_nothing(scrapy: Scrapy, db: Any, warc: str) -> None:
    told = account(scrapy, KNOWN.replace("http://", "https://"), NEWSNAP_REPLAY=warc)
    assert (told["identity"], told["source"], told["site"]) == ("people:40990101", "people", "人民网")
    assert told["robots"] == "allows it"
    assert told["takedown"] is told["stored"] is None
    assert told["layout"] == "rm_txt"
    assert told["layouts"][-1]["outcome"] == "reads it"
    title = next(each for each in told["fields"] if each["field"] == "title")
    assert title["by"] == ".rm_txt h1"
    assert title["value"] == title["printed"]
    taken = [each for each in told["dates"] if each["verdict"].startswith("taken")]
    assert len(taken) == 1
    assert len(told["dates"]) > 1, "the witnesses that were not followed are missing"
    assert [each["step"] for each in told["steps"]] == ["dedupe", "dates", "takedowns", "mongo"]
    assert told["steps"][-1]["outcome"] == "would store revision 1"
    assert db.articles.count_documents({}) == db.captures.count_documents({}) == db.crawls.count_documents({}) == 0


def test_a_recording_is_not_asked_at_the_pace_of_its_source(scrapy: Scrapy, warc: str) -> None:
    done = scrapy("why", KNOWN, "-L", "DEBUG", NEWSNAP_REPLAY=warc)
    assert done.returncode == 0, done.stderr
    at = [datetime.fromisoformat(line[:19]) for line in done.stderr.splitlines() if "DEBUG: Crawled" in line]
    assert len(at) == 2, "robots.txt and the page"
    assert (at[1] - at[0]).total_seconds() < SOURCES["people"].custom_settings["DOWNLOAD_DELAY"] / 2


def test_why_reads_the_stored_page_without_the_network(scrapy: Scrapy, db: Any, warc: str) -> None:
    assert scrapy("crawl", "people", "-a", f"urls={KNOWN}", NEWSNAP_REPLAY=warc).returncode == 0
    told = account(scrapy, KNOWN)
    assert told["robots"] == "was not asked: the page is read as it is stored"
    assert (told["stored"]["state"], told["stored"]["revision"], told["captures"]) == ("live", 1, 1)
    assert told["steps"][0]["outcome"] == "unchanged: dropped"
    assert db.articles.find_one()["revision"] == 1


def test_why_is_readable(scrapy: Scrapy, warc: str) -> None:
    done = scrapy("why", URL, NEWSNAP_REPLAY=warc)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if len(line.split(maxsplit=1)) == 2)
    assert lines["identity"].startswith("web:")
    assert lines["identity"].endswith("recognised by no source")
    assert lines["read"] == "by      generic"
    assert "渡船早开一刻钟  <- generic extraction" in lines["title"]


def test_why_names_the_rule_that_covers_an_address(scrapy: Scrapy, warc: str) -> None:
    assert scrapy("takedown", "add", "url", KNOWN, "--reason", "at the author's request").returncode == 0
    told = account(scrapy, KNOWN, NEWSNAP_REPLAY=warc)
    assert told["takedown"]["reason"] == "at the author's request"
    assert told["answer"] == {"failed": "taken down"}
    assert "layout" not in told


def test_why_says_that_robots_forbids(scrapy: Scrapy, warc: str) -> None:
    told = account(scrapy, "https://closed.example/a.html", NEWSNAP_REPLAY=warc)
    assert told["robots"] == "forbids it"
    assert "layout" not in told


def test_why_tells_a_page_that_is_not_there_and_an_address_that_is_none(scrapy: Scrapy, warc: str) -> None:
    told = account(scrapy, "https://www.chengang.example/gone.html", NEWSNAP_REPLAY=warc)
    assert told["answer"]["status"] == 404
    done = scrapy("why", "ftp://www.chengang.example/")
    assert done.returncode == 1
    assert "is not an address of the web" in done.stderr


def test_parse_shows_what_would_be_kept_and_no_page(scrapy: Scrapy, warc: str) -> None:
    done = scrapy("parse", KNOWN, "--spider", "people", "--nocolour", NEWSNAP_REPLAY=warc)
    assert done.returncode == 0, done.stderr
    assert "'id': 'people:40990101'" in done.stdout
    assert "<html" not in done.stdout
