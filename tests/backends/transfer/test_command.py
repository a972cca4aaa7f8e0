"""The command `gofannon-data`: arguments, output, exit status."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from faulty_services import filled

from gofannon_backends.transfer import Bars, Lines, arguments, export_to, progress, shown, writer
from gofannon_backends.transfer.cli import main

SETTINGS = ("DATABASE_", "COUCHDB_", "DYNAMODB_", "POSTGRES_", "GOOGLE_", "FIRESTORE_", "AWS_")
PAGE = Path(__file__).parents[3] / "docs" / "moving-data.md"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


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


@pytest.fixture
def couchdb_set(double, monkeypatch):
    """CouchDB in the settings."""
    monkeypatch.setenv("COUCHDB_URL", double.url)
    monkeypatch.setenv("COUCHDB_USER", "joe")
    monkeypatch.setenv("COUCHDB_PASSWORD", "s3cret@word/")
    return double


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def refused(*arguments, why, status=2):
    ended = run(*arguments)
    assert ended.exit_code == status, ended.output
    assert why in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""
    assert "s3cret" not in ended.stderr


# --- There and back -------------------------------------------------------------------------------


def test_a_folder_is_imported_and_exported(folder, collection, postgresql, postgresql_url):
    ended = run("import", folder, "--to", postgresql_url, "--quiet")
    assert ended.exit_code == 0, ended.output
    assert "Complete: 5 documents, each one verified in the target." in ended.stdout
    assert ended.stderr == ""
    assert len(postgresql.list_all(collection)) == 5
    ended = run("export", "back", "--from", postgresql_url, "--collection", collection)
    assert ended.exit_code == 0, ended.output
    assert f"reading {collection}: 5 documents" in ended.stderr
    lines = [
        sorted(file.read_text().splitlines())
        for place in ("exported", "back")
        for file in Path(place).glob("*.jsonl")
    ]
    assert lines[0] == lines[1]


def test_a_path_as_source_or_target_of_a_migration_is_an_import_or_an_export(
    folder, collection, postgresql, postgresql_url
):
    assert run("migrate", "exported", postgresql_url).exit_code == 0
    ended = run("migrate", postgresql_url, "./new", "--collection", collection)
    assert ended.exit_code == 0
    assert Path("new/manifest.json").exists()


def test_a_store_is_migrated_to_another(couchdb_set, collection, postgresql, postgresql_url):
    for number in range(3):
        couchdb_set.put(collection, f"a{number}", {"n": number})
    ended = run("migrate", "couchdb", postgresql_url, "--collection", collection)
    assert ended.exit_code == 0, ended.output
    assert "s3cret" not in ended.output
    assert sorted(one["n"] for one in postgresql.list_all(collection)) == [0, 1, 2]
    assert list(Path().iterdir()) == []


def test_a_migration_of_a_store_onto_itself_is_refused(postgresql_url):
    other = postgresql_url + ("&" if "?" in postgresql_url else "?") + "application_name=other"
    refused("migrate", postgresql_url, other, why="source and target are the same")


def test_a_conflict_is_exit_status_1(folder, collection, postgresql, postgresql_url):
    postgresql.save(collection, "a1", {"mine": True})
    command = ("import", folder, "--to", postgresql_url, "--state", "state")
    ended = run(*command)
    assert ended.exit_code == 1
    assert f"conflict: {collection} 'a1'" in ended.stdout
    assert "NOT complete" in ended.stdout
    refused(*command, "--overwrite", why="--restart")
    assert run(*command, "--overwrite", "--restart", "--writers", 2).exit_code == 0
    assert postgresql.get(collection, "a1")["n"] == 1


def test_settings_come_from_the_environment_or_from_a_file(
    folder, collection, postgresql, postgresql_url, monkeypatch
):
    Path("old.env").write_text(f"OTHER=1\nPOSTGRES_URL='{postgresql_url}'\n")
    monkeypatch.setenv("POSTGRES_URL", "postgresql://joe:s3cret@127.0.0.1:1/none")
    assert run("import", folder, "--to", "postgresql@old.env").exit_code == 0
    command = ("export", "--collection", collection, "--quiet")
    refused(*command, "x", "--from", "postgresql", why="after 0 documents", status=1)
    assert not Path("x/manifest.json").exists()
    monkeypatch.setenv("POSTGRES_URL", postgresql_url)
    monkeypatch.setenv("DATABASE_PROVIDER", "postgresql")
    assert run(*command, "y").exit_code == 0


def test_a_dry_run_prints_what_the_page_shows_and_touches_nothing(couchdb_set):
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    shown = [block for block in blocks if "--dry-run" in block]
    assert len(shown) == 2
    export_to(Path("backup"), filled(3), collections=["agents"])
    for doc_id, document in (("a0", {"n": 0, "text": ""}), ("a1", {"mine": True})):
        couchdb_set.put("agents", doc_id, document)
    before = sorted(Path("backup").iterdir()), dict(couchdb_set.databases["agents"])
    for block in shown:
        command, output = block.removeprefix("$ gofannon-data ").split("\n", maxsplit=1)
        ended = run(*command.split(), "--quiet")
        assert ended.stdout.replace(couchdb_set.url, "http://localhost:5984") == output
        assert ended.exit_code == (1 if "conflict:" in output else 0)
    assert before == (sorted(Path("backup").iterdir()), dict(couchdb_set.databases["agents"]))
    assert list(Path().iterdir()) == [Path("backup")]


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
        (["import", "nofile.json", "--to", "memory"], "nofile.json does not exist"),
        (["import", "nowhere", "--to", "postgresql://h", "--dry-run"], "nowhere does not exist"),
        (["migrate", "./nowhere", "postgresql://h"], "nowhere does not exist"),
        (["import", "nowhere", "--to", "dynamodb", "--writers", "0"], "writers must be 1 to 64"),
        (["export", "x", "--leave-behind", "_id"], "_id cannot be left behind"),
        (["migrate", "./a", "./b"], "both paths"),
        (["migrate", "new", "postgresql://h"], "(write a new folder as ./new)"),
    ],
)
def test_a_refused_request_is_one_line_and_exit_status_2(arguments, why):
    refused(*arguments, why=why)
    assert list(Path().iterdir()) == []


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


def test_paths_are_recognised():
    Path("here").mkdir()
    paths, others = ["./x", ".", "a/b", "here"], ["couchdb", "x", "couchdb@./x.env", "http://h/x"]
    assert [one for one in (*paths, *others) if arguments.is_path(one)] == paths


def test_names_that_the_terminal_cannot_show_are_escaped(monkeypatch):
    service = filled(1, "\ud800")
    monkeypatch.setattr(arguments, "opened", lambda _: service)
    ended = run("export", "x", "--from", "any", "--collection", "\ud800", "--quiet")
    assert ended.exit_code == 0
    assert "\\ud800" in ended.stdout


# --- Ctrl-C ---------------------------------------------------------------------------------------


INTERRUPTED = "gofannon-data: interrupted; nothing is lost: run the same command again to continue"

INTERRUPTS_ITSELF = """
import os, signal, sys
from gofannon_backends.transfer import cli, state

