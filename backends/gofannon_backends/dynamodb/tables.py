"""The tables of the collections: their names, and how to create, list and remove them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gofannon_backends.base import encoding
from gofannon_backends.dynamodb.connection import Connection, pause
from gofannon_backends.dynamodb.errors import NoTableError, TableExistsError
from gofannon_backends.dynamodb.items import ID_ATTRIBUTE

TABLE_NAME_CHARACTERS: Final = 255

_LEGAL_TABLE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{3,}")
_PREFIX: Final = re.compile(r"[a-zA-Z0-9_.-]*")
_DOTTED: Final = encoding.Escape(mark=".", refused=r"\0-,/:-@\[-\^`{-\U0010ffff")
_ALL_DOTTED: Final = encoding.Escape(mark=".", refused=r"\0-\U0010ffff")

_READY: Final = {"ACTIVE", "UPDATING"}


def table_of(collection: str) -> str:
    """Return the name of a collection's table: the same name, or an escape of it.

    A legal name is escaped only if it looks like an escape.

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
    """Return the collection of a table that `table_of` has named."""
    return _DOTTED.decode(table)


def is_table_prefix(text: str) -> bool:
    """Return whether a table's name may begin with the text."""
    return _PREFIX.fullmatch(text) is not None


@dataclass(frozen=True)
class Tables:
    """The tables whose names begin with the prefix."""

    connection: Connection
    prefix: str
    seconds: float
    """How long to wait for a table that is being created or removed."""

    def table_of(self, collection: str) -> str:
        """Return the name of a collection's table; it may be too long for DynamoDB."""
        return self.prefix + table_of(collection)

    def collections(self) -> Iterator[str]:
        """Yield the name of each collection that has a table, page by page."""
        start: dict[str, Any] = {}
        while True:
            page = self.connection.repeatable("list_tables", None, **start)
            for table in page["TableNames"]:
                if table.startswith(self.prefix):
                    yield collection_of(table.removeprefix(self.prefix))
            if not page.get("LastEvaluatedTableName"):
                return
            start = {"ExclusiveStartTableName": page["LastEvaluatedTableName"]}

    def create(self, table: str, no_more_after: float) -> None:
        """Create the table, or wait for another client that creates it.

        Returns early if the table is gone again, or not visible yet: the caller puts its item in
        any case.
        """
        try:
            answer = self.connection.repeatable(
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
        while status not in _READY and time.monotonic() < no_more_after:
            attempt += 1
            pause(attempt)
            try:
                answer = self.connection.repeatable("describe_table", table)
            except NoTableError:
                return
            status = answer.get("Table", {}).get("TableStatus")

    def remove(self, table: str) -> bool:
        """Remove the table; return whether it is gone."""
        if len(table) > TABLE_NAME_CHARACTERS:
            return True
        no_more_after = time.monotonic() + self.seconds
        attempt = 0
        while time.monotonic() < no_more_after:
            try:
                self.connection.repeatable("delete_table", table)
            except NoTableError:
                return True
            except TableExistsError:
                pass  # It is being created, or removed already.
            attempt += 1
            pause(attempt)
        return False
