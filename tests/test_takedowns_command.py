"""`scrapy takedown` as an operator uses it: what it says, what it changes, and its exit codes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invented import article
from pymongo.database import Database
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from shelf import in_store
from taken_down import item, keep, run_here, sentences

from newsnap.commands.takedown import Command
from newsnap.store import Store

Document = dict[str, Any]
Takedown = Callable[..., tuple[int, str]]

ONE, OTHER = article(1), article(2)
RULE = re.compile(r"T\d{8}-[0-9a-f]{6}")
CLAIM = {
    "name": "闻先生", "contact": "wen@post.example", "address": "望潮镇码头路1号", "work": "渡口换上新站牌",
    "addresses": [ONE.url], "evidence": "手稿照片三张", "truth": True,
}  # fmt: skip


@pytest.fixture
def takedown(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Takedown:
    """Run `scrapy takedown ARGUMENTS` in this process; return the exit code and all it says."""
    return lambda *arguments: run_here(Command(), settings, arguments, capsys)


@pytest.fixture
def stored(settings: Settings, db: Database[Document]) -> Database[Document]:
    """A database with two articles."""

    async def act(store: Store) -> None:
        await keep(store, item(ONE))
        await keep(store, item(OTHER))

    in_store(settings, act)
    return db


def test_an_operator_takes_an_article_down_and_gives_it_back(
    takedown: Takedown, stored: Database[Document], tmp_path: Path
) -> None:
    code, said = takedown("preview", "url", ONE.url)
    assert code == 0
    assert "1 article would be removed" in said
    assert ONE.title in said
    assert "1 of 2 stored articles would not be touched; nothing was changed" in said
    assert stored.takedowns.count_documents({}) == 0

    code, said = takedown("add", "url", ONE.url, "--reason", "应作者要求", "--internal-reason", "电话", "--by", "anna")
    assert code == 0
    rule = RULE.search(said)[0]  # type: ignore[index]
    assert "is taken down; running crawls and the site obey within 10 s" in said
    assert "1 article removed" in said
    assert "is taken down already" in takedown("add", "url", ONE.url, "--reason", "应作者要求")[1]

    assert rule in takedown("list")[1]
    code, said = takedown("show", rule)
    for part in ("应作者要求", "电话", "anna", "1 removed, 0 held", "in force"):
        assert part in said
    assert takedown("log")[1].strip().endswith("2 entries")
    assert takedown("log", rule)[1] == takedown("log")[1]

    code, said = takedown("receipt", rule, "-o", str(tmp_path / "receipt.txt"))
    receipt = (tmp_path / "receipt.txt").read_text(encoding="utf-8")
    assert code == 0
    for part in (rule, ONE.id, "删除 removed", "原始网页 pages as received 1", ONE.url.partition("://")[2]):
        assert part in receipt
    for part in (ONE.title, "电话", "anna", *sentences(ONE)):
        assert part not in receipt

    code, said = takedown("verify")
    assert (code, "2 entries" in said) == (0, True)
    head = re.search(r"--head (\d+:\w{64})", receipt)[1]  # type: ignore[index]

    code, said = takedown("lift", rule, "--reason", "和解")
    assert (code, "1 article free to be crawled again" in said) == (0, True)
    assert takedown("verify", "--head", head)[0] == 0
    assert "0 rules in force" in takedown("list")[1]
    assert rule in takedown("list", "--all")[1]
    assert "has ended already" in takedown("lift", rule)[1]


def test_one_byte_changed_in_the_log_is_named(takedown: Takedown, stored: Database[Document]) -> None:
    takedown("add", "url", ONE.url, "--reason", "x")
    takedown("add", "host", "one.example", "--reason", "x", "--by", "anna")
    assert takedown("verify")[0] == 0
    stored.takedown_log.update_one({"_id": 3}, {"$set": {"by": "anne"}})
    code, said = takedown("verify")
    assert code == 1
    assert "entry 3 is not as it was written" in said


def test_a_notice_is_answered(takedown: Takedown, stored: Database[Document], tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    file.write_text(json.dumps(CLAIM, ensure_ascii=False), encoding="utf-8")
    code, said = takedown("notice", "add", str(file))
    assert code == 0
    notice = said.partition(":")[0]
    listed = takedown("notice", "list")[1]
    assert notice in listed
    assert "pending" in listed
    shown = takedown("notice", "show", notice)[1]
    for name in ("name", "contact", "address", "work", "evidence"):
        assert CLAIM[name] in shown
        assert str(CLAIM[name]) not in listed

    code, said = takedown("notice", "accept", notice, "--reason", "侵权", "--hold")
    assert (code, "1 article held" in said) == (0, True)
    assert notice not in takedown("notice", "list")[1]
    assert notice in takedown("notice", "list", "--all")[1]
    assert "隐藏 hidden" in takedown("receipt", notice)[1]
    code, said = takedown("notice", "counter", notice, str(file))
    assert (code, "give back what was taken down" in said) == (0, True)
    code, said = takedown("lift", notice)
    assert (code, "1 article released" in said) == (0, True)
    assert "lifted" in takedown("notice", "show", notice)[1]
    assert stored.articles.count_documents({"state": "live"}) == 2

    takedown("notice", "add", str(file))
    other = stored.notices.find_one({"status": "pending"})["_id"]
    assert takedown("notice", "reject", other)[0] == 1
    assert takedown("notice", "reject", other, "--reason", "无权利证明")[0] == 0
    everything = "".join(takedown("log")[1])
    assert "wen@post.example" not in everything
    assert "闻先生" not in everything


BAD = {
    "an address that is none": (["add", "url", "somewhere", "--reason", "x"], "is not an address of the web"),
    "a public suffix": (["add", "host", "com.cn", "--reason", "x"], "is a public suffix"),
    "an expression for everything": (["add", "title", ".*", "--reason", "x"], "matches every headline"),
    "an expression that never ends": (["add", "title", r"(a*)*\1$", "--reason", "x"], "no regular expression of RE2"),
    "an unknown article": (["add", "article", "people:404", "--reason", "x"], "there is no article people:404"),
    "no reason": (["add", "source", "people"], "a rule needs a reason"),
    "an unknown rule": (["lift", "T0"], "there is no rule T0"),
    "an unknown rule to show": (["show", "T0"], "there is no rule T0"),
    "an unknown notice": (["notice", "accept", "N0", "--reason", "x"], "there is no notice N0"),
    "an unknown word for reprints": (
        ["add", "source", "people", "--reason", "x", "--reprints", "burn"],
        "burn is not known",
    ),
    "a day that is none": (["add", "source", "people", "--reason", "x", "--until", "soon"], "is not a day"),
    "a day that is past": (["add", "source", "people", "--reason", "x", "--until", "2020-01-01"], "would have ended"),
    "an end of the log that is none": (["verify", "--head", "7"], "is no end of a log"),
    "a file that is not there": (["notice", "add", "/nowhere/notice.json"], "cannot be read"),
}


def test_bad_input_gets_a_sentence_and_changes_nothing(takedown: Takedown, db: Database[Document]) -> None:
    for case, (arguments, sentence) in BAD.items():
        code, said = takedown(*arguments)
        assert code == 1, case
        assert sentence in said, case
        assert said.startswith("newsnap: "), case
        assert said.count("\n") == 1, case
    for name in ("takedowns", "takedown_log", "notices"):
        assert db[name].count_documents({}) == 0


def test_a_notice_that_lacks_something_says_what_and_nothing_else(
    takedown: Takedown, db: Database[Document], tmp_path: Path
) -> None:
    file = tmp_path / "notice.json"
    for content, sentence in (
        (json.dumps({**CLAIM, "evidence": ""}), "evidence is missing: a notice needs preliminary evidence"),
        ('{"name": "闻先生",', "is not JSON in UTF-8 (line 1)"),
        ("[]", "is not a JSON object"),
    ):
        file.write_text(content, encoding="utf-8")
        code, said = takedown("notice", "add", str(file))
        assert code == 1
        assert sentence in said
        assert "闻先生" not in said
    assert db.notices.count_documents({}) == 0


def test_what_is_no_action_shows_all_there_are(takedown: Takedown) -> None:
    for arguments in (
        [],
        ["ad"],
        ["add", "url"],
        ["list", "x"],
        ["notice"],
        ["notice", "accept"],
        ["verify", "1", "2"],
    ):
        with pytest.raises(UsageError, match=r"give one of: add KIND VALUE --reason TEXT; preview"):
            takedown(*arguments)
