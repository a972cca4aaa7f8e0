"""Runs on services that hang: they come to their end, with a whole report and the status 1."""

import os
import signal
import subprocess
import sys
import time

import pytest

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


class Waits(Right):
    """Waits for what is to be deleted."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException:
            Path("hanging").touch()
            threading.Event().wait()


class Elsewhere(Waiting):
    """Waits in a thread that Python in its turn waits for at the end of the process."""

    async def delete(self, db_name, doc_id):
        try:
            await super().delete(db_name, doc_id)
        except HTTPException:
            await asyncio.to_thread(threading.Event().wait)


class Closes(Right):
    def close(self):
        threading.Event().wait()


def alone():
    """Waits until no other instance is open."""
    with open("lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Right()


def never():
    threading.Event().wait()
'''

HURRY = """
from dataclasses import replace

from gofannon_conformance.run import profiles
from gofannon_conformance.service import opening, time_limit

opening.OPENING = 3.0
time_limit.AFTER_A_HANG = 1.0
profiles.PROFILES["quick"] = replace(profiles.PROFILES["quick"], longest={longest})
"""

SUBCLASS = """
from gofannon_conformance import DatabaseServiceContract
from hanging import {service}


class TestMyDB(DatabaseServiceContract):
    def connect(self):
        return {service}()
"""


@pytest.fixture
def hanging(author):
    author.writes(HANGING, "hanging.py")
    author.writes(HURRY.format(longest=1.0), "sitecustomize.py")
    author.environment.setenv("PYTHONPATH", str(author.folder))
    return author


@pytest.mark.parametrize("service", ["Waits", "Elsewhere"])
def test_command_tells_what_hung_and_ends_with_1(hanging, service):
    result = hanging.run(f"hanging.py:{service}", clause="DEL,GET-1", report=True)
    assert result.ret == 1
    outcomes = hanging.outcomes()
    assert {c for c, outcome in outcomes.items() if outcome == "fail"} >= {
        "DEL-2",
        "DEL-3",
        "DEL-6",
    }
    assert outcomes["GET-1"] == "pass"
    told = hanging.output_of(result)
    assert "delete() never returned: it did not return within 1 s" in told
    assert f"hanging.py:{service}: not conformant" in told or f"{service}: not conformant" in told


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_tells_it_too(hanging, words):
    if words:
        pytest.importorskip("xdist")
    hanging.writes(SUBCLASS.format(service="Waits"))
    result = hanging.pytest(*words, clause="DEL-1,DEL-2", apart=True)
    assert result.ret == 1
    assert hanging.outcomes() == {"DEL-1": "pass", "DEL-2": "fail", "DEL-6": "fail"}


def test_service_that_is_opened_for_each_test_is_known_to_hang(hanging):
    hanging.writes(SUBCLASS.format(service="Waits") + "    def setup_method(self, method): pass\n")
    result = hanging.pytest(clause="DEL-2", apart=True)
    assert result.ret == 1
    assert "a shorter limit, since delete(" in hanging.output_of(result)


def test_second_instance_that_waits_for_the_first_is_none(hanging):
    result = hanging.run("hanging.py:alone", clause="DUR-1,CON-5,GET-1", report=True)
    assert hanging.outcomes() == {
        "DUR-1": "not applicable", "CON-5": "not applicable", "GET-1": "pass",
    }  # fmt: skip
    assert result.ret == 0


def test_target_that_never_opens_cannot_be_run(hanging):
    result = hanging.run("hanging.py:never", clause="GET-1")
    assert result.ret == 2
    assert "opening it failed: it did not return within 3 s" in hanging.output_of(result)


def test_closing_that_never_ends_is_trouble(hanging):
    result = hanging.run("hanging.py:Closes", clause="GET-1", report=True)
    assert result.ret != 0
    assert "cleaning up after it failed: NoAnswer: it did not return" in hanging.output_of(result)


def test_ctrl_c_ends_a_call_that_hangs(hanging):
    hanging.writes(HURRY.format(longest=600.0), "sitecustomize.py")
    words = ["run", "hanging.py:Waits", "--clause=DEL-2", "--profile=quick"]
    started = subprocess.Popen(
        [sys.executable, "-m", "gofannon_conformance.cli.main", *words],
        cwd=hanging.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    until = time.monotonic() + 60
    while not (hanging.folder / "hanging").exists():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    shown, _ = started.communicate(timeout=60)
    assert started.returncode == 2
    assert "interrupted" in shown
