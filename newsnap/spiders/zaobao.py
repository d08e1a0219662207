"""联合早报 (https://www.zaobao.com.sg): lists in HTML; pages differ by region, ids do not; a part has to be paid.

Singapore's time is that of Peking.
"""

from newsnap.news_spider import Layout, NewsSpider


class ZaobaoSpider(NewsSpider):
    name = "zaobao"
    site = "联合早报"
    allowed_domains = ["zaobao.com.sg", "zaobao.com"]
    timezone = "Asia/Singapore"
    listing_urls = [f"https://www.zaobao.com.sg/{path}" for path in ("realtime/china", "realtime/world", "news/china")]
    article_url = r"www\.zaobao\.com\.sg/(?P<channel>[a-z-]+(?:/[a-z-]+)*)/story(?P<date>\d{8})-(?P<id>\d+)"
    mirrors = [(r"^(?:www\.)?zaobao\.com(?:\.sg)?/", "www.zaobao.com.sg/")]
    layouts = [
        Layout(
            name="hydration",
            data=r"__staticRouterHydrationData\s*=\s*",
            body='$.loaderData."0-0".context.payload.article.body_cn',
            title='$.loaderData."0-0".context.payload.article.headline',
            published='$.loaderData."0-0".context.payload.article.create_time',
            outlet='$.loaderData."0-0".context.payload.article.story_source[].name',
            authors='$.loaderData."0-0".context.payload.article.author[].name',
        ),
        Layout(
            name="articleBody",  # as other regions get it
            body=".articleBody, .article-body, #FineDining",  # #FineDining until about 2020
            title="article h1, h1",
            published="article div:contains('发布'):not(:has(div))",
            authors="a[href*='/byline/']",
        ),
    ]
    drop = "bff-google-ad, .bff-google-ad, bff-recommend-article, .bff-recommend-article"
    categories = {
        "realtime/china": "国内", "news/china": "国内", "realtime/world": "国际", "news/world": "国际",
        "realtime/singapore": "国际", "news/singapore": "国际", "news/sea": "国际", "finance": "财经",
        "realtime/finance": "财经", "lifestyle": "文化", "wencui": "文化", "entertainment": "娱乐", "sports": "体育",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 8}  # since 2026-10: its robots.txt was never seen
