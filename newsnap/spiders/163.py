"""网易新闻 (https://www.163.com): home pages of its channels; GBK until about 2019, often told in the HTTP header only.

An aggregator; under /dy/ users (网易号) publish.  An id is the same on every host and in every form of address.
"""

from newsnap.news_spider import Layout, NewsSpider

LINES = (".post_info", ".post_time_source", ".ep-time-soure", ".ep-info", "[class='info']")
OUTLET = ", ".join(f"{line} a" for line in LINES)  # a link where there is one: a city follows it
SIGNED = ", ".join(
    f"{element}:contains('{word}')" for element in ("[class*='ep-source']", ".post_author") for word in ("编辑", "作者")
)


class Netease163Spider(NewsSpider):
    name = "163"
    site = "网易"
    allowed_domains = ["163.com"]
    listing_urls = {
        "https://news.163.com/domestic/": "国内",
        "https://news.163.com/world/": "国际",
        "https://news.163.com/society/": "社会",
        "https://war.163.com/": "军事",
    }
    article_url = (
        r"www\.163\.com/(?P<channel>[a-z]+)/article/(?P<id>[A-Z0-9]{16})(?P<page>_\d+|_all)?\.html",
        r"(?P<channel>[a-z]+)\.163\.com/(?P<date>\d{2}/\d{4})/\d{2}/(?P<id>[A-Z0-9]{16})(?P<page>_\d+|_all)?\.html",
        r"(?P<channel>[a-z]+)\.163\.com/\d{5}/\d/(?P<id>[A-Z0-9]{16})\.html",  # until 2005: 41210/1
    )
    mirrors = [
        (r"^(?:m|3g)\.163\.com/", "www.163.com/"),
        (r"^c\.m\.163\.com/news/a/", "www.163.com/news/article/"),
        (r"^dy\.163\.com/(?:v2/)?article/(?:detail/)?", "www.163.com/dy/article/"),
    ]
    layouts = [
        Layout(
            name="post_body",  # since 2016; .post_info since 2020
            body=".post_body",
            title="h1.post_title, #epContentLeft h1",
            published=".post_info, .post_time_source",
            outlet=OUTLET,
            editors=SIGNED,
            channel=".post_crumb a:not(.to_reg)",
            pages=".ep-pages a",
            staff_numbers=True,
        ),
        Layout(
            name="endText",  # until 2016, play.163.com until 2018; .ep-info before 2015, .info before 2012
            body="#endText, #endText ~ *:has(~ [class*='ep-source'])",  # a stray </div> may end it early
            title="#epContentLeft h1, #h1title, .ep-h1, h1.article-h1, .bannertext h1, .brief h1",
            published=".ep-time-soure, .ep-info .left, .endContent .info, .ptime, #ptime, .pub_time",
            outlet=OUTLET,
            authors=".art-about-new .author .p1",
            editors=SIGNED,
            channel=".ep-crumb a",
            pages=".ep-pages a",
            staff_numbers=True,
        ),
        Layout(
            name="mobile",
            body=".js-page",
            title="h1.title",
            published=".js-time",
            outlet=".js-source",
        ),
        Layout(
            name="observe",  # 亦观察, 2015
            body=".entext",
            title="h2.con1_ltle",
            published=".con1_date",
            authors=".con1_author",
            editors=".tips .tips2_span",
            channel=".pathlink a",
        ),
        Layout(
            name="tables",  # until 2006
            body="td:has(> span.grayb p)",
            title="td > h1",
            published="td.graysl:not(:has(> a))",
            outlet="td.graysl:not(:has(> a))",
            channel="a[class='163s']",
        ),
    ]
    drop = (
        ".post_top, .post_topshare_wrap, .post_size_ctrl, .post_desc, .post_author, .creative_statement, "
        ".post_statement, .post_recommends, .post_btmshare, .post_end_ad, .gg200x300, [class*='ep-source'], .ep-pages, "
        ".ep-pagenav, .nph_gallery, "
        "table:has(+ .biaoqian), .biaoqian, .biaoqian + div, .video-title, .video-from, img[src$='/images/b.gif'], "
        ".jbt-pic, .hj-info, .p-w-top, .cars_compare_table tfoot, .cars_compare_table_links, "
        ".entext font[face*='楷体']"
    )
    categories = {
        "domestic": "国内", "world": "国际", "money": "财经", "biz": "财经", "finance": "财经", "stock": "财经",
        "auto": "财经", "house": "财经", "society": "社会", "tech": "科技", "mobile": "科技", "digi": "科技",
        "culture": "文化", "book": "文化", "travel": "文化", "sports": "体育", "ent": "娱乐", "war": "军事",
        "edu": "教育", "education": "教育", "jiankang": "健康", "health": "健康",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: its robots.txt was never seen; c.m.163.com answers 403
