"""The supervisor: a process of its own, the parent of mongod, that lets it run as long as somebody uses it.

A crawler cannot be mongod's keeper: crawlers come and go, and some are killed.  The supervisor stands apart from their
terminals and process groups, starts mongod, starts it again where it was if it dies, and stops it when it can lock the
file `members` for itself alone, which is when the last process that used the server is gone, killed ones included.

Nothing but the standard library is imported, and all of it at once: a Scrapyd job runs from an archive that is deleted
when the job ends, and the supervisor may outlive the job.
"""

import argparse
import contextlib
import dataclasses
import json
import logging
import logging.handlers
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from newsnap.mongod.files import (
    SOCKET_ARGUMENT,
    SOCKET_NAME,
    SUPERVISED_ALREADY,
    Phase,
    ServerError,
    ServerFiles,
    ServerState,
    command_line,
    take,
)

TICK_SECONDS = 0.1
START_SECONDS = 600  # after a crash, mongod reads its journal before it answers
STOP_SECONDS = 60  # then it is killed; the journal makes that safe, only slow at the next start
LONG_LIFE_SECONDS = 10  # a mongod that answered for so long does not die in a row with the one before
DEATHS_IN_A_ROW = 30  # then the supervisor gives up
PAUSE_SECONDS = 0.25  # before the second restart in a row; one more before each further
STARTS_IN_A_ROW = 5  # that a restart may take
NO_PORT = 27018  # mongod wants one even where it opens none; at 27017 it would ask the DNS for the socket's name
LOG_BYTES = 4 * 1024 * 1024  # of mongod.log, and as much of each of the two before it

logger = logging.getLogger("newsnap.supervisor")


