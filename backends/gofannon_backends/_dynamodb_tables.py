"""The tables of the collections: how they are named, made, listed and removed."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gofannon_backends import encoding
from gofannon_backends._dynamodb_items import ID_ATTRIBUTE
from gofannon_backends._dynamodb_requests import NoTableError, Requests, TableExistsError, pause

TABLE_NAME_CHARACTERS: Final = 255

_LEGAL_TABLE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{3,}")
_PREFIX: Final = re.compile(r"[a-zA-Z0-9_.-]*")
_DOTTED: Final = encoding.Escape(mark=".", refused=r"\0-,/:-@\[-\^`{-\U0010ffff")
_ALL_DOTTED: Final = encoding.Escape(mark=".", refused=r"\0-\U0010ffff")

_READY: Final = {"ACTIVE", "UPDATING"}


def table_of(collection: str) -> str:
    """Return the name of a collection's table: the same name if DynamoDB takes it, else an escape.

    Names that are legal stay themselves, dots and all, unless they look like an escape.

    >>> table_of("agents"), table_of("my.agents"), table_of("a/b"), table_of("x")
    ('agents', 'my.agents', 'a.2f.b', '.78.')
    """
    if _LEGAL_TABLE_NAME.fullmatch(collection):
        return (
            collection if _DOTTED.decode(collection) == collection else _DOTTED.encode(collection)
        )
    escaped = _DOTTED.encode(collection)
    return escaped if escaped != collection else _ALL_DOTTED.encode(collection)


def collection_of(table: str) -> str:
    """Return the name of the collection whose table `table_of` named so."""
    return _DOTTED.decode(table)


def is_table_prefix(text: str) -> bool:
    """Say whether every table's name may begin so."""
    return _PREFIX.fullmatch(text) is not None


@dataclass(frozen=True)
class Tables:
    """The tables whose names begin with the prefix."""

    requests: Requests
    prefix: str
    seconds: float
    """How long to wait for a table that is being made or removed."""

    def table_of(self, collection: str) -> str:
        """Return the name of a collection's table; it may be too long for DynamoDB."""
        return self.prefix + table_of(collection)

    def collections(self) -> Iterator[str]:
        """Yield the name of each collection that has a table, page by page."""
        start: dict[str, Any] = {}
        while True:
            page = self.requests.repeatable("list_tables", None, **start)
            for table in page["TableNames"]:
                if table.startswith(self.prefix):
                    yield collection_of(table.removeprefix(self.prefix))
            if not page.get("LastEvaluatedTableName"):
                return
            start = {"ExclusiveStartTableName": page["LastEvaluatedTableName"]}

    def make(self, table: str, given_up_at: float) -> None:
        """Create the table, or wait for the one that somebody else creates.

        Returns early when the table is gone again, or not yet seen everywhere: the caller tries
        its item in any case.
        """
        try:
            answer = self.requests.repeatable(
                "create_table",
                table,
                AttributeDefinitions=[{"AttributeName": ID_ATTRIBUTE, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": ID_ATTRIBUTE, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            status = answer.get("TableDescription", {}).get("TableStatus")
        except TableExistsError:
            status = None
        attempt = 0
        while status not in _READY and time.monotonic() < given_up_at:
            attempt += 1
            pause(attempt)
            try:
                answer = self.requests.repeatable("describe_table", table)
            except NoTableError:
                return
            status = answer.get("Table", {}).get("TableStatus")

    def remove(self, table: str) -> bool:
        """Remove the table, and say whether it is gone."""
        if len(table) > TABLE_NAME_CHARACTERS:
            return True
        given_up_at = time.monotonic() + self.seconds
        attempt = 0
        while time.monotonic() < given_up_at:
            try:
                self.requests.repeatable("delete_table", table)
            except NoTableError:
                return True
            except TableExistsError:
                pass  # It is being made, or removed already.
            attempt += 1
            pause(attempt)
        return False
