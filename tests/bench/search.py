"""What searching costs: `python tests/bench/search.py [--articles 100000] [--home DIR] [--seconds 30] [--rate 50]`.

Articles of our own prose are put into the embedded server and indexed; then queries of each kind are asked one by one,
and then so many a second, whether those before them are answered or not.  Milliseconds; CPU is that of this process and
of mongod.  A `--home` that is kept is not filled again.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import prose  # noqa: E402

from newsnap.search import Indexer, Search  # noqa: E402
from newsnap.store import Store  # noqa: E402
from newsnap.store.server import EmbeddedServer  # noqa: E402

EACH = 200
"""Queries of a kind."""


async def server_seconds(store: Store) -> float:
    """Return the CPU that mongod has used."""
    info = (await store.db.command("serverStatus"))["extra_info"]
    return float(info["user_time_us"] + info["system_time_us"]) / 1e6


async def metered(
    store: Store, acts: Sequence[Callable[[], Awaitable[Any]]]
) -> tuple[list[float], float, float, list[Any]]:
    """Do one after the other; return how long each took in ms, own CPU and mongod's in ms each, what came of them."""
    took, came = [], []
    server, own = await server_seconds(store), time.process_time()
    for act in acts:
        began = time.perf_counter()
        came.append(await act())
        took.append((time.perf_counter() - began) * 1000)
    cpu = (time.process_time() - own) / len(acts) * 1000
    return took, cpu, (await server_seconds(store) - server) / len(acts) * 1000, came


def percentile(took: Sequence[float], share: float) -> float:
    return sorted(took)[min(int(len(took) * share), len(took) - 1)]


def queries(kind: str, count: int, chance: random.Random) -> list[tuple[str, str | None]]:
    """Return queries of a kind, with the identity of the article that is looked for."""
    found: list[tuple[str, str | None]] = []
    words, _ = prose.vocabulary()
    while len(found) < count:
        article = prose.prose(chance.randrange(ARTICLES))
        id = prose.document(article)["_id"]
        at = chance.randrange(0, len(article.body) - 40)
        phrase = article.body[at : at + 14].replace("\n", "")
        if phrase[0].isdigit() or phrase[-1].isdigit():  # nobody cuts a number
            continue
        text = {
            "one word": lambda: words[chance.randrange(200, 5000)],
            "a frequent word": lambda: words[chance.randrange(0, 100)],
            "two words": lambda: " ".join(chance.sample(prose.subject(str(chance.randrange(prose.SUBJECTS)))[0], 2)),
            "phrase, as typed": lambda phrase=phrase: phrase,
            "phrase, quoted": lambda phrase=phrase: f'"{phrase}"',
            "headline": lambda article=article: article.title,
            "headline words": lambda article=article: f"{article.title[:2]} {article.title[3:7]} {article.title[-4:]}",
            "names": lambda article=article: f"{article.people[2]} {article.people[0]}",
            "filtered": lambda article=article: f"{article.title[:4]} -体育 来源:人民网 after:2026-05",
            "costly": lambda article=article: article.body[:200].replace("\n", ""),
        }[kind]()
        found.append((text, id if kind in KNOWN else None))
    return found


KNOWN = ("phrase, as typed", "phrase, quoted", "headline", "headline words", "names")
KINDS = ("one word", "a frequent word", "two words", *KNOWN, "filtered", "costly")
ARTICLES = 100_000


async def fill(store: Store, *, rebuild: bool) -> None:
    """Put articles into the store, and index them."""
    there = await store.db.articles.estimated_document_count()
    batch: list[dict[str, Any]] = []
    began = time.process_time()
    for document in prose.documents(ARTICLES - there):
        batch.append(document)
        if len(batch) == 2000:
            await store.db.articles.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await store.db.articles.insert_many(batch, ordered=False)
    print(f"{ARTICLES:,} articles written in {time.process_time() - began:.0f} s of own CPU", flush=True)
    server, own, began = await server_seconds(store), time.process_time(), time.perf_counter()
    indexer, indexed = Indexer(store), 0
    if rebuild:
        await indexer.start_over()
    while (done := await indexer.catch_up(seconds=20)).behind or done.indexed:
        indexed += done.indexed
    if indexed:
        print(
            f"indexed {indexed:,}: an article takes {(time.perf_counter() - began) / indexed * 1000:.2f} ms, own CPU "
            f"{(time.process_time() - own) / indexed * 1000:.2f}, of mongod "
            f"{(await server_seconds(store) - server) / indexed * 1000:.2f}"
        )
    for name in ("articles", "terms", "segments", "postings"):
        stats = await store.db.command("collStats", name)
        size, disk, indexes = (stats[each] / 2**20 for each in ("size", "storageSize", "totalIndexSize"))
        print(f"  {name}: {stats['count']:,} documents, {size:.0f} MB, on disk {disk:.0f} MB, indexes {indexes:.0f} MB")


