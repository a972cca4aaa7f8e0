"""Documents as DynamoDB items, and items as documents.

Values have DynamoDB's own types. A value that it cannot hold becomes the marker of `encoding`, an
object with the one field ``gofannon:json``; `docs/backends/dynamodb.md` lists every case.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from gofannon_backends.base import encoding

Item = dict[str, dict[str, Any]]
"""An item in the form of the low-level client: attribute name to typed value."""

ID_ATTRIBUTE: Final = "_id"
REVISION_ATTRIBUTE: Final = "_rev"
ID_BYTES: Final = 2048
NAME_BYTES: Final = 65_535
ITEM_BYTES: Final = 409_600

NATIVE_DEPTH: Final = 30
"""How many levels of objects and arrays are native; the document is the first. DynamoDB refuses
more than 32, but the service and its emulators count differently."""

MOST_ATTRIBUTES: Final = 500
WIDE_FIELD: Final = "gofannon:fields"
"""The one attribute, a map, with the fields of a document that has more than `MOST_ATTRIBUTES`.
moto's time grows with the square of their number: a minute at 14,000."""

_LOST_NAME: Final = "__proto__"
"""A name that dynalite drops from an item without an error."""

_NATIVE_INTEGERS: Final = 10**38
"""DynamoDB keeps 38 digits."""

_SMALLEST_NATIVE_FLOAT: Final = 1e-100
"""DynamoDB's numbers end at 1e-130; the margin is for the last digits of a long fraction."""

_CONTAINER_BYTES: Final = 3
_ELEMENT_BYTES: Final = 1


class UnstorableError(ValueError):
    """The document holds something that no DynamoDB item can hold; the text says what."""


class NotAnItemError(ValueError):
    """The server's answer is not the item of a document."""


def item_of(doc_id: str, revision: str, fields: dict[str, Any]) -> Item:
    """Return the item that holds the fields under the id.

    If the item would be too large, top-level objects and arrays that are smaller as JSON text are
    written as such. It may still be too large; `item_size` tells.
    """
    try:
        held = encoding.hold(fields, _holds)
        if len(held) > MOST_ATTRIBUTES:
            held = {WIDE_FIELD: held}
        item = _item(doc_id, revision, held)
        if item_size(item) > ITEM_BYTES:
            item = _item(doc_id, revision, {name: _smallest(held[name]) for name in held})
    except RecursionError:
        # The caller itself may be near the interpreter's limit.
        raise UnstorableError("it is nested too deeply to be written") from None
    return item


def document_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that an item holds, in plain JSON types, with its `_id` and `_rev`."""
    try:
        stored = {name: _plain(value) for name, value in item.items()}
        kept = {
            name: stored.pop(name) for name in (ID_ATTRIBUTE, REVISION_ATTRIBUTE) if name in stored
        }
        if stored.keys() == {WIDE_FIELD} and isinstance(stored[WIDE_FIELD], dict):
            stored = stored[WIDE_FIELD]
        document = {**kept, **encoding.restore(stored)}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotAnItemError(type(error).__name__) from error
    if not isinstance(document.get(ID_ATTRIBUTE), str):
        raise NotAnItemError(f"an item without a text {ID_ATTRIBUTE}")
    return document


def revision_of(item: Item) -> str:
    """Return the revision in an item of this backend."""
    return str(item[REVISION_ATTRIBUTE]["S"])


def item_size(item: Item) -> int:
    """Return the size of an item in bytes, by DynamoDB's published rules."""
    return sum(_bytes(name) + _size(value) for name, value in item.items())


def _item(doc_id: str, revision: str, held: dict[str, Any]) -> Item:
    return {
        ID_ATTRIBUTE: {"S": doc_id},
        REVISION_ATTRIBUTE: {"S": revision},
        **{name: _typed(value) for name, value in held.items()},
    }


def _smallest(held: Any) -> Any:
    if not isinstance(held, dict | list):
        return held
    marker = encoding.marker(encoding.restore(held))
    return min(held, marker, key=lambda value: _size(_typed(value)))


def _holds(value: Any, depth: int) -> bool:
    return _HOLDS[type(value)](value, depth)


def _holds_float(value: float, _depth: int) -> bool:
    # DynamoDB has one kind of number and returns 1.0 as 1; only a fraction is seen to be a
    # float. Every double past 2**53 is integral, so no fraction is too large.
    return not value.is_integer() and abs(value) >= _SMALLEST_NATIVE_FLOAT


def _holds_object(value: dict[str, Any], depth: int) -> bool:
    if depth == 1 and value.keys() == {WIDE_FIELD}:
        return False
    return depth <= NATIVE_DEPTH and all(
        name and name != _LOST_NAME and _is_unicode(name) and _bytes(name) <= NAME_BYTES
        for name in value
    )


_HOLDS: Final[Mapping[type, Callable[[Any, int], bool]]] = {
    type(None): lambda _value, _depth: True,
    bool: lambda _value, _depth: True,
    str: lambda value, _depth: _is_unicode(value),
    int: lambda value, _depth: abs(value) < _NATIVE_INTEGERS,
    float: _holds_float,
    list: lambda _value, depth: depth <= NATIVE_DEPTH,
    dict: _holds_object,
}

_TYPED: Final[Mapping[type, Callable[[Any], dict[str, Any]]]] = {
    type(None): lambda _value: {"NULL": True},
    bool: lambda value: {"BOOL": value},
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    float: lambda value: {"N": str(Decimal(repr(value)))},
    list: lambda value: {"L": [_typed(element) for element in value]},
    dict: lambda value: {"M": {name: _typed(inner) for name, inner in value.items()}},
}


def _typed(value: Any) -> dict[str, Any]:
    return _TYPED[type(value)](value)


def _plain(value: Mapping[str, Any]) -> Any:
    [(kind, held)] = value.items()
    return _PLAIN[kind](held)


def _plain_text(held: Any) -> str:
    if not isinstance(held, str):
        raise TypeError(type(held).__name__)
    return held


def _plain_truth(held: Any) -> bool:
    if not isinstance(held, bool):
        raise TypeError(type(held).__name__)
    return held


def _plain_number(held: Any) -> int | float:
    text = _plain_text(held)
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _plain_bytes(held: bytes) -> str:
    return b64encode(held).decode("ascii")


_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "NULL": lambda _held: None,
    "BOOL": _plain_truth,
    "S": _plain_text,
    "N": _plain_number,
    "L": lambda held: [_plain(element) for element in held],
    "M": lambda held: {name: _plain(inner) for name, inner in held.items()},
    # Written by other programs only: JSON has no sets and no bytes.
    "SS": lambda held: [_plain_text(element) for element in held],
    "NS": lambda held: [_plain_number(element) for element in held],
    "B": _plain_bytes,
    "BS": lambda held: [_plain_bytes(element) for element in held],
}


def _size(value: Mapping[str, Any]) -> int:
    [(kind, held)] = value.items()
    return _SIZE[kind](held)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_SIZE: Final[Mapping[str, Callable[[Any], int]]] = {
    "NULL": lambda _held: 1,
    "BOOL": lambda _held: 1,
    "S": _bytes,
    # One byte for two digits, one for the exponent, one for the sign.
    "N": lambda held: (len(held) + 1) // 2 + 2,
    "L": lambda held: _CONTAINER_BYTES + sum(_ELEMENT_BYTES + _size(element) for element in held),
    "M": lambda held: (
        _CONTAINER_BYTES
        + sum(_ELEMENT_BYTES + _bytes(name) + _size(inner) for name, inner in held.items())
    ),
}
