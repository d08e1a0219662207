"""The download handlers that render what is marked; all else they leave to those they are made of."""

import logging
import weakref
from typing import TYPE_CHECKING, ClassVar

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse, Response

from newsnap.guard import GuardedDownloadHandler
from newsnap.outcome import stop_soon
from newsnap.rendered import HEADER, PLAYWRIGHT, RenderingFailed
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.executable import NoBrowser, find_browser
from newsnap.replay import ReplayDownloadHandler

if TYPE_CHECKING:
    from newsnap.rendered.pages import Pages
    from newsnap.rendered.supply import Fetch, Source

NOT_KEPT = (b"Content-Encoding", b"Content-Length", b"Transfer-Encoding", b"ETag", b"Last-Modified", b"Set-Cookie")
"""Headers of a shell that say nothing of the page that scripts made of it; it may change while the shell does not."""


class Renderer:
    """Turns responses into what a browser makes of them; one for all handlers of a crawl.

    Settings: NEWSNAP_BROWSER_PATH, NEWSNAP_RENDERED_*.
    Stats: newsnap/rendered/pages, newsnap/rendered/failed/<reason>.
    """

    _of_crawlers: "ClassVar[weakref.WeakKeyDictionary[Crawler, Renderer]]" = weakref.WeakKeyDictionary()

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.bounds = Bounds.of(crawler.settings)
        self.logger = logging.getLogger(__name__)
        self._pages: Pages | None = None
        self._source: Source | None = None
        self._missing = ""
        """Why there is no browser, once that is known."""

    @classmethod
    def of(cls, crawler: Crawler) -> "Renderer":
        """Return the renderer that all handlers of a crawl share."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler)
        return cls._of_crawlers[crawler]

    async def render(self, request: Request, shell: Response, fetch: "Fetch") -> Response:
        """Return a page as a browser has it; a redirect if it leads elsewhere, the shell if it is none.

        Raises RenderingFailed.
        """
        if shell.status != 200 or HEADER in shell.headers:
            return shell
        try:
            pages, source = self.browser(request.url)
            shell = source.decoded(request, shell)
            if not isinstance(shell, HtmlResponse):
                return shell
            from newsnap.rendered.supply import Supply

            supply = Supply(source, shell, fetch)
            html = await pages.show(request.url, supply)
        except RenderingFailed as failure:
            self.failed(failure)
            raise
        if html is None:
            return Response(request.url, status=302, headers={"Location": supply.leads_to or ""})
        self.crawler.stats.inc_value("newsnap/rendered/pages")
        headers = Headers(shell.headers)
        for name in NOT_KEPT:
            headers.pop(name, None)
        headers[b"Content-Type"] = b"text/html; charset=utf-8"
        headers[HEADER] = f"Chromium {pages.browser.version}" if pages.running() else "Chromium"
        body = html.encode("utf-8", "replace")
        return HtmlResponse(request.url, headers=headers, body=body, encoding="utf-8", flags=shell.flags)

    def browser(self, url: str) -> "tuple[Pages, Source]":
        """Return what shows pages and what supplies them; raise RenderingFailed if there is no browser."""
        if self._pages is None or self._source is None:
            if self._missing:
                raise RenderingFailed("no browser", url, self._missing)
            try:
                executable = find_browser(self.crawler.settings)
            except NoBrowser as error:
                self._missing = str(error)
                raise RenderingFailed("no browser", url, self._missing) from None
            from newsnap.rendered.pages import Pages  # not before a page needs it
            from newsnap.rendered.supply import Source

            self._pages = Pages(self.crawler, self.bounds, executable)
            self._source = Source(self.crawler, self.bounds)
        return self._pages, self._source

    def failed(self, failure: RenderingFailed) -> None:
        """Count and tell; without a browser a rendered source has nothing to go on for."""
        self.crawler.stats.inc_value(f"newsnap/rendered/failed/{failure.reason}")
        self.logger.warning("%s", failure)
        if failure.reason == "no browser" and getattr(self.crawler.spider, "rendered", False):
            stop_soon(self.crawler, "no_browser")

    @classmethod
    async def close_of(cls, crawler: Crawler) -> None:
        """End the browser of a crawl, if it had one."""
        renderer = cls._of_crawlers.pop(crawler, None)
        if renderer and renderer._pages:
            await renderer._pages.close()


async def rendered_if_marked(crawler: Crawler, request: Request, fetch: "Fetch") -> Response:
    """Fetch a page like any other, and have it rendered if its request is marked."""
    response = await fetch(request)
    if not request.meta.get(PLAYWRIGHT):
        return response
    return await Renderer.of(crawler).render(request, response, fetch)


class RenderingDownloadHandler(GuardedDownloadHandler):
    """The handler for http and https: every connection is guarded, the browser has none of its own."""

    async def download_request(self, request: Request) -> Response:
        return await rendered_if_marked(self.crawler, request, self.fetch)

    async def fetch(self, request: Request) -> Response:
        """Fetch what a server sends; that it was rendered is for us to say."""
        response = await super().download_request(request)
        response.headers.pop(HEADER, None)
        return response

    async def close(self) -> None:
        await Renderer.close_of(self.crawler)
        await super().close()


class RenderingReplayHandler(ReplayDownloadHandler):
    """The handler of a replay: the browser is answered from the recording as well."""

    async def download_request(self, request: Request) -> Response:
        return await rendered_if_marked(self.crawler, request, super().download_request)

    async def close(self) -> None:
        await Renderer.close_of(self.crawler)
        await super().close()
