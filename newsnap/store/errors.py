"""What can go wrong with MongoDB, in words for the operator."""

from typing import Any

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError, WriteError

Document = dict[str, Any]

PASSING_CODES = frozenset([11600, 11602, 91, 189, 10107, 13435, 13436, 262, 50, 64, 43])
"""Server errors that pass: shutting down, interrupted, not primary, out of time, waiting for the write concern, and a
cursor of the server that was there before."""


class StoreError(RuntimeError):
    """MongoDB cannot be used, or refuses; the message says what, where and the way out."""


class MongoAway(StoreError):
    """MongoDB did not come back within NEWSNAP_MONGO_WAIT_SECONDS."""


class SchemaError(StoreError):
    """The database is not as newsnap left it."""


class WriteRefused(StoreError):
    """A document is not as its collection wants it; `rules` names what it breaks, and nothing that it says."""

    def __init__(self, message: str, rules: list[str]):
        super().__init__(message)
        self.rules = rules

    @classmethod
    def by(cls, error: WriteError | BulkWriteError, where: str) -> "WriteRefused":
        """Return a refusal without the driver's message, which quotes what was to be written: texts of articles."""
        details = error.details or {}
        rules = [each for one in details.get("writeErrors", [details]) for each in broken_rules(one)]
        return cls(f"MongoDB at {where} refuses to write ({', '.join(rules) or error.code})", rules)


def broken_rules(error: Document) -> list[str]:
    """Return what of the schema a refused document breaks: names of fields and rules, and no values, which are text."""
    found: list[str] = []

    def look(value: Any) -> None:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                names = (each.get(name) for name in ("propertyName", "operatorName"))
                found.extend(
                    name for name in names if isinstance(name, str) and name not in ("$jsonSchema", "properties")
                )
                for name in ("schemaRulesNotSatisfied", "propertiesNotSatisfied", "details", "missingProperties"):
                    look(each.get(name))
            elif isinstance(each, str):
                found.append(each)

    look(error.get("errInfo", {}).get("details"))
    return list(dict.fromkeys(found))


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


def brief(error: Exception) -> str:
    """Return the first sentence of a driver's error, without its description of the topology."""
    return str(error).partition(", Timeout:")[0].partition(", full error:")[0].partition(" (configured timeouts")[0]
