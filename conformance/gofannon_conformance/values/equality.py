"""Typed equality of two JSON values, and the places where they differ, as paths.

It uses no code of a backend, and never calls the `==` of a value of an unexpected class.
"""

from __future__ import annotations

import json
import marshal
import math
import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

Numbers: TypeAlias = Literal["exact", "by value"]
Kind: TypeAlias = Literal["missing", "extra", "type", "value", "length"]

_SHOWN = 60
"""The most characters of a value that are shown."""
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Absent:
    """The value of a side that has no value."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ; its `str()` is a line of a message.

    >>> print(*differences({"a": [1, True]}, {"a": [1, 1]}))
    $.a[1]: expected True (bool), got 1 (int)
    """

    path: str
    expected: Any
    """The value itself, or `ABSENT` where the kind is `extra`."""
    actual: Any
    """The value itself, or `ABSENT` where the kind is `missing`."""
    kind: Kind

    def __str__(self) -> str:
        place = _shortened_path(self.path)
        if self.kind == "missing":
            return f"{place}: missing; expected {shown(self.expected)}"
        if self.kind == "extra":
            return f"{place}: not expected there; got {shown(self.actual)}"
        expected, actual = shown_apart(self.expected, self.actual)
        return f"{place}: expected {expected}, got {actual}"


def differences(expected: Any, actual: Any, *, numbers: Numbers = "exact") -> list[Difference]:
    """Return every place where `actual` differs from `expected`, the shallowest first.

    Types count: `True` is not `1`, and a subclass of a JSON type is not that type. With
    `numbers="exact"`, `1.0` is not `1` and `-0.0` is not `0.0`; with `"by value"`, two numbers of
    any types (a `Decimal`, too) are equal if their values are. NaN equals NaN. The order of fields
    does not count.

    >>> differences({"n": 1}, {"n": 1.0}, numbers="by value")
    []
    >>> [(d.path, d.kind) for d in differences({"n": 1, "b c": ""}, {"n": 1.0})]
    [('$.n', 'type'), ('$["b c"]', 'missing')]
    """
    if _same_bytes(expected, actual) or _same_bytes(expected, _in_order_of(expected, actual)):
        return []
    found: list[Difference] = []
    compared: set[tuple[int, int]] = set()
    waiting: deque[tuple[_Path | None, Any, Any]] = deque([(None, expected, actual)])
    while waiting:
        path, left, right = waiting.popleft()
        kind = _kind(left, right, numbers)
        if kind is not None:
            found.append(Difference(_path_text(path), left, right, kind))
        if type(left) is not type(right) or type(left) not in (dict, list, tuple):
            continue
        if (id(left), id(right)) in compared:
            continue  # compared before: a cycle, or a part that occurs twice
        compared.add((id(left), id(right)))
        if type(left) is dict:
            waiting.extend(_fields(path, left, right))
        else:
            waiting.extend(
                (_Path(path, index), *pair)
                for index, pair in enumerate(zip(left, right, strict=False))
            )
    return found


def explain(found: list[Difference], *, limit: int = 8) -> tuple[str, ...]:
    """Return one line for each difference, up to `limit`, and a line with the number of others.

    >>> explain(differences([1, 2, 3], [4, 5, 6]), limit=2)
    ('$[0]: expected 1, got 4', '$[1]: expected 2, got 5', '… and 1 more')
    """
    lines = [str(difference) for difference in found[:limit]]
    if len(found) > limit:
        lines.append(f"… and {len(found) - limit:,} more")
    return tuple(lines)


def shown(value: Any) -> str:
    """Return a value as text for a message, shortened if it is long."""
    if type(value) is str and len(value) > _SHOWN:
        return f"text of {len(value):,} characters, {value[: _SHOWN // 2]!r}…"
    if type(value) in (list, dict) and len(value) > 0:
        inside = _short_json(value)
        if inside is not None:
            return inside
        size, noun = len(value), ("item" if type(value) is list else "field")
        whole = "an array" if type(value) is list else "an object"
        return f"{whole} of {size:,} {noun}{'' if size == 1 else 's'}"
    if type(value) is int and value.bit_length() > 200:  # `repr` has a limit of 4,300 digits
        return f"an integer of {value.bit_length():,} bits, 0x{value >> value.bit_length() - 32:x}…"
    return _cut(_safe_repr(value))


def shown_apart(expected: Any, actual: Any) -> tuple[str, str]:
    """Return two different values as texts that differ."""
    if type(expected) is not type(actual):
        return (
            f"{shown(expected)} ({_type_name(expected)})",
            f"{shown(actual)} ({_type_name(actual)})",
        )
    if type(expected) is str:
        return _texts_apart(expected, actual)
    if type(expected) in (list, tuple, dict) and len(expected) != len(actual):
        noun = "items" if type(expected) is not dict else "fields"
        return f"{len(expected):,} {noun}", f"{len(actual):,} {noun}"
    left, right = shown(expected), shown(actual)
    if left == right:  # long numbers that differ only at their end
        return f"{left} (one of two that differ further on)", f"{right} (the other)"
    return left, right


def _same_bytes(expected: Any, actual: Any) -> bool:
    """Return whether `marshal` writes both alike: fast, and for JSON never wrongly true.

    Its format 2 depends on exact types and values only: no references, floats by their bits, no
    subclasses. Ten times faster than comparing value by value, for the usual case of equal ones.
    """
    try:
        return marshal.dumps(expected, 2) == marshal.dumps(actual, 2)
    except (ValueError, OverflowError, MemoryError):
        return False


