"""What a page in the browser is given: every request it makes is looked at here, and fetched by newsnap or refused."""

import asyncio
import json
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.async_api import Error, Frame, Page, Route
from playwright.async_api import Request as PageRequest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import ACCEPTED_ENCODINGS, HttpCompressionMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsnap.guard import AddressRefused
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.unwanted import FETCHED, PLACEHOLDERS, is_tracker
from newsnap.takedowns import Gate

Fetch = Callable[[Request], Awaitable[Response]]
"""The download handler of the crawl."""

AT_ONCE = 4
"""Requests of a page under way at once; a reader's browser makes six to each host."""
REQUEST_SECONDS = 15.0
MAX_REDIRECTS = 5
MAX_RELOADS = 2
"""A page may ask for itself again so often; it is given the same each time."""
MAX_NAVIGATIONS = 20
"""A page that goes on asking for others is given up."""
METHODS = ("GET", "HEAD", "POST")
REDIRECTS = {301, 302, 303, 307, 308}
NOT_SENT = frozenset(
    {"host", "connection", "content-length", "accept-encoding", "user-agent", "cookie", "upgrade-insecure-requests"}
)
"""Headers of the browser that are not passed on, besides `sec-*` and what begins with a colon."""
NOT_GIVEN = frozenset(
    {
        "content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "set-cookie", "alt-svc",
        "report-to", "nel", "reporting-endpoints", "link", "clear-site-data",
    }
)  # fmt: skip
"""Headers of a site that the browser does not see: they are about connections, or ask for more."""
SHELF_BYTES = 16 * 1024 * 1024
SHELF_SECONDS = 600.0

logger = logging.getLogger(__name__)


class Unanswered(Exception):
    """A request of a page that is broken off; the message says why."""


class Refused(Unanswered):
    """A request that a rule or a bound is against."""


class Shelf:
    """Scripts that pages have in common, kept for a while so that no site is asked for them with each article.

    Bounded in bytes; the one used longest ago goes first.
    """

    def __init__(self) -> None:
        self.kept: OrderedDict[str, tuple[float, Response]] = OrderedDict()
        self.size = 0

    def get(self, url: str) -> Response | None:
        """Return a response that is fresh enough, or None."""
        if url not in self.kept:
            return None
        since, response = self.kept[url]
        if time.monotonic() - since > SHELF_SECONDS:
            self.drop(url)
            return None
        self.kept.move_to_end(url)
        return response

    def put(self, url: str, response: Response) -> None:
        """Keep a response, unless its site forbids it."""
        control = (response.headers.get("Cache-Control") or b"").lower()
        forbidden = b"no-store" in control or b"private" in control
        if response.status != 200 or forbidden or len(response.body) > SHELF_BYTES:
            return
        self.drop(url)
        self.kept[url] = time.monotonic(), response
        self.size += len(response.body)
        while self.size > SHELF_BYTES:
            self.drop(next(iter(self.kept)))

    def drop(self, url: str) -> None:
        if url in self.kept:
            self.size -= len(self.kept.pop(url)[1].body)


class Source:
    """What the pages of a crawl are supplied from: the network by way of the crawl's own handler, and the shelf."""

    def __init__(self, crawler: Crawler, bounds: Bounds):
        self.crawler = crawler
        self.bounds = bounds
        self.gate = Gate.of(crawler)
        self.shelf = Shelf()
        self.compression = HttpCompressionMiddleware.from_crawler(crawler)
        self.robots = crawler.get_downloader_middleware(RobotsTxtMiddleware)
        self.user_agent: str = crawler.settings["USER_AGENT"]

    def decoded(self, request: Request, response: Response) -> Response:
        """Return a response without its content encoding; raise IgnoreRequest if it grows too large by that."""
        return self.compression.process_response(request, response)  # type: ignore[return-value]

    async def obey_robots(self, url: str) -> None:
        """Raise Refused for a document that robots.txt disallows; of a host whose robots.txt is known already."""
        if self.robots is None:
            return
        try:
            await self.robots.process_request(Request(url))
        except IgnoreRequest as error:
            raise Refused(str(error)) from None

    def count(self, event: str) -> None:
        self.crawler.stats.inc_value(f"newsnap/rendered/{event}")


