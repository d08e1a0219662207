"""What can go wrong with MongoDB, in words for the operator."""


class StoreError(RuntimeError):
    """MongoDB cannot be used, or refuses; the message says what, where and the way out."""


class MongoAway(StoreError):
    """MongoDB did not come back within NEWSNAP_MONGO_WAIT_SECONDS."""


class SchemaError(StoreError):
    """The database is not as newsnap left it."""
