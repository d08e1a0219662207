"""环球网 (https://www.huanqiu.com): a JSON list a channel, of the nodes in its `api/channel_pc`; articles in textareas.

Its robots.txt (2023) allows all and, in a second group, nothing; the groups are read as one, which allows it.
"""

from newsnap.news_spider import JsonList, Layout, NewsSpider

NODES = (
    ("china", "e3pmh1nnq", "e3pmh1obd e3pn61c2g e3pn6eiep e3pra70uk e5anm31jb e7tl4e309"),
    ("world", "e3pmh22ph", "e3pmh2398 e3pmh26vv e3pn6efsl efp8fqe21"),
    ("mil", "e3pmh1dm8", "e3pmt7hva e3pmtdr2r e3pn62l96 e3pn6f3oh"),
    ("finance", "e3pmh1hmp", "e3pmh1iab e3pn46htn e3pn60gdi e3pn61831 e3pn62ihu e3ptkencb"),
    ("tech", "e3pmh164r", "e3pmh2hq8 e3pmh33i9 e3pmh356p e3pmh3dh4 e3pmtlao3 e3pn4bn46"),
)


class HuanqiuSpider(NewsSpider):
    name = "huanqiu"
    site = "环球网"
    allowed_domains = ["huanqiu.com"]
    json_lists = [
        JsonList(
            f"https://{channel}.huanqiu.com/api/list?node={paths}&offset=0&limit=24",
            items="list[?aid && contains(['normal', 'article'], addltype || 'normal')]",  # no video, gallery, advert
            link=f"join('', ['https://', host || '{channel}.huanqiu.com', '/article/', aid])",
            title="title",
            published="ctime",
        )
        for channel, root, nodes in NODES
        for paths in [",".join(f"%22/{root}/{node}%22" for node in nodes.split())]
    ]
    article_url = (  # numbers until 2018; they redirect
        r"(?P<channel>[a-z]+)\.huanqiu\.com/(?:article/(?=\w{11}$)|[a-z/]*\d{4}-\d{2}/(?=\d+\.))(?P<id>\w+)(?:\.html)?"
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
            channel="textarea.article-host",
        ),
        Layout(
            name="drawn",  # as browsers save it: a-* until about 2020, then t-container
            body=".a-con, .l-con article",
            title=".a-title, .t-container-title h3",
            published=".a-info .time, .t-container-metadata .time",
            outlet=".a-info .source, .t-container-metadata .source",
            authors=".a-info .original span, .t-container-metadata .author",
            editors=".a-edit, .l-edit .edit-peo",
        ),
        Layout(
            name="numbers",  # until 2019, as archives have them; #text until about 2016
            body=".la_con, #text",
            title="h1.tle, .conText h1",
            published=".la_t_a, #pubtime_baidu",
            outlet=".la_t_b, #source_baidu",
            editors=".la_edit, #editor_baidu",
        ),
    ]
    drop = "aside, .recommend"
    categories = {
        "china": "国内", "world": "国际", "oversea": "国际", "finance": "财经", "society": "社会", "tech": "科技",
        "cul": "文化", "sports": "体育", "ent": "娱乐", "mil": "军事", "lx": "教育", "health": "健康", "taiwan": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: limits on the rate are suspected
