"""Fingerprints: a text is known however it is printed, a reprint through its edits, and a twin for what it is."""

import hashlib
import itertools
import random
import time
from collections import Counter

import pytest
import reprints
from hypothesis import given, settings
from hypothesis import strategies as st

from newsnap.fingerprints import content_hash, digests, fingerprint, relation
from newsnap.likeness import read, relation_of_texts
from newsnap.wording import headline, is_widget, numbers

BODY = "松渡镇的水务站换下12台旧水泵，用了3.5天。\n“水压稳了。”闻喆说。\n气温降到-2℃，阀门没有冻住，供水量升了5%。"


def test_print_does_not_make_another_text() -> None:
    for same in (
        BODY.replace("，", ","),
        BODY.replace("\n", "\n\n　　"),
        BODY.replace("。\n", "。"),
        BODY.replace("“", "「").replace("”", "」"),
        BODY.replace("12", "１２").replace("3.5", "３．５").replace("5%", "５ ％"),
        BODY.replace("-2", "－2"),
        f"{BODY}\n阅读 1024",
        f"浏览次数：12,345次\n{BODY}\n分享到：微信 微博 QQ空间\n【打印】【关闭】",
    ):
        assert content_hash("换泵", same) == content_hash("换泵", BODY), same


def test_what_is_said_makes_another_text() -> None:
    for other in (
        BODY.replace("12", "13"),
        BODY.replace("3.5", "35"),
        BODY.replace("3.5", "3-5"),
        BODY.replace("-2", "2"),
        BODY.replace("5%", "5‰"),
        BODY.replace("闻喆", "闻哲"),
        BODY.replace("\n“水压稳了。”闻喆说。", ""),
        BODY.replace("没有", ""),
        BODY + "𠮷",
    ):
        assert content_hash("换泵", other) != content_hash("换泵", BODY), other


def test_a_short_text_is_told_apart_by_its_headline() -> None:
    assert content_hash("松渡日落", "图为现场。") != content_hash("柳川日落", "图为现场。")
    assert content_hash("松渡换泵", BODY) == content_hash("松渡水泵换新", BODY)


def test_a_headline_is_compared_by_its_words_and_signs() -> None:
    assert headline("松渡 “换泵” 了！") == headline("松渡「换泵」了!")
    assert headline("松渡换泵了") != headline("松渡换泵了？")


@pytest.mark.parametrize(
    ("line", "widget"),
    [
        ("阅读 1.2万 | 评论 35", True),
        ("12次浏览", True),
        ("已有 12 人参与", True),
        ("字号：大 中 小", True),
        ("扫一扫分享到朋友圈", True),
        ("2024年", False),
        ("共有35人", False),
        ("阅读使人充实，12人参加。", False),
        ("", False),
    ],
)
def test_a_line_of_counters_and_buttons_is_not_text(line: str, widget: bool) -> None:
    assert is_widget(line) is widget


def test_numbers_have_one_spelling() -> None:
    assert numbers("气温－5℃，１.２ ％，1,200人，10：30—11:45，B-2，￥3") == [
        "-5°C", "1.2%", "1200", "10:30-11:45", "2", "¥3",
    ]  # fmt: skip


def test_reprints_are_known_by_hashes_and_by_their_text() -> None:
    missed: Counter[str] = Counter()
    count = 0
    for number in range(40):
        original = reprints.text_of(number)
        known, text = fingerprint(*original), read(*original)
        for how, reprint in reprints.reprints(original, number):
            count += 1
            other = fingerprint(*reprint)
            found = set(known.bands) & set(other.bands)
            if not found or relation_of_texts(text, read(*reprint)) not in ("same", "reprint"):
                missed[how] += 1
            if not found or relation(known, other) not in ("same", "reprint"):
                missed["by hashes alone"] += 1
    assert missed.pop("by hashes alone", 0) <= count * 0.04
    assert missed.total() <= count * 0.02, missed


def test_flashes_of_two_sentences_are_known() -> None:
    missed = 0
    for number in range(100):
        original = reprints.flash(number)
        known = fingerprint(*original)
        for _, reprint in itertools.islice(reprints.reprints(original, number), 3):
            other = fingerprint(*reprint)
            same = relation_of_texts(read(*original), read(*reprint)) in ("same", "reprint")
            missed += not (set(known.bands) & set(other.bands) and same)
    assert missed <= 6


