"""界面新闻 (https://www.jiemian.com): a numbered list a category; of VIP pieces only the beginning is open."""

from newsnap.news_spider import Layout, NewsSpider

LISTS = "2 800 801 130 4 65 9 112 62 51 472 32 71 8 82 63 256 174 680 917"


class JiemianSpider(NewsSpider):
    name = "jiemian"
    site = "界面新闻"
    allowed_domains = ["jiemian.com"]
    listing_urls = [f"https://www.jiemian.com/lists/{number}.html" for number in LISTS.split()]
    article_url = r"www\.jiemian\.com/article/(?P<id>\d+)\.html"
    mirrors = [(r"^m\.jiemian\.com/", "www.jiemian.com/")]
    layouts = [
        Layout(
            name="article-header",
            body=".article-img, .article-content",
            title=".article-header h1",
            subtitle=".article-header p",
            published="//*[contains(@class, 'article-info')]//@data-article-publish-time",
            outlet=".article-info",
            authors=".article-info span.author a",
            channel=".meta-container a",
        ),
    ]
    categories = {"天下": "国际", "中国": "国内", "商业": "财经", "快报": "财经", "长三角": "地方"}
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
