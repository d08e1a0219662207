"""The connection: MongoDB of the operator or the embedded one, waited for while it is away."""

import asyncio
import logging
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    InvalidURI,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from newsnap.ladder import Ladder
from newsnap.store.articles import Articles
from newsnap.store.errors import MongoAway, StoreError, WriteRefused, brief, passing
from newsnap.store.ledger import Ledger
from newsnap.store.notices import Notices
from newsnap.store.removal import Removal
from newsnap.store.rules import RuleStore
from newsnap.store.runs import Runs
from newsnap.store.schema import ensure_schema
from newsnap.store.server import EmbeddedServer
from newsnap.store.stories import Stories
from newsnap.store.subscriptions import Subscriptions
from newsnap.store.takedown_log import TakedownLog
from newsnap.store.terms import Terms
from newsnap.store.texts import Texts

logger = logging.getLogger(__name__)
T = TypeVar("T")
Document = dict[str, Any]

DURABLE = WriteConcern(w="majority", j=True)
"""A write counts when most members of the replica set have it in their journal."""

SELECTION_SECONDS = 5
"""A try to find a server takes at most so long; MongoDB's own default is 30."""
OPERATION_SECONDS = 30
"""An answer takes at most so long; without it, a server that hangs would hold the crawl for ever."""


class Store:
    """What newsnap keeps in MongoDB.

    Settings: MONGO_URI, MONGO_DATABASE, NEWSNAP_HOME, NEWSNAP_MONGO_BATCH_ARTICLES, NEWSNAP_MONGO_BATCH_SECONDS,
    NEWSNAP_MONGO_WAIT_SECONDS.
    """

    _of_crawlers: "weakref.WeakKeyDictionary[Crawler, Store]" = weakref.WeakKeyDictionary()

    def __init__(self, settings: BaseSettings):
        self.settings = settings
        self.uri: str = settings.get("MONGO_URI") or ""
        self.database_name: str = settings["MONGO_DATABASE"]
        self.wait_seconds = settings.getfloat("NEWSNAP_MONGO_WAIT_SECONDS")
        self.server = None if self.uri else EmbeddedServer.from_settings(settings)
        self.client: AsyncMongoClient[Document] | None = None
        self.away: MongoAway | None = None
        self.on_away: Callable[[], None] = lambda: None
        """Called once when MongoDB is given up."""
        self._opening = asyncio.Lock()
        self._told = 0.0
        self.articles = Articles(
            self,
            batch_articles=settings.getint("NEWSNAP_MONGO_BATCH_ARTICLES"),
            batch_seconds=settings.getfloat("NEWSNAP_MONGO_BATCH_SECONDS"),
        )
        self.stories = Stories(
            self,
            self.articles.clock,
            batch_articles=settings.getint("NEWSNAP_MONGO_BATCH_ARTICLES"),
            batch_seconds=settings.getfloat("NEWSNAP_MONGO_BATCH_SECONDS"),
        )
        self.ledger = Ledger(
            self,
            self.articles.clock,
            Ladder.of(settings),
            batch_articles=settings.getint("NEWSNAP_MONGO_BATCH_ARTICLES"),
            batch_seconds=settings.getfloat("NEWSNAP_MONGO_BATCH_SECONDS"),
        )
        self.rules = RuleStore(self)
        self.texts = Texts(self)
        self.removal = Removal(self)
        self.takedown_log = TakedownLog(self)
        self.notices = Notices(self)
        self.runs = Runs(self)
        self.terms = Terms(self)
        self.subscriptions = Subscriptions(self)

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the store that all components of a crawl share."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler.settings)
        return cls._of_crawlers[crawler]  # type: ignore[return-value]

    @property
    def db(self) -> AsyncDatabase[Document]:
        """The database, for durable writes."""
        if self.client is None:
            raise StoreError("the store is not open: await Store.open() first")
        return self.client.get_database(self.database_name, write_concern=DURABLE, read_concern=ReadConcern("local"))

    @property
    def where(self) -> str:
        """The address of MongoDB as it may be shown: without user and password."""
        return shown(self.uri) if self.uri else f"the embedded server in {self.server.home if self.server else ''}"

    async def open(self) -> Self:
        """Connect, and see to it that collections, validators and indexes are there; once, whoever calls first.

        Raises StoreError.
        """
        async with self._opening:
            if self.client is not None:
                return self
            uri = await asyncio.to_thread(self.join)
            logging.getLogger("pymongo").setLevel(logging.INFO)  # at DEBUG it prints what it writes: texts of articles
            try:
                client: AsyncMongoClient[Document] = AsyncMongoClient(
                    uri,
                    tz_aware=True,
                    appname="newsnap",
                    serverSelectionTimeoutMS=round(min(SELECTION_SECONDS, self.wait_seconds) * 1000) or 1,
                    socketTimeoutMS=OPERATION_SECONDS * 1000,
                    # `patiently` tries again, and says so
                    retryWrites=False,
                    retryReads=False,
                )
            except (InvalidURI, ConfigurationError, ValueError) as error:
                await asyncio.to_thread(self.leave)
                raise StoreError(
                    f"MONGO_URI={shown(uri)} is no MongoDB address ({error}): give mongodb://host:port/, or leave it "
                    "unset for the embedded server"
                ) from None
            try:
                await client.admin.command("ping")
                await ensure_schema(client.get_database(self.database_name, write_concern=DURABLE))
            except ServerSelectionTimeoutError as error:
                await client.close()
                await asyncio.to_thread(self.leave)
                raise StoreError(
                    f"MongoDB at {self.where} does not answer ({brief(error)}): start it, correct MONGO_URI, or "
                    "unset it for the embedded server"
                ) from None
            except PyMongoError as error:
                await client.close()
                await asyncio.to_thread(self.leave)
                raise self.refusal(error) from error
            except BaseException:
                await client.close()
                await asyncio.to_thread(self.leave)
                raise
            self.client = client
        return self

    async def close(self) -> None:
        """Disconnect; the embedded server stops if nobody else uses it."""
        await self.disconnect()
        await asyncio.to_thread(self.leave)

    async def disconnect(self) -> None:
        """Disconnect, and keep the embedded server."""
        client, self.client = self.client, None
        if client is not None:
            await client.close()

    def join(self) -> str:
        """Return the address of MongoDB, the embedded server's after starting it where nobody has.

        Raises store.server.ServerError.
        """
        return self.server.join() if self.server else self.uri

    def leave(self) -> None:
        """Need the embedded server no more."""
        if self.server:
            self.server.leave()

    def refusal(self, error: PyMongoError) -> StoreError:
        """Return in a sentence what MongoDB refuses, without what was asked of it."""
        return StoreError(f"MongoDB at {self.where} refuses: {brief(error)}")

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do what may be done twice, and wait while MongoDB is away.

        Raises MongoAway after NEWSNAP_MONGO_WAIT_SECONDS, and from then on at once.
        """
        since = None
        while True:
            if self.away:
                raise MongoAway(str(self.away))
            try:
                result = await act()
            except PyMongoError as error:
                if not passing(error):
                    if isinstance(error, WriteError | BulkWriteError):
                        raise WriteRefused.by(error, self.where) from None
                    raise
                since = time.monotonic() if since is None else since
                waited = time.monotonic() - since
                if waited >= self.wait_seconds:
                    self._give_up(error, waited)
                    continue
                self._tell(error, waited)
                await asyncio.sleep(min(0.5 + waited / 10, 5, max(0.1, self.wait_seconds - waited)))
            else:
                if since is not None and self._told:
                    self._told = 0.0
                    logger.warning("MongoDB at %s is back after %.0f s", self.where, time.monotonic() - since)
                return result

    def _tell(self, error: PyMongoError, waited: float) -> None:
        if not self._told or time.monotonic() - self._told > 10:
            self._told = time.monotonic()
            logger.warning(
                "MongoDB at %s is away (%s); the crawl waits, %.0f s of at most %.0f s, and nothing is lost",
                self.where, brief(error), waited, self.wait_seconds,
            )  # fmt: skip

    def _give_up(self, error: PyMongoError, waited: float) -> None:
        if self.away:  # many wait, one tells
            return
        logging.getLogger("scrapy.core.scraper").addFilter(is_news)
        self.away = MongoAway(
            f"MongoDB at {self.where} has been away for {waited:.0f} s ({brief(error)}); the crawl ends, what is not "
            "stored is fetched again next time; NEWSNAP_MONGO_WAIT_SECONDS says how long to wait"
        )
        logger.error("%s", self.away)
        self.on_away()


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a log record says more than that MongoDB is away, which was said when it was given up."""
    return not (record.exc_info and isinstance(record.exc_info[1], MongoAway))


def shown(uri: str) -> str:
    """Return an address without what is secret in it.

    >>> shown("mongodb://me:secret@db.example:27017/?tls=true")
    'db.example:27017'
    """
    try:
        return ",".join(f"{host}:{port}" if port else host for host, port in parse_uri(uri, validate=False)["nodelist"])
    except Exception:  # whatever it is, it must not be printed
        return uri.rpartition("@")[2].partition("?")[0] if "@" in uri else uri.partition("?")[0]
