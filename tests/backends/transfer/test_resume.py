"""Unfinished runs: killed, damaged, or repeated with a different request."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from faulty_services import FailsInTheMiddle, Faulty, content, filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import (
    NotAsAskedError,
    Options,
    StoppedError,
    export_to,
    import_from,
    migrate,
    operations,
)
from gofannon_backends.transfer.importer import STATE
from gofannon_backends.transfer.operations import UNFINISHED
from gofannon_backends.transfer.state import State


class Death(BaseException):
    """Ends a run, and nothing catches it."""


class Dies(Faulty):
    """Ends the run at a save, before or after it is done."""

    def __init__(self, at, *, after):
        super().__init__()
        self.at, self.after = at, after

    def save(self, db_name, doc_id, doc):
        if len(self.saves) + 1 == self.at:
            self.at = 0
            if self.after:
                super().save(db_name, doc_id, doc)
            raise Death
        return super().save(db_name, doc_id, doc)


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(5), collections=["agents"])
    return tmp_path / "exported"


@pytest.mark.parametrize(("at", "after"), [(1, False), (3, False), (3, True), (5, True)])
def test_a_run_that_ends_at_a_save_is_continued_with_correct_counts(folder, at, after):
    target = Dies(at, after=after)
    with pytest.raises(Death):
        import_from(folder, target)
    summary = import_from(folder, target)
    assert (summary.complete, summary.resumed) == (True, True)
    assert (summary.total.moved, summary.total.already_there) == (5, 0)
    assert len(target.saves) == 5  # none was saved twice
    assert content(target) == content(filled(5))
    assert "This run continued an earlier one" in "\n".join(summary.lines())


def test_a_document_written_by_another_program_meanwhile_is_not_overwritten(folder):
    target = Dies(1, after=False)
    with pytest.raises(Death):
        import_from(folder, target)
    target.save("agents", "a0", {"others": True})
    assert import_from(folder, target).total.conflicts == 1
    assert target.get("agents", "a0")["others"] is True


def test_an_interrupted_replacement_is_counted_as_one(folder):
    target = Dies(6, after=True)
    for number in range(5):
        target.save("agents", f"a{number}", {"old": True})
    options = Options(overwrite=True)
    with pytest.raises(Death):
        import_from(folder, target, options=options)
    summary = import_from(folder, target, options=options)
    assert (summary.complete, summary.total.replaced) == (True, 5)


# --- Different requests ---------------------------------------------------------------------------


@pytest.fixture
def again(folder, tmp_path):
    """A function that repeats an import with changes; it ended with a conflict before."""
    target = filled(1)
    target.save("agents", "a0", {"other": 1})

    def again(source=folder, **changes):
        usual = {"state": tmp_path / "state", "target_name": "t"}
        return import_from(source, target, **{**usual, **changes})

    assert again().total.conflicts == 1
    return again


def test_a_different_request_is_refused(again, tmp_path):
    export_to(tmp_path / "other", filled(6), collections=["agents"])
    for changes, why in (
        ({"options": Options(overwrite=True)}, "another overwrite: False, not True"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
        ({"target_name": "u"}, "another target: t, not u"),
        ({"source": tmp_path / "other"}, "another folder"),
    ):
        with pytest.raises(NotAsAskedError, match=why):
            again(**changes)
    assert again().resumed


def test_restart_deletes_the_state(again, tmp_path):
    summary = again(options=Options(overwrite=True, restart=True))
    assert (summary.complete, summary.resumed, summary.total.already_there) == (True, False, 4)
    assert not (tmp_path / "state").exists()


def test_a_state_folder_with_other_files_is_refused(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    for options in (Options(), Options(restart=True)):
        with pytest.raises(NotAsAskedError, match="not the state of a run"):
            import_from(folder, MemoryDatabaseService(), state=tmp_path / "mine", options=options)
    assert (tmp_path / "mine" / "file").exists()


def test_a_damaged_state_is_refused(again, tmp_path):
    file = tmp_path / "state" / STATE
    whole = file.read_bytes()
    middle = len(whole) // 2
    for damaged in (b"x" * 5000, whole[:middle], whole[:4200] + bytes(9000) + whole[13200:]):
        file.write_bytes(damaged)
        with pytest.raises(NotAsAskedError, match="is damaged"):
            again()


def test_two_runs_with_one_state_are_refused(again, tmp_path):
    with State(tmp_path / "state" / STATE, {"collections": []}, restart=True):
        for options in (Options(), Options(restart=True)):
            with pytest.raises(NotAsAskedError, match="another run is using"):
                again(options=options)


def test_a_full_disk_ends_the_run_and_it_is_continued(tmp_path, monkeypatch):
    connect = sqlite3.connect

    def small(*given, **named):
        database = connect(*given, **named)
        database.execute("PRAGMA max_page_count = 8")
        return database

    source, target = filled(300), MemoryDatabaseService()
    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(StoppedError, match=r"the disk failed.* full"):
        migrate(source, target, state=tmp_path / "state")
    monkeypatch.undo()
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 300)


# --- Exports --------------------------------------------------------------------------------------


@pytest.fixture
def half_exported(tmp_path):
    """A source of which one collection was exported, and a function that repeats the export."""
    source = FailsInTheMiddle()
    source.save("users", "u", {})
    for number in range(9):
        source.save("agents", f"a{number}", {})

    def again(**changes):
        usual = {"source_name": "s", "collections": ["users", "agents"]}
        return export_to(tmp_path / "x", source, **{**usual, **changes})

    with pytest.raises(StoppedError):
        again()
    source.error = None
    return source, again


def test_an_export_continues_with_the_collections_that_were_not_read(tmp_path, half_exported):
    source, again = half_exported
    source.delete("users", "u")
    summary = again()
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 10)
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert names == ["agents.jsonl", "manifest.json", "users.jsonl"]


def test_a_different_export_into_an_unfinished_one_is_refused(half_exported):
    for changes, why in (
        ({"source_name": "t"}, "another source: s, not t"),
        ({"collections": ["agents"]}, "another collections"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
    ):
        with pytest.raises(NotAsAskedError, match=why):
            half_exported[1](**changes)


def test_an_export_killed_after_its_manifest_is_finished(tmp_path, monkeypatch):
    def killed(file, **_):
        if file.name == UNFINISHED:
            raise Death

    source = filled(3)
    monkeypatch.setattr(operations.Path, "unlink", killed)
    with pytest.raises(Death):
        export_to(tmp_path / "x", source, collections=["agents"])
    monkeypatch.undo()
    manifest = (tmp_path / "x" / "manifest.json").read_bytes()
    assert export_to(tmp_path / "x", source, collections=["agents"]).complete
    assert (tmp_path / "x" / "manifest.json").read_bytes() == manifest
    assert not (tmp_path / "x" / UNFINISHED).exists()


# --- Killed processes -----------------------------------------------------------------------------


@pytest.mark.parametrize("every", [7, 31])
def test_a_migration_killed_again_and_again_loses_and_doubles_nothing(tmp_path, every):
    program = Path(__file__).with_name("killed_migration.py")
    ended = subprocess.run(
        [sys.executable, str(program), str(every), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    kills, *summary = json.loads(ended.stdout)
    assert kills > 1
    assert summary == [True, 41, 0]
    found = {file.name: json.loads(file.read_text()) for file in (tmp_path / "target").iterdir()}
    assert found == {**{f"agents.a{n}": {"n": n} for n in range(40)}, "users.u": {}}
    saves = (tmp_path / "saves").read_text().splitlines()
    assert len(saves) == len(set(saves))
    assert not (tmp_path / "state").exists()
