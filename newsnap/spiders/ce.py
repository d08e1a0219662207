"""中国经济网 (http://www.ce.cn): column pages, last seen in 2019 and still in addresses of 2026; GB2312 until then.

Ids have seven figures since a change of system in 2025; how its pages are made is known in part only.
"""

from newsnap.news_spider import Layout, NewsSpider

TAIL = r"(?:[A-Za-z0-9_]+/)*\d{6}/(?:\d{2}/)?t(?P<date>\d{8})_(?P<id>\d{7,8})(?P<page>_\d+)?\.s?html"


class CeSpider(NewsSpider):
    name = "ce"
    site = "中国经济网"
    allowed_domains = ["ce.cn"]
    listing_urls = [
        f"http://{column}"
        for column in (
            "www.ce.cn/xwzx/gnsz/gdxw/", "www.ce.cn/xwzx/gnsz/szyw/", "www.ce.cn/xwzx/shgj/gdxw/",
            "www.ce.cn/xwzx/fazhi/", "www.ce.cn/xwzx/kj/", "finance.ce.cn/rolling/index.shtml",
            "www.ce.cn/macro/more/", "www.ce.cn/culture/gd/", "district.ce.cn/",
        )
    ]  # fmt: skip
    article_url = (
        rf"www\.ce\.cn/(?P<channel>xwzx/[a-z]+(?:/gdxw)?)/{TAIL}",
        rf"www\.ce\.cn/(?P<channel>[a-z]+)/{TAIL}",
        rf"(?P<channel>[a-z0-9]+)\.ce\.cn/{TAIL}",
    )
    scheme = "http"
    first_page = 0
    layouts = [
        Layout(
            name="articleText",  # until 2025
            body="#articleText, .TRS_Editor",
            title="#articleTitle",
            published="#articleTime",
            outlet="#articleSource",
            authors="#articleAuthor",
            page_count=r"createPageHTML\(\s*(\d+)",
        ),
        Layout(
            name="md_nr",  # since 2025; only the container is known
            body="div.md_nr",
            title="h1",
            published="#articleTime, .time",
            outlet="#articleSource, .source",
        ),
    ]
    categories = {
        "xwzx/gnsz": "国内", "xwzx/gnsz/gdxw": "国内", "xwzx/shgj/gdxw": "国际", "finance": "财经", "macro": "财经",
        "cysc": "财经", "xwzx/shgj": "社会", "xwzx/kj": "科技", "tech": "科技", "culture": "文化", "ent": "娱乐",
        "health": "健康", "xwzx/fazhi": "法治", "district": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: robots.txt names no pause
