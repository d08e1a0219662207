"""What the tests of takedowns share: spellings of addresses, edited reprints, pages to record, a look at it all."""

import argparse
import io
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from invented import Invented, add
from pymongo.database import Database
from record import DAY
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsnap.fingerprints import digests
from newsnap.items import Article, Capture
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.store.captured import zstd
from newsnap.takedowns import desk

Document = dict[str, Any]
T = TypeVar("T")


def spellings(url: str) -> list[str]:
    """Return forty ways to write an address that lead to the same page."""
    parts = urlsplit(url)
    host, path = parts.netloc, parts.path
    first, _, rest = path.removeprefix("/").partition("/")
    letter = next(each for each in path if each.isalpha())
    encoded = path.replace(letter, f"%{ord(letter):02X}", 1)
    last = f"%{ord(path[-1]):02x}"
    plain = f"{host}{path}"
    return [
        f"http://{plain}", f"https://{plain}", f"HTTP://{plain}", f"HtTpS://{plain}",
        f"http://{host.upper()}{path}", f"https://{host.title()}{path}", f"http://{host}.{path}", f"https://{host}.{path}",
        f"http://{host}:80{path}", f"https://{host}:443{path}", f"http://{host}:0080{path}", f"http://{host}:{path}",
        f"http://reader@{plain}", f"https://reader:secret@{plain}", f"http://{plain}#top", f"https://{plain}#/a/b?c",
        f"http://{plain}?", f"https://{plain}?utm_source=wx&utm_medium=x", f"http://{plain}?spm=C73.1&isappinstalled=0",
        f"https://{plain}?share_token=1#x", f"https://{plain}?gclid=2", f"  http://{plain} ", f"\thttps://{plain}\n",
        f"http://{host}{path[:8]}\n{path[8:]}", f"http://{host}{encoded}", f"https://{host}{encoded}?fbclid=1",
        f"http://{host}{path[:-1]}{last}", f"https://{host}{path[:-1]}{last.upper()}", f"http://{host}/.{path}",
        f"https://{host}/x/..{path}", f"http://{host}/../..{path}", f"http://{host}/{first}/./{rest}",
        f"https://{host}/{first}/y/../{rest}", f"http://{host}/{path}", f"https://{host}///{first}//{rest}",
        f"http://{host.replace('.', '。')}{path}", f"https://{host.replace('.', '．')}{path}", f"http://{wide(host)}{path}",
        f"http://{host}\\{path.removeprefix('/')}", f"https://{plain};jsessionid=0A1B",
    ]  # fmt: skip


def wide(text: str) -> str:
    """Return a text in full-width letters."""
    return "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in text)


def edited(text: str, seed: int) -> str:
    """Return a text as another paper reprints it: a line before it, a paragraph cut, some characters exchanged."""
    chance = random.Random(seed)
    paragraphs = text.split("\n")
    if len(paragraphs) > 4:
        del paragraphs[chance.randrange(1, len(paragraphs))]
    letters = list("\n".join(paragraphs))
    for _ in range(len(letters) // 50):
        at = chance.randrange(len(letters))
        if letters[at].isalpha():
            letters[at] = chance.choice("的了在是和有")
    return f"本文转自：人民网\n{''.join(letters)}"


def sentences(made: Invented) -> list[str]:
    """Return the beginnings of three paragraphs, which stand in no other article."""
    return [paragraph.split("。")[0] for paragraph in made.pages[0][:3]]


def chinanews_url(number: int) -> str:
    """Return the address of an invented article of chinanews."""
    return f"https://www.chinanews.com.cn/sh/2026/10-03/{60_000_000 + number}.shtml"


def chinanews_page(title: str, body: str) -> bytes:
    """Return the least that the site's present markup makes of an article."""
    text = "".join(f"<p>　　{each}</p>" for each in body.split("\n"))
    return (
        f'<html><head><meta charset="utf-8"><title>{title}-中新网</title></head><body>'
        f'<h1 class="content_left_title">{title}</h1>'
        '<div class="content_left_time">2026年10月03日 16:20　来源：中国新闻网</div>'
        f'<div class="left_zw">{text}</div></body></html>'
    ).encode()


def write_pages(out: Path, pages: Mapping[str, bytes], redirects: Mapping[str, str] | None = None) -> None:
    """Write a recording of pages, and of addresses that lead to others."""
    with out.open("wb") as stream:
        writer = WARCWriter(stream, gzip=out.suffix == ".gz")
        for url, body in pages.items():
            add(writer, url, body, "text/html")
        for url, to in (redirects or {}).items():
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(b""),
                length=0,
                warc_headers_dict={"WARC-Date": f"{DAY:%Y-%m-%dT%H:%M:%SZ}"},
                http_headers=StatusAndHeaders("301 Moved", [("Location", to)], protocol="HTTP/1.1"),
            )
            writer.write_record(record)


