"""澎湃新闻 (https://www.thepaper.cn): a JSON list a channel, asked by POST and with a Referer, else 403.

Its robots.txt disallows some 1500 single articles; 澎湃号, what users write, is not listed here.
"""

from scrapy.http import Response

from newsnap.items import Article
from newsnap.news_spider import JsonList, Layout, NewsSpider


class ThepaperSpider(NewsSpider):
    name = "thepaper"
    site = "澎湃新闻"
    allowed_domains = ["thepaper.cn"]
    json_lists = [
        JsonList(
            "https://api.thepaper.cn/contentapi/nodeCont/getByChannelId",
            items="data.list[?contId && !link]",  # with a link they lead elsewhere
            link="join('', ['https://www.thepaper.cn/newsDetail_forward_', to_string(contId)])",
            title="name",
            published="pubTimeLong",
            category="nodeInfo.name",
            post=f'{{"channelId":"{channel}","excludeContIds":[],"listRecommendIds":[],"pageSize":20,"startTime":0}}',
            headers={"Referer": "https://www.thepaper.cn/"},
        )
        for channel in ("25950", "25951", "122908", "119908", "25952", "25953", "-21", "136261", "-24")
    ]
    article_url = r"www\.thepaper\.cn/newsDetail_forward_(?P<id>\d+)"
    mirrors = [(r"^m\.thepaper\.cn/(?:detail/|newsDetail_forward_)(\d+)", r"www.thepaper.cn/newsDetail_forward_\1")]
    layouts = [
        Layout(
            name="next-data",  # since 2022; the classes of what is seen change with each build
            data=r'"(?:contentDetail|liveDetail|specialInfo)"\s*:\s*(?=\{)',
            body="$.content || summary || desc",
            title="$.name || shareName",
            published="$.publishTime || pubTime",
            outlet="$.source",
            authors="$.author",
            editors="$.responEditor",
            channel="$.nodeInfo.name",
        ),
        Layout(
            name="news_txt",  # until 2021
            body=".news_txt",
            title=".news_title",
            published=".news_about p",
            outlet=".news_about p span",
            authors=".news_about p:first-child:has(+ p)",  # a line alone is that of the date
            editors=".news_infor_extra .infor_item",
            channel=".news_path a",
        ),
    ]
    categories = {"中国政库": "国内", "中南海": "国内", "直击现场": "社会", "暖闻": "社会", "有戏": "娱乐"}
    custom_settings = {"DOWNLOAD_DELAY": 5}  # since 2026-10: a firewall, which never blocked a pause of 3 s

    def refine(self, article: Article, response: Response) -> Article:
        """A reprint is signed with name and medium: 乔映溪/滨海晚报."""
        if len(article.authors) > 1 and article.authors[-1].endswith(("报", "社", "网", "台", "新闻", "客户端")):
            article.outlet = article.authors.pop()
        return article
