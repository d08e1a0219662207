"""Rules: what they are, and which ones are refused because they could not be obeyed or would cover everything."""

import functools
import re
import secrets
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

import re2
import tldextract

from newsnap.urls import AddressError, tidy, without_scheme

if TYPE_CHECKING:
    from newsnap.sources import Sources

Kind = Literal["url", "prefix", "host", "source", "article", "text", "title"]
KINDS: tuple[str, ...] = get_args(Kind)
Effect = Literal["remove", "hold"]
EFFECTS: tuple[str, ...] = get_args(Effect)
Reprints = Literal["remove", "hold", "leave"]
REPRINTS: tuple[str, ...] = get_args(Reprints)

MAX_TITLE_CHARACTERS = 200
"""A longer regular expression for titles is refused; no headline is longer."""
MAX_PROGRAM = 5000
"""A regular expression that needs more instructions of RE2 is refused: it would cost every article time and memory."""
MAX_REASON_CHARACTERS = 1000


class RuleError(ValueError):
    """A rule that cannot be obeyed; the message says why and what to do."""


class RulesUnreadable(RuntimeError):
    """The rules could not be read, so nothing may be fetched, kept or shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What may not be fetched, kept or shown."""

    id: str = field(default_factory=lambda: f"T{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}")
    kind: Kind
    value: str
    """What it covers, as `kind` says: canonical address, beginning of addresses or host (without scheme); name of a
    source; identity of an article; identity of the article whose text it is, or digest of a text that was given;
    regular expression (RE2) for headlines."""

    identity: str | None = None
    """Identity of the article at the address of an `url` rule, where a source knows it."""

    effect: Effect = "remove"
    """Whether what it covers is removed, or hidden for the time of a dispute."""

    reprints: Reprints = "leave"
    """What becomes of other articles with the text of what it covers, those that come later too."""

    reason: str
    """Shown to the public."""

    internal_reason: str = ""
    """For the operators only."""

    notice: str | None = None
    """The notice it rests on."""

    decided_by: str = ""
    """Name of the operator's account."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    until: datetime | None = None
    """When it ends or ended, None for never."""

    entry: int = 0
    """Number of the latest entry in the log about it; 0 for a rule that was put there by hand."""

    ended: bool = False
    """Whether it was lifted, or its end was noted."""

    swept: datetime | None = None
    """When all that it covers was last removed or held; None while that, or the release after its end, is under way."""

    settled: bool = False
    """Whether the last sweep came so late that no crawler can have written anything since which the rule covers."""

    def in_force(self, at: datetime) -> bool:
        """Tell whether the rule holds at a time.

        A rule holds from the moment it is there, whatever the clock of the machine it was made on says.
        """
        return self.until is None or at < self.until

    @property
    def on_reprints(self) -> Effect | None:
        """What it does to other articles with the text of what it covers; None if it leaves them."""
        if self.reprints == "leave":
            return self.effect if self.kind == "text" else None
        return self.reprints

    def document(self) -> dict[str, Any]:
        """Return the rule as MongoDB keeps it."""
        return {"_id": self.id} | {name: getattr(self, name) for name in FIELDS if name != "_id"}


FIELDS = (
    "_id", "kind", "value", "identity", "effect", "reprints", "reason", "internal_reason", "notice", "decided_by",
    "since", "until", "ended", "swept", "settled", "entry",
)  # fmt: skip
"""Fields of a rule in MongoDB, in the order of the README's table."""


