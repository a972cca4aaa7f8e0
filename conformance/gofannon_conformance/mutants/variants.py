"""Makers of mutants with one wrong step, or with a wrong argument or result of a step."""

from collections.abc import Callable
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant
from gofannon_conformance.mutants.right import Complete

Document = dict[str, Any]
Found = list[Document]
Fields = list[str] | None
Limit = int | None
Change = Callable[[Any], Any]


class Finding(Complete):
    """Finds in one step, `searched`, which gets every argument by its place."""

    def find(
        self, db_name: str, selector: Document, fields: Fields = None, limit: Limit = 10_000
    ) -> Any:
        return self.searched(db_name, selector, fields, limit)

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Any:
        """Return what find() returns."""
        return super().find(db_name, selector, fields, limit)


def variant(
    name: str, clauses: str, mistake: str, base: type = Finding, **steps: Callable[..., Any]
) -> Mutant:
    """Make a mutant of a service whose steps of these names are other functions."""
    make = type("Variant", (base,), dict(steps))
    return Mutant(name=name, clauses=tuple(clauses.split()), mistake=mistake, make=make)


def unchanged(value: Any) -> Any:
    """Return a value."""
    return value


def around(
    step: str,
    name: str,
    clauses: str,
    mistake: str,
    *,
    takes: Change = unchanged,
    gives: Change = unchanged,
) -> Mutant:
    """Make a mutant that changes the argument of a step, or what the step returns."""
    right = getattr(Finding, step)

    def changed(self: Finding, db_name: str, *arguments: Any, **named: Any) -> Any:
        (value,) = (*arguments, *named.values())
        return gives(right(self, db_name, takes(value)))

    return variant(name, clauses, mistake, Finding, **{step: changed})


def raising(
    step: str,
    name: str,
    clauses: str,
    mistake: str,
    *,
    when: Callable[..., Any],
    error: Exception,
    base: type = Finding,
) -> Mutant:
    """Make a mutant that raises in a step, `when` its service and arguments are so."""
    right = getattr(base, step)

    def checked(self: Finding, *arguments: Any, **named: Any) -> Any:
        if when(self, *arguments, *named.values()):
            raise error.with_traceback(None)
        return right(self, *arguments, **named)

    return variant(name, clauses, mistake, base, **{step: checked})


def is_unwritten(service: Complete, db_name: str, *items: Any) -> bool:
    """Return whether a collection was never written, and the request is not empty."""
    return all(items) and db_name not in service.created
