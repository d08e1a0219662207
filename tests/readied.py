"""A Python that has read Scrapy and newsnap and waits: each `scrapy` command of the tests is a fork of it.

Reading them takes longer than most commands.  What a command is given (arguments, environment, files for what it says)
comes by a socket, its exit code goes back the same way; it ends like any Python, with all that happens then.

    python tests/readied.py SOCKET
"""

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOT_BEFORE = ("newsnap.settings", "twisted.internet.reactor")
"""What depends on the environment, or on the command."""
PATIENCE_SECONDS = 60


class Readied:
    """Runs `scrapy` commands from a Python that waits, at most `timeout` seconds each."""

    def __init__(self, path: Path):
        self.path = path

    def run(
        self, arguments: tuple[str, ...], environment: dict[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as line:
            said = [Path(folder, name) for name in ("stdout", "stderr")]
            line.connect(str(self.path))
            answers = line.makefile("rw", encoding="utf-8")
            request = {"arguments": arguments, "environment": environment, "files": [str(each) for each in said]}
            answers.write(json.dumps(request) + "\n")
            answers.flush()
            id = int(answers.readline())
            line.settimeout(timeout)
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(id, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["scrapy", *arguments], timeout, said[0].read_bytes()) from None
            stdout, stderr = (each.read_text(encoding="utf-8") for each in said)
            return subprocess.CompletedProcess(["scrapy", *arguments], code, stdout, stderr)


@contextmanager
def readied(folder: Path, root: Path) -> Iterator[Readied]:
    """Have such a Python for a while; its commands run in `root`."""
    path = folder / "readied"
    command = [sys.executable, "-W", "error::DeprecationWarning:newsnap", __file__, str(path)]
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))
    }
    with subprocess.Popen(command, cwd=root, env=clean | {"PYTHONPATH": str(root)}) as waiting:
        until = time.monotonic() + PATIENCE_SECONDS
        while not path.exists() and waiting.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        try:
            yield Readied(path)
        finally:
            waiting.kill()


def read_all() -> None:
    """Import what a command may need, but for what it has to find out itself."""
    sys.path[0] = os.getcwd()  # as `python -m scrapy` has it
    import newsnap

    for name in ("scrapy.cmdline", "scrapy.crawler", "scrapy.core.engine", "pymongo", "rich.live"):
        importlib.import_module(name)
    for each in pkgutil.walk_packages(newsnap.__path__, "newsnap."):
        lazy = each.name.startswith(("newsnap.rendered.", "newsnap.site"))  # to be read by those who need them
        if each.name not in NOT_BEFORE and not lazy:
            importlib.import_module(each.name)
    early = [name for name in NOT_BEFORE if name in sys.modules]
    assert not early, f"{early} cannot be read ahead of a command"


def main() -> None:
    read_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        while True:
            line, _ = door.accept()
            if not os.fork():
                door.close()
                break
            line.close()
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
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), descriptor)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.path[1:1] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each not in sys.path]
    sys.argv = ["scrapy", *request["arguments"]]
    from scrapy.cmdline import execute

    execute()


if __name__ == "__main__":
    main()
