"""Rules: the collection `takedowns`, read by every gate."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from newsnap.takedowns import Rule, RuleError, rule_from

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]


class RuleStore:
    """The collection `takedowns`."""

    def __init__(self, store: "Store"):
        self._store = store

    async def read(self) -> list[Rule]:
        """Return all rules in force.

        Raises RuleError for a rule that cannot be read, since the one that is not understood may be the one that matters.
        """
        at = datetime.now(UTC)
        documents = await self._store.db.takedowns.find({}).to_list()
        rules = [rule_from(each) for each in documents]
        return [rule for rule in rules if rule.in_force(at)]

    async def all(self) -> list[Rule]:
        """Return all rules, those that have ended too, oldest first."""
        documents = await self._store.db.takedowns.find({}).sort("since", 1).to_list()
        return [rule_from(each) for each in documents]

    async def add(self, rule: Rule) -> bool:
        """Keep a rule; False if the very same is in force already."""
        at = datetime.now(UTC)
        same = await self._store.db.takedowns.find({"kind": rule.kind, "value": rule.value}).to_list()
        if any(rule_from(each).in_force(at) for each in same):
            return False
        await self._store.db.takedowns.insert_one(rule.document())
        return True

    async def lift(self, rule_id: str) -> Rule:
        """End a rule.

        Raises RuleError if there is none of this id, or it has ended.
        """
        document = await self._store.db.takedowns.find_one({"_id": rule_id})
        if document is None:
            raise RuleError(f"there is no rule {rule_id}: `scrapy takedown list` shows them")
        rule = rule_from(document)
        at = datetime.now(UTC)
        if not rule.in_force(at):
            raise RuleError(f"the rule {rule_id} has ended already, on {rule.until:%Y-%m-%d %H:%M} UTC")
        await self._store.db.takedowns.update_one({"_id": rule_id}, {"$set": {"until": at}})
        return rule
