"""人民网 (http://www.people.com.cn): sitemap of all channels, else the day's rolling list.

Its feeds answer 200 but hold the news of June 2025; certificates of its channel hosts do not match, so http;
GB2312 is declared, GB18030 in truth.
"""

from newsnap.news_spider import Layout, NewsSpider


class PeopleSpider(NewsSpider):
    name = "people"
    site = "人民网"
    allowed_domains = ["people.com.cn", "people.cn"]
    sitemap_urls = ["http://www.people.cn/sitemap_index.xml"]
    listing_urls = ["http://www.people.com.cn/GB/59476/index.html"]
    article_url = (
        r"(?P<channel>[a-z0-9]+)\.people(?:\.com)?\.cn/n[12]?/(?P<date>\d{4}/\d{4})/c\d+-(?P<id>\d+)(?P<page>-\d+)?\.html",
        r"(?P<channel>[a-z0-9]+)\.people\.com\.cn/GB/(?:\w+/)+(?P<id>\d{6,})(?P<page>_\d+)?\.html",  # until about 2012
    )
    mirrors = [(r"/BIG5/n", "/n"), (r"/BIG5/", "/GB/")]
    scheme = "http"
    drop = "img[src*=next_page], img[src*=prev_page]"
    layouts = [
        Layout(
            name="rm_txt",
            body="#rm_txt_zw, .rm_txt_con",
            title=".rm_txt h1",
            kicker=".rm_txt h3.pre",
            subtitle=".rm_txt h4.sub",
            published=".rm_txt #newstime, .rm_txt .channel .col-1-1",
            outlet=".rm_txt .channel .col-1-1 a",
            authors=".rm_txt .author",
            editors=".rm_txt_con .edit",
            channel="#rwb_navpath a",
            pages=".zdfy a",
            drop=".bza, .box_pic, .tjewm, .paper_num, .rm_relevant, .zdfy, #rwb_tjyd, .edit",
        ),
        Layout(
            name="articleCont",  # health and some older channels
            body=".artDet",
            title=".articleCont .title h2, .articleCont h1",
            published=".artOri",
            outlet=".artOri a",
            editors=".editor, .edit",
            channel="#rwb_navpath a",
            pages=".zdfy a",
            drop=".paper_num, .zdfy, .edit, .editor",
        ),
        Layout(
            name="text_title",  # until 2020
            body="#rwb_zw",
            title=".text_title h1",
            kicker=".text_title h3",
            subtitle=".text_title h4",
            published=".text_title .box01 .fl",
            outlet=".text_title .box01 .fl a",
            authors=".text_title .author",
            editors=".edit",
            channel="#rwb_navpath a",
            pages=".zdfy a",
            drop=".box_pic, .paper_num, .zdfy, .edit",
        ),
        Layout(
            name="cpc",  # 党网
            body=".show_text",
            title=".text_c h1, .text_con h1",
            published=".text_c .sou, #p_publishtime",
            outlet=".text_c .sou a, #p_origin",
            editors="#p_editor, .edit",
            pages=".zdfy a",
            drop=".paper_num, .zdfy, .edit, #p_editor",
        ),
        Layout(
            name="p_content",  # until 2012; of photographs, under a headline without a name, until now
            body="#p_content, #picG",
            title="#p_title, h1:has(~ #picG)",
            kicker="p.p1:has(~ h1 #p_title)",
            published="#p_publishtime",
            outlet="#p_origin",
            editors="#p_editor",
            channel="#rwb_navpath a",
            pages=".zdfy a, a#next",
            drop="#p_editor, .paper_num, .zdfy",
        ),
    ]
    categories = {
        "politics": "国内", "cpc": "国内", "dangjian": "国内", "renshi": "国内", "tw": "国内", "hm": "国内",
        "leaders": "地方", "gba": "地方", "bj": "地方",
        "world": "国际", "finance": "财经", "money": "财经", "ccnews": "财经", "energy": "财经", "auto": "财经",
        "house": "财经", "society": "社会", "it": "科技", "scitech": "科技", "kpzg": "科技",
        "culture": "文化", "art": "文化", "sports": "体育", "ent": "娱乐", "military": "军事", "edu": "教育",
        "health": "健康", "legal": "法治",
    }  # fmt: skip
    custom_settings = {
        "DOWNLOAD_DELAY": 10
    }  # since 2026-10: www asks for 120 s in robots.txt, its other hosts for nothing
