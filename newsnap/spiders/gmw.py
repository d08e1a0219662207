"""光明网 (https://www.gmw.cn): a list a node of each channel; the sitemaps that its robots.txt names were never seen.

m.gmw.cn numbers its articles by itself: its copies are articles of their own.
"""

from newsnap.news_spider import Layout, NewsSpider


class GmwSpider(NewsSpider):
    name = "gmw"
    site = "光明网"
    allowed_domains = ["gmw.cn"]
    listing_urls = [
        f"https://{channel}.gmw.cn/node_{node}.htm"
        for channel, node in {"news": 4108, "politics": 9844, "world": 24178, "legal": 9668, "guancha": 11273}.items()
    ]
    article_url = (
        r"(?P<channel>[a-z]+)\.gmw\.cn/(?:\w+/)*(?P<date>\d{4}-\d{2}/\d{2})/content_(?P<id>\d{5,10})(?P<page>_\d+)?\.htm",
        r"(?P<channel>epaper)\.gmw\.cn/gmrb/html/(?P<date>\d{4}-\d{2}/\d{2})/nw\.D110000gmrb_(?P<id>\d{8}_\d+-\d+)\.htm",
        r"(?P<channel>epaper)\.gmw\.cn/gmrb/html/content/(?P<date>\d{6}/\d{2})/content_(?P<id>\d+)\.html",  # since 2026
    )
    layouts = [
        Layout(
            name="u-title",  # since 2020
            body=".u-mainText, #ContentPh",
            title="h1.u-title, #articleID",
            published=".m-con-time, #articlePubTime",
            outlet=".m-con-source a, .m-con-source",
            editors="#articleLiability, .m-zbTool .liability, span.liability",
            channel=".g-crumbs a",
            pages="#displaypagenum a",
        ),
        Layout(
            name="contentMain",  # until 2019
            body="#contentMain, #articleBox",
            title="#articleTitle, h1.u-title",
            published="#pubTime, .m-con-time",
            outlet="#source, .m-con-source",
            editors="#contentLiability, span.liability",
            channel=".g-crumbs a, #contentBreadcrumbs2 a",
            pages="#displaypagenum a",
        ),
        Layout(
            name="epaper",
            body=".m-article-main, #articleContent",
            title=".m-article-content h1",
            authors=".m-article-author",
        ),
    ]
    drop = (
        ".m-zbTool, .liability, #articleLiability, #contentLiability, .m-vote-wrap, #voteiFrameP, .u-moreText, "
        ".pageNum, #displaypagenum, img[src*='content_logo']"
    )
    categories = {
        "politics": "国内", "news": "国内", "world": "国际", "economy": "财经", "finance": "财经", "life": "社会",
        "gongyi": "社会", "tech": "科技", "kepu": "科技", "it": "科技", "culture": "文化", "wenyi": "文化",
        "reader": "文化", "shuhua": "文化", "sports": "体育", "e": "娱乐", "mil": "军事", "edu": "教育",
        "liuxue": "教育", "health": "健康", "yangsheng": "健康", "legal": "法治", "difang": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: robots.txt asks for nothing
