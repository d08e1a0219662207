"""环球网 (https://www.huanqiu.com): a JSON list a channel, whose nodes its `api/channel_pc` names; articles in textareas.

Its robots.txt (2023) allows all and, in a second group, nothing; the groups are read as one, which allows it.
"""

from newsnap.news_spider import JsonList, Layout, NewsSpider

NODES = {
    "china": "/e3pmh1nnq: e3pmh1obd e3pn61c2g e3pn6eiep e3pra70uk e5anm31jb e7tl4e309",
    "world": "/e3pmh22ph: e3pmh2398 e3pmh26vv e3pn6efsl efp8fqe21",
    "mil": "/e3pmh1dm8: e3pmt7hva e3pmtdr2r e3pn62l96 e3pn6f3oh",
    "taiwan": "/e3pmh1fmg: e3pmh1g6o e3pmt8gfv e3pmt8i3n e3pmt8lic e3pmunk13 e3pn6elbj",
    "opinion": "/e3pmub6h5: e3pmub75a e3pn00if8 e3pn03vit e3pn4bi4t e3prafm0g",
    "finance": "/e3pmh1hmp: e3pmh1iab e3pn46htn e3pn60gdi e3pn61831 e3pn62ihu e3ptkencb",
    "tech": "/e3pmh164r: e3pmh2hq8 e3pmh33i9 e3pmh356p e3pmh3dh4 e3pmtlao3 e3pn4bn46",
}


def node_list(channel: str, nodes: str) -> str:
    """Return the address of the list of some nodes: each path in quotes, parted by commas."""
    root, _, children = nodes.partition(": ")
    paths = ",".join(f"%22{root}/{child}%22" for child in children.split())
    return f"https://{channel}.huanqiu.com/api/list?node={paths}&offset=0&limit=24"


class HuanqiuSpider(NewsSpider):
    name = "huanqiu"
    site = "环球网"
    allowed_domains = ["huanqiu.com"]
    json_lists = [
        JsonList(
            node_list(channel, nodes),
            items="list[?aid && (!addltype || addltype == 'normal' || addltype == 'article')]",  # no video, gallery, advert
            link=f"join('', ['https://', host || '{channel}.huanqiu.com', '/article/', aid])",
            title="title",
            published="ctime",
        )
        for channel, nodes in NODES.items()
    ]
    article_url = (
        r"(?P<channel>[a-z]+)\.huanqiu\.com/article/(?P<id>[0-9A-Za-z]{11})",
        r"(?P<channel>[a-z]+)\.huanqiu\.com/(?:[a-z]+/)*\d{4}-\d{2}/(?P<id>\d+)\.html",  # until 2018; redirects
    )
    mirrors = [(r"^m\.huanqiu\.com/", "www.huanqiu.com/")]
    layouts = [
        Layout(
            name="textareas",  # since 2019-10
            body="textarea.article-content",
            body_is_html=True,
            title="textarea.article-title",
            published="textarea.article-time",
            modified="textarea.article-ext-xtime",
            outlet="textarea.article-source-name",
            authors="textarea.article-author",
            editors="textarea.article-editor-name",
            channel="(substring-before(//textarea[@class='article-host'], '.'))",
            drop="aside, .recommend",
        ),
        Layout(
            name="t-container",  # the same as a browser drew it, since about 2021
            body=".l-con article",
            title=".t-container-title h3",
            published=".t-container-metadata .time",
            outlet=".t-container-metadata .source",
            authors=".t-container-metadata .author",
            editors=".l-edit .edit-peo",
            drop="aside, .recommend",
        ),
        Layout(
            name="a-con",  # until about 2020
            body=".a-con",
            title=".a-title",
            published=".a-info .time",
            outlet=".a-info .source",
            authors=".a-info .original span",
            editors=".a-edit",
            drop="aside, .recommend",
        ),
    ]
    categories = {
        "china": "国内", "world": "国际", "oversea": "国际", "finance": "财经", "auto": "财经", "society": "社会",
        "tech": "科技", "uav": "科技", "cul": "文化", "art": "文化", "go": "文化", "sports": "体育", "ent": "娱乐",
        "mil": "军事", "lx": "教育", "health": "健康", "taiwan": "地方", "city": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: limits on the rate are suspected
