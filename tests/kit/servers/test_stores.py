"""Each store's server, started for real where this machine has it."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from waiting import eventually
from web import serving

from gofannon_conformance.servers import (
    GivenServer,
    Plan,
    ServerError,
    Unavailable,
    answers,
    dynamodb,
    firestore,
    node,
    postgresql,
    provider,
)
from gofannon_conformance.servers.process import free_port

VARIABLES = [
    *("COUCHDB_URL", "COUCHDB_USER", "COUCHDB_PASSWORD", "DYNAMODB_ENDPOINT_URL"),
    *("FIRESTORE_EMULATOR_HOST", "POSTGRES_URL", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FIREBASE_EMULATORS_PATH"),
]
LOCAL = [
    *("couchdb:pouchdb", "dynamodb:moto", "dynamodb:dynalite"),
    *("firestore:cloud-sdk", "postgresql:initdb"),
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def started(name):
    try:
        return provider(name).start()
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture(scope="module")
def servers():
    """Each local program, started at its first use."""
    have = {}

    def get(name, *, last=False):
        if name not in have:
            have[name] = started(name)
        return have.pop(name) if last else have[name]

    yield get
    for server in have.values():
        server.close()


@pytest.fixture
def pouchdb(servers):
    return servers("couchdb:pouchdb").endpoint


@pytest.fixture
def cluster(servers):
    return servers("postgresql:initdb").endpoint


@pytest.fixture
def web():
    """Starts web servers that answer with fixed texts by path; returns their URLs."""
    with ExitStack() as stack:
        yield lambda bodies, **more: stack.enter_context(serving(bodies, **more))


@pytest.fixture
def tcp_server():
    """An address that answers every request with the same bytes, which are not HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))

    def reply_with(words):
        def serve():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(words + b"\r\n")

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield reply_with
    listener.close()


@pytest.mark.parametrize(
    ("store", "variable", "value"),
    [
        ("couchdb", "COUCHDB_URL", "http://{address}"),
        ("dynamodb", "DYNAMODB_ENDPOINT_URL", "http://{address}"),
        ("firestore", "FIRESTORE_EMULATOR_HOST", "{address}"),
        ("postgresql", "POSTGRES_URL", "postgresql://me:s3cret@{address}/mine"),
        ("postgresql", "POSTGRES_URL", "postgresql://me:s3cret@host:port/mine"),
    ],
)
def test_given_server_that_does_not_answer_is_not_replaced(monkeypatch, store, variable, value):
    monkeypatch.setenv(variable, value.format(address=f"127.0.0.1:{free_port()}"))
    missing = provider(store).plan()
    assert f"{variable} is set, but" in missing.why
    assert "s3cret" not in str(missing)


