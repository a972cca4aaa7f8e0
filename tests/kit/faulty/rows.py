"""How the tables of broken services are written.

Each is `Right` with one mistake, named in one sentence, with the clauses that the suite must name.
"""

import json
from dataclasses import dataclass, field

from right import Right


@dataclass(frozen=True)
class Broken:
    """One row: a service with one mistake, and the clauses that tell of it."""

    name: str
    mistake: str
    clauses: tuple[str, ...]
    service: type
    claims: dict = field(default_factory=dict)
    """What its target says of it besides: its dialect, its capabilities."""


def breaks(table, name, *clauses, **claims):
    """Enter a class in a table; its docstring is the mistake."""

    def entered(service):
        table.append(Broken(name, service.__doc__, clauses, service, claims))
        return service

    return entered


def shows(change):
    """Make a service that changes each document as it is read; `change` gets it whole."""
    return type("Shows", (Right,), {"read": lambda self, text: change(json.loads(text))})


def each(change):
    """Make a change of a whole document out of one of every value in it, the inner ones first."""

    def changed(value):
        if type(value) is dict:
            value = {k: changed(v) for k, v in value.items()}
        elif type(value) is list:
            value = [changed(v) for v in value]
        return change(value)

    def document(doc):
        return {k: changed(v) for k, v in doc.items()}

    return document


def of(kind, change):
    """Make a change that leaves values of other types alone."""
    return lambda value: change(value) if type(value) is kind else value


def named(change):
    """Make a change of a whole document out of one of its field names, at every depth."""
    inner = each(of(dict, lambda o: {change(k): v for k, v in o.items()}))
    return lambda doc: {change(k): v for k, v in inner(doc).items()}


def field_of(name, change):
    """Make a change of the fields of one name, at every depth."""

    def changed(fields):
        return {k: change(v) if k == name else v for k, v in fields.items()}

    inner = each(of(dict, changed))
    return lambda doc: changed(inner(doc))
