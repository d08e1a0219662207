"""The application: which address leads where, and what is answered when something goes wrong."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError
from scrapy.settings import BaseSettings
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from newsnap.site import feeds, finding, pages, removal, subscribing
from newsnap.site.desk import Desk
from newsnap.site.pages import TakenDown
from newsnap.site.parameters import BadParameter
from newsnap.site.safety import MAX_BODY_BYTES, ForgedForm, SafeHeaders, TooBusy, TooMany
from newsnap.store import StoreError
from newsnap.takedowns import RulesUnreadable

logger = logging.getLogger(__name__)

GZIP_LEVEL = 4
"""Level 9 makes a page 4 % smaller in three times the time."""
AGAIN_SECONDS = 5


def application(settings: BaseSettings) -> Starlette:
    """Return the site as an ASGI application.

    Raises OptionError for settings that cannot be obeyed.  MongoDB is opened when the server starts it.
    """
    desk = Desk(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with desk.open():
            yield

    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/category/{category}", pages.category),
            Route("/source/{source}", pages.source),
            Route("/day/{day}", pages.day),
            Route("/article/{id:path}", pages.article),
            Route("/history/{id:path}", pages.history),
            Route("/story/{id:path}", pages.story),
            Route("/search", finding.search),
            Route("/subscriptions", subscribing.page),
            Route("/subscriptions", subscribing.change, methods=["POST"]),
            Route("/subscriptions.opml", subscribing.export),
            Route("/removal", removal.form),
            Route("/removal", removal.send, methods=["POST"]),
            Route("/removal/{number}", removal.receipt),
            Route("/status", pages.status),
            Route("/about", pages.about),
            Route("/robots.txt", pages.robots),
            Route("/health", pages.health),
            *(
                Route(f"{path}/feed.{kind}", endpoint)
                for kind in feeds.TYPES
                for path, endpoint in (
                    ("", feeds.home),
                    ("/category/{category}", feeds.category),
                    ("/source/{source}", feeds.source),
                    ("/search", feeds.search),
                    ("/mine/{key}", subscribing.feed),
                )
            ),
            Mount("/static", StaticFiles(packages=[("newsnap.site", "static")])),
        ],
        middleware=[
            Middleware(SafeHeaders, options=desk.options),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(desk.options.hosts), www_redirect=False),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES),
            Middleware(RequestLimit, desk=desk),
            Middleware(GZipMiddleware, compresslevel=GZIP_LEVEL),
        ],
        exception_handlers={
            HTTPException: refused,
            TakenDown: refused,
            BadParameter: refused,
            ForgedForm: refused,
            TooMany: refused,
            TooBusy: refused,
            RulesUnreadable: refused,
            PyMongoError: refused,
            StoreError: refused,
            Exception: refused,
        },
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


class RequestLimit:
    """Middleware that answers a client with 429 that asks too often."""

    def __init__(self, app: ASGIApp, desk: Desk):
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(("/static/", "/health")):
            request = Request(scope, receive)
            try:
                await self.desk.limits.count(request, "requests")
            except TooMany as error:
                await message(self.desk, request, 429, error.seconds)(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def refused(request: Request, error: Exception) -> Response:
    """Answer with a page that says what is wrong, in words for the reader, without what is inside."""
    desk = Desk.of(request)
    match error:
        case TakenDown():
            return message(desk, request, 451, reason=error.rule.reason if error.rule else "")
        case HTTPException():
            return message(desk, request, error.status_code, headers=dict(error.headers or {}))
        case BadParameter():
            return message(desk, request, 400, parameter=error.name)
        case ForgedForm():
            return message(desk, request, 403)
        case TooMany():
            return message(desk, request, 429, error.seconds)
        case TooBusy():
            return message(desk, request, 503, AGAIN_SECONDS)
        case RulesUnreadable() | PyMongoError() | StoreError():
            logger.error("%s %s: %s", request.method, request.url.path, type(error).__name__)
            return message(desk, request, 503, AGAIN_SECONDS)
    return message(desk, request, 500)


def message(
    desk: Desk,
    request: Request,
    status: int,
    seconds: int | None = None,
    *,
    reason: str = "",
    parameter: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the page for a status, in the site's words."""
    known = str(status) if f"title_{status}" in desk.words else "400" if status < 500 else "500"
    context = {"status": status, "known": known, "reason": reason, "parameter": parameter}
    answer = desk.renderer.page(request, "message.html", context, status=status)
    answer.headers.update(headers or {})
    if seconds is not None:
        answer.headers["retry-after"] = str(seconds)
    if status == 451:  # https://www.rfc-editor.org/rfc/rfc7725#section-4
        answer.headers["link"] = f'<{desk.renderer.base(request)}>; rel="blocked-by"'
    return answer
