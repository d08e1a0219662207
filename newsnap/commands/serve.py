"""`scrapy serve`: the site."""

import argparse
import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.log import configure_logging

from newsnap.commands import complain
from newsnap.site.application import application
from newsnap.site.options import OptionError
from newsnap.store import StoreError
from newsnap.store.server import ServerError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

CLOSE_SECONDS = 5
IDLE_SECONDS = 15
AT_ONCE = 500
"""More connections are answered with 503."""


class Command(ScrapyCommand):
    """Shows the snapshots to readers."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_LEVEL": "INFO"}

    def short_desc(self) -> str:
        return "Show the snapshots to readers, on http://127.0.0.1:8000/"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--bind", metavar="HOST:PORT", default="127.0.0.1:8000", help="default 127.0.0.1:8000")
        parser.add_argument(
            "--behind", metavar="ADDRESS", help="trust X-Forwarded-For and -Proto from a proxy at this address"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            raise UsageError(f"serve takes options only, not {args[0]!r}", print_help=False)
        host, port = address_of(opts.bind)
        configure_logging(self.settings)
        try:
            app = application(self.settings)
            self.exitcode = serve(app, host, port, opts.behind)
        except (OptionError, StoreError, ServerError, OSError) as error:
            self.exitcode = complain(error)


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT; an IPv6 address stands in brackets.

    Raises UsageError.
    """
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+):([0-9]{1,5})", text)
    if not found or not int(found[2]) < 65536:
        raise UsageError(f"--bind {text} is no HOST:PORT: give one like 127.0.0.1:8000", print_help=False)
    return found[1].strip("[]"), int(found[2])


def serve(app: "Starlette", host: str, port: int, behind: str | None) -> int:
    """Serve the site until it is stopped; return the exit code.

    Raises OSError if the address cannot be used, StoreError or ServerError if MongoDB cannot.
    """
    import uvicorn

    try:
        bound = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(f"the site cannot be at {host}:{port} ({why}): give another address with --bind") from None
    with bound:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=behind is not None,
            forwarded_allow_ips=behind or "",
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=CLOSE_SECONDS,
            lifespan="off",
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run(app, uvicorn.Server(config), bound))
    return 0


async def run(app: "Starlette", server: "uvicorn.Server", bound: socket.socket) -> None:
    """Open MongoDB first, so that what is wrong with it is said in words, then serve until Ctrl-C or SIGTERM."""
    # uvicorn's own handlers raise the signal again when it has ended, and what was opened would not be closed
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, server.handle_exit, each, None)
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    async with app.state.desk.open():
        print(f"newsnap: the site is at http://{shown}:{port}/ (stop it with Ctrl-C)", flush=True)
        await server.serve(sockets=[bound])
    print("newsnap: the site is stopped")
