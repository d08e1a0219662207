"""大众网 (https://www.dzwww.com), of Shandong: column pages, last seen in 2019; cities have hosts of their own."""

from newsnap.news_spider import Layout, NewsSpider


class DzwwwSpider(NewsSpider):
    name = "dzwww"
    site = "大众网"
    allowed_domains = ["dzwww.com"]
    listing_urls = ["http://sd.dzwww.com/sdnews/", "https://www.dzwww.com/xinwen/guoneixinwen/"]
    article_url = (
        r"www\.dzwww\.com/(?P<channel>[a-z]+(?:/[a-z]+)?)/(?:[A-Za-z0-9_]+/)*\d{6}/t(?P<date>\d{8})_(?P<id>\d+)"
        r"(?P<page>_\d+)?\.html?",
        r"(?P<channel>[a-z]+)\.dzwww\.com/(?:[A-Za-z0-9_]+/)*\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d+)?\.html?",
    )
    first_page = 0
    layouts = [
        Layout(
            name="news-con",
            body=".TRS_Editor, #news-body, .news-con",
            title="h1, body:not(:has(h1)) .layout h2",
            published=".layout .left, #headline i",
            page_count=r"createPageHTML\(\s*(\d+)",
        ),
    ]
    categories = {"xinwen/guoneixinwen": "国内", "xinwen/guojixinwen": "国际", "*": "地方"}
    custom_settings = {"DOWNLOAD_DELAY": 8}  # since 2026-10: its robots.txt was never seen
