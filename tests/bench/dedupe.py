"""Finding reprints: score and cost beside datasketch, rensa and SimHash, and what a lookup among 200 000 costs.

    python tests/bench/dedupe.py [--corpus DIR] [--stored 10000,50000,200000] [--no-mongo]

Score: reprints are made of articles (attributed, cut, edited, set otherwise), twins from templates, pairs of one topic
of two articles and a statement that both quote; every finder says of each pair whether it links it.  With `--corpus`
the articles are the bodies of DIR/gold, else invented ones.  A finder that is not installed is left out.  Ours is shown
by its parts: candidates by shared bands, links by hashes alone, and links by the texts where hashes leave doubt, which
is what the store does.

Lookups: fingerprints that nobody wrote, two a minute, are put into the embedded server, or that of MONGO_URI, until
there are as many as said, one in ten of them from fifty templates; at each size a new article, a reprint and one more
of a template are looked up one by one, and articles are stored and linked in batches of 100.
"""

import argparse
import functools
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from pymongo import MongoClient

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import reprints  # noqa: E402
import shelf  # noqa: E402

from newsnap.fingerprints import BANDS, SKETCH, VERSION, Fingerprint, digests, fingerprint, relation  # noqa: E402
from newsnap.likeness import read, relation_of_texts  # noqa: E402
from newsnap.store import Store  # noqa: E402
from newsnap.store.fingerprints import Kept, KeptText, week_of  # noqa: E402
from newsnap.store.server import EmbeddedServer  # noqa: E402
from newsnap.wording import folded, said  # noqa: E402

Text = reprints.Text
Linked = Callable[[Text, Text], bool]
LINKED = ("same", "reprint")


# --- score ---


@functools.lru_cache(maxsize=4096)
def known(text: Text) -> Fingerprint:
    return fingerprint(*text)


def by_bands(a: Text, b: Text) -> bool:
    return not set(known(a).bands).isdisjoint(known(b).bands)


def by_hashes(a: Text, b: Text) -> bool:
    return by_bands(a, b) and relation(known(a), known(b)) in LINKED


def by_texts(a: Text, b: Text) -> bool:
    return by_bands(a, b) and relation_of_texts(read(*a), read(*b)) in LINKED


def trigrams(text: Text) -> set[bytes]:
    letters = folded(said(text[1])).astype("<u4").tobytes()
    return {letters[at : at + 12] for at in range(0, max(len(letters) - 8, 4), 4)}


@functools.lru_cache(maxsize=4096)
def simhash(text: Text) -> int:
    """Return the 64-bit SimHash of the sequences of three characters of a text."""
    grams = np.array(
        [int.from_bytes(gram, "little") % (2**64 - 59) for gram in sorted(trigrams(text))], dtype=np.uint64
    )
    grams ^= grams >> np.uint64(33)
    grams *= np.uint64(0xFF51AFD7ED558CCD)
    grams ^= grams >> np.uint64(33)
    bits = np.unpackbits(grams.view(np.uint8)).reshape(len(grams), 64)
    majority = bits.sum(axis=0) * 2 > len(grams)
    return int.from_bytes(np.packbits(majority).tobytes(), "little")


def by_simhash(distance: int, a: Text, b: Text) -> bool:
    return (simhash(a) ^ simhash(b)).bit_count() <= distance


def finders() -> dict[str, Linked]:
    """Return all that are installed, ours first."""
    found: dict[str, Linked] = {
        "newsnap: share a band": by_bands,
        "newsnap: by hashes alone": by_hashes,
        "newsnap: by texts in doubt": by_texts,
        "SimHash, distance 3": functools.partial(by_simhash, 3),
        "SimHash, distance 10": functools.partial(by_simhash, 10),
    }
    try:
        from datasketch import MinHash

        @functools.lru_cache(maxsize=4096)
        def minhash(text: Text) -> Any:
            made = MinHash(num_perm=128)
            made.update_batch(trigrams(text))
            return made

        for least in (0.5, 0.7):
            found[f"datasketch, Jaccard {least}"] = lambda a, b, least=least: minhash(a).jaccard(minhash(b)) >= least
    except ImportError:
        print("datasketch is not installed: left out")
    try:
        from rensa import RMinHash

        @functools.lru_cache(maxsize=4096)
        def rminhash(text: Text) -> Any:
            made = RMinHash(num_perm=128, seed=42)
            made.update([gram.decode("utf-32-le") for gram in trigrams(text)])
            return made

        for least in (0.5, 0.7):
            found[f"rensa, Jaccard {least}"] = lambda a, b, least=least: rminhash(a).jaccard(rminhash(b)) >= least
    except ImportError:
        print("rensa is not installed: left out")
    return found


def articles_of(corpus: Path | None, count: int) -> list[Text]:
    """Return articles: the bodies of a corpus, or invented ones."""
    if corpus is None:
        return [reprints.text_of(number) for number in range(count)]
    found = []
    for path in sorted(corpus.glob("gold/*/*.json")):
        gold = json.loads(path.read_text(encoding="utf-8"))
        if gold.get("body"):
            found.append((gold["title"] or "", "\n".join(gold["body"])))
    if not found:
        sys.exit(f"dedupe: {corpus} has no gold/*/*.json with a body: give a folder of that form, or no --corpus")
    return found


