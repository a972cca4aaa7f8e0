"""Values that JSON cannot hold, values that may be converted, and values that are no document."""

from __future__ import annotations

import enum
from array import array
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address
from math import isfinite
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from gofannon_conformance.values.equality import differences


class Opaque:
    """An object of the application; it equals its copy, so that a store may return it."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.tag == self.tag

    def __hash__(self) -> int:
        return hash(self.tag)

    def __repr__(self) -> str:
        return f"Opaque({self.tag!r})"


class Wrong(Exception):  # noqa: N818  # it is a value here
    """An error as a value; it equals its copy."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wrong) and other.args == self.args

    def __hash__(self) -> int:
        return hash(self.args)


@dataclass
class Place:
    """A dataclass, which some encoders write as an object."""

    x: int
    y: int


class Model(BaseModel):
    """A model of pydantic, which some encoders write as an object."""

    x: int


Colour = enum.Enum("Colour", {"RED": "red"})
Level = enum.IntEnum("Level", {"HIGH": 3})
Mood = enum.StrEnum("Mood", {"CALM": "calm"})


class Kind(str, enum.Enum):  # noqa: UP042  # the older form: its str() is "Kind.ALPHA"
    """An enumeration whose members are texts with another `str()`."""

    ALPHA = "alpha"


class Count(int):
    """A subclass of int."""


class Ratio(float):
    """A subclass of float."""


class Name(str):
    """A subclass of str."""

    __slots__ = ()


class Items(list):  # type: ignore[type-arg]
    """A subclass of list."""


Point = namedtuple("Point", ("x", "y"))  # noqa: PYI024  # the plain form that authors use


def _cycle_of_dicts() -> dict[str, Any]:
    inner: dict[str, Any] = {"name": "inner"}
    inner["self"] = inner
    return inner


def _cycle_of_lists() -> list[Any]:
    inner: list[Any] = [1]
    inner.append(inner)
    return inner


UNSTORABLE: dict[str, Any] = {
    "a set": {1, 2},
    "a set of text": {"a"},
    "an empty set": set(),
    "a frozenset": frozenset({"a"}),
    "bytes": b"bytes",
    "bytes that are no text": b"\xff\x00",
    "a bytearray": bytearray(b"ab"),
    "an object": Opaque("o"),
    "an error": Wrong("wrong"),
    "a member of an Enum": Colour.RED,
    "a UUID": UUID("550e8400-e29b-41d4-a716-446655440000"),
    "a path": PurePosixPath("/tmp/x"),  # noqa: S108  # nothing is written there
    "a dataclass": Place(1, 2),
    "a model of pydantic": Model(x=1),
    "a namespace": SimpleNamespace(x=1),
    "a read-only view of a dict": MappingProxyType({"a": 1}),
    "a UserDict": UserDict({"a": 1}),
    "a deque": deque([1, 2]),
    "an array of numbers": array("i", [1, 2]),
    "an address": IPv4Address("127.0.0.1"),
    "a complex number": 1 + 2j,
    "a fraction": Fraction(1, 3),
    "a timedelta": timedelta(seconds=90),
    "a time": time(10, 30),
    "a range": range(3),
    "a class": Opaque,
    "a function": len,
    "an Ellipsis": ...,
    "a generator": (n for n in range(3)),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a Decimal that is no number": Decimal("NaN"),
    "an infinite Decimal": Decimal("Infinity"),
    "minus infinity": float("-inf"),
    "an int as a key": {1: "one"},
    "zero as a key": {0: "zero"},
    "None as a key": {None: "nothing"},
    "True as a key": {True: "yes"},
    "a float as a key": {1.5: "one and a half"},
    "bytes as a key": {b"k": "v"},
    "a tuple as a key": {("a", "b"): "v"},
    "an int and its text as keys": {1: "int", "1": "text"},
    "a dict that holds itself": _cycle_of_dicts(),
    "a list that holds itself": _cycle_of_lists(),
}
"""Values that must be refused, or come back unchanged (SAVE-11)."""

