"""央视网 (https://news.cctv.com): JSONP files, 80 rows a page, that its channel pages draw; its feeds are of 2006.

The text of some pages of 2026 stands in a script.  Photo sets (PHOA…) have none in their pages and are left out.
"""

from scrapy.http import Response

from newsnap.items import Article
from newsnap.news_spider import JsonList, Layout, NewsSpider

LISTS = {
    "news": "新闻", "china": "国内", "world": "国际", "society": "社会", "law": "法治", "tech": "科技", "life": "生活",
    "edu": "教育", "health": "健康", "ent": "文娱",
}  # fmt: skip


class CctvSpider(NewsSpider):
    name = "cctv"
    site = "央视网"
    allowed_domains = ["cctv.com"]
    json_lists = [
        JsonList(
            f"https://news.cctv.com/2019/07/gaiban/cmsdatainterface/page/{page}_1.jsonp",
            items="data.list",
            link="url",
            title="title",
            published="focus_date",
            category=f"'{label}'",
        )
        for page, label in LISTS.items()
    ]
    article_url = r"(?P<channel>[a-z]+)\.cctv\.com/(?P<date>\d{4}/\d{2}/\d{2})/(?P<id>(?:ARTI|VIDE)[A-Za-z0-9]+)\.shtml"
    mirrors = [(r"^m\.([a-z]+)\.cctv\.com/", r"\1.cctv.com/")]
    layouts = [
        Layout(
            name="script",  # some pages since 2026
            data=r"var\s+contentdate\s*=\s*",
            body="$",
            title=".title_area h1",
            published=".title_area .info",
            editors=".zebian span:last-of-type",
        ),
        Layout(
            name="content_area",
            body="#content_area, #text_area",
            title=".title_area h1",
            published=".title_area .info",
            editors=".zebian span:last-of-type",
        ),
        Layout(
            name="cnt_bd",  # until 2019
            body=".cnt_bd > p:not(.o-tit)",
            title=".cnt_bd > h1",
            published=".cnt_bd .info",
            editors=".zebian span:last-of-type",
        ),
        Layout(
            name="video",  # tv.cctv.com, with the words spoken
            body="#content_area",
            title="title",
            published=".info",
        ),
    ]
    categories = {"jingji": "财经", "military": "军事", "sports": "体育", "local": "地方", "生活": "健康"}
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: the robots.txt of news.cctv.com was never seen

    def refine(self, article: Article, response: Response) -> Article:
        """Videos have their headline in the window's title alone, before the names of channel and site."""
        if article.layout == "video":
            article.title = article.title.partition("_")[0]
        return article