def score(corpus: Path | None) -> None:
    articles = articles_of(corpus, 80)
    flashes = [reprints.flash(number) for number in range(60)]
    made = [
        (how, text, other)
        for seed, text in enumerate([*articles, *flashes])
        for how, other in reprints.reprints(text, seed)
        if not (text in flashes and how == "cut to half")
    ]
    unrelated = list(itertools.combinations([*articles, *flashes], 2))
    topics = list(reprints.same_topic(articles))
    twins = list(reprints.twins(3000, 1))
    chance = random.Random(1)
    numbers = [
        ((title, body), (title, changed))
        for title, body in [*articles, *flashes]
        if (changed := reprints.with_another_number(body, chance))
    ]
    print(
        f"{len(articles)} articles of {'the corpus' if corpus else 'our own'}, {len(flashes)} flashes: "
        f"{len(made)} reprints, {len(numbers)} pairs that differ in one number; {len(unrelated)} unrelated pairs, "
        f"{len(topics)} that quote one statement, {len(twins)} twins"
    )
    print(
        f"{'':28} {'reprints':>9} {'one number':>11} {'unrelated':>10} {'one topic':>10} {'twins':>6} {'of 10 000':>10}"
        "   linked; missed most"
    )
    for name, linked in finders().items():
        missed: dict[str, int] = {}
        for how, text, other in made:
            if not linked(text, other):
                missed[how] = missed.get(how, 0) + 1
        false = [sum(linked(a, b) for a, b in pairs) for pairs in (unrelated, topics, twins)]
        wrong = sum(false) / (len(unrelated) + len(topics) + len(twins)) * 10_000
        worst = sorted(missed, key=lambda how: -missed[how])[:3]
        print(
            f"{name:28} {1 - sum(missed.values()) / len(made):9.4f} {share(linked, numbers):11.4f} "
            f"{false[0]:10} {false[1]:10} {false[2]:6} {wrong:10.2f}   "
            + ", ".join(f"{how} ({missed[how]})" for how in worst)
        )


def share(linked: Linked, pairs: Sequence[tuple[Text, Text]]) -> float:
    return sum(linked(a, b) for a, b in pairs) / len(pairs)


def cost() -> None:
    body = "".join(reprints.text_of(number)[1] for number in range(3))[:1500]
    other = reprints.edited(body, 0.03, random.Random(1))
    one, two = fingerprint("", body), fingerprint("", other)
    print("\n1500 characters, milliseconds, best of 20 rounds")
    for name, act in {
        "content_hash and fingerprint": lambda: digests("", body),
        "compare two by hashes": lambda: relation(one, two),
        "compare two by texts": lambda: relation_of_texts(read("", body), read("", other)),
        **peers(body),
    }.items():
        best = min(timed(act, 20) for _ in range(20))
        print(f"  {name:32} {best * 1000:7.3f}")


def peers(body: str) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    try:
        from rensa import RMinHash

        found["rensa, 40 permutations"] = lambda: RMinHash(num_perm=40, seed=42).update(
            [body[at : at + 3] for at in range(len(body) - 2)]
        )
    except ImportError:
        pass
    try:
        from datasketch import MinHash

        found["datasketch, 40 permutations"] = lambda: MinHash(num_perm=40).update_batch(
            [body[at : at + 3].encode() for at in range(len(body) - 2)]
        )
    except ImportError:
        pass
    return found