class Supply:
    """Answers the requests of one page, within its bounds.

    The document itself is there already.  Where it leads elsewhere, by a script or otherwise, that is noted in
    `leads_to` and left to the crawl, whose robots.txt, takedowns and pauses hold for it like for any redirect.

    Stats: newsnap/rendered/{requests,refused,missing,skipped,shared}.
    """

    def __init__(self, source: Source, document: Response, fetch: Fetch):
        self.source = source
        self.bounds = source.bounds
        self.document = document
        self.fetch = fetch
        self.page: Page | None = None
        """The page, once there is one."""
        self.leads_to: str | None = None
        self.closed = False
        self.under_way = 0
        self.requests = 0
        self.size = len(document.body)
        self.navigations: Counter[str] = Counter()
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, page: Page) -> None:
        """Answer a page that is opened anew, maybe not for the first time; what is spent stays spent."""
        self.page = page
        self.closed = False
        self.leads_to = None
        self.navigations.clear()

    async def answer(self, route: Route, request: PageRequest) -> None:
        """Answer a request of the page, whatever happens; for `BrowserContext.route`.

        Ends as cancelled where the page is gone: Playwright waits for ever for an answer that is left out.
        """
        task = asyncio.ensure_future(self.decide(route, request))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        try:
            if isinstance(error, Error):
                raise error
            if error:
                logger.error("No answer to %s of %s", request.url, self.document.url, exc_info=error)
            if error or task.cancelled():
                await route.abort("failed")
        except Error:
            raise asyncio.CancelledError from None

    async def close(self) -> None:
        """Let go of all that is under way, and answer nothing more."""
        self.closed = True
        under_way = list(self.tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def decide(self, route: Route, request: PageRequest) -> None:
        try:
            if self.closed:
                raise Unanswered("the page is closed")
            response = await self.response(request)
        except Unanswered as reason:
            event = "refused" if isinstance(reason, Refused) else "missing"
            self.source.count(event)
            logger.debug("%s to %s: %s: %s", event.capitalize(), self.document.url, request.url, reason)
            await route.abort("blockedbyclient" if event == "refused" else "failed")
            return
        if response is None:
            await route.abort("aborted")
            return
        headers = {
            name.decode("latin-1"): ", ".join(value.decode("latin-1") for value in values)
            for name, values in response.headers.items()
            if name.decode("latin-1").lower() not in NOT_GIVEN
        }
        await route.fulfill(status=response.status, headers=headers, body=response.body)

    async def response(self, request: PageRequest) -> Response | None:
        """Return what a request is answered with, None to break it off without a word.

        Raises Unanswered.
        """
        if urlsplit(request.url).scheme not in ("http", "https") or request.method not in METHODS:
            raise Refused(f"only {', '.join(METHODS)} of http and https are made")
        kind = request.resource_type
        if kind in PLACEHOLDERS:
            self.source.count("skipped")
            content_type, body = PLACEHOLDERS[kind]
            headers = {"Content-Type": content_type, "Access-Control-Allow-Origin": "*"}
            return Response(request.url, headers=headers, body=body)
        if kind not in FETCHED or is_tracker(request.url):
            self.source.count("skipped")
            return None
        page, frame = self.page, frame_of(request)
        if page is None or frame is None or frame.page != page:
            raise Refused("it is of a window that nobody opened")
        if kind == "document":
            if frame == page.main_frame:
                return self.navigation(request)
            if urlsplit(request.url).netloc != urlsplit(self.document.url).netloc:
                self.source.count("skipped")  # advertisements; their text is not the page's
                return None
            await self.source.obey_robots(request.url)
        return await self.fetched(request)

    def navigation(self, request: PageRequest) -> Response | None:
        """Answer the page's main frame: with the document, if that is what it wants."""
        self.navigations[request.url] += 1
        first = next(iter(self.navigations))
        if request.url == first:
            return self.document if self.navigations[first] <= 1 + MAX_RELOADS and request.method == "GET" else None
        if request.method == "GET" and self.leads_to is None:
            self.leads_to = request.url
        return None

    @property
    def restless(self) -> bool:
        """Whether the page goes on asking for other pages, or itself."""
        return self.navigations.total() > MAX_NAVIGATIONS

    async def fetched(self, request: PageRequest) -> Response:
        """Fetch what a request asks for; raise Unanswered if it cannot be had."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in NOT_SENT and not name.lower().startswith(("sec-", ":"))
        }
        headers["User-Agent"] = self.source.user_agent
        headers["Accept-Encoding"] = b", ".join(ACCEPTED_ENCODINGS).decode("ascii")
        shared = request.resource_type == "script" and request.method == "GET"
        self.under_way += 1
        try:
            async with self.turn:
                return await self.followed(request, request.url, request.method, headers, shared)
        finally:
            self.under_way -= 1

    async def followed(
        self, request: PageRequest, url: str, method: str, headers: dict[str, str], shared: bool
    ) -> Response:
        """Fetch an address, and those that it redirects to, each under the same rules."""
        body = request.post_data_buffer if method == "POST" else None
        asked = url
        for _ in range(1 + MAX_REDIRECTS):
            await self.allow(url)
            if shared and (response := self.source.shelf.get(url)):
                self.source.count("shared")
                return response
            response = await self.asked(url, method, headers, body)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                if shared and url == asked:
                    self.source.shelf.put(url, response)
                return response
            url = urldefrag(urljoin(url, location.decode("latin-1")))[0]
            if request.resource_type == "document":  # its frame has to know its address
                return Response(request.url, headers={"Content-Type": "text/html"}, body=forward(url))
            if response.status == 303 or (method == "POST" and response.status in (301, 302)):
                method, body = "GET", None
        raise Unanswered(f"more than {MAX_REDIRECTS} redirects")

    async def allow(self, url: str) -> None:
        """Raise Refused for an address that may not be fetched, or where a bound is reached."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise Refused("only http and https are fetched")
        if rule := await self.source.gate.refuses(url):
            raise Refused(f"taken down ({rule.id})")
        if self.requests >= self.bounds.page_requests:
            raise Refused(f"more than {self.bounds.page_requests} requests (NEWSNAP_RENDERED_PAGE_REQUESTS)")
        if self.size >= self.bounds.page_bytes:
            raise Refused(f"more than {self.bounds.page_bytes} bytes (NEWSNAP_RENDERED_PAGE_BYTES)")

    async def asked(self, url: str, method: str, headers: dict[str, str], body: bytes | None) -> Response:
        """Fetch an address with the handler of the crawl; raise Unanswered if that fails."""
        self.requests += 1
        self.source.count("requests")
        size = min(self.bounds.document_bytes, self.bounds.page_bytes - self.size)
        meta = {"download_timeout": REQUEST_SECONDS, "download_maxsize": size}
        try:
            request = Request(url, method=method, headers=headers, body=body, meta=meta)
            async with asyncio.timeout(REQUEST_SECONDS):
                response = self.source.decoded(request, await self.fetch(request))
        except AddressRefused:
            raise Refused("it is on no public address") from None
        except Exception as error:  # whatever it is, the page does without
            raise Unanswered(f"{type(error).__name__}: {error}") from None
        self.size += len(response.body)
        return response


def frame_of(request: PageRequest) -> Frame | None:
    """Return the frame that makes a request; None if it is of a page that is only about to be."""
    try:
        return request.frame
    except Error:
        return None


def forward(url: str) -> bytes:
    r"""Return a document that leads to an address.

    >>> forward("https://a.example/</script>")
    b'<script>location.replace("https://a.example/\\u003c/script>")</script>'
    """
    target = json.dumps(url).replace("<", "\\u003c")
    return f"<script>location.replace({target})</script>".encode()
