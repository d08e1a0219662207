"""The whole road: a recorded day through the real settings into a real MongoDB, and what goes wrong on it."""

import io
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Scrapy
from pymongo.database import Database
from record import PAGES, record
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsnap.store.captured import capture_from
from newsnap.store.validators import FIELDS

DAY = "tests/day.warc.gz"
TAKEN_DOWN = "https://www.chinanews.com.cn/sh/2026/10-03/10699978.shtml"
Document = dict[str, Any]


def counts(log: str) -> dict[str, int]:
    """Return the counts of the summary of a crawl's log."""
    line = re.search(r"  listed \d+.*", log)
    assert line, log
    return {name.strip(): int(number) for name, number in re.findall(r"([a-z ]+) (\d+)", line[0])}


def test_the_recorded_day_arrives_once(scrapy: Scrapy, db: Database[Document]) -> None:
    added = scrapy("takedown", "add", "url", TAKEN_DOWN, "--reason", "at the author's request")
    assert added.returncode == 0, added.stderr
    for source in ("people", "xinhua", "chinanews"):
        done = scrapy("crawl", source, NEWSNAP_REPLAY=DAY)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr

    articles = {each["_id"]: each for each in db.articles.find()}
    assert {each["source"] for each in articles.values()} == {"people", "xinhua", "chinanews"}
    assert "chinanews:10699978" not in articles, "a taken-down article is stored"
    original = articles["people:40990117"]
    assert original["also_at"] == ["https://www.chinanews.com.cn/cj/2026/10-03/10699961.shtml"]
    assert "chinanews:10699961" not in articles, "a duplicate is stored"
    assert all(each["revision"] == 1 and each["state"] == "live" for each in articles.values())
    joined = articles["people:40990188"]
    assert (joined["pages"], db.captures.count_documents({"article": joined["_id"]})) == (2, 2)
    page = capture_from(db.captures.find_one({"article": "people:40990101"}))
    assert page.body == (PAGES / "people" / "rm_txt-2026.html").read_bytes()
    assert page.encoding == "gb18030"
    assert page.fetched.isoformat() == "2026-10-03T09:00:00+00:00"
    runs = list(db.crawls.find())
    assert [run["state"] for run in runs] == ["done"] * 3
    assert sum(run["counts"]["new"] for run in runs) == len(articles)
    assert sum(run["counts"]["taken_down"] for run in runs) == 1

    # the same again: nothing is fetched, nothing changes
    for source in ("people", "xinhua", "chinanews"):
        again = scrapy("crawl", source, NEWSNAP_REPLAY=DAY)
        assert again.returncode == 0, again.stderr
        assert counts(again.stderr)["fetched"] == 0
    assert {each["_id"]: each for each in db.articles.find()} == articles

    # and refreshed: fetched, still nothing doubled
    fresh = scrapy("crawl", "people", "-a", "refresh=1", NEWSNAP_REPLAY=DAY)
    assert fresh.returncode == 0, fresh.stderr
    said = counts(fresh.stderr)
    assert said["fetched"] > 0
    assert (said["new"], said["changed"]) == (0, 0)
    assert {each["_id"]: each for each in db.articles.find()} == articles


