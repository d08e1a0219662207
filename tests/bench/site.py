"""What pages cost: `python tests/bench/site.py [--articles 100000] [--home DIR] [--seconds 20] [--rate 50]`.

Articles of our own prose in the embedded server, and `scrapy serve` in one process; pages of each kind are asked for so
many times a second, whether those before them are answered or not, each by one of many clients that take compressed
answers.  Then a flood of costly searches while others read articles.  Milliseconds from when a page was due; CPU is
that of the site and of mongod.  A `--home` that is kept is not filled again.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

import prose  # noqa: E402
import search  # noqa: E402 - the bench of searching: it puts the same articles there
from search import KINDS, fill, percentile, queries, server_seconds  # noqa: E402
from served import serving  # noqa: E402

from newsnap.categories import CATEGORIES  # noqa: E402
from newsnap.store import Store  # noqa: E402
from newsnap.store.server import EmbeddedServer  # noqa: E402

Path_of = Callable[[random.Random], str]
FLOOD = 60
"""Clients that search without a pause."""


class Clients:
    """Clients that keep their connections."""

    def __init__(self, base: str):
        parts = urlsplit(base)
        self.host, self.port = parts.hostname, parts.port
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.statuses: dict[int, int] = {}

    async def get(self, path: str) -> int:
        """Ask for a page, read it whole, and return its size."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
        head = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: gzip\r\n\r\n"
        writer.write(head.encode())
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        await reader.readexactly(size)
        status = int(lines[0].split()[1])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if headers.get("connection") == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        return size

    def close(self) -> None:
        for _, writer in self.idle:
            writer.close()


def article(chance: random.Random) -> str:
    """Return the path of an article; as readers do, half of them among the newest."""
    newest = search.ARTICLES if chance.random() < 0.5 else min(2000, search.ARTICLES)
    return "/article/" + quote(prose.document(prose.prose(chance.randrange(newest)))["_id"], safe=":")


def listing(chance: random.Random) -> str:
    """Return the path of a list, or of a later page of one."""
    at = prose.document(prose.prose(chance.randrange(search.ARTICLES)))
    later = f"?after={int(at['published'].timestamp() * 1000)}.{at['_id']}" if chance.random() < 0.5 else ""
    day = (prose.NEWEST - timedelta(days=chance.randrange(1, 300))).strftime("%Y-%m-%d")
    places = ["/", f"/category/{quote(chance.choice(CATEGORIES))}", f"/source/{chance.choice(list(prose.SOURCES))}"]
    return chance.choice([*places, f"/day/{day}"]) + later


def asking(chance: random.Random) -> str:
    """Return the path of a search of any kind but the costly."""
    kinds = [kind for kind in KINDS if kind not in ("costly", "a frequent word")]
    return "/search?q=" + quote(queries(chance.choice(kinds), 1, chance)[0][0])


async def at_a_rate(clients: Clients, paths: Sequence[str], rate: float) -> list[float]:
    """Ask for pages at a rate; return how long each took."""
    took: list[float] = []

    async def ask(path: str, due: float) -> None:
        await clients.get(path)
        took.append((time.perf_counter() - due) * 1000)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for at, path in enumerate(paths):
            due = began + at / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(path, due))
    return took


async def flood(clients: Clients, paths: Sequence[str], until: asyncio.Event) -> int:
    """Search without a pause until told to stop; return how many were answered."""
    answered = 0

    async def one(number: int) -> None:
        nonlocal answered
        at = number
        while not until.is_set():
            await clients.get(paths[at % len(paths)])
            at, answered = at + FLOOD, answered + 1

    await asyncio.gather(*(one(number) for number in range(FLOOD)))
    return answered


async def bench(settings: Settings, base: str, site: psutil.Process, rate: int, seconds: int) -> None:
    async with Store(settings) as store:
        print(f"\n{'':10} {'median':>7} {'95 %':>7} {'99 %':>7} {'site CPU':>9} {'mongod':>7} {'bytes':>7}   statuses")
        kinds: dict[str, Path_of] = {"articles": article, "lists": listing, "searches": asking}
        chance = random.Random(5)
        for warm in range(2):
            for kind, path_of in kinds.items():
                paths = [path_of(chance) for _ in range(rate * (seconds if warm else 2))]
                clients = Clients(base)
                server, own = await server_seconds(store), sum(site.cpu_times()[:2])
                took = await at_a_rate(clients, paths, rate)
                own = (sum(site.cpu_times()[:2]) - own) / len(paths) * 1000
                server = (await server_seconds(store) - server) / len(paths) * 1000
                size = statistics.mean([await clients.get(path) for path in paths[:20]])
                clients.close()
                if warm:
                    print(
                        f"{kind:10} {statistics.median(took):7.1f} {percentile(took, 0.95):7.1f} "
                        f"{percentile(took, 0.99):7.1f} {own:9.1f} {server:7.1f} {size:7.0f}   {clients.statuses}",
                        flush=True,
                    )
        costly = ["/search?q=" + quote(text) for text, _ in queries("costly", 200, chance)]
        readers, searchers, stop = Clients(base), Clients(base), asyncio.Event()
        flooding = asyncio.create_task(flood(searchers, costly, stop))
        await asyncio.sleep(1)
        took = await at_a_rate(readers, [article(chance) for _ in range(20 * seconds)], 20)
        stop.set()
        answered = await flooding
        print(
            f"\narticles at 20 a second while {FLOOD} clients search without a pause: median "
            f"{statistics.median(took):.1f}, 95 % {percentile(took, 0.95):.1f}; searches: {answered} answered, "
            f"{searchers.statuses}"
        )
        print(f"memory of the site {site.memory_info().rss / 2**20:.0f} MB; load {psutil.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="What pages cost.")
    parser.add_argument("--articles", type=int, default=search.ARTICLES)
    parser.add_argument("--home", type=Path, help="kept between runs; default: a new one that is deleted")
    parser.add_argument("--rate", type=int, default=50, help="pages a second")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    search.ARTICLES = options.articles
    with tempfile.TemporaryDirectory() as new, EmbeddedServer(options.home or Path(new)) as server:
        settings = get_project_settings()
        variables = {"MONGO_URI": server.join(), "MONGO_DATABASE": "bench"}
        for name, value in variables.items():
            settings.set(name, value, priority="cmdline")

        async def prepare() -> None:
            async with Store(settings) as store:
                await fill(store, rebuild=False)

        asyncio.run(prepare())
        limits = {"NEWSNAP_SITE_REQUESTS_PER_MINUTE": "10000000", "NEWSNAP_SITE_SEARCHES_PER_MINUTE": "10000000"}
        before = set(psutil.Process().children())
        with serving({**os.environ, "NEWSNAP_HOME": new, **variables}, **limits) as reader:
            (site,) = set(psutil.Process().children()) - before
            asyncio.run(bench(settings, reader.base, site, options.rate, options.seconds))


if __name__ == "__main__":
    main()