class TestCouchDB:
    def ask(self, endpoint, path, body=None, method="GET", password=None):
        given = endpoint.settings["password"] if password is None else password
        return answers.http(
            f"{endpoint.url}{path}",
            user=endpoint.settings["user"] if given else "",
            password=given,
            method=method,
            headers={"Content-Type": "application/json"},
            body=body,
        )

    def test_wrong_credentials_are_refused_as_by_couchdb(self, pouchdb):
        assert self.ask(pouchdb, "/_all_dbs", password="wrong").status == 401
        assert self.ask(pouchdb, "/", password="wrong").status == 401
        assert self.ask(pouchdb, "/_all_dbs", password="").status == 401
        assert self.ask(pouchdb, "/", password="").status == 200

    def test_names_that_couchdb_refuses_are_refused(self, pouchdb):
        refused = self.ask(pouchdb, "/Upper", method="PUT")
        assert (refused.status, refused.json()["error"]) == (400, "illegal_database_name")
        assert self.ask(pouchdb, "/lower%2Bplus", method="PUT").status == 201

    def test_every_id_is_in_the_list(self, pouchdb):
        self.ask(pouchdb, "/ids", method="PUT")
        ids = ["a", "~", "é", "ÿ", "Ā", "日本", "\ue000", "\uffff", "😀", "\U0010ffff"]
        ids.append("\uffff" * 200)
        for one in ids:
            path = f"/ids/{quote(one, safe='')}"
            assert self.ask(pouchdb, path, b'{"kind": 1}', "PUT").status == 201
        for query in ("", "?descending=true"):
            rows = self.ask(pouchdb, f"/ids/_all_docs{query}").json()["rows"]
            assert {row["id"] for row in rows} == set(ids)
        found = self.ask(pouchdb, "/ids/_find", b'{"selector": {"kind": 1}}', "POST").json()
        assert {document["_id"] for document in found["docs"]} == set(ids)

    def test_pages_begin_at_the_start_key(self, pouchdb):
        self.ask(pouchdb, "/pages", method="PUT")
        for one in "abcde":
            self.ask(pouchdb, f"/pages/{one}", b"{}", "PUT")
        page = self.ask(pouchdb, "/pages/_all_docs?startkey=%22b%22&skip=1&limit=2").json()
        assert [row["id"] for row in page["rows"]] == ["c", "d"]
        page = self.ask(pouchdb, "/pages/_all_docs?endkey=%22b%22").json()
        assert [row["id"] for row in page["rows"]] == ["a", "b"]
        page = self.ask(pouchdb, "/pages/_all_docs", b'{"keys": ["c", "z"]}', "POST").json()
        assert [row.get("error") for row in page["rows"]] == [None, "not_found"]

    def test_given_server_is_recognised(self, pouchdb, monkeypatch):
        user, password = pouchdb.settings["user"], pouchdb.settings["password"]
        inside = pouchdb.url.replace("http://", f"http://{user}:{quote(password, safe='')}@")
        monkeypatch.setenv("COUCHDB_URL", f"{inside}/")
        plan = provider("couchdb").plan()
        assert (plan.product, plan.source) == ("PouchDB Server", "environment")
        assert password not in repr(plan)
        given = provider("couchdb").start()
        assert isinstance(given, GivenServer)
        assert given.endpoint.url == pouchdb.url
        assert given.endpoint.settings == pouchdb.settings
        assert given.endpoint.limits == pouchdb.limits
        assert "DOC-4" in pouchdb.limits
        assert not pouchdb.durable

    def test_given_server_with_wrong_credentials_is_unavailable(self, pouchdb, monkeypatch):
        monkeypatch.setenv("COUCHDB_URL", pouchdb.url)
        monkeypatch.setenv("COUCHDB_USER", "kit")
        monkeypatch.setenv("COUCHDB_PASSWORD", "not-the-one")
        shut = provider("couchdb").plan()
        assert "it does not accept COUCHDB_USER and COUCHDB_PASSWORD" in shut.why
        assert "not-the-one" not in str(shut)
        with pytest.raises(Unavailable):
            provider("couchdb").start()

    def test_given_couchdb_has_no_limits_and_another_server_is_refused(self, web, monkeypatch):
        monkeypatch.setenv("COUCHDB_URL", web({"/": b'{"couchdb": "Welcome", "version": "3.5.0"}'}))
        endpoint = provider("couchdb").start().endpoint
        assert (endpoint.product, endpoint.version) == ("CouchDB", "3.5.0")
        assert endpoint.limits == {}
        for body in (b"hello", b'{"version": "1"}', b"[]"):
            monkeypatch.setenv("COUCHDB_URL", web({"/": body}))
            assert "it is not CouchDB" in provider("couchdb").plan().why


PROGRAM = """#!{python}
# A fake bin/couchdb: reads the settings files, then answers as CouchDB does.
import base64, configparser, http.server, os, sys
assert sys.argv[1] == "-couch_ini"
assert "-name" not in open(os.environ["COUCHDB_ARGS_FILE"]).read()
settings = configparser.ConfigParser()
settings.read([path for path in sys.argv[2:] if os.path.isfile(path)])
assert settings["default"]["read"] == "yes"
assert settings["couchdb"]["single_node"] == "true"
((user, password),) = settings["admins"].items()
expected = "Basic " + base64.b64encode((user + ":" + password).encode()).decode()
class Couch(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("Authorization") == expected
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(b"[]")
address = (settings["chttpd"]["bind_address"], int(settings["chttpd"]["port"]))
http.server.ThreadingHTTPServer(address, Couch).serve_forever()
"""


