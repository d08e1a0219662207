"""Notices: what a right-holder sends, what the publisher of an article answers, and what becomes of either.

The fields are those that 信息网络传播权保护条例 asks of a notice (article 14) and of a counter-notice (article 16).
Names and contact data stay in the collection `notices`: they are in no log, no rule, no entry of the takedown log, no
`repr`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

Status = Literal["pending", "accepted", "rejected", "countered", "lifted"]
STATUSES: tuple[str, ...] = get_args(Status)

OPEN = ("pending", "countered")
"""Those that wait for the operator: to decide on the notice, or to give back what was taken down (article 17)."""

LIMITS = {"name": 200, "contact": 500, "address": 500, "work": 1000, "evidence": 20_000}
"""Characters of each text."""
MAX_ADDRESSES = 200
MAX_ADDRESS_CHARACTERS = 2048

WORDS = {
    "name": "the name of the right-holder",
    "contact": "how to reach them (telephone or e-mail)",
    "address": "their postal address",
    "work": "the name of the work",
    "evidence": "preliminary evidence",
}


class NoticeError(ValueError):
    """A notice that lacks what the law asks of it; `field` names what."""

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """What one side states."""

    name: str = field(repr=False)
    """Name of the person or organisation."""

    contact: str = field(repr=False)
    """Telephone, e-mail or the like."""

    address: str = field(repr=False)
    """Postal address."""

    work: str = field(repr=False)
    """Name of the work."""

    addresses: list[str]
    """Network addresses: of what is to be taken down, or given back."""

    evidence: str = field(repr=False)
    """Preliminary evidence that it infringes, or that it does not."""

    truth: bool = True
    """The statement that all this is true; nothing is taken without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A moment in the life of a notice."""

    at: datetime
    status: Status
    by: str
    """Name of the operator's account; `form` for what came by the site."""

    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A notice, the counter-notice if there is one, and what became of them."""

    id: str = field(default_factory=lambda: f"N{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}")
    status: Status = "pending"
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    due: datetime | None = None
    """When the operator is to have acted; None where nothing is to be done."""

    claim: Party
    counter: Party | None = None
    rules: list[str] = field(default_factory=list)
    """Ids of the rules that rest on it."""

    articles: list[str] = field(default_factory=list)
    """Identities of the articles that these removed or held."""

    history: list[Step] = field(default_factory=list)

    def overdue(self, at: datetime) -> bool:
        """Tell whether the operator should have acted by now."""
        return self.due is not None and self.due < at


def party_from(form: Mapping[str, Any]) -> Party:
    """Read what one side states, from a form or a JSON file.

    `addresses` may be a list, or text with one address a line.  Raises NoticeError, whose `field` names what is
    missing.
    """
    texts: dict[str, str] = {}
    for name, limit in LIMITS.items():
        value = form.get(name)
        if not isinstance(value, str) or not value.strip():
            raise NoticeError(f"{name} is missing: a notice needs {WORDS[name]}", name)
        texts[name] = value.strip()
        if len(texts[name]) > limit:
            raise NoticeError(f"{name} has {len(texts[name])} characters: at most {limit} are taken", name)
    given = form.get("addresses")
    lines = given.splitlines() if isinstance(given, str) else given if isinstance(given, list) else []
    addresses = [each.strip() for each in lines if isinstance(each, str) and each.strip()]
    if not addresses:
        raise NoticeError("addresses is missing: a notice needs the network addresses of what it is about", "addresses")
    if len(addresses) > MAX_ADDRESSES or any(len(each) > MAX_ADDRESS_CHARACTERS for each in addresses):
        raise NoticeError(
            f"addresses takes at most {MAX_ADDRESSES} lines of {MAX_ADDRESS_CHARACTERS} characters: send a second "
            "notice",
            "addresses",
        )
    if form.get("truth") not in (True, "1", "on", "yes", "true"):
        raise NoticeError("truth is missing: a notice needs the statement that what it says is true", "truth")
    return Party(**texts, addresses=list(dict.fromkeys(addresses)), truth=True)