def timed(act: Callable[[], Any], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times


# --- lookups ---


def crowd(count: int, chance: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield documents of `fingerprints` of texts that nobody wrote, one in ten from one of fifty templates."""
    templates = chance.integers(-(2**31), 2**31 - 1, (50, BANDS), dtype=np.int32)
    latest = datetime(2026, 10, 3, 4, tzinfo=UTC)
    for number in range(count):
        bands = chance.integers(-(2**31), 2**31 - 1, BANDS, dtype=np.int32)
        if number % 10 == 0:  # a twin shares a third of its bands with the others
            known = chance.permutation(BANDS)[: BANDS // 3]
            bands[known] = templates[number // 10 % 50][known]
        sketch = np.sort(chance.integers(0, 2**32, SKETCH, dtype=np.uint32))
        header = np.array([VERSION, 1400, 0], dtype=np.uint32)
        text = {
            "hash": f"{number:064x}",
            "bands": bands.tolist(),
            "signature": np.concatenate([header, sketch]).astype("<u4").tobytes(),
        }
        first = latest - timedelta(minutes=count - number) / 2
        yield {"_id": f"crowd:{number}", "first": first, "week": week_of(first), "texts": [text]}


async def server_seconds(store: Store) -> float:
    """Return the CPU that mongod has used."""
    info = (await store.db.command("serverStatus"))["extra_info"]
    return float(info["user_time_us"] + info["system_time_us"]) / 1e6


async def look_up(store: Store, asked: Sequence[Kept]) -> tuple[float, float, float]:
    """Return the median of lookups, what 95 of 100 take at most, and mongod's CPU for each, in milliseconds."""
    took = []
    before = await server_seconds(store)
    for each in asked:
        began = time.perf_counter()
        await store.stories.candidates([each])
        took.append((time.perf_counter() - began) * 1000)
    cpu = (await server_seconds(store) - before) / len(asked) * 1000
    took.sort()
    return statistics.median(took), took[len(took) * 95 // 100], cpu


def lookups(sizes: Sequence[int]) -> None:
    chance = np.random.default_rng(1)
    numbers = itertools.count(1000)
    with tempfile.TemporaryDirectory() as home, EmbeddedServer(Path(home)) as server:
        uri = os.environ.get("MONGO_URI") or server.join()
        with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
            client.drop_database("newsnap_bench")
            db = client.newsnap_bench
            settings = shelf.settings_for(db, uri, NEWSNAP_MONGO_BATCH_SECONDS=0.05)
            shelf.in_store(settings, nothing)
            everyone = crowd(max(sizes), chance)
            sample: list[dict[str, Any]] = []
            stored = 0
            print(
                "\nmilliseconds; a lookup: median, 95 of 100, CPU of mongod; an article stored and linked: in all, own "
                f"CPU, CPU of mongod ({psutil.cpu_count()} cores, {os.getloadavg()[0]:.0f} at work)"
            )
            print(
                f"{'stored':>9} {'a new text':>19} {'a reprint':>19} {'a template':>19} {'an article':>19} "
                f"{'memory':>8} {'on disk':>8}"
            )
            for size in sorted(sizes):
                while stored < size:
                    part = list(itertools.islice(everyone, min(5000, size - stored)))
                    db.fingerprints.insert_many(part, ordered=False)
                    stored += len(part)
                    sample = [*sample[-900:], *part[:100]]
                client.admin.command("fsync")  # what was put in is written, and not while others are measured
                new = [
                    Kept(f"new:{at}", part[-1]["week"], [KeptText("", fingerprint(*reprints.text_of(next(numbers))))])
                    for at in range(300)
                ]
                told = random.Random(size)
                known = [as_reprint(told.choice([each for each in sample if not is_twin(each)])) for _ in range(300)]
                twins = [as_reprint(told.choice([each for each in sample if is_twin(each)])) for _ in range(300)]
                texts = [reprints.text_of(next(numbers)) for _ in range(600)]
                columns = shelf.in_store(
                    settings, functools.partial(measure, asked=[new, known, twins], texts=texts, at=part[-1]["first"])
                )
                memory = psutil.Process().memory_info().rss / 2**20
                sizes_of = db.command("collStats", "fingerprints")
                disk = (sizes_of["storageSize"] + sizes_of["totalIndexSize"]) / 2**20
                cells = " ".join(f"{each:>19}" for each in columns)
                print(f"{size:9,} {cells} {memory:5.0f} MB {disk:5.0f} MB", flush=True)
                db.articles.delete_many({})
                db.fingerprints.delete_many({"_id": {"$regex": "^bench:"}})
            client.drop_database("newsnap_bench")


async def nothing(store: Store) -> None:
    """Make the collections."""


async def measure(store: Store, asked: Sequence[Sequence[Kept]], texts: Sequence[Text], at: datetime) -> list[str]:
    """Return one row of the table."""
    row = []
    await look_up(store, [*asked[0], *asked[1]])  # the pages of the index are read once, as in a crawl
    for each in asked:
        row.append("{:.2f}, {:.2f}, {:.2f}".format(*await look_up(store, each)))
    arriving = [
        shelf.article(f"bench:{number}", body, title=title, published=at - timedelta(days=99), fetched=at)
        for number, (title, body) in enumerate(texts)
    ]
    before, began, own = await server_seconds(store), time.perf_counter(), time.process_time()
    await shelf.put_all(store, arriving, at_once=200)
    costs = (time.perf_counter() - began, time.process_time() - own, await server_seconds(store) - before)
    row.append(", ".join(f"{each / len(arriving) * 1000:.2f}" for each in costs))
    return row


def is_twin(document: dict[str, Any]) -> bool:
    return int(document["_id"].partition(":")[2]) % 10 == 0


def as_reprint(document: dict[str, Any]) -> Kept:
    """Return an article that shares half its bands with one that is stored."""
    text = document["texts"][0]
    made = fingerprint(*reprints.text_of(7))
    bands = [*text["bands"][: BANDS // 2], *made.bands[BANDS // 2 :]]
    return Kept("reprint:1", document["week"], [KeptText("", type(made)(text["signature"], bands))])


def main() -> None:
    parser = argparse.ArgumentParser(description="Score and cost of finding reprints.")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="a folder with gold/*/*.json")
    parser.add_argument("--stored", default="10000,50000,200000", metavar="N,N", help="sizes of the collection")
    parser.add_argument("--no-mongo", action="store_true", help="score and cost alone")
    options = parser.parse_args()
    score(options.corpus)
    cost()
    if not options.no_mongo:
        lookups([int(each) for each in options.stored.split(",")])


if __name__ == "__main__":
    main()