def _in_order_of(expected: Any, actual: Any) -> Any:
    """Return an object with its fields in the order of the expected one, if the names agree."""
    if type(expected) is not dict or type(actual) is not dict:
        return actual
    if any(type(name) is not str for name in actual) or expected.keys() != actual.keys():
        return actual
    return {name: actual[name] for name in expected}


@dataclass(frozen=True, slots=True)
class _Path:
    parent: _Path | None
    key: Any


def _kind(expected: Any, actual: Any, numbers: Numbers) -> Kind | None:
    if actual is ABSENT:
        return "missing"
    if expected is ABSENT:
        return "extra"
    if type(expected) is not type(actual):
        return None if numbers == "by value" and _same_number(expected, actual) else "type"
    if type(expected) is str:
        if expected == actual:
            return None
        cut = expected.startswith(actual) or actual.startswith(expected)
        return "length" if cut else "value"
    if type(expected) is float:
        return None if _same_float(expected, actual, numbers) else "value"
    if type(expected) is dict:
        return None
    if type(expected) is list or type(expected) is tuple:
        return None if len(expected) == len(actual) else "length"
    return None if expected is actual or _equal(expected, actual) else "value"


def _equal(expected: Any, actual: Any) -> bool:
    try:
        if isinstance(expected, Decimal) and expected.is_nan():
            return bool(actual.is_nan())
        return bool(expected == actual)
    except Exception:  # noqa: BLE001 - another class may raise anything
        return False


def _same_number(expected: Any, actual: Any) -> bool:
    """Return whether two numbers of different types have one value, as far as a float holds it."""
    if not all(
        isinstance(n, (int, float, Decimal)) and type(n) is not bool for n in (expected, actual)
    ):
        return False
    if isinstance(expected, float) and isinstance(actual, Decimal):
        actual = float(actual)
    if isinstance(actual, float) and isinstance(expected, Decimal):
        expected = float(expected)
    return _equal(expected, actual) and math.isfinite(actual)


def _same_float(expected: float, actual: float, numbers: Numbers) -> bool:
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    same_sign = math.copysign(1, expected) == math.copysign(1, actual)
    return expected == actual and (same_sign or numbers == "by value")


def _fields(
    path: _Path | None, expected: dict[Any, Any], actual: dict[Any, Any]
) -> list[tuple[_Path, Any, Any]]:
    pairs = [(_Path(path, key), expected[key], actual.get(key, ABSENT)) for key in expected]
    pairs += [(_Path(path, key), ABSENT, actual[key]) for key in actual if key not in expected]
    # A key of a subclass of `str` equals the plain one, but is not plain JSON.
    for key in actual:
        if type(key) is not str and key in expected:
            mine = next(k for k in expected if k == key)
            if type(mine) is not type(key):
                pairs.append((_Path(path, key), mine, key))
    return pairs


def _path_text(path: _Path | None) -> str:
    steps: list[str] = []
    while path is not None:
        steps.append(_step(path.key))
        path = path.parent
    return "$" + "".join(reversed(steps))


def _step(key: Any) -> str:
    if type(key) is int:
        return f"[{key}]"
    if not isinstance(key, str):
        return f"[key {_cut(_safe_repr(key))}]"
    if _PLAIN_KEY.fullmatch(key) and len(key) <= _SHOWN:
        return f".{key}"
    if len(key) > _SHOWN:
        return f"[{json.dumps(key[:40])}… of {len(key):,} characters]"
    return f"[{json.dumps(key)}]"


def _shortened_path(path: str) -> str:
    return path if len(path) <= 160 else f"{path[:90]} … {path[-60:]}"


def _type_name(value: Any) -> str:
    kind = type(value)
    if kind.__module__ == "builtins":
        return "null" if value is None else kind.__name__
    for base in (dict, list, str, bool, int, float):
        if issubclass(kind, base):
            return f"{kind.__module__}.{kind.__qualname__}, a subclass of {base.__name__}"
    return f"{kind.__module__}.{kind.__qualname__}"


def _texts_apart(expected: str, actual: str) -> tuple[str, str]:
    pairs = enumerate(zip(expected, actual, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(expected), len(actual)))
    alike = unicodedata.normalize("NFC", expected) == unicodedata.normalize("NFC", actual)
    quote = ascii if alike else repr
    if len(expected) <= _SHOWN and len(actual) <= _SHOWN:
        return quote(expected), quote(actual)
    return _around(expected, at, actual, quote), _around(actual, at, expected, quote)


def _around(text: str, at: int, other: str, quote: Any) -> str:
    size = f"text of {len(text):,} characters"
    before = f"{'…' if at > 20 else ''}{quote(text[max(0, at - 20) : at])}"
    if at == len(text):
        return f"{size}, cut after {before}"
    if at == len(other):
        return f"{size}, going on after {before} with {quote(text[at : at + 20])}…"
    return f"{size}, at {at:,} {quote(text[at : at + 20])}…"


def _short_json(value: Any) -> str | None:
    # Only small and flat values: `repr` of a deep one would exhaust the stack.
    simple = (str, int, float, bool, type(None))
    items = list(value.items()) if type(value) is dict else [(None, item) for item in value[:9]]
    if len(value) > 8 or not all(type(k) in (str, type(None)) for k, _ in items):
        return None
    if not all(type(i) in simple or (type(i) in (list, dict) and not i) for _, i in items):
        return None
    text = _safe_repr(value)
    return text if len(text) <= _SHOWN else None


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - another class may raise anything here
        return f"<a {type(value).__qualname__} whose repr() raises {type(error).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"