def run_here(
    command: ScrapyCommand, settings: Settings, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Run one of our commands in this process, as `scrapy` does; return the exit code and all it says."""
    command.settings = settings
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.add_options(parser)
    options, rest = parser.parse_known_args(arguments)
    capsys.readouterr()
    command.run(rest, options)
    said = capsys.readouterr()
    return command.exitcode, said.out + said.err


def dump(db: Database[Document], *, but: Iterable[str] = ()) -> str:
    """Return all that a database holds as text, the pages as they were received too."""
    found = []
    for name in sorted(set(db.list_collection_names()) - set(but)):
        for document in db[name].find():
            if name == "captures":
                page = zstd.decompress(document["body"])
                document["body"] = page.decode("utf-8", "ignore") + page.decode("gb18030", "ignore")
            found.append(f"{name} {json.dumps(document, ensure_ascii=False, default=repr)}")
    return "\n".join(found)


# --- articles in an open store ---

FETCHED = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Return the settings of a newsnap with such an environment."""
    found = get_project_settings()
    names = ("MONGO_URI", "MONGO_DATABASE", "NEWSNAP_HOME")
    found.setdict({name: environment[name] for name in names}, priority="cmdline")
    return found


def item(made: Invented, *, source: str = "people", body: str = "", title: str = "", hour: int = 9) -> Article:
    """Return an article as it comes from a spider, with its page."""
    number = made.id.partition(":")[2]
    urls = {"people": made.url, "chinanews": f"https://www.chinanews.com.cn/sh/2026/10-03/{number}.shtml"}
    url = urls[source]
    body = body or "\n".join(made.pages[0])
    title = title or made.title
    page = f"<h1>{title}</h1><p>{body}</p>".encode()
    fetched = FETCHED.replace(hour=hour)
    capture = Capture(url=url, status=200, headers=[], body=page, encoding="utf-8", fetched=fetched)
    article = Article(
        id=f"{source}:{number}", source=source, site=source, url=url, title=title, body=body, snapshot=fetched,
        keywords=[title[:4]], captures=[capture], published=fetched, published_precision="minute",
        published_from="page", published_raw="2026-10-03 17:00", category="社会",
    )  # fmt: skip
    article.content_hash, article.fingerprint = digests(article.title, article.body)
    return article


async def keep(store: Store, article: Article) -> Article:
    """Write an article as the pipelines do."""
    found = await store.articles.find(article)
    article.stored = found.own
    if found.own is None and found.holder:
        await store.articles.add_duplicate(found.holder, article)
    else:
        outcome = await store.articles.write(article, article.stored)
        await store.stories.link(article, revised=outcome == "changed")
    return article


async def take_down(store: Store, kind: str, value: str, **fields: Any) -> desk.Added:
    yes = fields.pop("yes", False)
    order = await desk.draft(store, load_sources(store.settings), kind, value, "应作者要求", **fields)
    added = await desk.add(store, order, by="tester", yes=yes)
    assert added
    return added
