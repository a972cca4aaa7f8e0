"""The content of a document, for comparison: the caller's fields, typed as JSON."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def content(document: Any) -> Hashable:
    """Return the fields of a document without its `_` fields, as one hashable value.

    A bool differs from a number; `1` and `1.0` are equal, as the contract allows a store.

    >>> content({"n": 1, "_rev": "7"}) == content({"n": 1.0, "_id": "a"})
    True
    >>> content({"n": 1}) == content({"n": True})
    False
    """
    if isinstance(document, dict):
        return _frozen(own_fields(document))
    return ("no document", _frozen(document))


def own_fields(document: dict[Any, Any]) -> dict[Any, Any]:
    """Return the fields of a document that do not begin with `_`."""
    return {k: v for k, v in document.items() if not (isinstance(k, str) and k[:1] == "_")}


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((_frozen(k), _frozen(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, Hashable):
        return value
    return ("unhashable", type(value).__name__, repr(value))
