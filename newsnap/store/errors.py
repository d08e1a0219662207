"""What can go wrong with MongoDB, in words for the operator."""

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

PASSING_CODES = frozenset([11600, 11602, 91, 189, 10107, 13435, 13436, 262, 50, 64, 43])
"""Server errors that pass: shutting down, interrupted, not primary, out of time, waiting for the write concern, and a
cursor of the server that was there before."""


class StoreError(RuntimeError):
    """MongoDB cannot be used, or refuses; the message says what, where and the way out."""


class MongoAway(StoreError):
    """MongoDB did not come back within NEWSNAP_MONGO_WAIT_SECONDS."""


class SchemaError(StoreError):
    """The database is not as newsnap left it."""


def passing(error: PyMongoError) -> bool:
    """Tell whether an error passes by itself: the same operation may be tried again."""
    if isinstance(error, ConnectionFailure) or error.timeout:
        return True
    if isinstance(error, BulkWriteError):
        details = error.details
        return bool(details.get("writeConcernErrors")) or any(
            each["code"] in PASSING_CODES for each in details.get("writeErrors", ())
        )
    return isinstance(error, OperationFailure) and (
        error.code in PASSING_CODES or error.has_error_label("RetryableWriteError")
    )
