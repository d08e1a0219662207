"""Listings: what they name is found, whatever their form."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from record import record

from newsnap.listings import Entry, JsonList, ListingError, read_json
from newsnap.news_spider import NewsSpider

Document = dict[str, Any]
Scrapy = Callable[..., subprocess.CompletedProcess[str]]


def test_a_json_list_builds_addresses_from_ids() -> None:
    source = JsonList(
        "https://news.example.com/api",
        items="list[?aid]",
        link="join('', ['https://', host || 'news.example.com', '/article/', to_string(aid)])",
        title="title",
        published="ctime",
        category="'国际'",
    )
    body = '{"list": [{"aid": 17, "title": " 渡 船 ", "ctime": "1790994400177"}, {"aid": ""}, {}]}'
    assert read_json(body.encode(), "application/json", source) == [
        Entry("https://news.example.com/article/17", "渡 船", "1790994400177", "国际")
    ]


def test_a_json_list_of_another_shape_is_told_and_stops_nothing() -> None:
    source = JsonList("https://news.example.com/api", items="list[]", link="join('', ['https://', host])")
    with pytest.raises(ListingError, match="host"):
        read_json(b'{"list": [{"host": null}]}', "application/json", source)


def test_a_paper_is_read_page_by_page(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    warc = tmp_path / "rmrb.warc.gz"
    record(warc, ["rmrb"])
    done = scrapy("crawl", "rmrb", "-a", "since=2026-01-01", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 0, done.stderr
    assert {each["title"]: each["category"] for each in db.articles.find()} == {
        "一季稻子 三茬课": "国内",
        "会唱歌的桥": "国际",
    }
    assert "errors 0" in done.stderr, "the line of the page's editors is no article, and not asked for"


def test_a_list_may_tell_the_section_that_no_page_tells(scrapy: Scrapy, db: Database[Document], tmp_path: Path) -> None:
    warc = tmp_path / "bjnews.warc.gz"
    record(warc, ["bjnews"])
    assert scrapy("crawl", "bjnews", NEWSNAP_REPLAY=str(warc)).returncode == 0
    assert sorted(db.articles.distinct("channel")) == ["文化", "深度"]


def test_a_source_of_one_subject_has_one_category() -> None:
    class Harbour(NewsSpider):
        name = "harbour"
        categories = {"ty": "体育", "*": "科技"}

    harbour = Harbour()
    assert harbour.category(None, "汽车新闻") == "科技"
    assert harbour.category("ty", None) == "体育"
