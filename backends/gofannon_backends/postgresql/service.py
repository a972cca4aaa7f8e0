"""Documents in PostgreSQL: a table per collection, a row per document, the document as JSON.

Each call is one statement in its own transaction. A `save` that finds its table missing creates
it, with the columns of `_postgresql_layouts`. `docs/backends/postgresql.md` shows how to read the
tables with SQL, and lists their limits.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import itemgetter
from typing import Any

import psycopg
from fastapi import HTTPException
from psycopg import conninfo
from psycopg import errors as pg

from gofannon_backends.base import bulk, documents, errors
from gofannon_backends.base.served import ServedDatabaseService
from gofannon_backends.postgresql.connections import Connections, Limits
from gofannon_backends.postgresql.errors import NOT_A_TABLE, reported
from gofannon_backends.postgresql.layouts import (
    COLUMNS,
    CREATE,
    DELETE,
    ID_BYTES,
    JSON_LAYOUT,
    NAME_BYTES,
    TABLES,
    TEXTS,
    Layout,
    layout_of,
    quoted,
    statement,
)

_ATTEMPTS = 10
"""The number of attempts of a call whose table is created, dropped or changed meanwhile."""

_PAGE_ROWS = 1000
_PAGE_BYTES = 4 * 1024 * 1024
"""A page ends with the row that brings it past this size, or at `_PAGE_ROWS`."""

_STATEMENT_FAILED = 500
"""The server reports that it has undone the statement; a lost answer is a 503 or a 504."""

_MADE_BY_ANOTHER = (pg.UniqueViolation, pg.DuplicateTable, pg.DuplicateSchema, pg.DuplicateObject)
"""`CREATE … IF NOT EXISTS` raises these when two connections run it at once."""

_Rows = list[tuple[Any, ...]]

_Command = Callable[[Layout], tuple[str, tuple[object, ...]]]
"""Returns the statement's template and its values for a table of this layout."""

_Held = tuple[str, str, Layout]
"""A document as a row: its key, its text, and the layout that the text is written for."""


