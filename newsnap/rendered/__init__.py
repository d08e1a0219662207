"""Rendering: an article whose text only a script writes is read with a browser; nothing else is.

The browser has no network.  Whatever a page asks for in it is asked of newsnap, which looks at the rules and fetches it
with the download handler of the crawl: the same guard, the same certificates, the same bounds as for any other request,
or the same recording in a replay.  What newsnap is not asked, such as a socket of a script, leads nowhere.

Nothing of Playwright is imported before the first page that needs it.
"""

from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from newsnap.items import Capture
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.executable import find_browser

HANDLER = "newsnap.rendered.handler.RenderingDownloadHandler"
REPLAY_HANDLER = "newsnap.rendered.handler.RenderingReplayHandler"
PLAYWRIGHT = "playwright"
"""The key in `Request.meta` that asks for a browser; scrapy-playwright's own."""
HEADER = "X-Newsnap-Rendered"
"""Header of a response whose body is a page as a browser had it; its value is the browser."""


class RenderingFailed(IgnoreRequest):
    """A page that the browser did not give; it is not tried again in this crawl."""

    def __init__(self, reason: str, url: str, why: str):
        super().__init__(f"not rendered ({reason}): {url}, {why}")
        self.reason = reason
        """In a word or two, for the summary."""


def configure(settings: BaseSettings) -> None:
    """Let the handlers of a crawl render what is marked; for `update_settings`, after `replay.configure`."""
    handler = REPLAY_HANDLER if settings.get("NEWSNAP_REPLAY") else HANDLER
    handlers = {**settings.getdict("DOWNLOAD_HANDLERS"), "http": handler, "https": handler}
    settings.set("DOWNLOAD_HANDLERS", handlers, priority="spider")


def check_browser(source: type[Spider], settings: BaseSettings) -> None:
    """Raise NoBrowser if a source needs a browser and there is none; a replay may have been rendered already."""
    if getattr(source, "rendered", False) and not settings.get("NEWSNAP_REPLAY"):
        find_browser(settings)


def is_rendered(response: Response) -> bool:
    """Tell whether a response is a page as a browser had it."""
    return HEADER in response.headers


def was_rendered(capture: Capture) -> bool:
    """Tell whether a capture is a page as a browser had it."""
    return any(name.lower() == HEADER.lower() for name, _ in capture.headers)


class RenderedMiddleware:
    """Marks the article requests of a source that needs a browser, or turned out to; no listing, no robots.txt.

    A crawl of a rendered source does not start where no browser is found (NoBrowser), and none with bounds that allow
    nothing (ValueError).  Requests are marked when they
    leave for the site, so that what is learnt holds for those that wait.

    Settings: NEWSNAP_BROWSER_PATH, NEWSNAP_RENDERED_*.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        Bounds.of(crawler.settings)
        check_browser(crawler.spidercls, crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        spider: Any = self.crawler.spider
        if request.callback == spider.parse and spider.needs_browser(request.url):
            request.meta[PLAYWRIGHT] = True
        if request.meta.get(PLAYWRIGHT):
            for name in ("If-None-Match", "If-Modified-Since"):  # a shell stays the same while its text changes
                request.headers.pop(name, None)
