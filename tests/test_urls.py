"""Addresses: all variants of one article are one, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.utils.project import get_project_settings

from newsnap.sources import load_sources
from newsnap.urls import AddressError, AddressRules, in_domains, tidy

SOURCES = load_sources(get_project_settings())

VARIANTS = {
    "people:40223222": [
        "http://politics.people.com.cn/n1/2024/0424/c1001-40223222.html",
        "https://politics.people.com.cn/n1/2024/0424/c1001-40223222.html",
        "HTTP://Politics.People.com.cn:80/n1/2024/0424/c1001-40223222.html#p2",
        "http://politics.people.com.cn/n1/2024/0424/c1001-40223222.html?from=singlemessage&isappinstalled=0",
        "http://politics.people.com.cn/n1/2024/0424/c1001-40223222-2.html",
        "http://politics.people.com.cn/BIG5/n1/2024/0424/c1001-40223222.html",
        "http://politics.people.com.cn/n1/./2024/x/../0424/c1001-40223222.html",
        "http://politics.people.com.cn/n1/2024/0424/c1001%2D40223222.html",
        "http://politics.people.com.cn./n1/2024/0424/c1001-40223222.html",
    ],
    "people:2261548": [
        "http://www.people.com.cn/GB/shizheng/1026/2261548.html",
        "http://www.people.com.cn/BIG5/shizheng/1026/2261548.html",
    ],
    "xinhua:0ed4d97f42b9421bafa3565bd2a3ff21": [
        "https://www.news.cn/politics/20260117/0ed4d97f42b9421bafa3565bd2a3ff21/c.html",
        "http://www.xinhuanet.com/politics/20260117/0ed4d97f42b9421bafa3565bd2a3ff21/c.html",
        "http://m.news.cn/politics/20260117/0ed4d97f42b9421bafa3565bd2a3ff21/c.html?page=2",
        "http://big5.news.cn/gate/big5/www.news.cn/politics/20260117/0ed4d97f42b9421bafa3565bd2a3ff21/c.html",
    ],
    "xinhua:1129981476": [
        "http://www.news.cn/fortune/2023-11/17/c_1129981476.htm",
        "http://www.xinhuanet.com/fortune/2023-11/17/c_1129981476_2.htm",
    ],
    "xinhua:1127154621": [
        "http://www.xinhuanet.com/2021-03/02/c_1127154621.htm",
        "http://m.xinhuanet.com/2021-03/02/c_1127154621.htm",
    ],
    "xinhua:1122563388": ["http://www.news.cn/politics/2018lh/tu-shuo/2018-03/20/c_1122563388.htm"],
    "chinanews:10622950": [
        "https://www.chinanews.com.cn/sh/2026/05-17/10622950.shtml",
        "http://www.chinanews.com/sh/2026/05-17/10622950.shtml",
        "https://chinanews.com.cn/sh/2026/05-17/10622950.shtml?spm=1",
    ],
    "chinanews:1701234": [
        "http://www.chinanews.com.cn/gn/news/2009/05-20/1701234.shtml",
        "http://www.chinanews.com/gn/news/2009/05-20/1701234.shtml",
    ],
    "chinanews:620618": ["http://www.chinanews.com.cn/news/2005/2005-09-05/8/620618.shtml"],
    "chinanews:hn-528761": [
        "https://www.hn.chinanews.com.cn/news/gnxw/2026/0522/528761.html",
        "http://www.hn.chinanews.com/news/gnxw/2026/0522/528761.html",
    ],
    "huanqiu:44j5MGsP4Cv": [
        "https://www.huanqiu.com/article/44j5MGsP4Cv",
        "http://m.huanqiu.com/article/44j5MGsP4Cv?from=timeline",
    ],
    "guancha:517162": [
        "https://www.guancha.cn/politics/2019_09_09_517162.shtml",
        "https://www.guancha.cn/politics/2019_09_09_517162_s.shtml",
        "https://www.guancha.cn/politics/2019_09_09_517162_2.shtml",
        "https://m.guancha.cn/politics/2019_09_09_517162.shtml?s=fwhhzy",
    ],
    "guancha:903012": [
        "https://www.guancha.cn/GongYe·KeJi/2026_10_03_903012.shtml",
        "https://www.guancha.cn/GongYe%C2%B7KeJi/2026_10_03_903012_s.shtml",
    ],
    "thepaper:33193192": [
        "https://www.thepaper.cn/newsDetail_forward_33193192",
        "https://www.thepaper.cn/newsDetail_forward_33193192?commTag=true",
        "https://m.thepaper.cn/newsDetail_forward_33193192",
        "https://m.thepaper.cn/detail/33193192",
    ],
    "gmw:32481254": [
        "https://world.gmw.cn/2019-02/11/content_32481254.htm",
        "http://world.gmw.cn/2019-02/11/content_32481254_2.htm?s=gmwreco2",
    ],
    "gmw:28761520": ["http://news.gmw.cn/newspaper/2018-05/11/content_28761520.htm"],
    "gmw:200459": ["http://www.gmw.cn/01gmrb/2005-03/21/content_200459.htm"],
    "youth:16671599": [
        "https://news.youth.cn/gn/202605/t20260521_16671599.htm",
        "http://news.youth.cn/gn/202605/t20260521_16671599_1.htm",
        "https://t.m.youth.cn/transfer/index/url/news.youth.cn/gn/202605/t20260521_16671599.htm",
    ],
    "youth:12089431": ["http://finance.youth.cn/finance_IT/201910/t20191009_12089431.htm"],
    "china:118335587": [
        "http://news.china.com.cn/2026-02/15/content_118335587.shtml",
        "http://news.china.com.cn/2026-02/15/content_118335587.html",
        "https://big5.china.com.cn/gate/big5/news.china.com.cn/2026-02/15/content_118335587_2.shtml",
    ],
    "ithome:771234": ["https://www.ithome.com/0/771/234.htm", "https://m.ithome.com/html/771234.htm"],
    "ithome:385123": ["https://www.ithome.com/html/it/385123.htm"],
    "ifeng:7pldiU65MNU": ["https://ent.ifeng.com/c/7pldiU65MNU"],
    "qq:20181012A0ABCD00": [
        "https://news.qq.com/rain/a/20181012A0ABCD00",
        "https://new.qq.com/omn/20181012/20181012A0ABCD00.html",
        "https://new.qq.com/cmsn/20181012/20181012A0ABCD00.html",
        "https://xw.qq.com/cmsid/20181012A0ABCD00",
    ],
    "gov:7037861": [
        "https://www.gov.cn/zhengce/content/202508/content_7037861.htm",
        "http://www.gov.cn/zhengce/content/202508/content_7037861.htm",
    ],
    "cctv:ARTIU1MfRogWK8l2fuMGRNHp191101": [
        "https://news.cctv.com/2019/11/01/ARTIU1MfRogWK8l2fuMGRNHp191101.shtml?spm=C94212.P4YnMod9m2uD.E.1",
        "http://m.news.cctv.com/2019/11/01/ARTIU1MfRogWK8l2fuMGRNHp191101.shtml",
    ],
    "cankaoxiaoxi:3c51c84696714b3c83ecb16ac8414d79": [
        "https://ckxxapp.ckxx.net/pages/2026/06/24/3c51c84696714b3c83ecb16ac8414d79.html",
        "https://china.cankaoxiaoxi.com/json/content/2026/06/24/3c51c84696714b3c83ecb16ac8414d79.detailjson",
    ],
    "rmrb:30168422": ["https://paper.people.com.cn/rmrb/pc/content/202607/13/content_30168422.html"],
    "bjnews:1780010673129416": [
        "https://www.bjnews.com.cn/detail-1780010673129416.html",
        "https://m.bjnews.com.cn/detail/1780010673129416.html",
    ],
    "sina:iicezzrq4076655": [
        "https://news.sina.com.cn/c/2019-09-07/doc-iicezzrq4076655.shtml?cre=1",
    ],
    "sina:inausehc2630922": [
        "https://news.sina.cn/gn/2024-05-10/detail-inausehc2630922.d.html?vt=4",
    ],
    "jiemian:3159662": ["https://www.jiemian.com/article/3159662.html", "https://m.jiemian.com/article/3159662.html"],
}


@pytest.mark.parametrize("identity", VARIANTS)
def test_all_variants_of_an_address_are_one_article(identity: str) -> None:
    found = [SOURCES.identify(url) for url in VARIANTS[identity]]
    assert {each.id if each else None for each in found} == {identity}
    assert len({each.url for each in found if each}) == 1


@pytest.mark.parametrize(
    ("url", "date"),
    [
        ("http://news.sina.com.cn/c/2005-03-21/09125421234s.shtml", "2005-03-21"),
        ("http://finance.sina.com.cn/roll/20140509/162719045678.shtml", "20140509"),
        ("http://finance.sina.com.cn/g/20050321/09141451234.shtml", "20050321"),
    ],
)
def test_addresses_without_an_id_are_known_by_their_form(url: str, date: str) -> None:
    found = SOURCES.identify(url)
    assert found is not None
    assert (found.url.partition(":")[2], found.date) == (url.partition(":")[2], date)


def test_a_page_number_is_told_and_cut() -> None:
    found = SOURCES.identify("http://culture.people.com.cn/n1/2026/1003/c1013-40990188-3.html")
    assert found is not None
    assert (found.page, found.url) == (3, "http://culture.people.com.cn/n1/2026/1003/c1013-40990188.html")


def test_a_site_may_number_its_pages_from_nought() -> None:
    found = SOURCES.identify("https://news.youth.cn/sh/202610/t20261003_16850260_1.htm")
    assert found is not None
    assert (found.page, found.url) == (2, "https://news.youth.cn/sh/202610/t20261003_16850260.htm")


def test_a_channel_is_told_as_the_site_writes_it() -> None:
    found = SOURCES.identify("https://www.guancha.cn/GuoJi%C2%B7ZhanLue/2026_10_04_903191.shtml")
    assert found is not None
    assert found.channel == "GuoJi·ZhanLue"


@pytest.mark.parametrize(
    "url",
    [
        "http://www.people.com.cn/",
        "http://politics.people.com.cn/GB/1024/index.html",
        "http://people.com.cn.evil.example/n1/2024/0424/c1001-40223222.html",
        "http://evilpeople.com.cn/n1/2024/0424/c1001-40223222.html",
        "http://evil.example/politics.people.com.cn/n1/2024/0424/c1001-40223222.html",
        "https://www.news.cn/politics/",
        "https://user.guancha.cn/main/content?id=1520001",
        "https://lapin.ithome.com/html/digi/981300.htm",
        "https://world.huanqiu.com/gallery/4TQgZ0aaL1x",
        "https://photo.cctv.com/2026/10/03/PHOAaaaa1bcdEfGh2ijKlMn3261003.shtml",
        "http://www.china.com/news/2026-02/15/content_118335587.shtml",
        "not an address",
    ],
)
def test_what_is_no_article_is_not_identified(url: str) -> None:
    assert SOURCES.identify(url) is None


def test_an_address_that_no_pattern_knows_is_adopted_with_a_digest() -> None:
    rules = SOURCES["people"].address_rules()
    one = rules.adopt("https://www.people.com.cn/corpus/a.html?x=1")
    assert one == rules.adopt("http://www.people.com.cn/corpus/a.html#top")
    assert one.id.startswith("people:")
    assert len(one.id) == len("people:") + 16


def test_a_foreign_address_is_refused_with_the_hosts_of_the_source() -> None:
    with pytest.raises(AddressError, match=r"https://example.com/ is not on a host of people \(people.com.cn"):
        SOURCES["people"].address_rules().adopt("https://example.com/")


@pytest.mark.parametrize(
    "url", ["", "people.com.cn", "ftp://people.com.cn/x", "http://", "javascript:alert(1)", "http://[::1"]
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(AddressError, match="give it as https://host/path"):
        tidy(url)


@given(st.text(max_size=60), st.text(max_size=60))
def test_tidying_twice_changes_nothing(path: str, query: str) -> None:
    try:
        once = tidy(f"https://news.example/{path}?{query}")
    except AddressError:
        return
    assert tidy(once) == once


def test_queries_that_tell_the_article_are_kept_and_others_dropped() -> None:
    rules = AddressRules("x", ["x.example"], r"x\.example/news\.html\?id=(?P<id>\d+)", keep_query=["id"])
    found = rules.identify("https://x.example/news.html?utm_source=a&id=7&b=2")
    assert found is not None
    assert (found.id, found.url) == ("x:7", "https://x.example/news.html?id=7")


def test_a_domain_covers_what_is_below_it_alone() -> None:
    assert in_domains("http://a.b.example/", ["b.example"])
    assert not in_domains("http://ab.example/", ["b.example"])
