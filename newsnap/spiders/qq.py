"""腾讯新闻 (https://news.qq.com): JSON lists of tags; the text stands in `window.DATA`; GB2312 until 2018."""

from newsnap.news_spider import JsonList, Layout, NewsSpider

ID = r"[A-Z]{0,3}(?P<date>\d{8})[A-Z0-9]{6,8}"


class QqSpider(NewsSpider):
    name = "qq"
    site = "腾讯新闻"
    allowed_domains = ["qq.com"]
    json_lists = [
        JsonList(
            f"https://i.news.qq.com/web_backend/v2/getTagInfo?tagId={tag}",
            items="data.tabs[].articleList[]",
            link="link_info.url || join('', ['https://news.qq.com/rain/a/', id])",
            title="title",
            published="publish_time",
            category=f"'{label}'",
        )
        for tag, label in (("aEKuxr1YhGQ%3D", "国际"), ("aEWqxLtdgmQ%3D", "早报"))
    ]
    article_url = (
        rf"news\.qq\.com/rain/a/(?P<id>{ID})",
        r"(?P<channel>[a-z]+)\.qq\.com/a/(?P<date>\d{8})/\d{6}\.htm",  # until 2019
    )
    mirrors = [
        (rf"^(?:news|new)\.qq\.com/(?:rain|omn|cmsn)/(?:a/|\d{{8}}/)?({ID})(?:\.html)?", r"news.qq.com/rain/a/\1"),
        (rf"^(?:view\.inews|xw)\.qq\.com/(?:a/|cmsid/)?({ID})", r"news.qq.com/rain/a/\1"),
    ]
    layouts = [
        Layout(
            name="window.DATA",  # since about 2021
            data=r"window\.DATA\s*=\s*",
            body="$.originContent.text",
            title="$.title",
            published="$.pubtime",
            outlet="$.media",
            channel="$.catalog1",
            marks="$.originAttribute",
        ),
        Layout(
            name="content-article",  # since 2018: text in the page, the rest in window.DATA
            data=r"window\.DATA\s*=\s*",
            body=".content-article",
            title="$.title",
            published="$.pubtime",
            outlet="$.media",
            channel="$.catalog1",
            drop="h1, #ArticleAuthor, #ArticleColumnTag, #Status, .image-carousel, .videoPlayer",
        ),
        Layout(
            name="drawn",  # as browsers save a page without its script
            body="#ArticleContent, .rich_media_content",
            title=".content-article h1",
            published=".media-meta",
            outlet=".media-name",
        ),
        Layout(
            name="Cnt-Main-Article-QQ",  # until 2019
            body="#Cnt-Main-Article-QQ",
            title=".hd h1",
            published=".a_time, .pubTime, .article-time",
            outlet=".a_source, .where",
            editors="#QQeditor",
            channel=".a_catalog, .catalog",
            drop="#backqqcom, .mbArticleShareBtn, .rv-root-v2, .hidden",
        ),
        Layout(
            name="ArticleCnt",  # until about 2010
            body="#ArticleCnt",
            title="#ArticleTit",
            published="#ArtFrom",
            outlet="#ArtFrom a.lblack",
            drop="table#modle",
        ),
    ]
    categories = {
        "politics": "国内", "world": "国际", "finance": "财经", "house": "财经", "auto": "财经",
        "social": "社会", "tech": "科技", "digi": "科技", "science": "科技", "cul": "文化", "history": "文化",
        "sports": "体育", "nba": "体育", "ent": "娱乐", "mil": "军事", "edu": "教育", "health": "健康", "antip": "健康",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: robots.txt disallows nothing
