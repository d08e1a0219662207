"""中国政府网 (https://www.gov.cn): the JSON files that its list pages draw, with days; most news are 新华社's."""

from newsnap.news_spider import JsonList, Layout, NewsSpider


def cell(label: str) -> str:
    """Select the cell beside the one that a label stands in."""
    return f"td:contains('{label}'):not(:has(td)) + td"


class GovSpider(NewsSpider):
    name = "gov"
    site = "中国政府网"
    allowed_domains = ["www.gov.cn"]
    json_lists = [
        JsonList(f"https://www.gov.cn/{path}.json", items="@", link="URL", title="TITLE", published="DOCRELPUBTIME")
        for path in ("yaowen/liebiao/YAOWENLIEBIAO", "zhengce/zuixin/ZUIXINZHENGCE")
    ]
    listing_urls = ["https://www.gov.cn/zhengce/zuixin/", "https://www.gov.cn/zhengce/jiedu/"]
    article_url = (  # a year alone: the gazette
        r"www\.gov\.cn/(?P<channel>[a-z0-9_/]+)/(?P<date>\d{4}-\d{2}/\d{2}|\d{6}|\d{4})/content_(?P<id>\d+)\.htm"
    )
    mirrors = [(r"^gov\.cn/", "www.gov.cn/")]
    layouts = [
        Layout(
            name="document",  # policy papers, under a table of who, what and when
            body="td#UCAP-CONTENT",
            title=f".share-title, {cell('题：')}",
            published=f".bd1 {cell('发布日期')}",
            outlet="span.font-zyygwj:contains('来源')",
            channel="meta[name='lanmu']",
            drop="table.bd1",
        ),
        Layout(
            name="pages_content",  # since about 2014
            body="#UCAP-CONTENT, .pages_content, .TRS_UEDITOR",
            title="h1, .pages-title, .share-title",
            published=".pages-date",
            editors=".editor",
            channel="meta[name='lanmu']",
            drop="table.bd1, .pages_print, .editor",
        ),
    ]
    categories = {"yaowen": "国内", "premier": "国内", "zhengce/content": "法治", "zhengce": "财经", "*": "国内"}
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: robots.txt asks for nothing
