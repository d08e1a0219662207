"""The embedded server: a real mongod of our own, shared by all newsnap processes with one NEWSNAP_HOME."""

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import newsnap
from newsnap.mongod.binary import find_binary
from newsnap.mongod.files import (
    POLL_SECONDS,
    SOCKET_ARGUMENT,
    SUPERVISED_ALREADY,
    ServerError,
    ServerFiles,
    command_line,
    is_locked,
    take,
)

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

__all__ = ["EmbeddedServer", "Member", "ServerError", "ServerStatus"]

START_SECONDS = 60
STOP_SECONDS = 15  # the last process waits so long for the end of mongod, which comes with or without it
LEAST_FREE_BYTES = 100 * 1024 * 1024
INITIATED_MEANWHILE = (23, 109)  # AlreadyInitialized, ConfigurationInProgress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A process that uses the embedded server."""

    process: int
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The embedded server as it was found."""

    running: bool
    state: str
    """`running`, `starting`, `restarting`, `stopping`, `stopped`, or `unsupervised`: alive, its supervisor killed."""
    uri: str | None
    version: str | None
    """Of MongoDB; of the last run when stopped."""
    binary: str | None
    pid: int | None
    """Of mongod."""
    members: list[Member] | None
    """None where the system does not tell (macOS)."""
    kept: bool
    """Kept running by `scrapy mongo start`."""
    data: Path
    size_bytes: int
    """What the data take on disk."""
    error: str
    """Why it ended, if it did not end well."""


class EmbeddedServer:
    """Membership of this process in the one mongod of a NEWSNAP_HOME.

    The first member starts it, the last one out stops it; a member that is killed is out.  mongod runs under a
    supervisor (`newsnap.mongod.supervisor`) that starts it again at the same address should it die.

    A forked child shares the membership of its parent, and keeps the server running until both are gone.
    """

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        """Name the server; nothing is started yet.

        `port` opens a port on 127.0.0.1 in addition to the unix socket: for clients that know no unix sockets, at the
        price that every user of this machine can connect.
        """
        if sys.platform == "win32":
            raise ServerError("the embedded MongoDB runs on Linux and macOS only: set MONGO_URI to a server of yours")
        if port is not None and not 0 < port < 65536:
            raise ServerError(
                f"NEWSNAP_MONGO_PORT is {port}: a port is a number from 1 to 65535, or unset for a socket"
            )
        self.home = home.absolute()
        self.files = ServerFiles(self.home)
        self._port = port
        self._membership: int | None = None
        self._uri = ""

    @classmethod
    def from_settings(cls, settings: "BaseSettings") -> Self:
        """Name the server of a project.

        Settings: NEWSNAP_HOME, NEWSNAP_MONGO_PORT (empty or None: a unix socket only).
        """
        port = settings.get("NEWSNAP_MONGO_PORT")
        try:
            return cls(Path(settings["NEWSNAP_HOME"]), port=int(port) if port not in (None, "") else None)
        except ValueError:
            raise ServerError(f"NEWSNAP_MONGO_PORT is {port!r}: a port is a number from 1 to 65535") from None

    def __enter__(self) -> Self:
        self.join()
        return self

    def __exit__(self, *exception: object) -> None:
        self.leave()

    @property
    def uri(self) -> str:
        """MongoDB URI; empty before `join`."""
        return self._uri

    def join(self) -> str:
        """Become a member, start the server if nobody has, and return its URI once it takes writes.

        Raises ServerError with a sentence for the operator; then the process is no member.
        """
        if self._membership is not None:
            return self._uri
        self.files.create()
        with self._gate():
            # Not to be had while a supervisor stops: so a member never gets a server that is about to go.
            membership = take(self.files.members, shared=True, seconds=START_SECONDS)
            if membership is None:
                raise ServerError(f"MongoDB has been stopping for {START_SECONDS} s: see {self.files.log}")
            try:
                self._uri = self._await_primary()
            except BaseException:
                os.close(membership)
                raise
            self._membership = membership
        return self._uri

    def leave(self) -> None:
        """Give the membership back; the last member waits until mongod has stopped.  Does nothing for no member."""
        if self._membership is None:
            return
        # Closed, not unlocked: of a forked pair, the lock is given back by the one that closes it last.
        os.close(self._membership)
        self._membership = None
        self._await_stop(STOP_SECONDS)

    def keep(self) -> str:
        """Start the server if need be, and keep it running without members until `release`; return its URI."""
        uri = self.join()
        self.files.keep.touch(mode=0o600)
        self.leave()
        return uri

    def release(self, *, now: bool = False) -> ServerStatus:
        """Undo `keep`: the server stops when its last member has left, or at once with `now`.

        Returns what is left: the server that still runs for its members, or a stopped one.
        """
        if not self.files.root.exists():
            return self.status()
        self.files.keep.unlink(missing_ok=True)
        if now:
            with self._gate():
                self._stop_now()
        else:
            self._await_stop(START_SECONDS)
        return self.status()

    def status(self) -> ServerStatus:
        """Look at the server without becoming a member or changing anything."""
        state = self.files.state()
        supervised = self.files.supervised()
        phase: str = state.phase if supervised and state else "stopped"
        orphan: int | None = None
        if self.files.gate.exists() and not supervised:
            gate = take(self.files.gate)
            if gate is None:
                phase = "starting"
            else:
                orphan = self.files.orphan()
                os.close(gate)
                phase = "stopped" if orphan is None else "unsupervised"
        running = phase in ("running", "unsupervised")
        return ServerStatus(
            running=running,
            state=phase,
            uri=state.uri if running and state else None,
            version=(state.version or None) if state else None,
            binary=(state.binary or None) if state else None,
            pid=orphan or (state.mongod if supervised and state else None),
            members=self._members(),
            kept=self.files.keep.exists() and supervised,
            data=self.files.data,
            size_bytes=_size_bytes(self.files.data),
            error=state.error if state and not running else "",
        )

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        gate = take(self.files.gate, seconds=START_SECONDS + STOP_SECONDS)
        if gate is None:
            raise ServerError(
                f"another process has been starting MongoDB for {START_SECONDS + STOP_SECONDS} s: see {self.files.log}"
            )
        try:
            yield
        finally:
            os.close(gate)

    def _await_primary(self) -> str:
        """Start a supervisor if there is none, and wait until mongod takes writes; return the URI."""
        deadline = time.monotonic() + START_SECONDS
        starts = 0
        state = None
        while time.monotonic() < deadline:
            supervised = self.files.supervised()
            state = self.files.state()
            if not supervised:
                if starts and state and state.phase == "failed":
                    raise ServerError(state.error)
                if starts == 3:
                    raise ServerError(
                        f"MongoDB's supervisor was ended three times in a row: see {self.files.supervisor_log}"
                    )
                self._check_room()
                self._start_supervisor()
                starts += 1
            elif state and state.phase == "running" and _is_primary(state.socket_uri, deadline):
                if self._port and self._port != state.port:
                    logger.warning("MongoDB runs already, without port %d, which it gets at its next start", self._port)
                return state.uri
            time.sleep(POLL_SECONDS)
        words = (state.error or state.phase) if state else "starting"
        raise ServerError(
            f"MongoDB was not ready after {START_SECONDS} s ({words}): see {self.files.log}, and try again"
        )

    def _check_room(self) -> None:
        free_bytes = shutil.disk_usage(self.files.data).free
        if free_bytes < LEAST_FREE_BYTES:
            raise ServerError(
                f"{free_bytes // 1024**2} MB are free where {self.files.data} is, and MongoDB needs "
                f"{LEAST_FREE_BYTES // 1024**2} MB to start: make room, or set NEWSNAP_HOME to another disk"
            )

    def _start_supervisor(self) -> None:
        state = self.files.state()
        binary = find_binary(state.data_version if state else "")
        command = [
            *(sys.executable, "-P", "-m", "newsnap.mongod.supervisor", str(self.home)),
            *("--binary", str(binary.path), "--version", binary.version),
            *(("--port", str(self._port)) if self._port else ()),
        ]
        # In a Scrapyd job newsnap is imported from an archive that only this process knows of.
        paths = [str(Path(newsnap.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        with self.files.supervisor_log.open("ab") as log:
            run = subprocess.run(
                command,
                cwd="/",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if run.returncode not in (0, SUPERVISED_ALREADY):
            raise ServerError(f"MongoDB's supervisor ended with code {run.returncode}: see {self.files.supervisor_log}")

    def _stop_now(self) -> None:
        """Have the supervisor stop mongod whoever uses it; the gate is held, so nobody joins meanwhile."""
        deadline = time.monotonic() + START_SECONDS
        told = False
        while time.monotonic() < deadline:
            if not self.files.supervised():
                if self.files.orphan() is None:
                    return
                self._start_supervisor()
                told = False
            state = self.files.state()
            if not told and state and state.supervisor:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(state.supervisor, signal.SIGTERM)
                told = True
            time.sleep(POLL_SECONDS)
        raise ServerError(f"MongoDB did not stop in {START_SECONDS} s: see {self.files.log}")

    def _await_stop(self, seconds: float) -> None:
        """Wait for the end of a server that nobody uses any more; not for one that is kept or has members."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(ServerError):  # nothing that is found here keeps a process from leaving
            while time.monotonic() < deadline and not self.files.keep.exists():
                if self.files.supervised():
                    if is_locked(self.files.members) and not is_locked(self.files.members, alone=True):
                        return
                else:
                    gate = take(self.files.gate)
                    if gate is None:  # somebody joins, and so takes care of whatever is left
                        return
                    try:
                        if self.files.orphan() is None:
                            return
                        self._start_supervisor()  # adopts the mongod of a killed supervisor, and stops it
                    finally:
                        os.close(gate)
                time.sleep(POLL_SECONDS)

    def _members(self) -> list[Member] | None:
        """Return the holders of the shared lock, from https://man7.org/linux/man-pages/man5/proc_locks.5.html."""
        try:
            inode = self.files.members.stat().st_ino
            locks = Path("/proc/locks").read_text()
        except FileNotFoundError:
            return None if self.files.members.exists() else []
        processes = re.findall(rf"FLOCK +ADVISORY +READ +(\d+) \w+:\w+:{inode} ", locks)
        return [Member(int(process), command_line(int(process))) for process in processes]


def _is_primary(uri: str, deadline: float) -> bool:
    """Tell whether mongod takes writes, having made it a replica set of one if nobody has."""
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure, PyMongoError

    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=1000, socketTimeoutMS=10_000) as client:
            while time.monotonic() < deadline:
                hello = client.admin.command("hello")
                if hello["isWritablePrimary"]:
                    return True
                if hello.get("isreplicaset"):  # it could be one, and was never told of which members
                    members = [{"_id": 0, "host": SOCKET_ARGUMENT}]
                    try:
                        client.admin.command("replSetInitiate", {"_id": "newsnap", "members": members})
                    except OperationFailure as error:
                        if error.code not in INITIATED_MEANWHILE:
                            raise
                time.sleep(POLL_SECONDS)
    except PyMongoError as error:
        logger.debug("MongoDB is not ready: %s", error)
    return False


def _size_bytes(directory: Path) -> int:
    size = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # mongod removes files as it goes
            size += path.stat().st_blocks * 512
    return size
