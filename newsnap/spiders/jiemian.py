"""界面新闻 (https://www.jiemian.com): a numbered list a category; of VIP pieces only the beginning is open."""

from newsnap.news_spider import Layout, NewsSpider

LISTS = {
    2: "商业", 800: "财经", 801: "新闻", 130: "文化", 4: "快报", 65: "科技", 9: "金融", 112: "证券", 62: "地产",
    51: "汽车", 472: "健康", 32: "天下", 71: "中国", 8: "评论", 82: "体育", 63: "文娱", 256: "教育", 174: "宏观",
    680: "大湾区", 917: "长三角",
}  # fmt: skip


class JiemianSpider(NewsSpider):
    name = "jiemian"
    site = "界面新闻"
    allowed_domains = ["jiemian.com"]
    listing_urls = {f"https://www.jiemian.com/lists/{number}.html": label for number, label in LISTS.items()}
    article_url = r"www\.jiemian\.com/article/(?P<id>\d+)\.html"
    mirrors = [(r"^m\.jiemian\.com/", "www.jiemian.com/")]
    layouts = [
        Layout(
            name="article-header",
            body=".article-img, .article-content",
            title=".article-header h1",
            subtitle=".article-header p",
            published=".article-info [data-article-publish-time]::attr(data-article-publish-time)",
            outlet=".article-info :lexbor-contains('来源')",
            authors=".article-info span.author a",
            channel=".meta-container a",
        ),
    ]
    categories = {"天下": "国际", "中国": "国内", "商业": "财经", "快报": "财经", "长三角": "地方"}
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
