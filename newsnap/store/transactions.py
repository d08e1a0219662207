"""Transactions about takedowns: several writes and their entry in the log are all there, or none."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from newsnap.store.errors import StoreError

if TYPE_CHECKING:
    from newsnap.store.connection import Store

T = TypeVar("T")
DURABLE = WriteConcern(w="majority", j=True)
"""A write counts when most members of the replica set have it in their journal."""
Session = AsyncClientSession
Document = dict[str, Any]


async def transact(store: "Store", act: Callable[[Session], Awaitable[T]]) -> T:
    """Do several writes in one transaction; `act` is called again when another one came between.

    All of them write to the end of the log, so those of one process take turns instead of failing each other.
    Raises StoreError where the server has no transactions.
    """
    client = store.client
    if client is None:
        raise StoreError("the store is not open: await Store.open() first")
    hello: Document = await client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreError(
            f"MongoDB at {store.where} is a single server without a replica set, which has no transactions, so "
            "nothing is taken down or lifted there: start it with --replSet rs0 and run rs.initiate() once, or unset "
            "MONGO_URI for the embedded server"
        )
    async with store.takedown_log.turn, client.start_session() as session:
        return await session.with_transaction(act, read_concern=ReadConcern("snapshot"), write_concern=DURABLE)
