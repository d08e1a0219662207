"""Escalation: when a page without a text is worth a browser, and what a crawl learns from having tried."""

import re
import weakref
from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from lxml import etree
from scrapy.crawler import Crawler

from newsnap.page import Page

ESCALATED = "newsnap_escalated"
"""The key in `Request.meta` of a request made again with the browser; its value is the site that learns from it."""
FEW_CHARACTERS = 300
"""Characters of a shell outside of links, at most: a header, a footer, a notice."""
HARDLY_ANY = 60
"""Characters at most of a page that has nothing to show but scripts."""
BIG_SCRIPT = 2000
"""Characters of a script that does more than count readers."""

ROOTS = re.compile(
    r"app|root|__next|__nuxt|___gatsby|main-?app|app-?(?:root|main|container|wrapper)|react-?root|vue-?app",
    re.IGNORECASE,
)
"""Ids of the element that a framework fills."""
NOTICE = re.compile(r"java\s*script|启用|啟用|开启.{0,6}脚本|浏览器", re.IGNORECASE)
"""Words of a `noscript` that ask for scripts; others there count readers."""
NOT_TEXT = frozenset(
    {"script", "style", "noscript", "template", "head", "title", "a", "nav", "select", "option", "button", "footer"}
)


class NeedsBrowser(Exception):
    """There is no article on a page, but a browser may find one."""


def is_shell(page: Page) -> bool:
    """Tell whether a page looks as if a script had yet to write it: hardly a text, and a sign of such a script."""
    length = characters(page.root, FEW_CHARACTERS)
    if length > FEW_CHARACTERS:
        return False
    scripts = list(page.root.iter("script"))
    if not any(each.get("src") or len(each.text or "") > BIG_SCRIPT for each in scripts):
        return length <= HARDLY_ANY and any((each.text or "").strip() for each in scripts)
    return length <= HARDLY_ANY or has_empty_root(page.root) or asks_for_scripts(page.root)


def characters(root: etree._Element, enough: int) -> int:
    """Return how many characters of text a page shows outside of links; counts on to no more than enough."""
    count = 0
    todo = [root]
    while todo and count <= enough:
        element = todo.pop()
        for child in element:
            count += len((child.tail or "").strip())
            if isinstance(child.tag, str) and child.tag not in NOT_TEXT:
                count += len((child.text or "").strip())
                todo.append(child)
    return count


def has_empty_root(root: etree._Element) -> bool:
    """Tell whether there is an element for a framework to fill, and hardly anything in it."""
    for each in root.iter("div", "main", "section"):
        name = each.get("id") or ""
        marked = ROOTS.fullmatch(name) or each.get("data-reactroot") is not None or each.get("ng-app") is not None
        if marked and characters(each, HARDLY_ANY) <= HARDLY_ANY:
            return True
    return False


def asks_for_scripts(root: etree._Element) -> bool:
    """Tell whether the page says that it needs scripts."""
    return any(NOTICE.search("".join(each.itertext())) for each in root.iter("noscript"))


@dataclass(slots=True)
class Trials:
    """How escalations of one site went, the last ones in a row."""

    helped: int = 0
    """In a row, up to the last."""

    missed: int = 0
    """In a row, up to the last."""

    ever_helped: bool = False


class Escalation:
    """What a crawl has learnt about the sites it reads.

    After SURE pages in a row that only a browser could read, all articles of the site go to the browser at once; after
    the first SURE that it could not read either, or PATIENCE in a row later on, none is tried any more.

    Settings: NEWSNAP_RENDERED_ESCALATION.
    """

    SURE = 3
    PATIENCE = 10

    _of_crawlers: "ClassVar[weakref.WeakKeyDictionary[Crawler, Escalation]]" = weakref.WeakKeyDictionary()

    def __init__(self, enabled: bool = True):
        self.enabled = enabled
        self.sites: defaultdict[str, Trials] = defaultdict(Trials)

    @classmethod
    def of(cls, crawler: Crawler) -> "Escalation":
        """Return what all spiders of a crawl have learnt together."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler.settings.getbool("NEWSNAP_RENDERED_ESCALATION"))
        return cls._of_crawlers[crawler]

    def worth_trying(self, site: str) -> bool:
        """Tell whether a shell of a site is to be rendered."""
        trials = self.sites[site]
        return self.enabled and trials.missed < (self.PATIENCE if trials.ever_helped else self.SURE)

    def at_once(self, site: str) -> bool:
        """Tell whether articles of a site are to be rendered without asking whether they need it."""
        return self.enabled and self.sites[site].helped >= self.SURE

    def learn(self, site: str, *, helped: bool) -> None:
        """Note whether a page could be read with the browser, and only with it."""
        trials = self.sites[site]
        if helped:
            trials.helped, trials.missed, trials.ever_helped = trials.helped + 1, 0, True
        else:
            trials.helped, trials.missed = 0, trials.missed + 1
