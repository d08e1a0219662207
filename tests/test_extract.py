"""Reading pages: what a layout names comes out, however the site writes it."""

import json

import pytest

from newsnap.attribution import read_names, read_origin, read_outlet
from newsnap.body import Text
from newsnap.extract import Reading, mojibake, read_page
from newsnap.layouts import Layout
from newsnap.page import Page

ADDRESS = "https://news.example.com/sh/202610/t20261003_100.htm"
PLAIN = Layout(name="plain", body="#body", title="h1")


def read(markup: str, layout: Layout = PLAIN) -> Reading:
    reading = read_page(Page(markup.encode(), ADDRESS, "text/html; charset=utf-8"), [layout])
    assert reading is not None
    return reading


@pytest.mark.parametrize(
    "content",
    [
        "&lt;article&gt;&lt;p&gt;码头改了时刻表。&lt;/p&gt;&lt;p&gt;船等水。&lt;/p&gt;&lt;/article&gt;",
        "<article><p>码头改了时刻表。</p><p>船等水。</p></article>",
        "&amp;lt;p&amp;gt;码头改了时刻表。&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;船等水。&amp;lt;/p&amp;gt;",
    ],
    ids=["escaped", "plain", "escaped twice"],
)
def test_a_textarea_holds_html(content: str) -> None:
    layout = Layout(name="t", body=".content", body_is_html=True, title=".title", outlet=".from", published=".time")
    markup = (
        f'<textarea class="title">潮汐 &amp; 渡船</textarea><textarea class="content">{content}</textarea>'
        '<textarea class="from">&lt;a href="/"&gt;鹭湾日报&lt;/a&gt;</textarea>'
        '<textarea class="time">1790994400177</textarea>'
    )
    reading = read(markup, layout)
    assert reading.title == "潮汐 & 渡船"
    assert reading.text.paragraphs == ["码头改了时刻表。", "船等水。"]
    assert reading.outlet == "鹭湾日报"
    assert reading.witnesses[0].text == "1790994400177"


def test_data_in_a_script_is_read_by_its_paths() -> None:
    detail = {"name": "城门", "content": "<p>九座门。</p><p>做完六座。</p>", "author": "乔雁/云柚晚报"}
    page = {"props": {"detailData": {"liveDetail": None, "contentDetail": detail}}}
    layout = Layout(
        name="d", data=r'"(?:contentDetail|liveDetail)":\s*(?=\{)', body="$.content || summary", title="$.name",
        authors="$.author",
    )  # fmt: skip
    reading = read(f'<h1>别的</h1><script id="__NEXT_DATA__">{json.dumps(page)}</script>', layout)
    assert (reading.title, reading.text.paragraphs) == ("城门", ["九座门。", "做完六座。"])
    assert reading.authors == ["乔雁", "云柚晚报"]


def test_a_page_whose_data_is_missing_is_not_read() -> None:
    layout = Layout(name="d", data=r"var text\s*=\s*", body="$", title="h1")
    assert read_page(Page("<h1>题</h1><p>文</p>".encode(), ADDRESS), [layout]) is None


def test_a_script_alone_is_no_page() -> None:
    layout = Layout(name="d", data=r"var text\s*=\s*", body="$", title="$")
    script = "var text = '<p>九座门。</p>';"
    assert read(f"<title>城门</title><script>{script}</script>", layout).text.paragraphs == ["九座门。"]
    assert read_page(Page(script.encode(), ADDRESS), [layout]) is None


def test_a_script_tells_how_many_pages_there_are() -> None:
    layout = Layout(name="p", body="#body", title="h1", page_count=r"createPageHTML\(\s*(\d+)")
    script = '<script>function createPageHTML(count, now) {} createPageHTML(3, 0, "t20261003_100", "htm");</script>'
    reading = read(f"<h1>题</h1><div id=body>文。</div>{script}", layout)
    assert reading.further == [ADDRESS.replace(".htm", "_1.htm"), ADDRESS.replace(".htm", "_2.htm")]
    alone = read("<h1>题</h1><div id=body>文。</div><script>createPageHTML(1, 0, 't', 'htm')</script>", layout)
    assert alone.further == []


def test_the_time_of_the_last_change_is_kept_apart() -> None:
    layout = Layout(name="m", body="#body", title="h1", published=".at", modified=".changed")
    markup = "<h1>题</h1><span class=at>2026-10-03 08:36</span><span class=changed>最后更新: 2026-10-03 09:41</span>"
    reading = read(f"{markup}<div id=body>文。</div>", layout)
    assert reading.modified_raw == "最后更新: 2026-10-03 09:41"
    assert [each.text for each in reading.witnesses] == ["2026-10-03 08:36"]


def test_an_editor_may_be_the_author_but_a_hidden_field_that_repeats_him_is_not_believed() -> None:
    layout = Layout(name="e", body="#body", title="h1", authors=".by", editors=".editor")
    signed = "<div{}><span class=by>作者：岸芷</span></div><span class=editor>责编：岸芷</span>"
    markup = f"<h1>题</h1>{signed}<div id=body>文。</div>"
    assert read(markup.format(""), layout).authors == ["岸芷"]
    assert read(markup.format(' style="display: none"'), layout).authors == []


