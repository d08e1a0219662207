"""Matching: which rule covers an address in any of its variants, or an article; made for being asked often."""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from newsnap.takedowns.rules import Rule, RuleError, squeezed, title_pattern
from newsnap.urls import AddressError, digest, domains_above, host_of, tidy, without_scheme

if TYPE_CHECKING:
    from newsnap.sources import Sources

KEPT_FORMS = 8192
"""Addresses whose forms are kept: a crawl asks for each several times, in the middleware and in the pipelines."""

SIDES = ("www.", "m.", "wap.", "3g.", "mobile.")
SAME_SITE = re.compile(rf"^(?:{'|'.join(map(re.escape, SIDES))})(?=[^/]+\.)")
INDEX = re.compile(r"(?:/(?:index|default)\.(?:s?html?|php|aspx?))?/?(?=\?|$)", re.ASCII)
PAGE = re.compile(r"_\d{1,2}(?=\.s?html?$)|[?&](?:page|p|pn)=\d{1,3}(?=&|$)", re.ASCII)


def loose(plain: str) -> str:
    """Return an address without scheme in the form that the variants of sites no source knows share.

    >>> loose("m.example.com/a/index.html") == loose("www.example.com/a")
    True
    """
    plain = squeezed(plain)
    if plain.startswith(SIDES):
        plain = SAME_SITE.sub("", plain, count=1)
    if plain.endswith("/") or "?" in plain or "/index." in plain or "/default." in plain:
        plain = INDEX.sub("", plain, count=1)
    return plain


class Forms(NamedTuple):
    """An address in all the forms that rules are looked up by."""

    ids: tuple[str, ...]
    """Identities of the article there."""

    digests: tuple[str, ...]
    """Identities it has where no source knows it as an article."""

    urls: tuple[str, ...]
    """Loose forms: of the address, of the original it mirrors, of its first page."""

    hosts: tuple[str, ...]
    """Its host, that of the original, and all domains above."""

    sources: tuple[str, ...]
    """Names of the sources whose host it is."""


NO_FORMS = Forms((), (), (), (), ())


def forms_of(url: str, sources: "Sources") -> Forms:
    """Return the forms of an address; none for what is no address of the web.

    Done for each address that a crawl comes by, so what is usual is told apart before what is dear.
    """
    try:
        tidied = tidy(squeezed(url))
    except AddressError:
        return NO_FORMS
    known = sources.identify(tidied)
    original = known.url if known else sources.canonical(tidied)
    plains: tuple[str, ...] = (without_scheme(tidied),)
    hosts = domains_above(host_of(tidied))
    if without_scheme(original) != plains[0]:
        plains += (without_scheme(original),)
        hosts = unique(*hosts, *domains_above(host_of(original)))
    urls = tuple(loose(each) for each in plains)
    names = sources.names(tidied)
    if known:
        return Forms((known.id,), (), urls, hosts, names)
    urls = unique(*urls, *(loose(PAGE.sub("", each, count=1)) for each in plains))
    spellings = unique(original, tidied)
    if (straight := tidy(url)) != tidied:  # an article has the identity of its address as it was given
        spellings = unique(*spellings, sources.canonical(straight), straight)
    digests = tuple(f"{name}:{digest(each)}" for name in (*names, "web") for each in spellings)
    return Forms((), digests, urls, hosts, names)


def unique(*values: str) -> tuple[str, ...]:
    """Return values, each once, in their order.

    >>> unique("a", "b", "a")
    ('a', 'b')
    """
    return tuple(dict.fromkeys(values))


class Rules:
    """All rules in force: dictionaries by what is looked up, so that the number of rules does not matter.

    Fingerprints of texts are not held here; `has_texts` tells whether MongoDB has to be asked for them.
    """

    def __init__(self, rules: Iterable[Rule], sources: "Sources"):
        self._sources = sources
        self._forms = functools.lru_cache(maxsize=KEPT_FORMS)(lambda url: forms_of(url, sources))
        self._by_id: dict[str, Rule] = {}
        self._ids = Index()
        self._urls = Index()
        self._hosts = Index()
        self._names = Index()
        self._prefixes: dict[str, dict[int, Index]] = {}
        self._titles = Titles()
        self._texts = 0
        for rule in rules:
            self.put(rule)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._by_id.values())

    @property
    def has_texts(self) -> bool:
        """Whether some rule catches texts."""
        return self._texts > 0

    def get(self, rule_id: str) -> Rule | None:
        """Return a rule that is in force, by its id."""
        rule = self._by_id.get(rule_id)
        return rule if rule and rule.in_force(datetime.now(UTC)) else None

    def put(self, rule: Rule) -> None:
        """Take in a rule, in the place of the one with its id; one that has ended is left out."""
        if rule.id in self._by_id:
            self.discard(rule.id)
        if rule.until is not None and not rule.in_force(datetime.now(UTC)):
            return
        self._by_id[rule.id] = rule
        self._texts += rule.on_reprints is not None
        for index, key in self._places(rule):
            index.add(key, rule)
        if rule.kind == "title":
            self._titles.add(rule)

    def discard(self, rule_id: str) -> None:
        """Forget a rule."""
        rule = self._by_id.pop(rule_id, None)
        if rule is None:
            return
        self._texts -= rule.on_reprints is not None
        for index, key in self._places(rule):
            index.remove(key, rule)
        if rule.kind == "title":
            self._titles.remove(rule)

    def _places(self, rule: Rule) -> Iterator[tuple["Index", str]]:
        match rule.kind:
            case "url":
                yield self._urls, loose(rule.value)
                if rule.identity:
                    yield self._ids, rule.identity
            case "article" | "text":
                yield self._ids, rule.value
            case "host":
                yield self._hosts, rule.value
            case "source":
                yield self._names, rule.value
            case "prefix":
                # not `loose`: the end of a prefix is a beginning
                value = SAME_SITE.sub("", rule.value, count=1)
                by_length = self._prefixes.setdefault(value.partition("/")[0], {})
                yield by_length.setdefault(len(value), Index()), value

    def covering(self, url: str, *, id: str | None = None, title: str | None = None) -> Rule | None:
        """Return a rule that covers an address in any of its variants, an identity or a headline; None if none does."""
        if not self._by_id:
            return None
        forms = self._forms(url)
        return (
            self._of_identities((id, *forms.ids) if id else forms.ids)
            or self._of_identities(forms.digests)
            or self._hosts.find(forms.hosts)
            or self._urls.find(forms.urls)
            or self._of_prefixes(forms.urls)
            or self._names.find(forms.sources)
            or (self._titles.find(title) if title else None)
        )

    def covering_article(self, article: Mapping[str, Any]) -> Rule | None:
        """Return a rule that covers an article as MongoDB keeps it (`_id`, `url`, `title`); None if none does."""
        return self.covering(article.get("url") or "", id=article["_id"], title=article.get("title"))

    def _of_identities(self, ids: Iterable[str]) -> Rule | None:
        for each in ids:
            if rule := self._ids.get(each) or self._names.get(each.partition(":")[0]):
                return rule
        return None

    def _of_prefixes(self, urls: Iterable[str]) -> Rule | None:
        if not self._prefixes:
            return None
        for url in urls:
            for length, index in self._prefixes.get(url.partition("/")[0], {}).items():
                # an address ends where its directory begins: `loose` took the slash away
                if rule := index.get(url[:length]) or index.get(f"{url}/"):
                    return rule
        return None


