"""人民日报 (https://paper.people.com.cn/rmrb/): the printed paper page by page, with a day and no time; since 2024-12.

A few hours later 人民网 has the same texts.  Issues of more than two years ago need a login; html/ answers 403.
"""

from newsnap.news_spider import Layout, NewsSpider


class RmrbSpider(NewsSpider):
    name = "rmrb"
    site = "人民日报"
    allowed_domains = ["paper.people.com.cn"]
    listing_urls = ["https://paper.people.com.cn/rmrb/pc/layout/index.html"]
    sublisting_url = r"/rmrb/pc/layout/\d{6}/\d{2}/node_\d+\.html$"
    skip_title = "责编|责任编辑"
    article_url = (
        r"paper\.people\.com\.cn/rmrb/pc/content/(?P<date>\d{6}/\d{2})/content_(?P<id>\d+)\.html",
        r"paper\.people\.com\.cn/rmrb/html/(?P<date>\d{4}-\d{2}/\d{2})/nw\.D110000renmrb_(?P<id>\d{8}_\d+-\d+)\.htm",
    )
    layouts = [
        Layout(
            name="ozoom",
            body="#ozoom",
            title=".article > h1",
            kicker=".article > h3",
            subtitle=".article > h2",
            published=".article .newstime, .article .date",
            authors=".article > .sec::text",
        ),
    ]
    custom_settings = {"DOWNLOAD_DELAY": 15}  # since 2026-10: an issue has some 100 articles, and www asks for 120 s