settle = state.State.settle

def interrupting(*given):
    state.State.settle = settle
    settle(*given)
    os.kill(os.getpid(), signal.SIGTERM)

state.State.settle = interrupting
cli.main(sys.argv[1:])
"""


def test_an_interrupt_is_one_line_and_the_same_command_continues(
    collection, postgresql, postgresql_url
):
    export_to(Path("x"), filled(250, collection), collections=[collection])
    command = ["import", "x", "--to", postgresql_url, "--state", "state"]
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTS_ITSELF, *command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1, process.stderr
    assert process.stderr.splitlines()[-1] == INTERRUPTED
    assert "Traceback" not in process.stderr
    ended = run(*command, "--quiet")
    assert ended.exit_code == 0, ended.output
    assert "This run continued an earlier one" in ended.stdout
    row = next(line.split() for line in ended.stdout.splitlines() if line.startswith(collection))
    assert row[1:3] == ["250", "250"]


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


def test_ctrl_c_ends_the_run_even_if_closing_the_target_hangs(folder):
    command = [sys.executable, "-c", HANGS_WHEN_CLOSED, "import", folder, "--to", "any"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert said.splitlines()[-1] == INTERRUPTED
    assert "Traceback" not in said


# --- Progress -------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until the test moves it: its first item is the time."""
    clock = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    return clock


def test_without_a_terminal_progress_is_rare_lines_with_rate_and_time_left(clock):
    stream = io.StringIO()
    with shown(stream) as lines:
        assert isinstance(lines, Lines)
        lines.begin("writing agents", 5000, 1000)
        for seconds in (4, 1, 1, 7195):
            clock[0] += seconds
            lines.advance()
        lines.begin("writing nothing", 0)
        lines.begin("reading users", None)
        clock[0] += 0.5
        lines.advance()
        lines.begin("verifying few", 1)
        clock[0] += 62
        lines.advance()
        lines.advance()
        lines.begin("verifying none", 0)
        lines.advance()
    assert stream.getvalue().splitlines() == [
        "writing agents: 1,002 of 5,000 documents, 0/s, 2 h 46 min left",
        "writing agents: 1,004 of 5,000 documents, 0/s, 1998 h 16 min left",
        "writing agents: 1,004 of 5,000 documents, 0/s, ended after 2 h 0 min",
        "reading users: 1 documents, 2/s, ended after 0 s",
        "verifying few: 1 of 1 documents, 0/s, 0 s left",
        "verifying few: 2 documents, 0/s, ended after 1 min 2 s",
        "verifying none: 1 documents, 1,000/s, ended after 0 s",
    ]


def test_on_a_terminal_progress_is_bars(clock, monkeypatch):
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with shown(stream) as bars:
        assert isinstance(bars, Bars)
        bars.begin("writing agents", 30, 10)
        for _ in range(20):
            clock[0] += 0.05
            bars.advance()
        bars.begin("verifying none", 0)
        bars.advance()
    assert "writing agents" in stream.getvalue()
    assert "30/30" in stream.getvalue()
    assert "20/s" in stream.getvalue()
    assert "1/1" in stream.getvalue()