class Index:
    """Rules by what they cover; several may cover the same, and all but one may have ended."""

    __slots__ = ("_rules",)

    def __init__(self) -> None:
        self._rules: dict[str, Rule | list[Rule]] = {}

    def add(self, key: str, rule: Rule) -> None:
        """Take in a rule."""
        there = self._rules.get(key)
        if there is None:
            self._rules[key] = rule  # without a list, which would be most of the memory
        else:
            self._rules[key] = [*(there if isinstance(there, list) else [there]), rule]

    def remove(self, key: str, rule: Rule) -> None:
        """Forget a rule."""
        there = self._rules.pop(key, None)
        rest = [each for each in (there if isinstance(there, list) else [there]) if each and each.id != rule.id]
        if rest:
            self._rules[key] = rest if len(rest) > 1 else rest[0]

    def get(self, key: str) -> Rule | None:
        """Return the rule in force for a key; one that removes before one that holds."""
        there = self._rules.get(key)
        return first_in_force(there if isinstance(there, list) else [there]) if there else None

    def find(self, keys: Iterable[str]) -> Rule | None:
        """Return the rule for the first key that has one."""
        for key in keys:
            if key in self._rules and (rule := self.get(key)):
                return rule
        return None


def first_in_force(rules: Iterable[Rule]) -> Rule | None:
    """Return a rule that has not ended; one that removes before one that holds."""
    at = datetime.now(UTC)
    return min((each for each in rules if each.in_force(at)), key=lambda each: each.effect != "remove", default=None)


SET_SIZE = 250
"""Regular expressions that are searched for in one go."""
SET_BYTES = 32 * 1024 * 1024
"""Memory that RE2 may use for one set."""
TITLE_CHARACTERS = 1000
"""Of a headline, so much is searched."""


class Titles:
    """Rules for headlines, searched for all at once by RE2, whose time is linear in the headline's length."""

    def __init__(self) -> None:
        self._sets: list[_TitleSet] = []

    def add(self, rule: Rule) -> None:
        """Take in a rule."""
        if not self._sets or len(self._sets[-1].rules) >= SET_SIZE:
            self._sets.append(_TitleSet())
        self._sets[-1].change([*self._sets[-1].rules, rule])

    def remove(self, rule: Rule) -> None:
        """Forget a rule."""
        for each in self._sets:
            if any(its.id == rule.id for its in each.rules):
                each.change([its for its in each.rules if its.id != rule.id])
        self._sets = [each for each in self._sets if each.rules]

    def find(self, title: str) -> Rule | None:
        """Return a rule whose expression is found in a headline, as printed or with its widths folded."""
        printed = title[:TITLE_CHARACTERS]
        folded = unicodedata.normalize("NFKC", printed)
        for each in self._sets:
            if rule := each.find(folded) or (each.find(printed) if printed != folded else None):
                return rule
        return None


class _TitleSet:
    """Up to SET_SIZE rules, compiled when they are first needed."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._set: re2.Set | None = None

    def change(self, rules: list[Rule]) -> None:
        self.rules, self._set = rules, None

    def find(self, title: str) -> Rule | None:
        if self._set is None:
            self._set = self._compiled()
        found = self._set.Match(title)
        if len(self.rules) not in found:
            # The empty expression at the end always matches: where it did not, RE2 ran out of memory without a word
            return first_in_force(rule for rule in self.rules if title_pattern(rule.value).search(title))
        return first_in_force(self.rules[at] for at in found if at < len(self.rules))

    def _compiled(self) -> "re2.Set":
        options = re2.Options()
        options.log_errors = False
        options.max_mem = SET_BYTES
        compiled = re2.Set.SearchSet(options)
        try:
            for rule in self.rules:
                compiled.Add(rule.value)
            compiled.Add("")
            compiled.Compile()
        except re2.error as error:
            ids = ", ".join(rule.id for rule in self.rules)
            raise RuleError(f"the rules {ids} are too large to be searched for together ({error}): lift one") from None
        return compiled
