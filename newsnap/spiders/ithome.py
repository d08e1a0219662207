"""IT之家 (https://www.ithome.com): a feed with whole texts; lapin.ithome.com is adverts."""

from newsnap.news_spider import Layout, NewsSpider


class IthomeSpider(NewsSpider):
    name = "ithome"
    site = "IT之家"
    allowed_domains = ["ithome.com"]
    feed_urls = ["https://www.ithome.com/rss/"]
    listing_urls = ["https://www.ithome.com/list/"]
    article_url = (
        r"www\.ithome\.com/0/(?P<id>\d{3,4}/\d{3})\.htm",
        r"www\.ithome\.com/html/(?P<channel>[a-z0-9]+)/(?P<id>\d+)\.htm",  # until about 2019
    )
    mirrors = [(r"^m\.ithome\.com/html/(\d{3,4})(\d{3})\.htm", r"www.ithome.com/0/\1/\2.htm")]
    layouts = [
        Layout(
            name="paragraph",
            body="#paragraph",
            title="h1",
            published="#pubtime_baidu",
            outlet="#source_baidu",
            authors="#author_baidu",
            editors="#editor_baidu",
            channel=".cv a",
            drop=".tougao-user, .ad-tips",
        ),
    ]
    categories = {"*": "科技"}
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: its robots.txt was never seen
