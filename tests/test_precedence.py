"""Precedence: the first publisher of a text is told from printed times, whatever order they come in."""

import itertools
import random
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from shelf import DAY, HOUR, MINUTE, NOON

from newsnap.precedence import Member, earliest, in_order

MIDNIGHT = NOON - 12 * HOUR


def member(id: str, published: datetime | None, precision: str | None = "minute", first: datetime = NOON) -> Member:
    return Member(id, published, precision, first)


def test_the_earliest_by_date_is_the_first_publisher() -> None:
    assert earliest([member("b:1", NOON), member("a:1", NOON + MINUTE)]).id == "b:1"


def test_what_has_no_date_comes_after_all_that_have_one() -> None:
    assert earliest([member("a:1", None, None, NOON - DAY), member("b:1", NOON)]).id == "b:1"
    assert earliest([member("a:1", None, None, NOON + HOUR), member("b:1", None, None, NOON)]).id == "b:1"


def test_a_day_ties_with_each_of_its_moments_and_the_first_fetched_wins() -> None:
    morning = member("a:1", MIDNIGHT + 8 * HOUR, first=NOON + HOUR)
    day = member("b:1", MIDNIGHT, "day", first=NOON)
    assert earliest([morning, day]).id == "b:1"
    assert earliest([morning, member("b:1", MIDNIGHT, "day", first=NOON + 2 * HOUR)]).id == "a:1"
    # of the day before, it is earlier for sure
    assert earliest([morning, member("b:1", MIDNIGHT - DAY, "day", first=NOON + 2 * HOUR)]).id == "b:1"


def test_ties_that_go_in_a_circle_have_one_answer() -> None:
    day = member("a:1", MIDNIGHT, "day", first=NOON + 5 * MINUTE)
    morning = member("b:1", MIDNIGHT + 8 * HOUR, first=NOON + 7 * MINUTE)
    evening = member("c:1", MIDNIGHT + 20 * HOUR, first=NOON + 3 * MINUTE)
    for order in itertools.permutations([day, morning, evening]):
        assert earliest(order).id == "a:1"
        assert [each.id for each in in_order(order)] == ["a:1", "b:1", "c:1"]


moments = st.integers(-3000, 3000).map(lambda minutes: MIDNIGHT + timedelta(minutes=minutes))
members = st.builds(
    Member,
    id=st.integers(0, 99).map("a:{}".format),
    published=st.none() | moments,
    precision=st.sampled_from(["second", "minute", "day"]),
    first=moments,
)


@bounds(max_examples=200, deadline=None)
@given(st.lists(members, min_size=1, max_size=8, unique_by=lambda each: each.id), st.randoms())
def test_the_first_publisher_does_not_depend_on_the_order(everyone: list[Member], chance: random.Random) -> None:
    first = earliest(everyone)
    shuffled = list(everyone)
    chance.shuffle(shuffled)
    assert earliest(shuffled) == first
    # nobody surely precedes the first, and without one of the others he still is the first, or it was him they tied by
    assert all(each.span[1] > first.span[0] for each in everyone if each.published)
    assert in_order(shuffled)[0] == first
