"""证券时报网 (https://www.stcn.com): a list of what matters (要闻); of one subject, the markets."""

from newsnap.news_spider import Layout, NewsSpider


class StcnSpider(NewsSpider):
    name = "stcn"
    site = "证券时报网"
    allowed_domains = ["stcn.com"]
    listing_urls = ["https://www.stcn.com/article/list.html?type=yw", "https://www.stcn.com/article/list/yw.html"]
    article_url = (
        r"www\.stcn\.com/article/detail/(?P<id>\d+)\.html",
        r"(?P<channel>[a-z]+)\.stcn\.com/(?P<date>\d{4}/\d{4})/(?P<id>\d+)\.shtml",  # until about 2020, then TRS
        r"(?P<channel>[a-z]+)\.stcn\.com/(?:\w+/)*\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d+)?\.html",
    )
    first_page = 0
    layouts = [
        Layout(
            name="detail",  # since about 2021
            body=".detail-content",
            title=".detail-title",
            published=".detail-info span:last-of-type",
            outlet=".detail-info span:first-of-type",
            authors=".detail-info > span:contains('作者')",
            editors=".detail-info > span:contains('编辑')",
        ),
        Layout(
            name="intal_tit",  # until about 2020
            body=".txt_con, #ctrlfscont",
            title=".intal_tit h2, .intal_tit h1, .xiangxi h2",
            published=".intal_tit .info",
            outlet=".intal_tit .info span",
            authors=".info > span:contains('作者')",
        ),
    ]
    drop = ".detail-content-tags, .fenxiang, .shenming, .tuijian"
    categories = {"*": "财经"}
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
