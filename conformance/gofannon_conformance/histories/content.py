"""When two documents count as the same version: the caller's fields are equal, typed as JSON."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def content(document: Any) -> Hashable:
    """Give what a document says as one value to compare by: its fields, but for its `_` ones.

    A bool is no number; `1` and `1.0` are one number, as the contract lets a store say.

    >>> content({"n": 1, "_rev": "7"}) == content({"n": 1.0, "_id": "a"})
    True
    >>> content({"n": 1}) == content({"n": True})
    False
    """
    if isinstance(document, dict):
        own = {k: v for k, v in document.items() if not (isinstance(k, str) and k[:1] == "_")}
        return _frozen(own)
    return ("no document", _frozen(document))


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
