"""The worker: a process beside a site, which indexes and finds relations, so that no reader waits for either."""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from pymongo.errors import PyMongoError
from scrapy.settings import BaseSettings, Settings

from newsnap.search.finding import Search
from newsnap.search.indexer import Indexer, Progress
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError

logger = logging.getLogger(__name__)

INDEX_SECONDS = 2.0
"""What a crawl stored can be searched so long after, and a little more."""
STEP_SECONDS = 1.0
"""Indexing lets relations be found in between after so long."""
MOST_WAITING = 300
"""Articles whose relations are to be found; of more the oldest wishes are forgotten, and wished again by a reader."""
NEWEST = 100
"""Of what was just indexed, so many are related before anybody asks."""
PASSED_ON = ("MONGO_URI", "MONGO_DATABASE", "NEWSNAP_HOME")
"""Settings of a site that its worker has to have as they are."""


class Worker:
    """The worker of a site: `async with Worker(settings) as worker`."""

    def __init__(self, settings: BaseSettings):
        self._settings = {name: settings.get(name) for name in PASSED_ON}
        self._pool: ProcessPoolExecutor | None = None
        self._wishes: deque[str] = deque(maxlen=MOST_WAITING)
        self._done: dict[str, asyncio.Event] = {}
        self._wished = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Worker":
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._pool:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def relate(self, id: str) -> asyncio.Event:
        """Wish that the relations of an article are found; the event tells when they are."""
        done = self._done.get(id)
        if done is None:
            if len(self._wishes) == MOST_WAITING:
                self._done.pop(self._wishes[0], None)
            done = self._done[id] = asyncio.Event()
            self._wishes.append(id)
            self._wished.set()
        return done

    async def _work(self) -> None:
        due = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() >= due:
                    progress, newest = await self._ask(index)
                    due = loop.time() + (0 if progress.behind and progress.indexed else INDEX_SECONDS)
                    for id in newest:
                        self.relate(id)
                while self._wishes and loop.time() < due:
                    id = self._wishes.pop()  # whoever wished last is still there to read
                    try:
                        await self._ask(relate, id)
                    finally:
                        if done := self._done.pop(id, None):
                            done.set()
                self._wished.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due - loop.time())):
                        await self._wished.wait()
            except (PyMongoError, StoreError, ServerError, OSError) as error:
                logger.warning("Searching waits for MongoDB: %s", type(error).__name__)
                await asyncio.sleep(INDEX_SECONDS)
            except BrokenProcessPool:
                logger.warning("The process that indexes ended; another one is started")
                self._pool = None
                await asyncio.sleep(INDEX_SECONDS)

    async def _ask(self, act: Any, *arguments: Any) -> Any:
        if self._pool is not None:
            return await asyncio.wrap_future(self._pool.submit(act, *arguments))
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=begin, initargs=(self._settings,))
        # the process is to end when the site does, not with the keys that end the site; it inherits that from its start
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            asked = self._pool.submit(act, *arguments)
        finally:
            signal.signal(signal.SIGINT, before)
        return await asyncio.wrap_future(asked)


# --- in the process ---

_runner: asyncio.Runner
_store: Store
_indexer: Indexer
_search: Search


def begin(values: dict[str, Any]) -> None:
    """Prepare the process, which ends when the site does, even if that is killed."""
    global _runner, _store, _indexer, _search
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=follow, daemon=True).start()
    os.nice(5)  # readers first
    settings = Settings()
    settings.setmodule("newsnap.settings", priority="project")
    settings.setdict(values, priority="cmdline")
    _runner = asyncio.Runner()
    _store = Store(settings)
    _indexer, _search = Indexer(_store), Search(_store)


def index() -> tuple[Progress, list[str]]:
    """Bring the index nearer to what is stored; return what was done, and the newest articles without relations."""

    async def act() -> tuple[Progress, list[str]]:
        await _store.open()
        progress = await _indexer.catch_up(seconds=STEP_SECONDS)
        return progress, await _store.terms.unrelated(NEWEST) if progress.indexed else []

    return _runner.run(act())


def relate(id: str) -> None:
    """Find the relations of an article and keep them."""

    async def act() -> None:
        await _store.open()
        if found := await _store.db.articles.find_one({"_id": id, "state": "live"}):
            await _search.relate(found)

    _runner.run(act())
