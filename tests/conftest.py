"""What all tests share: no connection leaves the machine, a real MongoDB, and `scrapy` as a user runs it."""

import functools
import ipaddress
import os
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import readied
from databases import empty_database
from pymongo.database import Database
from scrapy.settings import Settings
from shelf import in_store
from taken_down import settings_of

from newsnap.store import Store
from newsnap.store.server import EmbeddedServer

ROOT = Path(__file__).parent.parent
Document = dict[str, Any]
Scrapy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _no_connection_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what is not loopback, naming the address."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
                raise AssertionError(f"a test connects to {host}: tests stay on this machine")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MongoDB for all tests: the embedded server, in a home of its own."""
    with EmbeddedServer(tmp_path_factory.mktemp("home")) as server:
        yield server.join()


@pytest.fixture
def db(mongo_uri: str) -> Iterator[Database[Document]]:
    """An empty database, as another program sees it."""
    with empty_database(mongo_uri) as db:
        yield db


@pytest.fixture
def environment(db: Database[Document], mongo_uri: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a newsnap that works on the test's database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))}
    return kept | {
        "MONGO_URI": mongo_uri,
        "MONGO_DATABASE": db.name,
        "NEWSNAP_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits_after_the_tests() -> Iterator[None]:
    yield
    readied.stop()


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The settings of a newsnap that works on the test's database."""
    return settings_of(environment)


@pytest.fixture
def within(settings: Settings) -> Callable[[Callable[[Store], Awaitable[Any]]], Any]:
    """Do something with a store that is open meanwhile."""
    return functools.partial(in_store, settings)


@pytest.fixture
def scrapy(environment: dict[str, str]) -> Scrapy:
    """Run `scrapy ARGUMENTS` in the project, to its end; keyword arguments are environment variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return readied.run(("-m", "scrapy", *arguments), environment | variables)

    return run
