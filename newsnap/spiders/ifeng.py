"""凤凰网 (https://www.ifeng.com): lists and articles stand as data in a script of their pages; classes are hashed.

An article is under the same id on every channel's host; 凤凰号, what users write, is among them.
"""

from newsnap.news_spider import JsonList, Layout, NewsSpider


class IfengSpider(NewsSpider):
    name = "ifeng"
    site = "凤凰网"
    allowed_domains = ["ifeng.com"]
    json_lists = [
        JsonList(
            f"https://{page}",
            items="newsstream",
            link="url",
            title="title",
            published="newsTime",
            data=r"var\s+allData\s*=\s*",
        )
        for page in ("news.ifeng.com/", "news.ifeng.com/shanklist/3-35197-/", "ent.ifeng.com/shanklist/4-20074-/")
    ]
    listing_urls = ["https://news.ifeng.com/", "https://www.ifeng.com/"]
    article_url = (
        r"(?P<channel>[a-z]+)\.ifeng\.com/c/(?P<id>[\w-]{8,16})",
        r"(?P<channel>[a-z]+)\.ifeng\.com/a/(?P<date>\d{8})/(?P<id>\d+)_0\.shtml",  # until 2018, cities until 2020
        r"(?P<channel>[a-z]+)\.ifeng\.com/(?:[\w-]+/)*detail_(?P<date>\d{4}_\d{2}/\d{2})/(?P<id>\d+)_0\.shtml",
    )
    mirrors = [(r"^(?:i|ishare)\.ifeng\.com/c/(?:s/)?", "news.ifeng.com/c/")]
    layouts = [
        Layout(
            name="allData",  # since 2018
            data=r"var\s+allData\s*=\s*",
            body="$.docData.contentData.contentList[?type == 'text'].data",
            title="$.docData.title",
            published="$.docData.newsTime",
            outlet="$.docData.source || (docData.fhhAccountDetail.[weMediaName, catename][?@] | [0])",
            authors="$.docData.author",
            editors="$.join(' ', ['责任编辑：', docData.editorName || '', docData.editorCode || ''])",
            channel="$.docData.breadCrumbdata[-1].title",
            staff_numbers=True,
        ),
        Layout(
            name="main_content",  # until 2018, cities until 2020
            body="#main_content, .yc_con_txt",
            title="#artical_topic, #titL h1, .yc_tit h1",
            published=".p_time .ss01, .p_time, #artical_sth, #titL span, .yc_tit span",
            outlet=".p_time .ss03, #artical_sth .ss03, .yc_tit a",
            editors="#artical_sth2 p:first-child",
            channel=".theCurrent a",
            drop=".ifengLogo, #embed_hzh_div",
        ),
        Layout(
            name="drawn",  # as browsers save a page of today without its script
            body="[class^='text-'], [class^='index_text_']",
            title="h1",
            published="[class^='time-'], [class^='index_time']",
            outlet="[class^='source-'], [class^='index_source']",
        ),
    ]
    categories = {
        "finance": "财经", "auto": "财经", "house": "财经", "tech": "科技", "culture": "文化",
        "guoxue": "文化", "sports": "体育", "ent": "娱乐",
        "mil": "军事", "edu": "教育", "health": "健康", "资讯": "国内", "大陆": "国内",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
