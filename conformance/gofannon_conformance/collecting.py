"""The suite as pytest collects it for targets that have no test file: one class for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance import suite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.target import Target


class ConformanceModule(pytest.Module):
    """A module that is there already: it holds a class of the suite for each target.

    Node ids read `conformance::memory::test_missing_document_is_404`.
    """

    targets: list[Target]

    @classmethod
    def of(cls, session: pytest.Session, targets: list[Target]) -> ConformanceModule:
        """Make the module for some targets."""
        module: ConformanceModule = cls.from_parent(
            session, path=Path(suite.__file__), nodeid="conformance", name="conformance"
        )
        module.targets = targets
        return module

    def _getobj(self) -> Any:
        return suite

    def collect(self) -> Iterable[pytest.Class]:
        """Give the class of each target."""
        for target in self.targets:
            tests = type(target.name, (suite.DatabaseServiceContract,), {"target": target})
            yield ConformanceClass.made_for(self, target.name, tests)


class ConformanceClass(pytest.Class):
    """A class of the suite that was made for one target, and is in no module."""

    tests: type

    @classmethod
    def made_for(cls, parent: ConformanceModule, name: str, tests: type) -> ConformanceClass:
        """Make the collector of a class."""
        made: ConformanceClass = cls.from_parent(parent, name=name)
        made.tests = tests
        return made

    def _getobj(self) -> type:
        return self.tests
