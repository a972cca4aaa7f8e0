"""Which of two clauses is broken: what is wrong of the plainest call is no special case.

A test of a special clause first makes a plain call. What that shows to be wrong already is told by
the clause of the method itself, also where the special call shows it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable


def blamed_by(check: Callable[[], object], *, plain: str, special: str) -> str:
    """Give the clause to name from here on: `plain` if the check of a plain call fails."""
    try:
        check()
    except Violation:
        return plain
    return special
