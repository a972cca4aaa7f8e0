"""What the kit's own tests share: an author's folder, the command, and pytest, run in it."""

import json
import os
import sys
from pathlib import Path

import authors
import pytest
from click.testing import CliRunner

from gofannon_conformance.cli.main import main
from gofannon_conformance.plugin import session  # noqa: F401  # so that each run need not load it

QUICK = ("--conformance-profile=quick", "--conformance-seed=1")


class Author:
    """An author at work: a folder with stores and tests in it, and the two ways to run the kit."""

    def __init__(self, pytester, monkeypatch, cache):
        self.pytester = pytester
        self.folder = pytester.path
        self.environment = monkeypatch
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
        # Coverage makes a process take three times as long, and would measure what others do.
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        pytester.makepyfile(stores=authors.STORES)
        pytester.syspathinsert()

    def writes(self, text, name="test_mine.py"):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def subclasses(self, store="Right", body=""):
        self.writes(authors.SUBCLASS.format(store=store) + body)

    def kit(self, *words, apart=False):
        """Run the command in this process, which is much faster, or in one of its own."""
        if apart:
            command = (sys.executable, "-m", "gofannon_conformance.cli.main")
            return self.pytester.run(*command, *words, timeout=120)
        shown = self.kit_here(*words)
        lines = (text.splitlines() for text in (shown.stdout, shown.stderr))
        return pytest.RunResult(shown.exit_code, *lines, duration=0)

    def kit_here(self, *words):
        """Run the command in this process; give its click result."""
        return CliRunner().invoke(main, words, catch_exceptions=False)

    def run(self, target, *words, clause=None, report=False, apart=False):
        """Run `gofannon-conformance run` in the quick profile."""
        more = [f"--clause={clause}"] if clause else []
        more += ["--json=report.json"] if report else []
        return self.kit("run", target, "--profile=quick", "--seed=1", *more, *words, apart=apart)

    def pytest(self, *words, clause=None, report=True, apart=False):
        """Run pytest; in a process of its own where its settings would outlive it."""
        more = [f"--conformance-clause={clause}"] if clause else []
        more += ["--conformance-json=report.json"] if report else []
        if apart or "-n" in words:
            return self.pytester.runpytest_subprocess(*QUICK, *more, *words, timeout=120)
        return self.pytester.runpytest_inprocess(*QUICK, *more, *words)

    def output_of(self, result):
        """Return what a run printed, without the breaks that the width of a terminal makes."""
        return " ".join(f"{result.stdout.str()} {result.stderr.str()}".split())

    def shell(self, command):
        """Run a command as a failure printed it."""
        return self.pytester.run("/bin/sh", "-c", command, timeout=120)

    def report(self):
        """Return the report that the last run wrote."""
        return json.loads((self.folder / "report.json").read_text())

    def clauses(self):
        """Return the clauses of the only target in the report."""
        (target,) = self.report()["targets"]
        return target["clauses"]

    def outcomes(self):
        return {clause: result["outcome"] for clause, result in self.clauses().items()}


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A folder for the tables of Hypothesis, which all workers share: they take seconds."""
    shared = tmp_path_factory.getbasetemp().parent / "hypothesis"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture
def author(pytester, monkeypatch, cache):
    return Author(pytester, monkeypatch, cache)
