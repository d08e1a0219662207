"""潮新闻 (https://tidenews.com.cn) of 浙江日报: every article is one shell, filled by a script from its app's platform.

No rendered page was seen when this was written, so generic extraction reads them.  The front page is drawn by a script
too and lists nothing without one: a run without `-a urls` says that no listing is alive as long as that is so.
"""

from newsnap.news_spider import Layout, NewsSpider


class TidenewsSpider(NewsSpider):
    name = "tidenews"
    site = "潮新闻"
    allowed_domains = ["tidenews.com.cn", "zjol.com.cn"]
    listing_urls = ["https://tidenews.com.cn/"]
    article_url = (
        r"tidenews\.com\.cn/news\.html\?id=(?P<id>\d+)",
        r"tidenews\.com\.cn/tmh_news\.html\?id=(?P<id>[0-9a-f]{24})",  # 潮鸣号: what its readers write
        # 浙江在线, until about 2023; its numbers are another series
        r"(?P<channel>[a-z]+)\.(?P<edition>zjol)\.com\.cn/\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d+)?\.shtml",
    )
    keep_query = ["id"]
    first_page = 0
    layouts = [
        Layout(name="contTxt", body=".contTxt p", title=".contTit", published=".time", outlet="#source_baidu"),  # zjol
    ]
    categories = {"*": "地方"}
    rendered = True
    custom_settings = {"DOWNLOAD_DELAY": 10}  # since 2026-10: its robots.txt was never seen
