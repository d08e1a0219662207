"""The operator's desk: from a decision to a rule that is in force and swept, with what is checked on the way."""

import contextlib
import getpass
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from newsnap.search.indexer import Indexer
from newsnap.store.coverage import Preview
from newsnap.store.removal import Done
from newsnap.store.texts import Mark
from newsnap.takedowns.notices import Notice, NoticeError
from newsnap.takedowns.rules import IDENTITY, Rule, RuleError, make_rule

if TYPE_CHECKING:
    from newsnap.sources import Sources
    from newsnap.store import Store

ASK_ABOVE = 1000
"""A rule that hits more articles has to be meant."""
MAX_TEXT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """A rule that is about to be made."""

    rule: Rule
    marks: tuple[Mark, ...] = ()
    """Of a text that was given in a file."""


@dataclass(frozen=True, slots=True)
class Added:
    """A rule that was made, and what it did."""

    rule: Rule
    done: Done


def operator() -> str:
    """Return the name of the account that gives the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return "unknown"


async def draft(store: "Store", sources: "Sources", kind: str, value: str, reason: str, **fields: Any) -> Order:
    """Return the rule that an operator means, checked against the store.

    fields: as `make_rule` takes them.  Raises RuleError for what can't be a rule, an article nobody knows, a text that
    cannot be told from others; NoticeError for an unknown notice.
    """
    marks: tuple[Mark, ...] = ()
    if kind == "text" and value.startswith("@"):
        mark = text_mark(Path(value[1:]))
        marks, value = (mark,), f"sha256:{mark.hash[:16]}"
    elif kind == "text" and "://" in value:
        value = make_rule("article", value, reason, sources).value
    rule = make_rule(kind, value, reason, sources, **fields)
    if rule.notice:
        await store.notices.find(rule.notice)
    if kind == "article" or (kind == "text" and not marks):
        known = await store.db.articles.find_one({"_id": rule.value}, {"state": 1})
        if known is None:
            raise RuleError(
                f"there is no article {rule.value}: `scrapy export` shows the identities; to keep out one that is not "
                "stored, give its address with the kind url"
            )
        if kind == "text" and known["state"] == "removed":
            raise RuleError(f"the text of {rule.value} is removed already: give it in a file, as text @FILE")
    return Order(rule, marks)


def text_mark(path: Path) -> Mark:
    """Return the mark of a text in a file: headline in the first line, then the body.

    Raises RuleError if it cannot be read, or is too short to be told from others.
    """
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise RuleError(f"{path} has more than {MAX_TEXT_BYTES} bytes: give the text of one article")
        title, _, body = path.read_text(encoding="utf-8").strip().partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path} cannot be read ({error}): give a file of UTF-8 text") from None
    mark = Mark.of(title, body or title)
    if not mark.print.bands:
        raise RuleError(f"the text in {path} is too short to be told from others: give at least two sentences")
    return mark


async def preview(store: "Store", order: Order) -> Preview:
    """Return what a rule would do; nothing is changed."""
    return await store.removal.coverage().preview(order.rule, order.marks)


async def add(store: "Store", order: Order, *, by: str, yes: bool = False) -> Added | None:
    """Make a rule and sweep the store; None if the very same is in force.

    Raises RuleError if it would hit more than ASK_ABOVE articles and nobody said `yes`; then nothing is changed.
    """
    if not yes:
        await check_hits(store, [order])
    rule = await store.rules.add(order.rule, order.marks, by=by)
    if rule is None:
        return None
    done = await store.removal.sweep(rule, by=by)
    await Indexer(store).forget([*done.removed, *done.held])
    return Added(rule, done)


async def check_hits(store: "Store", orders: Sequence[Order]) -> None:
    """Raise RuleError for a rule that would hit more than ASK_ABOVE articles."""
    for order in orders:
        found = await preview(store, order)
        hits = len(found.covered) + (len(found.reprints) if order.rule.on_reprints else 0)
        if hits > ASK_ABOVE:
            raise RuleError(
                f"{order.rule.kind} {order.rule.value} would hit {hits} of {found.stored} articles, more than "
                f"{ASK_ABOVE}: nothing is changed; look at `scrapy takedown preview`, then give --yes if that is meant"
            )


async def lift(store: "Store", id: str, *, by: str, reason: str) -> list[tuple[Rule, Done]]:
    """End a rule, or all rules of a notice; return them with what that did.

    A notice whose last rule ends is closed.  Raises RuleError or NoticeError.
    """
    rules = await store.rules.of_notice(id) if id.startswith("N") else [await store.rules.find(id)]
    if id.startswith("N"):
        await store.notices.find(id)
        rules = [rule for rule in rules if not rule.ended]
        if not rules:
            raise NoticeError(
                f"no rule rests on the notice {id} any more: `scrapy takedown notice show {id}` tells why"
            )
    lifted = [(rule, await store.removal.lift(rule.id, by=by, reason=reason)) for rule in rules]
    for notice in {rule.notice for rule in rules if rule.notice}:
        if all(rule.ended for rule in await store.rules.of_notice(notice)):
            with contextlib.suppress(NoticeError):  # closed before, or its rule was made without accepting it
                await store.notices.close(notice, by=by, reason=reason)
    return lifted


async def accept(
    store: "Store", sources: "Sources", notice_id: str, reason: str, *, by: str, yes: bool = False, **fields: Any
) -> tuple[Notice, list[Added]]:
    """Accept a notice: make a rule for each address it names, and sweep the store.

    Raises NoticeError unless it is pending; RuleError for an address that can't be a rule, and then nothing is changed.
    """
    notice = await store.notices.find(notice_id)
    if notice.status != "pending":
        raise NoticeError(f"the notice {notice_id} is {notice.status}: only one that is pending can be accepted")
    orders = []
    for address in notice.claim.addresses:
        kind, value = await meant(store, address)
        orders.append(await draft(store, sources, kind, value, reason, notice=notice_id, **fields))
    if not yes:
        await check_hits(store, orders)
    added = [each for order in orders if (each := await add(store, order, by=by, yes=True))]
    # one that was killed halfway made some of them before
    rules = [rule.id for rule in await store.rules.of_notice(notice_id) if not rule.ended]
    return await store.notices.accept(notice_id, rules=rules, by=by, reason=reason), added


async def meant(store: "Store", address: str) -> tuple[str, str]:
    """Return kind and value of the rule for an address in a notice: the publisher's own, or that of our snapshot."""
    for part in re.split(r"[/=&]", unquote(urlsplit(address).path + "=" + urlsplit(address).query)):
        if IDENTITY.fullmatch(part) and await store.db.articles.find_one({"_id": part}, {"_id": 1}):
            return "article", part
    return "url", address


def day(value: str | None) -> datetime | None:
    """Read the day until which a rule is made, from its beginning in UTC.

    Raises RuleError.
    """
    if not value:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise RuleError(f"--until {value} is not a day: give it as YYYY-MM-DD") from None
