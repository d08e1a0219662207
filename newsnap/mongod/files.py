"""What the processes around one embedded server share on disk: a directory, locks, and the state of the server.

    mongo/
    ├── data/             MongoDB's own
    ├── members           shared lock of each process that uses the server
    ├── gate              lock of the one process that joins or stops just now
    ├── supervisor        lock of the supervisor
    ├── keep              there while the server is kept running by hand
    ├── state.json        written by the supervisor only
    ├── mongod.sock       unless the path is too long for a socket
    └── *.log, mongod.out

The locks are flocks: the kernel takes them from a process that ends, however it ends.  Python opens files so that no
program it starts inherits them, so neither mongod nor a browser can hold a lock on.  The files are never deleted, or
two processes could lock two files of one name.
"""

import contextlib
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

if sys.platform != "win32":
    import fcntl

SOCKET_NAME = "mongod.sock"  # drivers take a host for a socket by this ending
SOCKET_ARGUMENT = f"./{SOCKET_NAME}"
"""The socket as mongod names it, from its working directory: the member of the replica set keeps this name wherever
NEWSNAP_HOME is moved to, and no path is too long.  It also tells a mongod of ours from any other."""
SOCKET_PATH_BYTES = 103  # sun_path holds 104 bytes on macOS and 108 on Linux, a final zero among them
POLL_SECONDS = 0.02
SUPERVISED_ALREADY = 3  # exit code of a supervisor that finds another

Phase = Literal["starting", "running", "restarting", "stopping", "stopped", "failed"]


class ServerError(RuntimeError):
    """The embedded server cannot be used; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What the supervisor last wrote about its mongod; true only while the supervisor's lock is held."""

    phase: Phase
    binary: str
    version: str
    """Of MongoDB."""
    data_version: str = ""
    """Of the MongoDB that last ran on the data, empty for none; it outlives the server."""
    supervisor: int | None = None
    """Process id."""
    mongod: int | None = None
    """Process id."""
    socket: str = ""
    """Absolute path."""
    port: int | None = None
    """On 127.0.0.1; None where the socket is the only door."""
    error: str = ""
    """A sentence, when the phase is `failed` or `restarting`."""

    @property
    def socket_uri(self) -> str:
        """URI of the unix socket."""
        return f"mongodb://{quote(self.socket, safe='')}/?directConnection=true"

    @property
    def uri(self) -> str:
        """URI to use: of the port if one was asked for, else of the socket.

        Connections are direct, since the replica set knows its member by a name that only mongod itself can resolve.
        """
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true" if self.port else self.socket_uri


class ServerFiles:
    """The files of the embedded server of one NEWSNAP_HOME."""

    def __init__(self, home: Path) -> None:
        """Name the files; `home` is absolute."""
        self.root = home / "mongo"
        self.data = self.root / "data"
        self.members = self.root / "members"
        self.gate = self.root / "gate"
        self.supervisor = self.root / "supervisor"
        self.keep = self.root / "keep"
        self.log = self.root / "mongod.log"
        self.output = self.root / "mongod.out"
        self.supervisor_log = self.root / "supervisor.log"
        self._state = self.root / "state.json"

    def create(self) -> None:
        """Make the directories, readable by nobody else; raise ServerError if that cannot be."""
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(mode=0o700, exist_ok=True)
            self.data.mkdir(mode=0o700, exist_ok=True)
            for path in (self.gate, self.members, self.supervisor):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            reason = f"{error.filename} is no directory" if isinstance(error, FileExistsError) else error.strerror
            raise ServerError(
                f"the embedded MongoDB cannot keep its data in {self.root} ({reason}): "
                "set NEWSNAP_HOME to a directory of yours on a local disk, or set MONGO_URI"
            ) from error

    def state(self) -> ServerState | None:
        """Return what was last written; None before the first start."""
        try:
            return ServerState(**json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_state(self, state: ServerState) -> None:
        """Replace the state in one step, so that no reader sees half of it."""
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(state)), encoding="utf-8")
        fresh.replace(self._state)

    def supervised(self) -> bool:
        """Tell whether a supervisor is alive."""
        return is_locked(self.supervisor, alone=True)

    def orphan(self) -> int | None:
        """Return the process id of the mongod that has the data open, None if there is none.

        To be asked only while no supervisor can start a mongod: the question takes mongod's lock for an instant.
        """
        lock = self.data / "mongod.lock"
        for _ in range(100):
            if not is_locked(lock):
                return None
            with contextlib.suppress(OSError, ValueError):
                return int(lock.read_text())
            time.sleep(POLL_SECONDS)  # mongod writes its process id just after it took the lock
        raise ServerError(f"{lock} is locked by a process that does not say which it is: end it, or set MONGO_URI")

    def socket_directory(self) -> Path:
        """Return where the socket is to be: beside the data, or in /tmp if the path is too long or holds no sockets."""
        path = os.fsencode(self.root / SOCKET_NAME)
        with contextlib.suppress(OSError, UnicodeDecodeError):
            path.decode()  # a URI can only spell UTF-8
            if len(path) <= SOCKET_PATH_BYTES:
                _try_socket(self.root / "try.sock")
                return self.root
        digest = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:16]
        directory = Path("/tmp") / f"newsnap-{os.geteuid()}-{digest}"
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise ServerError(
                f"{directory} is not a private directory of this user, so MongoDB's socket cannot be in it: "
                "remove it, or choose a shorter NEWSNAP_HOME"
            )
        return directory


def take(path: Path, *, shared: bool = False, seconds: float = 0) -> int | None:
    """Lock a file, and return the descriptor that holds the lock until it is closed.

    Returns None if others held it for all of `seconds`.  A forked child shares the lock with its parent.
    Raises ServerError where the file cannot be locked.
    """
    operation = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = time.monotonic() + seconds
    descriptor = -1
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(descriptor, operation)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return None
            time.sleep(POLL_SECONDS)
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise ServerError(
            f"{path} cannot be locked ({error.strerror}): NEWSNAP_HOME has to be this user's directory on a local disk"
        ) from error
    return descriptor


def is_locked(path: Path, *, alone: bool = False) -> bool:
    """Tell whether any process holds a lock on the file; with `alone`, one that shares it with nobody."""
    if not path.exists():
        return False
    descriptor = take(path, shared=alone)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def command_line(process: int) -> str:
    """Return the command of a process, its arguments parted by blanks; empty if it is gone or not to be seen."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            words = Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            return " ".join(os.fsdecode(word) for word in words)
        return subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(process)], capture_output=True, text=True
        ).stdout.strip()
    return ""


def _try_socket(path: Path) -> None:
    """Make a socket and remove it; some mounted file systems hold none, and raise OSError here."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(str(path))
    path.unlink()
