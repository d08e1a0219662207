"""新华网 (https://www.news.cn, www.xinhuanet.com): a static JSON list a channel; its feeds are frozen since 2022-12.

The ids of the lists stand in the channel pages (`data="datasource:<id>"`) and may change when a channel is rebuilt.
"""

from newsnap.news_spider import JsonList, Layout, NewsSpider

DATA_SOURCES = {
    "": "bbc6736b83a14fbb9caf24d78f9aab7f",
    "politics/": "a6d618872de143bdafa2556915a7ae12",
    "world/": "8d5294ed513c4779af6242a3623aa27b",
    "fortune/": "1e491dadc8944459b71b7ab13422623d",
    "tech/": "fd79514d92f34849bc8baef7ce3d5aae",
    "milpro/": "efa406de9b714538a958d4a20a80ecf3",
    "local/": "5c5939c2f07b4d9c96de44dad32eadc8",
    "comments/": "8e0f870f8f8b4643a239608debe7f2ee",
    "depthobserve/": "1636c5be477b4b519c0a4e969cfd28ee",
}


class XinhuaSpider(NewsSpider):
    name = "xinhua"
    site = "新华网"
    allowed_domains = ["news.cn", "xinhuanet.com"]
    json_lists = [
        JsonList(
            f"https://www.news.cn/{channel}ds_{source}.json",
            items="[datasource[], datasource[].linkUrls[]][]",  # a row of several articles links to each
            link="publishUrl || linkUrl",
            title="title || linkTitle",
            published="(contentType != 'Link' && publishTime) || ''",  # of a Link: when it was placed, not published
        )
        for channel, source in DATA_SOURCES.items()
    ]
    listing_urls = [
        "https://www.news.cn/politics/szlb/index.html",
        "https://www.news.cn/fortune/index.htm",
        "https://www.news.cn/world/",
    ]
    article_url = (
        r"(?!www|m\.)(?P<channel>[a-z]{2,4})\.news\.cn/(?:[\w/-]+/)?(?P<date>\d{8})/(?P<id>[0-9a-f]{32})/c\.html",
        r"news\.cn/(?:(?P<channel>[\w/-]+)/)?(?P<date>\d{8})/(?P<id>[0-9a-f]{32})/c\.html(?P<page>\?page=\d+)?",
        r"(?:news\.cn|xinhuanet\.com)/(?:(?P<channel>[\w/-]+)/)?(?P<date>\d{4}-\d{2}/\d{2})/"
        r"(?:c|content)_(?P<id>\d{8,12})(?P<page>_\d+)?\.htm",  # until 2023; content_ until about 2013
    )
    mirrors = [
        (r"^big5\.(?:xinhuanet\.com|news\.cn)/gate/big5/", ""),
        (r"^m\.", "www."),
        (r"^www\.xinhuanet\.com/", "www.news.cn/"),
        (r"^www\.([a-z]{2,4})\.xinhuanet\.com/", r"www.\1.xinhuanet.com/"),
    ]
    keep_query = ["page"]
    layouts = [
        Layout(
            name="detail",  # since 2021
            body="#detail",
            title=".head-line h1, .mheader h1",
            published=".mheader .info, .header-time",
            outlet=".header-cont .source, .mheader .info",
            editors="#articleEdit .editor",
            channel=".header-nav a.curColumn",
            pages=".xinhuaPager a",
            drop="#articleEdit, .tiyi1, .lb, .zan-wap, .p-tags, .xinhuaPager, .picleft, .picright, [id^=DH-PLAYERID]",
        ),
        Layout(
            name="regional",  # provinces
            body="#detail",
            title="h1#title",
            published=".info .time, .info .source",
            outlet="em#source, .sourceText",
            editors="#articleEdit .editor",
            pages=".xinhuaPager a",
            drop="#articleEdit, .xinhuaPager",
        ),
        Layout(
            name="h-title",  # until 2020
            body="#p-detail",
            title=".h-title",
            published=".h-time",
            outlet="em#source, .h-info",
            editors=".p-jc",
            pages=".xinhuaPager a, #div_currpage a",
            drop=".p-jc, .xinhuaPager, #div_currpage, .lb, .zan-wap, .p-tags",
        ),
        Layout(
            name="content",  # until about 2016
            body="#content, .article:not(:has(#content))",
            title="#title",
            published="#pubtime",
            outlet="#source",
            editors=".editor",
            pages="#div_currpage a",
            drop=".editor, #div_currpage",
        ),
        Layout(
            name="provincial",  # tables without names, GB2312, until about 2013
            body="td[colspan='2'][style*='line-height:24px']",
            title="td[colspan='2'] > b > font[style*='font-size:20px']",
            published="td[bgcolor='#f3f3f3'][colspan='2']",
            outlet="td[bgcolor='#f3f3f3'][colspan='2']",
            authors="td.topxian:contains('作者')",
            editors="td.topxian:contains('编辑')",
            pages="#div_currpage a",
            drop="#div_currpage",
        ),
    ]
    categories = {
        "politics": "国内", "comments": "国内", "depthobserve": "国内", "leaders": "国内",
        "legal": "法治", "world": "国际", "fortune": "财经", "money": "财经", "finance": "财经",
        "auto": "财经", "energy": "财经", "house": "财经", "tech": "科技", "info": "科技", "science": "科技",
        "culture": "文化", "book": "文化", "sports": "体育", "ent": "娱乐", "mil": "军事", "milpro": "军事",
        "edu": "教育", "health": "健康", "food": "健康", "local": "地方", "society": "社会",
    }  # fmt: skip
    custom_settings = {
        "DOWNLOAD_DELAY": 5
    }  # since 2026-10: robots.txt asks for nothing; one page in five seconds keeps up