def test_bold_lines_are_subheadings_unless_they_sign() -> None:
    lines = (
        "<p>一只葫芦。</p><p><em data-scene='strong'>走失的少了一半</em></p><p>两只葫芦。</p>"
        "<p><span style='font-weight: bold'>图纸比零件活得久</span></p><p><strong>执笔/米朵</strong></p>"
    )
    text = read(f"<h1>题</h1><div id=body>{lines}</div>").text
    assert [text.paragraphs[at] for at in text.headings] == ["走失的少了一半", "图纸比零件活得久"]


@pytest.mark.parametrize(
    "notice",
    [
        "[!--begin:htmlVideoCode--]8dd8a1c2,0,16:9,true[!--end:htmlVideoCode--]",
        "本文系观察者网独家稿件，此处是版权说明。",
        "广告声明：文内的链接仅供参考。",
        "【上一篇】一只旧邮筒的去留",
        "（转载请注明来源）",
        "游戏专栏投稿信箱：box@example.com",
        "更多精彩内容，请点击进入产业市场>>",
        "初审编辑：申小鱼",
        "新浪声明：此处是版权说明。",
        "转播到腾讯微博",
        "（原标题：“灯塔”之战打响 海边的人添了一盏灯）",
        "本文原标题：《海边的人添了一盏灯》",
        "特别声明：以上内容(如有图片或视频亦包括在内)为平台用户上传并发布",
        "平台声明：该文观点仅代表作者本人",
        "（本文仅代表作者个人观点，不代表本网立场）",
        "请支持独立网站，转发请注明本文链接",
        "点击进入专题： 聚焦二〇一二年海边的三百个渡口",
        "发布于 北京",
    ],
)
def test_what_the_site_adds_is_not_the_article(notice: str) -> None:
    text = read(f"<h1>题</h1><div id=body><p>一。</p><p>{notice}</p><p>二。</p></div>").text
    assert text.paragraphs == ["一。", "二。"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("澎湃新闻记者 秦渡 实习生 何一禾", ["秦渡", "何一禾"]),
        ("新京报记者 张弓", ["张弓"]),
        ("本报评论员", ["本报评论员"]),
    ],
)
def test_whose_reporter_one_is_is_no_name(line: str, names: list[str]) -> None:
    assert read_names(line) == names


@pytest.mark.parametrize(
    ("line", "outlet"),
    [
        ("2024年05月10日06:58 | 来源：人民网－人民日报", "人民网－人民日报"),
        ("来源：光明网-《光明日报》", "光明网-《光明日报》"),
        ("（本文来源：滨海日报 作者：施洛）", "滨海日报"),
        ("作者：滨海晚报", "滨海晚报"),
        ("作者：施洛", None),
    ],
)
def test_an_outlet_is_named_in_many_ways(line: str, outlet: str | None) -> None:
    assert read_outlet(line) == outlet


@pytest.mark.parametrize(
    "line",
    [
        "(责编：王磊、李静)",
        "【责任编辑:王磊、李静】",
        "【编辑:王磊、李静】",
        "[ 责编：王磊、李静 ]",
        "责任编辑: 王磊 李静",
        "责任编辑：王磊_NN2587 李静_NBJ11143",
        "[责任编辑:王磊 PN155 李静 PX209]",
        "【纠错】 责任编辑： 王磊 李静",
        "本版责编：王磊、李静",
    ],
)
def test_editors_are_named_in_many_ways(line: str) -> None:
    reading = read(f"<h1>题</h1><div id=body><p>一。</p><p>{line}</p></div>")
    assert (reading.text.paragraphs, reading.editors) == (["一。"], ["王磊", "李静"])


@pytest.mark.parametrize(
    ("line", "chain"),
    [
        ("本文转自：滨海日报客户端", ["滨海日报客户端"]),
        ("稿源：滨海在线", ["滨海在线"]),
        ("摘编自：滨海晚报", ["滨海晚报"]),
        ("本文选自《滨海》", ["滨海"]),
        ("（本文来源：滨海日报 作者：施洛）", ["滨海日报"]),
        ("（据新华社北京电 记者王磊、李静）", ["新华社"]),
        ("据中新网9月9日报道，海边添了一盏灯。", []),
        ("图片来源：滨海影像", []),
        ("资料来源：人民日报、新华社等", []),
        ("转载请注明出处", []),
    ],
)
def test_a_line_below_the_text_tells_where_it_is_from(line: str, chain: list[str]) -> None:
    assert read_origin(["一。", "二。", "三。", line]) == chain


def test_a_bracket_that_opens_behind_the_outlet_is_not_its() -> None:
    assert read_outlet("2018-06-12 09:18 来源： 柳河日报【字体：大 中 小】") == "柳河日报"


