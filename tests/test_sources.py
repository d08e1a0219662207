"""One test for every source: its pages give what stands beside them, its listings lead to them, its data is sound."""

import dataclasses
import inspect
import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from record import DAY, PAGES, Page, pages_of, record, recorded
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.project import get_project_settings

from newsnap.items import Article, stored_fields
from newsnap.listings import Entry
from newsnap.news_spider import NewsSpider
from newsnap.pipelines.dates import DatesPipeline
from newsnap.sources import load_sources

SOURCES = {name: source for name, source in load_sources(get_project_settings()).items() if not source.anywhere}
SET_BY_THE_STORE = ("content_hash",)


def is_listing(page: Page) -> bool:
    return page.path.parent.name == "lists"


def first_pages(name: str) -> list[Page]:
    """Return the saved articles of a source; further pages are read with their first, in the crawl below."""
    pages = [(page, SOURCES[name].address_rules().identify(page.address)) for page in pages_of(name)]
    return [page for page, address in pages if not is_listing(page) and (address is None or address.page == 1)]


def listed(name: str) -> list[Page]:
    """Return the articles that the first way of listing of a source names, as its saved listings have it.

    A list in JSON may name them by their ids.
    """
    source, pages = SOURCES[name], list(pages_of(name))
    way = source.feed_urls or source.sitemap_urls or [each.url for each in source.json_lists] or source.listing_urls
    kind = "xml" if way == source.sitemap_urls else ""  # a sitemap's children are not named by the source
    lists = [
        page for page in pages if is_listing(page) and (page.address in way or (kind in page.content_type and kind))
    ]
    if source.sublisting_url:
        lists += [page for page in pages if is_listing(page) and re.search(source.sublisting_url, page.address)]
    text = b"".join(page.path.read_bytes() for page in lists)

    def is_named(page: Page) -> bool:
        told = [page.address.partition("://")[2]]
        if address := source.address_rules().identify(page.address):
            told += [address.url.partition("://")[2], address.id.partition(":")[2]]
        return any(each.encode() in text for each in told)

    return [page for page in pages if not is_listing(page) and is_named(page)]


def read(source: type[NewsSpider], page: Page) -> Article:
    """Take a saved page down the road of a crawl as far as it needs no MongoDB."""
    crawler = Crawler(source, get_project_settings())
    crawler.stats = MemoryStatsCollector(crawler)
    crawler.spider = spider = source.from_crawler(crawler)
    request = Request(page.address, meta={"fetched": DAY})
    headers = {"Content-Type": page.content_type}
    response = HtmlResponse(page.address, body=page.path.read_bytes(), headers=headers, request=request)
    reading, capture = spider.read(response)
    assert reading is not None, f"{page.path} yields nothing"
    address = spider.address_rules().identify(page.address)
    assert address is not None, f"{page.address} does not match article_url of {source.name}"
    article = spider.refine(spider.article(reading, address, Entry(page.address), [capture]), response)
    return DatesPipeline.from_crawler(crawler).process_item(article)


def plain(article: Article) -> dict[str, Any]:
    """Return what is kept of an article, readable and comparable."""
    document = dataclasses.asdict(article)
    kept = {name: document[name] for name in stored_fields() if name not in SET_BY_THE_STORE}
    kept["body"] = article.body.split("\n")
    return json.loads(json.dumps(kept, ensure_ascii=False, default=lambda at: at.astimezone(UTC).isoformat()))


EVERY_PAGE = [
    pytest.param(name, page, id=f"{name}/{page.path.stem}") for name in recorded() for page in first_pages(name)
]


@pytest.mark.parametrize(("name", "page"), EVERY_PAGE)
def test_a_page_gives_what_stands_beside_it(name: str, page: Page) -> None:
    expected = page.path.with_suffix(".json")
    found = plain(read(SOURCES[name], page))
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected} was missing and is written now: read it, mend what is wrong, and run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_pages(name: str) -> None:
    assert name in recorded(), f"put a page and its address into {PAGES / name}"
    assert first_pages(name)
    read_by = {json.loads(each.read_text(encoding="utf-8"))["layout"] for each in (PAGES / name).glob("*.json")}
    unread = [each.name for each in SOURCES[name].page_layouts() if each.name not in read_by]
    assert not unread, f"put a page of each era into {PAGES / name}: none is read by {', '.join(unread)}"


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_data(name: str) -> None:
    source = SOURCES[name]
    assert inspect.getfile(source).endswith(f"/{name}.py")
    named, wanted = source.__name__.lower(), f"{name}spider".replace("_", "")
    numbered = name[0].isdigit() and named.endswith(wanted)  # no class begins with a digit: its publisher's name does
    assert named == wanted or numbered, f"the class of {name} is not named after it"
    assert inspect.getmodule(source).__doc__, f"{name} lacks its record: what it is, where it lists, the caveats"
    assert source.site, f"{name} has no masthead"
    assert source.allowed_domains, f"{name} has no domains"
    assert "ROBOTSTXT_OBEY" not in (source.custom_settings or {})
    own = [each for each, value in vars(source).items() if inspect.isfunction(value)]
    assert set(own) <= {"refine"}, f"{name} overrides {own}: what it needs belongs into NewsSpider or extract.py"


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_source_declares_compiles(name: str) -> None:
    source = SOURCES[name]
    assert source.address_rules().patterns
    assert source.page_layouts()  # each compiles what it names
    names = [layout.name for layout in source.layouts]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", SOURCES)
def test_listings_lead_to_stored_articles(name: str, scrapy: Any, db: Any, tmp_path: Path) -> None:
    warc = tmp_path / "day.warc.gz"
    record(warc, [name])
    done = scrapy("crawl", name, "-a", "since=2000-01-01", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 0, done.stderr
    stored = {each["url"] for each in db.articles.find({}, {"url": 1})}
    stored |= {url for each in db.articles.find({}, {"also_at": 1}) for url in each["also_at"]}
    rules = SOURCES[name].address_rules()
    wanted = {rules.identify(page.address).url for page in listed(name)}
    assert wanted
    assert wanted <= stored
