"""One page in the browser: opened, watched until its text stands, and read."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from playwright.async_api import CDPSession, Error, Page, WebSocketRoute

from newsnap.rendered import RenderingFailed
from newsnap.rendered.bounds import Bounds
from newsnap.rendered.supply import Supply

POLL_SECONDS = 0.2
QUIET_SECONDS = 1.0
"""A text that has not changed for so long, while the page waits for nothing, is all there is."""
PATIENT_SECONDS = 3.0
"""The same for a page that goes on waiting for something."""
EMPTY_SECONDS = 5.0
"""The same for a page with hardly any text."""
FEW_CHARACTERS = 100

WITHOUT = """
const names = ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport", "SharedWorker"];
for (const name of names) delete globalThis[name];
globalThis.close = () => {};
globalThis.open = globalThis.prompt = () => null;
globalThis.confirm = () => false;
globalThis.alert = globalThis.print = () => {};
"""
"""Ways past the interception, which lead nowhere anyway, and what wants an answer from a person."""
MEASURE = "[document.readyState, document.body ? document.body.innerText.length : 0]"
CHANGED = ("Cannot find context", "context was destroyed", "No frame")
"""What the browser says of a document that has given way to another."""
CONTENT = """(() => {
  const html = document.documentElement ? document.documentElement.outerHTML : "";
  return html.length > MAX ? html.length : "<!DOCTYPE html>\\n" + html;
})()"""


class Visit:
    """A page from its opening to its text."""

    def __init__(self, page: Page, supply: Supply, bounds: Bounds, until: float):
        """Take a page that is blank.

        until: when what it shows is taken as it is, by the monotonic clock.
        """
        self.page = page
        self.supply = supply
        self.bounds = bounds
        self.until = until
        self.crashed = asyncio.Event()
        self.session: CDPSession | None = None
        self.world: int | None = None
        """Where our own scripts run: they share the document with the page's, and nothing else."""
        self.closing: set[asyncio.Task[None]] = set()

    async def show(self, url: str) -> str | None:
        """Return the document as it is when its text stands; None if the page leads elsewhere.

        Raises RenderingFailed, playwright's Error if the browser goes away.
        """
        work = asyncio.ensure_future(self.read(url))
        crash = asyncio.ensure_future(self.crashed.wait())
        try:
            await asyncio.wait({work, crash}, return_when=asyncio.FIRST_COMPLETED)
            if self.crashed.is_set() or (isinstance(error := work.exception(), Error) and "crashed" in error.message):
                raise RenderingFailed("crashed", url, "its process ended")
            return work.result()
        finally:
            for task in (work, crash):
                task.cancel()
            await asyncio.gather(work, crash, return_exceptions=True)

    async def read(self, url: str) -> str | None:
        await self.prepare()
        await self.page.goto(url, wait_until="commit", timeout=0)
        await self.settle(url)
        if self.supply.leads_to:
            return None
        most = self.bounds.document_bytes
        while (html := await self.ask(CONTENT.replace("MAX", str(most)))) is None:
            await asyncio.sleep(POLL_SECONDS)
        if not isinstance(html, str):
            raise RenderingFailed("too large", url, f"{html} characters are more than DOWNLOAD_MAXSIZE, {most}, allows")
        return html

    async def prepare(self) -> None:
        """Have all that the page asks for brought before us, before it can ask."""
        self.supply.begin(self.page)
        self.page.on("crash", lambda _: self.crashed.set())
        self.page.on("popup", self.shut)
        context = self.page.context
        await context.route("**/*", self.supply.answer)
        await context.route_web_socket("**/*", hang_up)
        await context.add_init_script(WITHOUT)
        self.session = await context.new_cdp_session(self.page)

    def shut(self, popup: Page) -> None:
        task = asyncio.ensure_future(popup.close())
        self.closing.add(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        task.add_done_callback(self.closing.discard)

    async def settle(self, url: str) -> None:
        """Wait until the text stands."""
        changed = time.monotonic()
        before, length = None, 0
        while time.monotonic() < self.until:
            measured = await self.ask(MEASURE)
            if self.supply.restless:
                raise RenderingFailed("restless", url, "it goes on loading itself or other pages")
            if self.supply.leads_to:
                return
            now = time.monotonic()
            if measured != before:
                before, changed = measured, now
            state, length = measured or ("loading", 0)
            patience = PATIENT_SECONDS if self.supply.under_way else QUIET_SECONDS
            if length < FEW_CHARACTERS:
                patience = EMPTY_SECONDS
            if state != "loading" and now - changed >= patience:
                return
            await asyncio.sleep(POLL_SECONDS)
        if length < FEW_CHARACTERS:
            raise RenderingFailed("timeout", url, "it was still at work, and had no text to show")

    async def ask(self, expression: str) -> Any:
        """Return the value of an expression in the page; None while the page is changing."""
        assert self.session is not None, "prepared first"
        try:
            if self.world is None:
                tree = await self.session.send("Page.getFrameTree")
                options = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "newsnap"}
                self.world = (await self.session.send("Page.createIsolatedWorld", options))["executionContextId"]
            question = {"expression": expression, "contextId": self.world, "returnByValue": True}
            answer = await self.session.send("Runtime.evaluate", question)
        except Error as error:
            if not any(words in error.message for words in CHANGED):
                raise
            self.world = None
            return None
        return answer["result"].get("value")


async def hang_up(socket: WebSocketRoute) -> None:
    """Refuse a WebSocket."""
    with suppress(Error):
        await socket.close(code=1000)
