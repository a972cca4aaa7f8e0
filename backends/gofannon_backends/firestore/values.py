"""The conversion of names and documents between JSON and Firestore's types.

Values are stored as Firestore's own types. What Firestore cannot hold is escaped with `encoding`:
characters in ids, collection names and field names by an `Escape`; values by a marker, a map whose
one field is the value as JSON text. `docs/backends/firestore.md` lists every case.

`fields` is always the protobuf map from names to values of a Firestore `Document` or `MapValue`.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from gofannon_backends.base.encoding import LONE_SURROGATES, MARKER, Escape, is_marker, marker

NAMES: Final = Escape(mark="^", refused="/" + LONE_SURROGATES, reserved=r"\.\.?|__.*__")
"""For ids and collection names."""

FIELD_NAMES: Final = Escape(mark="^", refused=LONE_SURROGATES, reserved="__.*__")

NAME_BYTES: Final = 1500
"""The longest id, and the longest collection name, after escaping."""

DOCUMENT_BYTES: Final = 1_048_576
FIELD_BYTES: Final = 1_048_487
"""The largest document, and the largest value of one field."""

PATH_BYTES: Final = 1500
"""The longest path to a field: the names of the maps around it and its own, joined by dots."""

NATIVE_DEPTH: Final = 20
"""The limit of nested maps and arrays, without the document itself."""

_DOCUMENT_OVERHEAD: Final = 32
_NAME_OVERHEAD: Final = 16
_NUMBER_BYTES: Final = 8
_INTEGERS: Final = range(-(2**63), 2**63)


class UnreadableError(ValueError):
    """A stored value has a type that this version does not know."""


class _UnholdableError(Exception):
    """Firestore cannot hold a value in this place; its container must be escaped."""


def write_document(document: Mapping[str, Any], fields: Any) -> int:
    """Fill the fields of a Firestore document from plain JSON; return their size in bytes.

    The size is as Firestore counts it.
    """
    try:
        if is_marker(document):
            raise _UnholdableError
        return _write_fields(document, fields, path=-1, depth=0)
    except _UnholdableError:
        fields.clear()
        return _write_marker(document, fields)


def document_size(collection: str, doc_id: str, fields_size: int) -> int:
    """Return the size of a document by Firestore's published formula."""
    name_size = text_size(collection) + text_size(doc_id) + _NAME_OVERHEAD
    return name_size + fields_size + _DOCUMENT_OVERHEAD


def text_size(text: str) -> int:
    """Return the size of a text as Firestore counts it: its bytes, and one."""
    return len(text.encode()) + 1


def read_document(fields: Any) -> dict[str, Any]:
    """Return the document, in plain JSON types, of the fields of a Firestore document."""
    document = _read_fields(fields)
    return document if isinstance(document, dict) else {MARKER: fields[MARKER].string_value}


def _write_fields(document: Mapping[str, Any], fields: Any, *, path: int, depth: int) -> int:
    size = 0
    for name, value in document.items():
        stored = FIELD_NAMES.encode(name)
        name_size = text_size(stored)
        place = path + name_size
        if not stored or place > PATH_BYTES:
            raise _UnholdableError
        size += name_size + _write(value, fields[stored], path=place, depth=depth)
    return size


def _write(value: Any, target: Any, *, path: int, depth: int, in_array: bool = False) -> int:
    """Fill a protobuf value; return its size.

    `path` is the length of the path to the value, `depth` the number of maps and arrays around it.
    """
    kind = type(value)
    if value is None:
        target.null_value = 0
        return 1
    if kind is bool:
        target.boolean_value = value
        return 1
    if kind is float:
        target.double_value = value
        return _NUMBER_BYTES
    try:
        if kind is str:
            size = text_size(value)
            target.string_value = value
            return size
        if kind is int:
            if value not in _INTEGERS:
                raise _UnholdableError
            target.integer_value = value
            return _NUMBER_BYTES
        return _write_container(value, target, path=path, depth=depth, in_array=in_array)
    except (_UnholdableError, UnicodeEncodeError):  # the latter: a lone surrogate
        if depth == NATIVE_DEPTH or path + text_size(MARKER) > PATH_BYTES:
            raise _UnholdableError from None
        target.Clear()
        return _write_marker(value, target.map_value.fields)


def _write_container(
    value: dict[str, Any] | list[Any], target: Any, *, path: int, depth: int, in_array: bool
) -> int:
    if depth == NATIVE_DEPTH or is_marker(value):
        raise _UnholdableError
    if isinstance(value, dict):
        target.map_value.SetInParent()
        return _write_fields(value, target.map_value.fields, path=path, depth=depth + 1)
    if in_array:
        raise _UnholdableError
    target.array_value.SetInParent()
    add = target.array_value.values.add
    return sum(_write(item, add(), path=path, depth=depth + 1, in_array=True) for item in value)


def _write_marker(value: Any, fields: Any) -> int:
    text = marker(value)[MARKER]
    fields[MARKER].string_value = text
    return text_size(MARKER) + text_size(text)


def _read_fields(fields: Any) -> Any:
    if len(fields) == 1 and fields.keys() == {MARKER}:
        try:
            return json.loads(fields[MARKER].string_value)
        except ValueError:
            pass  # a field of that name that others wrote
    return {FIELD_NAMES.decode(name): _read(value) for name, value in fields.items()}


def _read(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    reader = _READERS.get(kind)
    if reader is None:
        raise UnreadableError
    return reader(getattr(value, kind))


def _read_map(map_value: Any) -> Any:
    fields = map_value.fields
    if fields.keys() == _VECTOR_FIELDS and fields["__type__"].string_value == "__vector__":
        return _read(fields["value"])
    return _read_fields(fields)


_VECTOR_FIELDS: Final = {"__type__", "value"}

_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "null_value": lambda _: None,
    "boolean_value": bool,
    "integer_value": int,
    "double_value": lambda number: number if isfinite(number) else None,
    "string_value": str,
    "array_value": lambda array: [_read(value) for value in array.values],
    "map_value": _read_map,
    # Types that JSON lacks, and only other programs write:
    "timestamp_value": lambda time: time.ToJsonString(),
    "bytes_value": lambda data: b64encode(data).decode(),
    "reference_value": lambda path: path.partition("/documents/")[2],
    "geo_point_value": lambda point: {"latitude": point.latitude, "longitude": point.longitude},
}
