"""新京报 (https://www.bjnews.com.cn): a list a category; an id begins with the second it was made in."""

from newsnap.news_spider import Layout, NewsSpider


class BjnewsSpider(NewsSpider):
    name = "bjnews"
    site = "新京报"
    allowed_domains = ["bjnews.com.cn"]
    listing_urls = {
        "https://www.bjnews.com.cn/depth": "深度",
        "https://www.bjnews.com.cn/culture": "文化",
        "https://www.bjnews.com.cn/": "",
    }
    article_url = (
        r"www\.bjnews\.com\.cn/detail/(?P<id>\d{15,16})\.html",
        r"www\.bjnews\.com\.cn/(?P<channel>[a-z]+)/(?P<date>\d{4}/\d{2}/\d{2})/(?P<id>\d+)\.html",  # until 2020
    )
    mirrors = [(r"^m\.bjnews\.com\.cn/", "www.bjnews.com.cn/"), (r"bjnews\.com\.cn/detail-", "bjnews.com.cn/detail/")]
    layouts = [
        Layout(
            name="contentStr",  # since 2020
            body="#contentStr",
            title="h1",
            published=".left-info .timer, .employ-line .timer",
            outlet=".left-info .reporter, .employ-line .reporter",
            editors=".left-info .reporter, .employ-line .reporter",
            drop=".Recommended-below",
        ),
    ]
    categories = {
        "深度": "国内", "depth": "国内", "china": "国内", "news": "国内", "world": "国际", "finance": "财经",
        "tech": "科技", "culture": "文化", "sport": "体育", "ent": "娱乐", "edu": "教育", "health": "健康",
        "beijing": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
