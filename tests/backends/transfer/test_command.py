"""The command `gofannon-data`: arguments, output, exit status."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from faulty_services import filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import (
    Bars,
    Lines,
    arguments,
    export_to,
    import_from,
    shown,
    writer,
)
from gofannon_backends.transfer.cli import main

SETTINGS = ("DATABASE_", "COUCHDB_", "DYNAMODB_", "POSTGRES_", "GOOGLE_", "FIRESTORE_", "AWS_")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def collection():
    return f"moved-{uuid4().hex}"


@pytest.fixture
def folder(tmp_path, collection):
    export_to(tmp_path / "exported", filled(5, collection), collections=[collection])
    return tmp_path / "exported"


@pytest.fixture
def postgresql(postgresql_url, collection):
    """A service on the address that the command is given; the collection is dropped at the end."""
    from gofannon_backends.postgresql import PostgreSQLService

    with PostgreSQLService(postgresql_url) as service:
        yield service
        service.drop(collection)


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def refused(*arguments, why, status=2):
    ended = run(*arguments)
    assert ended.exit_code == status, ended.output
    assert why in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


# --- There and back -------------------------------------------------------------------------------


def test_a_folder_is_imported_and_exported(
    folder, tmp_path, collection, postgresql, postgresql_url
):
    ended = run("import", folder, "--to", postgresql_url, "--quiet")
    assert ended.exit_code == 0, ended.output
    assert "Complete: 5 documents, each one verified in the target." in ended.stdout
    assert len(postgresql.list_all(collection)) == 5
    back = tmp_path / "back"
    ended = run("export", back, "--from", postgresql_url, "--collection", collection)
    assert ended.exit_code == 0, ended.output
    assert f"reading {collection}: 5 documents" in ended.stderr
    name = json.loads((back / "manifest.json").read_text())["collections"][collection]["file"]
    assert sorted((back / name).read_text()) == sorted((folder / name).read_text())


def test_a_path_as_source_or_target_of_a_migration_is_an_import_or_an_export(
    folder, collection, postgresql, postgresql_url
):
    assert run("migrate", "exported", postgresql_url).exit_code == 0
    ended = run("migrate", postgresql_url, "./new", "--collection", collection)
    assert ended.exit_code == 0
    assert Path("new/manifest.json").exists()


def test_a_store_is_migrated_to_another(
    double, monkeypatch, collection, postgresql, postgresql_url
):
    for number in range(3):
        double.put(collection, f"a{number}", {"n": number})
    monkeypatch.setenv("COUCHDB_URL", double.url)
    monkeypatch.setenv("COUCHDB_USER", "joe")
    monkeypatch.setenv("COUCHDB_PASSWORD", "s3cret@word/")
    ended = run("migrate", "couchdb", postgresql_url, "--collection", collection)
    assert ended.exit_code == 0, ended.output
    assert "s3cret" not in ended.output
    assert sorted(one["n"] for one in postgresql.list_all(collection)) == [0, 1, 2]
    assert list(Path().iterdir()) == []


def test_a_migration_of_a_store_onto_itself_is_refused(
    folder, collection, postgresql, postgresql_url
):
    import_from(folder, postgresql)
    other = postgresql_url + ("&" if "?" in postgresql_url else "?") + "application_name=other"
    refused(
        "migrate",
        postgresql_url,
        other,
        "--collection",
        collection,
        why="source and target are the same",
    )


def test_a_conflict_is_exit_status_1(folder, collection, postgresql, postgresql_url):
    postgresql.save(collection, "a1", {"mine": True})
    ended = run("import", folder, "--to", postgresql_url, "--state", "state")
    assert ended.exit_code == 1
    assert f"conflict: {collection} 'a1'" in ended.stdout
    assert "NOT complete" in ended.stdout
    ended = run("import", folder, "--to", postgresql_url, "--dry-run", "--quiet")
    assert ended.exit_code == 1
    assert "Nothing was written." in ended.stdout
    refused(
        *("import", folder, "--to", postgresql_url, "--state", "state", "--overwrite"),
        why="--restart",
    )
    again = run(
        *("import", folder, "--to", postgresql_url, "--state", "state"),
        *("--overwrite", "--restart", "--writers", 2),
    )
    assert again.exit_code == 0
    assert postgresql.get(collection, "a1")["n"] == 1


def test_settings_come_from_the_environment_or_from_a_file(
    folder, collection, postgresql, postgresql_url, monkeypatch
):
    Path("old.env").write_text(f"OTHER=1\nPOSTGRES_URL='{postgresql_url}'\n")
    monkeypatch.setenv("POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert run("import", folder, "--to", "postgresql@old.env").exit_code == 0
    refused(
        *("export", "x", "--from", "postgresql", "--collection", collection, "--quiet"),
        why="the source failed",
        status=1,
    )
    monkeypatch.setenv("POSTGRES_URL", postgresql_url)
    monkeypatch.setenv("DATABASE_PROVIDER", "postgresql")
    assert run("export", "y", "--collection", collection).exit_code == 0


# --- Refused requests -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["export", "x"], "the memory backend of this process is empty"),
        (["export", "x", "--from", "memory"], "the memory backend of this process is empty"),
        (["export", "x", "--from", "couchbd"], "'couchbd' is neither a provider (couchdb, "),
        (["export", "x", "--from", "couchdb"], "COUCHDB_URL"),
        (["export", "x", "--from", "couchdb@none.env"], "no file of settings 'none.env'"),
        (["export", "x", "--from", "mongodb://h"], "addresses begin with http://, https://"),
        (["import", "nowhere", "--to", "postgresql://h"], "there is no folder nowhere"),
        (["import", "nowhere", "--to", "dynamodb", "--writers", "0"], "writers must be 1 to 64"),
        (["migrate", "./a", "./b"], "both paths"),
        (["migrate", "new", "postgresql://h"], "(write a new folder as ./new)"),
    ],
)
def test_a_refused_request_is_one_line_and_exit_status_2(arguments, why):
    refused(*arguments, why=why)


def test_an_option_that_is_not_a_number_is_exit_status_2():
    assert run("import", "x", "--writers", "many").exit_code == 2


def test_a_folder_without_permission_is_exit_status_2(monkeypatch, folder):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied", "exported")

    monkeypatch.setattr(Path, "is_dir", forbidden)
    refused("import", folder, "--to", "http://u:p@h", why="exported: Permission denied")


def test_an_unreachable_target_is_exit_status_1_and_shows_no_password(folder, monkeypatch):
    monkeypatch.setattr(writer, "_FIRST_PAUSE", 0.0)
    ended = run("import", folder, "--to", "postgresql://joe:s3cret@127.0.0.1:1/none", "--quiet")
    assert ended.exit_code == 1
    assert "s3cret" not in ended.output


def test_a_missing_library_for_settings_is_exit_status_2(monkeypatch):
    monkeypatch.setitem(sys.modules, "gofannon_backends.factory", None)
    refused("export", "x", why="pip install 'gofannon-conformance[settings]'")


@pytest.mark.parametrize(
    ("place", "is_one"),
    [
        ("./x", True),
        (".", True),
        ("a/b", True),
        ("here", True),
        ("couchdb", False),
        ("x", False),
        ("couchdb@./x.env", False),
        ("http://h/x", False),
    ],
)
def test_paths_are_recognised(place, is_one):
    Path("here").mkdir()
    assert arguments.is_path(place) is is_one


def test_names_that_the_terminal_cannot_show_are_escaped(tmp_path, monkeypatch):
    service = filled(1, "\ud800")
    monkeypatch.setattr(arguments, "opened", lambda _: service)
    ended = run("export", "x", "--from", "any", "--collection", "\ud800", "--quiet")
    assert ended.exit_code == 0
    assert "\\ud800" in ended.stdout


# --- Ctrl-C ---------------------------------------------------------------------------------------


INTERRUPTED = "gofannon-data: interrupted; nothing is lost: run the same command again to continue"

INTERRUPTS_ITSELF = """
import os, sys
from gofannon_backends.transfer import cli, state

