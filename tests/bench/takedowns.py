"""The price of takedowns: what a check, a reload and the memory of very many rules cost.

    python tests/bench/takedowns.py [--rules 100000] [--texts 10000]

Rules of all kinds are put into an embedded MongoDB of their own; everything is measured as a crawl does it.
"""

import argparse
import asyncio
import gc
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from invented import article, words  # noqa: E402

from newsnap.sources import Sources, load_sources  # noqa: E402
from newsnap.store import Store  # noqa: E402
from newsnap.store.rules import FOR_GATES  # noqa: E402
from newsnap.store.texts import Mark  # noqa: E402
from newsnap.takedowns import LiveRules, Rule, Rules, make_rule, rule_from  # noqa: E402
from newsnap.takedowns.matching import forms_of  # noqa: E402
from newsnap.urls import tidy  # noqa: E402

Document = dict[str, Any]

SHARES = {"url": 0.65, "article": 0.09, "text": 0.05, "prefix": 0.10, "host": 0.10, "title": 0.01}
TAKEN_DOWN_SOURCES = ("163", "bjnews", "zaobao")
CHECKS = 20_000
PUT_AT_ONCE = 5000
FIRST_TAKEN_DOWN = 30_000_000
FIRST_FREE = 60_000_000


def people(number: int) -> str:
    """Return the address of an article of people, written as most addresses are."""
    return f"http://society.people.com.cn/n1/2026/1003/c{1000 + number % 40}-{number}.html"


def documents(count: int, sources: Sources) -> Iterator[Document]:
    """Yield rules as MongoDB keeps them."""
    chance = random.Random(1)
    names = words("name")
    for kind, share in SHARES.items():
        for number in range(int(count * share)):
            value = {
                "url": people(FIRST_TAKEN_DOWN + number),
                "article": f"xinhua:{number:032x}",
                "text": f"xinhua:{number:031x}t",
                "prefix": f"https://www.chinanews.com.cn/{chance.choice(('gn', 'sh', 'cj'))}/2019/{number:06}/",
                "host": f"paper{number}.example.com",
                "title": f"{chance.choice(names)}{number}.{{0,9}}{chance.choice(names)}",
            }[kind]
            yield document(f"T{kind}{number}", make_rule(kind, value, "at the author's request", sources))
    for name in TAKEN_DOWN_SOURCES:
        yield document(f"T{name}", make_rule("source", name, "at the publisher's request", sources))


def document(id: str, rule: Rule) -> Document:
    """Return a rule as MongoDB keeps it when the store was searched for what it covers."""
    return {**rule.document(), "_id": id, "settled": True, "swept": datetime.now(UTC)}


def microseconds(act: Callable[[Any], Any], given: list[Any]) -> tuple[float, float, float]:
    """Return mean, median and 99th percentile of the processor's time that an act takes."""
    times = []
    for each in given:
        started = time.thread_time_ns()
        act(each)
        times.append((time.thread_time_ns() - started) / 1000)
    times.sort()
    return statistics.fmean(times), times[len(times) // 2], times[len(times) * 99 // 100]


def told(what: str, figures: tuple[float, float, float]) -> None:
    mean, median, late = figures
    print(f"  {what:<58} mean {mean:6.1f}   median {median:6.1f}   99 % {late:6.1f} µs")


def checks(rules: Rules, sources: Sources) -> None:
    """Print what checks cost."""
    fresh = [people(FIRST_FREE + number) for number in range(CHECKS)]
    tracked = [f"https://society.people.com.cn/n1/2026/1003/c1-{number}.html?utm_source=wx#a" for number in range(2000)]
    titles = [article(number).title for number in range(2000)]
    assert rules.covering(people(FIRST_TAKEN_DOWN + 5))
    print(f"a check against {len(rules)} rules")
    told("of an address that is new to the process", microseconds(rules.covering, fresh))
    told("of one that was looked at before (the pipelines' check)", microseconds(rules.covering, fresh[-5000:]))
    told("of a headline", microseconds(lambda title: rules.covering(fresh[-1], title=title), titles))
    told("of a new address with tracking parameters", microseconds(rules.covering, tracked))
    tidy.cache_clear()
    told("for comparison: whose a new address is, without rules", microseconds(lambda it: forms_of(it, sources), fresh))


async def reloads(store: Store, sources: Sources) -> Rules:
    """Print what reading the rules costs, wholly and after a change; return them."""
    live = LiveRules(store, sources, poll_seconds=0)
    started = time.perf_counter()
    rules = await live.now()
    whole = time.perf_counter() - started
    started = time.perf_counter()
    await live.newest()
    unchanged = time.perf_counter() - started
    await store.rules.add(make_rule("host", "one-more.example.com", "x", sources), by="bench")
    started = time.perf_counter()
    assert (await live.newest()).covering("https://one-more.example.com/a.html")
    changed = time.perf_counter() - started
    gaps = []

    async def feel() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - before)

    feeling = asyncio.create_task(feel())
    live._by_hand_at = time.monotonic()
    rules = await live.newest()
    feeling.cancel()
    await live.close()
    print(
        f"reading {len(rules)} rules: {whole:.2f} s; when one changed: {changed * 1000:.1f} ms; when none did: "
        f"{unchanged * 1000:.2f} ms; while all are read anew a crawl stands still for {max(gaps) * 1000:.0f} ms at most"
    )
    return rules


