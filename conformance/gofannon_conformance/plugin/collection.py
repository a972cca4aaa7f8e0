"""Collection: the suite's tests are added for targets, put in order, selected and planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance import suite
from gofannon_conformance.plugin.fixture import file_of, target_of
from gofannon_conformance.plugin.items import (
    class_of,
    clauses_of,
    owner_and_test,
    suite_tests,
    test_name,
)
from gofannon_conformance.plugin.options import check_expected
from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.plugin.items import Accounts
    from gofannon_conformance.run.options import Options
    from gofannon_conformance.target import Target


class ConformanceModule(pytest.Module):
    """A module without a file: it holds a class of the suite for each target.

    Node ids read `conformance::memory::test_missing_document_is_404`.
    """

    targets: list[Target]

    @classmethod
    def of(cls, session: pytest.Session, targets: list[Target]) -> ConformanceModule:
        """Return the module for some targets."""
        module: ConformanceModule = cls.from_parent(
            session, path=Path(suite.__file__), nodeid="conformance", name="conformance"
        )
        module.targets = targets
        return module

    def _getobj(self) -> Any:
        return suite

    def collect(self) -> Iterable[pytest.Class]:
        """Yield the class of each target."""
        for target in self.targets:
            tests = type(target.name, (suite.DatabaseServiceContract,), {"target": target})
            yield ConformanceClass.made_for(self, target.name, tests)


class ConformanceClass(pytest.Class):
    """A class of the suite that was made for one target, and is in no module."""

    tests: type

    @classmethod
    def made_for(cls, parent: ConformanceModule, name: str, tests: type) -> ConformanceClass:
        """Return the collector of a class."""
        made: ConformanceClass = cls.from_parent(parent, name=name)
        made.tests = tests
        return made

    def _getobj(self) -> type:
        return self.tests


class CollectionHooks:
    """Adds the suite's tests for the targets, selects by clause, and plans what must run."""

    def __init__(
        self,
        config: pytest.Config,
        contract: Contract,
        options: Options,
        targets: list[Target],
        accounts: Accounts,
    ) -> None:
        check_example(options.example)
        self._config = config
        self._contract = contract
        self._options = options
        self._targets = targets
        self._accounts = accounts
        self._example = options.example.partition(":")[0]
        self._is_worker = hasattr(config, "workerinput")

    def collected(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the tests for the targets of the options, and select tests by their clauses."""
        if self._targets:
            items.extend(session.genitems(ConformanceModule.of(session, self._targets)))
        _put_in_order(items)
        self._check_classes(items)
        chosen: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            (chosen if self._is_selected(item) else left_out).append(item)
        if left_out:
            session.config.hook.pytest_deselected(items=left_out)
            items[:] = chosen

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan the selected tests: one that does not run is not tested."""
        marked = [item for item in session.items if clauses_of(item)]
        self.plan([item.nodeid for item in marked])
        if self._example and not marked and not self._is_worker:
            raise pytest.UsageError(f"--example: {self._example!r} is not among the tests selected")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Plan the same in the controller, which collects nothing itself."""
        del node
        self.plan(ids)

    def plan(self, nodeids: list[str]) -> None:
        """Add tests to the plans of their classes."""
        if self._config.option.collectonly:
            return
        for nodeid in nodeids:
            owner, test = owner_and_test(nodeid)
            if test:
                self._accounts[owner].planned.add(test)

    def _check_classes(self, items: list[pytest.Item]) -> None:
        """Refuse an author's class with impossible claims before it runs."""
        if self._is_worker:
            return  # pytest-xdist would report a crash; the tests of the class report it
        tests = {class_of(item): item for item in items if clauses_of(item)}
        try:
            for kind, item in tests.items():
                check_expected(target_of(kind(), file_of(item)), self._contract)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error

    def _is_selected(self, item: pytest.Item) -> bool:
        clauses = clauses_of(item)
        if not clauses:
            return True
        if self._example and test_name(item) != self._example:
            return False
        return self._options.clauses is None or bool(self._options.clauses & set(clauses))


def check_example(example: str) -> None:
    """Refuse an example of a test that the suite does not have."""
    test, _, _ = example.partition(":")
    if test and test not in suite_tests():
        raise UsageError(f"--example: the suite has no test {test!r}{nearest(test, suite_tests())}")


def _put_in_order(items: list[pytest.Item]) -> None:
    """Sort the tests of each class in the order of the contract; pytest begins with the last base.

    So the tests run in one order, however the suite is called.
    """
    order = {name: place for place, name in enumerate(suite_tests())}
    places: dict[type, list[int]] = {}
    for place, item in enumerate(items):
        if clauses_of(item) and test_name(item) in order:
            places.setdefault(class_of(item), []).append(place)
    for own in places.values():
        ordered = sorted((items[place] for place in own), key=lambda i: order[test_name(i)])
        for place, item in zip(own, ordered, strict=True):
            items[place] = item
