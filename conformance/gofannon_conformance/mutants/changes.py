"""Mistakes that are made of a change: of each value, of the field names, of one field."""

import json
from collections.abc import Callable
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant
from gofannon_conformance.mutants.right import Right

Change = Callable[[Any], Any]
"""What becomes of a value, or of a whole document."""


def shows(change: Change) -> type[Right]:
    """Make a service that changes each document as it is read; `change` gets it whole."""
    return type("Shows", (Right,), {"read": lambda self, text: change(json.loads(text))})


def reading(*rows: tuple[str, str, str, Change]) -> list[Mutant]:
    """Make a mutant that `shows` of each name, its clauses, its mistake and its change."""
    return [
        Mutant(name=name, clauses=tuple(clauses.split()), mistake=mistake, make=shows(change))
        for name, clauses, mistake, change in rows
    ]


def each(change: Change) -> Change:
    """Make a change of a whole document out of one of every value in it, the inner ones first."""

    def inside(value: Any) -> Any:
        if type(value) is dict:
            return {k: change(inside(v)) for k, v in value.items()}
        return [change(inside(v)) for v in value] if type(value) is list else value

    return inside


def of(kind: type, change: Change) -> Change:
    """Make a change that leaves values of other types alone."""
    return lambda value: change(value) if type(value) is kind else value


def named(change: Callable[[str], str]) -> Change:
    """Make a change of a whole document out of one of its field names, at every depth."""
    inner = each(of(dict, lambda o: {change(k): v for k, v in o.items()}))
    return lambda doc: {change(k): v for k, v in inner(doc).items()}


def field_of(name: str, change: Change) -> Change:
    """Make a change of the fields of one name, at every depth."""

    def changed(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: change(v) if k == name else v for k, v in fields.items()}

    inner = each(of(dict, changed))
    return lambda doc: changed(inner(doc))
