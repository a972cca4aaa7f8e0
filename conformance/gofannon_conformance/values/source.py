"""JSON and other values as Python source."""

from __future__ import annotations

import enum
import math
from collections import UserDict
from types import MappingProxyType, SimpleNamespace
from typing import Any


def source(value: Any) -> str:
    """Return Python source that builds the value again; long repetitions become products.

    >>> source({"a": [1, "x" * 500]})
    "{'a': [1, 'x' * 500]}"
    """
    return SourceWriter().value(value)


def shortened(value: Any, limit: int = 400) -> str:
    """Return the source of a value for a person: a long one is cut in the middle."""
    text = SourceWriter(cycles=False).value(value)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {text[-half:]}  ({len(text):,} characters)"


class SourceWriter:
    """Writes values as Python expressions, and collects the imports that these need."""

    def __init__(self, *, cycles: bool = True) -> None:
        self.imports: set[str] = set()
        self._cycles = cycles
        """Whether a value that contains itself is written in full; otherwise as `...`."""
        self._above: dict[int, str] = {}
        self._recurring: set[str] = set()

    def value(self, value: Any) -> str:
        """Return the expression for a value."""
        kind = type(value)
        if kind is str or kind is bytes:
            return _repeated(value)
        if kind is float:
            return repr(value) if math.isfinite(value) else f"float('{value}')"
        if kind is int:
            return hex(value) if value.bit_length() > _LONGEST_DECIMAL else repr(value)
        if kind in (dict, list, tuple, set, frozenset):
            return self._container(value)
        return self._object(value)

    def _container(self, value: Any) -> str:
        if id(value) in self._above:
            name = self._above[id(value)]
            self._recurring.add(name)
            return name if self._cycles else "..."
        name = self._above[id(value)] = "it" + "_" * len(self._above)
        text = self._items(value)
        del self._above[id(value)]
        if name in self._recurring and self._cycles:
            self._recurring.discard(name)
            fill, empty = ("update", "{}") if type(value) is dict else ("extend", "[]")
            return f"(lambda {name}: {name}.{fill}({text}) or {name})({empty})"
        return text

    def _items(self, value: Any) -> str:
        if type(value) is dict:
            fields = (f"{self.value(k)}: {self.value(v)}" for k, v in value.items())
            return f"{{{', '.join(fields)}}}"
        if type(value) is list and len(value) > 3 and _all_same(value):
            return f"[{self.value(value[0])}] * {len(value)}"
        items = ", ".join(self.value(item) for item in value)
        if type(value) is list:
            return f"[{items}]"
        if type(value) is tuple:
            return f"({items},)" if len(value) == 1 else f"({items})"
        braced = f"{{{items}}}" if value else ""
        return f"frozenset({braced})" if type(value) is frozenset else braced or "set()"

    def _object(self, value: Any) -> str:
        kind = type(value)
        if isinstance(value, enum.Enum):
            return f"{self._named(kind)}.{value.name}"
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return self._named(value)
        if kind.__name__ == "generator":
            return "(item for item in ())"
        if kind.__name__ == "defaultdict":
            factory = self.value(value.default_factory)
            return f"{self._named(kind)}({factory}, {self.value(dict(value))})"
        if isinstance(value, MappingProxyType):
            self.imports.add("from types import MappingProxyType")
            return f"MappingProxyType({self.value(dict(value))})"
        if kind is UserDict:
            return f"{self._named(kind)}({self.value(dict(value))})"
        if kind is SimpleNamespace:
            return f"{self._named(kind)}(**{self.value(vars(value))})"
        plain: type[Any]
        for plain in (int, float, str, list):  # whose subclasses look like the plain ones
            if isinstance(value, plain) and repr(kind.__repr__) == repr(plain.__repr__):
                return f"{self._named(kind)}({self.value(plain(value))})"
        try:
            text = repr(value)
        except Exception:  # noqa: BLE001  # an author's class may have a broken `repr`
            return f"<{kind.__name__}>"
        for module in ("datetime", "zoneinfo"):
            if f"{module}." in text:
                self.imports.add(f"import {module}")
        if text.startswith(f"{kind.__name__}("):
            self._named(kind)
        return text

    def _named(self, thing: Any) -> str:
        """Return the name of a class or a function, and add its import."""
        name = str(thing.__qualname__)
        module = getattr(thing, "__module__", None)
        if module not in ("builtins", None):
            home = "pathlib" if module.startswith("pathlib.") else module
            self.imports.add(f"from {home} import {name.partition('.')[0]}")
        return name


_PLAIN = (str, bytes, int, float, bool, type(None))


_LONGEST_DECIMAL = 14_000
"""Python refuses to write an int of more bits than about this in decimal."""


def _all_same(items: list[Any]) -> bool:
    first = items[0]
    if all(item is first for item in items):
        return True
    return type(first) in _PLAIN and all(
        type(item) is type(first) and item == first and repr(item) == repr(first)  # -0.0 == 0.0
        for item in items
    )


def _repeated(text: Any) -> str:
    if len(text) > _LONGEST_PLAIN:
        for period in range(1, 65):
            count, rest = divmod(len(text), period)
            if count > 3 and text[:period] * count + text[:rest] == text:
                product = f"{text[:period]!r} * {count}"
                return f"{product} + {text[:rest]!r}" if rest else product
    return repr(text)


_LONGEST_PLAIN = 80
"""Longer texts are looked through for a repetition."""
