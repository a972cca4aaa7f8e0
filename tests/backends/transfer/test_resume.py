"""Unfinished runs: killed, damaged, or repeated with a different request."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from faulty_services import FailsOnPageThree, Faulty, content, filled

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


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(5), collections=["agents"])
    return tmp_path / "exported"


class Dies(Faulty):
    """Ends the run at a save, before or after it is done, with an error that nothing catches."""

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
def test_a_run_that_ends_at_a_save_is_continued_with_correct_counts(folder, at, after):
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
    assert "This run continued an earlier one" in "\n".join(summary.lines())


def test_a_document_written_by_another_program_meanwhile_is_not_overwritten(folder):
    target = Dies(1, after=False)
    with pytest.raises(Dies.Death):
        import_from(folder, target, options=Options(writers=1))
    target.save("agents", "a0", {"others": True})
    assert import_from(folder, target).total.conflicts == 1
    assert target.get("agents", "a0")["others"] is True


def test_an_interrupted_replacement_is_counted_as_one(folder):
    target = Dies(6, after=True)
    for number in range(5):
        target.save("agents", f"a{number}", {"old": True})
    options = Options(writers=1, overwrite=True)
    with pytest.raises(Dies.Death):
        import_from(folder, target, options=options)
    summary = import_from(folder, target, options=options)
    assert (summary.complete, summary.total.replaced) == (True, 5)


# --- Different requests ---------------------------------------------------------------------------


@pytest.fixture
def unfinished(folder, tmp_path):
    """The target of an import that ended with a conflict; its state is in `state`."""
    target = filled(1)
    target.save("agents", "a0", {"other": 1})
    import_from(folder, target, state=tmp_path / "state", target_name="t")
    return target


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"options": Options(overwrite=True)}, "another overwrite: False, not True"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
        ({"target_name": "u"}, "another target: t, not u"),
    ],
)
def test_a_different_request_is_refused(folder, tmp_path, unfinished, request_, why):
    with pytest.raises(NotAsAskedError, match=why):
        import_from(
            folder, unfinished, state=tmp_path / "state", **{"target_name": "t", **request_}
        )
    assert import_from(folder, unfinished, state=tmp_path / "state", target_name="t").resumed


def test_an_import_of_another_folder_is_refused(tmp_path, unfinished):
    export_to(tmp_path / "other", filled(6), collections=["agents"])
    with pytest.raises(NotAsAskedError, match=r"with another (folder|content)"):
        import_from(tmp_path / "other", unfinished, state=tmp_path / "state", target_name="t")


def test_restart_deletes_the_state(folder, tmp_path, unfinished):
    restart = Options(overwrite=True, restart=True)
    summary = import_from(
        folder, unfinished, state=tmp_path / "state", target_name="t", options=restart
    )
    assert (summary.complete, summary.resumed, summary.total.already_there) == (True, False, 4)
    assert not (tmp_path / "state").exists()


def test_a_state_folder_with_other_files_is_refused(folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    for options in (Options(), Options(restart=True)):
        with pytest.raises(NotAsAskedError, match="not the state of a run"):
            import_from(folder, MemoryDatabaseService(), state=tmp_path / "mine", options=options)
    assert (tmp_path / "mine" / "file").exists()


def test_a_damaged_state_is_refused(folder, tmp_path, unfinished):
    file = tmp_path / "state" / STATE
    whole = file.read_bytes()
    middle = len(whole) // 2
    for damaged in (b"x" * 5000, whole[:middle], whole[:4200] + bytes(9000) + whole[13200:]):
        file.write_bytes(damaged)
        with pytest.raises(NotAsAskedError, match="is damaged"):
            import_from(folder, unfinished, state=tmp_path / "state", target_name="t")


def test_two_runs_with_one_state_are_refused(folder, tmp_path, unfinished):
    export = {"operation": "export", "collections": ["agents"]}
    with State(tmp_path / "state" / STATE, {"collections": []}, restart=True):
        for options in (Options(), Options(restart=True)):
            with pytest.raises(NotAsAskedError, match="another run is using"):
                import_from(folder, unfinished, state=tmp_path / "state", options=options)
    (tmp_path / "x").mkdir()
    with (
        State(tmp_path / "x" / UNFINISHED, export),
        pytest.raises(NotAsAskedError, match="another run is using"),
    ):
        export_to(tmp_path / "x", filled(3))


def test_a_full_disk_ends_the_run_and_it_is_continued(tmp_path, monkeypatch):
    connect = sqlite3.connect

    def small(*given, **named):
        database = connect(*given, **named)
        database.execute("PRAGMA max_page_count = 30")
        return database

    source, target = filled(2_000), MemoryDatabaseService()
    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(StoppedError, match=r"the disk failed.* full"):
        migrate(source, target, state=tmp_path / "state")
    monkeypatch.undo()
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 2_000)


# --- Exports --------------------------------------------------------------------------------------


def half_exported(tmp_path):
    source = FailsOnPageThree()
    source.save("users", "u", {})
    for number in range(9):
        source.save("agents", f"a{number}", {})
    with pytest.raises(StoppedError):
        export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")
    source.page = 100
    return source


def test_an_export_continues_with_the_collections_that_were_not_read(tmp_path):
    source = half_exported(tmp_path)
    source.delete("users", "u")
    summary = export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 10)
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert names == ["agents.jsonl", "manifest.json", "users.jsonl"]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"source_name": "t"}, "another source: s, not t"),
        ({"collections": ["agents"]}, "another collections"),
        ({"options": Options(leave_behind=["n"])}, "another fields left behind"),
    ],
)
def test_a_different_export_into_an_unfinished_one_is_refused(tmp_path, request_, why):
    source = half_exported(tmp_path)
    usual = {"source_name": "s", "collections": ["users", "agents"]}
    with pytest.raises(NotAsAskedError, match=why):
        export_to(tmp_path / "x", source, **{**usual, **request_})


def test_an_export_with_a_damaged_state_is_refused(tmp_path):
    source = half_exported(tmp_path)
    (tmp_path / "x" / UNFINISHED).write_bytes(b"x" * 5000)
    with pytest.raises(NotAsAskedError, match="is damaged"):
        export_to(tmp_path / "x", source, collections=["users", "agents"], source_name="s")


def test_an_export_killed_after_its_manifest_is_finished(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(file, **_):
        if file.name == UNFINISHED:
            raise Killed

    source = filled(3)
    monkeypatch.setattr(operations.Path, "unlink", killed)
    with pytest.raises(Killed):
        export_to(tmp_path / "x", source, collections=["agents"], source_name="s")
    monkeypatch.undo()
    manifest = (tmp_path / "x" / "manifest.json").read_bytes()
    assert export_to(tmp_path / "x", source, collections=["agents"], source_name="s").complete
    assert (tmp_path / "x" / "manifest.json").read_bytes() == manifest
    assert not (tmp_path / "x" / UNFINISHED).exists()


# --- Killed processes -----------------------------------------------------------------------------

PROGRAM = Path(__file__).with_name("killed_migration.py")


def run(kill_at, here):
    command = [sys.executable, str(PROGRAM), str(kill_at), str(here)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


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
