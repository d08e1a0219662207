"""红网 (https://www.rednet.cn), of Hunan: numbered lists, last seen in 2019; addresses have no day since 2024."""

from newsnap.news_spider import Layout, NewsSpider


class RednetSpider(NewsSpider):
    name = "rednet"
    site = "红网"
    allowed_domains = ["rednet.cn"]
    listing_urls = ["https://hn.rednet.cn/channel/7399.html", "https://hn.rednet.cn/", "https://moment.rednet.cn/"]
    article_url = (
        r"(?P<channel>[a-z0-9]+)\.rednet\.cn/content/\d{6}/\d{2}/(?P<id>\d{7,9})\.html",
        r"(?P<channel>[a-z0-9]+)\.rednet\.cn/content/(?P<date>\d{4}/\d{2}/\d{2})/(?P<id>\d+)\.html",  # until 2024
    )
    layouts = [
        Layout(
            name="detail_article",
            body=".detail_article_content, article.detail-article",
            title="h1",
            published="span.p_l_25",
            outlet="span.p_l_10",
        ),
    ]
    categories = {"*": "地方"}
    custom_settings = {"DOWNLOAD_DELAY": 8}  # since 2026-10: its robots.txt was never seen
