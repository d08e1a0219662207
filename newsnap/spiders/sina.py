"""新浪新闻 (https://news.sina.com.cn): a rolling list in JSON by subject; nearly all of it is syndicated.

Its feeds are of 2018; lists 2510 (国内) and 2514 (军事) are years old.  k.sina.cn, what users write, is left out.
"""

import re

from scrapy.http import Response

from newsnap.items import Article
from newsnap.news_spider import JsonList, Layout, NewsSpider

LISTS = {
    2509: "", 2511: "国际", 2669: "社会", 2512: "体育", 2513: "娱乐", 2515: "科技", 2516: "财经",
}  # fmt: skip
DAY = r"(?:[\w-]+/)*(?P<date>\d{4}-\d{2}-\d{2})"
DOC = r"(?:doc|detail)-(?P<id>i[a-z0-9]+)(?:\.shtml|\.d\.html)"  # detail-….d.html: mobile
SIGNATURE = re.compile(r"\n来源[:：]\s*([\u4e00-\u9fff]{2,4})(?<![报网社台])$")
"""Whom the last line names where the outlet stands above the text."""


class SinaSpider(NewsSpider):
    name = "sina"
    site = "新浪"
    allowed_domains = ["sina.com.cn", "sina.cn"]
    json_lists = [
        JsonList(
            f"https://feed.mix.sina.com.cn/api/roll/get?pageid=153&lid={lid}&num=50&page=1",
            items="result.data",
            link="url",
            title="title",
            published="ctime",
            category=f"'{label}'",
        )
        for lid, label in LISTS.items()
    ]
    article_url = (
        rf"(?P<channel>mil)\.news\.sina\.com\.cn/{DAY}/{DOC}",
        rf"news\.sina\.(?:com\.)?cn/(?P<channel>[a-z]+)/{DAY}/{DOC}",
        rf"(?!k\.)(?P<channel>[a-z]+)\.sina\.(?:com\.)?cn/{DAY}/{DOC}",
        r"(?P<channel>[a-z]+)\.sina\.com\.cn/(?:[\w-]+/)*(?P<date>\d{4}-?\d{2}-?\d{2})/\d{6,16}s?\.s?html",  # to 2016
    )
    layouts = [
        Layout(
            name="main-title",  # since 2016
            body="#artibody, #article",
            title="h1.main-title",
            published=".date-source .date",
            outlet=".date-source .source, .date-source .author",
            editors=".show_author, .article-editor",
            channel=".channel-path a",
        ),
        Layout(
            name="artibodyTitle",  # until 2016, on some channels until 2019
            body="#artibody",
            title="#artibodyTitle, #main_title, .article-a__title",
            published="#pub_date, .time-source, .article-a__time",
            outlet="#media_name, .time-source span, .article-a__source",
            editors=".show_author, .article-editor",
            channel="#lo_links a, .blkBreadcrumbLink a, .bread a",
        ),
        Layout(
            name="mobile",
            body=".art_content",
            title=".art_tit_h1",
            published=".art_time, .weibo_time",
            outlet=".art_cite, .weibo_user",
            drop=".art_tit_h1, .art_time, .weibo_info, .art_video_box, .art_video, .look_sub, .j_article_wbreco",
        ),
        Layout(
            name="artibody",  # channels with a headline of their own
            body="#artibody, #article",
            title="h1:not(:has(a))",
            published=".date-source .date, .time-source, .date",
            outlet=".date-source .source, .time-source span, .source",
            editors=".show_author, .article-editor",
        ),
        Layout(
            name="tables",  # until about 2007
            body="tr:has(> th.f24) ~ tr td.l17:not(:has(td.l17))",
            title="th.f24",
            published="tr:has(> th.f24) ~ tr > td[align='center']",
            outlet="tr:has(> th.f24) ~ tr > td[align='center'] > font",
            channel="td[valign='bottom'] a.a02",
        ),
    ]
    drop = (
        ".otherContent_01, .video-2017, .tech-quotation, blockquote[class^='tech'], .appendQr_wrap, .appendQr, "
        "#left_hzh_ad, .show_author, .article-editor, .ct_hqimg, .sinaads, a[href*='waptuiguang'], img[src$='/c.gif']"
    )
    categories = {
        "c": "国内", "gn": "国内", "w": "国际", "gj": "国际", "finance": "财经", "s": "社会", "sh": "社会",
        "tech": "科技", "sports": "体育", "ent": "娱乐", "mil": "军事", "edu": "教育", "house": "财经", "auto": "财经",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: its hosts have empty robots.txt files, or none

    def refine(self, article: Article, response: Response) -> Article:
        """Pages in tables name their author last, as 来源; the outlet stands above the text."""
        if article.layout == "tables" and (signature := SIGNATURE.search(article.body)):
            article.body = article.body[: signature.start()]
            article.authors = [signature[1]]
        return article