def rule_from(document: dict[str, Any]) -> Rule:
    """Read a rule as MongoDB keeps it.

    Raises RuleError for one that is not understood.
    """
    kind, value, since = document.get("kind"), document.get("value"), document.get("since")
    effect, reprints = document.get("effect", "remove"), document.get("reprints", "leave")
    until = document.get("until")
    understood = (
        kind in KINDS
        and isinstance(value, str)
        and value
        and isinstance(since, datetime)
        and effect in EFFECTS
        and reprints in REPRINTS
        and (until is None or isinstance(until, datetime))
    )
    if not understood:
        raise RuleError(
            f"the takedown rule {document.get('_id')!r} cannot be read (kind {kind!r}, value {value!r}, effect "
            f"{effect!r}, reprints {reprints!r}, since {since!r}, until {until!r}): correct or delete it in the "
            "collection takedowns; until then every gate stays shut"
        )
    if kind == "title":
        title_pattern(str(value))
    return Rule(
        id=str(document["_id"]),
        # what very many rules share is kept once
        kind=sys.intern(kind),  # type: ignore[arg-type]
        value=value,  # type: ignore[arg-type]
        identity=document.get("identity"),
        effect=sys.intern(effect),  # type: ignore[arg-type]
        reprints=sys.intern(reprints),  # type: ignore[arg-type]
        reason=sys.intern(str(document.get("reason", ""))),
        internal_reason=str(document.get("internal_reason", "")),
        notice=document.get("notice"),
        decided_by=str(document.get("decided_by", "")),
        since=since,  # type: ignore[arg-type]
        until=until,
        entry=int(document.get("entry") or 0),
        ended=bool(document.get("ended")),
        swept=document.get("swept"),
        settled=bool(document.get("settled")),
    )


def make_rule(
    kind: str,
    value: str,
    reason: str,
    sources: "Sources",
    notice: str | None = None,
    *,
    effect: str = "remove",
    reprints: str | None = None,
    internal_reason: str = "",
    decided_by: str = "",
    until: datetime | None = None,
) -> Rule:
    """Return a rule, its value in the form that is compared.

    reprints: None for what is usual: `hold` for a single article (`url`, `article`), the effect itself for `text`,
    `leave` for the others.  Raises RuleError for what can't be a rule.
    """
    if kind not in KINDS:
        raise RuleError(f"{kind!r} is no kind of rule: give one of {', '.join(KINDS)}")
    if not reason.strip():
        raise RuleError("a rule needs a reason, which readers are shown: give --reason TEXT")
    if max(len(reason), len(internal_reason)) > MAX_REASON_CHARACTERS:
        raise RuleError(f"a reason has at most {MAX_REASON_CHARACTERS} characters: put the rest into the notice")
    if effect not in EFFECTS:
        raise RuleError(f"{effect!r} is no effect of a rule: give one of {', '.join(EFFECTS)}")
    if reprints is not None and reprints not in REPRINTS:
        raise RuleError(f"--reprints {reprints} is not known: give one of {', '.join(REPRINTS)}")
    if kind == "text" and reprints == "leave":
        raise RuleError(
            "a text rule is about reprints and cannot leave them: give the kind article for one article alone"
        )
    if until is not None and until <= datetime.now(UTC):
        raise RuleError(f"a rule until {until:%Y-%m-%d %H:%M} UTC would have ended before it begins: give a later day")
    value = value.strip()
    identity = None
    match kind:
        case "source":
            try:
                sources.named(value)
            except ValueError as error:
                raise RuleError(str(error)) from None
        case "host":
            value = host_value(value)
        case "title":
            title_pattern(value)
        case "article":
            identity = value = article_value(value, sources)
        case "text":
            if not value:
                raise RuleError("a text rule needs the identity of an article, or @FILE with the text")
        case _:
            value, identity = address_value(kind, value, sources)
    usual = {"url": "hold", "article": "hold", "text": effect}.get(kind, "leave")
    return Rule(
        kind=kind,  # type: ignore[arg-type]
        value=value,
        identity=identity,
        effect=effect,  # type: ignore[arg-type]
        reprints=reprints or usual,  # type: ignore[arg-type]
        reason=reason.strip(),
        internal_reason=internal_reason.strip(),
        notice=notice,
        decided_by=decided_by,
        until=until,
    )


SLASHES = re.compile(r"(?<![:/])//+")
SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?#]*", re.IGNORECASE)


def squeezed(url: str) -> str:
    """Return an address without what servers pass over: doubled slashes, the parameter of a session.

    >>> squeezed("https://example.com//a///b;jsessionid=1")
    'https://example.com/a/b'
    """
    path = url.partition("://")[2] or url
    if "//" not in path and ";" not in path:
        return url
    return SESSION.sub("", SLASHES.sub("/", url))


