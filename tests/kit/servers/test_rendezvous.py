"""One server for several processes of a run, which know only the run's name.

Each `Rendezvous` stands for a process: the locks are those of open files, not of processes.
"""

import subprocess
import sys
import tempfile
import threading
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from waiting import BOUND, eventually

from gofannon_conformance.servers import Endpoint, NotOurs, Unavailable, rendezvous
from gofannon_conformance.servers.rendezvous import Rendezvous

BORROWER = """
import sys
from gofannon_conformance.servers.rendezvous import Rendezvous
print(Rendezvous(sys.argv[1]).start("couchdb").endpoint.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run: its name, the log of its servers, its folders and the notes in them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    log, numbers = [], count(1)

    def start():
        log.append("started")
        endpoint = Endpoint(
            product="P",
            version="1",
            source="local program",
            url=f"http://127.0.0.1:{next(numbers)}",
            secrets=("s3cret",),
            owned=True,
        )
        return SimpleNamespace(endpoint=endpoint, close=lambda: log.append("closed"))

    monkeypatch.setattr(rendezvous, "provider", lambda name: SimpleNamespace(start=start))
    return SimpleNamespace(
        name=uuid4().hex,
        log=log,
        folders=lambda: list(tmp_path.glob("gofannon-conformance-*")),
        notes=lambda: list(tmp_path.glob("gofannon-conformance-*/*.json")),
    )


def started(run, name="couchdb"):
    process = Rendezvous(run.name)
    return process, process.start(name).endpoint.url


def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_processes_that_start_and_end_at_once_share_one_server(run):
    met, addresses = threading.Barrier(4, timeout=BOUND), []

    def process():
        met.wait()
        mine, address = started(run)
        addresses.append(address)
        met.wait()
        mine.close()

    for thread in [in_thread(process) for _ in range(4)]:
        thread.join()
    assert addresses == [addresses[0]] * 4
    assert run.log == ["started", "closed"]
    assert run.folders() == []


def test_owner_waits_for_borrowers_and_a_process_that_comes_meanwhile_starts_another(run):
    owner, first = started(run)
    borrower, second = started(run)
    assert second == first
    closing = in_thread(owner.close)
    eventually(lambda: run.notes() == [])
    late, third = started(run)
    assert third != first
    assert run.log == ["started", "started"]
    borrower.close()
    closing.join()
    late.close()
    assert run.log == ["started", "started", "closed", "closed"]
    assert run.folders() == []


def test_borrower_that_is_killed_is_not_waited_for(run):
    owner, address = started(run)
    with subprocess.Popen(
        [sys.executable, "-c", BORROWER, run.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as borrower:
        assert borrower.stdout.readline().strip() == address
        borrower.kill()
    owner.close()
    assert run.log == ["started", "closed"]


def test_each_store_and_each_process_after_closing_has_a_server_of_its_own(run):
    for _ in range(2):
        mine, address = started(run)
        assert mine.start("couchdb:pouchdb").endpoint.url != address
        mine.close()
    assert run.log == ["started", "started", "closed", "closed"] * 2


def test_borrower_cannot_stop_the_server(run):
    owner, _ = started(run)
    mine = Rendezvous(run.name)
    server = mine.start("couchdb")
    assert mine.start("couchdb") is server
    assert not server.endpoint.owned
    assert server.endpoint.secrets == ("s3cret",)
    with pytest.raises(NotOurs):
        server.stop()
    [note] = run.notes()
    assert note.stat().st_mode & 0o077 == 0
    mine.close()
    owner.close()


def test_unavailable_server_is_reported_each_time(run, monkeypatch):
    def start():
        raise Unavailable("nothing is there", "install it")

    monkeypatch.setattr(rendezvous, "provider", lambda name: SimpleNamespace(start=start))
    mine = Rendezvous(run.name)
    for _ in range(2):
        with pytest.raises(Unavailable):
            mine.start("couchdb")
    mine.close()


def test_nothing_to_close(run):
    Rendezvous(run.name).close()
    assert run.folders() == []


def test_owner_does_not_wait_for_ever(run, monkeypatch):
    monkeypatch.setattr(rendezvous, "LONGEST_WAIT", 0.0)
    owner, _ = started(run)
    borrower, _ = started(run)
    owner.close()
    assert run.log == ["started", "closed"]
    borrower.close()


def test_lock_that_was_removed_meanwhile_is_taken_again(run, monkeypatch):
    """A lock on a file that its last holder has removed is no lock."""
    mine, flock = Rendezvous(run.name), rendezvous.fcntl.flock
    removals = iter([lambda: mine._path("couchdb", "lock").unlink(), lambda: None])

    def removed_meanwhile(file, how):
        flock(file, how)
        next(removals)()

    monkeypatch.setattr(rendezvous.fcntl, "flock", removed_meanwhile)
    with mine._locked("couchdb"):
        assert mine._path("couchdb", "lock").exists()
    assert list(removals) == []


def test_folder_that_was_removed_meanwhile_is_made_again(run, monkeypatch):
    mine, mkdir = Rendezvous(run.name), Path.mkdir
    calls = []

    def made_and_removed(path, **more):
        mkdir(path, **more)
        calls.append(path)
        if len(calls) == 1:
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", made_and_removed)
    with mine._locked("couchdb"):
        assert len(calls) == 2
