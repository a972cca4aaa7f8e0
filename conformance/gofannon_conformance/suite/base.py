"""The base of every group of tests: the marker for clauses, and the fixture `kit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.target import Target

MARKER = "conformance"

KIT: pytest.StashKey[Callable[[pytest.FixtureRequest], Iterator[Kit]]] = pytest.StashKey()
"""The stash key of the function that makes the kit of a test."""


def clause(*ids: str) -> pytest.MarkDecorator:
    """Mark a test with the clauses that it tests; a failure may name other clauses."""
    return pytest.mark.conformance(*ids)


class ContractTests:
    """The base of every group; an author's class defines `connect`, and may define more.

    Parameters of `connect` are the author's own fixtures. With such parameters, or with fixtures
    or set-up methods in the class, it is called for each test. A class may have a fixture
    `service` instead.
    """

    target: ClassVar[Target | None] = None
    connect: Callable[..., Any]

    @pytest.fixture
    def kit(self, request: pytest.FixtureRequest) -> Iterator[Kit]:
        """Everything that a test of the suite may use; the plugin makes it."""
        yield from request.config.stash[KIT](request)


def clauses_of(test: object) -> tuple[str, ...]:
    """Return the clauses that a test function of the suite is marked with."""
    marks = getattr(test, "pytestmark", [])
    return tuple(i for mark in marks if mark.name == MARKER for i in mark.args)


def tests_of(suite: type) -> dict[str, tuple[str, ...]]:
    """Return every test of a class of the suite, with its clauses, in the order of the groups."""
    found: dict[str, tuple[str, ...]] = {}
    for base in suite.__mro__:
        for name, member in vars(base).items():
            if name.startswith("test_") and (clauses := clauses_of(member)):
                found.setdefault(name, clauses)
    return found