def address_value(kind: str, value: str, sources: "Sources") -> tuple[str, str | None]:
    """Return the canonical form of an address or of the beginning of addresses, and the identity of the article there.

    Raises RuleError.
    """
    if "://" not in value:
        value = f"https://{value}"
    try:
        tidied = tidy(squeezed(value))
        host = without_scheme(tidied).partition("/")[0].partition(":")[0]
        if not HOST.fullmatch(host):
            raise RuleError(f"{value!r} is not an address of the web: give it as https://host/path")
        found = sources.identify(tidied) if kind == "url" else None
        if found:
            return without_scheme(found.url), found.id
        plain = without_scheme(sources.canonical(tidied))
    except AddressError as error:
        raise RuleError(str(error)) from None
    if not urlsplit(f"//{plain}").path.strip("/") and "?" not in plain:
        whole = "is a whole host" if kind == "prefix" else "is the front page of a host, not an article"
        raise RuleError(f"{plain} {whole}: use the kind host for all of it")
    return plain, None


IDENTITY = re.compile(r"[a-z0-9]+:\S+", re.ASCII)


def article_value(value: str, sources: "Sources") -> str:
    """Return the identity of an article, given as such or as its address.

    Raises RuleError.
    """
    if "://" in value:
        if found := sources.identify(squeezed(value)):
            return found.id
        raise RuleError(f"no source knows {value} as an article: give its identity, or use the kind url")
    if not IDENTITY.fullmatch(value):
        raise RuleError(f"{value!r} is no identity of an article: give one such as people:40223222")
    return value


HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{1,62}", re.ASCII)


@functools.cache
def public_suffixes() -> tldextract.TLDExtract:
    """Return the list of public suffixes that tldextract brings along; it is never fetched."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def host_value(value: str) -> str:
    """Return the name of a host in the form addresses have it: lower case, punycode.

    Raises RuleError, also for a public suffix, since all sites below it would be covered.
    """
    try:
        host = without_scheme(tidy(f"https://{value}/")).removesuffix("/")
    except AddressError:
        host = ""
    if not HOST.fullmatch(host):
        raise RuleError(f"{value!r} is no host: give a name such as news.example.com, without http:// and path")
    found = public_suffixes()(host)
    if not found.domain:
        raise RuleError(
            f"{host} is a public suffix: a rule for it would cover every site below it; give the host of one site"
        )
    return host


PROBES = (
    "春耕时节田间忙 各地粮食生产有序推进",
    "城市公园新增健身步道三十公里",
    "专家：冬季出行注意防滑保暖",
    "高铁新线开通首日 旅客突破十万人次",
    "中学生机器人比赛落下帷幕",
    "海岛图书馆的一天",
    "快讯：本市明日小雨",
    "古建筑修缮记",
)
"""Headlines that have nothing in common; an expression that finds them all finds everything."""


@functools.lru_cache(maxsize=1024)
def title_pattern(value: str) -> "re2._Regexp":
    """Compile a regular expression for headlines, in the syntax of RE2, whose time is linear in the headline's length.

    Raises RuleError for one that cannot be compiled, is too large, or finds everything.
    """
    if not value:
        raise RuleError("an empty regular expression matches every headline: give words that stand in those meant")
    if len(value) > MAX_TITLE_CHARACTERS:
        raise RuleError(
            f"the regular expression has {len(value)} characters: at most {MAX_TITLE_CHARACTERS} are allowed; use "
            "several rules"
        )
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(value, options=options)
    except (re2.error, UnicodeEncodeError) as error:
        why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise RuleError(
            f"{value!r} is no regular expression of RE2 ({why}): it knows neither backreferences nor look-around, and "
            "no more than 1000 repetitions"
        ) from None
    if pattern.programsize > MAX_PROGRAM:
        raise RuleError(
            f"{value!r} is too large a regular expression ({pattern.programsize} instructions, at most "
            f"{MAX_PROGRAM}): use fewer repetitions"
        )
    if pattern.search("") or all(pattern.search(each) for each in PROBES):
        raise RuleError(f"{value!r} matches every headline: give words that stand in those that are meant")
    return pattern