def test_given_addresses_alone_are_crawled(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    one = "http://society.people.com.cn/n1/2026/1003/c1008-40990196.html"
    wanted = tmp_path / "wanted.txt"
    wanted.write_text(f"# two spellings of one article\n{one}\n{one.replace('http:', 'https:')}?from=x\n")
    done = scrapy("crawl", "people", "-a", f"urls=@{wanted}", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 0, done.stderr
    assert [each["_id"] for each in db.articles.find()] == ["people:40990196"]

    missing = scrapy("crawl", "people", "-a", f"urls={one.replace('40990196', '40999999')}", NEWSNAP_REPLAY=DAY)
    assert missing.returncode == 1
    assert "HTTP 404 1" in missing.stderr


def test_an_article_that_only_the_old_host_has_is_found_there(scrapy: Scrapy, db: Database[Document]) -> None:
    listed = "http://www.xinhuanet.com/local/2020-05/19/c_1125998013.htm"  # canonical: www.news.cn
    done = scrapy("crawl", "xinhua", "-a", f"urls={listed}", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 0, done.stderr
    assert db.articles.find_one({"_id": "xinhua:1125998013"})["url"].startswith("https://www.news.cn/")


def test_limit_and_since_bound_a_crawl(scrapy: Scrapy, db: Database[Document]) -> None:
    done = scrapy("crawl", "xinhua", "-a", "limit=2", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 0, done.stderr
    assert db.articles.count_documents({}) == 2
    done = scrapy("crawl", "chinanews", "-a", "since=2026-10-03", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 0, done.stderr
    assert all(
        each["published"].isoformat() >= "2026-10-02T16:00" for each in db.articles.find({"source": "chinanews"})
    )


def test_a_disallowed_page_is_not_asked_for(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    warc = tmp_path / "day.warc.gz"
    record(warc, ["people"])
    address = "http://society.people.com.cn/n/2015m2/0101/c1008-40990196.html"
    done = scrapy("crawl", "people", "-a", f"urls={address}", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 1
    assert "robots.txt 1" in done.stderr


@pytest.mark.parametrize(("status", "fetched"), [("503 Service Unavailable", False), ("404 Not Found", True)])
def test_a_host_whose_robots_txt_fails_is_left_alone(
    status: str, fetched: bool, scrapy: Scrapy, db: Database[Document], tmp_path: Path
) -> None:
    warc, address = tmp_path / "day.warc.gz", "http://society.people.com.cn/n1/2026/1003/c1008-40990196.html"
    bodies = {
        "http://society.people.com.cn/robots.txt": (status, b"User-agent: *\nDisallow: /n1/\n"),
        address: ("200 OK", (PAGES / "people" / "flash.html").read_bytes()),
    }
    with warc.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, (line, body) in bodies.items():
            headers = StatusAndHeaders(line, [("Content-Type", "text/html")], protocol="HTTP/1.1")
            payload = {"payload": io.BytesIO(body), "length": len(body)}
            writer.write_record(writer.create_warc_record(url, "response", http_headers=headers, **payload))
    done = scrapy("crawl", "people", "-a", f"urls={address}", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == (0 if fetched else 1), done.stderr
    assert db.articles.count_documents({}) == fetched


def test_export_gives_every_field_in_order(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    assert scrapy("crawl", "chinanews", NEWSNAP_REPLAY=DAY).returncode == 0
    out, warc = tmp_path / "articles.jsonl", tmp_path / "pages.warc.gz"
    assert scrapy("export", "--source", "chinanews", "-o", str(out)).returncode == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == db.articles.count_documents({})
    assert [name for name in lines[0] if name in FIELDS] == [name for name in FIELDS if name in lines[0]]
    assert lines == sorted(lines, key=lambda each: (each["published"], each["_id"]))
    assert lines[0]["published"].endswith("Z")

    # captures exported are a recording that gives the same articles
    assert scrapy("export", "--warc", str(warc)).returncode == 0
    before = {each["_id"]: each["content_hash"] for each in db.articles.find()}
    addresses = tmp_path / "addresses.txt"
    addresses.write_text("\n".join(each["url"] for each in lines))
    db.client.drop_database(db.name)
    done = scrapy("crawl", "chinanews", "-a", f"urls=@{addresses}", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 0, done.stderr
    assert {each["_id"]: each["content_hash"] for each in db.articles.find()} == before


def test_captures_are_replayed(scrapy: Scrapy, db: Database[Document]) -> None:
    one = "http://society.people.com.cn/n1/2026/1003/c1008-40990196.html"
    assert scrapy("crawl", "people", "-a", f"urls={one}", NEWSNAP_REPLAY=DAY).returncode == 0
    before = db.articles.find_one()
    db.articles.delete_many({})
    done = scrapy("crawl", "people", "-a", f"urls={one}", NEWSNAP_REPLAY="captures")
    assert done.returncode == 0, done.stderr
    after = db.articles.find_one()
    assert {**after, "changed": None} == {**before, "changed": None}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


BAD_INPUT = {
    "unknown source": (["crawl", "peeple"], {}, "there is no source 'peeple'; did you mean people?"),
    "bad since": (
        ["crawl", "people", "-a", "since=yesterday"],
        {},
        "since=yesterday is not a day: give it as YYYY-MM-DD",
    ),
    "bad limit": (["crawl", "people", "-a", "limit=-3"], {}, "limit=-3 is not a number of articles"),
    "bad refresh": (["crawl", "people", "-a", "refresh=yes"], {}, "refresh=yes is neither 0 nor 1"),
    "no file of addresses": (["crawl", "people", "-a", "urls=@/nowhere"], {}, "urls=@/nowhere cannot be read"),
    "foreign address": (["crawl", "people", "-a", "urls=https://example.com/a"], {}, "is not on a host of people"),
    "no address": (["crawl", "people", "-a", "urls=ftp://people.com.cn/a"], {}, "is not an address of the web"),
    "no recording": (["crawl", "people"], {"NEWSNAP_REPLAY": "/nowhere.warc.gz"}, "NEWSNAP_REPLAY"),
    "no WARC": (["crawl", "people"], {"NEWSNAP_REPLAY": "README.md"}, "NEWSNAP_REPLAY"),
    "nobody there": (
        ["crawl", "people"],
        {"MONGO_URI": "mongodb://u:secret@127.0.0.1:{free}/", "NEWSNAP_MONGO_WAIT_SECONDS": "1"},
        "does not answer",
    ),
    "no MongoDB address": (["crawl", "people"], {"MONGO_URI": "postgres://db/"}, "is no MongoDB address"),
    "home that is a file": (["crawl", "people"], {"MONGO_URI": "", "NEWSNAP_HOME": "{file}"}, "{file}"),
    "port taken": (["crawl", "people"], {"MONGO_URI": "", "NEWSNAP_MONGO_PORT": "{taken}"}, "{taken}"),
    "unknown kind of rule": (["takedown", "add", "page", "x", "--reason", "y"], {}, "'page' is no kind of rule"),
    "rule without a reason": (["takedown", "add", "source", "people"], {}, "a rule needs a reason"),
    "unknown rule": (["takedown", "lift", "T0"], {}, "there is no rule T0"),
    "export since never": (["export", "--since", "x"], {}, "--since x is not a day"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_gets_a_sentence_and_an_exit_code(case: str, scrapy: Scrapy, tmp_path: Path) -> None:
    arguments, variables, sentence = BAD_INPUT[case]
    file = tmp_path / "file"
    file.write_text("")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        blanks = {"free": free_port(), "file": file, "taken": other.getsockname()[1]}
        done = scrapy(*arguments, **{name: value.format(**blanks) for name, value in variables.items()})
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr
    assert sentence.format(**blanks) in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_a_rule_that_cannot_be_read_stops_everything(scrapy: Scrapy, db: Database[Document]) -> None:
    assert scrapy("takedown", "list").returncode == 0  # makes the collections
    db.command("collMod", "takedowns", validator={})
    db.takedowns.insert_one({"_id": "T1", "kind": "riddle", "value": "?"})
    done = scrapy("crawl", "people", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 1
    assert "the takedown rule 'T1' cannot be read" in done.stderr
    assert db.articles.count_documents({}) == 0


def test_rules_that_are_gone_stop_everything(scrapy: Scrapy, db: Database[Document]) -> None:
    assert scrapy("crawl", "xinhua", "-a", "limit=1", NEWSNAP_REPLAY=DAY).returncode == 0
    db.takedowns.drop()
    done = scrapy("crawl", "people", NEWSNAP_REPLAY=DAY)
    assert done.returncode == 1
    assert "the collection takedowns is gone" in done.stderr
    assert db.articles.count_documents({"source": "people"}) == 0


def test_a_crawl_whose_listings_are_gone_fails(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    warc = tmp_path / "other.warc.gz"
    record(warc, ["xinhua"])
    done = scrapy("crawl", "people", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 1
    assert "no listing was alive" in done.stderr
    assert db.crawls.find_one({"source": "people"})["state"] == "failed"


def test_the_recorded_day_is_made_of_the_saved_pages(tmp_path: Path) -> None:
    again = tmp_path / "day.warc.gz"
    record(again, ["people", "xinhua", "chinanews"])
    assert contents(again) == contents(ROOT / DAY), "the pages changed: python tests/record.py tests/day.warc.gz"


def contents(warc: Path) -> dict[str, bytes]:
    with warc.open("rb") as stream:
        return {
            record.rec_headers["WARC-Target-URI"]: record.content_stream().read()
            for record in ArchiveIterator(stream)
            if record.rec_type == "response"
        }
