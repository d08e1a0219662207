"""Starting the browser: without a network, without what it has for people, with bounds of its own."""

import logging
import os
import socket
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from scrapy.exceptions import NotSupported

HEAP_MEGABYTES = 512
"""Memory that the scripts of a page get; V8 ends a page that wants more."""
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",  # it knows no name
    "--proxy-bypass-list=<-loopback>",  # not even for this machine is the proxy passed by
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # as older ones call it
    "--disable-quic",
    "--dns-prefetch-disable",
    "--disable-gpu",
    "--disable-notifications",
    "--disable-remote-fonts",
    f"--js-flags=--max-old-space-size={HEAP_MEGABYTES}",
)
START_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Launcher:
    """Starts Playwright and browsers, as a browser provider of scrapy-playwright.

    The browser is told to use a proxy at a port where nothing listens, and which stays taken as long as this lives:
    what does not come by way of Playwright's interception leads nowhere.  It hangs on a pipe to Playwright's driver,
    and the driver on one to us: whoever of the three is killed, the others end.
    """

    def __init__(self, config: Any, *, executable: Path, sandbox: bool):
        self.executable = executable
        self.sandbox = sandbox
        self.playwright: Playwright | None = None
        self.nowhere = socket.socket()  # bound and never listening

    async def start(self) -> None:
        self.nowhere.bind(("127.0.0.1", 0))
        self.playwright = await async_playwright().start()

    async def launch_browser(self) -> Browser:
        assert self.playwright is not None, "started first"
        browser = await self.playwright.chromium.launch(
            executable_path=self.executable,
            args=[*ARGUMENTS, f"--proxy-server=http://127.0.0.1:{self.nowhere.getsockname()[1]}"],
            chromium_sandbox=self.sandbox,
            handle_sigint=False,  # the crawl ends in its own order
            handle_sigterm=False,
            handle_sighup=False,
            timeout=START_SECONDS * 1000,
        )
        logger.info("Pages are rendered with %s (Chromium %s)", self.executable, browser.version)
        return browser

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        raise NotSupported("newsnap's browser keeps nothing from one page to the next")

    async def close(self) -> None:
        if self.playwright is not None:
            await self.playwright.stop()
        self.nowhere.close()


def may_sandbox(wanted: bool) -> bool:
    """Tell whether the browser can have a sandbox: Chromium has none for root."""
    return wanted and os.geteuid() != 0
