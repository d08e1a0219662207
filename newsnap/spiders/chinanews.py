"""中国新闻网 (https://www.chinanews.com.cn): the only central agency whose feeds are alive, 30 entries each.

Provincial sites (www.<province>.chinanews.com) number their articles by themselves;
pages are GB2312 until 2012.
"""

from newsnap.news_spider import Layout, NewsSpider


class ChinanewsSpider(NewsSpider):
    name = "chinanews"
    site = "中国新闻网"
    allowed_domains = ["chinanews.com.cn", "chinanews.com"]
    feed_urls = [
        f"https://www.chinanews.com.cn/rss/{feed}.xml"
        for feed in ("scroll-news", "importnews", "china", "world", "finance", "society")
    ]
    listing_urls = [f"https://www.chinanews.com.cn/scroll-news/news{page}.html" for page in range(1, 4)]
    article_url = (
        r"www\.chinanews\.com\.cn/(?P<channel>[a-z0-9-]+)/(?:(?:hd\d{4}|news)/)?(?P<date>\d{4}/\d{2}-\d{2})/(?P<id>\d+)\.shtml",
        r"www\.chinanews\.com\.cn/(?P<channel>[a-z]+)/\d{4}/(?P<date>\d{4}-\d{2}-\d{2})/\d+/(?P<id>\d+)\.shtml",
        r"www\.chinanews\.com\.cn/(?P<channel>shipin)/(?:[a-z-]+/)?(?P<date>\d{4}/?\d{2}-\d{2})/news(?P<id>\d+)\.shtml",
        r"www\.(?P<edition>[a-z]{2,3})\.chinanews\.com\.cn/(?P<channel>.+)/(?P<date>\d{4}/?-?\d{2}-?\d{2})/(?P<id>\d+)\.s?html",
    )
    mirrors = [
        (r"^(?:www\.)?chinanews\.com(?:\.cn)?/", "www.chinanews.com.cn/"),
        (r"\.chinanews\.com/", ".chinanews.com.cn/"),
    ]
    layouts = [
        Layout(
            name="left_zw",  # since 2020
            body=".left_zw",
            title="h1.content_left_title, #cont_1_1_2 h1, .left_title h1, h1",
            published="#BaiduSpider #pubtime_baidu, .content_left_time, .left-t, .left-time",
            outlet="#BaiduSpider #source_baidu, .content_left_time, .left-t, .left-time",
            authors="#BaiduSpider #author_baidu",
            editors="#BaiduSpider #editor_baidu, .adEditor .left_name, .left_name",
            channel="#nav a, #nav",
            drop='.adInContent, table[border="0"], .adEditor, #function_code_page, .channel, .hot_video',
        ),
        Layout(
            name="video",
            body="div.content_desc",
            title="h1",
            published=".left p, .content_left_time",
            outlet="a.source, .left p",
            editors=".content_editor, .left_name",
            channel="#nav a",
        ),
        Layout(
            name="photo",
            body="div.t3",
            title="div.title0, h1",
            published='div[style="text-align:right;font-size:12px;"], .left-t',
            outlet='div[style="text-align:right;font-size:12px;"], .left-t',
            editors=".left_name, .zebian",
            channel="#nav a",
        ),
    ]
    categories = {
        "gn": "国内", "china": "国内", "sz": "国内", "gj": "国际", "cj": "财经", "fortune": "财经", "ny": "财经",
        "stock": "财经", "auto": "财经", "house": "财经", "sh": "社会", "kj": "科技", "it": "科技", "cul": "文化",
        "wh": "文化", "ty": "体育", "yl": "娱乐", "mil": "军事", "jk": "健康", "life": "健康", "edu": "教育",
        "fz": "法治", "df": "地方", "ga": "地方", "tw": "地方", "dwq": "地方", "hr": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: robots.txt asks for nothing; 30 entries a feed leave time
