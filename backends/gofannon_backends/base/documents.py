"""Checks and copies of documents: every value of a caller's passes here before a store gets it.

`checked` returns a document in plain JSON types (`dict`, `list`, `str`, `int`, `float`, `bool`,
`None`, each of exactly that type). It shares nothing with the caller's and has no top-level `_id`
and `_rev`: `doc_id` and the store decide these. `address` and `collection` check names. `copied`
copies a stored document for a caller.

A value that JSON cannot hold is refused with a 422 that names its place in the document.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from gofannon_backends.base import errors

MAX_DEPTH = 200
"""The limit of nested objects and arrays, far below the depth at which Python's JSON encoder
fails."""

MAX_DIGITS = 4000
"""The limit of an integer's digits: Python refuses to print or read more than 4300."""

_TOO_LARGE = 10**MAX_DIGITS
_SHOWN_STEPS = 12
_ATOMS = frozenset({str, bool, type(None)})
_CONTAINERS = frozenset({dict, list})


class _UnfitError(Exception):
    """A value cannot be stored. Each container around it adds a step to its path."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.steps: list[tuple[str, int]] = []


def address(db_name: str, doc_id: str) -> tuple[str, str]:
    """Return both names as plain `str`; raise a 400 if one is empty or no `str`.

    A subclass of `str` (a `StrEnum`) means its text, whatever a client library makes of it.
    """
    return collection(db_name), _name("a document id", doc_id, db_name, doc_id)


def collection(db_name: str) -> str:
    """Return a collection's name as a plain `str`; raise a 400 if it is empty or no `str`."""
    return _name("a collection's name", db_name, db_name)


def _name(what: str, given: object, *place: object) -> str:
    if not isinstance(given, str):
        raise errors.bad_request(*place, why=f"{what} is a str, not {_kind_of(given)}")
    if not given:
        raise errors.bad_request(*place, why=f"{what} cannot be empty")
    return str.__str__(given)


