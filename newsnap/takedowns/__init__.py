"""Takedowns: rules that say what may not be fetched, kept or shown, and the gates that obey them.

One list, every door: `Rules.covering` is asked by the downloader middleware, by the pipeline and by whoever shows
articles.  A gate whose rules cannot be read stays shut.
"""

from newsnap.takedowns.gate import Gate, LiveRules, TakedownsMiddleware, TakenDown
from newsnap.takedowns.matching import Rules
from newsnap.takedowns.rules import (
    EFFECTS,
    KINDS,
    REPRINTS,
    Effect,
    Kind,
    Reprints,
    Rule,
    RuleError,
    RulesUnreadable,
    make_rule,
    rule_from,
)

__all__ = [
    "EFFECTS",
    "KINDS",
    "REPRINTS",
    "Effect",
    "Gate",
    "Kind",
    "LiveRules",
    "Reprints",
    "Rule",
    "RuleError",
    "Rules",
    "RulesUnreadable",
    "TakedownsMiddleware",
    "TakenDown",
    "make_rule",
    "rule_from",
]
