"""Removal: what becomes of stored articles that a rule covers, one transaction an article, each safe to repeat.

What a removed article leaves is a stone: identity, rule, times and the digest of its address.  A held one keeps all it
has and is shown to nobody.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsnap.items import Article
from newsnap.store.coverage import STORED, Coverage
from newsnap.store.rules import milliseconds
from newsnap.store.texts import Mark
from newsnap.store.transactions import Session, transact
from newsnap.takedowns.log import Act
from newsnap.takedowns.matching import Rules
from newsnap.takedowns.rules import Effect, Rule

if TYPE_CHECKING:
    from newsnap.sources import Sources
    from newsnap.store.connection import Store

Document = dict[str, Any]

ELSEWHERE = (
    ("revisions", "article"),
    ("captures", "article"),
    ("fingerprints", "_id"),
    ("ledger", "_id"),
    ("ledger", "text_of"),
    ("terms", "_id"),
)
"""All collections besides `articles` that hold something of an article, and the field with its identity.

What keeps another has a line here: the documents go in the transaction that removes the article."""
COUNTED = ("revisions", "captures")
"""Those whose documents a receipt counts."""
SETTLES = timedelta(hours=1)
"""A crawler that does not hear of a rule has given up long before (NEWSNAP_MONGO_WAIT_SECONDS)."""
WRITTEN_SECONDS = 3
"""Between the pages and their article a crawler lets pass far less, or it waits for MongoDB and so do we."""
BY_ITSELF = "newsnap"
"""Who did it in the log, where no operator did."""


@dataclass(slots=True)
class Done:
    """What a sweep did."""

    removed: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    forgotten: int = 0
    """Addresses taken from `also_at` of other articles."""

    released: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)


class Removal:
    """What is done to articles in the name of a rule."""

    def __init__(self, store: "Store"):
        self._store = store
        self.tell: Callable[[Done], None] = lambda done: None
        """Called after each article of a sweep."""

    def coverage(self) -> Coverage:
        """Return who knows what rules cover."""
        return Coverage(self._store, self._sources())

    def _sources(self) -> "Sources":
        from newsnap.sources import load_sources  # sources know the store, by way of their spiders

        return load_sources(self._store.settings)

    # --- a rule and the whole store ---

    async def sweep(self, rule: Rule, *, by: str) -> Done:
        """Remove or hold what a rule covers, its reprints as it says, and what killed crawlers left of either."""
        begun, done, coverage = datetime.now(UTC), Done(), self.coverage()
        async for article in coverage.covered(rule):
            await self._apply(article["_id"], rule, rule.effect, by=by, done=done)
        await self._sweep_reprints(rule, by=by, done=done)
        async for id, url in coverage.also_at(rule):
            done.forgotten += await self._forget(id, url, rule, by)
        await self._sweep_leftovers(coverage.leftovers(rule), Rules([rule], self._sources()), by)
        await self._store.rules.note_swept([rule], begun, settled=begun > rule.since + SETTLES)
        return done

    async def _sweep_reprints(self, rule: Rule, *, by: str, done: Done) -> None:
        if effect := rule.on_reprints:
            coverage = self.coverage()
            async for kept in self._store.texts.of_rule(rule.id):
                found = coverage.reprints(Mark.kept(kept), kept["story"], {kept["article"]})
                hits = [hit async for hit in found]  # all of them, before their story changes
                for hit in sorted(
                    hits, key=lambda it: bool(it.article["_id"] == it.article["story"])
                ):  # who leads, last
                    await self._apply(hit.article["_id"], rule, effect, by=by, done=done, marked=False)

    async def _sweep_leftovers(self, found: AsyncIterator[tuple[str, str]], rules: Rules, by: str) -> None:
        """Delete pages and earlier versions that outlived their article."""
        strays = [id async for id, state in found if not await self._purge_leftover(id, state, rules, by)]
        if strays:
            await asyncio.sleep(WRITTEN_SECONDS)  # a crawler writes the pages first and then the article
        for id in strays:
            await self._purge_leftover(id, "stray", rules, by)

    async def settle(self) -> None:
        """Finish what killed crawlers and commands left undone, and end the rules whose time has come.

        Every crawl does so at its start, and every command that makes a rule.
        """
        begun, young = datetime.now(UTC), []
        for rule in await self._store.rules.unsettled():
            if not rule.in_force(begun):
                await self._free(
                    rule if rule.ended else await self._store.rules.end(rule.id, by=BY_ITSELF), by=BY_ITSELF
                )
            elif rule.swept is None:
                await self.sweep(rule, by=BY_ITSELF)
            else:
                young.append(rule)
        if young:
            ripe = [rule for rule in young if rule.since + SETTLES < begun]
            await self._sweep_again(young, ripe)
            await self._store.rules.note_swept(ripe, begun, settled=True)

    async def _sweep_again(self, young: Sequence[Rule], ripe: Sequence[Rule]) -> None:
        """Sweep what was written about the time that rules came into force.

        ripe: those of the rules since when so long has passed that nothing of before can arrive any more; for them all
        is looked at, once.
        """
        rules, done = Rules(young, self._sources()), Done()
        since = min(rule.since for rule in young) - SETTLES
        query = {"changed": {"$gte": since}, "state": {"$in": STORED}}
        async for article in self._store.db.articles.find(query, {"url": 1, "title": 1, "also_at": 1, "state": 1}):
            if rule := rules.covering_article(article):
                await self._apply(article["_id"], rule, rule.effect, by=BY_ITSELF, done=done)
                continue
            for url in article.get("also_at", ()):
                if rule := rules.covering(url):
                    await self._forget(article["_id"], url, rule, BY_ITSELF)
        for rule in ripe:
            await self._sweep_reprints(rule, by=BY_ITSELF, done=done)
        if ripe:
            await self._sweep_leftovers(self.coverage().leftovers(None), rules, BY_ITSELF)

    async def _apply(self, id: str, rule: Rule, effect: Effect, *, by: str, done: Done, marked: bool = True) -> None:
        if effect == "remove":
            if await self.remove(id, rule, by=by, marked=marked):
                done.removed.append(id)
        elif await self.hold(id, rule, by=by, marked=marked):
            done.held.append(id)
        self.tell(done)

    async def lift(self, rule_id: str, *, by: str, reason: str = "") -> Done:
        """End a rule: release what no other rule holds, and let be crawled again what was removed.

        Raises RuleError if there is none of this id, or it was lifted before.
        """
        return await self._free(await self._store.rules.end(rule_id, by=by, reason=reason), by=by)

    async def _free(self, rule: Rule, *, by: str) -> Done:
        """Release and reopen what a rule that has ended held and removed."""
        begun, done = datetime.now(UTC), Done()
        others = Rules(await self._store.rules.read(), self._sources())
        query = {"rule": rule.id, "state": {"$in": ["held", "removed"]}, "reopened": {"$exists": False}}
        async for article in self._store.db.articles.find(query, {"url": 1, "title": 1, "body": 1, "state": 1}):
            id = article["_id"]
            if other := await self._other(article, others):
                await self._pass_on(article, rule, *other, by=by, done=done)
            elif article["state"] == "removed":
                if await self._reopen(id, rule, by):
                    done.reopened.append(id)
            elif await self._release(id, rule, by):
                done.released.append(id)
            self.tell(done)
        await self._store.rules.note_swept([rule], begun, settled=True)
        return done

    async def _other(self, article: Document, rules: Rules) -> tuple[Rule, Effect] | None:
        """Return another rule that covers a held article, or the identity of a removed one, and what it does to it."""
        if found := rules.covering_article(article):
            return found, found.effect
        if rules.has_texts and "body" in article:
            for rule_id in await self._store.texts.covering(Mark.of_stored(article)):
                rule = rules.get(rule_id)
                if rule and rule.on_reprints:
                    return rule, rule.on_reprints
        return None

    # --- one article ---

    async def remove(self, id: str, rule: Rule, *, by: str, marked: bool) -> bool:
        """Take away all there is of an article but a stone; False if it is one already, or never was.

        marked: keep the hashes of its texts for the rule, where that catches reprints.
        """

        async def remove(session: Session) -> bool:
            db = self._store.db
            query = {"_id": id, "state": {"$in": STORED}}
            article = await db.articles.find_one(query, {"url": 1, "revision": 1, "story": 1}, session=session)
            if article is None:
                await self._purge(session, id, rule, by)
                return False
            if marked:
                await self._mark(session, article, rule)
            gone = await self._forget_elsewhere(session, id)
            address = address_digest(article["url"])
            entry = await self._log(session, "remove", by, rule, id, {"url_digest": address, **gone})
            stone = self._stone(id, address, rule, entry, article["revision"])
            await db.articles.replace_one({"_id": id}, stone, session=session)
            await self._store.stories.forget(id, session)  # its story goes on without it
            return True

        return await transact(self._store, remove)

    async def hold(self, id: str, rule: Rule, *, by: str, marked: bool) -> bool:
        """Hide an article; False if it is hidden or removed already, or never was."""

        async def hold(session: Session) -> bool:
            query = {"_id": id, "state": "live"}
            article = await self._store.db.articles.find_one(query, {"story": 1}, session=session)
            if article is None:
                return False
            if marked:
                await self._mark(session, article, rule)
            entry = await self._log(session, "hold", by, rule, id)
            await self._set(session, id, {"state": "held", "rule": rule.id, "entry": entry})
            await self._store.stories.lead(id, session)  # its story bears the name of one that may be seen
            return True

        return await transact(self._store, hold)

    async def refuse(self, article: Article, rule: Rule) -> None:
        """Leave a stone for an article that may not be stored, so that it is not fetched again and again."""

        async def refuse(session: Session) -> None:
            db = self._store.db
            there = await db.articles.find_one({"_id": article.id}, {"reopened": 1, "revision": 1}, session=session)
            if there and "reopened" not in there:
                return  # an earlier version, which the rule does not cover, or a stone
            await self._purge(session, article.id, rule, BY_ITSELF)
            address = address_digest(article.url)
            entry = await self._log(session, "refuse", BY_ITSELF, rule, article.id, {"url_digest": address})
            stone = self._stone(article.id, address, rule, entry, there["revision"] if there else 1)
            await db.articles.replace_one({"_id": article.id}, stone, upsert=True, session=session)

        await self._store.patiently(lambda: transact(self._store, refuse))

    async def remove_written(self, article: Article, rule: Rule, effect: Effect, *, marked: bool) -> None:
        """Remove or hold what a crawler wrote of an article while a rule came into force."""

        async def remove() -> None:
            if effect == "remove":
                await self.remove(article.id, rule, by=BY_ITSELF, marked=marked)
            else:
                await self.hold(article.id, rule, by=BY_ITSELF, marked=marked)
            async for other in self._store.db.articles.find({"also_at": article.url}, {"_id": 1}):
                await self._forget(other["_id"], article.url, rule, BY_ITSELF)

        await self._store.patiently(remove)

    async def _release(self, id: str, rule: Rule, by: str) -> bool:
        async def release(session: Session) -> bool:
            query = {"_id": id, "state": "held", "rule": rule.id}
            if await self._store.db.articles.find_one(query, {"_id": 1}, session=session) is None:
                return False
            await self._log(session, "release", by, rule, id)
            await self._set(session, id, {"state": "live"}, unset=("rule", "entry"))
            await self._store.stories.lead(id, session)
            return True

        return await transact(self._store, release)

    async def _pass_on(
        self, article: Document, rule: Rule, other: Rule, effect: Effect, *, by: str, done: Done
    ) -> None:
        """Let another rule hold what the one that ended held, or remove it; or keep closed what is removed."""
        id, state = article["_id"], article["state"]
        if state == "held" and effect == "remove":
            await self._apply(id, other, effect, by=by, done=done)
            return

        async def pass_on(session: Session) -> None:
            query = {"_id": id, "state": state, "rule": rule.id}
            if await self._store.db.articles.find_one(query, {"_id": 1}, session=session):
                entry = await self._log(session, "hold" if state == "held" else "remove", by, other, id)
                await self._set(session, id, {"rule": other.id, "entry": entry})

        await transact(self._store, pass_on)

    async def _reopen(self, id: str, rule: Rule, by: str) -> bool:
        async def reopen(session: Session) -> bool:
            query = {"_id": id, "state": "removed", "rule": rule.id, "reopened": {"$exists": False}}
            if await self._store.db.articles.find_one(query, {"_id": 1}, session=session) is None:
                return False
            entry = await self._log(session, "reopen", by, rule, id)
            await self._set(session, id, {"reopened": milliseconds(datetime.now(UTC)), "entry": entry})
            return True

        return await transact(self._store, reopen)

    async def _forget(self, id: str, url: str, rule: Rule, by: str) -> bool:
        """Take a covered address from an article that is also found there."""

        async def forget(session: Session) -> bool:
            changed = {"$pull": {"also_at": url}, "$set": {"changed": self._store.articles.clock.next()}}
            result = await self._store.db.articles.update_one({"_id": id, "also_at": url}, changed, session=session)
            if not result.modified_count:
                return False
            await self._log(session, "forget", by, rule, id, {"url_digest": address_digest(url)})
            return True

        return await transact(self._store, forget)

    # --- inside transactions ---

    def _stone(self, id: str, url_digest: str, rule: Rule, entry: int, revision: int) -> Document:
        """Return all that is left of an article."""
        return {
            "_id": id,
            "source": id.partition(":")[0],
            "url_digest": url_digest,
            "rule": rule.id,
            "removed": milliseconds(datetime.now(UTC)),
            "entry": entry,
            "revision": revision,
            "changed": self._store.articles.clock.next(),
            "state": "removed",
        }

    async def _set(self, session: Session, id: str, fields: Document, unset: tuple[str, ...] = ()) -> None:
        update: Document = {"$set": {**fields, "changed": self._store.articles.clock.next()}}
        if unset:
            update["$unset"] = dict.fromkeys(unset, "")
        await self._store.db.articles.update_one({"_id": id}, update, session=session)

    async def _mark(self, session: Session, article: Document, rule: Rule) -> None:
        if rule.on_reprints:
            marks = [Mark.of_stored(each) for each in await self.coverage().versions(article["_id"], session)]
            await self._store.texts.mark(session, rule.id, article["_id"], article.get("story"), marks)

    async def _forget_elsewhere(self, session: Session, id: str) -> dict[str, int]:
        """Delete what is kept of an article elsewhere; return how many earlier versions and pages that were."""
        gone: dict[str, int] = {}
        for collection, name in ELSEWHERE:
            result = await self._store.db[collection].delete_many({name: id}, session=session)
            gone[collection] = gone.get(collection, 0) + result.deleted_count
        return {name: gone[name] for name in COUNTED}

    async def _purge(self, session: Session, id: str, rule: Rule | None, by: str) -> None:
        """Delete what was written for an article that is removed already, or was not let in."""
        gone = await self._forget_elsewhere(session, id)
        if any(gone.values()):
            await self._log(session, "purge", by, rule, id, gone)

    async def _purge_leftover(self, id: str, state: str, rules: Rules, by: str) -> bool:
        """Delete the pages and earlier versions of an article that is removed, or is missing and covered or a stray.

        state: `removed`, `missing`, or `stray` for what was missing before.  False if it may be a stray.
        """

        async def purge(session: Session) -> bool:
            db = self._store.db
            article = await db.articles.find_one({"_id": id}, {"state": 1}, session=session)
            if article and article["state"] != "removed":
                return True
            rule = None
            if not article:
                page = await db.captures.find_one({"article": id}, {"url": 1, "fetched": 1}, session=session)
                rule = rules.covering(page["url"] if page else "", id=id)
                if not rule and page and page["fetched"] > datetime.now(UTC) - SETTLES:
                    return True  # a crawl of just now: there is a next time
                if not rule and state != "stray":
                    return False
            await self._purge(session, id, rule, by)
            return True

        return await transact(self._store, purge)

    async def _log(
        self, session: Session, act: Act, by: str, rule: Rule | None, article: str, details: Document | None = None
    ) -> int:
        if rule and act in ("remove", "hold", "refuse"):
            await self._store.notices.note_article(session, rule.id, article)
        return await self._store.takedown_log.append(
            session, act, by=by, rule=rule.id if rule else None, article=article, details=details or {}
        )


def address_digest(url: str) -> str:
    """Return the SHA-256, in hex, of an address without its scheme, by which those know it who know the address."""
    return hashlib.sha256(url.partition("://")[2].encode()).hexdigest()
