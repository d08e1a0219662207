"""The site as readers see it: a walk through it in a real browser, on a phone and on a desktop."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from scrapy.utils.project import get_project_settings
from served import Reader, library, serving, shelved

from newsnap.rendered.executable import find_browser

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def site(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site that shows the library."""
    home = tmp_path_factory.mktemp("site")
    with shelved(mongo_uri, home, library()) as (_, environment), serving(environment) as reader:
        yield reader.base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that pages are rendered with."""
    with sync_playwright() as playwright:
        path = find_browser(get_project_settings())
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages are left: below pytest's own folder of temporary files."""
    folder = Path(os.environ.get("NEWSNAP_TEST_PICTURES", tmp_path_factory.getbasetemp() / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def look(page: Page, name: str, pictures: Path) -> None:
    """Take a picture, and find what keeps anybody from reading the page."""
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px wider than the screen"
    faults: list[dict[str, Any]] = Axe().run(page).response["violations"]
    told = [
        f"{each['id']}: {node['html'][:200]}" for each in faults if each["impact"] in SERIOUS for node in each["nodes"]
    ]
    assert not told, f"{name}: {told}"
    html5lib.HTMLParser(strict=True).parse(page.request.get(page.url).text())


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_a_reader_finds_the_way_from_the_news_to_a_receipt(
    site: str, browser: Browser, pictures: Path, size: str, scheme: Any
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=True, bypass_csp=True
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)

    def see(name: str) -> None:
        look(page, f"{size}-{scheme}-{name}", pictures)

    page.goto(site)
    see("home")
    page.get_by_role("navigation", name="类别").get_by_role("link", name="社会").click()
    assert page.get_by_role("heading", level=1).inner_text() == "社会"
    see("category")
    page.locator(".entry", has_text="3 家刊载").get_by_role("heading").get_by_role("link").click()
    assert page.get_by_text("快照生成时间：2026-10-03 13:00:00").is_visible()
    see("article")
    first = page.get_by_role("heading", level=1).inner_text()

    page.locator(".related .entry").first.get_by_role("heading").get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text() != first
    see("related")
    page.go_back()
    page.get_by_role("link", name="比较各家文本的差异").click()
    page.locator("summary").last.click()
    assert page.locator("ins").last.is_visible()
    see("story")

    page.goto(f"{site}/article/people:11")
    page.get_by_role("link", name="修改记录").click()
    assert "9876" in "".join(page.locator("ins").all_inner_texts())
    see("history")

    page.get_by_role("searchbox").first.fill("水轮")
    page.get_by_role("searchbox").first.press("Enter")
    assert set(page.locator(".entry mark").all_inner_texts()) == {"水轮"}
    see("search")
    page.get_by_role("link", name="订阅", exact=True).click()
    page.get_by_role("button", name="订阅搜索“水轮”").click()
    assert page.locator(".followed").get_by_text("水轮").is_visible()
    see("subscriptions")
    feed = page.locator('a[href^="/mine/"]').first.get_attribute("href")
    found = feedparser.parse(Reader(site).get(feed or "").body)
    assert found.entries
    assert not found.bozo

    page.goto(f"{site}/article/people:1")
    page.get_by_role("link", name="申请删除此快照").click()
    see("removal")
    for label, text in (("权利人姓名", "穆棠"), ("联系方式", "mutang@rights.example"), ("通讯地址", "望潮路7号")):
        page.get_by_label(label).fill(text)
    page.get_by_label("作品名称").fill("泵房里的一年")
    page.get_by_label("初步证明材料").fill("手稿")
    page.get_by_label("真实性").check()
    page.get_by_role("button", name="送出通知").click()
    assert re.search(r"N\d{8}-", page.locator("strong").inner_text())
    see("receipt")
    for name in ("status", "about"):
        page.goto(f"{site}/{name}")
        see(name)
    assert not faults
    page.goto(f"{site}/nowhere")
    look_at_message = page.get_by_role("heading", level=1).inner_text()
    assert look_at_message == "没有这个页面"
    context.close()


def test_everything_works_without_scripts_and_prints(site: str, browser: Browser, pictures: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/article/people:1")
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
    assert page.get_by_text("快照生成时间").is_visible()
    page.screenshot(path=pictures / "print.png", full_page=True)
    context.close()
