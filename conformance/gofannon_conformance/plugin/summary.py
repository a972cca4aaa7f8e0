"""Summary: results become accounts, the accounts a report, and the report the exit status."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from gofannon_conformance import __version__
from gofannon_conformance.plugin.items import owner_and_test, suite_tests
from gofannon_conformance.plugin.names import PAYLOAD
from gofannon_conformance.report.model import Outcome, Report
from gofannon_conformance.run.sessions import CleaningUpFailed
from gofannon_conformance.service.time_limit import end_despite_hangs
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Generator

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.plugin.items import Accounts
    from gofannon_conformance.report.accounting import TestData
    from gofannon_conformance.run.options import Options
    from gofannon_conformance.run.sessions import Run


class SummaryHooks:
    """Collects the results of all tests, and makes the report at the end."""

    def __init__(
        self,
        config: pytest.Config,
        contract: Contract,
        options: Options,
        run: Run,
        accounts: Accounts,
    ) -> None:
        self.report: Report | None = None
        self.troubles: list[str] = []
        """What went wrong with the run itself, at its end."""
        self._config = config
        self._contract = contract
        self._options = options
        self._run = run
        self._accounts = accounts
        self._interrupted = False
        self._is_worker = hasattr(config, "workerinput")
        self._began = perf_counter()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the result of a test, which ran here or in a worker, to the account of its class."""
        if self._is_worker:
            return
        data: TestData | None = getattr(report, PAYLOAD, None)
        if data is not None:
            owner, _ = owner_and_test(report.nodeid)
            account = self._accounts[owner]
            account.name = data["target"]["name"]
            account.add(data)
        elif report.when == "call" or not report.passed:
            self._strike_off(report.nodeid)

    def _strike_off(self, nodeid: str) -> None:
        """Remove a test that only has the name of one of the suite, which the controller planned.

        A test of the suite always has a result, unless the run was interrupted in it.
        """
        owner, test = owner_and_test(nodeid)
        account = self._accounts.get(owner)
        if account is None or not test or self._interrupted:
            return
        account.planned.discard(test)
        if not account.planned and not account.results:
            del self._accounts[owner]

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was interrupted."""
        self._interrupted = True

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Close what is open, make the report, write it, and set the exit status by it.

        After an interruption pytest tears down here, and the results are reported all the same.
        """
        try:
            return (yield)
        except CleaningUpFailed as error:
            self.troubles.append(str(error))
            return None
        finally:
            self._finish(session)
            end_despite_hangs(int(session.exitstatus))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the report at the end of an author's own pytest run; with `-q` the verdicts only."""
        if self.report is None or not any(a.results for a in self._accounts.values()):
            return
        from gofannon_conformance.report import summary, terminal

        if self._config.get_verbosity() < 0:
            for target in self.report.targets:
                sentence = summary.verdict_sentence(target, interrupted=self._interrupted)
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

    def _finish(self, session: pytest.Session) -> None:
        try:
            self._run.close_all()
        except Exception as error:  # noqa: BLE001  # the results are reported all the same
            self.troubles.append(f"cleaning up at the end of the run failed: {said(error)}")
        if self._is_worker:
            return
        report = self.report = self._make_report()
        if self._options.json:
            self._write_json(report, Path(self._options.json))
        failed = self.troubles or any(
            result.outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_TESTED)
            for target in report.targets
            for result in target.clauses.values()
            if result.level == "MUST"
            or self._options.strict
            or result.reason.startswith("it is listed")
        )
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _make_report(self) -> Report:
        names = Counter(account.name for account in self._accounts.values())
        targets = []
        for owner, account in self._accounts.items():
            if names[account.name] > 1:
                account.name = f"{account.name} ({owner.partition('::')[0]})"
            dialect = account.target["dialect"] if account.target else "interface"
            contract = self._contract.for_dialect(dialect)
            targets.append(account.report(contract, suite_tests(), self._options.clauses))
        return Report(
            kit=__version__,
            contract=self._contract.version,
            profile=self._options.profile.name,
            seed=self._options.seed,
            started=self._started,
            seconds=round(perf_counter() - self._began, 3),
            targets=tuple(targets),
            interrupted=self._interrupted,
        )

    def _write_json(self, report: Report, path: Path) -> None:
        from gofannon_conformance.report import json as as_json

        try:
            path.write_text(as_json.dumps(report), encoding="utf-8")
        except OSError as error:
            self.troubles.append(f"--json {path}: it could not be written: {said(error)}")
