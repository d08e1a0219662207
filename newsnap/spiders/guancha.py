"""观察者网 (https://www.guancha.cn): home page and column lists; `_s` in an address gives an article's pages in one."""

from newsnap.news_spider import Layout, NewsSpider

INFO = "li.left-main div.time.fix > span"


class GuanchaSpider(NewsSpider):
    name = "guancha"
    site = "观察者网"
    allowed_domains = ["guancha.cn"]
    listing_urls = [
        "https://www.guancha.cn/",
        "https://www.guancha.cn/mainnews-yw/list_1.shtml",
        "https://www.guancha.cn/GuanChaZheTouTiao/list_1.shtml",
    ]
    article_url = (
        r"www\.guancha\.cn/(?P<channel>[A-Za-z0-9%.-]+)/(?P<date>\d{4}_\d{2}_\d{2})_(?P<id>\d+)"
        r"(?P<page>_s|_\d+)?\.shtml"
    )
    mirrors = [(r"^m\.guancha\.cn/", "www.guancha.cn/")]
    fetch_url = (r"\.shtml$", "_s.shtml")
    layouts = [
        Layout(
            name="left-main",  # since 2018
            body="div.content.all-txt",
            title="li.left-main > h3",
            published=f"{INFO}:not(:contains('最后更新')):not(:contains('来源'))",
            modified=f"{INFO}:contains('最后更新')",
            outlet=f"{INFO}:contains('来源')",
            authors=".author-intro p a, .editor-intro p a",
            editors="ul.article-other > li:contains('责任编辑')",
        ),
    ]
    categories = {
        "politics": "国内", "ZhengZhi": "国内", "internation": "国际", "GuoJi·ZhanLue": "国际", "economy": "财经",
        "CaiJing": "财经", "ChanJing": "财经", "society": "社会", "SheHui": "社会", "GongYe·KeJi": "科技",
        "industry-science": "科技", "TMT": "科技", "WenHua": "文化", "military-affairs": "军事", "JunShi": "军事",
        "ChengShi": "地方",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: robots.txt asks for nothing
