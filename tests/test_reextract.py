"""`scrapy reextract`: what is stored says what its pages say by today's rules, and nothing is lost on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import Scrapy
from pymongo.database import Database

from newsnap.store import Store
from newsnap.store.revisions import reread

Document = dict[str, Any]
ONE, LONG = "people:40990101", "people:40990188"
"""An article of one page, and one of two."""


@pytest.fixture
def crawled(scrapy: Scrapy, db: Database[Document]) -> Database[Document]:
    """A database with the articles of 人民网 of the recorded day."""
    assert scrapy("crawl", "people", NEWSNAP_REPLAY="tests/day.warc.gz").returncode == 0
    return db


def misread(db: Database[Document], id: str, **fields: Any) -> Document:
    """Store an article as yesterday's rules might have read it; return what it should say."""
    stored = db.articles.find_one({"_id": id})
    assert stored
    db.articles.update_one({"_id": id}, {"$set": fields})
    return stored


def test_what_was_misread_is_shown_and_then_replaced(scrapy: Scrapy, crawled: Database[Document]) -> None:
    right = misread(crawled, ONE, title="扫一扫", authors=["扫码"], category=None, content_hash="0" * 64)
    body = right["body"].replace("\n", "\n打开客户端\n", 1)
    crawled.articles.update_one({"_id": ONE}, {"$set": {"body": body}})
    wrong = crawled.articles.find_one({"_id": ONE})
    long = misread(crawled, LONG, pages=1, body="第一页", content_hash="1" * 64)

    done = scrapy("reextract", "people", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"扫一扫 -> {right['title']}" in done.stdout
    assert "  body          - 打开客户端\n" in done.stdout
    assert "2 would change (body 2, title 1, category 1, authors 1, pages 1), 7 say the same" in done.stdout
    assert crawled.articles.find_one({"_id": ONE}) == wrong, "a dry run wrote"

    done = scrapy("reextract", "people")
    assert done.returncode == 0, done.stderr
    assert "打开客户端" not in done.stdout + done.stderr
    for each in (right, long):
        now = crawled.articles.find_one({"_id": each["_id"]})
        assert now
        assert now["changed"] > each["changed"], "who polls would not hear of it"
        assert now == each | {"changed": now["changed"]}
    assert crawled.revisions.count_documents({}) == 0, "the publisher changed nothing"
    assert crawled.fingerprints.count_documents({"pending": {"$exists": True}}) == 0
    assert "0 changed, 9 say the same" in scrapy("reextract", "people").stdout


def test_what_the_listing_alone_knew_is_kept(scrapy: Scrapy, crawled: Database[Document]) -> None:
    right = misread(crawled, ONE, channel="街谈", published_from="listing", published_raw="2026-10-03 09:05:00")
    done = scrapy("reextract", "people", "--ids", ONE)
    assert done.returncode == 0, done.stderr
    now = crawled.articles.find_one({"_id": ONE})
    assert now
    assert now["published"] == right["published"]
    assert "1 articles read again" in done.stdout


def test_what_cannot_be_read_again_stays_and_is_told(scrapy: Scrapy, crawled: Database[Document]) -> None:
    right = misread(crawled, ONE, title="扫一扫")
    crawled.captures.delete_many({"article": ONE})
    second = crawled.captures.find_one({"article": LONG, "page": 2})
    assert second
    crawled.captures.delete_one({"_id": second["_id"]})
    done = scrapy("reextract", "people")
    assert done.returncode == 1
    assert f"newsnap: {ONE} is left as it is: its pages are not stored" in done.stderr
    assert f"newsnap: {LONG} is left as it is: its page {second['url']} is not stored" in done.stderr
    assert "0 changed, 7 say the same, 2 told above" in done.stdout
    assert crawled.articles.find_one({"_id": ONE}) == right | {"title": "扫一扫"}


def test_what_another_article_says_word_for_word_stays(scrapy: Scrapy, crawled: Database[Document]) -> None:
    holder = crawled.articles.find_one({"_id": LONG})
    right = misread(crawled, ONE, content_hash="0" * 64, body="……")
    crawled.articles.update_one({"_id": LONG}, {"$set": {"content_hash": right["content_hash"]}})
    done = scrapy("reextract", "people", "--ids", ONE)
    assert holder
    assert done.returncode == 1
    assert "another article has the same text" in done.stderr


def test_what_is_taken_down_as_it_reads_now_is_removed(scrapy: Scrapy, crawled: Database[Document]) -> None:
    right = misread(crawled, ONE, title="扫一扫")
    rule = scrapy("takedown", "add", "title", right["title"], "--reason", "on request")
    assert rule.returncode == 0, rule.stderr
    done = scrapy("reextract", "people", "--dry-run")
    assert f"{ONE} would be removed: T" in done.stderr
    assert crawled.articles.count_documents({"_id": ONE, "state": "live"}) == 1
    done = scrapy("reextract", "people")
    assert done.returncode == 1
    assert f"{ONE} is removed now: T" in done.stderr
    stone = crawled.articles.find_one({"_id": ONE})
    assert stone
    assert stone["state"] == "removed"
    assert "title" not in stone
    assert right["title"] not in done.stdout


def test_what_a_crawl_wrote_meanwhile_is_not_overwritten(
    scrapy: Scrapy, crawled: Database[Document], within: Callable[..., Any]
) -> None:
    old = crawled.articles.find_one({"_id": ONE})
    assert old
    crawled.articles.update_one({"_id": ONE}, {"$set": {"changed": old["changed"] + timedelta(seconds=1)}})

    async def write(store: Store) -> str:
        return await reread(store, old, {"title": "扫一扫"}, store.articles.clock.next())

    assert within(write) == "moved on"
    assert crawled.articles.count_documents({"_id": ONE, "title": old["title"]}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["peple"], "there is no source 'peple'; did you mean people?"),
        ([], "give the name of one source"),
        (["people", "xinhua"], "give the name of one source"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(scrapy: Scrapy, arguments: list[str], said: str) -> None:
    done = scrapy("reextract", *arguments)
    assert done.returncode != 0
    assert said in done.stderr + done.stdout
