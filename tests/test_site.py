"""The site: what its pages show, to whom, and what they do not."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pymongo import MongoClient
from scrapy.settings import Settings
from served import Reader, library, serving, shelved
from shelf import HOUR, NOON, article, in_store, put, put_all
from starlette.requests import Request

from newsnap.site import parameters
from newsnap.site.differences import differences
from newsnap.site.options import OptionError, Options
from newsnap.site.rendering import paragraphs
from newsnap.site.words import FIRST, words_of
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.store.reading import Cursor, Reading
from newsnap.takedowns import LiveRules
from newsnap.takedowns import desk as takedown_desk

Document = dict[str, Any]
MAIN = "/article/people:1"


@pytest.fixture(scope="module")
def shown(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Reader]]:
    """The library, and a site that shows it."""
    with shelved(mongo_uri, tmp_path_factory.mktemp("site"), library()) as (settings, environment):
        many = {"NEWSNAP_SITE_REQUESTS_PER_MINUTE": "100000", "NEWSNAP_SITE_SEARCHES_PER_MINUTE": "100000"}
        with serving(environment, **many) as reader:
            yield settings, reader


@pytest.fixture
def settings(shown: tuple[Settings, Reader]) -> Settings:
    return shown[0]


@pytest.fixture
def site(shown: tuple[Settings, Reader]) -> Reader:
    """A reader without cookies."""
    return Reader(shown[1].base, follow=False)


def take_down(settings: Settings, kind: str, value: str, reason: str, **fields: Any) -> str:
    """Add a takedown rule; return its id."""

    async def add(store: Store) -> str:
        order = await takedown_desk.draft(store, load_sources(store.settings), kind, value, reason, **fields)
        added = await takedown_desk.add(store, order, by="test", yes=True)
        assert added
        return added.rule.id

    return in_store(settings, add)


def headlines(page: str) -> list[str]:
    """Return the identities of the articles that a list shows, in order."""
    found = re.findall(r'<h2><a href="/article/([^"]+)"', page)
    return [each.replace("%3A", ":") for each in found]


# --- lists ---


def test_lists_show_one_article_a_story_and_how_many_tell_it(site: Reader) -> None:
    page = site.get("/category/社会").text
    assert "people:1" in headlines(page)
    assert not {"xinhua:1", "china:1"} & set(headlines(page))
    assert page.count("3 家刊载") == 1


def test_pages_of_a_list_hold_every_article_once_newest_first(site: Reader) -> None:
    seen: list[str] = []
    path = "/"
    while path:
        page = site.get(path).text
        seen += headlines(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1] if found else ""
    assert len(seen) == len(set(seen)) == 45
    assert seen[0] == "people:10"  # of those of one moment, the greater identity first
    assert seen[-1] == "gmw:9"  # without a date
    numbers = [int(each.partition(":")[2]) for each in seen if each.startswith("people:") and each != "people:1"]
    assert numbers == sorted(numbers)


def test_a_day_holds_what_was_published_that_day_in_china(site: Reader) -> None:
    page = site.get("/day/2026-10-03").text
    assert {"people:1", "people:22", "gmw:8"} <= set(headlines(page))  # 00:00 is that day
    assert "people:23" not in headlines(page)  # 23:00 the day before
    assert "people:23" in headlines(site.get("/day/2026-10-02").text)
    assert site.get("/day/2026-02-30").status == 404


def test_a_source_lists_its_own(site: Reader) -> None:
    assert headlines(site.get("/source/gmw").text) == ["gmw:8", "gmw:5", "gmw:6", "gmw:9"]
    assert site.get("/source/nobody").status == 404


# --- an article ---


def test_an_article_shows_everything_that_is_known_of_it(site: Reader, settings: Settings) -> None:
    page = site.get(MAIN).text
    with MongoClient[Document](settings["MONGO_URI"]) as client:
        kept = client[settings["MONGO_DATABASE"]].articles.find_one({"_id": "people:1"})
    assert kept
    text = re.sub(r"<[^>]+>", "", page)
    for paragraph in kept["body"].split("\n"):
        assert paragraph in text
    wanted = [
        kept["title"], "新区纪事", "——泵房里的一年", "裴镕", "宁喆", "滨海日报", "社会", "泵房外景。裴镕摄",
        "稿源：人民网-滨海频道 ← 滨海日报", "快照生成时间：2026-10-03 13:00:00", "2026-10-03 12:00",
        "未对内容做任何修改", "申请删除此快照", "同文各家",
    ]  # fmt: skip
    for each in wanted:
        assert each in text, each
    assert '<link rel="canonical" href="https://people.example/1.html">' in page
    assert f"<h2>{kept['body'].split(chr(10))[2]}</h2>" in page
    assert 'href="https://people.example/1.html"' in page
    assert "<img" not in page, "a foreign image would tell its server who reads"
    assert 'href="https://img.people.example/a.jpg"' in page


def test_a_date_is_shown_as_precisely_as_it_is_known(site: Reader) -> None:
    assert re.search(r'<time datetime="2026-10-03">2026-10-03</time>', site.get("/article/gmw:8").text)
    assert "时间不详" in site.get("/article/gmw:9").text


def test_a_search_engine_is_told_to_go_unless_it_may_stay(site: Reader) -> None:
    answer = site.get("/")
    assert "noindex" in answer.headers["x-robots-tag"]
    assert '<meta name="robots" content="noindex' in answer.text
    assert "Disallow: /\n" in site.get("/robots.txt").text


def test_reprints_follow_each_other_with_what_differs(site: Reader) -> None:
    page = site.get("/story/people:1").text
    assert headlines(page) == ["people:1", "xinhua:1", "china:1"]
    assert "<ins>本文转自：人民网</ins>" in page
    assert "据悉</ins>" in page.replace("，", "")
    assert site.get("/story/people:10").headers["location"] == "/article/people:10"
    assert site.get("/story/nobody:1").status == 404


def test_a_history_marks_words_and_numbers(site: Reader) -> None:
    assert "本站存有 2 个版本" in site.get("/article/people:11").text
    page = site.get("/history/people:11").text
    assert "9876" in "".join(re.findall(r"<ins>(.*?)</ins>", page))
    assert page.count('class="version"') == 2


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("收入1,220.1亿元，增长2%。", "收入1,221.1亿元，增长2%。", [("gone", "1,220.1"), ("new", "1,221.1")]),
        ("今天 下雨。", "今天下雨。", []),
        ("ＡＢ公司上市", "AB公司上市", []),
        ("第一段。\n第二段说明天气晴好。", "第一段。", [("gone", "第二段说明天气晴好。")]),
        ("国家队获胜", "国家队大获全胜", [("gone", "获胜"), ("new", "大获全胜")]),
    ],
)
def test_differences_are_of_words_not_of_spaces(old: str, new: str, marked: list[tuple[str, str]]) -> None:
    found = [piece for change in differences(old.split("\n"), new.split("\n")) for piece in change.pieces]
    assert [(piece.kind, piece.text) for piece in found if piece.kind != "same"] == marked
    assert "".join(piece.text for piece in found if piece.kind != "gone") == new.replace("\n", "")


def test_an_extract_ends_within_a_paragraph_and_shows_no_figure() -> None:
    cut = paragraphs({"body": "一二三四五\n六七八九十", "headings": [], "figures": []}, 7)
    assert [each["text"] for each in cut] == ["一二三四五", "六七……"]


def test_a_caption_that_is_a_paragraph_too_is_shown_once() -> None:
    figure = {"url": "https://img.example/a.jpg", "caption": "石桥。江槐摄", "after": 0}
    parts = paragraphs({"body": "桥露出水面。\n石桥。江槐摄\n桥从哪里来", "headings": [], "figures": [figure]})
    assert [each.get("text") or each["figure"]["caption"] for each in parts] == [
        "桥露出水面。",
        "",
        "石桥。江槐摄",
        "桥从哪里来",
    ]


def test_extracts_images_and_indexing_are_settings(mongo_uri: str, tmp_path: Path) -> None:
    with shelved(mongo_uri, tmp_path, library()) as (_, environment):
        chosen = {
            "NEWSNAP_SITE_EXTRACTS": "people",
            "NEWSNAP_SITE_EXTRACT_CHARACTERS": "40",
            "NEWSNAP_SITE_IMAGES": "1",
            "NEWSNAP_SITE_INDEXED": "1",
            "NEWSNAP_SITE_REQUESTS_PER_MINUTE": "14",
        }
        with serving(environment, **chosen) as site:
            page = site.get(MAIN)
            assert "此处仅显示开头部分" in page.text
            assert len("".join(re.findall(r"<p>(.*?)</p>", page.text.partition('class="text"')[2])[0])) <= 43
            assert "此处仅显示开头部分" not in site.get("/article/xinhua:1").text
            assert site.get("/history/people:11").status == 404
            assert "img-src 'self' https: http:" in page.headers["content-security-policy"]
            assert page.headers["x-robots-tag"] is None
            assert "Disallow: /\n" not in site.get("/robots.txt").text
            entry = json.loads(site.get("/source/people/feed.json").text)["items"][-1]
            assert len(entry["content_html"]) < 100
            for _ in range(10):
                last = site.get("/about")
            assert last.status == 429
            assert 0 < int(last.headers["retry-after"]) <= 60


# --- what is asked twice, and what is not there ---


@pytest.mark.parametrize("path", ["/", MAIN, "/story/people:1", "/category/社会/feed.atom", "/feed.json"])
def test_what_a_client_has_is_not_sent_again(site: Reader, path: str) -> None:
    first = site.get(path)
    assert first.status == 200
    tag = first.headers["etag"]
    again = site.get(path, {"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert site.get(path, {"If-None-Match": '"other"'}).status == 200


def test_a_feed_is_not_sent_again_to_who_knows_its_date(site: Reader) -> None:
    first = site.get("/source/people/feed.atom")
    assert site.get("/source/people/feed.atom", {"If-Modified-Since": first.headers["last-modified"]}).status == 304
    earlier = "Thu, 01 Oct 2020 00:00:00 GMT"
    assert site.get("/source/people/feed.atom", {"If-Modified-Since": earlier}).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/article/people:nobody", 404), ("/article/", 404), ("/history/people:nobody", 404), ("/nowhere", 404),
        ("/category/nothing", 404), ("/?after=yesterday", 400), ("/?after=99999999999999999.people:1", 400),
        ("/search?q[]=a", 400), ("/search?q[$ne]=a", 400), ("/search?q=a&q=b", 400), ("/search?q=a&page=0", 400),
        ("/search?q=a&page[]=1", 400), ("/search?q=a&since=yesterday", 400), ("/search?q=a&until=9999-12-31", 400),
        ("/search?q=a&source=nobody", 400), ("/search?q=a&category=nothing", 400),
        ("/subscriptions?source=nobody", 400),
        ("/static/../settings.py", 404), ("/static/%2e%2e/__init__.py", 404), ("/removal/N20260101-zz", 404),
        ("/removal/N20260101-0a0b0c", 404), ("/mine/0123/feed.atom", 404), ("/search/feed.atom", 400),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_understood_is_said_without_what_is_inside(
    site: Reader, path: str, status: int
) -> None:
    answer = site.get(path)
    assert answer.status == status
    assert "Traceback" not in answer.text
    assert "no-store" in answer.headers["cache-control"] or path.startswith("/static")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "POST", 405), ("/removal", "POST", 403), ("/subscriptions", "POST", 403)]
)
def test_a_form_that_no_page_of_ours_sent_is_refused(site: Reader, path: str, method: str, status: int) -> None:
    assert site.post(path, {"name": "x"}).status == status


def test_a_request_that_is_too_large_is_refused(site: Reader) -> None:
    assert site.post("/removal", {"evidence": "x" * 300_000}).status == 413


def test_only_its_own_hosts_are_answered(site: Reader) -> None:
    assert site.get("/", {"Host": "evil.example"}).status == 400


@pytest.mark.parametrize("path", ["/", MAIN, "/nowhere", "/static/style.css", "/feed.atom", "/removal"])
def test_every_answer_forbids_what_it_does_not_need(site: Reader, path: str) -> None:
    headers = site.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_have_no_script_and_no_style_of_their_own(site: Reader) -> None:
    for path in ("/", MAIN, "/search", "/subscriptions", "/removal", "/status", "/about"):
        page = site.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page), path


def test_answers_are_compressed_where_that_helps(site: Reader) -> None:
    answer = site.get(MAIN, {"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_status_tells_how_fresh_each_source_is(site: Reader) -> None:
    page = site.get("/status").text
    assert "共存有 47 条快照" in page
    assert re.search(r'href="/source/people">人民网</a></th><td class="number">41</td>', page)


# --- takedowns ---


def test_a_takedown_is_obeyed_on_every_page_within_ten_seconds(site: Reader, settings: Settings) -> None:
    body = (
        "云溪县的渡口今日停航三个时辰，摆渡人乔槿在岸边修补船篷，来往的茶农改走上游的浮桥。\n午后水势渐平，渡口复航。"
    )
    title = "云溪渡口停航三个时辰"
    said: dict[str, Any] = {"title": title, "category": "地方"}

    beside = "老船工说，渡口的摆渡人乔槿手艺好，修补船篷又快又牢，茶农都信他。"

    async def add(store: Store) -> None:
        await put_all(store, [
            article("people:900", body, **said, published=NOON + 20 * HOUR),
            article("xinhua:900", f"本文转自：人民网\n{body}", **said, published=NOON + 21 * HOUR),
        ])  # fmt: skip

    def tells(path: str) -> bool:
        return "云溪渡口停航三个" in re.sub("<[^>]+>", "", site.get(path).text)

    def count() -> int:
        found = re.search(r"共存有 (\d+) 条", site.get("/status").text)
        return int(found[1]) if found else 0

    before = count()
    in_store(settings, add)
    pages = ["/", "/category/地方", "/source/people", "/day/2026-10-04", "/story/people:900"]
    pages += ["/feed.atom", "/feed.json", "/category/地方/feed.atom", "/source/people/feed.json"]
    pages += ["/search?q=云溪渡口", "/search/feed.atom?q=渡口"]
    deadline = time.monotonic() + 30
    while missing := [path for path in pages if not tells(path)]:
        assert time.monotonic() < deadline, missing
        time.sleep(0.3)
    in_store(settings, lambda store: put(store, article("gmw:902", beside, title="摆渡人乔槿修补船篷")))
    while not tells("/article/gmw:902") or count() != before + 3:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    pages.append("/article/gmw:902")
    before = count()
    take_down(settings, "article", "people:900", "应作者要求", reprints="remove")
    began = time.monotonic()
    while (left := [path for path in pages if tells(path)]) or count() != before - 2:
        assert time.monotonic() - began < 10, left
        time.sleep(0.1)
    answer = site.get("/article/people:900")
    assert "应作者要求" in answer.text
    assert title not in answer.text
    assert 'rel="blocked-by"' in answer.headers["link"]
    assert site.get("/article/xinhua:900").status == 451
    assert not {"people:900", "xinhua:900"} & set(headlines(site.get("/search?q=云溪渡口").text))


def test_a_lifted_takedown_leaves_a_page_that_says_so(site: Reader, settings: Settings) -> None:
    in_store(settings, lambda store: put(store, article("people:901", "松渡的钟楼修好了。", title="钟楼")))
    assert site.get("/article/people:901").status == 200
    rule = take_down(settings, "article", "people:901", "暂时撤下")

    async def lift(store: Store) -> None:
        await takedown_desk.lift(store, rule, by="test", reason="countered")

    in_store(settings, lift)
    assert site.get("/article/people:901").status == 410


def test_a_source_that_is_taken_down_is_on_no_page(mongo_uri: str, tmp_path: Path) -> None:
    with shelved(mongo_uri, tmp_path, library()) as (settings, environment):
        take_down(settings, "source", "gmw", "应媒体要求", effect="hold")
        with serving(environment) as site:
            assert site.get("/source/gmw").status == 451
            assert site.get("/article/gmw:8").status == 451
            assert "光明网" not in site.get("/status").text
            assert "gmw:8" not in headlines(site.get("/category/教育").text)


def test_without_rules_nothing_is_shown(mongo_uri: str, tmp_path: Path) -> None:
    with shelved(mongo_uri, tmp_path, library()) as (settings, environment), serving(environment) as site:
        assert site.get(MAIN).status == 200
        with MongoClient[Document](mongo_uri) as client:
            rules = client[settings["MONGO_DATABASE"]].takedowns
            client[settings["MONGO_DATABASE"]].command("collMod", "takedowns", validator={})
            rules.insert_one({"_id": "R1", "kind": "nobody knows", "value": "x"})
            deadline = time.monotonic() + 10
            while site.get(MAIN).status == 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert [site.get(path).status for path in (MAIN, "/", "/feed.atom", "/health")] == [503] * 4
            assert site.get("/").headers["retry-after"]
            rules.delete_one({"_id": "R1"})
        deadline = time.monotonic() + 10
        while site.get(MAIN).status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


# --- parts ---


def test_no_list_scans_or_sorts_a_collection(settings: Settings) -> None:
    queries: list[Document] = [
        {}, {"category": "社会"}, {"source": "people"}, {"published": {"$gte": NOON - 9 * HOUR, "$lt": NOON}},
        {"category": {"$in": ["社会", "文化"]}}, {"source": {"$in": ["people", "gmw"]}},
    ]  # fmt: skip

    async def look(store: Store) -> list[Document]:
        explained = []
        async with LiveRules.of(store) as rules:
            reading = Reading(store, rules)
            await store.db.command("profile", 2)
            for query in queries:
                for after in (None, Cursor(NOON, "people:10"), Cursor(None, "people:10")):
                    await reading.listed(query, 5, after=after)
            await reading.article("people:1")
            await reading.story("people:1")
            await reading.revisions("people:11")
            await reading.status()
            await reading.at("https://people.example/1.html", id="people:1")
            await store.db.command("profile", 0)
            async for each in store.db["system.profile"].find(
                {
                    "op": {"$in": ["query", "command"]},
                    "planSummary": {"$exists": True},
                    "ns": {"$regex": "articles|revisions"},
                }
            ):
                explained.append(each)
        return explained

    profiled = in_store(settings, look)
    assert len(profiled) > 15
    for each in profiled:
        assert "COLLSCAN" not in each["planSummary"], each["command"]
        assert not each.get("hasSortStage") or "story" in str(each["command"]["filter"]), each["command"]


def test_a_cursor_is_read_as_it_was_written() -> None:
    for place in (Cursor(NOON, "people:1"), Cursor(None, "web:a.b:c"), Cursor(NOON - 40 * 365 * 24 * HOUR * 2, "a:b")):
        scope = {"type": "http", "query_string": f"after={quote(parameters.as_parameter(place))}".encode()}
        assert parameters.cursor(Request(scope)) == place


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWSNAP_SITE_URL", "news.example"), ("NEWSNAP_SITE_URL", "https://a.example/path"),
        ("NEWSNAP_SITE_HOSTS", "a b"), ("NEWSNAP_SITE_EMAIL", "nobody"), ("NEWSNAP_SITE_PAGE_ARTICLES", "0"),
        ("NEWSNAP_SITE_PAGE_ARTICLES", "1000"), ("NEWSNAP_SITE_REQUESTS_PER_MINUTE", "-1"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_obeyed_is_named(name: str, value: str) -> None:
    from scrapy.utils.project import get_project_settings

    chosen = get_project_settings()
    chosen.set(name, value, priority="cmdline")
    with pytest.raises(OptionError, match=name):
        Options.of(chosen)


def test_every_word_of_a_page_is_there() -> None:
    with pytest.raises(OptionError, match="zh-CN"):
        words_of("tlh")
    words = words_of(FIRST)
    folder = Path(__file__).parent.parent / "newsnap" / "site" / "templates"
    used = {name for page in folder.iterdir() for name in re.findall(r"words\.([a-z0-9_]+)", page.read_text())}
    assert used - {"language"} <= set(words)
    python = "".join(each.read_text() for each in folder.parent.glob("*.py"))
    templates = "".join(each.read_text() for each in folder.iterdir())
    families = ("title_", "say_", "status_", "wrong_", "offer_", "search_")
    unused = {name for name in words if name not in used and name not in python and not name.startswith(families)}
    assert not {name for name in unused if f'"{name}"' not in templates}


def test_an_operator_is_told_what_keeps_the_site_from_starting(scrapy: Any, environment: dict[str, str]) -> None:
    for arguments, variables, said in (
        ([], {"NEWSNAP_SITE_URL": "nowhere"}, "NEWSNAP_SITE_URL=nowhere is no address"),
        (
            ["--bind", "127.0.0.1:0"],
            {"MONGO_URI": "mongodb://127.0.0.1:9/", "NEWSNAP_MONGO_WAIT_SECONDS": "1"},
            "does not answer",
        ),
    ):
        done = scrapy("serve", *arguments, **variables)
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_application_stands_where_other_servers_look_for_it(environment: dict[str, str]) -> None:
    import newsnap.site

    assert asyncio.iscoroutinefunction(newsnap.site.app.__call__)
    assert newsnap.site.app is newsnap.site.app
    with pytest.raises(AttributeError):
        _ = newsnap.site.nothing
