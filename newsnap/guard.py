"""The guard: newsnap connects to public addresses of the internet, and to nothing else.

Addresses come from other people's pages, redirects and DNS answers.  The check therefore stands at the last possible
moment, where a TCP connection is opened to an IP address: after name resolution, for every redirect, and for robots.txt
too.  Nothing lies between the check and the connection, so no later DNS answer can change what was checked.
"""

import ipaddress
import logging
from collections.abc import Sequence
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _BindAddressAgent, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils._download_handlers import normalize_bind_address, wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object
from twisted.internet.interfaces import IReactorPluggableNameResolver
from twisted.web.client import Agent
from zope.interface import implementer  # type: ignore[import-untyped]

from newsnap.replay import ReplayDownloadHandler

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry; written out, because what Python's `is_global` says
# changes from one patch release to the next
NOT_PUBLIC_IPV4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; clouds keep their metadata services there
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; clouds keep their metadata services there
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
# https://www.iana.org/assignments/iana-ipv6-special-registry
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that has been given out as global unicast
NOT_PUBLIC_IPV6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments; Teredo tunnels to any IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: tunnels to any IPv4 address
        "3fff::/20",  # documentation
    )
]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: how networks without IPv4 reach all IPv4 sites


class AddressRefused(IgnoreRequest):
    """A request whose connection would not have gone to a public address; it is neither sent nor tried again."""


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to a host of the public internet.

    IPv6 addresses that carry an IPv4 address (mapped, NAT64) are judged by that one; tunnels (6to4, Teredo) never are
    public.  What is not an IP address in its usual notation is not public.

    >>> is_public("1.1.1.1"), is_public("127.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("0x7f.1")
    (True, False, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = carried_ipv4(ip)
        if inner is None:
            return ip.scope_id is None and ip in PUBLIC_IPV6 and not any(ip in network for network in NOT_PUBLIC_IPV6)
        ip = inner
    return not any(ip in network for network in NOT_PUBLIC_IPV4)


def carried_ipv4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address really go to, or None where they go to itself."""
    if ip in NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped


def allowed_networks(settings: BaseSettings) -> list[Network]:
    """Return the networks that NEWSNAP_GUARD_ALLOWED_NETWORKS opens; raise ValueError if it is not a list of them."""
    networks: list[Network] = []
    for network in settings.getlist("NEWSNAP_GUARD_ALLOWED_NETWORKS"):
        try:
            networks.append(ipaddress.ip_network(network.strip()))
        except ValueError as error:
            raise ValueError(
                f"NEWSNAP_GUARD_ALLOWED_NETWORKS names {network!r}, which is no network ({error}): give networks "
                "separated by commas, as in 127.0.0.0/8,::1/128, or leave it empty"
            ) from None
    return networks


def check(address: str, networks: Sequence[Network]) -> None:
    """Raise AddressRefused unless an IP address is public or lies in one of the networks."""
    if is_public(address):
        return
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        raise AddressRefused(
            f"{address!r} is no IP address, so it cannot be checked; newsnap resolves names first"
        ) from None
    if not any(ip in network for network in networks):
        raise AddressRefused(
            f"{address} is not a public address, and newsnap connects to no other "
            "(NEWSNAP_GUARD_ALLOWED_NETWORKS can open networks, for tests)"
        )


class Guard:
    """Lets a crawl start only if everything it fetches with passes the guard, and raises ValueError if not.

    Whoever changes DOWNLOAD_HANDLERS, by a source's settings or on the command line, changes who connects; so does a
    crawl that was told to replay but was not set up to.

    Settings: NEWSNAP_GUARD_ALLOWED_NETWORKS, networks to connect to although they are not public; for tests.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        allowed_networks(settings)
        replays = bool(settings.get("NEWSNAP_REPLAY"))
        accepted = ReplayDownloadHandler if replays else (ReplayDownloadHandler, GuardedDownloadHandler)
        for scheme, path in settings.getwithbase("DOWNLOAD_HANDLERS").items():
            if path is not None and not issubclass(load_object(path), accepted):
                raise ValueError(
                    f"DOWNLOAD_HANDLERS has {path} for {scheme}:, which "
                    + ("would fetch from the network in a replay" if replays else "connects without asking the guard")
                    + ": leave http and https to newsnap's handlers, and give every other scheme None"
                )
        if not replays and not settings.getbool("TWISTED_REACTOR_ENABLED"):
            raise ValueError("TWISTED_REACTOR_ENABLED is False, but the guard watches the reactor: leave it True")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Guard":
        return cls(crawler)


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's handler for http and https, with connections to public addresses only.

    A request that would go elsewhere fails with AddressRefused.  So does one through a proxy, which would resolve the
    name and connect where nobody checks.

    Settings: NEWSNAP_GUARD_ALLOWED_NETWORKS.
    Stats: newsnap/guard/refused.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.networks = allowed_networks(crawler.settings)
        self.logger = logging.getLogger(__name__)

    async def download_request(self, request: Request) -> Response:
        agent = GuardedAgent(
            networks=self.networks,
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self.crawler,
            tls_verbose_logging=self._tls_verbose_logging,
        )
        try:
            host = urlparse_cached(request).hostname or ""
            if ":" in host:  # an IPv6 address, which Scrapy's resolver would call unknown, and try again
                check(host, self.networks)
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except AddressRefused as refusal:
            self.crawler.stats.inc_value("newsnap/guard/refused")
            self.logger.warning("Refused %s: %s", request.url, refusal)
            raise


class GuardedAgent(_ScrapyAgent):
    """Scrapy's agent for one request, on a reactor that asks before it connects."""

    def __init__(self, *, networks: Sequence[Network], **options: Any) -> None:
        super().__init__(**options)
        self.networks = networks

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor  # not before the crawler has installed its own

        if request.meta.get("proxy"):
            raise AddressRefused("it would go through a proxy, and behind a proxy no address can be checked")
        return _BindAddressAgent(
            reactor=GuardedReactor(reactor, self.networks),  # type: ignore[arg-type]  # the part of one it needs
            contextFactory=self._contextFactory,
            connectTimeout=timeout,
            bindAddress=normalize_bind_address(request.meta.get("bindaddress") or self._bindAddress),
            pool=self._pool,
        )


@implementer(IReactorPluggableNameResolver)
class GuardedReactor:
    """The part of a reactor that HTTP clients need; it opens TCP connections to checked IP addresses only."""

    def __init__(self, reactor: Any, networks: Sequence[Network]) -> None:
        self.networks = networks
        self.connect = reactor.connectTCP
        self.nameResolver = reactor.nameResolver
        self.installNameResolver = reactor.installNameResolver
        self.seconds = reactor.seconds
        self.callLater = reactor.callLater

    def connectTCP(self, host: str, *arguments: Any, **options: Any) -> Any:
        """Connect to an IP address, as the reactor does; raise AddressRefused if it may not be."""
        check(host, self.networks)
        return self.connect(host, *arguments, **options)