async def one_by_one(store: Store) -> None:
    """Ask queries of each kind, none of them twice."""
    search, chance = Search(store), random.Random(7)
    await search.find("文创")
    print(f"\n{'':20} {'median':>7} {'95 %':>7} {'own CPU':>8} {'mongod':>7}   found among the first three")
    for kind in KINDS:
        asked = queries(kind, EACH, chance)
        acts = [lambda text=text: search.find(text) for text, _ in asked]
        took, own, server, results = await metered(store, acts)
        known = [id in [hit.id for hit in found.hits[:3]] for (_, id), found in zip(asked, results, strict=True) if id]
        recall = f"{statistics.mean(known):.3f}" if known else ""
        print(f"{kind:20} {row(took, own, server)}   {recall}", flush=True)
    articles = [
        await store.db.articles.find_one({"_id": prose.document(prose.prose(chance.randrange(ARTICLES)))["_id"]})
        for _ in range(EACH)
    ]
    for how in ("related, found", "related, kept"):
        took, own, server, _ = await metered(store, [lambda each=each: search.related(each) for each in articles])
        print(f"{how:20} {row(took, own, server)}", flush=True)


def row(took: Sequence[float], own: float, server: float) -> str:
    return f"{statistics.median(took):7.1f} {percentile(took, 0.95):7.1f} {own:8.1f} {server:7.1f}"


async def at_a_rate(store: Store, rate: int, seconds: int) -> None:
    """Ask so many a second, of all kinds but the costly."""
    search, chance = Search(store), random.Random(11)
    await search.find("文创")
    kinds = [kind for kind in KINDS if kind not in ("costly", "a frequent word")]
    asked = [queries(chance.choice(kinds), 1, chance)[0][0] for _ in range(rate * seconds)]
    took: list[float] = []

    async def ask(text: str, due: float) -> None:
        await search.find(text)
        took.append((time.perf_counter() - due) * 1000)

    server, own, began = await server_seconds(store), time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for at, text in enumerate(asked):
            due = began + at / rate
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(ask(text, due))
    own = (time.process_time() - own) / len(asked) * 1000
    server = (await server_seconds(store) - server) / len(asked) * 1000
    tail = f"95 % {percentile(took, 0.95):.1f}, 99 % {percentile(took, 0.99):.1f}"
    print(f"\n{rate} a second for {seconds} s: median {statistics.median(took):.1f}, {tail}")
    memory = psutil.Process().memory_info().rss / 2**20
    print(f"own CPU {own:.1f}, mongod {server:.1f} a query; memory of this process {memory:.0f} MB")
    print(f"load {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores")


async def purging(store: Store) -> None:
    """Let articles be forgotten as after a takedown: one, and two hundred all over the index."""
    print()
    for count in (1, 200):
        query = {
            "state": "live",
            "_id": {"$in": [prose.document(prose.prose(n))["_id"] for n in range(count, 9000, 40)]},
        }
        ids = [each["_id"] for each in await store.db.articles.find(query, {"_id": 1}, limit=count).to_list()]
        await store.db.articles.update_many(
            {"_id": {"$in": ids}}, {"$set": {"state": "held", "changed": datetime.now(UTC)}}
        )
        indexer = Indexer(store)
        took, own, server, _ = await metered(store, [lambda ids=ids, indexer=indexer: indexer.forget(ids)])
        print(f"{count:3} forgotten: {took[0]:.0f} ms, own CPU {own:.0f}, mongod {server:.0f}")


async def bench(settings: Settings, rate: int, seconds: int, *, rebuild: bool) -> None:
    async with Store(settings) as store:
        await fill(store, rebuild=rebuild)
        await one_by_one(store)
        await at_a_rate(store, rate, seconds)
        await purging(store)


def main() -> None:
    global ARTICLES
    parser = argparse.ArgumentParser(description="What searching costs.")
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--home", type=Path, help="kept between runs; default: a new one that is deleted")
    parser.add_argument("--rebuild", action="store_true", help="index what is kept anew")
    parser.add_argument("--rate", type=int, default=50, help="queries a second")
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    ARTICLES = options.articles
    with tempfile.TemporaryDirectory() as new, EmbeddedServer(options.home or Path(new)) as server:
        settings = get_project_settings()
        for name, value in {"MONGO_URI": server.join(), "MONGO_DATABASE": "bench"}.items():
            settings.set(name, value, priority="cmdline")
        asyncio.run(bench(settings, options.rate, options.seconds, rebuild=options.rebuild))


if __name__ == "__main__":
    main()