class Supervisor:
    """One mongod and its life."""

    def __init__(self, files: ServerFiles, *, lock: int, binary: str, version: str, port: int | None) -> None:
        self.files = files
        self._lock = lock
        self._binary, self._version, self._port = binary, version, port
        before = files.state() or ServerState(phase="stopped", binary=binary, version=version)
        # All else of the last server stays, until it is known that its mongod has not outlived its supervisor.
        self._state = dataclasses.replace(before, phase="starting", supervisor=None, error="")
        files.write_state(self._state)
        self._child: subprocess.Popen[bytes] | None = None
        self._answered = 0.0
        self._log_start = 0
        self._told_to_stop = False

    def run(self) -> None:
        """Start or adopt mongod, watch over it until nobody uses it, and stop it."""
        signal.signal(signal.SIGTERM, self._stop_on_signal)
        try:
            self._write(supervisor=os.getpid())
            if not self._adopt():
                self.files.keep.unlink(missing_ok=True)  # of a server that did not outlive the machine
                self._write(
                    binary=self._binary,
                    version=self._version,
                    mongod=None,
                    socket=str(self.files.socket_directory() / SOCKET_NAME),
                    port=self._port,
                )
                self._start()
            self._watch()
        except ServerError as error:
            logger.error("%s", error)
            self._stop("failed", str(error))
        except BaseException:
            logger.exception("the supervisor failed")
            self._stop("failed", f"the supervisor of MongoDB failed: see {self.files.supervisor_log}")
        else:
            self._stop("stopped")

    def _watch(self) -> None:
        deaths = 0
        while not self._unused():
            if not self._alive():
                deaths = 1 if time.monotonic() - self._answered > LONG_LIFE_SECONDS else deaths + 1
                words = f"mongod died, {deaths} in a row: {self._last_words()}"
                logger.error("%s", words)
                if deaths > DEATHS_IN_A_ROW:
                    raise ServerError(f"{words}; its log is {self.files.log}")
                self._write(phase="restarting", mongod=None, error=words)
                self._pause((deaths - 1) * PAUSE_SECONDS)
                self._restart()
            self._rotate_log()
            time.sleep(TICK_SECONDS)

    def _restart(self) -> None:
        for pause_seconds in range(1, STARTS_IN_A_ROW + 1):
            try:
                return self._start()
            except ServerError as error:
                logger.error("%s", error)
                if pause_seconds == STARTS_IN_A_ROW:
                    raise
                self._write(phase="restarting", mongod=None, error=str(error))
            self._pause(pause_seconds)

    def _unused(self) -> bool:
        """Tell whether mongod is to stop; if so because nobody uses it, nobody can begin to until this process ends."""
        if self._told_to_stop or os.fstat(self._lock).st_nlink == 0:  # the whole directory was deleted
            return True
        if self.files.keep.exists():
            return False
        alone = take(self.files.members)
        if alone is not None and self.files.keep.exists():  # `scrapy mongo start` came and went in between
            os.close(alone)
            return False
        return alone is not None

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._told_to_stop:
            time.sleep(TICK_SECONDS)

    def _adopt(self) -> bool:
        """Take over the mongod that a killed supervisor left behind; return whether there is one."""
        deadline = time.monotonic() + 5
        command = ""
        while (process := self.files.orphan()) is not None and not command and time.monotonic() < deadline:
            command = command_line(process)  # empty while a killed process is being taken apart
        if process is None:
            return False
        if SOCKET_ARGUMENT not in command or str(self.files.data) not in command:
            raise ServerError(
                f"the data in {self.files.data} are in use by process {process}, a mongod that newsnap did not start: "
                "stop it, or set MONGO_URI to use it"
            )
        self._write(mongod=process)
        self._log_start = self._log_size()
        logger.info("adopted mongod %d", process)
        self._await_answer()
        return True

    def _start(self) -> None:
        """Start mongod and wait until it answers; raise ServerError with its last words if it does not."""
        place = Path(self._state.socket)
        command = [
            self._state.binary,
            *("--dbpath", str(self.files.data)),
            *("--replSet", "newsnap"),  # change streams and transactions need one
            # A socket of mode 0700, since to a port every user of this machine could connect.
            *("--bind_ip", SOCKET_ARGUMENT + (",127.0.0.1" if self._state.port else "")),
            *("--port", str(self._state.port or NO_PORT)),
            *("--nounixsocket", "--filePermissions", "0700"),  # no second socket in /tmp
            *("--wiredTigerCacheSizeGB", "0.25"),
            # Three preallocated files of 100 MB would be most of a small database.
            *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=32MB)"),
            *("--oplogSize", "1024"),  # MB at most; how long a consumer of changes may be away
            *("--logpath", str(self.files.log), "--logappend", "--logRotate", "rename", "--quiet"),
            *("--slowOpSampleRate", "0"),  # slow operations would be logged with the text of their articles
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),  # there is no other member to wait for
        ]
        self._log_start = self._log_size()
        try:
            with self.files.output.open("wb") as output:
                self._child = subprocess.Popen(
                    command, cwd=place.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
                )
        except OSError as error:
            raise ServerError(f"{self._state.binary} cannot be started: {error}") from error
        self._write(mongod=self._child.pid)
        logger.info("started mongod %d: %s", self._child.pid, " ".join(command))
        self._await_answer()

    def _await_answer(self) -> None:
        """Wait until mongod takes connections, or this process is told to stop."""
        deadline = time.monotonic() + START_SECONDS
        while not self._told_to_stop:
            with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
                probe.connect(self._state.socket)
                self._write(phase="running", data_version=self._state.version, error="")
                self._answered = time.monotonic()
                return
            if not self._alive():
                words = self._last_words()
                if self._state.port and "Address already in use" in words:
                    raise ServerError(
                        f"port {self._state.port} of 127.0.0.1, which NEWSNAP_MONGO_PORT asks for, is taken: "
                        "choose another, or unset it to use a unix socket"
                    )
                raise ServerError(
                    f"mongod ({self._state.binary}) ended at its start: {words}; its log is {self.files.log}"
                )
            if time.monotonic() > deadline:
                raise ServerError(f"mongod did not answer in {START_SECONDS} s: see {self.files.log}")
            time.sleep(TICK_SECONDS / 5)

    def _alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self.files.orphan() == self._state.mongod is not None

    def _stop(self, phase: Phase, error: str = "") -> None:
        """Stop mongod cleanly and leave the last word in the state."""
        self._write(phase="stopping")
        for number, patience_seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 10)):
            if self._state.mongod is not None and self._alive():
                logger.info("mongod %d gets %s", self._state.mongod, number.name)
                os.kill(self._state.mongod, number)
                deadline = time.monotonic() + patience_seconds
                while self._alive() and time.monotonic() < deadline:
                    time.sleep(TICK_SECONDS / 5)
        logger.info("mongod is %s", phase)
        place = Path(self._state.socket).parent
        with contextlib.suppress(OSError):
            if place not in (self.files.root, Path()):  # in /tmp, which is nobody's to clean but ours
                Path(self._state.socket).unlink(missing_ok=True)
                place.rmdir()
        with contextlib.suppress(OSError):
            self.files.keep.unlink(missing_ok=True)
        self._write(phase=phase, mongod=None, error=error)

    def _last_words(self) -> str:
        """Return why mongod died, as far as it can be told."""
        code = self._child.poll() if self._child is not None else None
        if code is not None and code < 0 and code != -signal.SIGABRT:  # SIGABRT is its own, after an error it logs
            return f"ended by {signal.Signals(-code).name}"
        log = output = ""
        with contextlib.suppress(OSError):
            with self.files.log.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                start = self._log_start if self._log_start < size else 0  # 0: the log was begun anew meanwhile
                stream.seek(max(start, size - 256 * 1024))
                log = stream.read().decode(errors="replace")
            output = self.files.output.read_text(errors="replace")
        plain = next((line for line in output.splitlines() if line and not line.startswith("{")), "")
        return last_words(log + output) or plain[:400] or f"without a word, code {code}"

    def _log_size(self) -> int:
        return self.files.log.stat().st_size if self.files.log.exists() else 0

    def _rotate_log(self) -> None:
        """Have mongod begin a new log if its log is large, and keep no more than two old ones."""
        if self._log_size() > LOG_BYTES and self._state.mongod is not None:
            with contextlib.suppress(ProcessLookupError):  # seen at the next look
                os.kill(self._state.mongod, signal.SIGUSR1)  # mongod 6 overlooks some; then the next look repeats it
            for old in sorted(self.files.root.glob("mongod.log.*"))[:-1]:
                old.unlink(missing_ok=True)

    def _write(self, **changes: Any) -> None:
        self._state = dataclasses.replace(self._state, **changes)
        try:
            self.files.write_state(self._state)
        except OSError as error:  # the disk is full, say: mongod is still to be looked after
            logger.error("the state of MongoDB cannot be written: %s", error)

    def _stop_on_signal(self, number: int, frame: object) -> None:
        self._told_to_stop = True