def memory(found: list[Document], sources: Sources) -> None:
    """Print what the rules take, and that reading them again takes no more."""
    received = [bson.encode({name: each[name] for name in ("_id", *FOR_GATES)}) for each in found]
    gc.collect()
    tracemalloc.start()
    rules = Rules(map(rule_from, map(bson.decode, received)), sources)
    first = tracemalloc.get_traced_memory()[0]
    for number in range(CHECKS):
        rules.covering(people(FIRST_FREE + number))
    checked = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        rules = Rules(map(rule_from, map(bson.decode, received)), sources)
        gc.collect()
    again = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"memory of {len(rules)} rules: {first / 1e6:.0f} MB ({first / len(rules):.0f} bytes a rule); after {CHECKS} "
        f"checks {checked / 1e6:.0f} MB, after three more reloads {again / 1e6:.0f} MB"
    )


def marks(count: int) -> list[Document]:
    """Return marked texts as MongoDB keeps them."""
    made = (article(number) for number in range(count))
    return [
        {"rule": "T1", "article": it.id, "story": None, **Mark.of(it.title, "\n".join(it.pages[0])).document()}
        for it in made
    ]


async def texts(store: Store, found: list[Document], count: int) -> None:
    """Print what it costs to ask whether an article reprints one of many texts."""
    for start in range(0, count, PUT_AT_ONCE):
        await store.db.takedown_texts.insert_many(found[start : start + PUT_AT_ONCE])
    asked = [article(count + number) for number in range(500)]
    prints = [Mark.of(each.title, "\n".join(each.pages[0])) for each in asked]
    started = time.perf_counter()
    for each in prints[:100]:
        assert await store.texts.covering(each) == []
    alone = (time.perf_counter() - started) / 100
    started = time.perf_counter()
    await asyncio.gather(*(store.texts.covering(each) for each in prints))
    together = (time.perf_counter() - started) / len(prints)
    print(f"one article against {count} marked texts: {alone * 1000:.1f} ms alone, {together * 1000:.2f} ms in batches")


async def with_store(settings: Settings, found: list[Document], sources: Sources, text_count: int) -> Rules:
    """Print what has to do with MongoDB; nothing else may keep the loop busy, or the driver gives its server up."""
    async with Store(settings) as store:
        for start in range(0, len(found), PUT_AT_ONCE):
            await store.db.takedowns.insert_many(found[start : start + PUT_AT_ONCE])
        rules = await reloads(store, sources)
        await texts(store, await asyncio.to_thread(marks, text_count), text_count)
    return rules


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what takedown rules cost.")
    parser.add_argument("--rules", type=int, default=100_000, metavar="N")
    parser.add_argument("--texts", type=int, default=10_000, metavar="N")
    options = parser.parse_args()
    settings = get_project_settings()
    with tempfile.TemporaryDirectory() as home:
        settings.setdict({"NEWSNAP_HOME": home, "MONGO_URI": ""}, priority="cmdline")
        sources = load_sources(settings)
        found = list(documents(options.rules, sources))
        rules = asyncio.run(with_store(settings, found, sources, options.texts))
    checks(rules, sources)
    memory(found, sources)


if __name__ == "__main__":
    main()
