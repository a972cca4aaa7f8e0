"""The tables that hold documents: their names, their columns, the statements that use them.

There are two layouts. `JSON_LAYOUT` is the one that new tables get. `JSONB_LAYOUT` is that of
older Gofannon versions, whose tables are used as they are, without altering them, so that both
versions can work side by side. What each column holds is in `docs/backends/postgresql.md`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import copysign
from typing import Any

from gofannon_backends.encoding import (
    LONE_SURROGATES,
    MARKER,
    Escape,
    hold,
    restore,
    rewritten,
)

TEXTS = Escape(mark="\x10", refused=rf"\x00{LONE_SURROGATES}")
"""For all that PostgreSQL holds as text: U+0000 and half characters are what it refuses. The mark
is "data link escape", a control character that no sensible id or text contains."""

NAME_BYTES = 63
"""PostgreSQL cuts longer names of tables, with no more than a notice."""

ID_BYTES = 2600
"""A row of a B-tree index ends at 2704 bytes, of which the id's own header takes some."""


@dataclass(frozen=True)
class Layout:
    """How the documents of a table are written: the statements, and the text of a document.

    `{table}` in a statement stands for the table's quoted and qualified name. `get` takes the id,
    `get_many` a list of ids, `save` the id and the text, `save_many` a list of each, `page` the id
    to go on after, a number of rows and a size.
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


_PAGE = """
SELECT _id, data::text, rev::text, looked_at FROM (
    SELECT *, count(*) OVER () AS looked_at,
        sum(pg_column_size(data)) OVER (ORDER BY _id) - pg_column_size(data) AS bytes_before
    FROM (ROWS) AS next_rows
) AS measured WHERE bytes_before < %s ORDER BY _id"""


def page_of(rows: str) -> str:
    """Return the statement for as many of these rows, at least one, as come to a size.

    What is added up is what the rows take in the table, often compressed. `looked_at` is how
    many rows there were to choose from.
    """
    return _PAGE.replace("ROWS", rows)


def layout_of(columns: dict[str, str]) -> Layout | None:
    """Return the layout of a table with these columns (name to type); None if it has none."""
    if columns.get("data") == "json" and {"_id", "rev", "updated_at"} <= columns.keys():
        return JSON_LAYOUT
    if columns.get("data") == "jsonb" and {"_id", "updated_at"} <= columns.keys():
        return JSONB_LAYOUT
    return None


def quoted(name: str) -> str:
    """Return a name as an SQL identifier, fit to stand in a statement with placeholders."""
    # `sql.Identifier` leaves `%` as it is, which the placeholders' parser then trips over.
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def key_name(table: str) -> str:
    """Return the name of a table's primary key, which shares the tables' name space.

    PostgreSQL would call that of `a` `a_pkey`, which is a collection's good name too.
    """
    return f"primary key {sha256(table.encode()).hexdigest()[:32]}"


@lru_cache(maxsize=1024)
def statement(template: str, schema: str, table: str) -> bytes:
    """Return a statement for one table."""
    qualified = f"{quoted(schema)}.{quoted(table)}"
    return template.format(table=qualified, key=quoted(key_name(table))).encode()


def _json_text(value: Any) -> str:
    """Return a value as JSON in which no text holds what PostgreSQL refuses."""
    text = _dumped(value)
    if "\\u0000" in text or "\\u0010" in text or not _is_whole(text):
        text = _dumped(rewritten(value, TEXTS.encode))
    return text


def _json_value(text: str) -> Any:
    value = json.loads(text)
    return rewritten(value, TEXTS.decode) if "\\u0010" in text else value


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _jsonb_holds(value: Any, _depth: int) -> bool:
    """Say whether `jsonb` gives the value back: it writes 1e16 as an integer, and -0.0 as 0.0."""
    if type(value) is not float:
        return True
    return "e+" not in repr(value) and (value != 0 or copysign(1, value) > 0)


def _to_jsonb_text(doc_id: str, fields: dict[str, Any]) -> str:
    # Older versions keep the id in the document too, and their users may search for it there.
    return _json_text({**hold(fields, _jsonb_holds), "_id": doc_id})


def _from_jsonb_text(text: str) -> Any:
    value = _json_value(text)
    return restore(value) if MARKER in text else value


_JSON_SAVE = """
INSERT INTO {table} (_id, data) SOURCE
ON CONFLICT (_id) DO UPDATE SET data = EXCLUDED.data, rev = DEFAULT, updated_at = DEFAULT
"""

_JSONB_SAVE = """
INSERT INTO {table} (_id, data, updated_at) SOURCE
ON CONFLICT (_id) DO UPDATE SET data = EXCLUDED.data, updated_at = now()
WHERE true OR EXCLUDED.data = 'null'::jsonb
"""

# Binary: as text, every quote in every document would have to be escaped for the array's sake.
_LISTS = "FROM unnest(%b::text[], %b::text[]) AS given (id, document)"

JSON_LAYOUT = Layout(
    get="SELECT data::text, rev::text FROM {table} WHERE _id = %s",
    get_many="SELECT _id, data::text, rev::text FROM {table} WHERE _id = ANY(%s)",
    save=_JSON_SAVE.replace("SOURCE", "VALUES (%s, %s::json)") + "RETURNING rev::text",
    save_many=_JSON_SAVE.replace("SOURCE", f"SELECT id, document::json {_LISTS}")
    + "RETURNING _id, rev::text",
    page=page_of("SELECT _id, data, rev FROM {table} WHERE _id > %s ORDER BY _id LIMIT %s"),
    to_text=lambda _, fields: _json_text(fields),
    to_fields=_json_value,
)

# The id of the transaction that wrote a row is its revision here: it changes with every write,
# those of older versions included; what one statement saves has one. `true OR …` has no effect at
# run time, but `json` has no such operator: the statement is refused if the table was dropped and
# made again in the newer layout.
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
    page=page_of("""
SELECT _id, data, xmin AS rev FROM {table}
WHERE _id > %s AND (true OR data = 'null'::jsonb) ORDER BY _id LIMIT %s"""),
    to_text=_to_jsonb_text,
    to_fields=_from_jsonb_text,
)
