"""中国青年网 (https://www.youth.cn): a list a column, last seen in 2019, articles in 2026; GB2312 declared."""

from newsnap.news_spider import Layout, NewsSpider


class YouthSpider(NewsSpider):
    name = "youth"
    site = "中国青年网"
    allowed_domains = ["youth.cn"]
    listing_urls = [
        *(f"https://news.youth.cn/{column}/" for column in ("jsxw", "gn", "gj", "sh", "sz", "yl", "kj")),
        "https://finance.youth.cn/finance_gdxw/",
        "https://edu.youth.cn/jyzx/",
        "https://df.youth.cn/dfyw/",
        "https://fun.youth.cn/gnzx/",
        "https://wenhua.youth.cn/whdj/",
    ]
    article_url = (
        r"finance\.youth\.cn/(?P<channel>finance_IT)/\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d{1,3})?\.html?",
        r"news\.youth\.cn/(?P<channel>[A-Za-z0-9_/]+)/\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d{1,3})?\.html?",
        r"(?P<channel>[a-z]+)\.youth\.cn/(?:[A-Za-z0-9_]+/)*\d{6}/t(?P<date>\d{8})_(?P<id>\d+)(?P<page>_\d{1,3})?\.html?",
    )
    mirrors = [(r"^t\.m\.youth\.cn/transfer/index/url/(?:https?:/{1,2})?", "")]
    first_page = 0
    layouts = [
        Layout(
            name="container",  # .l_tit and pubtime_baidu until about 2019
            body="#container",
            title=".page_title h1, .l_tit",
            published="#page_right, #pubtime_baidu",
            outlet="#source_baidu",
            authors="#author_baidu",
            editors="#editor_baidu",
            channel=".page_zi a, .hd_meun_jk1 a",
            pages=".fy a",
            page_count=r"(?:var countPage\s*=\s*|createPageHTML\(\s*)(\d+)",
        ),
        Layout(
            name="pbt",
            body=".page_text .TRS_Editor",
            title="p.pbt",
            published="p.pwz",
            outlet="meta[name='source'], p.pwz",
            editors="#editor_baidu",
            channel=".page_zi a",
            pages=".fy a",
            page_count=r"(?:var countPage\s*=\s*|createPageHTML\(\s*)(\d+)",
        ),
        Layout(
            name="yth_con",  # auto and others
            body=".TRS_Editor",
            title=".yth_con h1, .con h1",
            published=".source .fb_date",
            outlet=".source .soure1",
            editors="#editor_baidu",
        ),
    ]
    categories = {
        "gn": "国内", "sz": "国内", "jsxw": "国内", "bwyc": "国内", "gj": "国际", "finance": "财经", "auto": "财经",
        "sh": "社会", "kj": "科技", "finance_IT": "科技", "wenhua": "文化", "yl": "娱乐", "fun": "娱乐", "mil": "军事",
        "sports": "体育", "edu": "教育", "df": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: its robots.txt was never seen
