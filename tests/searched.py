"""Found or not: what tests of searching share."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import bson
import prose
import pytest
import shelf
from pymongo.database import Database
from scrapy.settings import Settings

from newsnap.search import Indexer, Search
from newsnap.search.words import terms_of_word
from newsnap.store import Store

T = TypeVar("T")
Document = dict[str, Any]

PARK = "国家文创实验区亮出行业党建与产业发展互融共促“成绩单”"
PARK_BODY = (
    "39家园区入选市级文化产业园区，居全市首位。\n"
    "文创行业党委书记裴喆槐介绍，1-5月全区企业实现收入1,220.1亿元，占比14.1%，并建成AIGC视听产业创新中心。\n"
    "温榆河畔的孙河52号园区现有30多家企业入驻。"
)


def in_store(settings: Settings, act: Callable[[Store], Awaitable[T]]) -> T:
    return shelf.in_store(settings, act)


async def found(store: Store, text: str, **more: Any) -> list[str]:
    return [hit.id for hit in (await Search(store).find(text, **more)).hits]


async def shelve(store: Store, *articles: Any) -> None:
    await shelf.put_all(store, articles)
    await Indexer(store).catch_up()


def park(id: str = "people:1", **more: Any) -> Any:
    return shelf.article(id, PARK_BODY, title=PARK, category="文化", **more)


def other(id: str, number: int, **more: Any) -> Any:
    made = prose.prose(number)
    return shelf.article(id, made.body, title=made.title, **more)


def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsnap.search.sealing.SEALED_AT_ONCE", 16)
    monkeypatch.setattr("newsnap.search.sealing.MERGED_AT_ONCE", 4)
    monkeypatch.setattr("newsnap.search.indexer.AT_ONCE", 16)


def traces(db: Database[Document], words: set[str], ids: set[str]) -> list[str]:
    """Return the collections in which something of a text is left: in words, or as terms of the index."""
    left = []
    terms = {term.to_bytes(4, "little") for word in words for term in terms_of_word(word)}
    for name in db.list_collection_names():
        for document in db[name].find():
            raw = bson.encode(document)
            if any(word.encode() in raw for word in words):
                left.append(f"{name}: a word")
            if name in ("terms", "postings") and any(term in raw for term in terms):
                left.append(f"{name}: a term")
            if name in ("terms", "segments") and any(id.encode() in raw for id in ids):
                left.append(f"{name}: an identity")
    return left
