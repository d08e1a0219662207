"""The sources as a whole: who they are, and whose an address is."""

import difflib
import functools
from collections.abc import Iterable, Mapping, Sequence

from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader

from newsnap.arguments import ArgumentError
from newsnap.news_spider import NewsSpider
from newsnap.urls import Address, AddressError, domains_above, host_of, tidy

HOSTS_KEPT = 4096
"""Hosts of which it is kept whose they are."""


class Sources(Mapping[str, type[NewsSpider]]):
    """All sources by name."""

    def __init__(self, classes: Iterable[type[NewsSpider]]):
        self._by_name = {each.name: each for each in sorted(classes, key=lambda each: each.name)}
        self._by_domain: dict[str, list[type[NewsSpider]]] = {}
        for each in self._by_name.values():
            for domain in each.allowed_domains:
                self._by_domain.setdefault(domain, []).append(each)
        self._of = functools.lru_cache(maxsize=HOSTS_KEPT)(self._nearest)
        self._names_of = functools.lru_cache(maxsize=HOSTS_KEPT)(lambda host: tuple(it.name for it in self._of(host)))

    def __getitem__(self, name: str) -> type[NewsSpider]:
        return self._by_name[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> type[NewsSpider]:
        """Return a source by the name that somebody gave.

        Raises ArgumentError where there is none.
        """
        if name not in self:
            near = difflib.get_close_matches(name, self, n=1)
            hint = f"; did you mean {near[0]}?" if near else ":"
            raise ArgumentError(f"there is no source {name!r}{hint} `scrapy sources` shows all {len(self)}")
        return self[name]

    def of_host(self, url: str) -> Sequence[type[NewsSpider]]:
        """Return the sources that the host of an address belongs to, nearest domain first."""
        return self._of(host_of(url))

    def names(self, url: str) -> tuple[str, ...]:
        """Return the names of the sources that the host of an address belongs to, nearest domain first."""
        return self._names_of(host_of(url))

    def _nearest(self, host: str) -> tuple[type[NewsSpider], ...]:
        return tuple(each for domain in domains_above(host) for each in self._by_domain.get(domain, ()))

    def identify(self, url: str) -> Address | None:
        """Return the article's address if a source knows it as one; None for any other."""
        try:
            url = tidy(url)
        except AddressError:
            return None
        for each in self._of(host_of(url)):
            if found := each.address_rules().identify(url):
                return found
        return None

    def canonical(self, url: str) -> str:
        """Return any address on a host of a source as the original that it mirrors; one of another host as it is.

        Raises AddressError if it is no address.
        """
        return next((each.address_rules().adopt(url).url for each in self.of_host(url)), url)


def load_sources(settings: BaseSettings) -> Sources:
    """Return the sources of the project's spider modules."""
    return _load(tuple(settings.getlist("SPIDER_MODULES")))


@functools.cache
def _load(modules: tuple[str, ...]) -> Sources:
    from scrapy.settings import Settings

    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": list(modules)}))
    classes = [loader.load(name) for name in loader.list()]
    return Sources([each for each in classes if issubclass(each, NewsSpider)])
