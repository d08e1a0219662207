"""Marks: what the ids and classes of a page's elements tell about what stands in them."""

import re
from enum import Flag, auto
from functools import lru_cache

from lxml import etree


class Mark(Flag):
    """What an element is by its names."""

    NONE = 0
    TEXT = auto()
    """The text of an article, or something around it."""
    SURE_TEXT = auto()
    """The text and nothing else: a name that one publishing system gives to nothing but the text."""
    TIME_ID = auto()
    OUTLET_ID = auto()
    OUTLET = auto()
    AUTHOR_ID = auto()
    AUTHOR = auto()
    EDITOR_ID = auto()
    CRUMBS = auto()
    FURNITURE = auto()
    """No part of an article, where it stands in one."""


SURE_TEXTS = frozenset(
    """
    artibody artibodyContent TRS_Editor trs_editor_view rm_txt_con rwb_zw p_content js_content endText contentText
    mp-editor artcontent Cnt-Main-Article-QQ ArticleCnt ozoom founder-content detailContent p-detail contentMain
    u-mainText left_zw content_area cnt_bd news_txt all-txt post_body entext art_context art-con articalContent
    artical_real nm-article-body story_body_content caas-body rich_media_content ctrlfscont the_content dochtmlcon
    mm_all_article fontzoom pages_content ivs_content artDet detailCon t-content__body syl-article-base
    v_news_content vsb_content
    """.split()  # noqa: SIM905 - a list of so many words is read better so
)
TEXTS = frozenset(
    """
    main_content index_main_content articleBody article-body article_body articlebody article-content
    article_content articleContent articlecontent articleText article-text article_text news-content news_content
    newsContent news-body newsbody detail-content detail_content entry-content post-content post_content single-
    content story-body storybody article__content article-main content-article content-text zoom
    """.split()  # noqa: SIM905 - a list of so many words is read better so
)
HASHED = re.compile(r"(.+?)[-_](?=[A-Za-z]*[A-Z0-9])[A-Za-z0-9]{4,10}")
"""A name that a build tool made its own: `main_content-LcrEruCc`."""
TIME_IDS = frozenset(
    """
    pubtime_baidu pub_date pubtime pubTime PubTime publish_time publishtime p_publishtime news-time newstime
    paperdate ivs_date
    """.split()  # noqa: SIM905 - a list of so many words is read better so
)
OUTLET_IDS = frozenset(
    """
    source_baidu media_name ArtFrom ne_article_source source p_origin infoSource js_name
    """.split()  # noqa: SIM905 - a list of so many words is read better so
)
OUTLET_CLASS = re.compile(r"(?:^| )(?:source|media-name)(?: |$)|article-source|a_source|news-source|media_name")
AUTHOR_IDS = frozenset(["author_baidu", "js_author_name", "Author", "author-info"])
AUTHOR_CLASS = re.compile(r"(?:^|[ _-])(?:author|byline|writer)(?:[ _-]|$)|authorName")
EDITOR_IDS = frozenset(["editor_baidu", "p_editor", "articleEdit", "author-editor"])
CRUMB = re.compile(r"rwb_navpath|crumb|location|navpath|channel-path|CurrChnlCls")
FURNITURE = re.compile(
    r"share|social|recommend|relat(?:ed|ive)|comment|copyright|statement|disclaim|declar|qr-?code|erweima|ewm|crumbs?\b"
    r"|advert|(?:^|[-_ ])ads?(?:[-_ 0-9]|box|$)|gg\d{2,}|guanggao|banner|promo|sponsor|toolbar|pagination|pager"
    r"|page_?nav"
    r"|hot_?(?:news|list)|subscri|newsletter|appdown|download|app_?(?:qr|E\d)|editor_?(?:baidu|name)|author_?info|liability"
    r"|zebian|responsib|tags?(?:[-_ ]|list|$)|keywords?|vote|like_?(?:btn|box)|praise|dashang|reward"
    r"|tip-?off|jubao|jiucuo"
    r"|feedback|ep-source|interstitial|biaoqian|player|before_ir|more-?news|also-?read|see-?also|read-?more|tuijian|xiangguan"
    r"|fenxiang|font-?size|toupiao",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def marks_of(id_: str, class_: str) -> Mark:
    """Return what the names of an element tell; kept, for a page and a site use the same few again and again."""
    mark = Mark.NONE
    names = [id_, *class_.split()]
    names += [found[1] for name in names if (found := HASHED.fullmatch(name))]
    if not SURE_TEXTS.isdisjoint(names):
        mark |= Mark.TEXT | Mark.SURE_TEXT
    elif not TEXTS.isdisjoint(names):
        mark |= Mark.TEXT
    for ids, kind in (
        (TIME_IDS, Mark.TIME_ID),
        (OUTLET_IDS, Mark.OUTLET_ID),
        (AUTHOR_IDS, Mark.AUTHOR_ID),
        (EDITOR_IDS, Mark.EDITOR_ID),
    ):
        if id_ in ids:
            mark |= kind
    for pattern, text, kind in (
        (OUTLET_CLASS, class_, Mark.OUTLET),
        (AUTHOR_CLASS, class_, Mark.AUTHOR),
        (CRUMB, f"{id_} {class_}", Mark.CRUMBS),
        (FURNITURE, f"{id_} {class_}", Mark.FURNITURE),
    ):
        if pattern.search(text):
            mark |= kind
    return mark


class Marks:
    """The elements of a page by what their names tell, in document order."""

    def __init__(self, root: etree._Element):
        self._by_mark: dict[Mark, list[etree._Element]] = {}
        self.of: dict[etree._Element, Mark] = {}
        for each in root.iter("*"):
            id_, class_ = each.get("id"), each.get("class")
            mark = marks_of(id_ or "", class_ or "") if id_ or class_ else Mark.NONE
            if "author" in (each.get("rel"), each.get("itemprop")):
                mark |= Mark.AUTHOR
            if each.tag == "founder-content" or each.get("itemprop") == "articleBody":
                mark |= Mark.TEXT | Mark.SURE_TEXT
            if mark:
                self.of[each] = mark
                for kind in mark:
                    self._by_mark.setdefault(kind, []).append(each)

    def all(self, mark: Mark) -> list[etree._Element]:
        """Return the elements that bear a mark."""
        return self._by_mark.get(mark, [])

    def is_sure(self, element: etree._Element) -> bool:
        """Tell whether an element is the text of an article by its name."""
        return Mark.SURE_TEXT in self.of.get(element, Mark.NONE)
