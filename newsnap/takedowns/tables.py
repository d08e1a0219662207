"""Tables: what the commands about takedowns print."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsnap.store.coverage import Preview
from newsnap.store.removal import Done
from newsnap.takedowns.notices import Notice, Party
from newsnap.takedowns.receipts import moment
from newsnap.takedowns.rules import Rule

SHOWN_ARTICLES = 20


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def minute(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else ""


def console() -> Console:
    """Return where tables go: as wide as the terminal, or wide enough for a file."""
    return Console(width=None if Console().is_terminal else 160, highlight=False)


def table(*headings: str) -> Table:
    """Return an empty table."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        found.add_column(heading, overflow="fold")
    return found


def row(into: Table, *cells: Any) -> None:
    """Add a row; what others wrote is text and no markup."""
    into.add_row(*(Text(str(each)) for each in cells))


def plural(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> plural(1, "article"), plural(2, "article")
    ('1 article', '2 articles')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def told(done: Done) -> str:
    """Return in one line what a sweep did."""
    parts = {
        "removed": len(done.removed),
        "held": len(done.held),
        "released": len(done.released),
        "free to be crawled again": len(done.reopened),
    }
    said = [f"{plural(count, 'article')} {what}" for what, count in parts.items() if count]
    if done.forgotten:
        said.append(
            f"{plural(done.forgotten, 'address' if done.forgotten == 1 else 'addresse')} of other articles removed"
        )
    return ", ".join(said) or "no stored article was touched"


def show_rules(rules: Sequence[Rule], *, ended: bool) -> None:
    """Print rules in a table; those in force, or all."""
    at = now()
    chosen = [rule for rule in rules if ended or rule.in_force(at)]
    found = table("id", "kind", "value", "effect", "reprints", "reason", "notice", "since (UTC)", "until (UTC)")
    for rule in chosen:
        row(
            found, rule.id, rule.kind, rule.value, rule.effect, rule.reprints, rule.reason, rule.notice or "",
            minute(rule.since), minute(rule.until),
        )  # fmt: skip
    if chosen:
        console().print(found)
    print(f"{plural(len(chosen), 'rule')}{'' if ended else ' in force'}")


def show_rule(rule: Rule, states: dict[str, int], entries: Iterable[dict[str, Any]]) -> None:
    """Print all there is about a rule."""
    lines = {
        "rule": rule.id,
        "covers": f"{rule.kind} {rule.value}",
        "effect": f"{rule.effect}; reprints: {rule.reprints}",
        "reason": rule.reason,
        "internal reason": rule.internal_reason,
        "notice": rule.notice or "",
        "decided by": rule.decided_by,
        "since": moment(rule.since),
        "until": moment(rule.until) if rule.until else "",
        "state": "ended" if not rule.in_force(now()) else "in force",
        "articles": f"{states['removed']} removed, {states['held']} held",
    }
    show_lines(lines)
    for entry in entries:
        print(entry_line(entry))


def show_lines(lines: dict[str, str]) -> None:
    """Print names and values; empty ones are left out."""
    width = max(map(len, lines)) + 2
    for name, value in lines.items():
        if value:
            print(f"{name:<{width}}{value}")


def entry_line(entry: dict[str, Any]) -> str:
    """Return an entry of the log in one line."""
    about = " ".join(str(entry[name]) for name in ("rule", "article", "notice") if entry.get(name))
    details = entry.get("details") or {}
    said = ", ".join(
        f"{name}: {minute(value) if isinstance(value, datetime) else value}"
        for name, value in details.items()
        if value not in (None, "", 0)
    )
    return f"#{entry['_id']} {moment(entry['at'])} {entry['act']} by {entry['by']}: {about}" + (
        f" ({said})" if said else ""
    )


def show_preview(rule: Rule, found: Preview) -> None:
    """Print what a rule would do, and what it would not."""
    verb = {"remove": "removed", "hold": "held"}
    print(f"{rule.kind} {rule.value}: {plural(len(found.covered), 'article')} would be {verb[rule.effect]}")
    show_articles(found.covered)
    if found.reprints:
        effect = rule.on_reprints
        what = f"would be {verb[effect]} with it" if effect else "would be left"
        print(f"{plural(len(found.reprints), 'reprint')} {what} (--reprints remove|hold|leave)")
        show_articles([{**hit.article, "why": hit.why} for hit in found.reprints])
    for id, url in found.addresses[:SHOWN_ARTICLES]:
        print(f"the address {url} would be taken from {id}")
    hit = len(found.covered) + (len(found.reprints) if rule.on_reprints else 0)
    print(f"{found.stored - hit} of {plural(found.stored, 'stored article')} would not be touched; nothing was changed")


def show_articles(articles: Sequence[dict[str, Any]]) -> None:
    """Print articles in a table, the first ones if they are many."""
    found = table("identity", "state", "published (UTC)", "site", "title", "why")
    for each in articles[:SHOWN_ARTICLES]:
        row(
            found, each["_id"], each["state"], minute(each.get("published")), each.get("site", ""),
            each.get("title", ""), each.get("why", ""),
        )  # fmt: skip
    if articles:
        console().print(found)
    if len(articles) > SHOWN_ARTICLES:
        print(f"and {len(articles) - SHOWN_ARTICLES} more")


def show_notices(notices: Sequence[Notice], *, decided: bool) -> None:
    """Print notices in a table, without names and contact data."""
    at = now()
    found = table("id", "status", "received (UTC)", "due (UTC)", "addresses", "rules")
    for each in notices:
        due = f"{minute(each.due)}{' OVERDUE' if each.overdue(at) else ''}"
        row(found, each.id, each.status, minute(each.received), due, len(each.claim.addresses), " ".join(each.rules))
    if notices:
        console().print(found)
    print(f"{plural(len(notices), 'notice')}{'' if decided else ' to be decided on'}")


def show_notice(notice: Notice) -> None:
    """Print all there is about a notice, contact data too."""
    overdue = " OVERDUE" if notice.overdue(now()) else ""
    show_lines({"notice": notice.id, "status": notice.status, "due": minute(notice.due) + overdue})
    for heading, party in (("claim", notice.claim), ("counter-notice", notice.counter)):
        if party:
            print(f"\n{heading}")
            show_lines(stated(party))
    print()
    show_lines({"rules": " ".join(notice.rules) or "-", "articles": " ".join(notice.articles) or "-"})
    for step in notice.history:
        print(f"{moment(step.at)} {step.status} by {step.by}" + (f": {step.reason}" if step.reason else ""))


def stated(party: Party) -> dict[str, str]:
    """Return what one side states, by the names of the law."""
    return {
        "  姓名（名称）": party.name,
        "  联系方式": party.contact,
        "  地址": party.address,
        "  作品名称": party.work,
        "  网络地址": "\n    ".join(party.addresses),
        "  初步证明材料": party.evidence,
        "  真实性声明": "是" if party.truth else "否",
    }
