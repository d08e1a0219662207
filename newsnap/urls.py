"""Addresses: every variant of an article's address becomes one canonical address and one identity.

Three layers, each pure:

1. `tidy`: what holds for any address of the web (case, default ports, dot segments, percent-encoding, order of the
   query, tracking parameters, fragment).
2. `mirrors` of a source: other hosts and paths that answer with the same article (mobile, `BIG5/`, old domains).
3. `article_url` of a source: what an article's address looks like; its groups give the parts.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

TRACKING = re.compile(
    r"utm_\w+|spm|isappinstalled|share_?(?:from|token|to|type|id)|nsukey|fbclid|gclid|ivk_sa|wxwork_\w+|clicktime"
    r"|enterid|tdsourcetag|bdchannel",
    re.ASCII,
)
"""Query parameters that tell who linked, not what is linked."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class AddressError(ValueError):
    """An address that cannot be an article's; the message says which rule it breaks and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an article is, and who it is."""

    id: str
    """Identity `"<source>:<key>"`."""

    url: str
    """Canonical address; the one to fetch."""

    channel: str | None = None
    """The site's name of the section, as it stands in the address."""

    date: str | None = None
    """The date as it stands in the address."""

    page: int = 1
    """Which page of the article, by the page suffix; 1 for the canonical address."""


PLAIN = re.compile(
    r"https?://[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]+(?:/|(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+/?)", re.ASCII
)
"""Most addresses of articles: nothing in them has two spellings."""


@lru_cache(maxsize=4096)
def tidy(url: str) -> str:
    """Return the address in the one form that all its spellings share.

    Raises AddressError if it is not an absolute http or https address.

    >>> tidy("HTTP://WWW.People.com.cn:80/n1/../n1/a%2Db.html?utm_source=x&b=2&a=1#top")
    'http://www.people.com.cn/n1/a-b.html?a=1&b=2'
    """
    url = url.strip()
    plain, _, asked = url.partition("#")[0].partition("?")
    if PLAIN.fullmatch(plain) and (not asked or only_tracking(asked)):
        return plain
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{url!r} is not an address: {error}; give it as https://host/path") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not parts.hostname:
        raise AddressError(f"{url!r} is not an address of the web; give it as https://host/path")
    host = parts.hostname.rstrip(".").lower()
    if ":" in host:
        host = f"[{host}]"
    if port and port != DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING.fullmatch(pair[0])]
    # urljoin removes dot segments; canonicalize_url sorts the query and settles the percent-encoding
    path = urlsplit(urljoin(f"{scheme}://{host}/", "/" + parts.path.lstrip("/\\"))).path
    return unquote_unreserved(canonicalize_url(urlunsplit((scheme, host, path, urlencode(query), ""))))


def only_tracking(query: str) -> bool:
    """Tell whether a query says nothing of what is linked.

    >>> only_tracking("utm_source=wx&spm=1"), only_tracking("spm=1&id=2")
    (True, False)
    """
    return all(TRACKING.fullmatch(each.partition("=")[0]) for each in query.split("&") if each)


UNRESERVED = re.compile(r"%(2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])", re.IGNORECASE)


def unquote_unreserved(url: str) -> str:
    """Undo percent-encoding of characters that never need it (RFC 3986, section 6.2.2.2)."""
    return UNRESERVED.sub(lambda found: chr(int(found[1], 16)), url)


def without_scheme(url: str) -> str:
    """Return host, path and query of an address: the form that `mirrors` and `article_url` are written for."""
    return url.partition("://")[2]


PLAIN_HOST = re.compile(r"[a-z]*://([a-z0-9.-]+)(?:/|$)", re.ASCII)


def host_of(url: str) -> str:
    """Return the host of an absolute address, without user and port; empty where there is none.

    >>> host_of("http://reader@News.Example:8080/a.html")
    'news.example'
    """
    plain = PLAIN_HOST.match(url)
    return plain[1] if plain else urlsplit(url).hostname or ""


@lru_cache(maxsize=4096)
def domains_above(host: str) -> tuple[str, ...]:
    """Return a host and all domains above it, nearest first.

    >>> domains_above("news.example.com")
    ('news.example.com', 'example.com', 'com')
    """
    labels = host.split(".")
    return tuple(".".join(labels[at:]) for at in range(len(labels)))


