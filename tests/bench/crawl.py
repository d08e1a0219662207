"""Pages per second and CPU a page: bare Scrapy, Scrapy with selectors, and newsnap whole into MongoDB.

    python tests/bench/crawl.py [--articles 600] [--bytes 156000] [--rounds 5]

One process serves distinct pages of people's markup from loopback; each round crawls them with (a) an empty callback,
(b) the selectors of one layout and nothing stored, (c) newsnap into the embedded server, all with the same settings of
concurrency, and startup not counted.  Medians are printed.  CPU is that of the crawling process alone, and the
steadier figure: pages per second also depend on how the site and mongod share the machine's cores with it, so what
those two took is printed too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
BENCH = Path(__file__).parent
sys.path[:0] = [str(ROOT), str(BENCH)]

from pages_server import path_of  # noqa: E402

from newsnap.mongod.files import ServerFiles  # noqa: E402
from newsnap.store.server import EmbeddedServer  # noqa: E402

CONCURRENCY = {
    "CONCURRENT_REQUESTS": "16",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "16",
    "DOWNLOAD_DELAY": "0",
    "LOG_LEVEL": "INFO",
}
KINDS = {"bare": "(a) bare Scrapy", "selectors": "(b) Scrapy, selectors", "people": "(c) newsnap, MongoDB"}


@dataclass(slots=True)
class Cost:
    """What one crawl took; seconds."""

    wall: float
    cpu: float
    site_cpu: float
    mongod_cpu: float
    pages: int


def crawl(kind: str, addresses: Path, work: Path, number: int, watched: list[psutil.Process]) -> Cost:
    """Run one crawl in a process of its own.

    Raises RuntimeError if it did not fetch every page, or scrape every article.
    """
    meter, log = work / "meter.json", work / f"{kind}-{number}.log"
    settings = dict(CONCURRENCY)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSNAP_", "MONGO_", "SCRAPY_"))}
    environment |= {"METER": str(meter), "PYTHONPATH": os.pathsep.join([str(ROOT), str(BENCH)])}
    if kind == "people":
        arguments = ["-a", f"urls=@{addresses}"]
        settings |= {"SPIDER_MODULES": "metered", "NEWSNAP_GUARD_ALLOWED_NETWORKS": "127.0.0.0/8"}
        environment |= {"NEWSNAP_HOME": str(work / "home"), "MONGO_DATABASE": f"round{number}"}
    else:
        arguments = ["-a", f"addresses={addresses}"]
        settings |= {"SPIDER_MODULES": "metered"}
        environment |= {"SCRAPY_SETTINGS_MODULE": "scrapy.settings.default_settings"}
    for name, value in settings.items():
        arguments += ["-s", f"{name}={value}"]
    meter.unlink(missing_ok=True)
    before = [cpu_of(process) for process in watched]
    with log.open("wb") as output:
        ended = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", kind, *arguments], cwd=ROOT if kind == "people" else work,
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    after = [cpu_of(process) for process in watched]
    pages = len(addresses.read_text(encoding="utf-8").split())
    if ended.returncode or not meter.exists():
        raise RuntimeError(f"{KINDS[kind]} exited {ended.returncode}: {words(log)}")
    measured = json.loads(meter.read_text(encoding="utf-8"))
    if measured["responses"] < pages or (kind != "bare" and measured["items"] != pages):
        raise RuntimeError(f"{KINDS[kind]} had {measured} of {pages} pages: {words(log)}")
    site, mongod = (late - early for late, early in zip(after, before, strict=True))
    return Cost(measured["wall"], measured["cpu"], site, mongod, pages)


def words(log: Path) -> str:
    """Return the last that a crawl said."""
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]


def cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def report(costs: dict[str, list[Cost]]) -> None:
    """Print the medians and what they are to each other."""
    rate, cpu = {}, {}
    print(f"{'':24}{'pages/s':>9}{'CPU ms/page':>13}{'site':>8}{'mongod':>8}   (CPU ms a page of these)")
    for kind, runs in costs.items():
        rate[kind] = statistics.median(run.pages / run.wall for run in runs)
        cpu[kind] = statistics.median(1000 * run.cpu / run.pages for run in runs)
        site, mongod = (
            statistics.median(1000 * getattr(run, name) / run.pages for run in runs)
            for name in ("site_cpu", "mongod_cpu")
        )
        print(f"{KINDS[kind]:24}{rate[kind]:9.1f}{cpu[kind]:13.2f}{site:8.2f}{mongod:8.2f}")
    for one, other, name in (("people", "selectors", "c/b"), ("selectors", "bare", "b/a")):
        print(
            f"{name}: {rate[one] / rate[other]:.2f} of the pages a second, "
            f"{cpu[other] / cpu[one]:.2f} by CPU ({cpu[one] - cpu[other]:+.2f} ms a page)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure crawls of pages served from loopback.")
    parser.add_argument("--articles", type=int, default=600)
    parser.add_argument("--bytes", type=int, default=156_000, help="of a page")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(KINDS), help=f"of {', '.join(KINDS)}")
    options = parser.parse_args()
    kinds = options.only.split(",")
    with tempfile.TemporaryDirectory(prefix="newsnap-bench-") as directory:
        work = Path(directory)
        site = subprocess.Popen(
            [sys.executable, BENCH / "pages_server.py", str(options.articles), str(options.bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert site.stdout is not None
        port = int(site.stdout.readline())
        addresses = work / "addresses.txt"
        urls = [f"http://127.0.0.1:{port}{path_of(number)}\n" for number in range(options.articles)]
        addresses.write_text("".join(urls), encoding="utf-8")
        try:
            with EmbeddedServer(work / "home") as server:
                state = ServerFiles(server.home).state()
                assert state is not None
                assert state.mongod is not None
                watched = [psutil.Process(site.pid), psutil.Process(state.mongod)]
                costs: dict[str, list[Cost]] = {kind: [] for kind in kinds}
                for number in range(options.rounds):
                    for kind in kinds:
                        costs[kind].append(cost := crawl(kind, addresses, work, number, watched))
                        print(
                            f"round {number + 1} {KINDS[kind]}: {cost.pages / cost.wall:.1f} pages/s, "
                            f"{1000 * cost.cpu / cost.pages:.2f} ms CPU a page",
                            flush=True,
                        )
        finally:
            site.communicate()
        report(costs)


if __name__ == "__main__":
    main()
