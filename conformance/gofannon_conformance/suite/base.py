"""What every group of the suite's tests shares: the marker for clauses, and the `kit` fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.target import Target

MARKER = "conformance"


def clause(*ids: str) -> pytest.MarkDecorator:
    """Mark a test with the clauses that it tests; a failure may name others still."""
    return pytest.mark.conformance(*ids)


class ContractTests:
    """The base of every group; an author's class says how to connect, and may say more.

    `connect` may ask for the author's own fixtures by naming them as parameters; then, as where
    the class has fixtures or set-up methods of its own, it is called anew for each test.
    A class may have a fixture named `service` instead.
    """

    target: ClassVar[Target | None] = None
    connect: Callable[..., Any]

    @pytest.fixture
    def kit(self, request: pytest.FixtureRequest) -> Iterator[Kit]:
        """Everything that a test of the suite may use."""
        from gofannon_conformance.handing import kit_for

        yield from kit_for(request)


def clauses_of(test: object) -> tuple[str, ...]:
    """Give the clauses that a test function of the suite is marked with."""
    marks = getattr(test, "pytestmark", [])
    return tuple(i for mark in marks if mark.name == MARKER for i in mark.args)


def tests_of(suite: type) -> dict[str, tuple[str, ...]]:
    """Give every test of a class of the suite, with its clauses, in the order of the groups."""
    found: dict[str, tuple[str, ...]] = {}
    for base in suite.__mro__:
        for name, member in vars(base).items():
            if name.startswith("test_") and (clauses := clauses_of(member)):
                found.setdefault(name, clauses)
    return found
