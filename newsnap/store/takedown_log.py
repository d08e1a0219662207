"""The takedown log: the collection `takedown_log`, to which entries are only ever added, and its noted end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from newsnap.store.transactions import Session
from newsnap.takedowns.log import GENESIS, Act, Head, chained, faults

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]

HEAD = "log"
"""`_id` of the one document in `takedown_head`: the number and the hash of the latest entry."""


class TakedownLog:
    """The collections `takedown_log` and `takedown_head`."""

    def __init__(self, store: "Store"):
        self._store = store
        self.turn = asyncio.Lock()
        """Held by the one transaction of this process that writes to the log."""

    async def head(self, session: Session | None = None) -> Head:
        """Return where the log ends."""
        found = await self._store.db.takedown_head.find_one({"_id": HEAD}, session=session)
        return Head(found["count"], found["hash"]) if found else Head(0, GENESIS)

    async def append(self, session: Session, act: Act, *, by: str, **fields: Any) -> int:
        """Write an entry in a transaction; return its number.

        Two that write at once meet at the head: MongoDB lets one commit and has the other begin anew.
        """
        head = await self.head(session)
        at = datetime.now(UTC)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        entry = chained(head, {"at": at, "act": act, "by": by, **fields})
        where, new = {"_id": HEAD, "count": head.count}, {"count": entry["_id"], "hash": entry["hash"]}
        await self._store.db.takedown_head.update_one(where, {"$set": new}, upsert=True, session=session)
        await self._store.db.takedown_log.insert_one(entry, session=session)
        return int(entry["_id"])

    async def entries(self, **query: Any) -> AsyncIterator[Document]:
        """Yield entries in their order: all, or those whose fields are as given."""
        async for entry in self._store.db.takedown_log.find(query, sort=[("_id", 1)]):
            yield entry

    async def verify(self, anchor: Head | None = None) -> list[str]:
        """Return what is wrong with the log, in sentences; nothing if it is whole.

        anchor: an end of the log that was written down before, as receipts do.
        """
        head = await self.head()
        found = await faults(self.entries(), head)
        if anchor:
            entry = await self._store.db.takedown_log.find_one({"_id": anchor.count})
            if entry is None or entry["hash"] != anchor.hash:
                found.append(f"entry {anchor.count} is not the one that ended the log as {anchor}")
        found += await self._unlogged(head)
        return found

    async def _unlogged(self, head: Head) -> list[str]:
        """Compare rules and stones with the log: what was cut off its end, or deleted from the rules, shows there."""
        db, found = self._store.db, []
        async for rule in db.takedowns.find({"entry": {"$gt": head.count}}, {"entry": 1}):
            found.append(f"entry {rule['entry']} about the rule {rule['_id']} is gone")
        async for stone in db.articles.find({"state": "removed", "entry": {"$gt": head.count}}, {"entry": 1}):
            found.append(f"entry {stone['entry']} about the article {stone['_id']} is gone")
        rules = {each["_id"]: each async for each in db.takedowns.find()}
        async for entry in self.entries(act="add"):
            rule_id, logged = entry["rule"], entry["details"]
            if rule_id not in rules:
                found.append(f"the rule {rule_id} of entry {entry['_id']} is gone from takedowns")
            elif changed := [name for name, value in logged.items() if rules[rule_id].get(name) != value]:
                found.append(f"the rule {rule_id} is not as entry {entry['_id']} has it: {', '.join(changed)}")
        return found
