"""The suite's tests among pytest's items: their class, name and clauses, and their accounts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from gofannon_conformance.report.accounting import Account
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.suite.base import MARKER, ContractTests, tests_of

if TYPE_CHECKING:
    import pytest


class Accounts(dict[str, Account]):
    """The account of each class of the suite's tests, by the class's node id."""

    def __missing__(self, owner: str) -> Account:
        """Add the account of a class when it is first used."""
        account = self[owner] = Account(owner.rpartition("::")[2])
        return account


@functools.cache
def suite_tests() -> dict[str, tuple[str, ...]]:
    """Return every test of the suite, with its clauses."""
    return tests_of(DatabaseServiceContract)


def altered_tests(cls: type) -> dict[str, str]:
    """Return the tests of the suite that an author's class overrides or removes."""
    groups = [
        base
        for base in cls.__mro__
        if issubclass(base, ContractTests) and base in DatabaseServiceContract.__mro__
    ]
    found = {}
    for name in {n for group in groups for n in tests_of(group)}:
        original = next(vars(g)[name] for g in DatabaseServiceContract.__mro__ if name in vars(g))
        now = getattr(cls, name, None)
        if now is not original:
            found[name] = "overridden" if callable(now) else "removed"
    return found


def class_of(item: pytest.Item) -> type:
    """Return the class of a test."""
    return getattr(item, "cls", None) or object


def clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the clauses that a test of the suite tests; any other test has none."""
    if not issubclass(class_of(item), ContractTests):
        return ()
    return tuple(i for mark in item.iter_markers(MARKER) for i in mark.args)


def test_name(item: pytest.Item) -> str:
    """Return the name of a test without its parameters."""
    return str(getattr(item, "originalname", None) or item.name)


def owner_and_test(nodeid: str) -> tuple[str, str]:
    """Split the node id of a test of the suite; a test of the author's own has no name here.

    >>> owner_and_test("tests/test_db.py::TestMyDB::test_missing_document_is_404[a::b]")
    ('tests/test_db.py::TestMyDB', 'test_missing_document_is_404')
    """
    parts = nodeid.split("::")
    suite = suite_tests()
    for place, part in enumerate(parts):
        name = part.partition("[")[0]
        if name in suite:
            return "::".join(parts[:place]), name
    return nodeid, ""
