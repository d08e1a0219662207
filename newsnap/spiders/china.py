"""中国网 (http://www.china.com.cn, not china.com): home pages and lists of its channels, last seen alive in 2019."""

from newsnap.news_spider import Layout, NewsSpider


class ChinaSpider(NewsSpider):
    name = "china"
    site = "中国网"
    allowed_domains = ["china.com.cn"]
    listing_urls = [
        "http://news.china.com.cn/",
        "http://news.china.com.cn/world/node_7208703.htm",
        "http://news.china.com.cn/node_8005004.htm",
        "http://military.china.com.cn/node_7252587.htm",
        "http://legal.china.com.cn/",
        "http://finance.china.com.cn/news/live.shtml",
        "http://cul.china.com.cn/",
        "http://health.china.com.cn/node_542831.htm",
    ]
    article_url = (
        r"news\.china\.com\.cn/(?P<channel>world)/(?P<date>\d{4}-\d{2}/\d{2})/content_(?P<id>\d+)(?P<page>_\d+)?\.s?html?",
        r"(?P<channel>[a-z]+)\.china\.com\.cn/(?:[a-z0-9_]+/)*(?P<date>\d{4}-\d{2}/\d{2})/content_(?P<id>\d+)"
        r"(?P<page>_\d+)?\.s?html?",
        r"(?P<channel>[a-z]+)\.china\.com\.cn/(?:[a-z]+/)+(?P<date>\d{8})/(?P<id>\d+)\.s?html",
    )
    mirrors = [(r"^big5\.china\.com\.cn/gate/big5/", ""), (r"/content_(\d{9}(?:_\d+)?)\.html$", r"/content_\1.shtml")]
    scheme = "http"
    layouts = [
        Layout(
            name="inform",  # since 2022
            body="div.article, #articleBody",
            title=".content > h1",
            published=".inform p:nth-of-type(1)",
            outlet=".inform p:nth-of-type(2)",
            editors="div.editor",
            channel=".m_local a",
            pages="#autopage a",
            drop="#vf, .relevant, div.editor, #autopage",
        ),
        Layout(
            name="baidu",  # until about 2021
            body="#articleBody, .articleBody, .artCon, .center_box, #fontzoom, #artbody",
            title="h1[class*='articleTitle'], body:not(:has(h1[class*='articleTitle'])) h1",
            published="#pubtime_baidu",
            outlet="#source_baidu",
            authors="#author_baidu",
            editors="#editor_baidu",
            pages="#autopage a",
            drop="#vf, .relevant, #editor_baidu, #autopage",
        ),
    ]
    categories = {
        "news": "国内", "cppcc": "国内", "world": "国际", "finance": "财经", "business": "财经", "union": "社会",
        "tech": "科技", "iot": "科技", "cul": "文化", "art": "文化", "sports": "体育", "ent": "娱乐", "music": "娱乐",
        "military": "军事", "edu": "教育", "health": "健康", "legal": "法治", "zw": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: its robots.txt was never seen
