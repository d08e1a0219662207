"""Safety: what every answer forbids the browser, how much a client may ask, and forms that only our pages send."""

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsnap.site.options import Options

FORM_COOKIE = "newsnap_form"
FORM_SECONDS = 24 * 3600
"""A form that was open for longer is to be sent again."""
MAX_BODY_BYTES = 256 * 1024
"""A notice with all that it may hold is smaller."""
SEARCHES_AT_ONCE = 2
"""More wait, so that a flood of searches leaves the machine to the readers of pages."""
SEARCHES_WAITING = 400
"""Whoever is refused at once asks again at once; who waits does not."""
SEARCH_WAIT_SECONDS = 3.0
FLOOD_WAITING = 10
"""When more wait, searches pause for as long as they work, and readers of pages have the time between."""


class TooBusy(Exception):
    """More is asked than the site can do at once."""


class TooMany(Exception):
    """A client asks for more than it may; `seconds` says when to come again."""

    def __init__(self, seconds: int):
        super().__init__(seconds)
        self.seconds = seconds


class ForgedForm(Exception):
    """A form that was not sent from a page of ours, or too late."""


class SafeHeaders:
    """Middleware that gives every answer the headers that forbid the browser all it does not need."""

    def __init__(self, app: ASGIApp, options: Options):
        self.app = app
        images = "img-src 'self' https: http:" if options.images else "img-src 'self'"
        policy = f"default-src 'none'; style-src 'self'; {images}; form-action 'self'; base-uri 'none'; "
        self.headers = {
            "content-security-policy": policy + "frame-ancestors 'none'",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        }
        if options.url.startswith("https://"):
            self.headers["strict-transport-security"] = "max-age=31536000"
        if not options.indexed:
            self.headers["x-robots-tag"] = "noindex, nofollow, noarchive"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class Limits:
    """How much one client may ask, and how many searches run at once."""

    def __init__(self, options: Options):
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = {
            "requests": RateLimitItemPerMinute(options.requests_per_minute),
            "searches": RateLimitItemPerMinute(options.searches_per_minute),
            "forms": RateLimitItemPerDay(options.forms_per_day),
        }
        self._searching = asyncio.Semaphore(SEARCHES_AT_ONCE)
        self._waiting = 0

    async def count(self, request: Request, what: str) -> None:
        """Count a request of a client.

        what: `requests`, `searches` or `forms`.  Raises TooMany.
        """
        client = request.client.host if request.client else ""
        if not await self._limiter.hit(self._items[what], what, client):
            window = await self._limiter.get_window_stats(self._items[what], what, client)
            raise TooMany(max(1, round(window.reset_time - time.time())))

    @asynccontextmanager
    async def searching(self) -> AsyncIterator[None]:
        """Wait for one's turn to search.

        Raises TooBusy.
        """
        if self._waiting >= SEARCHES_WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            async with asyncio.timeout(SEARCH_WAIT_SECONDS):
                await self._searching.acquire()
        except TimeoutError:
            raise TooBusy from None
        finally:
            self._waiting -= 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            pause = loop.time() - began if self._waiting > FLOOD_WAITING else 0.0
            loop.call_later(pause, self._searching.release)


class Keys:
    """What the site signs with: cookies and forms, and the private addresses of feeds.

    The key is NEWSNAP_SITE_KEY, or is made once and kept in NEWSNAP_HOME.
    """

    def __init__(self, options: Options):
        self._key = options.key or kept_key(options.home / "site.key")
        self._secure = options.url.startswith("https://")

    def digest(self, purpose: str, value: str) -> str:
        """Return what stands for a secret where the secret itself must not, 32 characters."""
        return hmac.new(self._key.encode(), f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()[:32]

    def sign(self, purpose: str, value: str) -> str:
        """Return a value with its signature."""
        return str(URLSafeTimedSerializer(self._key, salt=purpose).dumps(value))

    def read(self, purpose: str, signed: str, *, seconds: int | None = None) -> str | None:
        """Return what was signed; None if it was not signed by us, or longer ago than `seconds`."""
        with suppress(BadSignature):
            value = URLSafeTimedSerializer(self._key, salt=purpose).loads(signed, max_age=seconds)
            return value if isinstance(value, str) else None
        return None

    def set_cookie(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        """Set a cookie that scripts and other sites do not get."""
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self._secure)

    # --- forms ---

    def form_token(self, request: Request) -> str:
        """Return what a form must carry: the same as the cookie that `with_form` sets."""
        there = request.cookies.get(FORM_COOKIE, "")
        if self.read("form", there, seconds=FORM_SECONDS // 2):
            return there
        return self.sign("form", secrets.token_urlsafe(16))

    def with_form(self, response: Response, token: str) -> Response:
        """Return an answer that holds a form, with the cookie it needs; it is kept by no cache."""
        self.set_cookie(response, FORM_COOKIE, token, seconds=FORM_SECONDS)
        response.headers["cache-control"] = "no-store"
        return response

    def check_form(self, request: Request, token: object) -> None:
        """Raise ForgedForm unless a form was sent from a page of ours to the client that has its cookie."""
        cookie = request.cookies.get(FORM_COOKIE, "")
        ours = isinstance(token, str) and hmac.compare_digest(token.encode(), cookie.encode())
        site = request.headers.get("sec-fetch-site", "same-origin")
        if not ours or site not in ("same-origin", "none") or not self.read("form", cookie, seconds=FORM_SECONDS):
            raise ForgedForm


def kept_key(path: Path) -> str:
    """Return the key in a file that only its owner reads, made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.touch(mode=0o600)
    try:
        own.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(own, path)  # of two that start at once, one makes it
    finally:
        own.unlink()
    return path.read_text().strip()
