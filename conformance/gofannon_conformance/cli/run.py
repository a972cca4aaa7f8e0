"""`gofannon-conformance run`: pytest runs the suite alone, with the kit's own progress display."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance.cli.progress import Progress, kind_of
from gofannon_conformance.plugin.names import NAME, PAYLOAD
from gofannon_conformance.report import terminal
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.interrupts import terminated_as_interrupted
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from gofannon_conformance.plugin.session import SessionPlugin
    from gofannon_conformance.report.accounting import TestData
    from gofannon_conformance.report.model import Report

CONFORMANT, NOT_CONFORMANT, NOT_RUN = 0, 1, 2


def run_targets(
    targets: tuple[str, ...],
    *,
    profile: str,
    seed: str | None,
    clauses: tuple[str, ...],
    dialect: str | None,
    strict: bool,
    json_file: str | None,
    example: str | None,
    servers: tuple[str, ...],
    color: bool | None,
) -> int:
    """Run the suite on some targets, show the report, and return the exit status."""
    arguments = [f"--conformance={target}" for target in targets]
    arguments += [f"--conformance-clause={clause}" for clause in clauses]
    arguments += [f"--conformance-server={server}" for server in servers]
    for option, value in (
        ("profile", profile),
        ("seed", seed),
        ("dialect", dialect),
        ("example", example),
        ("json", json_file),
    ):
        if value is not None:
            arguments.append(f"--conformance-{option}={value}")
    if strict:
        arguments.append("--conformance-strict")
    colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ if color is None else color
    plugin = RunPlugin(color=colored)
    with _apart_from_the_authors_pytest(), terminated_as_interrupted():
        status = pytest.main([*_ALONE, *arguments], plugins=[plugin])
    if plugin.refused:
        raise UsageError(plugin.refused)
    if plugin.session is None or plugin.session.report is None:
        raise UsageError(f"pytest stopped before the run began (its exit status was {int(status)})")
    report = plugin.session.report
    plugin.show(report)
    if plugin.session.troubles:
        raise UsageError("; ".join(plugin.session.troubles))
    return _exit_status(report, strict=strict)


_ALONE = (
    "-p", "gofannon_conformance.plugin.entry", "-p", "no:terminal", "-p", "no:cacheprovider",
    "-p", "no:faulthandler", "-p", "no:junitxml", "-p", "no:doctest", "-p", "no:unittest",
    "-p", "no:logging", "-p", "no:unraisableexception", "-p", "no:threadexception",
    "-p", "no:warnings", "-p", "no:pastebin", "-p", "no:stepwise",
    "--noconftest", "-c", os.devnull, "--rootdir", ".", "--capture=fd",
)  # fmt: skip
"""The author's configuration, conftest files and plugins do not affect this run."""


class RunPlugin:
    """A pytest plugin that collects only the suite, and shows the progress of the run."""

    def __init__(self, *, color: bool) -> None:
        self.color = color
        self.session: SessionPlugin | None = None
        self.refused = ""
        self._progress: Any = None

    @pytest.hookimpl(wrapper=True)
    def pytest_cmdline_main(self) -> Generator[None, Any, Any]:
        """Keep the error of a run that cannot start, for one line in the kit's own words."""
        try:
            return (yield)
        except pytest.UsageError as error:
            self.refused = str(error)
            return pytest.ExitCode.USAGE_ERROR

    def pytest_configure(self, config: pytest.Config) -> None:
        """Collect no files: the kit's own plugin adds the suite."""
        config.args = []

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[Any]) -> None:
        """Show where the kit itself failed: no other plugin is there to do so."""
        sys.stderr.write(f"{excrepr}\n")
        self.refused = f"the kit itself failed, as shown above: {said(excinfo.value)}"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong while the suite was collected: it is the kit's own mistake."""
        if report.failed:
            self.refused = f"the suite could not be collected: {report.longreprtext}"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open every target before the first test, so that one that cannot be opened is told."""
        self.session = session.config.pluginmanager.get_plugin(NAME)
        assert self.session is not None  # noqa: S101  # `--conformance` has loaded it
        capture: Any = session.config.pluginmanager.get_plugin("capturemanager")
        self._progress = Progress(
            len(session.items), color=self.color, aside=capture.global_and_fixture_disabled
        )
        try:
            self.session.open_targets()
        except UsageError as error:
            self.refused = str(error)
            pytest.exit(str(error), returncode=NOT_RUN)
        options = self.session.options
        tests = f"{len(session.items)} test{'s' * (len(session.items) != 1)}"
        names = ", ".join(target.name for target in self.session.targets)
        self._progress.begin(
            f"{names}: {tests}, profile {options.profile.name}, seed {options.seed}"
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which test begins."""
        self._progress.start(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show that a test has ended."""
        data: TestData | None = getattr(report, PAYLOAD, None)
        if data is not None:
            self._progress.advance(data, kind_of(report, data))
            if data["outcome"] == Outcome.ERROR and data["reason"].startswith("--"):
                self.refused = data["reason"]  # an option's value that only the test can judge
        if report.when == "teardown":
            self._progress.done()

    def pytest_sessionfinish(self) -> None:
        """Take the progress away."""
        if self._progress is not None:
            self._progress.end()

    def show(self, report: Report) -> None:
        """Print the report."""
        width = 80
        if sys.stdout.isatty():
            with contextlib.suppress(OSError):
                width = min(os.get_terminal_size().columns, 100)
        ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
        text = terminal.render(report, width=width, color=self.color, ascii=ascii_only)
        sys.stdout.write(text)
        sys.stdout.flush()


def _exit_status(report: Report, *, strict: bool) -> int:
    ran = [
        any(result.outcome != Outcome.NOT_TESTED for result in target.clauses.values())
        for target in report.targets
    ]
    if report.interrupted or not ran or not all(ran):
        return NOT_RUN  # a run that executed nothing has shown nothing
    wanted = ("strict",) if strict else ("strict", "conformant")
    verdicts = [target.verdict for target in report.targets]
    return CONFORMANT if all(v in wanted for v in verdicts) else NOT_CONFORMANT


@contextlib.contextmanager
def _apart_from_the_authors_pytest() -> Iterator[None]:
    """Keep pytest's settings and the installed plugins out of the run, and the folder clean."""
    settings = {
        "PYTEST_ADDOPTS": None,
        "PYTEST_PLUGINS": None,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY", _cache()),
    }
    before = {name: os.environ.get(name) for name in settings}
    _set(settings)
    try:
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _cache() -> str:
    """Return the folder in which Hypothesis keeps its tables of Unicode, which cost it a second."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return str(Path(home or Path.home() / ".cache") / "gofannon-conformance" / "hypothesis")
