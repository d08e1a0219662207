"""Notices: the collection `notices`, the only place where names and contact data are kept."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsnap.store.rules import milliseconds
from newsnap.store.transactions import Session, transact
from newsnap.takedowns.log import Act
from newsnap.takedowns.notices import OPEN, Notice, NoticeError, Party, Status, Step

if TYPE_CHECKING:
    from newsnap.store.connection import Store

Document = dict[str, Any]


class Notices:
    """The collection `notices`.

    Settings: NEWSNAP_NOTICES_DUE_HOURS.
    """

    def __init__(self, store: "Store"):
        self._store = store

    async def receive(self, claim: Party, *, by: str) -> Notice:
        """Keep a notice that arrives; it is `pending` until the operator decides."""
        at = milliseconds(datetime.now(UTC))
        step = Step(at=at, status="pending", by=by)
        notice = Notice(received=at, due=self._due(at), claim=claim, history=[step])

        async def receive(session: Session) -> None:
            await self._log(session, "receive", notice.id, by, addresses=len(claim.addresses))
            await self._store.db.notices.insert_one(document_of(notice), session=session)

        await transact(self._store, receive)
        return notice

    async def find(self, notice_id: str) -> Notice:
        """Return a notice.

        Raises NoticeError if there is none of this id.
        """
        document = await self._store.db.notices.find_one({"_id": notice_id})
        if document is None:
            raise NoticeError(f"there is no notice {notice_id}: `scrapy takedown notice list` shows them")
        return notice_from(document)

    async def all(self, *, decided: bool = True) -> list[Notice]:
        """Return the notices, oldest first; those that wait for the operator, or all."""
        query = {} if decided else {"status": {"$in": list(OPEN)}}
        return [notice_from(each) async for each in self._store.db.notices.find(query).sort("received", 1)]

    async def accept(self, notice_id: str, *, rules: list[str], by: str, reason: str = "") -> Notice:
        """Note that rules rest on a notice.

        Raises NoticeError unless it is pending.
        """
        return await self._decide(notice_id, "accepted", "accept", ("pending",), by, reason, {"rules": rules})

    async def reject(self, notice_id: str, *, by: str, reason: str) -> Notice:
        """Note that nothing is done about a notice.

        Raises NoticeError unless it is pending.
        """
        return await self._decide(notice_id, "rejected", "reject", ("pending",), by, reason, {})

    async def counter(self, notice_id: str, counter: Party, *, by: str) -> Notice:
        """Keep the counter-notice of the publisher (articles 16 and 17).

        Raises NoticeError unless the notice was accepted.
        """
        fields = {"counter": asdict(counter)}
        return await self._decide(notice_id, "countered", "counter", ("accepted",), by, "", fields)

    async def close(self, notice_id: str, *, by: str, reason: str) -> Notice:
        """Note that the rules that rested on a notice were lifted.

        Raises NoticeError unless it was accepted or countered.
        """
        return await self._decide(notice_id, "lifted", "close", ("accepted", "countered"), by, reason, {})

    async def note_article(self, session: Session, rule_id: str, article: str) -> None:
        """Note an article that a rule removed or held at the notice the rule rests on, in a transaction."""
        query = {"_id": rule_id, "notice": {"$ne": None}}
        if rule := await self._store.db.takedowns.find_one(query, {"notice": 1}, session=session):
            update = {"$addToSet": {"articles": article}}
            await self._store.db.notices.update_one({"_id": rule["notice"]}, update, session=session)

    async def _decide(
        self,
        notice_id: str,
        status: Status,
        act: Act,
        before: tuple[Status, ...],
        by: str,
        reason: str,
        fields: Document,
    ) -> Notice:
        async def decide(session: Session) -> None:
            notice = await self.find(notice_id)
            if notice.status not in before:
                raise NoticeError(
                    f"the notice {notice_id} is {notice.status}: only one that is {' or '.join(before)} can become "
                    f"{status}"
                )
            at = milliseconds(datetime.now(UTC))
            step = asdict(Step(at=at, status=status, by=by, reason=reason))
            due = self._due(at) if status in OPEN else None
            update = {"$set": {**fields, "status": status, "due": due}, "$push": {"history": step}}
            changed = await self._store.db.notices.update_one(
                {"_id": notice_id, "status": notice.status}, update, session=session
            )
            if not changed.matched_count:
                raise NoticeError(
                    f"the notice {notice_id} was decided on by somebody else this moment: look at it again"
                )
            await self._log(
                session, act, notice_id, by, **{name: fields[name] for name in ("rules",) if name in fields}
            )

        await transact(self._store, decide)
        return await self.find(notice_id)

    async def _log(self, session: Session, act: Act, notice_id: str, by: str, **details: Any) -> None:
        await self._store.takedown_log.append(session, act, by=by, notice=notice_id, details=details)

    def _due(self, at: datetime) -> datetime:
        return at + timedelta(hours=self._store.settings.getfloat("NEWSNAP_NOTICES_DUE_HOURS"))


def document_of(notice: Notice) -> Document:
    """Return a notice as MongoDB keeps it."""
    fields = asdict(notice)
    return {"_id": fields.pop("id"), **fields}


def notice_from(document: Document) -> Notice:
    """Read a notice as MongoDB keeps it."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    fields["claim"] = Party(**fields["claim"])
    fields["counter"] = Party(**fields["counter"]) if fields.get("counter") else None
    fields["history"] = [Step(**each) for each in fields["history"]]
    return Notice(id=document["_id"], **fields)
