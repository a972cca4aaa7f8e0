"""The choice between two clauses: a mistake that a plain call shows belongs to the plain clause.

A test of a special clause makes a plain call first. If that is already wrong, the clause of the
method is reported, also when the special call shows the same mistake again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable


def blamed_by(check: Callable[[], object], *, plain: str, special: str) -> str:
    """Return the clause to report from here on: `plain` if the check of a plain call fails."""
    try:
        check()
    except Violation:
        return plain
    return special
