"""A Python that has read Scrapy and newsnap and waits: each `scrapy` command of the tests is a fork of it.

Reading them takes longer than most commands.  What a command is given (arguments, environment, files for what it says)
comes by a socket, its exit code goes back the same way; it ends like any Python, with all that happens then, and can be
killed like any other.

It waits from the first command on until `stop`, or until who started it is gone.

    python tests/readied.py SOCKET
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

READ = (
    "newsnap", "pymongo", "rich.live", "scrapy.cmdline", "scrapy.commands", "scrapy.core.engine", "scrapy.crawler",
    "scrapy.downloadermiddlewares", "scrapy.dupefilters", "scrapy.logformatter",
    "scrapy.spidermiddlewares", "scrapy.squeues", "scrapy.statscollectors", "uvicorn.server",
)  # fmt: skip
"""Packages are read with all that is in them."""
NOT_BEFORE = ("newsnap.settings", "newsnap.rendered.", "twisted.internet.reactor")
"""What depends on the environment or the command, or has to be read by those alone who need it."""
PATIENCE_SECONDS = 60
SECONDS = 120
"""No command of a test takes so long."""
ROOT = Path(__file__).parent.parent

ending = contextlib.ExitStack()
atexit.register(ending.close)


class Forked:
    """A command that runs; what there is of `subprocess.Popen` that the tests want."""

    def __init__(self, arguments: Sequence[str], line: socket.socket):
        self.arguments = arguments
        self.returncode: int | None = None
        self._line = line
        self.pid = self._number()

    def _number(self) -> int:
        digits = b""
        while not digits.endswith(b"\n"):
            digit = self._line.recv(1)
            assert digit, "the Python that waits is gone"
            digits += digit
        return int(digits)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return the exit code; raise TimeoutExpired if that takes longer."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
            self.returncode = self._number()
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(arguments: Sequence[str], environment: Mapping[str, str], stdout: Path, stderr: Path) -> Forked:
    """Start what stands after `python` on a command line: `-m scrapy` and its arguments, or `-c` and a program.

    To a program, warnings are errors.  What is said goes to the end of the files, which may be one.
    """
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(waiting()))
    files = [str(stdout), str(stderr)]
    request = {"arguments": list(arguments), "environment": dict(environment), "files": files}
    line.sendall(json.dumps(request).encode() + b"\n")
    return Forked(arguments, line)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Start it, and wait for its end."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        command = start(arguments, environment, *said)
        try:
            code = command.wait(SECONDS)
        except subprocess.TimeoutExpired as late:
            command.kill()
            late.output = said[0].read_bytes()
            raise
        stdout, stderr = (each.read_text(encoding="utf-8") for each in said)
        return subprocess.CompletedProcess([*arguments], code, stdout, stderr)


@functools.cache
def waiting() -> Path:
    """Return where the Python is told what to do, which waits from the first time on."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "readied"
    command = [sys.executable, "-W", "error::DeprecationWarning:newsnap", __file__, str(path)]
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))
    }
    process = subprocess.Popen(command, cwd=ROOT, env=clean | {"PYTHONPATH": str(ROOT)})

    def end() -> None:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)

    ending.callback(end)
    until = time.monotonic() + PATIENCE_SECONDS
    while not path.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    return path


def stop() -> None:
    """Let it wait no longer."""
    waiting.cache_clear()
    ending.close()


def read_all() -> None:
    """Import what a command may need, but for what it has to find out itself."""
    sys.path[0] = os.getcwd()  # as `python -m scrapy` has it
    from scrapy.settings.default_settings import EXTENSIONS_BASE

    for name in (*READ, *(each.rpartition(".")[0] for each in EXTENSIONS_BASE)):
        module = importlib.import_module(name)
        for each in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
            if not each.name.startswith(NOT_BEFORE):
                importlib.import_module(each.name)
    early = [name for name in NOT_BEFORE if name in sys.modules]
    assert not early, f"{early} cannot be read ahead of a command"


def main() -> None:
    read_all()
    gc.collect()
    gc.freeze()  # forks share what was read, and do not look through it for garbage
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    tests = os.getppid()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        door.settimeout(1)
        while os.getppid() == tests:
            with contextlib.suppress(TimeoutError):
                line, _ = door.accept()
                if not os.fork():
                    break
                line.close()
        else:
            return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    answers = line.makefile("rw", encoding="utf-8")
    request = json.loads(answers.readline())
    id = os.fork()
    if id:
        answers.write(f"{id}\n")
        answers.flush()
        code = os.waitstatus_to_exitcode(os.waitpid(id, 0)[1])
        with contextlib.suppress(OSError):  # nobody may wait any more
            answers.write(f"{code}\n")
            answers.flush()
        os._exit(0)
    line.detach()
    for descriptor, name in enumerate([os.devnull, *request["files"]]):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), descriptor)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.path[1:1] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each not in sys.path]
    become(*request["arguments"])


def become(kind: str, what: str, *arguments: str) -> None:
    """Do what `python KIND WHAT ARGUMENTS` does."""
    sys.argv = [what if kind == "-m" else kind, *arguments]
    if kind == "-m":
        assert what == "scrapy"
        from scrapy.cmdline import execute

        execute()
    else:
        assert kind == "-c"
        warnings.simplefilter("error")
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), vars(main))


if __name__ == "__main__":
    main()
