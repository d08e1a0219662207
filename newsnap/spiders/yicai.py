"""第一财经 (https://www.yicai.com): a JSON list of the newest; pieces with AppID 0 are for subscribers and left out."""

from newsnap.news_spider import JsonList, Layout, NewsSpider


class YicaiSpider(NewsSpider):
    name = "yicai"
    site = "第一财经"
    allowed_domains = ["yicai.com"]
    json_lists = [
        JsonList(
            f"https://www.yicai.com/api/ajax/getlatest?page={page}&pagesize=30",
            items="[?to_string(AppID) != '0']",
            link="url",
            title="NewsTitle",
            published="CreateDate",
            category="ChannelName",
        )
        for page in (1, 2)
    ]
    article_url = (
        r"www\.yicai\.com/news/(?P<id>\d{6,9})\.html",
        r"www\.yicai\.com/(?P<edition>brief)/(?P<id>\d+)\.html",
    )
    mirrors = [(r"^(?:m\.)?yicai\.com/", "www.yicai.com/")]
    layouts = [
        Layout(
            name="multi-text",
            data=r"_pb\s*=\s*\[\s*\[\s*['\"]actime['\"]\s*,\s*",
            body="#multi-text, .multiText, .m-txt, .txt",
            title="h1",
            published="$",
        ),
    ]
    drop = ".u-btn6, .m-smallshare, .topic-hot"
    categories = {"*": "财经"}
    custom_settings = {"DOWNLOAD_DELAY": 6}  # since 2026-10: its robots.txt was never seen
