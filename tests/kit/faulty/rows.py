"""How the tables of broken services that are not in the package yet are written."""

from gofannon_conformance.mutants import mutant
from gofannon_conformance.mutants.changes import each, field_of, named, of, shows

__all__ = ["Broken", "breaks", "each", "field_of", "named", "of", "shows"]


def breaks(table, name, *clauses, **claims):
    """Enter a class in a table; its docstring is the mistake."""
    return mutant.breaks(table, name.replace("-", "_"), *clauses, **claims)


def Broken(name, mistake, clauses, service, claims=None):  # noqa: N802  # it was a class
    """Give one row: a service with one mistake, and the clauses that tell of it."""
    return mutant.Mutant(
        name=name.replace("-", "_"),
        clauses=tuple(clauses),
        mistake=mistake,
        make=service,
        claims=claims or {},
    )
