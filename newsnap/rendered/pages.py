"""The browser of a crawl: started at the first page, bounded, replaced when it is old or gone."""

import asyncio
import functools
import itertools
import logging
import os
import signal
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from newsnap.rendered import RenderingFailed
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.launch import START_SECONDS, Launcher, may_sandbox
from newsnap.rendered.supply import Supply
from newsnap.rendered.visit import Visit

ATTEMPTS = 2
"""A page is opened again if the browser ended under it, for that may have been the deed of another."""
CLOSE_SECONDS = 5.0
SETTLING_SHARE = 0.7
"""Of the time of a page: what is there then is taken, grow it as it may."""
WATCH_SECONDS = 0.5

logger = logging.getLogger(__name__)
logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)  # it tells the life of every browser


class BrowserGone(Exception):
    """The browser ended under a page."""


class Pages(ScrapyPlaywrightDownloadHandler):
    """Shows pages in a browser, each in a context of its own, which nothing outlives.

    scrapy-playwright keeps browser, contexts and pages; what happens in a page is in `Visit` and `Supply`.

    Settings: NEWSNAP_RENDERED_*, NEWSNAP_BROWSER_SANDBOX.
    Stats: newsnap/rendered/{browsers,killed}.
    """

    def __init__(self, crawler: Crawler, bounds: Bounds, executable: Path):
        super().__init__(crawler)
        self.crawler = crawler
        self.bounds = bounds
        sandbox = may_sandbox(crawler.settings.getbool("NEWSNAP_BROWSER_SANDBOX"))
        self.browser_provider_cls = functools.partial(Launcher, executable=executable, sandbox=sandbox)
        self.config.max_pages_per_context = 1
        self.context_options = {
            "user_agent": crawler.settings["USER_AGENT"],
            "locale": "zh-CN",
            "timezone_id": getattr(crawler.spider, "timezone", "Asia/Shanghai"),
            "viewport": {"width": 1280, "height": 2000},  # high: texts that are loaded when they come into view
            "service_workers": "block",
            "accept_downloads": False,
        }
        self.places = asyncio.Semaphore(bounds.pages)
        self.entrance = asyncio.Lock()
        self.numbers = itertools.count(1)
        self.open = 0
        self.all_left = asyncio.Event()
        self.gone = asyncio.Event()
        self.shown = 0
        """Pages that this browser was given."""
        self.watch: Watch | None = None

    async def show(self, url: str, supply: Supply) -> str | None:
        """Return a document as the browser has it in the end; None if it leads elsewhere, see `supply.leads_to`.

        Raises RenderingFailed.
        """
        async with self.places:
            for attempt in range(1, ATTEMPTS + 1):
                async with self.entrance:
                    await self.ready(url)
                    gone = self.gone
                    self.open += 1
                    self.shown += 1
                    self.all_left.clear()
                try:
                    return await unless(gone, self.visit(url, supply))
                except RenderingFailed:
                    raise
                except Exception as error:  # Playwright has names for some of what goes wrong
                    if not gone.is_set() and await self.answers():
                        raise RenderingFailed("failed", url, str(error).partition("\n")[0]) from None
                    gone.set()
                    logger.warning("The browser ended while %s was open in it", url)
                    if attempt == ATTEMPTS:
                        raise RenderingFailed("crashed", url, "the browser ended each time") from None
                finally:
                    self.open -= 1
                    if not self.open:
                        self.all_left.set()
        raise AssertionError("every attempt returns or raises")

    async def visit(self, url: str, supply: Supply) -> str | None:
        """Open a page in a context of its own, and leave nothing of it."""
        name = str(next(self.numbers))
        meta = {"playwright_context": name, "playwright_context_kwargs": self.context_options}
        killed = self.watch.killed if self.watch else 0
        until = time.monotonic() + SETTLING_SHARE * self.bounds.page_seconds
        page = None
        try:
            async with asyncio.timeout(self.bounds.page_seconds):
                page = await self._create_page(Request(url, meta=meta), self.crawler.spider)
                page.remove_listener("request", self._increment_request_stats)  # Supply counts; these cost messages
                page.remove_listener("response", self._increment_response_stats)
                return await Visit(page, supply, self.bounds, until).show(url)
        except TimeoutError:
            if page is None and self.watch:
                self.watch.kill(self.watch.browser)  # it does not even open one
            why = f"no text within {self.bounds.page_seconds:g} s (NEWSNAP_RENDERED_PAGE_SECONDS)"
            raise RenderingFailed("timeout", url, why) from None
        except RenderingFailed as failure:
            if failure.reason == "crashed" and self.watch and self.watch.killed > killed:
                most = self.bounds.process_bytes
                why = f"its process took more than {most} bytes (NEWSNAP_RENDERED_PROCESS_BYTES)"
                raise RenderingFailed("memory", url, why) from None
            raise
        finally:
            await supply.close()
            await self.leave(name)

    async def leave(self, name: str) -> None:
        """Close a context; a browser that does not even do that is ended."""
        wrapper = self.context_wrappers.pop(name, None)
        if wrapper is None or not self.running():
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await wrapper.context.close()
        except TimeoutError:
            logger.warning("The browser does not answer and is killed")
            if self.watch:
                self.watch.kill(self.watch.browser)
        except Exception:
            pass  # it is gone

    # --- the browser's life ---

    def running(self) -> bool:
        """Tell whether there is a browser, as far as it is known."""
        return hasattr(self, "browser") and self.browser.is_connected() and not self.gone.is_set()

    async def answers(self) -> bool:
        """Tell whether the browser answers; it is thought to be connected even when Playwright's driver is gone."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                return self.watch is not None and bool(await processes(self.watch.session))
        except Exception:
            return False

    async def ready(self, url: str) -> None:
        """Have a browser: the first, one for that which is gone, a new one for that which is old.

        Raises RenderingFailed.
        """
        if self.running() and self.shown >= self.bounds.browser_pages:
            if self.open:
                await self.all_left.wait()
            await self.stop()
        if self.running():
            return
        for attempt in range(1, ATTEMPTS + 1):
            await self.stop()
            try:
                await self.start()
            except Exception as error:
                if attempt == ATTEMPTS:
                    await self.stop()
                    raise RenderingFailed("no browser", url, self.reason(error)) from None
            else:
                return

    async def start(self) -> None:
        """Start Playwright and a browser; raise whatever keeps it from that."""
        self.gone = asyncio.Event()
        async with asyncio.timeout(START_SECONDS):
            await self._launch()
            await self._maybe_launch_browser()
            self.watch = await Watch.over(self)
        self.shown = 0
        self.crawler.stats.inc_value("newsnap/rendered/browsers")

    def reason(self, error: Exception) -> str:
        """Return why a browser did not start, and what to do."""
        said = str(error).strip().splitlines() or [type(error).__name__]
        hint = next((line for line in said if "sandbox" in line.lower()), said[0]).strip()
        path = self.browser_provider_cls.keywords["executable"]
        why = f"{path} does not start ({hint}): NEWSNAP_BROWSER_PATH names another browser"
        if "sandbox" in hint.lower():
            why += ", NEWSNAP_BROWSER_SANDBOX=0 does without the sandbox where the system allows none"
        return why

    async def stop(self) -> None:
        """End the browser and Playwright, by force if they do not listen; may be called when nothing runs."""
        watch, self.watch = self.watch, None
        if watch:
            watch.stop()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()
        except Exception:  # it did not listen, or is gone
            if watch:
                watch.kill(watch.browser)
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.browser_provider.close()
        self.context_wrappers.clear()
        for name in ("browser", "browser_provider"):
            self.__dict__.pop(name, None)

    async def close(self) -> None:
        """End all, after the crawl."""
        await self.stop()

    async def _browser_disconnected_callback(self) -> None:
        """Tell the pages that are open; a new browser is for the next one to start."""
        self.gone.set()


async def unless(gone: asyncio.Event, visit: Coroutine[Any, Any, str | None]) -> str | None:
    """Return what a visit returns; raise BrowserGone if the browser ends before, for not every call notices that."""
    work, end = asyncio.ensure_future(visit), asyncio.ensure_future(gone.wait())
    try:
        await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise BrowserGone
        return work.result()
    finally:
        work.cancel()
        end.cancel()
        await asyncio.gather(work, end, return_exceptions=True)


class Watch:
    """Looks at the memory of a browser's processes, and kills what takes too much.

    Where the system has no `/proc`, it only knows the browser's process.
    """

    def __init__(self, pages: Pages, session: CDPSession, browser: int):
        self.pages = pages
        self.session = session
        self.browser = browser
        """Id of the browser's main process."""
        self.killed = 0
        self.page_size = os.sysconf("SC_PAGE_SIZE")
        self.task = asyncio.ensure_future(self.run())

    @classmethod
    async def over(cls, pages: Pages) -> "Watch":
        session = await pages.browser.new_browser_cdp_session()
        return cls(pages, session, next(id for kind, id in await processes(session) if kind == "browser"))

    def stop(self) -> None:
        self.task.cancel()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self.pages.open:
                continue
            try:
                found = await processes(self.session)
            except Exception:
                return  # the browser is gone
            for kind, id in found:
                size = self.size(id)
                if size > self.pages.bounds.process_bytes:
                    logger.warning("A process of the browser (%s) takes %d MB and is killed", kind, size // 1_000_000)
                    self.kill(id)
                    self.killed += 1
                    self.pages.crawler.stats.inc_value("newsnap/rendered/killed")

    def size(self, id: int) -> int:
        """Return the memory that a process has of its own, in bytes; 0 if that is not to be known."""
        try:
            resident, shared = Path(f"/proc/{id}/statm").read_text().split()[1:3]
        except OSError:
            return 0
        return (int(resident) - int(shared)) * self.page_size

    def kill(self, id: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(id, signal.SIGKILL)


async def processes(session: CDPSession) -> list[tuple[str, int]]:
    """Return kind and id of each process of a browser."""
    info: dict[str, Any] = await session.send("SystemInfo.getProcessInfo")
    return [(each["type"], each["id"]) for each in info["processInfo"]]
