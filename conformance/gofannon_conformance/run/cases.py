"""Tables of cases: each case is tried, and all failures are raised together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import Violation, Violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.calls.values import Trace
    from gofannon_conformance.run.workspace import Workspace


class Cases:
    """The cases of one table: each is tried, whether or not others fail."""

    def __init__(self, trace: Trace, workspace: Workspace) -> None:
        self._trace = trace
        self._workspace = workspace
        self._failed: list[tuple[str, Violation]] = []

    @contextmanager
    def case(self, label: str) -> Iterator[None]:
        """Try one case; a failure names it by the label."""
        self._trace.begin()
        try:
            yield
        except Violation as found:
            self._failed.append((label, found))
            self._workspace.sweep_saved_by(self._trace)  # the next case must not see its documents

    def settle(self) -> None:
        """Raise the failures: one violation for each set of clauses, with all its cases."""
        kinds: dict[tuple[str, ...], list[tuple[str, Violation]]] = {}
        for label, found in self._failed:
            kinds.setdefault(found.clauses, []).append((label, found))
        reported = []
        for cases in kinds.values():
            label, first = min(cases, key=lambda case: len(case[1].program))
            first.what = f"{first.what} ({label})"
            others = [other for other, found in cases if found is not first]
            if others:
                shown = ", ".join(others[:12])
                more = f" and {len(others) - 12} more" if len(others) > 12 else ""
                first.what += f"; the same with {shown}{more}"
            reported.append(first)
        if len(reported) == 1:
            raise reported[0]
        if reported:
            raise Violations(reported)
