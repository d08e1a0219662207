"""`scrapy mongo start / status / stop`: the embedded server, by hand."""

import argparse
import sys
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.commands import complain
from newsnap.store.connection import shown
from newsnap.store.server import EmbeddedServer, Member, ServerError, ServerStatus

NOT_RUNNING = 3  # of `status`, as service commands have it: LSB 5.0, chapter 22.2
ACTIONS = ("start", "status", "stop")


class Command(ScrapyCommand):
    """Starts, shows and stops the MongoDB that newsnap brings along.

    Settings: MONGO_URI, NEWSNAP_HOME, NEWSNAP_MONGO_PORT.
    """

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "<start|status|stop> [--now]"

    def short_desc(self) -> str:
        return "Start, show or stop the embedded MongoDB by hand"

    def long_desc(self) -> str:
        return (
            "Crawls start the embedded MongoDB themselves and stop it after. start: keep it running until stop. "
            "status: show its address for mongosh and other clients, and who uses it; exits 0 if it runs, else 3. "
            "stop: let it stop as soon as nobody uses it."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--now", action="store_true", help="stop: even if crawls use it")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"say one of {', '.join(ACTIONS)}", print_help=False)
        if opts.now and args[0] != "stop":
            raise UsageError("--now is for stop", print_help=False)
        try:
            if self.settings.get("MONGO_URI"):
                self.exitcode = _outside(args[0], self.settings["MONGO_URI"])
                return
            server = EmbeddedServer.from_settings(self.settings)
            if args[0] == "start":
                uri = server.keep()
                print("MongoDB runs until `scrapy mongo stop`, at", file=sys.stderr)
                print(uri)  # for $(scrapy mongo start)
            elif args[0] == "stop":
                print(_stopped(server, now=opts.now))
            else:
                status = server.status()
                print(table(status))
                self.exitcode = 0 if status.running else NOT_RUNNING
        except (ServerError, OSError) as error:
            self.exitcode = complain(error)


def table(status: ServerStatus) -> str:
    """Return the status for a person to read, one fact a line."""
    state = status.state
    if status.kept:
        state += ", until `scrapy mongo stop`"
    elif status.state == "unsupervised":
        state += ": its supervisor was killed; the next crawl sees to it"
    elif status.error:
        state += f": {status.error}"
    members = "unknown" if status.members is None else str(len(status.members))
    rows = {
        "state": state,
        "address": status.uri,
        "version": f"{status.version} ({status.binary})" if status.version else None,
        "process": status.pid,
        "members": members + _listed(status.members) if status.running else None,
        "data": f"{status.data}, {status.size_bytes / 1024**2:.0f} MB"
        if status.data.exists()
        else f"{status.data}, none yet",
    }
    return "\n".join(f"{name:<8} {value}" for name, value in rows.items() if value is not None)


def _stopped(server: EmbeddedServer, *, now: bool) -> str:
    before = server.status()
    if before.state == "stopped":
        return "MongoDB was not running"
    after = server.release(now=now)
    if after.state == "stopped":
        return (
            f"MongoDB is stopped, though it was used{_listed(before.members)}"
            if before.members
            else "MongoDB is stopped"
        )
    return f"MongoDB is still used{_listed(after.members)}\nIt stops when the last one ends; --now stops it at once"


def _listed(members: list[Member] | None) -> str:
    return "".join(f"\n         process {member.process}: {member.command[:100]}" for member in members or ())


def _outside(action: str, uri: str) -> int:
    """Say that the server in use is the operator's own; `status` fails if it does not answer."""
    where = f"MONGO_URI names a MongoDB of yours, at {shown(uri)}"
    if action != "status":
        raise ServerError(f"{where}, so there is no embedded one to {action}: unset MONGO_URI to use it")
    answers = _answers(uri)
    print(f"state    {'running' if answers else 'does not answer'}\naddress  {shown(uri)}, from MONGO_URI")
    return 0 if answers else NOT_RUNNING


def _answers(uri: str) -> bool:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    patience: dict[str, Any] = {} if "serverselectiontimeoutms=" in uri.lower() else {"serverSelectionTimeoutMS": 3000}
    try:
        with MongoClient[dict[str, object]](uri, **patience) as client:
            client.admin.command("ping")
    except (PyMongoError, ValueError):
        return False
    return True
