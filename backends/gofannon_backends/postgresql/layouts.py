"""The tables for documents: their names, their columns, and the statements that use them.

New tables get `JSON_LAYOUT`. `JSONB_LAYOUT` is that of tables made by older Gofannon versions. They
are used without altering them, so that both versions can work side by side.
`docs/backends/postgresql.md` describes the columns.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import copysign
from typing import Any

from gofannon_backends.base.encoding import (
    LONE_SURROGATES,
    MARKER,
    Escape,
    hold,
    restore,
    rewritten,
)

TEXTS = Escape(mark="\x10", refused=rf"\x00{LONE_SURROGATES}")
"""For every text: PostgreSQL refuses U+0000 and lone surrogates. The mark is "data link escape", a
control character that is rare in data."""

NAME_BYTES = 63
"""PostgreSQL truncates longer table names, with only a notice."""

ID_BYTES = 2600
"""A row of a B-tree index has at most 2704 bytes, some of them for the id's header."""


@dataclass(frozen=True)
class Layout:
    """The statements for one kind of table, and the conversion of documents to and from text.

    `{table}` in a statement is the table's quoted and qualified name. `get` takes the id,
    `get_many` a list of ids, `save` the id and the text, `save_many` a list of each, `page` the id
    before the page, a number of rows and a size.
    """

    get: str
    get_many: str
    save: str
    save_many: str
    page: str
    to_text: Callable[[str, dict[str, Any]], str]
    to_fields: Callable[[str], Any]


DELETE = "DELETE FROM {table} WHERE _id = %s"

CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    _id text COLLATE "C" NOT NULL CONSTRAINT {key} PRIMARY KEY,
    data json NOT NULL,
    rev uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)"""

COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_catalog.pg_attribute
WHERE attnum > 0 AND NOT attisdropped AND attrelid = (
    SELECT oid FROM pg_catalog.pg_class WHERE relname = %s AND relnamespace = (
        SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s
    )
)"""

TABLES = """
SELECT relname FROM pg_catalog.pg_class AS tables
WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)
AND relkind IN ('r', 'p') AND 2 = (
    SELECT count(*) FROM pg_catalog.pg_attribute
    WHERE attrelid = tables.oid AND attname IN ('_id', 'data') AND NOT attisdropped
)"""


def layout_of(columns: dict[str, str]) -> Layout | None:
    """Return the layout of a table with these columns (name to type); None for another kind."""
    if columns.get("data") == "json" and {"_id", "rev", "updated_at"} <= columns.keys():
        return JSON_LAYOUT
    if columns.get("data") == "jsonb" and {"_id", "updated_at"} <= columns.keys():
        return JSONB_LAYOUT
    return None


def quoted(name: str) -> str:
    """Return a name as an SQL identifier for a statement with placeholders."""
    # `sql.Identifier` does not double `%`, which placeholders need.
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


@lru_cache(maxsize=1024)
def statement(template: str, schema: str, table: str) -> bytes:
    """Return a statement for one table."""
    qualified = f"{quoted(schema)}.{quoted(table)}"
    # Not PostgreSQL's own name: for the key of table `a` that is `a_pkey`, in the tables' name
    # space, and it may be the name of a collection.
    key = f"primary key {sha256(table.encode()).hexdigest()[:32]}"
    return template.format(table=qualified, key=quoted(key)).encode()


def _json_text(value: Any) -> str:
    """Return a value as JSON without the characters that PostgreSQL refuses."""
    text = _dumped(value)
    if "\\u0000" in text or "\\u0010" in text or not _is_encodable(text):
        text = _dumped(rewritten(value, TEXTS.encode))
    return text


def _json_value(text: str) -> Any:
    value = json.loads(text)
    return rewritten(value, TEXTS.decode) if "\\u0010" in text else value


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _jsonb_holds(value: Any, _depth: int) -> bool:
    """Return whether `jsonb` keeps the value: it turns 1e16 into an integer, and -0.0 into 0.0."""
    if type(value) is not float:
        return True
    return "e+" not in repr(value) and (value != 0 or copysign(1, value) > 0)


def _to_jsonb_text(doc_id: str, fields: dict[str, Any]) -> str:
    # Older versions keep the id in the document too, where users may search for it.
    return _json_text({**hold(fields, _jsonb_holds), "_id": doc_id})


def _from_jsonb_text(text: str) -> Any:
    value = _json_value(text)
    return restore(value) if MARKER in text else value


# The first of these rows, at least one, up to a total size in the table (often compressed).
# `looked_at` is the number of candidate rows.
_PAGE = """
SELECT _id, data::text, rev::text, looked_at FROM (
    SELECT *, count(*) OVER () AS looked_at,
        sum(pg_column_size(data)) OVER (ORDER BY _id) - pg_column_size(data) AS bytes_before
    FROM (ROWS) AS next_rows
) AS measured WHERE bytes_before < %s ORDER BY _id"""

_JSON_SAVE = """
INSERT INTO {table} (_id, data) SOURCE
ON CONFLICT (_id) DO UPDATE SET data = EXCLUDED.data, rev = DEFAULT, updated_at = DEFAULT
"""

_JSONB_SAVE = """
INSERT INTO {table} (_id, data, updated_at) SOURCE
ON CONFLICT (_id) DO UPDATE SET data = EXCLUDED.data, updated_at = now()
WHERE true OR EXCLUDED.data = 'null'::jsonb
"""

# Binary: an array as text would need every quote in every document escaped.
_LISTS = "FROM unnest(%b::text[], %b::text[]) AS given (id, document)"

JSON_LAYOUT = Layout(
    get="SELECT data::text, rev::text FROM {table} WHERE _id = %s",
    get_many="SELECT _id, data::text, rev::text FROM {table} WHERE _id = ANY(%s)",
    save=_JSON_SAVE.replace("SOURCE", "VALUES (%s, %s::json)") + "RETURNING rev::text",
    save_many=_JSON_SAVE.replace("SOURCE", f"SELECT id, document::json {_LISTS}")
    + "RETURNING _id, rev::text",
    page=_PAGE.replace(
        "ROWS", "SELECT _id, data, rev FROM {table} WHERE _id > %s ORDER BY _id LIMIT %s"
    ),
    to_text=lambda _, fields: _json_text(fields),
    to_fields=_json_value,
)

# A row's revision here is the id of the transaction that wrote it: it changes with every write,
# also of older versions. `true OR …` has no effect on `jsonb`; on `json`, which lacks the operator,
# it makes the statement fail if the table was dropped and created again in the newer layout.
JSONB_LAYOUT = Layout(
    get="""
SELECT data::text, xmin::text FROM {table}
WHERE _id = %s AND (true OR data = 'null'::jsonb)""",
    get_many="""
SELECT _id, data::text, xmin::text FROM {table}
WHERE _id = ANY(%s) AND (true OR data = 'null'::jsonb)""",
    save=_JSONB_SAVE.replace("SOURCE", "VALUES (%s, %s::jsonb, now())") + "RETURNING xmin::text",
    save_many=_JSONB_SAVE.replace("SOURCE", f"SELECT id, document::jsonb, now() {_LISTS}")
    + "RETURNING _id, xmin::text",
    page=_PAGE.replace(
        "ROWS",
        """
SELECT _id, data, xmin AS rev FROM {table}
WHERE _id > %s AND (true OR data = 'null'::jsonb) ORDER BY _id LIMIT %s""",
    ),
    to_text=_to_jsonb_text,
    to_fields=_from_jsonb_text,
)
