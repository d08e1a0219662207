"""`scrapy mongo`: the embedded server by hand."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings

from newsnap.mongod.files import ServerFiles
from newsnap.store.server import EmbeddedServer

ROOT = Path(__file__).parents[1]
Mongo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A NEWSNAP_HOME without a server after the test."""
    yield tmp_path / "home"
    EmbeddedServer(tmp_path / "home").release(now=True)


@pytest.fixture
def mongo(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mongo:
    """Run `scrapy mongo ARGUMENTS` for the embedded server of `home`; return exit code, output and errors."""
    monkeypatch.chdir(ROOT)

    def run(*arguments: str, **changes: str) -> tuple[int, str, str]:
        settings = get_project_settings()
        settings.setdict({"NEWSNAP_HOME": str(home), "MONGO_URI": ""} | changes)
        with pytest.raises(SystemExit) as ending:
            execute(["scrapy", "mongo", *arguments], settings)
        assert isinstance(ending.value.code, int)
        return ending.value.code, *capsys.readouterr()

    return run


def test_the_server_runs_from_start_to_stop(mongo: Mongo, home: Path) -> None:
    code, output, _ = mongo("status")
    assert (code, output.splitlines()[0]) == (3, "state    stopped")
    code, output, errors = mongo("start")
    assert code == 0
    assert "until `scrapy mongo stop`" in errors
    (uri,) = output.splitlines()  # as "$(scrapy mongo start)" takes it
    with MongoClient[dict[str, object]](uri) as client:
        client.test.things.insert_one({"_id": 1})
    code, output, _ = mongo("status")
    assert code == 0
    rows = dict(line.split(maxsplit=1) for line in output.splitlines())
    assert rows["state"] == "running, until `scrapy mongo stop`"
    assert rows["address"] == uri
    assert rows["members"] in ("0", "unknown")
    assert rows["data"].startswith(str(home / "mongo" / "data"))
    with EmbeddedServer(home) as crawl:
        assert crawl.uri == uri
    assert EmbeddedServer(home).status().running, "a member that leaves does not end what was started by hand"
    assert mongo("stop") == (0, "MongoDB is stopped\n", "")
    assert mongo("stop") == (0, "MongoDB was not running\n", "")


def test_stop_waits_for_those_who_use_the_server_unless_told_now(mongo: Mongo, home: Path) -> None:
    with EmbeddedServer(home) as crawl:
        code, output, _ = mongo("stop")
        assert code == 0
        assert "MongoDB is still used" in output
        assert "--now" in output
        assert crawl.status().running
        code, output, _ = mongo("stop", "--now")
        assert code == 0
        assert output.startswith("MongoDB is stopped")
        assert crawl.status().state == "stopped"
        with EmbeddedServer(home) as later:
            assert later.uri == crawl.uri


def test_stop_ends_a_server_whose_supervisor_was_killed(mongo: Mongo, home: Path) -> None:
    EmbeddedServer(home).keep()
    state = ServerFiles(home).state()
    assert state is not None
    os.kill(state.supervisor or 0, signal.SIGKILL)
    code, output, _ = mongo("status")
    assert code == 0
    assert "state    unsupervised" in output
    assert mongo("stop") == (0, "MongoDB is stopped\n", "")
    assert ServerFiles(home).orphan() is None


def test_an_outside_mongodb_is_shown_without_its_password_and_left_alone(mongo: Mongo, mongo_uri: str) -> None:
    away = "mongodb://operator:secret@127.0.0.1:1/?serverSelectionTimeoutMS=100"
    for action, code in (("start", 1), ("stop", 1), ("status", 3)):
        ended, *words = mongo(action, MONGO_URI=away)
        assert ended == code
        assert "127.0.0.1:1" in "".join(words)
        assert "MONGO_URI" in "".join(words)
        assert "secret" not in "".join(words)
    code, output, _ = mongo("status", MONGO_URI=mongo_uri)
    assert (code, output.splitlines()[0]) == (0, "state    running")


@pytest.mark.parametrize("arguments", [(), ("begin",), ("start", "now"), ("start", "--now")])
def test_anything_but_start_status_and_stop_is_refused(mongo: Mongo, arguments: tuple[str, ...]) -> None:
    assert mongo(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"NEWSNAP_MONGO_PORT": "http"}, "NEWSNAP_MONGO_PORT is 'http': a port is a number from 1 to 65535"),
        ({"NEWSNAP_MONGO_PORT": "70000"}, "NEWSNAP_MONGO_PORT is 70000: a port is a number from 1 to 65535"),
        ({"NEWSNAP_HOME": __file__}, f"{__file__} is no directory): set NEWSNAP_HOME"),
    ],
)
def test_what_keeps_the_server_from_starting_is_one_line(mongo: Mongo, settings: dict[str, str], words: str) -> None:
    code, _, errors = mongo("start", **settings)
    assert code == 1
    assert words in errors
    assert len(errors.splitlines()) == 1
