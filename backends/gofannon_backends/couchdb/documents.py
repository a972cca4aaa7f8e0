"""Collections, ids and documents as CouchDB holds them, and back.

Only what CouchDB refuses or alters is escaped; `docs/backends/couchdb.md` lists all of it:

- a collection whose name is no database name becomes `x$` and the name with `$` escapes;
- in an id or a field name, a character that CouchDB refuses becomes its number between two `␛`;
- a value that CouchDB alters becomes the marker object of `encoding`.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from gofannon_backends.base.encoding import LONE_SURROGATES, MARKER, Escape, hold, renamed, restore

LONGEST_DATABASE_NAME: Final = 238

_DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_$()+/-]*")
_ESCAPED_DATABASE: Final = "x$"
_IN_DATABASE_NAME: Final = Escape(mark="$", refused="^a-z0-9_()+/-")

# A character that people do not type: where it occurs it is escaped itself, so a document that an
# older version stored under such an id would not be found.
_MARK: Final = "\N{SYMBOL FOR ESCAPE}"
_AT_THE_TOP: Final = Escape(mark=_MARK, refused=LONE_SURROGATES, reserved="_.*")
# CouchDB holds the name, but JavaScript loses it: PouchDB, its replication, views.
_INSIDE: Final = Escape(mark=_MARK, refused=LONE_SURROGATES, reserved="__proto__")

# CouchDB takes the logarithm of each integer to measure a document.
_PAST_A_DOUBLE: Final = 10**308

_LONE_SURROGATE: Final = re.compile(f"[{LONE_SURROGATES}]")
_SUSPECT_TEXTS: Final = ("-0.0", "e-3", "__proto__", _MARK, MARKER)
_SUSPECT_BYTES: Final = (_MARK.encode(), b"\\u241", MARKER.encode())

# Seven digits in a row among every 44th character: this finds each integer of 308 digits and little
# else, at a fortieth of the cost of looking for 308 digits.
_SAMPLED: Final = 44
_SUSPECT_SAMPLE: Final = re.compile("[0-9]{7}")


def database_of(collection: str, prefix: str) -> str:
    """Return the name of a collection's database; it may be too long for CouchDB.

    >>> database_of("agents", ""), database_of("Agents", ""), database_of("_users", "app-")
    ('agents', 'x$$41$gents', 'app-x$_users')
    """
    if _DATABASE_NAME.fullmatch(collection) and not collection.startswith(_ESCAPED_DATABASE):
        return prefix + collection
    return prefix + _ESCAPED_DATABASE + _IN_DATABASE_NAME.encode(collection)


def collection_of(database: str, prefix: str) -> str | None:
    """Return the collection that the database holds, or None if it holds none.

    >>> collection_of("x$$41$gents", ""), collection_of("_users", ""), collection_of("a", "app-")
    ('Agents', None, None)
    """
    if database.startswith("_") or not database.startswith(prefix):
        return None
    name = database.removeprefix(prefix)
    if not name.startswith(_ESCAPED_DATABASE):
        return name
    return _IN_DATABASE_NAME.decode(name.removeprefix(_ESCAPED_DATABASE))


def is_database_name(name: str) -> bool:
    """Return whether CouchDB accepts the name for a database."""
    return _DATABASE_NAME.fullmatch(name) is not None and len(name) <= LONGEST_DATABASE_NAME


def key_of(doc_id: str) -> str:
    """Return the id under which CouchDB holds the document."""
    return _AT_THE_TOP.encode(doc_id)


def body_of(key: str, fields: Mapping[str, Any]) -> bytes:
    """Return a checked document as JSON text for CouchDB.

    The `_id` is for PouchDB's server, which refuses the id `null` if only the path has it.
    """
    if not any(name.startswith("_") for name in fields):
        text = _text_of({"_id": key, **fields})
        if not _may_need_escapes(text):
            try:
                return text.encode()
            except UnicodeEncodeError:
                pass
    held = hold(dict(fields), lambda part, _depth: _is_native(part))
    escaped = {
        _AT_THE_TOP.encode(name): renamed(value, _INSIDE.encode) for name, value in held.items()
    }
    return _text_of({"_id": key, **escaped}).encode()


def with_revision(body: bytes, rev: str | None) -> bytes:
    """Return the body with the revision that it replaces, if there is one.

    >>> with_revision(body_of("a1", {"n": 1}), "1-ab")
    b'{"_rev":"1-ab","_id":"a1","n":1}'
    """
    return body if rev is None else b'{"_rev":' + json.dumps(rev).encode() + b"," + body[1:]


def document_of(native: Mapping[str, Any], *, may_be_escaped: bool) -> dict[str, Any]:
    """Return the caller's document for one of CouchDB's, with its `_id` and `_rev`.

    CouchDB's other fields that begin with `_` (attachments, conflicts) are left out.
    """
    fields = {name: value for name, value in native.items() if not name.startswith("_")}
    doc_id, rev = native["_id"], native["_rev"]
    if may_be_escaped:
        fields, doc_id = _restored(fields), _AT_THE_TOP.decode(doc_id)
    return {**fields, "_id": doc_id, "_rev": rev}


def may_hold_escapes(answer: bytes) -> bool:
    """Return whether an answer may contain escapes; nearly none does."""
    return any(suspect in answer for suspect in _SUSPECT_BYTES)


def same_content(sent: bytes, native: Mapping[str, Any]) -> bool:
    """Return whether CouchDB holds what was sent, with the same type of every value."""
    fields = {name: value for name, value in native.items() if not name.startswith("_")}
    return _canonical(json.loads(sent)) == _canonical({"_id": native["_id"], **fields})


def _may_need_escapes(text: str) -> bool:
    if any(suspect in text for suspect in _SUSPECT_TEXTS):
        return True
    return _SUSPECT_SAMPLE.search(text[::_SAMPLED]) is not None


def _restored(fields: dict[str, Any]) -> dict[str, Any]:
    restored = restore(renamed(fields, _INSIDE.decode))
    return restored if isinstance(restored, dict) else fields


def _is_native(part: Any) -> bool:
    match part:
        case float():
            if part == 0.0:
                return not str(part).startswith("-")
            return abs(part) >= sys.float_info.min
        case bool():
            return True
        case int():
            return abs(part) < _PAST_A_DOUBLE
        case str():
            return not _LONE_SURROGATE.search(part)
    return True


def _text_of(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
