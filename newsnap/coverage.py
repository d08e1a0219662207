"""Coverage: what the new articles of a run have, so that pages that read worse than they used to are noticed."""

from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from newsnap.items import Article

STAT = "newsnap/coverage"


class Coverage:
    """Counts the new articles of a crawl that have a field, by what is in it and not just by its being there.

    Stats: newsnap/coverage/{articles,characters,headlines} and a count a field; `headlines` are those that no other
    article of the run has.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.headlines: set[int] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        coverage = cls(crawler)
        crawler.signals.connect(coverage.item_scraped, signal=signals.item_scraped)
        return coverage

    def item_scraped(self, item: Article) -> None:
        if item.stored is not None:  # a revision
            return
        count = self.crawler.stats.inc_value
        count(f"{STAT}/articles")
        count(f"{STAT}/characters", len(item.body))
        if (headline := hash(item.title)) not in self.headlines:
            self.headlines.add(headline)
            count(f"{STAT}/headlines")
        for name, there in fields_of(item).items():
            if there:
                count(f"{STAT}/{name}")


def fields_of(article: Article) -> dict[str, bool]:
    """Return which of the fields that most articles of a source have, or hardly any, an article has."""
    return {
        "published": article.published is not None,
        "time of day": article.published is not None and article.published_precision != "day",
        "outlet": bool(article.outlet),
        "authors or editors": bool(article.authors or article.editors),
        "category": article.category is not None,
        "figures": bool(article.figures),
        "layout": article.layout != "generic",
    }


def coverage_of(stats: dict[str, Any]) -> dict[str, int]:
    """Return the counts of a run."""
    return {name.removeprefix(f"{STAT}/"): value for name, value in stats.items() if name.startswith(f"{STAT}/")}
