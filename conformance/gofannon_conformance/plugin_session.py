"""What the pytest plugin does once it is used: collecting, judging, accounting, reporting."""

from __future__ import annotations

import contextlib
import functools
import shlex
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from gofannon_conformance import __version__
from gofannon_conformance.accounting import Account, FailureData, TargetData, TestData
from gofannon_conformance.asking import check_expected, options_asked_for, targets_asked_for
from gofannon_conformance.contract import load
from gofannon_conformance.handing import (
    RUN,
    SESSION,
    CleaningUpFailed,
    file_of,
    name_of,
    target_made_for,
    target_of,
)
from gofannon_conformance.judging import judged, rewrite, without
from gofannon_conformance.patience import end_at_last
from gofannon_conformance.plugin import PAYLOAD
from gofannon_conformance.report.model import Outcome, Report
from gofannon_conformance.resolve import said
from gofannon_conformance.running import Run
from gofannon_conformance.suite.base import MARKER, ContractTests, tests_of
from gofannon_conformance.usage import UsageError, nearest
from gofannon_conformance.violation import NotTested, Violation, Violations
from gofannon_conformance.workspace import CollectionInUse

if TYPE_CHECKING:
    from collections.abc import Generator

    from gofannon_conformance.running import Session


class SessionPlugin:
    """The plugin of one pytest process; under pytest-xdist, of the controller or of a worker."""

    def __init__(self, config: pytest.Config, *, seed: int | None = None) -> None:
        self.config = config
        self.accounts: dict[str, Account] = {}
        self.report: Report | None = None
        self.interrupted = False
        self.troubles: list[str] = []
        """What went wrong with the run itself, at its end."""
        self._altered: dict[type, dict[str, str]] = {}
        self._began = perf_counter()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self.contract = load()
        try:
            self.options = options_asked_for(config, self.contract, seed)
            _check_example(self.options.example)
            self.targets = targets_asked_for(config, self.contract)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        worker = getattr(config, "workerinput", {})
        self.run = config.stash[RUN] = Run(
            self.options,
            self.contract,
            name=worker.get("testrunuid"),
        )

    def open_targets(self) -> None:
        """Open every target that was asked for, so that one that cannot be opened is told first."""
        for target in self.targets:
            with contextlib.suppress(NotTested):  # each of its tests will say so
                self.run.session(target.key, target)

    # Collecting

    def collected(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the suite's tests for the targets that were asked for, and select by clause."""
        if self.targets:
            from gofannon_conformance.collecting import ConformanceModule

            items.extend(session.genitems(ConformanceModule.of(session, self.targets)))
        _put_in_order(items)
        self._check_classes(items)
        chosen: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            (chosen if self._is_selected(item) else left_out).append(item)
        if left_out:
            session.config.hook.pytest_deselected(items=left_out)
            items[:] = chosen

    def _check_classes(self, items: list[pytest.Item]) -> None:
        """Refuse a class whose author wrote something that cannot be meant, before it is run."""
        if hasattr(self.config, "workerinput"):
            return  # what a worker refuses, pytest-xdist takes for a crash: its tests will say it
        tests = {item.cls: item for item in items if _clauses_of(item)}  # type: ignore[attr-defined]
        try:
            for kind, item in tests.items():
                check_expected(target_of(kind(), file_of(item)), self.contract)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error

    def _is_selected(self, item: pytest.Item) -> bool:
        clauses = _clauses_of(item)
        if not clauses:
            return True
        example, _, _ = self.options.example.partition(":")
        if example and _test_name(item) != example:
            return False
        return self.options.clauses is None or bool(self.options.clauses & set(clauses))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which tests were selected: what does not run is not tested."""
        marked = [item for item in session.items if _clauses_of(item)]
        self._plan([item.nodeid for item in marked])
        example, _, _ = self.options.example.partition(":")
        if example and not marked and not hasattr(self.config, "workerinput"):
            raise pytest.UsageError(f"--example: {example!r} is not among the tests selected")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Note the same in the controller, which collects nothing itself."""
        del node
        self._plan(ids)

    def _plan(self, nodeids: list[str]) -> None:
        if self.config.option.collectonly:
            return
        for nodeid in nodeids:
            owner, test = _owner_and_test(nodeid)
            if test:
                self._account(owner).planned.add(test)

    # Judging

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what a test of the suite raised into an outcome, and the report into plain words."""
        report = yield
        clauses = _clauses_of(item)
        leaks = _leaks_in(item) if clauses and report.when != "setup" else []
        if not clauses or (report.when != "call" and report.passed and not leaks):
            return report
        error = call.excinfo.value if call.excinfo is not None else None
        if leaks and report.when == "teardown" and error is None:
            error, leaks = Violations(leaks), []  # the test itself has been accounted for
        if isinstance(error, (KeyboardInterrupt, pytest.exit.Exception)):
            return report
        data = self._data(item, clauses, error, report, leaks)
        setattr(report, PAYLOAD, data)
        if isinstance(error, CollectionInUse):
            item.session.shouldstop = str(error)
        rewrite(report, data, self.contract, strict=self.options.strict)
        return report

    def _data(
        self,
        item: pytest.Item,
        clauses: tuple[str, ...],
        error: object,
        report: pytest.TestReport,
        leaks: list[Violation],
    ) -> TestData:
        session = item.stash.get(SESSION, None)
        outcome, reason, violations = judged(error)
        facts: dict[str, str] = {}
        if session is not None:
            facts, session.facts = dict(session.facts), {}
        return TestData(
            target=self._target_data(item, session),
            test=_test_name(item),
            clauses=list(clauses),
            outcome=str(outcome),
            reason=reason,
            seconds=round(report.duration, 6),
            failures=[self._failure_data(item, session, found) for found in (*violations, *leaks)],
            facts=facts,
        )

    def _failure_data(
        self, item: pytest.Item, session: Session | None, found: Violation
    ) -> FailureData:
        shown = without(session.secrets if session is not None else ())
        return FailureData(
            clauses=list(found.clauses),
            what=shown(found.what),
            called=shown(found.called),
            came=shown(found.came),
            expected=shown(found.expected),
            differences=[shown(line) for line in found.differences],
            program=shown(found.program),
            reproduce=self._again(item, session, found),
        )

    def _again(self, item: pytest.Item, session: Session | None, found: Violation) -> str:
        """Write the one command that runs a failed example again."""
        example = _test_name(item) + (f":{found.example}" if found.example else "")
        made_for = target_made_for(_class_of(item))
        if made_for is not None:
            words, prefix = ["gofannon-conformance", "run", made_for.spec], "--"
        else:
            _, colons, within = item.nodeid.partition("::")
            words, prefix = ["pytest", file_of(item) + colons + within], "--conformance-"
        words.append(f"{prefix}example={example}")
        if not found.example:
            words.append(f"{prefix}seed={self.options.seed}")
            if self.options.profile.name != "standard":
                words.append(f"{prefix}profile={self.options.profile.name}")
        if self.options.dialect and session is not None:
            words.append(f"{prefix}dialect={self.options.dialect}")
        words += [f"{prefix}server={server}" for server in self.options.servers]
        return shlex.join(words)

    def _target_data(self, item: pytest.Item, session: Session | None) -> TargetData:
        kind = _class_of(item)
        target = session.target if session is not None else target_made_for(kind)
        listed = target.expected_failures if target is not None else {}
        return TargetData(
            name=name_of(kind),
            dialect=session.contract.dialect if session else self.contract.dialect,
            server=session.server if session else None,
            limits=session.limits if session else {},
            expected={clause: entry.reason for clause, entry in listed.items()},
            altered=self._altered_in(kind),
            capabilities=_capabilities(session),
        )

    def _altered_in(self, kind: type) -> dict[str, str]:
        if kind not in self._altered:
            self._altered[kind] = altered_tests(kind)
        return self._altered[kind]

    # Accounting

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test came to, here or in a worker."""
        if hasattr(self.config, "workerinput"):
            return
        data: TestData | None = getattr(report, PAYLOAD, None)
        if data is not None:
            owner, _ = _owner_and_test(report.nodeid)
            account = self._account(owner)
            account.name = data["target"]["name"]
            account.add(data)
        elif report.when == "call" or not report.passed:
            self._strike_off(report.nodeid)

    def _strike_off(self, nodeid: str) -> None:
        """Forget a test that only has the name of one of the suite: the controller knows no more.

        What belongs to the suite says what it came to, unless the run was broken off in it.
        """
        owner, test = _owner_and_test(nodeid)
        account = self.accounts.get(owner)
        if account is None or not test or self.interrupted:
            return
        account.planned.discard(test)
        if not account.planned and not account.results:
            del self.accounts[owner]

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run did not come to its end."""
        self.interrupted = True

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Close what is open, make the report, write it, and set the exit status by it.

        After an interruption pytest tears down here what is open, and the results are to be told
        all the same.
        """
        try:
            return (yield)
        except CleaningUpFailed as error:
            self.troubles.append(str(error))
            return None
        finally:
            self._finish(session)
            end_at_last(int(session.exitstatus))

    def _finish(self, session: pytest.Session) -> None:
        try:
            self.run.close_all()
        except Exception as error:  # noqa: BLE001  # whatever it is, the results are still told
            self.troubles.append(f"cleaning up at the end of the run failed: {said(error)}")
        if hasattr(self.config, "workerinput"):
            return
        self.report = self._report()
        if self.options.json:
            self._write_json(Path(self.options.json))
        failed = self.troubles or any(
            result.outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_TESTED)
            for target in self.report.targets
            for result in target.clauses.values()
            if result.level == "MUST"
            or self.options.strict
            or result.reason.startswith("it is listed")
        )
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the report at the end of an author's own pytest run; with `-q` the verdicts only."""
        if self.report is None or not any(a.results for a in self.accounts.values()):
            return
        from gofannon_conformance.report import summary, terminal

        if self.config.get_verbosity() < 0:
            for target in self.report.targets:
                sentence = summary.verdict_sentence(target, interrupted=self.interrupted)
                terminalreporter.write_line(f"{target.name}: {sentence}")
        else:
            writer = terminalreporter._tw  # noqa: SLF001  # pytest offers no other way to its width
            encoding = getattr(writer._file, "encoding", None) or ""  # noqa: SLF001  # the same
            terminalreporter.section("conformance of DatabaseService", sep="=")
            terminalreporter.write_line(
                terminal.render(
                    self.report,
                    width=min(writer.fullwidth, 100),
                    color=writer.hasmarkup,
                    ascii="utf" not in encoding.lower(),
                )
            )
        for trouble in self.troubles:
            terminalreporter.write_line(f"gofannon-conformance: {trouble}", red=True)

    def _report(self) -> Report:
        suite = suite_tests()
        names = Counter(account.name for account in self.accounts.values())
        targets = []
        for owner, account in self.accounts.items():
            if names[account.name] > 1:
                account.name = f"{account.name} ({owner.partition('::')[0]})"
            dialect = account.target["dialect"] if account.target else "interface"
            contract = self.contract.for_dialect(dialect)
            targets.append(account.report(contract, suite, self.options.clauses))
        return Report(
            kit=__version__,
            contract=self.contract.version,
            profile=self.options.profile.name,
            seed=self.options.seed,
            started=self._started,
            seconds=round(perf_counter() - self._began, 3),
            targets=tuple(targets),
            interrupted=self.interrupted,
        )

    def _write_json(self, path: Path) -> None:
        from gofannon_conformance.report import json as as_json

        assert self.report is not None  # noqa: S101  # it was made just before
        try:
            path.write_text(as_json.dumps(self.report), encoding="utf-8")
        except OSError as error:
            self.troubles.append(f"--json {path}: it could not be written: {said(error)}")

    def _account(self, owner: str) -> Account:
        """Give the account of a class, by its node id."""
        return self.accounts.setdefault(owner, Account(owner.rpartition("::")[2]))


