"""Scrapyd: the project is deployed as an egg, and a scheduled job crawls into the MongoDB it is told of."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import record
from pymongo.database import Database

from newsnap.store.server import EmbeddedServer

ROOT = Path(__file__).parent.parent
TREE = ("newsnap", "tests", "scrapy.cfg", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
NOT_DEPLOYED = shutil.ignore_patterns("__pycache__", "*.pyc")
BINARIES = Path(sys.executable).parent
SECONDS = 30
"""Whatever is waited for comes within so many seconds, or does not come."""
POLL_SECONDS = 0.1

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scrapyd:
    """A Scrapyd that runs on loopback."""

    url: str
    directory: Path
    """Its working directory, with eggs, logs and databases."""

    def get(self, call: str, **parameters: str) -> Document:
        """Return the answer of a call that asks, such as `listjobs.json`."""
        with urlopen(f"{self.url}{call}?{urlencode(parameters)}", timeout=SECONDS) as response:
            return dict(json.load(response))

    def schedule(self, spider: str, settings: dict[str, str]) -> str:
        """Schedule a crawl and return the id of the job."""
        form = [("project", "newsnap"), ("spider", spider), *(("setting", f"{k}={v}") for k, v in settings.items())]
        with urlopen(f"{self.url}schedule.json", data=urlencode(form).encode(), timeout=SECONDS) as response:
            answer = json.load(response)
        assert answer["status"] == "ok", answer
        return str(answer["jobid"])

    def log_of(self, job: str) -> str:
        """Wait for the end of a job, and return its log."""
        wait_for(lambda: any(each["id"] == job for each in self.get("listjobs.json", project="newsnap")["finished"]))
        log = next(self.directory.glob(f"logs/newsnap/*/{job}.log"), None)
        return log.read_text(encoding="utf-8") if log else ""


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS} s"
        time.sleep(POLL_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapyd]:
    """A real Scrapyd, without newsnap on its path: what its jobs know of newsnap is what was deployed."""
    directory = tmp_path_factory.mktemp("scrapyd")
    (directory / "scrapyd.conf").write_text("[scrapyd]\npoll_interval = 0.2\n", encoding="utf-8")
    port = free_port()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NEWSNAP_", "MONGO_", "SCRAPY", "PYTHONPATH"))
    }
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            [BINARIES / "scrapyd"], cwd=directory, env=kept | {"SCRAPYD_HTTP_PORT": str(port)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            running = Scrapyd(f"http://127.0.0.1:{port}/", directory)
            wait_for(lambda: process.poll() is not None or answers(running))
            assert process.poll() is None, (directory / "output").read_text(encoding="utf-8")
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its jobs too
            process.wait()


def answers(scrapyd: Scrapyd) -> bool:
    with contextlib.suppress(URLError, ConnectionError):
        return bool(scrapyd.get("daemonstatus.json")["status"] == "ok")
    return False


@pytest.fixture(scope="module")
def egg(scrapyd: Scrapyd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as `scrapyd-deploy` brings it to Scrapyd, from a copy, since it leaves files behind where it runs."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, ignore=NOT_DEPLOYED)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, checkout)
    configuration = checkout / "scrapy.cfg"
    text = configuration.read_text(encoding="utf-8")
    assert "http://127.0.0.1:6800/" in text
    configuration.write_text(text.replace("http://127.0.0.1:6800/", scrapyd.url), encoding="utf-8")
    deployed = subprocess.run(
        [BINARIES / "scrapyd-deploy", "--version", "1"], cwd=checkout, capture_output=True, text=True, timeout=SECONDS,
        check=False,
    )  # fmt: skip
    assert deployed.returncode == 0, deployed.stderr + deployed.stdout
    return scrapyd.directory / "eggs" / "newsnap" / "1.egg"


def test_the_egg_holds_the_whole_package_and_nothing_else(egg: Path) -> None:
    with zipfile.ZipFile(egg) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/") and not name.startswith("EGG-INFO/")}
        entry_points = archive.read("EGG-INFO/entry_points.txt").decode()
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "newsnap").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == package
    assert "settings = newsnap.settings" in entry_points


def test_scrapyd_knows_the_sources(scrapyd: Scrapyd, egg: Path) -> None:
    assert {"people", "xinhua", "chinanews"} <= set(scrapyd.get("listspiders.json", project="newsnap")["spiders"])


def test_a_scheduled_job_stores_its_articles(
    scrapyd: Scrapyd, egg: Path, db: Database[Document], mongo_uri: str, tmp_path: Path
) -> None:
    recording = tmp_path / "day.warc.gz"
    record.record(recording, ["people"])
    settings = {"MONGO_URI": mongo_uri, "MONGO_DATABASE": db.name, "NEWSNAP_REPLAY": str(recording)}
    log = scrapyd.log_of(scrapyd.schedule("people", settings))
    articles = list(db.articles.find({"source": "people", "state": "live"}))
    assert len(articles) >= 5, log
    assert all(each["title"] and each["body"] for each in articles)
    assert db.captures.count_documents({}) >= len(articles)
    assert f"new {len(articles)}," in log
    assert db.crawls.find_one({"source": "people"}, {"counts.new": 1})["counts"]["new"] == len(articles)  # type: ignore[index]


def test_a_job_that_cannot_start_says_why_in_its_log(scrapyd: Scrapyd, egg: Path) -> None:
    log = scrapyd.log_of(scrapyd.schedule("people", {"MONGO_URI": "postgres://nowhere/"}))
    assert "MONGO_URI=postgres://nowhere/ is no MongoDB address" in log


def test_a_job_that_is_told_of_no_mongodb_uses_the_embedded_one(scrapyd: Scrapyd, egg: Path, tmp_path: Path) -> None:
    recording = tmp_path / "day.warc.gz"
    record.record(recording, ["people"])
    home = tmp_path / "home"
    log = scrapyd.log_of(scrapyd.schedule("people", {"NEWSNAP_HOME": str(home), "NEWSNAP_REPLAY": str(recording)}))
    assert "people: done" in log
    assert any((home / "mongo" / "data").iterdir())
    assert not EmbeddedServer(home).status().running  # it ended with the job, and the job's egg with both
