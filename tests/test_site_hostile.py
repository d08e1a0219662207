"""Foreign text is text: whatever stands in a field or a parameter, nothing executes, matches or breaks."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from hostile import MARK, STRINGS
from lxml import html
from playwright.sync_api import sync_playwright
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings
from served import Answer, Reader, quoted, serving, shelved
from shelf import NOON, article

from newsnap.items import Article, Figure
from newsnap.rendered.executable import find_browser

Document = dict[str, Any]
FORBIDDEN = {
    "script",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "style",
    "base",
    "video",
    "audio",
    "template",
    "frame",
}


def hostile_article(number: int, text: str) -> Article:
    """Return an article with a hostile text in every field that holds a text of others."""
    body = f"第{number}篇的第一段。\n{text}\n第{number}篇的末段{text}。"
    made = article(
        f"people:{number}", body.replace("\x00", ""), title=f"{number} {text}".replace("\x00", ""),
        published=NOON - timedelta(minutes=number),
        category="社会", kicker=text, subtitle=text, authors=[text], editors=[text], outlet=text, origin=[text],
        keywords=[text], channel=text, published_raw=text, headings=[1],
        figures=[Figure(url=text, caption=text, after=0)],
    )  # fmt: skip
    made.url = f"https://people.example/{number}.html?{text}"
    return made


@pytest.fixture(scope="module")
def shown(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Reader]]:
    """A site whose articles all mean harm."""
    home = tmp_path_factory.mktemp("site")
    articles = [hostile_article(number, text) for number, text in enumerate(STRINGS)]
    chosen = {
        "NEWSNAP_SITE_REQUESTS_PER_MINUTE": "100000",
        "NEWSNAP_SITE_SEARCHES_PER_MINUTE": "100000",
        "NEWSNAP_SITE_PAGE_ARTICLES": "100",
        "NEWSNAP_SITE_IMAGES": "1",
    }
    with shelved(mongo_uri, home, articles) as (settings, environment), serving(environment, **chosen) as reader:
        yield settings, Reader(reader.base, follow=False)


@pytest.fixture
def site(shown: tuple[Settings, Reader]) -> Reader:
    return shown[1]


def test_there_are_two_hundred() -> None:
    assert len(STRINGS) >= 200


def test_every_article_is_shown_and_nothing_of_it_is_markup(site: Reader) -> None:
    for number in range(len(STRINGS)):
        answer = site.get(f"/article/people:{number}")
        assert answer.status == 200, STRINGS[number]
        page = answer.text
        assert_harmless(answer)
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)
        assert f"第{number}篇的第一段" in page


def test_every_feed_is_well_formed(site: Reader) -> None:
    for path in ("/feed", "/category/社会/feed", "/source/people/feed"):
        found = feedparser.parse(site.get(f"{path}.atom").body)
        assert not found.bozo
        ElementTree.fromstring(site.get(f"{path}.atom").body)
        json.loads(site.get(f"{path}.json").body)


@pytest.mark.parametrize(
    "place",
    [
        "/search?q={}", "/search?q=a&source={}", "/search?q=a&category={}", "/search?q=a&since={}",
        "/search?q=a&page={}", "/search/feed.atom?q={}", "/article/{}", "/history/{}", "/story/{}", "/source/{}",
        "/category/{}", "/day/{}", "/?after={}", "/subscriptions?word={}", "/subscriptions?category={}",
        "/removal?url={}", "/removal/{}", "/mine/{}/feed.json", "/{}",
    ],
)  # fmt: skip
def test_no_parameter_breaks_anything(site: Reader, place: str) -> None:
    for text in STRINGS:
        answer = site.get(place.replace("{}", encoded(text)))
        assert answer.status < 500 or (answer.status == 503 and "retry-after" in answer.headers), text
        assert "Traceback" not in answer.text
        assert "set-cookie" not in answer.headers or MARK not in answer.headers["set-cookie"]
        assert "evil.example" not in answer.headers.get("location", "") or place.startswith("/search")
        assert_harmless(answer)


def test_operators_of_the_database_match_nothing(site: Reader) -> None:
    for text in ('{"$ne": null}', "$ne", '{"$gt": ""}', "(a+)+$", "^.*$"):
        assert site.get(f"/article/{encoded(text)}").status == 404
        assert site.get(f"/source/{encoded(text)}").status == 404
    for name in ("q[$ne]", "q[]", "source[$gt]", "page[$gt]"):
        assert site.get(f"/search?q=a&{quoted(name)}=1").status == 400


def test_every_form_takes_them_as_text(site: Reader) -> None:
    reader = Reader(site.base)
    for text in STRINGS:
        given = {name: text for name in ("name", "contact", "address", "work", "evidence")}
        answer = reader.post("/removal", {**given, "addresses": text, "truth": "1", "form": reader.form("/removal")})
        assert answer.status in (200, 400, 429), text
        assert_harmless(answer)
        answer = reader.post("/subscriptions", {"form": reader.form("/subscriptions"), "add_word": text})
        assert answer.status in (200, 400, 503), text
        assert_harmless(answer)


def test_nothing_executes_in_a_browser(site: Reader) -> None:
    """All pages in one, without the policy of the headers: what keeps scripts from running here is escaping alone."""
    paths = ["/", "/category/社会", *(f"/article/people:{number}" for number in range(len(STRINGS)))]
    paths += [f"/{('search?q', 'removal?url')[at % 2]}={encoded(text)}" for at, text in enumerate(STRINGS)]
    everything = "".join(site.get(path).text for path in paths)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(get_project_settings()), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.route("**", lambda route: route.abort())
        page.set_content(everything, wait_until="domcontentloaded")
        assert page.locator("main").count() > len(STRINGS)
        assert page.evaluate(f"window.{MARK}") is None
        page.set_content(f"<p><script>window.{MARK} = 1</script>", wait_until="domcontentloaded")
        assert page.evaluate(f"window.{MARK}") == 1, "a script that is one does run"
        browser.close()


def assert_harmless(answer: Answer) -> None:
    """Look at a page as a browser reads it: no element that runs anything, no address but of the web."""
    page = answer.text
    if not page or "html" not in answer.headers["content-type"]:
        return
    for element in html.document_fromstring(page).iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in FORBIDDEN, page
        for name, value in element.attrib.items():
            assert not name.startswith("on"), page
            if name in ("href", "src", "action", "formaction"):
                assert re.match(r"(https?://|mailto:|/|#|$)", value), value


def encoded(text: str) -> str:
    """Return a text with everything encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