settle = state.State.settle

def interrupting(*given):
    state.State.settle = settle
    settle(*given)
    os.kill(os.getpid(), int(sys.argv[1]))

state.State.settle = interrupting
cli.main(sys.argv[2:])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_one_line_and_the_same_command_continues(
    tmp_path, collection, postgresql, postgresql_url, number
):
    export_to(tmp_path / "x", filled(3_000, collection), collections=[collection])
    command = ["import", "x", "--to", postgresql_url, "--state", "state", "--writers"]
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTS_ITSELF, str(int(number)), *command, "1"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1, process.stderr
    assert process.stderr.splitlines()[-1] == INTERRUPTED
    assert "Traceback" not in process.stderr
    ended = run(*command, "8", "--quiet")
    assert ended.exit_code == 0, ended.output
    assert "This run continued an earlier one" in ended.stdout
    row = next(line.split() for line in ended.stdout.splitlines() if line.startswith(collection))
    assert row[1:3] == ["3,000", "3,000"]


HANGS_WHEN_CLOSED = """
import threading
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import arguments, cli

class Hanging(MemoryDatabaseService):
    def save_many(self, db_name, docs):
        print("writing", flush=True)
        threading.Event().wait()

    def close(self):
        threading.Event().wait()

arguments.opened = lambda _: Hanging()
cli._CLEANUP_SECONDS = 1
cli.main()
"""


def test_an_interrupted_run_ends_even_if_closing_the_target_hangs(tmp_path):
    collection = f"moved-{uuid4().hex}"
    export_to(tmp_path / "x", filled(10, collection), collections=[collection])
    command = [sys.executable, "-c", HANGS_WHEN_CLOSED, "import", "x", "--to", "any"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == INTERRUPTED
    assert "Traceback" not in said


# --- Progress -------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_progress_is_lines_with_rate_and_time_left(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(Lines, "seconds", 0.0)
    with shown(stream) as progress:
        assert isinstance(progress, Lines)
        progress.begin("writing agents", 5000, 1000)
        progress.advance()
        progress._began -= 3600 * 2
        progress.advance()
        progress.begin("writing nothing", 0)
        progress.begin("reading users", None)
        progress.advance()
        progress.begin("verifying few", 1)
        progress.advance()
        progress.advance()
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("writing agents: 1,001 of 5,000 documents, ")
    assert lines[0].endswith(" left")
    assert " h " in lines[1]
    assert "writing agents: 1,002 of 5,000 documents, 0/s, ended after 2 h 0 min" in lines
    assert any(line.startswith("reading users: 1 documents, ") for line in lines)
    assert lines[-1].startswith("verifying few: 2 documents")
    assert "nothing" not in stream.getvalue()


def test_lines_are_rare():
    stream = io.StringIO()
    with Lines(stream) as progress:
        progress.begin("writing agents", 1000)
        for _ in range(1000):
            progress.advance()
    assert len(stream.getvalue().splitlines()) == 1


def test_on_a_terminal_progress_is_bars(monkeypatch):
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(Bars, "seconds", 0.0)
    with shown(stream) as progress:
        assert isinstance(progress, Bars)
        target = MemoryDatabaseService()
        export_to(Path("x"), filled(30), progress=progress)
        import_from(Path("x"), target, progress=progress)
    assert "writing agents" in stream.getvalue()
    assert "30/30" in stream.getvalue()
    assert "/s" in stream.getvalue()
