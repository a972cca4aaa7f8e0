"""Mutants as tables: services that differ from the right one in one function."""

import json
from collections.abc import Callable
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.mutants.right import Kept, Right

Change = Callable[[Any], Any]
"""Returns what a value, or a whole document, becomes."""

Row = tuple[str, str, str, Callable[..., Any]]
"""A mutant's name, its clauses, its mistake, and the function in which it differs."""


def table(make: Callable[..., Any], *rows: Row, **claims: Any) -> list[Mutant]:
    """Return a mutant for each row; `make` returns its service's class for the row's function."""
    return [
        Mutant(
            name=name,
            clauses=tuple(clauses.split()),
            mistake=mistake,
            make=make(function),
            claims=claims,
        )
        for name, clauses, mistake, function in rows
    ]


def step(name: str) -> Callable[[Callable[..., Any]], type[Right]]:
    """Return a maker of services in which a function takes the place of one step of `Right`."""
    return lambda function: type("Changed", (Right,), {name: function})


def alters(
    table: list[Mutant], step: str, name: str, *clauses: str, **claims: Any
) -> Callable[[T], T]:
    """Add a mutant to a table: a function takes the place of one step of a right service.

    The docstring of the function is the mistake, and the type of its `self` the right service.
    """

    def added(function: T) -> T:
        base = function.__annotations__["self"]
        changed = type("Changed", (base,), {step: function, "__doc__": function.__doc__})
        breaks(table, name, *clauses, **claims)(changed)
        return function

    return added


def shows(change: Change) -> type[Right]:
    """Return a service that changes each document as it reads it."""
    return step("read")(lambda self, text: change(json.loads(text)))


def reading(*rows: Row) -> list[Mutant]:
    """Return a mutant for each row, which changes each document as it reads it."""
    return table(shows, *rows)


def finds(change: Change) -> type[Right]:
    """Return a service whose listing sees only what `change` returns for a collection."""
    return step("kept_in")(lambda self, db_name: change(Right.kept_in(self, db_name)))


def finds_if(test: Callable[[Kept], bool]) -> type[Right]:
    """Return a service whose listing sees only the documents that pass the test."""
    return finds(lambda here: [kept for kept in here if test(kept)])


def lists(change: Change) -> type[Right]:
    """Return a service that changes the result of list_all()."""

    class Lists(Right):
        def list_all(self, db_name: str) -> list[dict[str, Any]]:
            return change(super().list_all(db_name))

    return Lists


def stores(change: Change) -> type[Right]:
    """Return a service that changes each document before it stores it."""
    return step("written")(lambda self, doc: Right.written(self, change(doc)))


def answers(change: Callable[[str, Any], dict[str, Any]]) -> type[Right]:
    """Return a service whose save() answers with other fields, made from the id and the document.

    Fields that `change` does not return stay as they are.
    """

    class Answers(Right):
        def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
            return super().save(db_name, doc_id, doc) | change(doc_id, doc)

    return Answers


def remove(service: Right, db_name: str, which: Callable[[Kept], bool] = lambda kept: True) -> None:
    """Remove those documents of a collection for which `which` is true."""
    for kept in service.kept_in(db_name):
        if which(kept):
            del service.kept[db_name, kept.doc_id]


def each(change: Change) -> Change:
    """Return a change of a document that changes every value in it, the inner ones first."""

    def inside(value: Any) -> Any:
        if type(value) is dict:
            return {k: change(inside(v)) for k, v in value.items()}
        return [change(inside(v)) for v in value] if type(value) is list else value

    return inside


def of(kind: type, change: Change) -> Change:
    """Return a change that leaves values of other types alone."""
    return lambda value: change(value) if type(value) is kind else value


def named(change: Callable[[str], str]) -> Change:
    """Return a change of a document that changes its field names, at every depth."""
    inner = each(of(dict, lambda o: {change(k): v for k, v in o.items()}))
    return lambda doc: {change(k): v for k, v in inner(doc).items()}


def field_of(name: str, change: Change) -> Change:
    """Return a change of a document that changes the fields of one name, at every depth."""

    def changed(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: change(v) if k == name else v for k, v in fields.items()}

    inner = each(of(dict, changed))
    return lambda doc: changed(inner(doc))
