"""参考消息 (https://www.cankaoxiaoxi.com): JSON for its lists and articles; its own pages are empty without a script.

A reader is sent to ckxxapp.ckxx.net/pages/….html; the texts open with the foreign paper that they quote (据…报道).
"""

from newsnap.news_spider import JsonList, Layout, NewsSpider

CHANNELS = (
    "diyi", "zhongguo", "gj", "guandian", "ruick", "tiyujk", "kejiyy", "wenhualy", "junshi", "hwkzgcs",
)  # fmt: skip


class CankaoxiaoxiSpider(NewsSpider):
    name = "cankaoxiaoxi"
    site = "参考消息"
    allowed_domains = ["cankaoxiaoxi.com", "ckxx.net"]
    json_lists = [
        JsonList(
            f"https://china.cankaoxiaoxi.com/json/channel/{channel}/list.json",
            items="list[].data | [?url && !moVideoPath]",
            link="url",
            title="title",
            published="publishTime",
            category="channelName",
        )
        for channel in CHANNELS
    ]
    article_url = (
        r"ckxxapp\.ckxx\.net/pages/(?P<date>\d{4}/\d{2}/\d{2})/(?P<id>\w+)\.html",
        r"(?P<channel>[a-z]+)\.cankaoxiaoxi\.com/(?:\w+/)*(?P<date>\d{4}/?\d{4})/(?P<id>\d+)(?P<page>_\d+)?\.shtml",
    )
    mirrors = [
        (r"^(?:www|m|china)\.cankaoxiaoxi\.com/pages/", "ckxxapp.ckxx.net/pages/"),
        (r"^(?:www|china)\.cankaoxiaoxi\.com/json/content/([\w/]+)\.detailjson", r"ckxxapp.ckxx.net/pages/\1.html"),
    ]
    fetch_url = (r"//ckxxapp\.ckxx\.net/pages/(.+)\.html$", r"//china.cankaoxiaoxi.com/json/content/\1.detailjson")
    layouts = [
        Layout(
            name="detailjson",
            data="json",
            body="$.txt",
            title="$.title",
            published="$.publishTime",
            outlet="$.sourceName",
            channel="$.channelName",
        ),
        Layout(
            name="ctrlfscont",  # .shtml, until about 2022
            body=".articleText, #ctrlfscont",
            title=".articleHead, h1",
            published="#pubtime_baidu",
            outlet="#source_baidu",
            editors="#editor_baidu",
            pages="#next_page",
        ),
        Layout(name="contentTxt", data=r"var\s+contentTxt\s*=\s*", body="$", title="title"),
    ]
    categories = {
        "中国": "国内", "国际": "国际", "第一关注": "国际", "观点": "国际", "锐参考": "国际",
        "china": "国内", "world": "国际", "finance": "财经", "mil": "军事",
        "体育健康": "体育", "科技应用": "科技", "文化旅游": "文化", "军事": "军事",
    }  # fmt: skip
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
