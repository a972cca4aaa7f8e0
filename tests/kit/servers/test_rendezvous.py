"""One server for several processes of a run, which know only the run's name."""

import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from gofannon_conformance.servers import NotOurs, Unavailable, rendezvous
from gofannon_conformance.servers.rendezvous import Rendezvous

WORKER = Path(__file__).with_name("rendezvous_worker.py")
BOUND = 60


class Worker:
    """Another process of the run."""

    def __init__(self, run, log, name):
        self.process = subprocess.Popen(
            [sys.executable, WORKER, run, log, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self):
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def meeting(tmp_path, monkeypatch):
    """A run: `begin()` starts a process of it, `log()` returns what its servers logged."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    run, log, workers = uuid4().hex, tmp_path / "log", []
    log.touch()

    def begin(name="couchdb"):
        workers.append(Worker(run, log, name))
        return workers[-1]

    yield SimpleNamespace(
        run=run,
        begin=begin,
        log=lambda: [line.split()[0] for line in log.read_text().splitlines()],
        folders=lambda: list(tmp_path.glob("gofannon-conformance-*")),
    )
    for worker in workers:
        worker.process.kill()
        worker.process.communicate(timeout=BOUND)


def ended(worker):
    assert worker.line() == "closed"
    assert worker.process.wait(BOUND) == 0


def test_processes_that_start_at_once_share_one_server(meeting):
    workers = [meeting.begin() for _ in range(4)]
    assert len({worker.line() for worker in workers}) == 1
    for worker in workers:
        worker.close()
    for worker in workers:
        ended(worker)
    assert meeting.log() == ["started", "closed"]
    assert meeting.folders() == []


def test_owner_waits_for_borrowers(meeting):
    owner = meeting.begin()
    address = owner.line()
    borrower = meeting.begin()
    assert borrower.line() == address
    owner.close()
    with pytest.raises(subprocess.TimeoutExpired):
        owner.process.wait(0.5)
    assert meeting.log() == ["started"]
    borrower.close()
    ended(borrower)
    ended(owner)
    assert meeting.log() == ["started", "closed"]


def test_borrower_that_is_killed_is_not_waited_for(meeting):
    owner, borrower = meeting.begin(), None
    owner.line()
    borrower = meeting.begin()
    borrower.line()
    borrower.process.kill()
    owner.close()
    ended(owner)
    assert meeting.log() == ["started", "closed"]


def test_each_store_has_a_server_of_its_own(meeting):
    workers = [meeting.begin("couchdb"), meeting.begin("couchdb:pouchdb")]
    assert len({worker.line() for worker in workers}) == 2


def test_process_that_comes_after_closing_starts_another(meeting):
    for _ in range(2):
        worker = meeting.begin()
        worker.line()
        worker.close()
        ended(worker)
    assert meeting.log() == ["started", "closed"] * 2


def test_process_that_comes_while_the_owner_waits_starts_another(meeting):
    owner, borrower = meeting.begin(), None
    owner.line()
    borrower = meeting.begin()
    borrower.line()
    owner.close()
    with pytest.raises(subprocess.TimeoutExpired):
        owner.process.wait(0.3)
    late = meeting.begin()
    late.line()
    for worker in (borrower, late):
        worker.close()
    for worker in (borrower, owner, late):
        ended(worker)
    assert sorted(meeting.log()) == ["closed", "closed", "started", "started"]
    assert meeting.folders() == []


def test_borrower_cannot_stop_the_server(meeting):
    owner = meeting.begin()
    owner.line()
    mine = Rendezvous(meeting.run)
    server = mine.start("couchdb")
    assert mine.start("couchdb") is server
    assert not server.endpoint.owned
    assert server.endpoint.secrets == ("s3cret",)
    with pytest.raises(NotOurs):
        server.stop()
    [note] = meeting.folders()[0].glob("*.json")
    assert note.stat().st_mode & 0o077 == 0
    mine.close()


def test_unavailable_server_is_reported_each_time(meeting, monkeypatch):
    def start():
        raise Unavailable("nothing is there", "install it")

    monkeypatch.setattr(rendezvous, "provider", lambda name: SimpleNamespace(start=start))
    mine = Rendezvous(meeting.run)
    for _ in range(2):
        with pytest.raises(Unavailable):
            mine.start("couchdb")
    mine.close()


def test_nothing_to_close(meeting):
    Rendezvous(meeting.run).close()
    assert meeting.folders() == []


def test_owner_does_not_wait_for_ever(meeting, monkeypatch):
    monkeypatch.setattr(rendezvous, "LONGEST_WAIT", 0.2)
    closed = []
    endpoint = SimpleNamespace(to_json=lambda: ENDPOINT)
    server = SimpleNamespace(endpoint=endpoint, close=lambda: closed.append(True))
    monkeypatch.setattr(rendezvous, "provider", lambda name: SimpleNamespace(start=lambda: server))
    mine = Rendezvous(meeting.run)
    mine.start("couchdb")
    borrower = meeting.begin()
    borrower.line()
    mine.close()
    assert closed == [True]


ENDPOINT = '{"product": "P", "version": "1", "source": "x", "url": "http://u", "secrets": []}'


def test_lock_that_was_removed_meanwhile_is_taken_again(meeting, monkeypatch):
    """A lock on a file that its last holder has removed is no lock."""
    mine, flock = Rendezvous(meeting.run), rendezvous.fcntl.flock
    removals = iter([lambda: mine._path("couchdb", "lock").unlink(), lambda: None])

    def removed_meanwhile(file, how):
        flock(file, how)
        next(removals)()

    monkeypatch.setattr(rendezvous.fcntl, "flock", removed_meanwhile)
    with mine._locked("couchdb"):
        assert mine._path("couchdb", "lock").exists()
    assert list(removals) == []


def test_folder_that_was_removed_meanwhile_is_made_again(meeting, monkeypatch):
    mine, mkdir = Rendezvous(meeting.run), Path.mkdir
    calls = []

    def made_and_removed(path, **more):
        mkdir(path, **more)
        calls.append(path)
        if len(calls) == 1:
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", made_and_removed)
    with mine._locked("couchdb"):
        assert len(calls) == 2
