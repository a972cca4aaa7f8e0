"""A trace of calls as a few lines of Python that run against the author's own target."""

from __future__ import annotations

import enum
import math
from collections import UserDict
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls import Call, Trace

LONGEST_PROGRAM = 40
"""More calls than this are told from their first and last ones."""

_OPENED_BY_KIT = "from gofannon_conformance import connect"


def opening_of(spec: str) -> str:
    """Write the lines that have the kit open a target, where a plain import would not do."""
    return f"{_OPENED_BY_KIT}\n\ndb = connect({spec!r})"


def program(trace: Trace) -> str:
    """Write the calls of a trace as Python; the last call's answer is printed.

    >>> from gofannon_conformance.calls import Call, Trace
    >>> trace = Trace()
    >>> trace.steps.append(Call("get", ("gfc_1", "a")))
    >>> print(program(trace))
    collection = 'gfc_1'
    print(db.get(collection, 'a'))
    """
    steps = list(trace.steps)
    lines = []
    if len(steps) > LONGEST_PROGRAM:
        left_out = len(steps) - LONGEST_PROGRAM
        steps = [*steps[: LONGEST_PROGRAM // 2], f"# … {left_out} more calls …", *steps[-20:]]
    last = max((i for i, step in enumerate(steps) if not isinstance(step, str)), default=-1)
    collections = _collection_names(steps)
    writer = _Writer()
    lines += [f"{variable} = {name!r}" for name, variable in collections.items()]
    for index, step in enumerate(steps):
        if isinstance(step, str):
            lines.append(step)
            continue
        called = writer.call(step, collections)
        called = f"run({called})" if trace.is_async else called
        if index == last:
            lines.append(f"print({called})")
        elif id(step) in trace.raised:  # as it did then; the program must come to its end
            writer.imports.add("from contextlib import suppress")
            lines.append(f"with suppress(Exception):\n    {called}")
        else:
            lines.append(called)
    named = dict.fromkeys(step.on for step in steps if not isinstance(step, str))
    others = [name for name in named if name != "db"]
    return "\n".join([*_header(trace, others), *sorted(writer.imports), *lines])


def _header(trace: Trace, others: Sequence[str] = ()) -> list[str]:
    opening = [trace.preamble] if trace.preamble else []
    opened = trace.preamble.rpartition("\ndb = ")[2] or "..."
    opening += [f"{name} = {opened}" for name in others]
    if not trace.is_async:
        return opening
    if trace.preamble.startswith(_OPENED_BY_KIT):  # its connections belong to the kit's loop
        return ["from gofannon_conformance.opening import run", *opening]
    return ["import asyncio", *opening, "run = asyncio.Runner().run"]


def call_shortened(call: Call) -> str:
    """Write one call for a person: each long argument cut in the middle."""
    parts = [shortened(a, 240) for a in call.arguments]
    parts += [f"{key}={shortened(value, 240)}" for key, value in (call.named or {}).items()]
    return f"{call.method}({', '.join(parts)})"


def source(value: Any) -> str:
    """Write a value as Python that makes it again; long repetitions as products.

    >>> source({"a": [1, "x" * 500]})
    "{'a': [1, 'x' * 500]}"
    """
    return _Writer().value(value)


def shortened(value: Any, limit: int = 400) -> str:
    """Write a value for a person: as `source`, cut in the middle where it is long."""
    text = _Writer(cycles=False).value(value)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {text[-half:]}  ({len(text):,} characters)"


class _Writer:
    """Writes values as expressions, and notes the imports that these need."""

    def __init__(self, *, cycles: bool = True) -> None:
        self.imports: set[str] = set()
        self._cycles = cycles
        """Whether to write what holds itself in full, or as `...` for a person."""
        self._above: dict[int, str] = {}
        self._recurring: set[str] = set()

    def call(self, call: Call, collections: dict[str, str]) -> str:
        parts = [
            collections[argument]
            if index == 0 and isinstance(argument, str) and argument in collections
            else self.value(argument)
            for index, argument in enumerate(call.arguments)
        ]
        for key, value in (call.named or {}).items():
            known = key == "db_name" and isinstance(value, str) and value in collections
            parts.append(f"{key}={collections[value] if known else self.value(value)}")
        return f"{call.on}.{call.method}({', '.join(parts)})"

    def value(self, value: Any) -> str:
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
        except Exception:  # noqa: BLE001  # an author's class may fail to describe itself
            return f"<{kind.__name__}>"
        for module in ("datetime", "zoneinfo"):
            if f"{module}." in text:
                self.imports.add(f"import {module}")
        if text.startswith(f"{kind.__name__}("):
            self._named(kind)
        return text

    def _named(self, thing: Any) -> str:
        """Give the name of a class or a function, and note what to import for it."""
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


def _collection_names(steps: list[Call | str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for step in steps:
        if isinstance(step, str):
            continue
        first = step.arguments[0] if step.arguments else (step.named or {}).get("db_name")
        if isinstance(first, str) and len(first) > 4 and first not in names:
            names[first] = "collection" if not names else f"collection_{len(names) + 1}"
    return names