def checked(db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the document that a store can hold; raise a 4xx if there is none.

    Dates become ISO 8601 text, `Decimal` the equal number, tuples arrays, and subclasses of the
    JSON types (an `IntEnum`, a `defaultdict`) the types themselves.

    >>> checked("tickets", "t1", {"_id": "other", "size": (1, 2)})
    {'size': [1, 2]}
    """
    address(db_name, doc_id)
    if not isinstance(doc, dict):
        raise errors.refused(db_name, doc_id, why=f"a document is a dict, not {_kind_of(doc)}")
    try:
        copy = _plain_object(doc, 1)
    except _UnfitError as unfit:
        raise errors.refused(db_name, doc_id, why=_explained(unfit)) from None
    except RecursionError:
        # The caller itself is near the interpreter's limit.
        raise errors.refused(db_name, doc_id, why="it is nested too deeply to be read") from None
    except RuntimeError:
        raise errors.refused(db_name, doc_id, why="it was changed while it was read") from None
    copy.pop("_id", None)
    copy.pop("_rev", None)
    return copy


def selector(db_name: str, given: object) -> dict[str, Any]:
    """Return a copy of a selector, with values converted like a document's; else raise a 400."""
    if not isinstance(given, dict):
        raise errors.bad_request(db_name, why=f"a selector is a dict, not {_kind_of(given)}")
    try:
        return _plain_object(given, 1)
    except _UnfitError as unfit:
        place = _explained(unfit).replace("at document", "in the selector, at selector", 1)
        raise errors.bad_request(db_name, why=place) from None


def copied(document: dict[str, Any]) -> dict[str, Any]:
    """Return a deep copy of a document that `checked` returned; much faster than `deepcopy`."""
    return {
        name: _copied(value) if type(value) in _CONTAINERS else value
        for name, value in document.items()
    }


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return copied(value)
    return [_copied(item) if type(item) in _CONTAINERS else item for item in value]


def _plain_object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise _UnfitError(f"it is nested deeper than {MAX_DEPTH} levels")
    copy: dict[str, Any] = {}
    name: Any = None
    try:
        # `dict.items`: a subclass may override `items`.
        for name, item in dict.items(value):
            plain_name = name if type(name) is str else _plain_name(name)
            copy[plain_name] = item if type(item) in _ATOMS else _plain(item, depth + 1)
    except _UnfitError as unfit:
        unfit.steps.append((f".{_shown_name(name)}", id(value)))
        raise
    return copy


def _plain_array(items: Iterator[Any], identity: int, depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise _UnfitError(f"it is nested deeper than {MAX_DEPTH} levels")
    copy: list[Any] = []
    try:
        for item in items:
            copy.append(item if type(item) in _ATOMS else _plain(item, depth + 1))  # noqa: PERF401 - its length is the place of a failure
    except _UnfitError as unfit:
        unfit.steps.append((f"[{len(copy)}]", identity))
        raise
    return copy


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is int:
        return _sized(value)
    if kind is float:
        return _finite(value)
    if kind is dict:
        return _plain_object(value, depth)
    if kind is list:
        return _plain_array(iter(value), id(value), depth)
    for base, convert in _CONVERSIONS:
        if isinstance(value, base):
            return convert(value, depth)
    raise _UnfitError(f"JSON cannot hold {_kind_of(value)}")


def _plain_name(name: object) -> str:
    if isinstance(name, str):
        return str.__str__(name)
    raise _UnfitError(f"a field's name is a str, not {_kind_of(name)}")


def _sized(number: int) -> int:
    if -_TOO_LARGE < number < _TOO_LARGE:
        return number
    raise _UnfitError(f"the integer has more than {MAX_DIGITS} digits")


def _finite(number: float) -> float:
    if isfinite(number):
        return number
    raise _UnfitError(f"JSON cannot hold the float {number}")


def _number(number: Decimal) -> int | float:
    """Return the int or float that is equal to the decimal, as its own digits suggest.

    `Decimal("2")` is 2 and `Decimal("2.00")` is 2.0. A fraction becomes the float that prints its
    digits: `Decimal("0.1")` is 0.1. One with more digits than a float has is refused.
    """
    if not number.is_finite():
        raise _UnfitError(f"JSON cannot hold the decimal {number}")
    if number.adjusted() >= MAX_DIGITS:
        raise _UnfitError(f"the decimal has more than {MAX_DIGITS} digits")
    _, _, exponent = number.as_tuple()
    if isinstance(exponent, int) and exponent >= 0:
        return int(number)
    nearest = float(number)
    if isfinite(nearest) and Decimal(repr(nearest)) == number:
        return nearest
    whole = int(number)
    if whole == number:
        return _sized(whole)
    raise _UnfitError("the decimal has more digits than a JSON number can be relied on to keep")


_Convert = Callable[[Any, int], Any]

_CONVERSIONS: tuple[tuple[type, _Convert], ...] = (
    (str, lambda value, _: str.__str__(value)),
    (int, lambda value, _: _sized(int.__int__(value))),
    (float, lambda value, _: _finite(float.__float__(value))),
    (dict, _plain_object),
    (list, lambda value, depth: _plain_array(list.__iter__(value), id(value), depth)),
    (tuple, lambda value, depth: _plain_array(tuple.__iter__(value), id(value), depth)),
    (date, lambda value, _: value.isoformat()),
    (Decimal, lambda value, _: _number(value)),
)
"""The conversions of values whose type is not exactly one of JSON's; `datetime` is a `date`."""


def _explained(unfit: _UnfitError) -> str:
    path: list[str] = []
    seen: set[int] = set()
    for step, container in reversed(unfit.steps):
        if container in seen:
            return f"at {_shown_path(path)}: it contains itself"
        seen.add(container)
        path.append(step)
    return f"at {_shown_path(path)}: {unfit.why}"


def _shown_name(name: object) -> str:
    if isinstance(name, str) and name.isidentifier():
        return name
    return errors.shown(name)


def _shown_path(path: list[str]) -> str:
    if len(path) > _SHOWN_STEPS:
        path = [*path[:_SHOWN_STEPS], f" and {len(path) - _SHOWN_STEPS} steps more"]
    return "document" + "".join(path)


def _kind_of(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"
