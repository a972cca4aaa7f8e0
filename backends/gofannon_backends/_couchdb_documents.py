"""Collections, ids and documents as CouchDB holds them, and back.

Everything is native but for what CouchDB refuses or alters; `docs/backends/couchdb.md` lists it:

- a collection whose name is no database name: `x$`, then the name with `$` escapes;
- an id or a top-level field that begins with `_`, a field `__proto__`, a lone surrogate in any
  of them: the character's number between two `␛`;
- `-0.0`, subnormal floats, integers past the range of a double, texts with lone surrogates: the
  marker object of `encoding`.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from gofannon_backends.encoding import LONE_SURROGATES, MARKER, Escape, hold, renamed, restore

LONGEST_DATABASE_NAME: Final = 238

_DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_$()+/-]*")
_ESCAPED_DATABASE: Final = "x$"
_IN_DATABASE_NAME: Final = Escape(mark="$", refused="^a-z0-9_()+/-")

# A character that people do not type: one which stands in an id or a name is escaped itself, and
# what older versions stored under that id would not be found.
_MARK: Final = "\N{SYMBOL FOR ESCAPE}"
_AT_THE_TOP: Final = Escape(mark=_MARK, refused=LONE_SURROGATES, reserved="_.*")
# CouchDB holds the name, and its JavaScript surroundings lose it: PouchDB, its replication, views.
_INSIDE: Final = Escape(mark=_MARK, refused=LONE_SURROGATES, reserved="__proto__")

# CouchDB adds up how long a document is by the logarithm of each integer.
_PAST_A_DOUBLE: Final = 10**308

_LONE_SURROGATE: Final = re.compile(f"[{LONE_SURROGATES}]")
_SUSPECT_TEXTS: Final = ("-0.0", "e-3", "__proto__", _MARK, MARKER)
_SUSPECT_BYTES: Final = (_MARK.encode(), b"\\u241", MARKER.encode())

# Of every 44th character, seven digits in a row: no integer of 308 digits gets past, little else is
# caught, and it costs a fortieth of looking for the 308.
_SAMPLED: Final = 44
_SUSPECT_SAMPLE: Final = re.compile("[0-9]{7}")


def database_of(collection: str, prefix: str) -> str:
    """Return the database's name, which may be too long.

    >>> database_of("agents", ""), database_of("Agents", ""), database_of("_users", "app-")
    ('agents', 'x$$41$gents', 'app-x$_users')
    """
    if _DATABASE_NAME.fullmatch(collection) and not collection.startswith(_ESCAPED_DATABASE):
        return prefix + collection
    return prefix + _ESCAPED_DATABASE + _IN_DATABASE_NAME.encode(collection)


def collection_of(database: str, prefix: str) -> str | None:
    """Return the collection that the database holds; None where it is no collection's.

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
    """Say whether CouchDB takes the name for a database."""
    return _DATABASE_NAME.fullmatch(name) is not None and len(name) <= LONGEST_DATABASE_NAME


def key_of(doc_id: str) -> str:
    """Return the id under which CouchDB holds the document."""
    return _AT_THE_TOP.encode(doc_id)


def body_of(key: str, fields: Mapping[str, Any]) -> bytes:
    """Return the JSON text that CouchDB is sent for a checked document.

    It has the `_id` for PouchDB's server, which does not take `null` for an id from the path.
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
    """Return a body that names the revision which it is to replace, if there is one.

    >>> with_revision(body_of("a1", {"n": 1}), "1-ab")
    b'{"_rev":"1-ab","_id":"a1","n":1}'
    """
    return body if rev is None else b'{"_rev":' + json.dumps(rev).encode() + b"," + body[1:]


def document_of(native: Mapping[str, Any], *, may_be_escaped: bool) -> dict[str, Any]:
    """Return the document that CouchDB's own stands for, with its `_id` and `_rev`.

    What else CouchDB keeps in fields that begin with `_` (attachments, conflicts) is left out.
    """
    fields = {name: value for name, value in native.items() if not name.startswith("_")}
    doc_id, rev = native["_id"], native["_rev"]
    if may_be_escaped:
        fields, doc_id = _restored(fields), _AT_THE_TOP.decode(doc_id)
    return {**fields, "_id": doc_id, "_rev": rev}


def may_hold_escapes(answer: bytes) -> bool:
    """Say whether an answer of CouchDB's needs a closer look: nearly none does."""
    return any(suspect in answer for suspect in _SUSPECT_BYTES)


def same_content(sent: bytes, native: Mapping[str, Any]) -> bool:
    """Say whether CouchDB holds what was sent, to the type of every value."""
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
