"""央广网 (https://www.cnr.cn): column pages; the sitemaps that its robots.txt names were never seen; GB2312 for long.

Its robots.txt forbids addresses with a query; channel hosts answer with an HTML page instead, which forbids nothing.
"""

from newsnap.news_spider import Layout, NewsSpider

TAIL = r"(?:[A-Za-z0-9_]+/)*(?P<date>\d{8})/t\d{8}_(?P<id>\d+)(?P<page>_\d+)?\.s?html"


class CnrSpider(NewsSpider):
    name = "cnr"
    site = "央广网"
    allowed_domains = ["cnr.cn"]
    listing_urls = [
        f"https://{column}/"
        for column in (
            "news.cnr.cn/native/gd", "news.cnr.cn/gjxw", "china.cnr.cn/gdgg", "china.cnr.cn/news/sz",
            "finance.cnr.cn/ycbd", "military.cnr.cn", "health.cnr.cn", "edu.cnr.cn",
        )
    ]  # fmt: skip
    article_url = (
        rf"(?:news|china|www)\.cnr\.cn/(?P<channel>[a-z]+)/{TAIL}",
        rf"(?P<channel>[a-z]+)\.cnr\.cn/{TAIL}",
    )
    mirrors = [(r"^www\.cnr\.cn/china/gdgg/", "china.cnr.cn/gdgg/")]
    first_page = 0
    layouts = [
        Layout(
            name="article-body",  # since about 2019
            body="div.article-body, div.article-content",
            title=".article-header h1",
            published=".article-header .source span:nth-of-type(1), .source span:nth-of-type(1), #pubtime_baidu",
            outlet=".source span:nth-of-type(2), .source span:nth-of-type(3), #source_baidu",
            editors=".article-editer",
            page_count=r"createPageHTML\(\s*(\d+)",
        ),
        Layout(
            name="baidu",  # the same without a header of its own
            body="div.article-body, div.article-content, div.TRS_Editor",
            title="h1",
            published="#pubtime_baidu, div.source span:nth-of-type(1)",
            outlet="#source_baidu, div.source span:nth-of-type(2)",
            editors="#editor_baidu, .article-editer",
            page_count=r"createPageHTML\(\s*(\d+)",
        ),
        Layout(
            name="subject",  # until 2018
            body=".articleMain, .content:not(:has(.articleMain))",
            title=".subject h2",
            published=".source",
            page_count=r"createPageHTML\(\s*(\d+)",
        ),
    ]
    drop = ".article-editer, audio, .audio, .mod-ft, .share"
    categories = {
        "native": "国内", "news": "国内", "sz": "国内", "gjxw": "国际", "finance": "财经", "gdgg": "社会",
        "tech": "科技", "sports": "体育", "ent": "娱乐", "military": "军事", "edu": "教育", "health": "健康",
        "law": "法治",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: robots.txt names no pause
