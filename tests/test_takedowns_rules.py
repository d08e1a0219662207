"""Takedown rules: what they cover in every spelling, what is refused as a rule, and the chain of their log."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy.utils.project import get_project_settings
from taken_down import spellings

from newsnap.sources import load_sources
from newsnap.takedowns import Rule, RuleError, Rules, make_rule, rule_from
from newsnap.takedowns.log import GENESIS, Head, chained, faults
from newsnap.takedowns.matching import SET_SIZE
from newsnap.takedowns.notices import LIMITS, NoticeError, party_from
from newsnap.urls import digest, tidy

SOURCES = load_sources(get_project_settings())
PEOPLE = "http://society.people.com.cn/n1/2026/1003/c1008-40990101.html"
XINHUA = "https://www.news.cn/politics/20261003/0123456789abcdef0123456789abcdef/c.html"
OLD_XINHUA = "https://www.news.cn/politics/2019-03/04/c_1124187654.htm"
CHINANEWS = "https://www.chinanews.com.cn/sh/2026/10-03/10699978.shtml"
UNKNOWN = "https://www.harbour-ledger.example/local/2026/pier-reopens.html"


def rule(kind: str, value: str, **fields: Any) -> Rule:
    return make_rule(kind, value, "at the author's request", SOURCES, **fields)


ELSEWHERE = {
    PEOPLE: [
        PEOPLE.replace("/n1/", "/BIG5/n1/"),
        PEOPLE.replace(".html", "-2.html"),
        PEOPLE.replace("people.com.cn", "people.cn"),
        PEOPLE + "?anything=1",
    ],
    XINHUA: [XINHUA + "?page=3", XINHUA.replace("www.", "m.")],
    OLD_XINHUA: [
        OLD_XINHUA.replace("www.news.cn", "www.xinhuanet.com"),
        OLD_XINHUA.replace("www.news.cn", "m.xinhuanet.com"),
        "http://big5.xinhuanet.com/gate/big5/www.xinhuanet.com/politics/2019-03/04/c_1124187654.htm",
        OLD_XINHUA.replace(".htm", "_2.htm"),
    ],
    CHINANEWS: [CHINANEWS.replace("com.cn", "com"), CHINANEWS.replace("www.", "")],
    UNKNOWN: [
        UNKNOWN.replace("www.", ""),
        UNKNOWN.replace("www.", "m."),
        UNKNOWN.replace(".html", "_2.html"),
        UNKNOWN + "?page=2",
        UNKNOWN + "/index.html",
    ],
}
"""Hosts, mirrors and further pages of each."""


def test_there_are_forty_spellings() -> None:
    assert len(set(spellings(PEOPLE))) == 40


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("kind", ["url", "prefix", "host", "source", "article"])
def test_a_rule_covers_every_spelling_of_an_address(url: str, kind: str) -> None:
    parts, known = urlsplit(url), SOURCES.identify(url)
    if known is None and kind in ("source", "article"):
        return
    value = {
        "url": url,
        "prefix": url.rpartition("/")[0] + "/",
        "host": parts.netloc,
        "source": known.id.partition(":")[0] if known else "",
        "article": known.id if known else "",
    }[kind]
    rules = Rules([rule(kind, value)], SOURCES)
    others = [] if kind in ("host", "prefix") else ELSEWHERE[url]
    missed = [each for each in [*spellings(url), *others] if not rules.covering(each)]
    assert not missed


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_rule_given_in_any_spelling_covers_the_address(url: str) -> None:
    for spelling in [*spellings(url), *ELSEWHERE[url]]:
        if "index.html" in spelling or "_2." in spelling or "page=" in spelling:
            continue  # a rule for a further page of a site nobody knows is about that page
        assert Rules([rule("url", spelling)], SOURCES).covering(url), spelling


NEIGHBOURS = {
    ("url", PEOPLE): [PEOPLE.replace("40990101", "40990102"), PEOPLE.replace("society.people.com.cn", "news.example")],
    ("url", UNKNOWN): [UNKNOWN.replace("pier", "peer"), "https://www.harbour-ledger.example/", UNKNOWN + "?id=2"],
    ("prefix", "https://www.chinanews.com.cn/sh/2026/10-03/"): [
        CHINANEWS.replace("10-03", "10-04"),
        CHINANEWS.replace("/sh/", "/gn/"),
        "https://www.chinanews.com.cn/",
    ],
    ("host", "people.com.cn"): ["http://notpeople.com.cn/a.html", "http://people.com.cn.example/a.html", CHINANEWS],
    ("source", "people"): [CHINANEWS, XINHUA, UNKNOWN],
    ("article", "people:40990101"): [PEOPLE.replace("40990101", "4099010"), CHINANEWS],
}


@pytest.mark.parametrize(("kind", "value"), NEIGHBOURS)
def test_a_rule_covers_nothing_beside(kind: str, value: str) -> None:
    rules = Rules([rule(kind, value)], SOURCES)
    assert not [each for each in NEIGHBOURS[kind, value] if rules.covering(each)]


def test_an_identity_is_covered_whatever_its_address() -> None:
    rules = Rules([rule("url", PEOPLE), rule("source", "chinanews")], SOURCES)
    assert rules.covering("https://elsewhere.example/", id="people:40990101")
    assert rules.covering("https://elsewhere.example/", id="chinanews:1")
    assert not rules.covering("https://elsewhere.example/", id="people:1")


@pytest.mark.parametrize("url", [UNKNOWN, UNKNOWN.replace("/local/", "//local//"), PEOPLE + "/comments//2"])
def test_an_identity_made_of_an_address_is_covered_there(url: str) -> None:
    """A site that gives no id leaves the address as it was given, or as its source has it, to make one of."""
    source = next(iter(SOURCES.of_host(url)), None)
    name, given = (source.name, source.address_rules().adopt(url).url) if source else ("web", tidy(url))
    for id in (f"{name}:{digest(given)}", f"web:{digest(tidy(url))}"):
        rules = Rules([rule("article", id)], SOURCES)
        assert rules.covering(url)
        assert rules.covering(url.replace("http://", "https://") + "#top")


def test_a_headline_is_covered_as_printed_and_in_other_widths() -> None:
    rules = Rules([rule("title", r"码头.{0,6}Ａ座|Pier [0-9]+ reopens")], SOURCES)
    assert rules.covering("", title="老码头的Ａ座开放了")
    assert rules.covering("", title="Ｐｉｅｒ　１２ reopens".replace("　", " "))
    assert not rules.covering("", title="Pier reopens")
    assert not rules.covering(PEOPLE)


def test_many_expressions_find_as_one_does() -> None:
    words = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}.{{0,3}}{chr(0x6E00 + n)}" for n in range(3 * SET_SIZE)]
    rules = Rules([rule("title", each) for each in words], SOURCES)
    for at in (0, SET_SIZE - 1, SET_SIZE, 3 * SET_SIZE - 1):
        title = f"一个{words[at].replace('.{0,3}', '，')}标题"
        found = rules.covering("", title=title)
        assert found
        assert found.value == words[at]
        rules.discard(found.id)
        assert not rules.covering("", title=title)


def test_a_rule_ends_on_its_day_and_not_before() -> None:
    later = datetime.now(UTC) + timedelta(milliseconds=100)
    rules = Rules([rule("url", PEOPLE, until=later)], SOURCES)
    assert rules.covering(PEOPLE)
    asyncio.run(asyncio.sleep(0.15))
    assert not rules.covering(PEOPLE)


def test_a_rule_that_is_lifted_leaves_the_one_beside_it() -> None:
    hold, remove = rule("url", PEOPLE, effect="hold"), rule("url", PEOPLE)
    rules = Rules([hold, remove], SOURCES)
    assert rules.covering(PEOPLE) == remove
    rules.discard(remove.id)
    assert rules.covering(PEOPLE) == hold
    rules.discard(hold.id)
    assert not rules.covering(PEOPLE)
    assert len(rules) == 0


BAD_RULES = {
    "no address": ("url", "not an address", "is not an address of the web"),
    "no host in it": ("url", "https:///a.html", "is not an address of the web"),
    "another scheme": ("url", "ftp://news.example.com/a", "is not an address of the web"),
    "a front page": ("url", "https://news.example.com/", "use the kind host"),
    "a whole host as prefix": ("prefix", "https://news.example.com", "use the kind host"),
    "a public suffix": ("host", "com.cn", "is a public suffix"),
    "a public suffix of one label": ("host", "cn", "is no host"),
    "a public suffix in Chinese": ("host", "公司.cn", "is a public suffix"),
    "a public suffix with a dot": ("host", ".gov.cn.", "is no host"),
    "a suffix that others sell names below": ("host", "github.io", "is a public suffix"),
    "an address as host": ("host", "https://news.example.com", "is no host"),
    "a number as host": ("host", "127.0.0.1", "is no host"),
    "an unknown source": ("source", "harbour", "there is no source 'harbour'"),
    "no identity": ("article", "people", "is no identity of an article"),
    "an expression that matches everything": ("title", ".*", "matches every headline"),
    "one that matches any text": ("title", r"[\x{4e00}-\x{9fff}]", "matches every headline"),
    "one that matches nothing but the beginning": ("title", "^", "matches every headline"),
    "one that never ends elsewhere": ("title", r"(码+)+\1$", "is no regular expression of RE2"),
    "one that looks around": ("title", "(?<!老)码头", "is no regular expression of RE2"),
    "one that is broken": ("title", "码头(", "is no regular expression of RE2"),
    "one that is too large": ("title", r"\p{Han}{1000}码头", "too large a regular expression"),
    "one that repeats too much": ("title", "(码{1000}){1000}", "is no regular expression of RE2"),
    "one that is too long": ("title", "码头" * 101, "at most 200"),
    "an unknown kind": ("page", "x", "is no kind of rule"),
}


@pytest.mark.parametrize("case", BAD_RULES)
def test_what_cannot_be_a_rule_is_refused_in_one_sentence(case: str) -> None:
    kind, value, sentence = BAD_RULES[case]
    with pytest.raises(RuleError) as refused:
        rule(kind, value)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_rule_that_is_not_understood_is_an_error() -> None:
    good = rule("url", PEOPLE).document()
    assert rule_from(good).document() == good
    for bad in (
        {"kind": "riddle"},
        {"value": ""},
        {"effect": "shout"},
        {"reprints": "?"},
        {"since": "today"},
        {"until": 1},
    ):
        with pytest.raises(RuleError, match="cannot be read"):
            rule_from(good | bad)
    with pytest.raises(RuleError):
        rule_from(good | {"kind": "title", "value": ".*"})


# --- the chain ---


async def in_order(entries: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for entry in sorted(entries, key=lambda each: each["_id"]):
        yield entry


def told(entries: list[dict[str, Any]], head: Head) -> list[str]:
    return asyncio.run(anext(faults_of(entries, head)))


async def faults_of(entries: list[dict[str, Any]], head: Head) -> AsyncIterator[list[str]]:
    yield await faults(in_order(entries), head)


def chain(count: int) -> tuple[list[dict[str, Any]], Head]:
    head, entries = Head(0, GENESIS), []
    for number in range(count):
        at = datetime(2026, 10, 3, 9, 0, number, tzinfo=UTC)
        entry = chained(head, {"at": at, "act": "add", "by": "a", "details": {"value": f"v{number}", "until": None}})
        head = Head(entry["_id"], entry["hash"])
        entries.append(entry)
    return entries, head


def test_a_log_that_is_whole_has_no_faults() -> None:
    assert told([], Head(0, GENESIS)) == []
    assert told(*chain(9)) == []


def test_an_altered_entry_is_named() -> None:
    for at in range(9):
        entries, head = chain(9)
        entries[at]["details"]["value"] += "!"
        assert told(entries, head) == [f"entry {at + 1} is not as it was written"]


def test_an_entry_altered_with_its_hash_is_named() -> None:
    for at in range(9):
        entries, head = chain(9)
        entries[at] = chained(Head(at, entries[at]["previous"]), {**entries[at], "by": "b"} | {"hash": None})
        assert told(entries, head) == [f"entry {at + 1} is not as it was written"]


def test_missing_entries_are_named_at_the_end_too() -> None:
    entries, head = chain(9)
    assert told([*entries[:3], *entries[5:]], head) == ["entries 4 to 5 are missing"]
    assert told(entries[1:], head) == ["entry 1 is missing"]
    assert told(entries[:7], head) == ["entries 8 to 9 are missing at the end"]
    assert told([], head) == ["entries 1 to 9 are missing at the end"]


def test_entries_in_each_others_places_are_named() -> None:
    for one, other in ((2, 6), (3, 4), (0, 8)):
        entries, head = chain(9)
        entries[one]["_id"], entries[other]["_id"] = entries[other]["_id"], entries[one]["_id"]
        assert told(entries, head) == [
            f"entry {one + 1} is not in its place: it was entry {other + 1}",
            f"entry {other + 1} is not in its place: it was entry {one + 1}",
        ]


def test_an_entry_that_was_put_in_is_named() -> None:
    entries, head = chain(9)
    forged = chained(head, {"at": datetime(2026, 10, 4, tzinfo=UTC), "act": "lift", "by": "x"})
    assert told([*entries, forged], head) == ["entry 10 is beyond the noted end of the log: no command wrote that"]


def test_any_single_change_is_found() -> None:
    chance = random.Random(5)
    for _ in range(200):
        entries, head = chain(6)
        at = chance.randrange(6)
        match chance.randrange(4):
            case 0:
                entries[at]["at"] += timedelta(milliseconds=1)
            case 1:
                del entries[at]
            case 2:
                entries[at]["hash"] = entries[at]["hash"][:-1] + ("0" if entries[at]["hash"][-1] != "0" else "1")
            case 3:
                entries[at]["previous"] = entries[at]["previous"][::-1] if at else "1" * 64
        found = told(entries, head)
        assert len(found) == 1
        assert f"entry {at + 1} is" in found[0]


# --- notices ---

CLAIM = {
    "name": "Wen Xi", "contact": "wen@post.example", "address": "1 Pier Road", "work": "The pier reopens",
    "addresses": [PEOPLE], "evidence": "my manuscript of 2 October", "truth": True,
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIM)
def test_a_notice_without_what_the_law_asks_is_refused_by_the_field(name: str) -> None:
    for lacking in ({each: CLAIM[each] for each in CLAIM if each != name}, CLAIM | {name: ""}):
        with pytest.raises(NoticeError) as refused:
            party_from(lacking)
        assert refused.value.field == name


def test_a_notice_is_bounded() -> None:
    for name, limit in LIMITS.items():
        with pytest.raises(NoticeError, match=f"at most {limit}"):
            party_from(CLAIM | {name: "x" * (limit + 1)})
    with pytest.raises(NoticeError):
        party_from(CLAIM | {"addresses": [f"https://a.example/{n}" for n in range(201)]})


def test_a_notice_is_no_word_longer_in_a_log() -> None:
    party = party_from(CLAIM | {"addresses": f"{PEOPLE}\n\n {CHINANEWS} \n"})
    assert party.addresses == [PEOPLE, CHINANEWS]
    for secret in ("Wen", "wen@", "Pier Road", "manuscript"):
        assert secret not in repr(party)
