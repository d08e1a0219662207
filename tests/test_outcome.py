"""The outcome of a crawl: when it is a success, and what is said when not."""

from typing import Any

import pytest

from newsnap.outcome import outcome_of

GOOD = {"newsnap/listing/articles": 5, "newsnap/spider/fetched": 3, "newsnap/spider/known": 2, "newsnap/mongo/new": 3}

CASES: dict[str, tuple[dict[str, Any], str, bool, str | None]] = {
    "a good run": (GOOD, "finished", False, None),
    "all known": ({"newsnap/listing/articles": 5, "newsnap/spider/known": 5}, "finished", False, None),
    "an unchanged listing": ({"newsnap/listing/unchanged": 1}, "finished", False, None),
    "interrupted": (GOOD, "shutdown", False, "it ended early: it was interrupted"),
    "MongoDB gone": (GOOD, "mongo_away", False, "it ended early: MongoDB stayed away"),
    "an error at the start": ({}, "start_error", False, "it ended early: reading the listings failed"),
    "nothing alive": ({"newsnap/listing/none_alive": 1}, "finished", False, "no listing was alive"),
    "an article not stored": (GOOD | {"newsnap/errors/item": 1}, "finished", False, "could not be stored"),
    "none of many": (
        {"newsnap/listing/articles": 5, "newsnap/failed/article/HTTP 500": 5}, "finished", False, "5 articles listed",
    ),
    "one page of many without an article": (GOOD | {"newsnap/spider/empty": 1}, "finished", False, None),
    "a given address not had": (GOOD | {"newsnap/failed/article/HTTP 404": 1}, "finished", True, "1 of the given"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_run_is_judged_by_what_it_did(case: str) -> None:
    stats, reason, given, sentence = CASES[case]
    failures = outcome_of(stats, reason, given=given).failures
    if sentence is None:
        assert failures == []
    else:
        assert any(sentence in failure for failure in failures), failures


def test_errors_are_counted_by_reason() -> None:
    stats = {
        "newsnap/failed/article/HTTP 404": 2,
        "newsnap/failed/listing/timeout": 1,
        "newsnap/spider/empty": 3,
        "spider_exceptions/ValueError": 1,
        "spider_exceptions/count": 1,
    }
    outcome = outcome_of(stats, "finished", given=False)
    assert outcome.counts["errors"] == 7
    assert outcome.reasons["HTTP 404"] == 2
    assert outcome.reasons["no article on the page"] == 3