CONVERTIBLE: dict[str, Any] = {
    "a datetime": datetime(2024, 1, 15, 10, 30, 0, 123456, tzinfo=UTC),
    "a datetime with an offset": datetime(2024, 1, 15, 10, 30, tzinfo=timezone(timedelta(hours=2))),
    "a datetime without a zone": datetime(2024, 1, 15, 10, 30),  # noqa: DTZ001  # on purpose
    "a date": date(2024, 1, 15),
    "a Decimal": Decimal("87.50"),
    "a small Decimal": Decimal("0.05"),
    "a whole Decimal": Decimal(7),
    "a tuple": (1, "two", [3]),
    "an empty tuple": (),
    "a tuple of tuples": ((1, 2), (3,)),
    "a namedtuple": Point(1, 2),
    "an IntEnum": Level.HIGH,
    "a StrEnum": Mood.CALM,
    "a member of an Enum of str": Kind.ALPHA,
    "an OrderedDict": OrderedDict(b=1, a=[2]),
    "a defaultdict": defaultdict(list, {"a": [1]}),
    "a subclass of int": Count(3),
    "a subclass of float": Ratio(0.5),
    "a subclass of str": Name("name"),
    "a subclass of list": Items([1, 2]),
    "a subclass of str as a key": {Name("name"): 1, "after": 2},
}
"""Values that must be refused, come back unchanged, or be converted as the contract allows."""

NOT_DICTS: dict[str, Any] = {
    "None": None,
    "a list": [],
    "a list of pairs": [["a", 1], ["b", 2]],
    "a list of documents": [{"a": 1}],
    "a tuple of pairs": (("a", 1),),
    "a text": "text",
    "a JSON text": '{"a": 1}',
    "an empty text": "",
    "bytes": b'{"a": 1}',
    "a number": 5,
    "zero": 0,
    "True": True,
    "a set": {"a"},
    "an object": Opaque("doc"),
    "a dataclass": Place(1, 2),
    "a model of pydantic": Model(x=1),
    "a namespace": SimpleNamespace(x=1),
    "a UserDict": UserDict({"a": 1}),
    "a read-only view of a dict": MappingProxyType({"a": 1}),
}
"""Values that are no document (SAVE-12)."""


def placed(value: Any, *, among: dict[str, Any]) -> dict[str, dict[Any, Any]]:
    """Return documents that hold a value in several places, with other fields around it."""
    return {
        "as a field": {**among, "value": value, "z": "after"},
        "in a list": {**among, "l": [1, value, "after"]},
        "in lists": {**among, "l": [[value, 1], [[value], "after"]]},
        "deep down": {**among, "o": {"p": [{"q": value}], "after": 1}},
    }


def unlike(expected: Any, found: Any) -> list[str]:
    """Return the places where a value is neither unchanged nor converted as the contract allows."""
    return [
        str(d)
        for d in differences(expected, found, numbers="exact")
        if d.kind not in {"type", "value"} or not is_conversion(d.expected, d.actual)
    ]


_NUMBERS = (int, float, Decimal)
"""DOC-2 reports a `Decimal` that comes back."""


def is_conversion(value: Any, found: Any) -> bool:
    """Return whether a value was converted as the contract allows.

    >>> is_conversion((1, 2), [1, 2]), is_conversion({1, 2}, [1, 2])
    (True, False)
    """
    if isinstance(value, (datetime, date)):
        return _is_iso_text(value, found)
    if isinstance(value, Decimal):
        return _is_number(value, found)
    if isinstance(value, (tuple, list)):
        return (
            type(found) is list
            and len(found) == len(value)
            and not any(unlike(v, f) for v, f in zip(value, found, strict=True))
        )
    if isinstance(value, dict):
        return (
            type(found) is dict
            and found.keys() == value.keys()
            and not any(unlike(v, found[k]) for k, v in value.items())
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(found) in _NUMBERS and not differences(value, found, numbers="by value")
    if isinstance(value, str) and type(value) is not str:
        # A subclass may have another `__str__`.
        return type(found) is str and found == str.__str__(value)
    return False


def _is_number(value: Decimal, found: Any) -> bool:
    if type(found) not in _NUMBERS or not value.is_finite():
        return False
    return bool(found == value) or (isfinite(float(value)) and found == float(value))


def _is_iso_text(value: date, found: Any) -> bool:
    if type(found) is not str:
        return False
    try:
        if isinstance(value, datetime):
            return "T" in found and datetime.fromisoformat(found) == value
        return found == value.isoformat()
    except (ValueError, TypeError):  # no ISO text, or one with a zone against one without
        return False