def in_domains(url: str, domains: Iterable[str]) -> bool:
    """Tell whether the host of an address is one of the domains or below one.

    >>> in_domains("http://politics.people.com.cn/", ["people.com.cn"])
    True
    >>> in_domains("http://notpeople.com.cn/", ["people.com.cn"])
    False
    """
    return not frozenset(domains).isdisjoint(domains_above(host_of(url)))


class AddressRules:
    """How one source writes its addresses: `identify` reads those of articles, `adopt` any given one.

    article_url: regular expressions for an address without its scheme, matched from a label of the host to the end of
        the path.  Group `id` is the site's own id, of which slashes are left out; `edition` parts series of ids (a
        province); `page` is the whole page suffix, cut from the canonical address; `channel` and `date` are kept.
    mirrors: pairs of regular expression and replacement, applied in order to the address without its scheme.
    keep_query: names of the query parameters that say which article is meant; all others are dropped.
    first_page: the number that the site gives the first page; 0 where the suffix `_1` leads to the second.
    """

    def __init__(
        self,
        source: str,
        domains: Sequence[str],
        article_url: str | Sequence[str],
        *,
        mirrors: Sequence[tuple[str, str]] = (),
        scheme: str = "https",
        keep_query: Sequence[str] = (),
        first_page: int = 1,
    ):
        self.source = source
        self.domains = tuple(domains)
        self._domains = frozenset(domains)
        patterns = [article_url] if isinstance(article_url, str) else list(article_url)
        self.patterns = [re.compile(rf"(?:[^/]+\.)?(?:{each})", re.ASCII) for each in patterns]
        self.mirrors = [(re.compile(pattern, re.ASCII), replacement) for pattern, replacement in mirrors]
        self.scheme = scheme
        self.keep_query = frozenset(keep_query)
        self.first_page = first_page

    def identify(self, url: str) -> Address | None:
        """Return the article's address, or None if it is not the address of an article of this source."""
        try:
            plain = self._plain(url)
        except AddressError:
            return None
        if not self._has(plain):
            return None
        for pattern in self.patterns:
            if found := pattern.fullmatch(plain):
                groups = found.groupdict()
                canonical = f"{self.scheme}://{plain}"
                page = 1
                if groups.get("page"):
                    number = re.sub(r"\D", "", groups["page"])
                    page = int(number) - self.first_page + 1 if number else 1
                    start, end = (len(canonical) - len(plain) + at for at in found.span("page"))
                    canonical = canonical[:start] + canonical[end:]
                key = (groups.get("id") or "").replace("/", "") or digest(canonical)
                if groups.get("edition"):
                    key = f"{groups['edition']}-{key}"
                channel = unquote(groups["channel"]) if groups.get("channel") else None
                return Address(f"{self.source}:{key}", canonical, channel, groups.get("date"), page)
        return None

    def adopt(self, url: str) -> Address:
        """Return the address of what somebody says is an article, also where no pattern knows it.

        Raises AddressError if it is no address, or not of this source.
        """
        plain = self._plain(url)
        if not self._has(plain):
            raise AddressError(
                f"{url} is not on a host of {self.source} ({', '.join(self.domains)}); crawl it with its own source"
            )
        if known := self.identify(url):
            return known
        canonical = f"{self.scheme}://{plain}"
        return Address(f"{self.source}:{digest(canonical)}", canonical)

    def _has(self, plain: str) -> bool:
        """Tell whether an address without its scheme is on a host of the source."""
        return not self._domains.isdisjoint(domains_above(plain.partition("/")[0].partition(":")[0]))

    def _plain(self, url: str) -> str:
        """Return host and path of the original that an address mirrors, with the query that matters."""
        plain = without_scheme(tidy(url))
        for pattern, replacement in self.mirrors:
            plain = pattern.sub(replacement, plain, count=1)
        path, _, query = plain.partition("?")
        if not query:
            return path
        kept = [pair for pair in query.split("&") if pair.partition("=")[0] in self.keep_query]
        return f"{path}?{'&'.join(kept)}" if kept else path


def digest(url: str) -> str:
    """Return the key of an article whose site gives it no id: 16 hex digits of the address without its scheme.

    The scheme is left out, since a site that moves from http to https keeps its articles.
    """
    return hashlib.sha256(without_scheme(url).encode()).hexdigest()[:16]
