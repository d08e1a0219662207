"""`scrapy takedown`: what may not be fetched, kept or shown; the notices it rests on; the proof of what was done."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newsnap.commands import complain
from newsnap.sources import load_sources
from newsnap.store import Store, StoreError
from newsnap.store.removal import Done
from newsnap.store.server import ServerError
from newsnap.takedowns import desk, tables
from newsnap.takedowns.log import GENESIS, Head
from newsnap.takedowns.notices import NoticeError, party_from
from newsnap.takedowns.receipts import receipt
from newsnap.takedowns.rules import KINDS, RuleError

USES = {
    "add": "add KIND VALUE --reason TEXT",
    "preview": "preview KIND VALUE",
    "list": "list",
    "show": "show ID",
    "lift": "lift ID",
    "log": "log [ID]",
    "verify": "verify",
    "receipt": "receipt ID",
    "notice list": "notice list",
    "notice show": "notice show ID",
    "notice add": "notice add FILE",
    "notice accept": "notice accept ID --reason TEXT",
    "notice reject": "notice reject ID --reason TEXT",
    "notice counter": "notice counter ID FILE",
}
NOT_TAKEN = "not taken"


class Command(ScrapyCommand):
    """Keeps the takedown rules and the notices."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return " | ".join(USES.values())

    def short_desc(self) -> str:
        return "Take articles down, answer notices, prove what was done"

    def long_desc(self) -> str:
        return (
            f"KIND is one of {', '.join(KINDS)}. What a rule covers is not fetched, kept or shown from now on, and "
            "removed from the store; --hold hides it instead. preview shows what a rule would do. lift ends a rule, "
            "or all rules of a notice: what it hid is shown again, what it removed may be crawled again. verify "
            "proves the log of all this unaltered. A notice FILE is JSON with name, contact, address, work, "
            "addresses, evidence, truth; - reads standard input."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", default="", help="why, in words for the public")
        parser.add_argument("--internal-reason", default="", help="why, for the operators only")
        parser.add_argument("--notice", metavar="ID", help="the notice the rule rests on")
        parser.add_argument("--hold", action="store_true", help="hide what the rule covers instead of removing it")
        parser.add_argument(
            "--reprints", metavar="remove|hold|leave", help="what becomes of other articles with its text"
        )
        parser.add_argument("--until", metavar="YYYY-MM-DD", help="the day on which the rule ends, UTC")
        parser.add_argument("--by", default=desk.operator(), help="who decided (default: your account)")
        parser.add_argument("--yes", action="store_true", help=f"also if it hits more than {desk.ASK_ABOVE} articles")
        parser.add_argument(
            "--all", action="store_true", help="list rules that have ended, notices that are decided, too"
        )
        parser.add_argument(
            "--head", metavar="N:HASH", help="an earlier end of the log, as receipts have it, to verify"
        )
        parser.add_argument("-o", "--output", metavar="FILE", help="write the receipt to FILE")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        action = " ".join(args[: 2 if args[:1] == ["notice"] else 1])
        use = USES.get(action, NOT_TAKEN).partition(" --")[0].removeprefix(action).split()
        given = args[len(action.split()) :]
        least = sum(not each.startswith("[") for each in use)
        if use == NOT_TAKEN.split() or not least <= len(given) <= len(use):
            raise UsageError(f"give one of: {'; '.join(USES.values())}", print_help=False)
        desk_work = Desk(Store(self.settings), opts)
        act: Callable[..., Awaitable[int | None]] = getattr(desk_work, action.replace(" ", "_"))
        try:
            self.exitcode = asyncio.run(opened(desk_work, act(*given))) or 0
        except (RuleError, NoticeError, StoreError, ServerError, OSError) as error:
            self.exitcode = complain(error)
        except PyMongoError as error:
            self.exitcode = complain(desk_work.store.refusal(error))


async def opened(work: "Desk", act: Awaitable[int | None]) -> int | None:
    async with work.store:
        return await act


class Desk:
    """What each action does; they return the exit code, None for success."""

    def __init__(self, store: Store, opts: argparse.Namespace):
        self.store = store
        self.opts = opts
        self.sources = load_sources(store.settings)
        store.removal.tell = Telling()

    async def draft(self, kind: str, value: str, reason: str) -> desk.Order:
        return await desk.draft(
            self.store, self.sources, kind, value, reason, notice=self.opts.notice, **self._fields()
        )

    def _fields(self) -> dict[str, Any]:
        opts = self.opts
        return {
            "effect": "hold" if opts.hold else "remove",
            "reprints": opts.reprints,
            "internal_reason": opts.internal_reason,
            "decided_by": opts.by,
            "until": desk.day(opts.until),
        }

    async def add(self, kind: str, value: str) -> None:
        order = await self.draft(kind, value, self.opts.reason)
        await self.store.removal.settle()
        added = await desk.add(self.store, order, by=self.opts.by, yes=self.opts.yes)
        if added is None:
            print(f"{order.rule.kind} {order.rule.value} is taken down already")
        else:
            self._tell_added(added)

    def _tell_added(self, added: desk.Added) -> None:
        rule = added.rule
        verb = "hidden" if rule.effect == "hold" else "taken down"
        print(f"{rule.id}: {rule.kind} {rule.value} is {verb}; running crawls and the site obey within 10 s")
        print(tables.told(added.done))

    async def preview(self, kind: str, value: str) -> None:
        order = await self.draft(kind, value, self.opts.reason or "preview")
        tables.show_preview(order.rule, await desk.preview(self.store, order))

    async def list(self) -> None:
        tables.show_rules(await self.store.rules.all(), ended=self.opts.all)

    async def show(self, id: str) -> None:
        rule = await self.store.rules.find(id)
        states = {"held": 0, "removed": 0}
        for state in states:
            states[state] = await self.store.db.articles.count_documents({"rule": id, "state": state})
        tables.show_rule(rule, states, [each async for each in self.store.takedown_log.entries(rule=id)])

    async def lift(self, id: str) -> None:
        for rule, done in await desk.lift(self.store, id, by=self.opts.by, reason=self.opts.reason):
            print(f"{rule.id} is lifted: {rule.kind} {rule.value} may be crawled again")
            print(tables.told(done))

    async def log(self, id: str = "") -> None:
        name = "notice" if id.startswith("N") else "article" if ":" in id else "rule"
        count = 0
        async for entry in self.store.takedown_log.entries(**({name: id} if id else {})):
            print(tables.entry_line(entry))
            count += 1
        print(f"{count} entr{'y' if count == 1 else 'ies'}")

    async def verify(self) -> int | None:
        anchor = read_head(self.opts.head)
        found = await self.store.takedown_log.verify(anchor)
        head = await self.store.takedown_log.head()
        for each in found:
            print(each)
        if found:
            print(f"the takedown log is not as it was written: {len(found)} fault{'s' * (len(found) != 1)}")
            return 1
        print(f"the takedown log is whole: {head.count} entries, ending with {head}")
        return None

    async def receipt(self, id: str) -> None:
        if id.startswith("N"):
            await self.store.notices.find(id)
            rules = await self.store.rules.of_notice(id)
        else:
            rules = [await self.store.rules.find(id)]
        query = {"rule": {"$in": [rule.id for rule in rules]}}
        entries = [each async for each in self.store.takedown_log.entries(**query)]
        text = receipt(rules, entries, await self.store.takedown_log.head(), tables.now())
        if self.opts.output:
            Path(self.opts.output).write_text(text, encoding="utf-8")
            print(f"the receipt of {id} is in {self.opts.output}")
        else:
            print(text, end="")

    async def notice_list(self) -> None:
        tables.show_notices(await self.store.notices.all(decided=self.opts.all), decided=self.opts.all)

    async def notice_show(self, id: str) -> None:
        tables.show_notice(await self.store.notices.find(id))

    async def notice_add(self, file: str) -> None:
        notice = await self.store.notices.receive(party_from(read_json(file)), by=self.opts.by)
        print(f"{notice.id}: received; decide by {notice.due:%Y-%m-%d %H:%M} UTC")

    async def notice_accept(self, id: str) -> None:
        reason = self.opts.reason
        if self.opts.notice:
            raise NoticeError("--notice is not for accept: the notice is the one that is accepted")
        await self.store.removal.settle()
        notice, added = await desk.accept(
            self.store, self.sources, id, reason, by=self.opts.by, yes=self.opts.yes, **self._fields()
        )
        for each in added:
            self._tell_added(each)
        print(
            f"{notice.id} is accepted: {len(added)} rule{'s' * (len(added) != 1)}; `scrapy takedown receipt "
            f"{notice.id}`"
        )

    async def notice_reject(self, id: str) -> None:
        if not self.opts.reason.strip():
            raise NoticeError("a rejection needs a reason: give --reason TEXT")
        notice = await self.store.notices.reject(id, by=self.opts.by, reason=self.opts.reason)
        print(f"{notice.id} is rejected")

    async def notice_counter(self, id: str, file: str) -> None:
        notice = await self.store.notices.counter(id, party_from(read_json(file)), by=self.opts.by)
        print(
            f"{notice.id} is countered: by {notice.due:%Y-%m-%d %H:%M} UTC give back what was taken down "
            f"(`scrapy takedown lift {notice.id}`) and forward the counter-notice"
        )


class Telling:
    """Tells how a long sweep is going, every few seconds."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, done: Done) -> None:
        if time.monotonic() - self.told >= 2:
            self.told = time.monotonic()
            print(f"newsnap: {tables.told(done)} so far", file=sys.stderr)


def read_json(file: str) -> dict[str, Any]:
    """Read a notice; `-` is standard input.

    Raises NoticeError.  What is wrong with it is told without what it says.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        form = json.loads(text)
    except OSError as error:
        raise NoticeError(
            f"{file} cannot be read ({error.strerror}): give a JSON file, or - for standard input"
        ) from None
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its encoding"
        raise NoticeError(f"{file} is not JSON in UTF-8 ({where}): see the README for its fields") from None
    if not isinstance(form, dict):
        raise NoticeError(f"{file} is not a JSON object: see the README for its fields")
    return form


def read_head(value: str | None) -> Head | None:
    """Read an end of the log as receipts have it.

    Raises RuleError.
    """
    if not value:
        return None
    count, _, hash = value.partition(":")
    if not count.isdecimal() or len(hash) != len(GENESIS):
        raise RuleError(f"--head {value} is no end of a log: give it as a receipt has it, number:hash")
    return Head(int(count), hash)