@functools.cache
def suite_tests() -> dict[str, tuple[str, ...]]:
    """Give every test of the suite, with its clauses."""
    from gofannon_conformance.suite import DatabaseServiceContract

    return tests_of(DatabaseServiceContract)


def _check_example(example: str) -> None:
    test, _, _ = example.partition(":")
    if test and test not in suite_tests():
        raise UsageError(f"--example: the suite has no test {test!r}{nearest(test, suite_tests())}")


def _put_in_order(items: list[pytest.Item]) -> None:
    """Give the tests of each class the order of the contract; pytest begins with the last base.

    Whichever way the suite was asked for, its tests then run in one order, to one result.
    """
    order = {name: place for place, name in enumerate(suite_tests())}
    places: dict[type, list[int]] = {}
    for place, item in enumerate(items):
        if _clauses_of(item) and _test_name(item) in order:
            places.setdefault(_class_of(item), []).append(place)
    for own in places.values():
        ordered = sorted((items[place] for place in own), key=lambda i: order[_test_name(i)])
        for place, item in zip(own, ordered, strict=True):
            items[place] = item


def altered_tests(cls: type) -> dict[str, str]:
    """Give the tests of the suite that an author's class overrides or removes."""
    from gofannon_conformance.suite import DatabaseServiceContract

    groups = [
        base
        for base in cls.__mro__
        if issubclass(base, ContractTests) and base.__module__.startswith("gofannon_conformance.")
    ]
    found = {}
    for name in {n for group in groups for n in tests_of(group)}:
        original = next(vars(g)[name] for g in DatabaseServiceContract.__mro__ if name in vars(g))
        now = getattr(cls, name, None)
        if now is not original:
            found[name] = "overridden" if callable(now) else "removed"
    return found


