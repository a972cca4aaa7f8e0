"""`run` as a program: apart from the author's pytest, with a progress, refusing in one line."""

import os
import pty
import re
import subprocess
import sys
from fnmatch import fnmatch

import pytest

REFUSED = {
    "profile": (["run", "memory", "--profile=quikc"], "*'quikc'; did you mean 'quick'?"),
    "dialect": (["run", "memory", "--dialect=overvew"], "*'overvew'*overview*"),
    "server": (["run", "memory", "--server=cuchdb"], "*'cuchdb'; did you mean 'couchdb'?"),
    "target": (["run", "memry"], "memry: no target*did you mean 'memory'?*"),
    "no target": (["run", ""], "no target was given*"),
    "attribute": (["run", "stores.py:Rigth"], "*no attribute 'Rigth'; did you mean 'Right'?"),
    "file": (["run", "nowhere.py:make"], "*there is no file nowhere.py"),
    "clause": (["run", "memory", "--clause=GTE-3"], "*'GTE-3'; did you mean GET-3*"),
    "empty clause": (["run", "memory", "--clause="], "--clause: no clause was named"),
    "seed": (["run", "memory", "--seed=x"], "--seed takes a whole number, not 'x'"),
    "example": (["run", "memory", "--example=test_list_order"], "*no test 'test_list_order'*"),
    "example left out": (
        ["run", "memory", "--clause=DEL", "--example=test_missing_document_is_404:x"],
        "*'test_missing_document_is_404' is not among the tests selected",
    ),
    "example of nothing": (
        ["run", "memory", "--example=test_any_document_comes_back:blob"],
        "--example 'blob' is no example of this kit*",
    ),
    "folder of json": (["run", "memory", "--json=no/where.json"], "*there is no folder no"),
    "json is a folder": (["run", "memory", "--json=."], "--json .: that is a folder*"),
    "twice": (["run", "memory", "memory"], "two targets are called 'memory'*"),
    "raises at import": (["run", "broken.py:x"], "*importing broken.py failed: ValueError: no*"),
    "raises when opened": (["run", "stores.py:raising"], "*opening it failed: RuntimeError: *"),
    "no service": (["run", "stores.py:no_service"], "*which is no service: it has none of*"),
    "clauses": (["clauses", "GTE-3"], "*'GTE-3'; did you mean GET-3*"),
    "clauses twice": (["clauses", "--json", "--markdown"], "--json and --markdown exclude*"),
    "store": (["doctor", "cuchdb"], "*cuchdb*"),
}


@pytest.mark.parametrize(("words", "line"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_run_is_refused_in_one_line(author, words, line):
    author.writes("raise ValueError('no')\n", "broken.py")
    result = author.kit(*words)
    assert result.ret == 2
    assert result.outlines == []
    *before, last = result.errlines
    assert fnmatch(last, f"gofannon-conformance: {line}"), last
    assert all(line.startswith(("memory: 1 test, ", "  GET  E")) for line in before)


def test_mistake_of_the_kits_own_is_shown_and_is_no_verdict(author):
    author.writes(
        "import gofannon_conformance.plugin.outcome as outcome\n"
        "from stores import Right\n"
        "def broken(*_): raise LookupError('the kit is broken')\n"
        "outcome.judged = outcome.judged_with_hang = broken\n",
        "target.py",
    )
    result = author.run("target.py:Right", clause="GET-3", apart=True)
    assert result.ret == 2
    result.stderr.fnmatch_lines(
        ["*Traceback*", "gofannon-conformance: the kit itself failed, *LookupError: the kit is*"]
    )


def test_authors_pytest_has_no_say(author):
    author.writes("[pytest]\naddopts = --no-such-option\n", "pytest.ini")
    author.writes("raise RuntimeError('loaded')\n", "conftest.py")
    author.writes("raise RuntimeError('collected')\n", "test_broken.py")
    author.environment.setenv("PYTEST_ADDOPTS", "--no-such-option")
    author.environment.setenv("PYTEST_PLUGINS", "no_such_plugin")
    result = author.run("stores.py:Right", "--color", clause="GET-3")
    assert result.ret == 0, result.stderr.str()
    assert "\x1b[" in result.stdout.str()


def test_target_that_fails_to_clean_up_is_reported(author):
    result = author.run("stores.py:failing_to_clean_up", clause="GET-3")
    assert result.ret == 1
    assert "cleaning up after it failed: RuntimeError: cannot let go" in author.output_of(result)
    assert "Traceback" not in author.output_of(result)
    assert "\x1b[" not in result.stdout.str()


def test_progress_in_a_log_is_a_line_for_each_group_within_80_columns(author):
    result = author.run("stores.py:Touches", clause="GET,SAVE-1,SAVE-9,LIST")
    first, *lines = result.stderr.lines
    assert re.fullmatch(r"Touches: \d+ tests, profile quick, seed 1", first)
    assert [line.split()[0] for line in lines[:3]] == ["GET", "SAVE", "LIST"]
    assert max(map(len, lines)) < 80
    (save,) = (line for line in lines if "SAVE" in line)
    assert re.fullmatch(r"  SAVE [.f-]+ +\d+ passed, \d SHOULD failed(, \d n.a.)?", save)


def test_on_a_terminal_there_is_a_bar_that_goes_away_and_without_its_letters_ascii(author):
    ours, theirs = pty.openpty()
    words = ["run", "stores.py:Silent", "--clause=DEL-2,DEL-3"]
    done = subprocess.run(
        [sys.executable, "-m", "gofannon_conformance.cli.main", *words],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        text=True,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    assert done.returncode == 1
    assert "missing document" in shown
    assert "failed" in shown
    assert re.search(r"\d/\d", shown)
    assert "\x1b[2K" in shown  # what was drawn last is wiped out
    assert "Silent: not conformant" in " ".join(done.stdout.split())
    assert done.stdout.isascii()