class PostgreSQLService(ServedDatabaseService[_Held]):
    """A `DatabaseService` on PostgreSQL 13 or later; the first call connects.

    `connection_string` is a libpq URI or `key=value` string. Tables are created in `schema`, which
    is created if it is missing; a table's name is `table_prefix` and the collection's name.
    At most `pool_size` connections are open at once. The time limits are in seconds: for
    connecting, for waiting until a connection is free, and for the answer to a statement, after
    which the server stops it too.
    """

    def __init__(
        self,
        connection_string: str,
        *,
        schema: str = "public",
        table_prefix: str = "",
        pool_size: int = 10,
        connect_timeout: float = 5.0,
        pool_timeout: float = 10.0,
        statement_timeout: float = 12.0,
    ) -> None:
        self._schema = TEXTS.encode(schema)
        self._prefix = TEXTS.encode(table_prefix)
        if not schema or len(self._schema.encode()) > NAME_BYTES:
            raise ValueError(f"schema must be 1 to {NAME_BYTES} bytes long, not {schema!r}")
        if len(self._prefix.encode()) >= NAME_BYTES:
            raise ValueError(f"table_prefix must be shorter than {NAME_BYTES} bytes")
        try:
            given = conninfo.conninfo_to_dict(connection_string)
        except psycopg.Error:
            given = None  # the message may quote the password: raise outside the handler
        if given is None:
            raise ValueError("connection_string is neither a libpq URI nor key=value pairs")
        self._server = {key: given[key] for key in ("host", "port", "dbname") if key in given}
        self._connections = Connections(
            connection_string,
            {
                "connect_timeout": max(1, round(connect_timeout)),
                "client_encoding": "UTF8",
                "application_name": given.get("application_name") or "gofannon",
                "options": _options(given.get("options"), statement_timeout),
            },
            Limits(connections=pool_size, wait=pool_timeout, answer=statement_timeout),
        )
        self._layouts: dict[str, Layout] = {}

    def __repr__(self) -> str:
        where = "".join(f"{key}={value!r}, " for key, value in self._server.items())
        return f"{type(self).__name__}({where}schema={self._schema!r})"

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document, with its `_id` and `_rev`; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        key = _key(db_name, doc_id)
        rows, layout, _ = self._run(db_name, doc_id, lambda layout: (layout.get, (key,)))
        for data, rev in rows:
            return _document(db_name, doc_id, layout.to_fields, data, rev)
        raise errors.not_found(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create or replace the document; the last writer wins, whatever its `_rev`."""
        db_name, doc_id = documents.address(db_name, doc_id)
        key = _key(db_name, doc_id)
        fields = documents.checked(db_name, doc_id, doc)
        rows, _, _ = self._run(
            db_name,
            doc_id,
            lambda layout: (layout.save, (key, layout.to_text(doc_id, fields))),
            create=True,
        )
        for (rev,) in rows:
            return {"id": doc_id, "rev": rev}
        raise errors.store_failed(db_name, doc_id, code="a trigger or rule of the table undid it")

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        key = _key(db_name, doc_id)
        _, _, deleted = self._run(db_name, doc_id, lambda _: (DELETE, (key,)))
        if not deleted:
            raise errors.not_found(db_name, doc_id)

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document, one statement per page; hold no connection between pages.

        A document that exists throughout is yielded exactly once, in one of its versions.
        """
        db_name = documents.collection(db_name)
        after, more = "", True
        while more:
            limits = (after, _PAGE_ROWS, _PAGE_BYTES)
            rows, layout, _ = self._run(db_name, None, _page_after(limits))
            for key, data, rev, _ in rows:
                yield _document(db_name, TEXTS.decode(key), layout.to_fields, data, rev)
            after, looked_at = (rows[-1][0], rows[-1][3]) if rows else (after, 0)
            more = len(rows) < looked_at or looked_at == _PAGE_ROWS

    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> bulk.Ready[_Held]:
        _, doc_id = documents.address(db_name, doc_id)
        key = _key(db_name, doc_id)
        layout = self._layouts.get(db_name, JSON_LAYOUT)
        text = layout.to_text(doc_id, documents.checked(db_name, doc_id, doc))
        return bulk.Ready(doc_id, (key, text, layout), len(text))

    def _get_chunk(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        keys = {_key(db_name, doc_id): doc_id for doc_id in doc_ids}
        rows, layout, _ = self._run(db_name, None, lambda layout: (layout.get_many, ([*keys],)))
        return {
            keys[key]: _document(db_name, keys[key], layout.to_fields, data, rev)
            for key, data, rev in rows
        }

    def _save_chunk(self, db_name: str, chunk: list[bulk.Ready[_Held]]) -> list[str | None]:
        # Sorted: statements that lock the same rows then wait for each other and do not deadlock.
        held = sorted((one.held for one in chunk), key=itemgetter(0))
        values = [key for key, _, _ in held], [text for _, text, _ in held]

        def command(layout: Layout) -> tuple[str, tuple[object, ...]]:
            if any(written_for is not layout for _, _, written_for in held):
                # The table has turned out to be of an older version: `save` writes for it.
                raise errors.conflict(db_name)
            return layout.save_many, values

        try:
            rows, _, _ = self._run(db_name, None, command, create=True)
        except HTTPException as error:
            if error.status_code != _STATEMENT_FAILED:
                raise
            rows = []  # one document failed (a constraint, a trigger), and none was saved
        revisions: dict[str, str] = dict(rows)
        return [revisions.get(one.held[0]) for one in chunk]

    def close(self) -> None:
        """Close the connections; a later call is a 503."""
        self._connections.close()

    def collections(self) -> set[str]:
        """Return the names of all collections in the schema."""
        rows = reported(f"{self._schema}.*", None, self._tables)
        tables = [row[0] for row in rows if row[0].startswith(self._prefix)]
        return {TEXTS.decode(table.removeprefix(self._prefix)) for table in tables}

    def drop(self, db_name: str) -> None:
        """Remove a collection and its documents; a missing collection is no error."""
        db_name = documents.collection(db_name)
        if db_name in self.collections():
            self._run(db_name, None, lambda _: ("DROP TABLE IF EXISTS {table}", ()))
        self._layouts.pop(db_name, None)

    def _table(self, db_name: str) -> str:
        table = self._prefix + TEXTS.encode(db_name)
        if len(table.encode()) > NAME_BYTES:
            raise errors.bad_request(
                db_name,
                why=f"with its prefix, a table's name has at most {NAME_BYTES} bytes of UTF-8",
            )
        return table

    def _run(
        self, db_name: str, doc_id: str | None, command: _Command, *, create: bool = False
    ) -> tuple[_Rows, Layout, int]:
        """Run the command for the table's layout; return rows, layout, number of rows.

        A missing table is created if `create` is true, and is otherwise like an empty one.
        """
        table = self._table(db_name)
        return reported(
            db_name, doc_id, lambda: self._attempt(db_name, table, command, create=create)
        )

    def _attempt(
        self, db_name: str, table: str, command: _Command, *, create: bool
    ) -> tuple[_Rows, Layout, int]:
        for _ in range(_ATTEMPTS):
            layout = self._layouts.get(db_name, JSON_LAYOUT)
            template, values = command(layout)
            try:
                with self._connections.lend() as connection:
                    cursor = connection.execute(statement(template, self._schema, table), values)
                    rows = cursor.fetchall() if cursor.description else []
                    return rows, layout, cursor.rowcount
            except pg.UndefinedTable:
                self._layouts.pop(db_name, None)
                if not create:
                    return [], layout, 0
                self._create(table)
            except (pg.UndefinedColumn, pg.UndefinedFunction):
                self._learn_layout(db_name, table)
        raise errors.conflict(db_name)

    def _tables(self) -> _Rows:
        with self._connections.lend() as connection:
            return connection.execute(TABLES, (self._schema,)).fetchall()

    def _create(self, table: str) -> None:
        with suppress(*_MADE_BY_ANOTHER), self._connections.lend() as connection:
            try:
                connection.execute(statement(CREATE, self._schema, table), ())
            except pg.InvalidSchemaName:
                connection.execute(
                    f"CREATE SCHEMA IF NOT EXISTS {quoted(self._schema)}".encode(), ()
                )
                connection.execute(statement(CREATE, self._schema, table), ())

    def _learn_layout(self, db_name: str, table: str) -> None:
        """Look up the layout of a table that does not have the expected columns."""
        with self._connections.lend() as connection:
            columns = connection.execute(COLUMNS, (table, self._schema)).fetchall()
        layout = layout_of(dict(columns))
        if layout is not None:
            self._layouts[db_name] = layout
        elif columns:
            raise errors.bad_request(db_name, why=NOT_A_TABLE) from None


def _key(db_name: str, doc_id: str) -> str:
    key = TEXTS.encode(doc_id)
    if len(key.encode()) > ID_BYTES:
        raise errors.bad_request(
            db_name, doc_id, why=f"PostgreSQL takes ids of at most {ID_BYTES} bytes of UTF-8"
        )
    return key


def _page_after(limits: tuple[str, int, int]) -> _Command:
    return lambda layout: (layout.page, limits)


def _options(given: object, statement_timeout: float) -> str:
    limit = f"-c statement_timeout={max(1, round(statement_timeout * 1000))}"
    return f"{given} {limit}" if given else limit


def _document(
    db_name: str, doc_id: str, to_fields: Callable[[str], Any], data: str, rev: str
) -> dict[str, Any]:
    """Return a row as the document that `get` returns."""
    try:
        fields = to_fields(data)
    except (ValueError, RecursionError) as error:
        raise errors.store_failed(db_name, doc_id, code=type(error).__name__) from None
    if not isinstance(fields, dict):
        raise errors.store_failed(db_name, doc_id, code="the row holds no JSON object")
    return {**fields, "_id": doc_id, "_rev": rev}