@pytest.mark.parametrize(
    ("line", "kept", "left_out"),
    [
        ("本文来源：澜湾晚报 作者：池见鹿 责任编辑：季南枝_NN4417", ["季南枝_NN4417"], ["季南枝"]),
        ("责任编辑：NF117", ["NF117"], []),
        ("责任编辑： 祝融溪 PN119", ["祝融溪 PN119"], ["祝融溪"]),
    ],
)
def test_staff_numbers_are_kept_where_a_layout_says_so(line: str, kept: list[str], left_out: list[str]) -> None:
    markup = f"<h1>题</h1><div id=body><p>一。</p></div><p class=ed>{line}</p>"
    numbered = Layout(name="n", body="#body", title="h1", editors=".ed", staff_numbers=True)
    assert read(markup, numbered).editors == kept
    assert read(markup, Layout(name="p", body="#body", title="h1", editors=".ed")).editors == left_out


def test_comments_of_html_in_data_stand_for_pictures() -> None:
    told = {
        "text": "<P>纸坊的池子。</P><P><!--IMG_0--></P><P><!--VIDEO_0--></P><P>山泉水。</P>",
        "pictures": {"IMG_0": {"origUrl": "https://img.example.com/0/1000", "desc": "取水 & 测水"}, "IMG_1": None},
    }
    layout = Layout(name="d", data=r"DATA\s*=\s*", body="$.text", title="h1", marks="$.pictures")
    text = read(f"<h1>题</h1><script>DATA = {json.dumps(told)}</script>", layout).text
    assert text.paragraphs == ["纸坊的池子。", "取水 & 测水", "山泉水。"]
    assert [(each.url, each.caption, each.after) for each in text.figures] == [
        ("https://img.example.com/0/1000", "取水 & 测水", 0)
    ]


@pytest.mark.parametrize("pictures", [None, [], {"IMG_0": "x"}, {"IMG_0": {"desc": "无址"}}])
def test_a_mark_that_stands_for_no_picture_leaves_nothing(pictures: object) -> None:
    told = {"text": "<P>一。<!--IMG_0--></P>", "pictures": pictures}
    layout = Layout(name="d", data=r"DATA\s*=\s*", body="$.text", title="h1", marks="$.pictures")
    text = read(f"<h1>题</h1><script>DATA = {json.dumps(told)}</script>", layout).text
    assert (text.paragraphs, text.figures) == (["一。"], [])


def test_a_row_of_data_is_one_line_and_a_row_for_layout_is_none() -> None:
    data = "<tr><td><p>月份</p></td><td><p>借出</p></td></tr><tr><td>5月<br></td><td>1204<br></td></tr>"
    wide = f"<tr><td><p>一。</p><p>{'二' * 61}。</p></td><td><p>三。</p></td></tr>"
    text = read(f"<h1>题</h1><div id=body><table>{data}{wide}</table></div>").text
    assert text.paragraphs == ["月份 借出", "5月 1204", "一。", f"{'二' * 61}。", "三。"]


def test_editors_may_be_named_without_a_colon() -> None:
    reading = read("<h1>题</h1><div id=body><p>编辑 王磊。</p><p>正文。</p><p>编辑 季南枝 校对 施洛</p></div>")
    assert reading.text.paragraphs == ["编辑 王磊。", "正文。"]
    assert reading.editors == ["季南枝"]


def test_a_line_above_the_text_names_its_authors_and_a_signature_below_does_not() -> None:
    assert authors_of("滨海网文化频道 记者 王磊 李静", "今天天气很好。") == ["王磊", "李静"]
    assert authors_of("今天天气很好。", "作者：王磊 李静") == []
    assert authors_of("今天天气很好。", "作者 王磊 李静", "编辑 张帆 ｜ 排版 周舟") == ["王磊", "李静"]


def authors_of(*paragraphs: str) -> list[str]:
    """Return the authors of an article without a byline of its own element."""
    text = "".join(f"<p>{each}</p>" for each in paragraphs)
    reading = read(f"<h1>海边的一天</h1><div id=body>{text}</div>")
    assert "\n".join(reading.text.paragraphs) == "\n".join(paragraphs)
    return reading.authors


def test_lost_emoji_do_not_make_a_text_unreadable_and_lost_words_do() -> None:
    words = "海边的风很大，大家都在家里喝茶。" * 20
    assert not mojibake(reading_of(words + "\ufffd" * 6 + words))
    assert mojibake(reading_of(words + "\ufffd" * 60 + words))
    assert mojibake(reading_of("海\ufffd边\ufffd的\ufffd风\ufffd很大" + words))


def reading_of(words: str) -> Reading:
    return Reading("a", "海边的一天", Text(paragraphs=[words]))


def test_the_line_of_the_date_names_the_outlet_where_its_own_element_is_missing() -> None:
    layout = Layout(name="a", body="#body", title="h1", published=".info", outlet=".info a")
    markup = "<h1>海边的一天</h1><p class=info>2024-05-01 10:26 来源：滨海晚报</p><div id=body>今天天气很好。</div>"
    assert read(markup, layout).outlet == "滨海晚报"
    assert read(markup.replace("来源：", ""), layout).outlet is None


def test_a_text_nested_beyond_reason_is_not_lost() -> None:
    reading = read("<h1>灯塔</h1><div id=body>" + "<div>" * 2000 + "灯塔修好了。")
    assert reading.text.paragraphs == ["灯塔修好了。"]
