"""The embedded server: started by the first, stopped by the last, and safe from whatever is killed in between."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from newsnap.mongod.binary import find_binary
from newsnap.mongod.files import SOCKET_PATH_BYTES, ServerFiles, ServerState
from newsnap.mongod.supervisor import last_words
from newsnap.store import server as server_module
from newsnap.store.server import EmbeddedServer, ServerError

PROJECT = Path(__file__).parents[1]
MEMBER = """
import pathlib, sys
from newsnap.store.server import EmbeddedServer
with EmbeddedServer(pathlib.Path(sys.argv[1])) as server:
    print(server.uri, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A NEWSNAP_HOME; what still runs for it after the test is killed."""
    yield tmp_path / "home"
    end(tmp_path / "home")


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedServer]:
    """A server that runs; it is killed after the test, which is faster than a stop."""
    server = EmbeddedServer(home)
    server.join()
    yield server
    end(home)
    server.leave()


def end(home: Path) -> None:
    state = ServerFiles(home).state()
    for process in (state.supervisor, state.mongod) if state else ():
        if process and str(home) in " ".join(command_of(process)):
            os.kill(process, signal.SIGKILL)
            wait_for(lambda process=process: not command_of(process))


def command_of(process: int) -> list[str]:
    try:
        return list(psutil.Process(process).cmdline())
    except psutil.NoSuchProcess:
        return []


def mongods(home: Path) -> list[int]:
    """The process ids of all mongods with these data."""
    data = str(home / "mongo" / "data")
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            if command and command[0].endswith("mongod") and data in command and process.status() != "zombie":
                found.append(process.pid)
    return found


def state_of(home: Path) -> ServerState:
    state = ServerFiles(home).state()
    assert state is not None
    return state


def wait_for(condition: Callable[[], Any], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def member(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is a member as long as its standard input is open."""
    process = subprocess.Popen(
        [sys.executable, "-c", MEMBER, str(home)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def insert(uri: str, document: dict[str, Any]) -> None:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
        durable = WriteConcern(w="majority", j=True)
        client.get_database("test", write_concern=durable).things.insert_one(document)


def read(uri: str) -> list[Any]:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
        return sorted(document["_id"] for document in client.test.things.find())


def test_the_first_member_starts_the_server_and_the_last_one_stops_it(home: Path) -> None:
    one, two = EmbeddedServer(home), EmbeddedServer(home)
    assert one.status().state == "stopped"
    uri = one.join()
    assert two.join() == uri
    status = one.status()
    assert (status.running, status.uri, status.pid) == (True, uri, mongods(home)[0])
    assert status.members is None or len(status.members) == 2
    one.leave()
    insert(uri, {"_id": 1})
    two.leave()
    assert mongods(home) == []
    two.leave()
    assert two.status().state == "stopped"
    with two:
        assert read(two.uri) == [1]


def test_change_streams_and_transactions_work(mongo_uri: str) -> None:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.test_changes.create_collection("things")
        with client.test_changes.things.watch() as changes, client.start_session() as session:
            with session.start_transaction():
                client.test_changes.things.insert_one({"_id": 1}, session=session)
            assert changes.next()["fullDocument"] == {"_id": 1}
        client.drop_database("test_changes")


def test_two_processes_that_start_at_once_share_one_mongod(home: Path) -> None:
    with member(home) as one, member(home) as two:
        assert one.stdout
        assert two.stdout
        assert one.stdout.readline() == two.stdout.readline() != ""
        assert len(mongods(home)) == 1


def test_mongod_ends_when_its_only_member_is_killed_and_nothing_is_lost(home: Path) -> None:
    with member(home) as process:
        assert process.stdout
        insert(process.stdout.readline().strip(), {"_id": 1})
        process.kill()
    wait_for(lambda: not mongods(home), seconds=5)
    with EmbeddedServer(home) as server:
        assert read(server.uri) == [1]


def test_a_killed_mongod_comes_back_at_the_same_address_with_what_it_acknowledged(
    server: EmbeddedServer, home: Path
) -> None:
    insert(server.uri, {"_id": 1})
    first = mongods(home)[0]
    os.kill(first, signal.SIGKILL)

    def written_again() -> bool:
        try:
            insert(server.uri, {"_id": 2})
        except PyMongoError:
            return False
        return True

    wait_for(written_again)
    assert read(server.uri) == [1, 2]
    assert mongods(home) != [first]


def test_after_its_supervisor_is_killed_mongod_is_adopted_and_never_doubled(home: Path) -> None:
    with EmbeddedServer(home) as one:
        insert(one.uri, {"_id": 1})
        before = mongods(home)
        os.kill(state_of(home).supervisor or 0, signal.SIGKILL)
        wait_for(lambda: one.status().state == "unsupervised")
        with EmbeddedServer(home) as two:
            assert mongods(home) == before
            assert read(two.uri) == [1]
            os.kill(before[0], signal.SIGKILL)  # the adopted one is started again, too
            wait_for(lambda: (found := mongods(home)) and found != before)
    assert mongods(home) == []


def test_the_last_member_stops_mongod_even_if_the_supervisor_was_killed(home: Path) -> None:
    with EmbeddedServer(home):
        os.kill(state_of(home).supervisor or 0, signal.SIGKILL)
    assert mongods(home) == []


def test_who_joins_while_the_last_one_leaves_gets_a_server_that_works(home: Path) -> None:
    server = EmbeddedServer(home)
    server.join()
    with ThreadPoolExecutor() as pool:
        for pause in (0.1, 0.5):  # about when the supervisor sees that nobody is left, and amid the stop
            leaving = pool.submit(server.leave)
            time.sleep(pause)
            server = EmbeddedServer(home)
            insert(server.join(), {"_id": pause})
            leaving.result()
    server.leave()
    assert mongods(home) == []


def test_a_start_that_is_cut_off_before_the_replica_set_is_made_is_completed_by_the_next(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(server_module, "_is_primary", lambda uri, deadline: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            EmbeddedServer(home).join()
    wait_for(lambda: not mongods(home))
    with EmbeddedServer(home) as server:
        insert(server.uri, {"_id": 1})


FORKS = """
import os, pathlib, sys, time
from newsnap.store.server import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]))
server.join()
if not (child := os.fork()):
    server.leave()
    os._exit(0)
os.waitpid(child, 0)
time.sleep(0.5)
print(server.status().state, flush=True)
if os.fork():
    os._exit(0)
time.sleep(0.5)
print(server.status().state, flush=True)
"""


def test_a_forked_child_neither_ends_its_parents_membership_nor_loses_it_with_the_parent(home: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FORKS, str(home)], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert run.stdout.split() == ["running", "running"]
    wait_for(lambda: not mongods(home))


@pytest.mark.usefixtures("server")
def test_only_a_private_socket_is_opened(home: Path) -> None:
    assert psutil.Process(mongods(home)[0]).net_connections("inet") == []
    path = Path(state_of(home).socket)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_fixed_port_is_opened_on_loopback_only_and_one_that_is_taken_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} .* NEWSNAP_MONGO_PORT .* is taken"):
            EmbeddedServer(home, port=port).join()
    assert mongods(home) == []
    with EmbeddedServer(home, port=port) as server:
        assert server.uri.startswith(f"mongodb://127.0.0.1:{port}/")
        insert(server.uri, {"_id": 1})
        connections = psutil.Process(mongods(home)[0]).net_connections("inet")
        assert {connection.laddr.ip for connection in connections} == {"127.0.0.1"}


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_a_number_that_is_no_port_is_refused(home: Path, port: int) -> None:
    with pytest.raises(ServerError, match=f"NEWSNAP_MONGO_PORT is {port}: a port is a number from 1 to 65535"):
        EmbeddedServer(home, port=port)


def test_any_path_will_do_and_the_data_can_be_moved(tmp_path: Path) -> None:
    homes = [tmp_path / "新闻 快照 %2F+@", tmp_path / ("很长的名字" * 15) / "家"]
    try:
        with EmbeddedServer(homes[0]) as server:
            insert(server.uri, {"_id": 1})
        homes[1].parent.mkdir()
        shutil.move(homes[0], homes[1])
        with EmbeddedServer(homes[1]) as server:
            assert read(server.uri) == [1]
            place = Path(state_of(homes[1]).socket)
            assert len(os.fsencode(place)) <= SOCKET_PATH_BYTES
            assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert not place.parent.exists()
    finally:
        for home in homes:
            end(home)


def test_a_home_below_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(ServerError, match=r"cannot keep its data in .*director.*set NEWSNAP_HOME"):
            EmbeddedServer(home).join()


def test_data_that_another_mongod_has_open_are_left_to_it(home: Path) -> None:
    files = ServerFiles(home)
    files.create()
    foreign = subprocess.Popen(
        [find_binary().path, "--dbpath", files.data, "--bind_ip", "./other.sock", "--nounixsocket"],
        cwd=home,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(files.orphan)
        with pytest.raises(ServerError, match=f"in use by process {foreign.pid}, a mongod that newsnap did not start"):
            EmbeddedServer(home).join()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_data_that_mongod_refuses_are_told_with_its_own_words(home: Path) -> None:
    with EmbeddedServer(home):
        pass
    (home / "mongo" / "data" / "WiredTiger.wt").write_bytes(b"not a table" * 1000)
    with pytest.raises(ServerError, match=r"mongod .* ended at its start: WiredTiger error message: .*mongod\.log"):
        EmbeddedServer(home).join()
    assert "ended at its start" in EmbeddedServer(home).status().error


def test_too_little_room_on_the_disk_is_told_before_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(ServerError, match=r"\d+ MB are free where .* set NEWSNAP_HOME to another disk"):
        EmbeddedServer(home).join()
    assert mongods(home) == []


@pytest.mark.usefixtures("server")
def test_the_server_stops_when_its_directory_is_deleted(home: Path) -> None:
    process = mongods(home)[0]
    shutil.rmtree(home, ignore_errors=True)
    wait_for(lambda: not command_of(process))


def fake_mongod(folder: Path, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "mongod").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mongod").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'libcurl.so.4: cannot open shared object file' >&2; exit 127", "apt-get install libcurl4"),
        ("echo 'libcrypto.so.3: cannot open shared object file' >&2; exit 127", "with OpenSSL 1.1, put fiftyone-db"),
        ("kill -ILL $$", "SIGILL .*AVX"),
        ("echo db version v3.6.8", "MongoDB 3.6, and 5.0 is the least"),
        ("echo hello", "does not run: hello"),
    ],
)
def test_a_mongod_that_is_of_no_use_is_passed_over_or_else_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    fake_mongod(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_binary().path != tmp_path / "mongod"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ServerError, match=f"no mongod .*{tmp_path}/mongod .*{words}.* or set MONGO_URI"):
        find_binary()


def test_without_any_mongod_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ServerError, match=r"none on \$PATH.*: install MongoDB 5 or later .* or set MONGO_URI"):
        find_binary()


def test_the_mongod_on_the_path_comes_first_unless_another_made_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = find_binary()
    fake_mongod(tmp_path, "echo db version v99.0.1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_binary().path == tmp_path / "mongod"
    assert find_binary(data_version=ours.version).line == ours.line
    assert find_binary(data_version="98.0.0").path == tmp_path / "mongod"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ""),
        ("not JSON\n", ""),
        ('{"s":"I","msg":"Started","attr":{"error":"none"}}', ""),
        (
            '{"s":"E","msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: locked"}}\n'
            '{"s":"F","msg":"aborting after fassert() failure"}',
            "DBException in initAndListen, terminating: DBPathInUse: locked",
        ),
        (
            '{"s":"E","msg":"WiredTiger error message",'
            '"attr":{"error":28,"message":{"msg":"pwrite failed","error_str":"No space left on device"}}}',
            "WiredTiger error message: pwrite failed: No space left on device",
        ),
    ],
)
def test_the_cause_of_death_is_found_in_mongods_log(log: str, words: str) -> None:
    assert last_words(log) == words
