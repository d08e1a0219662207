"""A shelf of articles: put into the store as a crawl would put them, without pages to be read before."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pymongo.database import Database
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from newsnap.fingerprints import digests
from newsnap.items import Article, Capture
from newsnap.store import Store

T = TypeVar("T")
Document = dict[str, Any]
NOON = datetime(2026, 10, 3, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def settings_for(db: Database[Document], uri: str, **more: Any) -> Settings:
    """Return the settings of a newsnap that works on a test's database; batches wait as briefly as can be."""
    settings = get_project_settings()
    values = {"MONGO_URI": uri, "MONGO_DATABASE": db.name, "NEWSNAP_MONGO_BATCH_SECONDS": 0.004}
    for name, value in (values | more).items():
        settings.set(name, value, priority="cmdline")
    return settings


def in_store(settings: Settings, act: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store, do something with it, close it."""

    async def run() -> T:
        async with Store(settings) as store:
            return await act(store)

    return asyncio.run(run())


def article(
    id: str,
    body: str,
    *,
    title: str = "松渡换泵",
    published: datetime | None = NOON,
    precision: str | None = "minute",
    fetched: datetime = NOON + HOUR,
    **more: Any,
) -> Article:
    """Return an article as it leaves the steps before the store."""
    source = id.partition(":")[0]
    url = f"https://{source}.example/{id.partition(':')[2]}.html"
    content_hash, fingerprint = digests(title, body)
    capture = Capture(
        url=url,
        status=200,
        headers=[("Content-Type", "text/html")],
        body=body.encode(),
        encoding="utf-8",
        fetched=fetched,
    )
    return Article(
        id=id, source=source, site=f"{source}报", url=url, title=title, body=body, snapshot=fetched,
        published=published, published_precision=precision if published else None, content_hash=content_hash,
        fingerprint=fingerprint, captures=[capture], **more,
    )  # fmt: skip


async def put(store: Store, arriving: Article) -> str:
    """Take an article down the steps from dedupe to the store; return how that went."""
    found = await store.articles.find(arriving)
    if found.own is None and found.holder:
        await store.articles.add_duplicate(found.holder, arriving)
        await store.ledger.saw(arriving, found.holder)
        return "duplicate"
    outcome = await store.articles.write(arriving, found.own)
    if outcome in ("new", "changed"):
        await store.stories.link(arriving, revised=outcome == "changed")
    return outcome


async def put_all(store: Store, arriving: Iterable[Article], *, at_once: int = 20) -> list[str]:
    """Put articles, so many at once; return how each went, in order."""
    waiting = asyncio.Semaphore(at_once)

    async def one(each: Article) -> str:
        async with waiting:
            return await put(store, each)

    return list(await asyncio.gather(*(one(each) for each in arriving)))
