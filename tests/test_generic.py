"""Generic extraction: an article where no layout knows the page, and nothing where there is none."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Scrapy
from record import DAY, pages_of, recorded
from scrapy.utils.project import get_project_settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsnap.arguments import ArgumentError
from newsnap.dates import judge
from newsnap.generic import read_generic, read_or_refuse
from newsnap.page import Page
from newsnap.sources import load_sources
from newsnap.spiders.web import WebSpider

URL = "https://www.chengang.example/2026/1003/40123.html"
FETCHED = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
PROSE = [
    "晨港的第一班渡船比平日早开了一刻钟，码头上站满了提着菜篮的老人，他们说潮水从来不等人，船也不该等。",
    "船长把汽笛拉了两声，第一声给岸上的人，第二声给还在路上的人，然后才慢慢松开缆绳，让船身离开石阶。",
    "到对岸要走二十分钟，其间有人下棋，有人择菜，还有一个孩子把每只海鸥都数了一遍，数到第四十只时睡着了。",
]


def article(
    *,
    title: str = "渡船早开一刻钟",
    document_title: str = "渡船早开一刻钟_社会频道_晨港网",
    head: str = "",
    info: str = "<div class='info'>2026-10-03 16:20:05 来源：晨港日报 作者：温叙</div>",
    body: str = "",
    after: str = "<p>责任编辑：乔岸</p>",
    language: str = "",
) -> str:
    """Return a page with the furniture that news pages have."""
    text = body or "".join(f"<p>　　{each}</p>" for each in PROSE)
    return f"""<html lang="{language}"><head><meta charset="utf-8"><title>{document_title}</title>{head}</head><body>
    <h1><a href="/">晨港网</a></h1><ul><li><a href="/1">时政</a></li><li><a href="/2">社会</a></li></ul>
    <div class="crumbs"><a href="/">首页</a> &gt; <a href="/sh">社会</a> &gt; 正文</div>
    <div class="main"><h2 class="tit">{title}</h2>{info}<div class="con-7f">{text}</div>{after}</div>
    <div class="side"><h3>热门</h3><a href="/9">码头改造方案公布</a><a href="/8">海鸥普查开始</a></div>
    <div>Copyright © 晨港网 版权所有</div></body></html>"""


def page(html: str, url: str = URL) -> Page:
    return Page(html.encode(), url, "text/html; charset=utf-8")


def published(html: str, url: str = URL) -> str | None:
    reading = read_generic(page(html, url))
    assert reading is not None
    moment = judge(reading.witnesses, fetched=FETCHED).moment
    return moment.at.isoformat() if moment else None


def test_an_article_is_read_without_a_layout() -> None:
    reading = read_generic(page(article()))
    assert reading is not None
    assert reading.layout == "generic"
    assert reading.title == "渡船早开一刻钟"
    assert reading.text.paragraphs == PROSE
    assert (reading.outlet, reading.authors, reading.editors) == ("晨港日报", ["温叙"], ["乔岸"])
    assert reading.channel == "社会"
    assert reading.site == "晨港网"
    assert published(article()) == "2026-10-03T08:20:05+00:00"


def test_most_saved_pages_of_the_sources_are_read_as_by_their_layouts() -> None:
    same: list[bool] = []
    for name in recorded():
        for saved in pages_of(name):
            expected = saved.path.with_suffix(".json")
            if saved.path.parent.name == "lists" or saved.path.suffix != ".html" or not expected.exists():
                continue
            told = json.loads(expected.read_text(encoding="utf-8"))
            if told["pages"] > 1:
                continue
            reading = read_generic(Page(saved.path.read_bytes(), saved.address, saved.content_type))
            lost = set(told["body"]) - set(reading.text.paragraphs) if reading else {"all"}
            same.append(reading is not None and reading.title == told["title"] and not lost)
    assert len(same) > 20
    assert sum(same) >= 0.75 * len(same)


@pytest.mark.parametrize(
    ("document_title", "shown", "headline"),
    [
        ("渡船早开一刻钟 - 晨港网", "渡船早开一刻钟", "渡船早开一刻钟"),
        ("最前线 | 渡船早开一刻钟_晨港网", "最前线 | 渡船早开一刻钟", "最前线 | 渡船早开一刻钟"),
        (
            "渡船早开一刻钟，码头站满提着菜篮的..._晨港网",
            "渡船早开一刻钟，码头站满提着菜篮的老人",
            "渡船早开一刻钟，码头站满提着菜篮的老人",
        ),
        ("晨港网_新闻", "渡船早开一刻钟", "渡船早开一刻钟"),
    ],
)
def test_the_headline_is_the_one_displayed(document_title: str, shown: str, headline: str) -> None:
    reading = read_generic(page(article(title=shown, document_title=document_title)))
    assert reading is not None
    assert reading.title == headline


@pytest.mark.parametrize(
    ("info", "outlet", "authors", "editors"),
    [
        ("2026-10-03 16:20 来源: 晨港日报 (晨港) 举报", "晨港日报", [], ["乔岸"]),
        ("https://news.chengang.cn 2026年10月03日16:20 望潮晚报 我要评论(0)", "望潮晚报", [], ["乔岸"]),
        ("温叙 2026-10-03 16:20 0人参与评论", None, ["温叙"], ["乔岸"]),
        ("图片来源：晨港图片社 2026-10-03 16:20", None, [], ["乔岸"]),
        ("晨港报 记者 温叙 编辑 时岚 校对 李橘 2026-10-03 16:20", "晨港报", ["温叙"], ["乔岸"]),
        ("2026年10月3日 16:20 晨港报 记者 温叙", "晨港报", ["温叙"], ["乔岸"]),
        ("来源：晨港报 作者：温叙 时岚 责任编辑：李橘 发布：2026-10-03 16:20", "晨港报", ["温叙", "时岚"], ["李橘"]),
        ("晨港网 2026-10-03 16:20 江苏", "晨港网", [], ["乔岸"]),
        ("<p>温叙</p><p>2026-10-03 16:20</p>", None, ["温叙"], ["乔岸"]),
        ("<p>晨港晚报</p><p>2026-10-03 16:20</p>", "晨港晚报", [], ["乔岸"]),
        ("<a rel='author'>温叙</a> <p>Posted on 2026-10-03</p>", None, ["温叙"], ["乔岸"]),
        ("<div class='post-author-box'>温叙</div><p>十月 3, 2026</p>", None, ["温叙"], ["乔岸"]),
        ("發布單位：晨港市新聞處 發布日期：115-10-03", "晨港市新聞處", [], ["乔岸"]),
    ],
)
def test_who_says_it_is_read_beside_the_date(
    info: str, outlet: str | None, authors: list[str], editors: list[str]
) -> None:
    reading = read_generic(page(article(info=f"<div>{info}</div>")))
    assert reading is not None
    assert (reading.outlet, reading.authors, reading.editors) == (outlet, authors, editors)


def test_traditional_characters_are_read_like_simplified_ones() -> None:
    html = article(
        title="渡船早開一刻鐘",
        document_title="渡船早開一刻鐘 | 社會 | 晨港新聞網",
        info="<div>2026-10-03 16:20 來源：晨港日報 記者溫敘／晨港報導</div>",
        body="".join(f"<p>{each}</p>" for each in PROSE)
        + "<p>未經授權，請勿轉載。</p><h4>延伸閱讀</h4><p>渡口二十年</p>",
        after="<p>責任編輯：喬岸</p>",
    )
    reading = read_generic(page(html))
    assert reading is not None
    assert reading.title == "渡船早開一刻鐘"
    assert reading.text.paragraphs == PROSE
    assert (reading.outlet, reading.authors, reading.editors) == ("晨港日報", ["溫敘"], ["喬岸"])


def test_the_responsible_editor_is_the_editor() -> None:
    reading = read_generic(page(article(after="<p>编辑：时岚 责任编辑：乔岸_CG0412</p>")))
    assert reading is not None
    assert reading.editors == ["乔岸_CG0412"]


def test_on_a_platform_the_account_is_the_author() -> None:
    html = article(info="<div>原创 晨港日报 2026-10-03 16:20</div>", after="")
    reading = read_generic(page(html, "https://www.toutiao.com/i6740000000000000000/"))
    assert reading is not None
    assert (reading.outlet, reading.authors) == (None, ["晨港日报"])


@pytest.mark.parametrize(
    ("head", "info", "moment"),
    [
        ("", "<span>2026-10-03</span> 16:20 来源：晨港日报", "2026-10-03T08:20:00+00:00"),
        ('<script>var ct = "1790000000";</script>', "昨天 晨港日报", "2026-09-21T14:13:20+00:00"),
        ("", "昨天 16:20 来源：晨港日报", "2026-10-02T08:20:00+00:00"),
        ('<meta name="publishdate" content="2026-10-03">', "10月3日 16:20 来源：晨港日报", "2026-10-03T08:20:00+00:00"),
        (
            """<script type="application/ld+json">
            {"@type": "NewsArticle", "datePublished": "2026-10-03T06:20:00Z"}</script>""",
            "2026-10-03 08:20 来源：晨港日报",
            "2026-10-03T06:20:00+00:00",  # printed by the clock of a place two hours east of Greenwich
        ),
    ],
)
def test_the_date_is_that_of_the_best_witness(head: str, info: str, moment: str) -> None:
    assert published(article(head=head, info=f"<div>{info}</div>")) == moment


def test_what_is_not_the_article_stays_out_of_it() -> None:
    inside = (
        "<div class='share-box'>分享到 微信 微博</div>"
        + "".join(f"<p>{each}</p>" for each in PROSE)
        + "<p>（责任编辑：乔岸）</p><p>相关新闻</p><p><a href='/3'>渡口二十年</a></p><p><a href='/4'>船票不涨价</a></p>"
        + "<p>下载晨港新闻客户端，看更多好看的</p><p>未经授权，请勿转载。</p>"
    )
    reading = read_generic(page(article(body=inside, after="")))
    assert reading is not None
    assert reading.text.paragraphs == PROSE
    assert reading.editors == ["乔岸"]


def test_headline_and_date_inside_the_block_of_text_are_cut() -> None:
    inside = "<h2>渡船早开一刻钟</h2><p>2026-10-03 16:20 来源：晨港日报 字号：大 中 小</p>" + "".join(
        f"<p>{each}</p>" for each in PROSE
    )
    reading = read_generic(page(article(title="", info="", body=inside)))
    assert reading is not None
    assert reading.text.paragraphs == PROSE
    assert reading.outlet == "晨港日报"


OTHERS = "<h4>猜你喜欢</h4>" + "".join(
    f"<div><a href='/{n}'>第{n}号码头改造</a><p>{each}</p><span>2小时前</span></div>"
    for n, each in enumerate(PROSE[:2])
)


@pytest.mark.parametrize(
    "others",
    [
        f"<div class='k7'>{OTHERS}</div>",
        "<h4>相关新闻</h4><ul><li><a href='/3'>渡口二十年</a></li><li><a href='/4'>船票不涨价</a></li></ul>",
        "<table>" + "".join(f"<tr><td><a href='/{n}'>第{n}号码头</a></td></tr>" for n in range(5)) + "</table>",
        "<p><a href='/5'>广告 望潮楼盘开盘</a></p><p>分享</p>",
    ],
)
def test_what_leads_to_other_articles_is_left_out_wherever_it_stands(others: str) -> None:
    paragraphs = [f"<p>{each}</p>" for each in PROSE * 3]
    for at in (4, len(paragraphs)):
        body = "".join([*paragraphs[:at], others, *paragraphs[at:]])
        reading = read_generic(page(article(body=body)))
        assert reading is not None
        assert reading.text.paragraphs == PROSE * 3


def test_the_foot_of_a_site_is_left_out_and_a_text_about_the_same_words_is_not() -> None:
    own = "渡船的经营者今天领到了许可证，举报电话也一并公布，市民发现没有许可证的船只可以随时拨打。"
    text = "".join(f"<p>{each}</p>" for each in [own, *PROSE, own])
    foot = "<p>关于我们 | 联系我们</p><p>晨港网版权所有 未经授权禁止复制</p><p>许可证编号：苏B2-2020 不良信息举报</p>"
    reading = read_generic(page(article(body=text + foot)))
    assert reading is not None
    assert reading.text.paragraphs == [own, *PROSE, own]


def test_a_section_of_the_text_stays_whatever_its_heading() -> None:
    body = "".join(f"<section><h3>最新动态</h3><p>{each}</p><p>{each}</p></section>" for each in PROSE)
    reading = read_generic(page(article(body=body)))
    assert reading is not None
    assert reading.text.paragraphs == [line for each in PROSE for line in ("最新动态", each, each)]


def test_a_title_that_names_only_the_site_leaves_the_headline_to_the_page() -> None:
    for shown in ("<h3>渡船早开一刻钟</h3>", "<td><font size='5'>渡船早开一刻钟</font></td>"):
        html = article(document_title="晨港新闻网").replace('<h2 class="tit">渡船早开一刻钟</h2>', shown)
        reading = read_generic(page(html))
        assert reading is not None
        assert reading.title == "渡船早开一刻钟"


def test_a_summary_list_elsewhere_is_not_the_text() -> None:
    others = "".join(f"<div class='it'><p>{each}</p></div>" for each in reversed(PROSE * 2))
    html = article(body="".join(f"<p>{each}</p>" for each in PROSE[:2])).replace(
        "<h3>热门</h3>", f"<h3>热门</h3>{others}"
    )
    reading = read_generic(page(html))
    assert reading is not None
    assert reading.text.paragraphs == PROSE[:2]


def test_a_text_that_stands_in_a_script_is_read() -> None:
    markup = "".join(f"<p>{each}</p>" for each in PROSE)
    data = {
        "doc": {"title": "渡船早开一刻钟", "newsTime": "2026-10-03 16:20:05", "source": "晨港日报", "content": markup}
    }
    script = f"<script>var allData = {json.dumps(data, ensure_ascii=False)};</script>"
    html = f"<html><head><title>渡船早开一刻钟_晨港网</title>{script}</head><body><div id='app'></div></body></html>"
    reading = read_generic(page(html))
    assert reading is not None
    assert reading.text.paragraphs == PROSE
    assert (reading.title, reading.outlet) == ("渡船早开一刻钟", "晨港日报")
    assert published(html) == "2026-10-03T08:20:05+00:00"


@pytest.mark.parametrize(
    ("language", "head", "expected"),
    [("zh-TW", "", "zh-TW"), ("", '<meta property="og:locale" content="zh_HK">', "zh-HK"), ("", "", None)],
)
def test_the_language_is_what_the_page_says(language: str, head: str, expected: str | None) -> None:
    reading = read_generic(page(article(language=language, head=head)))
    assert reading is not None
    assert reading.language == expected


LINKS = "".join(
    f"<li><a href='/{n}'>第{n}号码头的海鸥普查今天开始了</a> <span>10-0{n % 9 + 1}</span></li>" for n in range(60)
)
LONG = "".join(f"<p>{each}</p>" for each in PROSE * 4)
SUMMARIES = "".join(f"<h3><a href='/{n}'>第{n}号码头的海鸥</a></h3><p>{PROSE[n % 3]}</p>" for n in range(8))


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (f"<title>晨港网_新闻首页</title><h1>晨港网</h1><ul>{LINKS}</ul>", "https://www.chengang.example/"),
        (
            "<title>404</title><h1>404</h1><p>抱歉，您访问的页面不存在或已删除，五秒后自动跳转到首页，感谢您的支持与理解。</p>",
            URL,
        ),
        (
            "<title>用户登录</title><h1>用户登录</h1><p>请登录后继续阅读全文，用户名与密码由管理员发放，忘记密码请联系我们。</p>",
            URL,
        ),
        (
            "<title>安全验证</title><p>请拖动滑块完成安全验证，您的访问过于频繁，完成之后即可继续访问本站的内容。</p>",
            URL,
        ),
        (f"<title>海鸥 - 百科</title><h1>海鸥</h1>{LONG}", "https://baike.chengang.example/item/1"),
        (
            f"<title>数海鸥的人</title><h1>数海鸥的人</h1><p>楼主 发表于：2026-10-3</p>{LONG}",
            "https://bbs.chengang.example/thread-1.html",
        ),
        (f"<title>我的空间</title><h1>随笔</h1>{LONG}", URL),
        (f"<title>海鸥_晨港百科</title><h1>海鸥</h1>{LONG}", URL),
        (f"<title>“渡船”的搜索结果</title><h1>“渡船”的搜索结果</h1>{SUMMARIES}", URL),
        (f"<title>社会新闻要览_晨港网</title><h1>社会新闻要览</h1>{SUMMARIES}", URL),
        ("<title></title><body></body>", URL),
        ("", URL),
    ],
)
def test_what_is_no_article_yields_nothing_and_says_why(html: str, url: str) -> None:
    reading, refused = read_or_refuse(page(f"<html>{html}</html>" if html else "", url))
    assert reading is None
    assert refused


# --- the source `web` ---


def write_warc(out: Path, pages: dict[str, str | bytes]) -> None:
    """Record pages as received on the day of the tests."""
    with out.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, html in pages.items():
            body = html if isinstance(html, bytes) else html.encode()
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            date = {"WARC-Date": f"{DAY:%Y-%m-%dT%H:%M:%SZ}"}
            payload = io.BytesIO(body)
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload, len(body), warc_headers_dict=date, http_headers=head
                )
            )


def saved_page_of_people() -> tuple[str, bytes]:
    saved = next(each for each in pages_of("people") if each.path.name == "rm_txt-2026.html")
    return saved.address, saved.path.read_bytes()


def test_web_reads_an_address_by_its_source_or_else_by_itself(scrapy: Scrapy, db: Any, tmp_path: Path) -> None:
    known, saved = saved_page_of_people()
    warc = tmp_path / "web.warc.gz"
    write_warc(warc, {known: saved, f"{URL}?b=2&a=1": article()})
    done = scrapy("crawl", "web", "-a", f"urls={known},{URL}?b=2&a=1&utm_source=x", NEWSNAP_REPLAY=str(warc))
    stored = {each["source"]: each for each in db.articles.find()}
    assert stored["people"]["_id"] == "people:40990101", done.stderr
    assert (stored["people"]["site"], stored["people"]["layout"]) == ("人民网", "rm_txt")
    assert "web" not in stored, "a tracking parameter was asked for, and the recording has none"
    done = scrapy("crawl", "web", "-a", f"urls={URL}?b=2&a=1", NEWSNAP_REPLAY=str(warc))
    assert done.returncode == 0, done.stderr
    own = db.articles.find_one({"source": "web"})
    assert own["_id"].startswith("web:")
    assert (own["site"], own["layout"], own["url"]) == ("晨港网", "generic", f"{URL}?a=1&b=2")


def test_web_needs_addresses(scrapy: Scrapy) -> None:
    done = scrapy("crawl", "web")
    assert done.returncode == 1
    assert "web lists nothing by itself: give the addresses" in done.stderr
    with pytest.raises(ArgumentError, match="-a urls="):
        WebSpider()


def test_an_identity_of_the_web_does_not_mind_spelling() -> None:
    rules = WebSpider.address_rules()
    spellings = ["http://News.example:80/a/../b.html?x=1&utm_source=q#top", "https://news.example/b.html?x=1"]
    assert len({rules.adopt(each).id for each in spellings}) == 1
    assert rules.adopt("https://news.example/b.html?x=2").id != rules.adopt(spellings[1]).id
    assert rules.identify(spellings[1]) is None


def test_nobody_takes_web_for_the_source_of_a_host() -> None:
    sources = load_sources(get_project_settings())
    assert not sources.of_host(URL)
    assert sources.identify(URL) is None


def test_layouts_can_be_switched_off(scrapy: Scrapy, db: Any, tmp_path: Path) -> None:
    known, saved = saved_page_of_people()
    warc = tmp_path / "people.warc.gz"
    write_warc(warc, {known: saved})
    done = scrapy("crawl", "people", "-a", f"urls={known}", NEWSNAP_REPLAY=str(warc), NEWSNAP_EXTRACT_GENERIC="1")
    assert done.returncode == 0, done.stderr
    assert db.articles.find_one()["layout"] == "generic"
