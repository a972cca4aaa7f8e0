"""A trace of calls as a Python program that runs against the author's own target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.target.resolve import OPENED_BY_KIT
from gofannon_conformance.values.source import SourceWriter, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls.values import Call, Trace

LONGEST_PROGRAM = 40
"""Of more calls than these only the first and the last ones are written."""


def program(trace: Trace) -> str:
    """Return the calls of a trace as Python; the last call's answer is printed.

    >>> from gofannon_conformance.calls.values import Call, Trace
    >>> trace = Trace()
    >>> trace.steps.append(Call("get", ("gfc_1", "a")))
    >>> print(program(trace))
    collection = 'gfc_1'
    print(db.get(collection, 'a'))
    """
    steps = list(trace.steps)
    if len(steps) > LONGEST_PROGRAM:
        left_out = len(steps) - LONGEST_PROGRAM
        steps = [*steps[: LONGEST_PROGRAM // 2], f"# … {left_out} more calls …", *steps[-20:]]
    calls = [step for step in steps if not isinstance(step, str)]
    last = calls[-1] if calls else None
    collections = _collection_names(calls)
    writer = SourceWriter()
    lines = [f"{variable} = {name!r}" for name, variable in collections.items()]
    for step in steps:
        if isinstance(step, str):
            lines.append(step)
            continue
        called = _source_of(step, collections, writer)
        called = f"run({called})" if step.awaited else called
        if step is last:
            lines.append(f"print({called})")
        elif id(step) in trace.raised:  # the program must reach its end
            writer.imports.add("from contextlib import suppress")
            lines.append(f"with suppress(Exception):\n    {called}")
        else:
            lines.append(called)
    others = [name for name in dict.fromkeys(call.on for call in calls) if name != "db"]
    header = _header(trace.preamble, others, is_async=any(call.awaited for call in calls))
    return "\n".join([*header, *sorted(writer.imports), *lines])


def _header(preamble: str, others: Sequence[str], *, is_async: bool) -> list[str]:
    opening = [preamble] if preamble else []
    opened = preamble.rpartition("\ndb = ")[2] or "..."
    opening += [f"{name} = {opened}" for name in others]
    if not is_async:
        return opening
    if preamble.startswith(OPENED_BY_KIT):  # its connections belong to the kit's loop
        return ["from gofannon_conformance import wait_for as run", *opening]
    return ["import asyncio", *opening, "run = asyncio.Runner().run"]


def call_shortened(call: Call) -> str:
    """Return one call as text for a person: each long argument is cut in the middle."""
    parts = [shortened(a, 240) for a in call.arguments]
    parts += [f"{key}={shortened(value, 240)}" for key, value in (call.named or {}).items()]
    return f"{call.method}({', '.join(parts)})"


def _source_of(call: Call, collections: dict[str, str], writer: SourceWriter) -> str:
    parts = [
        collections[argument]
        if index == 0 and isinstance(argument, str) and argument in collections
        else writer.value(argument)
        for index, argument in enumerate(call.arguments)
    ]
    for key, value in (call.named or {}).items():
        known = key == "db_name" and isinstance(value, str) and value in collections
        parts.append(f"{key}={collections[value] if known else writer.value(value)}")
    return f"{call.on}.{call.method}({', '.join(parts)})"


def _collection_names(calls: list[Call]) -> dict[str, str]:
    names: dict[str, str] = {}
    for call in calls:
        first = call.arguments[0] if call.arguments else (call.named or {}).get("db_name")
        if isinstance(first, str) and len(first) > 4 and first not in names:
            names[first] = "collection" if not names else f"collection_{len(names) + 1}"
    return names
