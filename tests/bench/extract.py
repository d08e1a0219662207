"""Measure extraction: ours by the rules of the sources, ours without them, and every other extractor that is installed.

    python tests/bench/extract.py --corpus DIR [--layouts off] [--only NAME,NAME] [--sites A,B] [--repeat N] [--worst N]
        [--out DIR]

A corpus is a folder with `manifest.jsonl`, the pages it names, gold files and `score.py`; those without gold that
are no articles are the negatives.  Ours goes the road of a crawl from bytes and address to `Article`, the judging of
dates included.  The corpus and the other extractors are not needed by the project; whatever is missing is left out.

Speeds are pages a second of processor time: on all articles, and on those that a layout reads.  `parsing alone` is what
nobody who parses the page with lxml can be faster than.
"""

import argparse
import importlib
import importlib.util
import json
import logging
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from scrapy.crawler import Crawler  # noqa: E402 - the project is run from wherever it lies
from scrapy.http import HtmlResponse, Request  # noqa: E402
from scrapy.statscollectors import MemoryStatsCollector  # noqa: E402
from scrapy.utils.project import get_project_settings  # noqa: E402

from newsnap import encodings  # noqa: E402
from newsnap.items import Article  # noqa: E402
from newsnap.listings import Entry  # noqa: E402
from newsnap.news_spider import NewsSpider  # noqa: E402
from newsnap.pipelines.dates import DatesPipeline  # noqa: E402
from newsnap.rendered.escalation import NeedsBrowser  # noqa: E402
from newsnap.sources import load_sources  # noqa: E402

Prediction = dict[str, Any]
Extractor = Callable[["Sample"], Prediction | None]
FIELDS = ("body_f1", "body_exact", "title", "published", "published_wrong", "outlet", "authors", "editors")


@dataclass(frozen=True, slots=True)
class Sample:
    """A page of the corpus."""

    file: str
    site: str
    url: str
    content_type: str
    body: bytes
    gold: dict[str, Any] | None
    """What a reader finds on it; None for a page that is no article."""

    @property
    def text(self) -> str:
        """The page decoded, as the other extractors get it: their own decoding is not what is measured."""
        return encodings.decode(self.body, self.content_type)[0]