def test_unrelated_articles_are_not_linked() -> None:
    everything = [reprints.text_of(number) for number in range(120)] + [reprints.flash(number) for number in range(80)]
    known = [(fingerprint(*each), read(*each)) for each in everything]
    for (a, text_a), (b, text_b) in itertools.combinations(known, 2):
        assert relation(a, b) == "other"
        if set(a.bands) & set(b.bands):
            assert relation_of_texts(text_a, text_b) == "other"


def test_twins_of_one_template_are_not_reprints() -> None:
    linked = sum(
        relation_of_texts(read(*one), read(*other)) in ("same", "reprint") for one, other in reprints.twins(1200, 1)
    )
    assert linked <= 1


def test_what_shares_a_statement_is_no_reprint() -> None:
    assert not [
        (one, other)
        for one, other in reprints.same_topic([reprints.text_of(number) for number in range(30)])
        if relation_of_texts(read(*one), read(*other)) != "other"
    ]


def test_twins_with_other_numbers_are_told_by_hashes_alone() -> None:
    chance = random.Random(5)
    pairs = [(reprints.meeting(chance), reprints.meeting(chance)) for _ in range(40)]
    said = Counter(relation(fingerprint(*one), fingerprint(*other)) for one, other in pairs)
    assert said["twin"] >= 25, "most have another month and another day"


def test_scattered_edits_do_not_hide_a_reprint() -> None:
    found = 0
    for number in range(40):
        title, body = reprints.text_of(number)
        heavily = reprints.edited(body, 0.095, random.Random(number))
        found += relation_of_texts(read(title, body), read(title, heavily)) == "reprint"
    assert found >= 36


def test_one_number_makes_another_text_and_not_another_story() -> None:
    chance = random.Random(1)
    for number in range(60):
        title, body = reprints.text_of(number) if number % 2 else reprints.flash(number)
        changed = reprints.with_another_number(body, chance)
        if changed is None:
            continue
        assert content_hash(title, changed) != content_hash(title, body)
        one, other = fingerprint(title, body), fingerprint(title, changed)
        assert set(one.bands) & set(other.bands)
        assert relation(one, other) in ("same", "reprint")
        assert relation_of_texts(read(title, body), read(title, changed)) == "reprint"


def test_a_part_of_a_round_up_is_not_its_reprint() -> None:
    title, body = reprints.text_of(1)
    others = "\n".join(reprints.text_of(number)[1] for number in range(2, 8))
    assert relation(fingerprint(title, body), fingerprint("一周回顾", f"{body}\n{others}")) == "other"


def test_fingerprints_are_the_same_for_ever() -> None:
    # they are stored: another way to make them needs another VERSION
    print_of = fingerprint("换泵", BODY)
    assert hashlib.sha256(print_of.signature).hexdigest()[:16] == "8bdf32143857d984"
    assert hashlib.sha256(repr(print_of.bands).encode()).hexdigest()[:16] == "bd90c1b403a78ea5"
    assert content_hash("换泵", BODY)[:16] == "be7d4f0fad219e52"
    assert digests("换泵", BODY) == (content_hash("换泵", BODY), print_of)


def test_what_says_too_little_has_no_bands() -> None:
    assert fingerprint("", "").bands == []
    assert fingerprint("图", "图").bands == []
    assert relation(fingerprint("图", "图一"), fingerprint("图", "图二")) == "other"


def test_a_signature_of_another_version_is_like_none() -> None:
    known = fingerprint(*reprints.text_of(1))
    newer = type(known)(b"\x63" + known.signature[1:], known.bands)
    assert relation(known, newer) == "other"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_compared(a: str, b: str) -> None:
    one, other = fingerprint("", a), fingerprint("", b)
    assert relation(one, other) == relation(other, one)
    assert relation(one, one) == "same"
    assert relation_of_texts(read("", a), read("", b)) == relation_of_texts(read("", b), read("", a))
    assert len(one.signature) <= 1228


@pytest.mark.parametrize("line", ["阅读1 " * 15, "大中小" * 19 + "x", "1" * 60, "阅读1阅读" * 11 + "x", "1,-" * 20])
def test_no_line_is_slow_to_judge(line: str) -> None:
    began = time.perf_counter()
    is_widget(line)
    numbers(line * 200)
    assert time.perf_counter() - began < 0.1
