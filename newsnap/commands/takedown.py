"""`scrapy takedown add | list | lift`: the rules that say what may not be fetched, kept or shown."""

import argparse
import asyncio
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.commands import complain
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.server import ServerError
from newsnap.takedowns import KINDS, Rule, RuleError, make_rule

ACTIONS = {"add": "add KIND VALUE --reason TEXT", "list": "list", "lift": "lift ID"}


class Command(ScrapyCommand):
    """Keeps the takedown rules."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "|".join(f"{each}" for each in ACTIONS.values())

    def short_desc(self) -> str:
        return "Add, list and lift takedown rules"

    def long_desc(self) -> str:
        return (
            f"add KIND VALUE --reason TEXT: KIND is one of {', '.join(KINDS)}; what the rule covers is not fetched, kept or "
            "shown any more. list: the rules in force (--all: ended ones too). lift ID: end a rule."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", default="", help="why, in words for the public")
        parser.add_argument("--notice", help="the notice the rule rests on")
        parser.add_argument("--all", action="store_true", help="list rules that have ended, too")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        action, *rest = args or [""]
        if action not in ACTIONS or len(rest) != len(ACTIONS[action].partition(" --")[0].split()) - 1:
            raise UsageError(f"give one of: {'; '.join(ACTIONS.values())}", print_help=False)
        try:
            if action == "add":
                rule = make_rule(rest[0], rest[1], opts.reason, load_sources(self.settings), opts.notice)
                print(asyncio.run(add(Store(self.settings), rule)))
            elif action == "lift":
                print(asyncio.run(lift(Store(self.settings), rest[0])))
            else:
                show(asyncio.run(everything(Store(self.settings))), ended=opts.all)
        except (RuleError, StoreError, ServerError) as error:
            self.exitcode = complain(error)


async def add(store: Store, rule: Rule) -> str:
    async with store:
        if await store.rules.add(rule):
            return f"{rule.id}: {rule.kind} {rule.value} is taken down; running crawls obey within 10 s"
        return f"{rule.kind} {rule.value} is taken down already"


async def lift(store: Store, rule_id: str) -> str:
    async with store:
        rule = await store.rules.lift(rule_id)
        return f"{rule.id} is lifted: {rule.kind} {rule.value} may be crawled again"


async def everything(store: Store) -> list[Rule]:
    async with store:
        return await store.rules.all()


def show(rules: list[Rule], *, ended: bool) -> None:
    at = datetime.now(UTC)
    chosen = [rule for rule in rules if ended or rule.in_force(at)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "kind", "value", "reason", "since (UTC)", "until (UTC)"):
        table.add_column(heading, overflow="fold")
    for rule in chosen:
        until = f"{rule.until:%Y-%m-%d %H:%M}" if rule.until else ""
        table.add_row(rule.id, rule.kind, rule.value, rule.reason, f"{rule.since:%Y-%m-%d %H:%M}", until)
    if chosen:
        Console(width=None if Console().is_terminal else 160).print(table)
    print(f"{len(chosen)} rule{'s' * (len(chosen) != 1)}{'' if ended else ' in force'}")
