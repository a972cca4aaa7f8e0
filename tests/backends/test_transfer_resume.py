"""Runs that end before their end: killed, torn, or asked for again in other words."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from transfer_services import GoesAway, Spoils, content, filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import (
    NotAsAskedError,
    Options,
    Outcome,
    StoppedError,
    export_to,
    import_from,
    migrate,
)
from gofannon_backends.transfer.state import Bits, Journal, only_run


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(5), collections=["agents"])
    return tmp_path / "exported"


class Dies(Spoils):
    """Ends the run at a save, before or after it is done, as nothing that is caught would."""

    class Death(BaseException):
        pass

    def __init__(self, at, *, after):
        super().__init__()
        self.at, self.after = at, after

    def save(self, db_name, doc_id, doc):
        if len(self.saves) + 1 == self.at:
            self.at = 0
            if self.after:
                super().save(db_name, doc_id, doc)
            raise self.Death
        return super().save(db_name, doc_id, doc)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_run_that_dies_at_a_save_is_gone_on_with_and_counts_truly(folder, at, after):
    target = Dies(at, after=after)
    one = Options(writers=1)
    with pytest.raises(Dies.Death):
        import_from(folder, target, options=one)
    summary = import_from(folder, target, options=one)
    assert summary.complete
    assert summary.resumed
    assert (summary.total.moved, summary.total.already_there) == (5, 0)
    assert len(target.saves) == 5  # none was saved twice
    assert content(target) == content(filled(5))
    assert "An earlier run was gone on with" in "\n".join(summary.lines())


def test_what_others_wrote_after_a_run_died_is_not_overwritten(folder):
    target = Dies(1, after=False)
    with pytest.raises(Dies.Death):
        import_from(folder, target, options=Options(writers=1))
    target.save("agents", "a0", {"others": True})
    assert import_from(folder, target).total.conflicts == 1
    assert target.get("agents", "a0")["others"] is True


def test_a_replacement_that_died_is_counted_as_one(folder):
    target = Dies(6, after=True)
    for number in range(5):
        target.save("agents", f"a{number}", {"old": True})
    asked = Options(writers=1, overwrite=True)
    with pytest.raises(Dies.Death):
        import_from(folder, target, options=asked)
    summary = import_from(folder, target, options=asked)
    assert (summary.complete, summary.total.replaced) == (True, 5)


@pytest.mark.parametrize(
    "torn", [b"m 0 3", b"m 0", b"\x00\x00\x00\n", b"m 9 3\n", b"m 0 99\n", b"z 0 3\n", b"m 0 x\n"]
)
def test_a_torn_journal_is_cut_where_it_is_torn_and_nothing_is_lost(tmp_path, torn):
    file = tmp_path / "journal"
    file.write_bytes(b"b 0 1\nm 0 1\n" + torn + b"m 0 2\n"[: 0 if torn.endswith(b"\n") else 6])
    journal = Journal(file, [5])
    assert [line for line in range(5) if journal.settled(0, line)] == [1]
    journal.settle(0, 4, Outcome.ALREADY_THERE)
    journal.close()
    journal.settle(0, 2, Outcome.MOVED)  # after closing it is counted and not written
    journal.close()
    assert file.read_bytes() == b"b 0 1\nm 0 1\na 0 4\n"
    again = Journal(file, [5])
    assert again.counts(0) == {Outcome.MOVED: 1, Outcome.REPLACED: 0, Outcome.ALREADY_THERE: 1}
    again.close()


def test_bits_are_apart():
    bits = Bits(20)
    for number in (0, 7, 8, 19):
        bits.add(number)
    bits.remove(8)
    assert [number for number in range(20) if number in bits] == [0, 7, 19]


def test_what_is_taken_back_is_open_again(tmp_path):
    journal = Journal(tmp_path / "journal", [3])
    journal.begin(0, 0, Outcome.REPLACED)
    journal.begin(0, 0, Outcome.MOVED)
    for line, outcome in ((0, Outcome.MOVED), (1, Outcome.ALREADY_THERE), (2, Outcome.MOVED)):
        journal.settle(0, line, outcome)
    for line in (0, 1, 1):
        journal.unsettle(0, line)
    journal.close()
    again = Journal(tmp_path / "journal", [3])
    assert [line for line in range(3) if again.settled(0, line)] == [2]
    assert again.counts(0) == {Outcome.MOVED: 1, Outcome.REPLACED: 0, Outcome.ALREADY_THERE: 0}
    assert again.begun(0, 0) is Outcome.MOVED
    again.close()


def test_the_journal_is_flushed_to_the_disk_as_time_goes_by(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr("gofannon_backends.transfer.state._FLUSH_SECONDS", -1.0)
    monkeypatch.setattr(os, "fsync", flushed.append)
    journal = Journal(tmp_path / "journal", [1])
    journal.begin(0, 0, Outcome.MOVED)
    assert len(flushed) == 1
    journal.close()


# --- Asked for in other words ---------------------------------------------------------------------


@pytest.fixture
def unfinished(folder, tmp_path):
    """A state of an import that ended with a conflict."""
    target = filled(1)
    target.save("agents", "a0", {"other": 1})
    import_from(folder, target, state=tmp_path / "state", target_name="t")
    return target


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"options": Options(overwrite=True)}, "another overwrite: False, and not True"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
        ({"target_name": "u"}, "another target: t, and not u"),
    ],
)
def test_a_run_is_not_gone_on_with_in_other_words(folder, tmp_path, unfinished, asked, why):
    before = (tmp_path / "state" / "journal").read_bytes()
    with pytest.raises(NotAsAskedError, match=why):
        import_from(folder, unfinished, state=tmp_path / "state", **{"target_name": "t", **asked})
    assert (tmp_path / "state" / "journal").read_bytes() == before


def test_nor_is_it_when_the_folder_has_become_another(tmp_path, unfinished):
    export_to(tmp_path / "other", filled(6), collections=["agents"])
    with pytest.raises(NotAsAskedError, match=r"with another (folder|content)"):
        import_from(tmp_path / "other", unfinished, state=tmp_path / "state", target_name="t")


def test_it_can_be_begun_anew(folder, tmp_path, unfinished):
    anew = Options(overwrite=True, restart=True)
    summary = import_from(
        folder, unfinished, state=tmp_path / "state", target_name="t", options=anew
    )
    assert (summary.complete, summary.resumed, summary.total.already_there) == (True, False, 4)
    assert not (tmp_path / "state").exists()


def test_a_state_folder_that_holds_anything_else_is_refused(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    for options in (Options(), Options(restart=True)):
        with pytest.raises(NotAsAskedError, match="not the state of an earlier run"):
            import_from(folder, MemoryDatabaseService(), state=tmp_path / "mine", options=options)
    assert (tmp_path / "mine" / "file").exists()


def test_a_state_that_is_damaged_is_refused(folder, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "run.json").write_text("[]")
    with pytest.raises(NotAsAskedError, match="is damaged"):
        import_from(folder, MemoryDatabaseService(), state=tmp_path / "state")


def test_two_runs_do_not_share_a_state(folder, tmp_path):
    (tmp_path / "state").mkdir()
    with only_run(tmp_path / "state"), pytest.raises(NotAsAskedError, match="another run"):
        import_from(folder, MemoryDatabaseService(), state=tmp_path / "state")


# --- Exports --------------------------------------------------------------------------------------


def half_exported(tmp_path):
    source = GoesAway()
    source.save("users", "u", {})
    for number in range(9):
        source.save("agents", f"a{number}", {})
    with pytest.raises(StoppedError):
        export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")
    source.page = 100
    return source


def test_an_export_goes_on_with_the_collections_that_were_not_read(tmp_path):
    source = half_exported(tmp_path)
    source.delete("users", "u")
    summary = export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 10)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"source_name": "t"}, "another source: s, and not t"),
        ({"collections": ["agents"]}, "another collections"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
    ],
)
def test_an_export_is_not_gone_on_with_in_other_words(tmp_path, asked, why):
    source = half_exported(tmp_path)
    usual = {"source_name": "s", "collections": ["users", "agents"]}
    with pytest.raises(NotAsAskedError, match=why):
        export_to(tmp_path / "x", source, **{**usual, **asked})


def test_an_export_whose_notes_are_damaged_is_refused(tmp_path):
    source = half_exported(tmp_path)
    (tmp_path / "x" / "unfinished-export.json").write_text(
        '{"run": {}, "started": "", "done": {"users": {}}}'
    )
    with pytest.raises(NotAsAskedError, match="is damaged"):
        export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")


def test_an_export_that_was_killed_after_its_manifest_is_finished(tmp_path):
    source = filled(3)
    export_to(tmp_path / "x", source, collections=["agents"], source_name="s")
    run = {
        "operation": "export",
        "source": "s",
        "collections": ["agents"],
        "fields left behind": sorted(Options().left),
    }
    notes = {"run": run, "started": "then", "done": {}}
    (tmp_path / "x" / "unfinished-export.json").write_text(json.dumps(notes))
    summary = export_to(tmp_path / "x", source, collections=["agents"], source_name="s")
    assert summary.complete
    assert not (tmp_path / "x" / "unfinished-export.json").exists()


# --- Killed for real ------------------------------------------------------------------------------

PROGRAM = Path(__file__).with_name("transfer_killed.py")


def run(kill_at, here):
    command = [sys.executable, str(PROGRAM), str(kill_at), str(here)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("kill_every", [7, 31])
def test_a_migration_killed_again_and_again_loses_and_doubles_nothing(tmp_path, kill_every):
    (tmp_path / "target").mkdir()
    kills = 0
    for kill_at in [*range(kill_every, 8 * kill_every, kill_every), 100_000]:
        ended = run(kill_at, tmp_path)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        kills += 1
    complete, moved, already = json.loads(ended.stdout)
    assert kills > 1
    assert (complete, moved, already) == (True, 41, 0)
    found = {file.name: json.loads(file.read_text()) for file in (tmp_path / "target").iterdir()}
    assert found == {**{f"agents.a{n}": {"n": n} for n in range(40)}, "users.u": {}}
    saves = (tmp_path / "saves").read_text().splitlines()
    assert len(saves) == len(set(saves))
    assert not (tmp_path / "state").exists()


def test_a_migration_is_not_begun_again_when_it_was_killed_at_the_very_end(tmp_path):
    source, target = filled(3), MemoryDatabaseService()
    migrate(source, target, state=tmp_path / "state")
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.total.already_there) == (True, 3)
