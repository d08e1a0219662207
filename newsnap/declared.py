"""What a source declares, and is little else than: who it is, where it lists, how its addresses and pages look."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from newsnap import categories
from newsnap.layouts import Layout
from newsnap.listings import JsonList
from newsnap.urls import Address, AddressRules


class Declared:
    """The attributes of a source, and what follows from them alone."""

    name: str
    """The name of its file; what identities begin with."""

    # who
    anywhere: ClassVar[bool] = False
    """Whether it reads whatever address is given, and is no source of its own."""
    site: ClassVar[str] = ""
    """Masthead, e.g. 人民网."""
    allowed_domains: ClassVar[list[str]] = []
    """Domains of its hosts; what is below one counts."""
    timezone: ClassVar[str] = "Asia/Shanghai"
    """IANA name of the zone of dates printed without an offset."""

    # listing, cheapest first; the first way that is alive is taken
    feed_urls: ClassVar[Sequence[str]] = ()
    """RSS and Atom."""
    sitemap_urls: ClassVar[Sequence[str]] = ()
    """Sitemaps, news sitemaps and indexes of them."""
    json_lists: ClassVar[Sequence[JsonList]] = ()
    """Lists in JSON, JSONP or a script."""
    listing_urls: ClassVar[Sequence[str] | Mapping[str, str]] = ()
    """Addresses; or, where neither address nor page tell an article's section, each with the section it lists."""
    sublisting_url: ClassVar[str] = ""
    """Regular expression for links of `listing_urls` that are lists themselves: the pages of a newspaper.  What they
    list bears the words of the link as its section; the table of contents itself lists nothing else."""
    skip_title: ClassVar[str] = ""
    """Regular expression for listed headlines that are none: the line of the page's editors in a newspaper."""
    article_url: ClassVar[str | Sequence[str]] = ()
    """Regular expressions for the addresses of articles, see AddressRules, as are the next four."""
    mirrors: ClassVar[Sequence[tuple[str, str]]] = ()
    scheme: ClassVar[str] = "https"
    keep_query: ClassVar[Sequence[str]] = ()
    first_page: ClassVar[int] = 1
    """The number that page suffixes give the first page; 0 where `_1` leads to the second, as TRS writes them."""
    fetch_url: ClassVar[tuple[str, str] | None] = None
    """Regular expression and replacement: from the canonical address to the one that answers with the whole article."""

    # page
    layouts: ClassVar[Sequence[Layout]] = ()
    """How its pages are laid out, the newest first; the first that gives a headline and a text is taken."""
    drop: ClassVar[str] = ""
    """What stands in the text and is none, whatever the layout: CSS."""
    categories: ClassVar[dict[str, str]] = {}
    """From its own sections, as address, page or listing name them, to ours; `*` for all where it has one subject."""
    rendered: ClassVar[bool] = False
    """Whether articles need a browser."""
    language: ClassVar[str] = "zh-CN"
    """BCP 47, where its pages state none."""

    @classmethod
    @functools.cache
    def address_rules(cls) -> AddressRules:
        """Return how this source writes its addresses."""
        return AddressRules(
            cls.name,
            cls.allowed_domains,
            cls.article_url,
            mirrors=cls.mirrors,
            scheme=cls.scheme,
            keep_query=cls.keep_query,
            first_page=cls.first_page,
        )

    @classmethod
    @functools.cache
    def page_layouts(cls) -> list[Layout]:
        """Return the layouts, each with what this source drops on all its pages."""
        return [replace(each, drop=", ".join(filter(None, (each.drop, cls.drop)))) for each in cls.layouts]

    def fetch_address(self, address: Address) -> str:
        """Return the address to ask for an article."""
        return re.sub(*self.fetch_url, address.url) if self.fetch_url else address.url

    def category(self, *labels: str | None) -> str | None:
        """Return the category that the address, the page or the listing names, in this order."""
        for label in filter(None, labels):
            for part in (label, label.partition("/")[0]):
                if part in self.categories:
                    return self.categories[part]
        if "*" in self.categories:  # a source of one subject
            return self.categories["*"]
        return next((found for label in labels if (found := categories.category_of(label))), "其他")
