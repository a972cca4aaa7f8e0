"""The progress display: a line per group in a log, a bar on a terminal."""

import io
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from gofannon_conformance.cli.progress import MARKS_IN_A_LINE, Kind, Progress, kind_of


class Terminal(io.StringIO):
    def isatty(self):
        return True


def data(*clauses, outcome="pass", broken=(), expected=(), limits=()):
    return {
        "clauses": list(clauses),
        "outcome": outcome,
        "failures": [{"clauses": list(broken)}] if broken else [],
        "target": {"expected": dict.fromkeys(expected, "x"), "limits": dict.fromkeys(limits, "x")},
    }


def shown(monkeypatch, stream, *kinds, total=2, **more):
    """Return what is written for tests with these clauses and kinds."""
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress(total, color=False, **more)
    progress.begin("memory, couchdb")
    for number, (clause, kind) in enumerate(kinds):
        progress.start(f"conformance::memory::test_number_{number}")
        progress.advance(data(clause), kind)
        progress.done()
    progress.end()
    return stream.getvalue()


GET = [("GET-1", Kind.PASSED), ("GET-2", Kind.FAILED), ("GET-3", Kind.NOT_APPLICABLE)]


def test_log_file_gets_a_line_for_each_group_and_more_for_a_long_one(monkeypatch):
    long = [("SAVE-1", Kind.PASSED)] * (MARKS_IN_A_LINE + 3)
    kinds = (*GET, ("SAVE-1", Kind.ERROR), *long, ("DEL-1", Kind.EXPECTED))
    assert shown(monkeypatch, io.StringIO(), *kinds).splitlines() == [
        "memory, couchdb",
        "  GET  .F-" + " " * (MARKS_IN_A_LINE - 3) + "  1 passed, 1 failed, 1 n.a.",
        "  SAVE E" + "." * (MARKS_IN_A_LINE - 1),
        "       ...." + " " * (MARKS_IN_A_LINE - 4) + "  29 passed, 1 in error",
        "  DEL  x" + " " * (MARKS_IN_A_LINE - 1) + "  1 expected",
    ]


def test_nothing_ran(monkeypatch):
    assert shown(monkeypatch, io.StringIO(), total=0) == "memory, couchdb\n"


def test_terminal_gets_a_bar_that_goes_away(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    text = shown(monkeypatch, Terminal(), *GET)
    assert "1/2" in text
    assert "2/2" in text
    assert "1 failed" in text
    assert "number 1" in text
    assert "\x1b[2K" in text.splitlines()[-1]


def test_pytests_capture_is_suspended_for_everything_that_is_written(monkeypatch):
    depth = []

    @contextmanager
    def aside():
        depth.append(1)
        yield
        depth.pop()

    class Watched(io.StringIO):
        def write(self, text):
            assert depth
            return super().write(text)

    assert "  GET  .F-" in shown(monkeypatch, Watched(), *GET, aside=aside)


@pytest.mark.parametrize(
    ("failed", "result", "kind"),
    [
        (False, data("GET-1"), Kind.PASSED),
        (False, data("GET-1", outcome="not applicable"), Kind.NOT_APPLICABLE),
        (True, data("GET-1", outcome="not tested"), Kind.NOT_TESTED),
        (True, data("GET-1", outcome="error"), Kind.ERROR),
        (True, data("GET-1", outcome="fail", broken=["GET-1"]), Kind.FAILED),
        (True, data("GET-1", broken=["ERR-4"]), Kind.FAILED),  # a secret was shown
        (
            False,
            data("GET-1", outcome="fail", broken=["GET-1", "X"], expected=["GET-1"], limits=["X"]),
            Kind.EXPECTED,
        ),
        (
            False,
            data("GET-1", outcome="fail", broken=["GET-1", "SAVE-9"], expected=["GET-1"]),
            Kind.FAILED_A_SHOULD,
        ),
    ],
)
def test_kind_of_an_outcome(failed, result, kind):
    assert kind_of(SimpleNamespace(failed=failed), result) is kind
