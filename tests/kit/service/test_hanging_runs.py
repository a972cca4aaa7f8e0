"""Runs on services that hang: they come to their end, with a whole report and the status 1."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import waiting
from waiting import Clock, eventually

from gofannon_conformance.plugin import summary
from gofannon_conformance.service import time_limit

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGURG"), reason="no signal can break a call off"
)

HANGING = '''
import asyncio
import fcntl
import threading
from pathlib import Path

from fastapi import HTTPException

from gofannon_conformance.mutants.right import Right, Waiting
from gofannon_conformance.service import time_limit


def pass_an_hour():
    """Let time pass, if it is the test's clock that counts."""
    Path("hanging").touch()
    getattr(time_limit.monotonic, "sleep", int)(3600)


def never():
    pass_an_hour()
    threading.Event().wait()


class Waits(Right):
    """Waits for what is to be deleted."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException:
            never()


class Elsewhere(Waiting):
    """Waits in a thread that Python in its turn waits for at the end of the process."""

    async def delete(self, db_name, doc_id):
        try:
            await super().delete(db_name, doc_id)
        except HTTPException:
            pass_an_hour()
            await asyncio.to_thread(threading.Event().wait)


class Closes(Right):
    def close(self):
        never()


def alone():
    """Waits until no other instance is open."""
    with open("lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            never()
        yield Right()
'''

HURRY = """
from gofannon_conformance.service import time_limit
from waiting import Clock

time_limit.monotonic, time_limit.LOOKING = Clock(), 0.01
"""
"""What `sitecustomize` does in a process of its own."""


@pytest.fixture
def hanging(author, monkeypatch):
    """Give an author whose services hang: time passes only where they do, in any process."""
    monkeypatch.setattr(time_limit, "monotonic", Clock())
    monkeypatch.setattr(time_limit, "LOOKING", 0.01)
    monkeypatch.setattr(summary, "end_despite_hangs", lambda status: None)
    author.writes(HANGING, "hanging.py")
    author.writes(HURRY, "sitecustomize.py")
    monkeypatch.setenv("PYTHONPATH", f"{author.folder}{os.pathsep}{Path(waiting.__file__).parent}")
    return author


@pytest.mark.parametrize("service", ["Waits", "Elsewhere"])
def test_command_tells_what_hung_and_ends_with_1(hanging, service):
    apart = service == "Elsewhere"  # such a thread would outlive the test
    result = hanging.run(f"hanging.py:{service}", clause="DEL,GET-1", report=True, apart=apart)
    assert result.ret == 1
    outcomes = hanging.outcomes()
    failed = {clause for clause, outcome in outcomes.items() if outcome == "fail"}
    assert failed >= {"DEL-2", "DEL-3", "DEL-6"}
    assert outcomes["GET-1"] == "pass"
    told = hanging.output_of(result)
    assert "delete() never returned: it did not return within 20 s" in told
    assert f"{service}: not conformant" in told


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_tells_it_too(hanging, words):
    if words:
        pytest.importorskip("xdist")
    hanging.subclasses("Waits", "    def setup_method(self, method): pass\n")
    hanging.writes("from hanging import *\n", "stores.py")
    result = hanging.pytest(*words, clause="DEL-1,DEL-2")
    assert result.ret == 1
    assert hanging.outcomes() == {"DEL-1": "pass", "DEL-2": "fail", "DEL-6": "fail"}
    assert words or "a shorter limit, since delete(" in hanging.output_of(result)


def test_second_instance_that_waits_for_the_first_is_none(hanging):
    result = hanging.run("hanging.py:alone", clause="DUR-1,CON-5,GET-1", report=True)
    assert hanging.outcomes() == {
        "DUR-1": "not applicable", "CON-5": "not applicable", "GET-1": "pass",
    }  # fmt: skip
    assert result.ret == 0


def test_target_that_never_opens_cannot_be_run(hanging):
    result = hanging.run("hanging.py:never", clause="GET-1")
    assert result.ret == 2
    assert "opening it failed: it did not return within 300 s" in hanging.output_of(result)


def test_closing_that_never_ends_is_trouble(hanging):
    result = hanging.run("hanging.py:Closes", clause="GET-1", report=True)
    assert result.ret != 0
    assert "cleaning up after it failed: NoAnswer: it did not return" in hanging.output_of(result)


def test_ctrl_c_ends_a_call_that_hangs(hanging):
    hanging.writes("", "sitecustomize.py")  # the real clock, and two minutes for a call
    words = ["run", "hanging.py:Waits", "--clause=DEL-2", "--profile=thorough"]
    started = subprocess.Popen(
        [sys.executable, "-m", "gofannon_conformance.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: (hanging.folder / "hanging").exists() or started.poll() is not None)
    started.send_signal(signal.SIGINT)
    shown, _ = started.communicate()
    assert started.returncode == 2
    assert "interrupted" in shown
