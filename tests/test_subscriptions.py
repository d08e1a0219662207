"""My subscriptions, feeds, and the form for right-holders, as a reader and a feed reader use them."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import feedparser
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from scrapy.settings import Settings
from served import EMAIL, Answer, Reader, library, serving, shelved

Document = dict[str, Any]
NOTICE = {
    "name": "穆棠", "contact": "mutang@rights.example", "address": "滨海市望潮路7号", "work": "泵房里的一年",
    "addresses": "https://people.example/1.html", "evidence": "手稿与首发页面见附", "truth": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def shown(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """The library, and the address of a site that shows it."""
    with (
        shelved(mongo_uri, tmp_path_factory.mktemp("site"), library()) as (settings, environment),
        serving(environment, NEWSNAP_SITE_FORMS_PER_DAY="3", NEWSNAP_SITE_REQUESTS_PER_MINUTE="10000") as reader,
    ):
        yield settings, reader.base


@pytest.fixture
def reader(shown: tuple[Settings, str]) -> Reader:
    """A reader who was never here."""
    return Reader(shown[1])


@pytest.fixture
def kept(shown: tuple[Settings, str]) -> Iterator[Database[Document]]:
    """The database of the site."""
    with MongoClient[Document](shown[0]["MONGO_URI"], tz_aware=True) as client:
        yield client[shown[0]["MONGO_DATABASE"]]


def subscribe(reader: Reader, **fields: str) -> Answer:
    return reader.post("/subscriptions", {"form": reader.form("/subscriptions"), **fields})


# --- subscriptions ---


def test_what_is_subscribed_to_is_shown_on_one_page(reader: Reader, kept: Database[Document]) -> None:
    offered = reader.get("/subscriptions?category=文化").text
    assert "订阅类别“文化”" in offered
    page = subscribe(reader, add_category="文化").text
    assert page.count('<article class="entry">') == 10
    page = subscribe(reader, add_source="gmw").text
    assert page.count('<article class="entry">') == 14
    assert "没有日期的消息" in page
    document = kept.subscriptions.find_one({"categories": ["文化"], "sources": ["gmw"]}, sort=[("created", -1)])
    assert document
    cookies = {each.name: each.value or "" for each in reader.cookies}
    token = cookies["newsnap_mine"]
    assert token not in str(document), "who reads the database is no reader"
    page = subscribe(reader, drop_category="文化").text
    assert page.count('<article class="entry">') == 4
    assert "添加订阅" in subscribe(reader, act="delete").text
    assert kept.subscriptions.find_one({"_id": document["_id"]}) is None


def test_two_readers_know_nothing_of_each_other(reader: Reader) -> None:
    subscribe(reader, add_category="财经")
    other = Reader(reader.base)
    assert "取消订阅" not in other.get("/subscriptions").text
    forged = next(each for each in reader.cookies if each.name == "newsnap_mine").value or ""
    letter = "A" if forged[3] != "A" else "B"
    page = other.get("/subscriptions", {"Cookie": f"newsnap_mine={forged[:3]}{letter}{forged[4:]}"}).text
    assert "取消订阅" not in page


def test_subscriptions_are_bounded(reader: Reader) -> None:
    outlines = "".join(f'<outline xmlUrl="/search/feed.atom?q=w{number}"/>' for number in range(60))
    assert upload(reader, f"<opml><body>{outlines}</body></opml>".encode()).text.count("取消订阅") == 20
    assert subscribe(reader, add_word="one more").text.count("取消订阅") == 20
    assert subscribe(reader, add_word="长" * 201).status == 400
    assert subscribe(reader, add_category="没有的").status == 400


def test_a_cookie_is_for_this_site_alone(reader: Reader) -> None:
    subscribe(reader, add_category="文化")
    cookie = next(each for each in reader.cookies if each.name == "newsnap_mine")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"


def test_a_form_sent_from_elsewhere_changes_nothing(reader: Reader, kept: Database[Document]) -> None:
    form = reader.form("/subscriptions")
    fields = {"form": form, "add_category": "军事"}
    assert reader.post("/subscriptions", fields, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert Reader(reader.base).post("/subscriptions", fields).status == 403
    assert kept.subscriptions.find_one({"categories": "军事"}) is None


# --- feeds ---


def test_the_private_feed_has_what_the_page_has(reader: Reader) -> None:
    page = subscribe(reader, add_category="文化", add_source="gmw").text
    path = re.search(r'href="(/mine/[0-9a-f]+/feed\.atom)"', page)
    assert path
    stranger = Reader(reader.base)
    found = feedparser.parse(stranger.get(path[1]).body)
    assert not found.bozo
    titles = re.findall(r'<h2><a href="/article/[^"]+">([^<]+)</a>', page)
    assert [each.title for each in found.entries] == titles
    assert "取消订阅" not in stranger.get("/subscriptions").text, "the feed's address changes nothing"
    assert stranger.get(path[1]).headers["cache-control"].startswith("private")


@pytest.mark.parametrize("path", ["/feed", "/category/社会/feed", "/source/people/feed"])
def test_a_feed_is_valid_and_leads_to_the_snapshots(reader: Reader, path: str) -> None:
    answer = reader.get(f"{path}.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    found = feedparser.parse(answer.body)
    assert not found.bozo
    assert found.version == "atom10"
    assert found.entries
    for each in found.entries:
        assert each.link.startswith(f"{reader.base}/article/")
        assert each.id == each.link
        assert each.updated_parsed
        assert "<p>" in each.content[0].value
    assert reader.get(found.entries[0].link.removeprefix(reader.base)).status == 200
    items = json.loads(reader.get(f"{path}.json").text)["items"]
    assert [each["url"] for each in items] == [each.link for each in found.entries]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", each["date_published"]) for each in items)


def test_lists_name_their_feeds(reader: Reader) -> None:
    assert 'type="application/atom+xml"' in reader.get("/category/社会").text


# --- OPML ---


def test_subscriptions_move_by_opml(reader: Reader) -> None:
    subscribe(reader, add_category="文化", add_source="gmw", add_word="泵房 “换上”")
    made = reader.get("/subscriptions.opml")
    assert "attachment" in made.headers["content-disposition"]
    addresses = [each.get("xmlUrl") or "" for each in ElementTree.fromstring(made.body).iter("outline")]
    assert len(addresses) == 3
    assert all(reader.get(each.removeprefix(reader.base)).status == 200 for each in addresses)
    other = Reader(reader.base)
    page = upload(other, made.body).text
    assert page.count("取消订阅") == 3
    assert "泵房 “换上”" in page


@pytest.mark.parametrize(
    "given",
    [
        b"", b"no opml", b"<rss/>", b"\xff\xfe", b"<opml>" * 300,
        b'<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><html>&b;</html>',
    ],
)  # fmt: skip
def test_what_is_no_opml_is_said_to_be_none(reader: Reader, given: bytes) -> None:
    answer = upload(reader, given)
    assert answer.status == 400
    assert "不是可以读取的 OPML" in answer.text


def test_an_opml_cannot_read_files_nor_add_what_is_not_here(reader: Reader) -> None:
    given = (
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml><body>'
        '<outline xmlUrl="https://elsewhere.example/feed.xml">&x;</outline>'
        '<outline xmlUrl="http://[broken/category/文化/feed.atom"/><outline xmlUrl="x/source/nobody/feed.atom"/>'
        '<outline xmlUrl="https://other.example/category/%E6%96%87%E5%8C%96/feed.atom"/></body></opml>'
    )
    page = upload(reader, given.encode()).text
    assert page.count("取消订阅") == 1


def upload(reader: Reader, content: bytes) -> Answer:
    """Send a file as a browser does."""
    edge = "----newsnap"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="form"\r\n\r\n{reader.form("/subscriptions")}\r\n'
    part += f'--{edge}\r\nContent-Disposition: form-data; name="opml"; filename="a.opml"\r\n\r\n'
    data = part.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return reader.send("/subscriptions", data, {"Content-Type": f"multipart/form-data; boundary={edge}"})


# --- removal ---


def test_a_notice_arrives_pending_and_its_receipt_tells_nothing_of_it(reader: Reader, kept: Database[Document]) -> None:
    page = reader.get("/article/people:1").text
    path = re.search(r'href="(/removal\?url=[^"]+)"', page)
    assert path
    form = reader.get(path[1]).text
    assert "https://people.example/1.html</textarea>" in form
    assert EMAIL in form
    answer = reader.post("/removal", {**NOTICE, "form": reader.form(path[1])})
    number = answer.url.rpartition("/")[2]
    assert re.fullmatch(r"N\d{8}-[0-9a-f]+", number)
    assert number in answer.text
    assert "待处理" in answer.text
    for name, value in NOTICE.items():
        assert name in ("truth", "work") or value not in answer.text
    notice = kept.notices.find_one({"_id": number})
    assert notice
    assert notice["status"] == "pending"
    assert notice["claim"]["contact"] == NOTICE["contact"]
    assert notice["history"][0]["by"] == "form"
    assert Reader(reader.base).get(f"/removal/{number}").status == 200


@pytest.mark.parametrize("missing", [*NOTICE])
def test_a_notice_without_a_field_is_given_back_with_the_rest(
    reader: Reader, kept: Database[Document], missing: str
) -> None:
    before = kept.notices.count_documents({})
    given = {name: value for name, value in NOTICE.items() if name != missing}
    answer = reader.post("/removal", {**given, "form": reader.form("/removal")})
    assert answer.status == 400
    assert f'aria-describedby="{missing}-error"' in answer.text
    assert "此项须填写" in answer.text or missing == "truth"
    assert all(value in answer.text for name, value in given.items())
    assert kept.notices.count_documents({}) == before


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "people.example/1.html",
        "http://",
        "\n".join(f"http://a.example/{at}" for at in range(201)),
    ],
)
def test_a_notice_about_no_address_is_given_back(reader: Reader, address: str) -> None:
    answer = reader.post("/removal", {**NOTICE, "addresses": address, "form": reader.form("/removal")})
    assert answer.status == 400
    assert "addresses-error" in answer.text


def test_a_flood_of_notices_is_stopped(reader: Reader, kept: Database[Document]) -> None:
    before = kept.notices.count_documents({})
    statuses = [reader.post("/removal", {**NOTICE, "form": reader.form("/removal")}).status for _ in range(5)]
    assert statuses[-1] == 429
    assert kept.notices.count_documents({}) - before <= 3
