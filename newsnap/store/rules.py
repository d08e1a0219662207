"""Rules: the collection `takedowns`, read by every gate."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.read_concern import ReadConcern

from newsnap.store.texts import Mark
from newsnap.store.transactions import Session, transact
from newsnap.takedowns.log import Act
from newsnap.takedowns.rules import Rule, RuleError, rule_from

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

LOGGED = ("kind", "value", "effect", "reprints", "reason", "notice", "since")
"""Fields of a rule that its entry in the log repeats."""
NOTED_AT_ONCE = 1000
READ_AT_ONCE = 5000
FOR_GATES = dict.fromkeys(
    ("kind", "value", "identity", "effect", "reprints", "reason", "since", "until", "ended", "entry"), 1
)
"""Fields of a rule that a gate needs: there may be very many rules, and a running crawl reads them."""


class RuleStore:
    """The collection `takedowns`."""

    def __init__(self, store: "Store"):
        self._store = store

    # --- for the gates ---

    async def read(self) -> list[Rule]:
        """Return all rules in force.

        Raises RuleError for a rule that cannot be read: one that is not understood may be the one that matters.
        """
        at = datetime.now(UTC)
        return [rule for rule in await self.all() if rule.in_force(at)]

    async def state(self) -> tuple[int, int]:
        """Return the number of log entries, which every change of a rule moves, and that of rules."""
        head = await self._store.takedown_log.head()
        return head.count, await self._store.db.takedowns.estimated_document_count()

    async def since(self, entry: int | None) -> list[Document]:
        """Return what a gate needs of the rules that were changed after a log entry; of all for None."""
        query = {} if entry is None else {"entry": {"$gt": entry}}
        return await self._store.db.takedowns.find(query, FOR_GATES, batch_size=READ_AT_ONCE).to_list()

    async def watch(self) -> AsyncChangeStream[Document]:
        """Return the stream of changes; each has its `operationType`, and what was set where a rule was updated.

        The server may refuse: a single one has no change streams.
        """
        pipeline = [{"$project": {"operationType": 1, "updateDescription.updatedFields": 1}}]
        return await self._store.db.takedowns.with_options(read_concern=ReadConcern("majority")).watch(pipeline)

    # --- for the operator ---

    async def all(self) -> list[Rule]:
        """Return all rules, those that have ended too, oldest first.

        Raises RuleError for one that cannot be read.
        """
        return [rule_from(each) async for each in self._store.db.takedowns.find().sort("since", 1)]

    async def find(self, rule_id: str, session: Session | None = None) -> Rule:
        """Return a rule.

        Raises RuleError if there is none of this id.
        """
        document = await self._store.db.takedowns.find_one({"_id": rule_id}, session=session)
        if document is None:
            raise RuleError(f"there is no rule {rule_id}: `scrapy takedown list` shows them")
        return rule_from(document)

    async def of_notice(self, notice: str) -> list[Rule]:
        """Return the rules that rest on a notice."""
        return [rule_from(each) async for each in self._store.db.takedowns.find({"notice": notice})]

    async def same(self, rule: Rule, session: Session | None = None) -> Rule | None:
        """Return a rule in force that does all that another would."""
        same = {"kind": rule.kind, "value": rule.value}
        found = [rule_from(each) async for each in self._store.db.takedowns.find(same, session=session)]
        at = datetime.now(UTC)
        wanted = (rule.effect, rule.reprints, rule.notice)
        return next((it for it in found if it.in_force(at) and (it.effect, it.reprints, it.notice) == wanted), None)

    async def add(self, rule: Rule, marks: Sequence[Mark] = (), *, by: str) -> Rule | None:
        """Keep a rule and log it; None if the very same is in force already.

        marks: of a text rule whose text is not that of a stored article.

        From here on every gate that looks is shut for what the rule covers; what is stored stays until it is swept.
        """

        async def add(session: Session) -> Rule | None:
            if await self.same(rule, session):
                return None
            document = rule.document()
            document["since"] = milliseconds(rule.since)
            details = {name: document[name] for name in LOGGED}
            log = self._store.takedown_log
            document["entry"] = await log.append(session, "add", by=by, rule=rule.id, details=details)
            await self._store.db.takedowns.insert_one(document, session=session)
            await self._store.texts.mark(session, rule.id, rule.value, None, marks)
            return rule_from(document)

        return await transact(self._store, add)

    async def end(self, rule_id: str, *, by: str, reason: str = "") -> Rule:
        """End a rule and log it; what it hid or removed is not touched.

        Raises RuleError if there is none of this id, or its end was noted before.
        """

        async def end(session: Session) -> Rule:
            rule = await self.find(rule_id, session)
            if rule.ended:
                raise RuleError(f"the rule {rule_id} has ended already, on {rule.until:%Y-%m-%d %H:%M} UTC")
            at = milliseconds(datetime.now(UTC))
            act: Act = "lift" if rule.in_force(at) else "end"
            details = {"reason": reason} if reason else {}
            entry = await self._store.takedown_log.append(session, act, by=by, rule=rule_id, details=details)
            fields: Document = {"entry": entry, "ended": True, "swept": None, "settled": False}
            if act == "lift":
                fields["until"] = at
            await self._store.db.takedowns.update_one({"_id": rule_id}, {"$set": fields}, session=session)
            await self._store.db.takedown_texts.delete_many({"rule": rule_id}, session=session)
            return rule_from({**rule.document(), **fields})

        return await transact(self._store, end)

    async def unsettled(self) -> list[Rule]:
        """Return the rules of which something may be left to do: sweep again, or release what they held."""
        at = datetime.now(UTC)
        query = {"$or": [{"settled": {"$ne": True}}, {"ended": {"$ne": True}, "until": {"$lte": at}}]}
        return [rule_from(each) async for each in self._store.db.takedowns.find(query)]

    async def note_swept(self, rules: Sequence[Rule], at: datetime, *, settled: bool) -> None:
        """Note that all that rules cover was removed or held, or all released, by whoever began at a time."""
        fields = {"swept": milliseconds(at), "settled": settled}
        for start in range(0, len(rules), NOTED_AT_ONCE):
            for ended in (True, False):  # one that was lifted meanwhile is not done
                ids = [rule.id for rule in rules[start : start + NOTED_AT_ONCE] if rule.ended is ended]
                query = {"_id": {"$in": ids}, "ended": True if ended else {"$ne": True}}
                await self._store.db.takedowns.update_many(query, {"$set": fields})


def milliseconds(at: datetime) -> datetime:
    """Return a time at MongoDB's precision."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
