"""All that knows MongoDB: the connection, the names, the schema, what is read and written, the embedded server.

Collections: `articles`, `revisions`, `captures`, `takedowns`, `crawls`.  The other modules of newsnap ask a `Store`.
"""

from newsnap.store.connection import Store
from newsnap.store.errors import MongoAway, SchemaError, StoreError

__all__ = ["MongoAway", "SchemaError", "Store", "StoreError"]