class TestApacheCouchDB:
    @pytest.fixture
    def installed(self, tmp_path, monkeypatch):
        for folder in ("bin", "etc/default.d", "releases", "path"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "etc/default.ini").write_text("[default]\nread = yes\n")
        (tmp_path / "releases/start_erl.data").write_text("14.2.5 3.4.2\n")
        program = tmp_path / "bin/couchdb"
        program.write_text(PROGRAM.format(python=sys.executable))
        program.chmod(0o755)
        (tmp_path / "path/couchdb").symlink_to(program)
        monkeypatch.setenv("PATH", f"{tmp_path / 'path'}{os.pathsep}{os.environ['PATH']}")
        return tmp_path

    def test_is_preferred_to_pouchdb(self, installed):
        plan = provider("couchdb").plan()
        assert (plan.way, plan.product, plan.version) == ("couchdb", "CouchDB", "3.4.2")
        with provider("couchdb").start() as server:
            assert server.endpoint.limits == {}
            assert server.endpoint.durable
            settings = server.log.parent / "kit.ini"
            assert stat.S_IMODE(settings.stat().st_mode) == 0o600
            assert f"database_dir = {server.log.parent / 'data'}" in settings.read_text()

    def test_without_its_release_or_settings_it_is_not_known(self, installed):
        (installed / "releases/start_erl.data").unlink()
        assert provider("couchdb:couchdb").plan().version == ""
        (installed / "etc/default.ini").unlink()
        assert "has no etc/default.ini" in provider("couchdb:couchdb").plan().why
        (installed / "path/couchdb").unlink()
        assert provider("couchdb:couchdb").plan().why == "couchdb is not on the PATH"


class TestDynamoDB:
    @pytest.mark.parametrize("way", ["moto", "dynalite"])
    def test_given_server_is_recognised(self, servers, monkeypatch, way):
        mine = servers(f"dynamodb:{way}").endpoint
        monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", mine.url)
        given = provider("dynamodb").start().endpoint
        assert given.product == way
        assert given.limits == mine.limits
        assert given.settings == mine.settings
        assert given.secrets == ()

    def test_other_emulators_are_reported_apart(self, web, monkeypatch):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for header, product in (("Jetty(12.0)", "DynamoDB Local"), ("Server", "DynamoDB")):
            monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", web({"/": b"healthy"}, header=header))
            endpoint = provider("dynamodb").start().endpoint
            assert endpoint.product == product
            assert endpoint.settings["region"] == "eu-west-1"
            assert endpoint.secrets == ("mine",)

    def test_moto_may_be_missing_or_without_its_server(self, monkeypatch):
        monkeypatch.setattr(dynamodb.importlib.util, "find_spec", lambda _name: None)
        assert dynamodb.look_at_moto().why == "moto is installed without its server"

        def absent(_name):
            raise dynamodb.importlib.metadata.PackageNotFoundError

        monkeypatch.setattr(dynamodb.importlib.metadata, "version", absent)
        assert dynamodb.look_at_moto().how == "pip install 'gofannon-conformance[emulators]'"