def module_at(path: Path) -> ModuleType:
    """Load a script of the corpus."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def samples(corpus: Path, sites: list[str]) -> Iterator[Sample]:
    """Yield the pages of a corpus, each under the address that it has or would have on its site's host."""
    try:
        addresses = module_at(corpus / "make_warc.py")
    except (FileNotFoundError, ImportError):
        addresses = None
    with (corpus / "manifest.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            if sites and page["site"] not in sites:
                continue
            if "gold" not in page and page.get("kind") == "article":
                continue
            url = (
                addresses.address(page)
                if addresses
                else page["url"] or f"https://www.{page['site']}.example/{Path(page['file']).stem}.html"
            )
            kind = addresses.content_type(page) if addresses else "text/html"
            gold = json.loads((corpus / page["gold"]).read_text(encoding="utf-8")) if "gold" in page else None
            yield Sample(page["file"], page["site"], url, kind, (corpus / page["file"]).read_bytes(), gold)


class Ours:
    """newsnap, from the response to the article as it would be stored."""

    def __init__(self, *, layouts: bool):
        self.settings = get_project_settings()
        self.settings.set("NEWSNAP_EXTRACT_GENERIC", not layouts, priority="cmdline")
        self.sources = load_sources(self.settings)
        self.spiders: dict[str, tuple[NewsSpider, DatesPipeline]] = {}

    def spider(self, url: str) -> tuple[NewsSpider, DatesPipeline]:
        """Return the spider of an address and its step of dates."""
        source = next(iter(self.sources.of_host(url)), self.sources["web"])
        if source.name not in self.spiders:
            crawler = Crawler(source, self.settings)
            crawler.stats = MemoryStatsCollector(crawler)
            given = {"urls": url} if source.anywhere else {}
            crawler.spider = spider = source.from_crawler(crawler, **given)
            self.spiders[source.name] = spider, DatesPipeline.from_crawler(crawler)
        return self.spiders[source.name]

    def article(self, sample: Sample) -> Article | None:
        """Return the article of a page, None where it yields none."""
        spider, dates = self.spider(sample.url)
        headers = {"Content-Type": sample.content_type}
        response = HtmlResponse(sample.url, body=sample.body, headers=headers, request=Request(sample.url))
        try:
            reading, capture = spider.read(response)
        except NeedsBrowser:  # pages are read as they are
            return None
        if reading is None:
            return None
        address = spider.address_rules().identify(sample.url) or spider.address_rules().adopt(sample.url)
        article = spider.refine(spider.article(reading, address, Entry(sample.url), [capture]), response)
        return dates.process_item(article) if article else None

    def __call__(self, sample: Sample) -> Prediction | None:
        article = self.article(sample)
        if article is None:
            return None
        return {
            "title": article.title,
            "published": article.published.isoformat() if article.published else None,
            "published_precision": article.published_precision,
            "outlet": article.outlet,
            "authors": article.authors,
            "editors": article.editors,
            "body": article.body,
            "layout": article.layout,
        }


def parsing() -> Extractor:
    """Return what decodes and parses a page, and reads nothing."""
    html = importlib.import_module("lxml.html")

    def extract(sample: Sample) -> Prediction | None:
        html.document_fromstring(sample.text.encode(errors="replace"), parser=html.HTMLParser(encoding="utf-8"))
        return None

    return extract


def trafilatura() -> Extractor:
    library = importlib.import_module("trafilatura")

    def extract(sample: Sample) -> Prediction | None:
        found = library.bare_extraction(sample.text, url=sample.url, with_metadata=True, include_comments=False)
        if not found:
            return None
        return {
            "title": found.title,
            "published": found.date,
            "authors": (found.author or "").split("; "),
            "body": found.text,
        }

    return extract


def readability() -> Extractor:
    library, html = importlib.import_module("readability"), importlib.import_module("lxml.html")
    from newsnap.body import read_body  # to turn its HTML into lines

    def extract(sample: Sample) -> Prediction | None:
        document = library.Document(sample.text)
        body = read_body([html.fromstring(document.summary(html_partial=True))], sample.url)
        return {"title": document.short_title(), "body": body.paragraphs}

    return extract


def newspaper() -> Extractor:
    library = importlib.import_module("newspaper")

    def extract(sample: Sample) -> Prediction | None:
        article = library.Article(sample.url, language="zh", fetch_images=False)  # it would ask the network
        article.download(input_html=sample.text)
        article.parse()
        published = article.publish_date.isoformat() if article.publish_date else None
        return {"title": article.title, "published": published, "authors": article.authors, "body": article.text}

    return extract


def gne() -> Extractor:
    library = importlib.import_module("gne").GeneralNewsExtractor()

    def extract(sample: Sample) -> Prediction | None:
        found = library.extract(sample.text)
        when = found["publish_time"].strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", " ")
        return {"title": found["title"], "published": when, "authors": [found["author"]], "body": found["content"]}

    return extract


def magic_html() -> Extractor:
    library, html = importlib.import_module("magic_html").GeneralExtractor(), importlib.import_module("lxml.html")
    from newsnap.body import read_body

    def extract(sample: Sample) -> Prediction | None:
        found = library.extract(sample.text, base_url=sample.url)
        body = read_body([html.fromstring(found["html"])], sample.url)
        return {"title": found.get("title"), "body": body.paragraphs}

    return extract


PEERS: dict[str, Callable[[], Extractor]] = {
    "trafilatura": trafilatura,
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "gne": gne,
    "magic-html": magic_html,
}


def scores(score: ModuleType, pages: list[Sample], found: dict[str, Prediction | None]) -> dict[str, float]:
    """Return the mean over sites of each site's mean, by field."""
    by_field: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for page in pages:
        for field, value in score.score(found.get(page.file) or {}, page.gold).items():
            by_field[field][page.site].append(value)
    return {
        field: sum(sum(values) / len(values) for values in sites.values()) / len(sites)
        for field, sites in by_field.items()
    }


def run(
    name: str, extractor: Extractor, pages: list[Sample], repeat: int = 1
) -> tuple[dict[str, Prediction | None], dict[str, float]]:
    """Return what an extractor finds on each page, and the seconds of processor time it takes, at best.

    What it raises counts as nothing found.
    """
    found: dict[str, Prediction | None] = {}
    seconds: dict[str, float] = {}
    failed: Counter[str] = Counter()
    for turn in range(repeat):
        for page in pages:
            started = time.process_time()
            try:
                found[page.file] = extractor(page)
            except Exception as error:  # a failure on one page is a result, not the end of the bench
                failed[f"{type(error).__name__}: {error}".partition("\n")[0][:150]] += not turn
                found[page.file] = None
            seconds[page.file] = min(time.process_time() - started, seconds.get(page.file, float("inf")))
    for reason, times in failed.most_common(3):
        print(f"{name:18} failed on {times} pages: {reason}")
    return found, seconds


def pages_a_second(seconds: dict[str, float], files: Collection[str]) -> str:
    return f"{len(files) / sum(seconds[each] for each in files):10.1f}" if files else f"{'-':>10}"


def extractors(layouts: bool, only: list[str]) -> Iterator[tuple[str, Extractor]]:
    """Yield what can be measured here."""
    if layouts and (not only or "rules" in only):
        yield "newsnap, rules", Ours(layouts=True)
    if not only or "generic" in only:
        yield "newsnap, generic", Ours(layouts=False)
    for name, make in PEERS.items():
        if only and name not in only:
            continue
        try:
            yield name, make()
        except ImportError:
            print(f"{name:18} is not installed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--layouts", choices=("on", "off"), default="on", help="off: ours is measured without rules only"
    )
    parser.add_argument("--only", default="", help="rules, generic, or names of peers, parted by commas")
    parser.add_argument("--sites", default="")
    parser.add_argument("--repeat", type=int, default=1, help="each page so often; the shortest time counts")
    parser.add_argument("--worst", type=int, default=0, help="show so many pages of the lowest score of ours")
    parser.add_argument("--out", type=Path, help="write the predictions there, a file an extractor, for score.py")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    score = module_at(options.corpus / "score.py")
    every = list(samples(options.corpus, [each for each in options.sites.split(",") if each]))
    pages, negatives = [each for each in every if each.gold], [each for each in every if not each.gold]
    print(f"{len(pages)} articles of {len({each.site for each in pages})} sites, {len(negatives)} pages that are none")
    print(
        f"{'':18}"
        + "".join(f"{field.removeprefix('published_'):>11}" for field in FIELDS)
        + f"{'negatives':>11}{'pages/s':>10}{'of layouts':>12}"
    )
    by_layout: set[str] = set()
    _, floor = run("parsing alone", parsing(), pages, options.repeat)
    for name, extractor in extractors(options.layouts == "on", [each for each in options.only.split(",") if each]):
        found, seconds = run(name, extractor, pages, options.repeat)
        if name == "newsnap, rules":
            by_layout = {file for file, each in found.items() if each and each["layout"] != "generic"}
            blank = " " * (18 + 11 * (len(FIELDS) + 1))
            print(f"{'parsing alone':{len(blank)}}{pages_a_second(floor, floor)}  {pages_a_second(floor, by_layout)}")
        means = scores(score, pages, found)
        refused = [not (each or {}).get("body") for each in run(name, extractor, negatives)[0].values()]
        row = "".join(f"{means[field]:11.3f}" if field in means else f"{'-':>11}" for field in FIELDS)
        share = f"{sum(refused) / len(refused):11.3f}" if refused else f"{'-':>11}"
        speeds = f"{pages_a_second(seconds, seconds)}  {pages_a_second(seconds, by_layout)}"
        print(f"{name:18}{row}{share}{speeds}", flush=True)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            lines = (json.dumps({"file": file} | (each or {}), ensure_ascii=False) for file, each in found.items())
            (options.out / f"{name.replace(', ', '-')}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if options.worst and name.startswith("newsnap"):
            rows = [(score.score(found.get(page.file) or {}, page.gold), page.file) for page in pages]
            for row_, file in sorted(rows, key=lambda each: each[0]["body_f1"])[: options.worst]:
                print(
                    f"    {row_['body_f1']:.3f}  {file}",
                    [field for field, value in row_.items() if value == 0 and field != "published_wrong"],
                )


if __name__ == "__main__":
    main()