def _class_of(item: pytest.Item) -> type:
    return getattr(item, "cls", None) or object


def _clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """Give the clauses that a test of the suite tests; any other test has none."""
    if not issubclass(_class_of(item), ContractTests):
        return ()
    return tuple(i for mark in item.iter_markers(MARKER) for i in mark.args)


def _leaks_in(item: pytest.Item) -> list[Violation]:
    """Give the secrets that were shown since the last test, by whatever call of the target."""
    session = item.stash.get(SESSION, None)
    return session.opened.watch.take() if session is not None else []


def _test_name(item: pytest.Item) -> str:
    return str(getattr(item, "originalname", None) or item.name)


def _owner_and_test(nodeid: str) -> tuple[str, str]:
    """Take a node id of the suite apart; a test of the author's own has no name here.

    >>> _owner_and_test("tests/test_db.py::TestMyDB::test_missing_document_is_404[a::b]")
    ('tests/test_db.py::TestMyDB', 'test_missing_document_is_404')
    """
    parts = nodeid.split("::")
    suite = suite_tests()
    for place, part in enumerate(parts):
        name = part.partition("[")[0]
        if name in suite:
            return "::".join(parts[:place]), name
    return nodeid, ""


def _capabilities(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    known = {}
    for name in ("revisions", "conflicts"):
        claimed = getattr(session.target.capabilities, name)
        seen = session.detected.why(name)
        if claimed is not None or seen:
            known[name] = "claimed" if claimed else "denied" if claimed is False else "detected"
    return {"capabilities": ", ".join(f"{n} ({how})" for n, how in known.items())} if known else {}