def last_words(log: str) -> str:
    """Return the cause of death from the lines of a mongod's log, empty if none is told.

    The last lines of a fatal error only say that there was one; the cause is the last error before them with details.

    >>> last_words('{"s":"E","msg":"No listener","attr":{"error":{"errmsg":"Address already in use"}}}')
    'No listener: Address already in use'
    """
    words = ""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        attributes = entry.get("attr", {})
        if entry.get("s") not in ("E", "F"):
            continue
        error, message = attributes.get("error"), attributes.get("message")
        if isinstance(message, dict):  # of the storage engine
            details = f"{message.get('msg', '')}: {message.get('error_str', '')}"
        elif isinstance(error, dict):
            details = str(error.get("errmsg", ""))
        else:
            details = str(error or "")
        if details:
            words = f"{entry.get('msg', '')}: {details}"[:400]
    return words


def main() -> None:
    """Become the supervisor of one NEWSNAP_HOME; exit with SUPERVISED_ALREADY if it has one."""
    parser = argparse.ArgumentParser(description="Runs MongoDB for newsnap until nobody uses it.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    files = ServerFiles(options.home)
    lock = take(files.supervisor, seconds=2)  # somebody may be asking for an instant whether it is locked
    if lock is None:
        sys.exit(SUPERVISED_ALREADY)
    supervisor = Supervisor(files, lock=lock, binary=options.binary, version=options.version, port=options.port)
    # The process that was started ends once its child has the lock: so whoever started it has no child to wait for.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of mongod's memory would hold articles taken down
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS allows 256 files unless asked
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (64000 if most == resource.RLIM_INFINITY else min(most, 64000), most)
        )
    handler = logging.handlers.RotatingFileHandler(files.supervisor_log, maxBytes=256 * 1024, backupCount=1)
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(handlers=[handler], level=logging.INFO, format="%(asctime)sZ %(levelname)s %(message)s")
    supervisor.run()


if __name__ == "__main__":
    main()