class TestFirestore:
    def test_each_endpoint_has_a_project_of_its_own(self, servers, monkeypatch):
        mine = servers("firestore:cloud-sdk").endpoint
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", mine.settings["emulator_host"])
        given = provider("firestore").start().endpoint
        assert given.settings["emulator_host"] == mine.settings["emulator_host"]
        assert given.settings["project"] != mine.settings["project"]
        assert not given.owned

    def test_another_server_is_refused(self, web, monkeypatch):
        other = web({"/": b"hello"}).removeprefix("http://")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", other)
        assert "it is not a Firestore emulator" in provider("firestore").plan().why

    def test_the_newest_jar_of_firebase_tools_is_used(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FIREBASE_EMULATORS_PATH", str(tmp_path))
        assert isinstance(provider("firestore:firebase-tools").plan(), Unavailable)
        for version in ("1.9.0", "1.19.8", "1.2"):
            (tmp_path / f"cloud-firestore-emulator-v{version}.jar").touch()
        (tmp_path / "cloud-firestore-emulator-vnext.jar").touch()
        plan = provider("firestore:firebase-tools").plan()
        assert plan.version == "1.19.8"
        assert plan.program == str(tmp_path / "cloud-firestore-emulator-v1.19.8.jar")

    def test_a_broken_jar_is_an_error_with_javas_output(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FIREBASE_EMULATORS_PATH", str(tmp_path))
        (tmp_path / "cloud-firestore-emulator-v1.0.jar").touch()
        with pytest.raises(ServerError, match="CloudFirestore"):
            provider("firestore:firebase-tools").start()

    @pytest.fixture
    def sdk(self, tmp_path, monkeypatch):
        """A Cloud SDK whose gcloud is in another folder and prints where the SDK is."""
        jar = tmp_path / "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
        jar.parent.mkdir(parents=True)
        jar.touch()
        gcloud = tmp_path / "elsewhere/bin/gcloud"
        gcloud.parent.mkdir(parents=True)
        gcloud.write_text(f"#!/bin/sh\necho {tmp_path / 'sdk'}\n")
        gcloud.chmod(0o755)
        monkeypatch.setenv("PATH", f"{gcloud.parent}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "sdk"

    def test_gcloud_is_asked_for_the_folder_of_the_sdk(self, sdk):
        plan = provider("firestore:cloud-sdk").plan()
        assert plan.program.startswith(str(sdk))
        assert plan.version == ""
        component = {"id": "cloud-firestore-emulator", "version": {"version_string": "1.20.2"}}
        snapshot = sdk / ".install/cloud-firestore-emulator.snapshot.json"
        snapshot.parent.mkdir()
        snapshot.write_text(json.dumps({"components": [component]}))
        assert provider("firestore:cloud-sdk").plan().version == "1.20.2"

    def test_it_needs_java_and_the_sdk(self, sdk, monkeypatch):
        gcloud = str(sdk / "b/gcloud")
        monkeypatch.setattr(firestore.shutil, "which", {"gcloud": gcloud}.get)
        assert "java is not on the PATH" in provider("firestore:cloud-sdk").plan().why
        monkeypatch.setattr(firestore.shutil, "which", {}.get)
        shut = provider("firestore:cloud-sdk").plan()
        assert shut.how == "gcloud components install cloud-firestore-emulator"


KIT_WITH_POSTGRESQL = """
import psycopg
from gofannon_conformance.servers import provider
server = provider("postgresql:initdb").start(durable=True)
with psycopg.connect(server.endpoint.url) as connection:
    (fsync,) = connection.execute("SHOW fsync").fetchone()
print(server.pid, server.log.parent, fsync, flush=True)
getattr(server, input())()
server.close()
"""


class TestPostgreSQL:
    psycopg = pytest.importorskip("psycopg")

    def test_committed_data_survives_a_stop_and_a_kill(self, servers):
        server = servers("postgresql:initdb")
        assert server.endpoint.durable
        with self.psycopg.connect(server.endpoint.url, autocommit=True) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
            connection.execute("CREATE TABLE kept (n int)")
        for count, verb in enumerate(("stop", "kill"), start=1):
            with self.psycopg.connect(server.endpoint.url, autocommit=True) as connection:
                connection.execute("INSERT INTO kept VALUES (1)")
            getattr(server, verb)()
            server.start()
            with self.psycopg.connect(server.endpoint.url) as connection:
                assert connection.execute("SELECT count(*) FROM kept").fetchone() == (count,)

    @pytest.mark.skipif(shutil.which("ipcs") is None, reason="no ipcs to count segments with")
    @pytest.mark.parametrize("end", ["it is closed", "it is killed", "the kit is killed"])
    def test_no_process_and_no_shared_memory_is_left_when(self, end):
        if isinstance(plan := provider("postgresql:initdb").plan(), Unavailable):
            pytest.skip(str(plan))
        kit = subprocess.Popen(
            [sys.executable, "-c", KIT_WITH_POSTGRESQL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pid, folder, fsync = kit.stdout.readline().split()
        assert fsync == "on"
        lines = (Path(folder) / "data/postmaster.pid").read_text().splitlines()
        _key, segment = lines[6].split()
        assert segment in self.segments()
        if end == "the kit is killed":
            kit.kill()
        kit.communicate("kill" if end == "it is killed" else "close")
        eventually(lambda: not Path(f"/proc/{pid}/exe").exists() and not Path(folder).exists())
        assert segment not in self.segments()

    def segments(self):
        listed = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True)
        return {line.split()[1] for line in listed.stdout.splitlines() if line.startswith("0x")}

    def test_given_server_is_asked_for_its_version(self, cluster, monkeypatch):
        monkeypatch.setenv("POSTGRES_URL", cluster.url)
        plan = provider("postgresql").plan()
        assert plan.version == cluster.version
        assert cluster.settings["password"] not in repr(plan)
        assert provider("postgresql").start().endpoint.settings == cluster.settings

    def test_server_in_a_container_is_asked_for_its_version(self, cluster, monkeypatch):
        monkeypatch.setattr(
            postgresql.secrets, "token_urlsafe", lambda _bytes: cluster.settings["password"]
        )
        plan = Plan(product="PostgreSQL", version="17", source="container")
        endpoint = postgresql._box(plan).endpoint
        assert endpoint(int(cluster.settings["port"])).version == cluster.version
        assert endpoint(free_port()).version == "17"

    def test_given_server_is_found_without_psycopg(self, cluster, tcp_server, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.setenv("POSTGRES_URL", cluster.url)
        assert provider("postgresql").plan().version == ""
        still_starting = tcp_server(b"E57P03")
        for address in (f"127.0.0.1:{free_port()}", still_starting):
            monkeypatch.setenv("POSTGRES_URL", f"postgresql://me@{address}/mine")
            assert "POSTGRES_URL is set, but" in provider("postgresql").plan().why

    def test_the_programs_are_found_off_the_path(self, tmp_path, monkeypatch):
        here = postgresql.programs()
        (tmp_path / "pg_config").write_text(f"#!/bin/sh\necho {here}\n")
        (tmp_path / "pg_config").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert here in list(postgresql.folders())
        monkeypatch.setattr(postgresql, "folders", lambda: iter([tmp_path]))
        assert provider("postgresql:initdb").plan().why == "no initdb and postgres on this machine"

    def test_it_does_not_run_as_root(self, monkeypatch):
        monkeypatch.setattr(postgresql.os, "geteuid", lambda: 1000)
        assert postgresql.server_user() is None
        monkeypatch.setattr(postgresql.os, "geteuid", lambda: 0)
        monkeypatch.setattr(postgresql, "UNPRIVILEGED", ("no-such-user",))
        assert "PostgreSQL does not run as root" in provider("postgresql:initdb").plan().why

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_it_runs_for_an_ordinary_user_too(self):
        if isinstance(plan := provider("postgresql:initdb").plan(), Unavailable):
            pytest.skip(str(plan))
        python = shutil.which("python3", path="/usr/local/bin:/usr/bin")

        def run(script):
            return subprocess.run(
                [python, "-c", script],
                user="nobody",
                group="nogroup",
                extra_groups=[],
                env={"PYTHONPATH": str(Path(node.__file__).parents[2]), "PATH": os.environ["PATH"]},
                cwd="/tmp",
                capture_output=True,
                text=True,
                check=False,
            )

        usable = run("import sys, gofannon_conformance; assert sys.version_info >= (3, 11)")
        if usable.returncode != 0:
            pytest.skip("an ordinary user can run no Python with the kit here")
        done = run(
            "from gofannon_conformance.servers import provider\n"
            "with provider('postgresql:initdb').start() as server: print(server.endpoint)\n"
        )
        assert done.stdout.startswith("Endpoint(PostgreSQL"), done.stderr


def test_reply_that_is_not_http_is_an_error(tcp_server):
    with pytest.raises(ConnectionError, match="no HTTP answer"):
        answers.http(f"http://{tcp_server(b'* OK IMAP ready')}/")


@pytest.mark.parametrize("name", LOCAL)
def test_local_program_runs_as_planned_stops_and_comes_back(servers, name):
    plan = provider(name).plan()
    with servers(name, last=True) as server:
        folder = server.log.parent
        endpoint = server.endpoint
        assert (endpoint.product, endpoint.version) == (plan.product, plan.version)
        assert endpoint.source == plan.source == "local program"
        assert plan.detail
        assert endpoint.owned
        assert "127.0.0.1" in endpoint.url
        assert set(endpoint.secrets) <= set(endpoint.settings.values())
        server.stop()
        assert not server.running
        server.start()
        assert server.running
        server.kill()
        assert not server.running
    assert not folder.exists()
