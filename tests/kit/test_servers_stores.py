"""Each store's server, started for real where this machine has it."""

import contextlib
import http.server
import itertools
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from gofannon_conformance.servers import (
    GivenServer,
    Plan,
    ServerError,
    Unavailable,
    answers,
    couchdb,
    doctor,
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

    def get(name):
        if name not in have:
            have[name] = started(name)
        return have[name]

    yield get
    for server in have.values():
        server.close()


@pytest.fixture
def pouchdb(servers):
    return servers("couchdb:pouchdb").endpoint


@pytest.fixture
def cluster(servers):
    return servers("postgresql:initdb").endpoint


def say(bodies, status=200, server=None):
    """Serve fixed texts by path, as a server of another kind would."""

    class Fixed(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path in bodies else 404)
            self.end_headers()
            self.wfile.write(bodies.get(self.path, b""))

        def version_string(self):
            return server or "kit"

        def log_message(self, *_): ...

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fixed)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    return web


@pytest.fixture
def speaker():
    webs = []

    def speak(bodies, **options):
        webs.append(say(bodies, **options))
        return f"http://127.0.0.1:{webs[-1].server_port}"

    yield speak
    for web in webs:
        web.shutdown()
        web.server_close()


@pytest.fixture
def nobody():
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def babbler():
    """An address where every question gets the same words, which are no HTTP."""
    listeners = []

    def babble(words):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(words + b"\r\n")

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield babble
    for listener in listeners:
        listener.close()


def left(told):
    """What a server leaves that is not gone: its process, as Linux shows it, and its folder."""
    return [(f"/proc/{pid}/exe", folder) for pid, folder in told]


class TestEveryLocalProgram:
    @pytest.mark.parametrize("name", LOCAL)
    def test_runs_as_planned_stops_and_comes_back(self, name):
        plan = provider(name).plan()
        with started(name) as server:
            folder = server.log.parent
            endpoint = server.endpoint
            assert (endpoint.product, endpoint.version) == (plan.product, plan.version)
            assert endpoint.source == plan.source == "local program"
            assert endpoint.owned
            assert "127.0.0.1" in endpoint.url
            assert set(endpoint.secrets) <= set(endpoint.settings.values())
            for verb in ("stop", "kill"):
                getattr(server, verb)()
                assert not server.running
                server.start()
                assert server.running
        assert not folder.exists()

    def test_is_what_the_doctor_reports(self):
        used = {row.name: f"{row.product} {row.version}" for row in doctor.rows() if row.used}
        for name, product in used.items():
            plan = provider(name).plan()
            assert product == f"{plan.product} {plan.version}"

    def test_does_not_outlive_a_kit_that_is_killed(self):
        have = [name for name in LOCAL if isinstance(provider(name).plan(), Plan)]
        script = (
            "import sys, time\n"
            "from gofannon_conformance.servers import Shared\n"
            "shared = Shared()\n"
            f"for name in {have}:\n"
            "    server = shared.start(name)\n"
            "    print(server.pid, server.log.parent, flush=True)\n"
            "print('up', flush=True)\n"
            "time.sleep(600)\n"
        )
        kit = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        told = []
        while (line := kit.stdout.readline()) and line != "up\n":
            told.append(line.split())
        kit.kill()
        kit.communicate()
        assert len(told) == len(have)
        until = time.monotonic() + 30
        while any(map(os.path.exists, itertools.chain(*left(told)))) and time.monotonic() < until:
            time.sleep(0.05)
        assert not list(filter(os.path.exists, itertools.chain(*left(told))))


class TestCouchDB:
    def test_the_stand_in_says_that_it_is_one(self, pouchdb):
        assert pouchdb.product == "PouchDB Server"
        assert "DOC-4" in pouchdb.limits
        assert not pouchdb.durable

    def ask(self, endpoint, path, body=None, method="GET", password=None):
        given = endpoint.settings["password"] if password is None else password
        user = endpoint.settings["user"] if given else ""
        return answers.http(
            f"{endpoint.url}{path}",
            user=user,
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

    def test_pages_begin_where_they_are_told_to(self, pouchdb):
        self.ask(pouchdb, "/pages", method="PUT")
        for one in "abcde":
            self.ask(pouchdb, f"/pages/{one}", b"{}", "PUT")
        page = self.ask(pouchdb, "/pages/_all_docs?startkey=%22b%22&skip=1&limit=2").json()
        assert [row["id"] for row in page["rows"]] == ["c", "d"]
        page = self.ask(pouchdb, "/pages/_all_docs?endkey=%22b%22").json()
        assert [row["id"] for row in page["rows"]] == ["a", "b"]
        page = self.ask(pouchdb, "/pages/_all_docs", b'{"keys": ["c", "z"]}', "POST").json()
        assert [row.get("error") for row in page["rows"]] == [None, "not_found"]

    def test_one_that_is_given_is_recognised(self, pouchdb, monkeypatch):
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

    def test_one_that_is_given_with_wrong_credentials_is_unavailable(self, pouchdb, monkeypatch):
        monkeypatch.setenv("COUCHDB_URL", pouchdb.url)
        monkeypatch.setenv("COUCHDB_USER", "kit")
        monkeypatch.setenv("COUCHDB_PASSWORD", "not-the-one")
        shut = provider("couchdb").plan()
        assert "it does not take COUCHDB_USER and COUCHDB_PASSWORD" in shut.why
        assert "not-the-one" not in str(shut)
        with pytest.raises(Unavailable):
            provider("couchdb").start()

    def test_one_that_goes_away_between_plan_and_start_is_unavailable(self, speaker, monkeypatch):
        monkeypatch.setenv("COUCHDB_URL", speaker({"/": b'{"couchdb": "Welcome"}'}))
        (way, *_) = provider("couchdb").ways
        plan = way.look()
        monkeypatch.delenv("COUCHDB_URL")
        with pytest.raises(Unavailable, match="COUCHDB_URL is not set"):
            way.open(plan)

    def test_a_couchdb_that_is_given_has_no_limits(self, speaker, monkeypatch):
        monkeypatch.setenv(
            "COUCHDB_URL", speaker({"/": b'{"couchdb": "Welcome", "version": "3.5.0"}'})
        )
        endpoint = provider("couchdb").start().endpoint
        assert (endpoint.product, endpoint.version) == ("CouchDB", "3.5.0")
        assert endpoint.limits == {}

    @pytest.mark.parametrize("body", [b"hello", b'{"version": "1"}', b"[]"])
    def test_another_server_is_not_taken_for_it(self, speaker, monkeypatch, body):
        monkeypatch.setenv("COUCHDB_URL", speaker({"/": body}))
        assert "it is no CouchDB" in provider("couchdb").plan().why

    def test_one_that_is_given_and_silent_is_not_replaced(self, nobody, monkeypatch):
        monkeypatch.setenv("COUCHDB_URL", f"http://{nobody}")
        assert "COUCHDB_URL is set, but" in provider("couchdb").plan().why


PROGRAM = """#!{python}
# Stands for bin/couchdb: reads the chain of settings, then answers as CouchDB does.
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

    def test_comes_before_its_stand_in(self, installed):
        plan = provider("couchdb").plan()
        assert (plan.way, plan.product, plan.version) == ("couchdb", "CouchDB", "3.4.2")
        with provider("couchdb").start() as server:
            assert server.endpoint.limits == {}
            assert server.endpoint.durable
            settings = server.log.parent / "kit.ini"
            assert stat.S_IMODE(settings.stat().st_mode) == 0o600
            assert f"database_dir = {server.log.parent / 'data'}" in settings.read_text()

    def test_without_its_settings_it_is_not_to_be_had(self, installed):
        (installed / "etc/default.ini").unlink()
        assert "has no etc/default.ini" in provider("couchdb:couchdb").plan().why

    def test_without_a_release_its_version_is_not_known(self, installed):
        (installed / "releases/start_erl.data").unlink()
        assert provider("couchdb:couchdb").plan().version == ""

    def test_is_missed_where_it_is_not(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert provider("couchdb:couchdb").plan().why == "couchdb is not on the PATH"


class TestDynamoDB:
    @pytest.mark.parametrize("way", ["moto", "dynalite"])
    def test_one_that_is_given_is_recognised(self, servers, monkeypatch, way):
        mine = servers(f"dynamodb:{way}").endpoint
        monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", mine.url)
        given = provider("dynamodb").start().endpoint
        assert given.product == way
        assert given.limits == mine.limits
        assert given.settings == mine.settings
        assert given.secrets == ()

    def test_other_emulators_are_told_apart(self, speaker, monkeypatch):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for said, product in (("Jetty(12.0)", "DynamoDB Local"), ("Server", "DynamoDB")):
            monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", speaker({"/": b"healthy"}, server=said))
            endpoint = provider("dynamodb").start().endpoint
            assert endpoint.product == product
            assert endpoint.settings["region"] == "eu-west-1"
            assert endpoint.secrets == ("mine",)

    def test_one_that_is_given_and_silent_is_not_replaced(self, nobody, monkeypatch):
        monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", f"http://{nobody}")
        assert "DYNAMODB_ENDPOINT_URL is set, but" in provider("dynamodb").plan().why

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

    def test_another_server_is_not_taken_for_it(self, speaker, nobody, monkeypatch):
        other = speaker({"/": b"hello"}).removeprefix("http://")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", other)
        assert "it is no Firestore emulator" in provider("firestore").plan().why
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", nobody)
        assert "FIRESTORE_EMULATOR_HOST is set, but" in provider("firestore").plan().why

    def test_the_newest_of_firebase_tools_is_taken(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FIREBASE_EMULATORS_PATH", str(tmp_path))
        assert isinstance(provider("firestore:firebase-tools").plan(), Unavailable)
        for version in ("1.9.0", "1.19.8", "1.2"):
            (tmp_path / f"cloud-firestore-emulator-v{version}.jar").touch()
        (tmp_path / "cloud-firestore-emulator-vnext.jar").touch()
        plan = provider("firestore:firebase-tools").plan()
        assert plan.version == "1.19.8"
        assert plan.program == str(tmp_path / "cloud-firestore-emulator-v1.19.8.jar")

    def test_a_jar_that_is_none_is_an_error_with_javas_words(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FIREBASE_EMULATORS_PATH", str(tmp_path))
        (tmp_path / "cloud-firestore-emulator-v1.0.jar").touch()
        with pytest.raises(ServerError, match="CloudFirestore"):
            provider("firestore:firebase-tools").start()

    @pytest.fixture
    def sdk(self, tmp_path, monkeypatch):
        """A Cloud SDK whose gcloud lies elsewhere and tells where the rest is."""
        jar = tmp_path / "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
        jar.parent.mkdir(parents=True)
        jar.touch()
        gcloud = tmp_path / "elsewhere/bin/gcloud"
        gcloud.parent.mkdir(parents=True)
        gcloud.write_text(f"#!/bin/sh\necho {tmp_path / 'sdk'}\n")
        gcloud.chmod(0o755)
        monkeypatch.setenv("PATH", f"{gcloud.parent}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "sdk"

    def test_gcloud_is_asked_where_the_sdk_lies(self, sdk):
        plan = provider("firestore:cloud-sdk").plan()
        assert plan.program.startswith(str(sdk))
        assert plan.version == ""
        component = {"id": "cloud-firestore-emulator", "version": {"version_string": "1.20.2"}}
        snapshot = sdk / ".install/cloud-firestore-emulator.snapshot.json"
        snapshot.parent.mkdir()
        snapshot.write_text(json.dumps({"components": [component]}))
        assert provider("firestore:cloud-sdk").plan().version == "1.20.2"

    def test_it_needs_java(self, sdk, monkeypatch):
        monkeypatch.setattr(
            firestore.shutil,
            "which",
            lambda name: None if name == "java" else str(sdk / "b/gcloud"),
        )
        assert "java is not on the PATH" in provider("firestore:cloud-sdk").plan().why

    def test_it_needs_the_sdk_or_firebase_tools(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        shut = provider("firestore:cloud-sdk").plan()
        assert shut.how == "gcloud components install cloud-firestore-emulator"


class TestPostgreSQL:
    psycopg = pytest.importorskip("psycopg")

    def count(self, endpoint):
        with self.psycopg.connect(endpoint.url) as connection:
            return connection.execute("SELECT count(*) FROM kept").fetchone()[0]

    @pytest.mark.parametrize("durable", [False, True])
    def test_what_is_committed_outlives_a_stop_and_a_kill(self, durable):
        if isinstance(plan := provider("postgresql:initdb").plan(), Unavailable):
            pytest.skip(str(plan))
        with provider("postgresql:initdb").start(durable=durable) as server:
            assert server.endpoint.durable
            with self.psycopg.connect(server.endpoint.url, autocommit=True) as connection:
                assert connection.execute("SHOW fsync").fetchone() == (
                    ("on" if durable else "off"),
                )
                connection.execute("CREATE TABLE kept (n int)")
                for verb in ("stop", "kill"):
                    with self.psycopg.connect(server.endpoint.url, autocommit=True) as other:
                        other.execute("INSERT INTO kept VALUES (1)")
                    getattr(server, verb)()
                    server.start()
            assert self.count(server.endpoint) == 2

    def test_wrong_credentials_are_refused(self, cluster):
        wrong = cluster.url.replace(cluster.settings["password"], "wrong")
        with pytest.raises(self.psycopg.OperationalError, match="password authentication failed"):
            self.psycopg.connect(wrong)

    @pytest.mark.skipif(shutil.which("ipcs") is None, reason="no ipcs to count segments with")
    @pytest.mark.parametrize("end", ["close", "kill"])
    def test_no_shared_memory_is_left(self, end):
        def segments():
            told = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True)
            return {line.split()[1] for line in told.stdout.splitlines() if line.startswith("0x")}

        server = started("postgresql:initdb")
        told = (server.log.parent / "data/postmaster.pid").read_text().splitlines()
        _key, segment = told[6].split()
        assert segment in segments()
        getattr(server, end)()
        server.close()
        assert segment not in segments()

    def test_one_that_is_given_is_asked_what_it_is(self, cluster, monkeypatch):
        monkeypatch.setenv("POSTGRES_URL", cluster.url)
        plan = provider("postgresql").plan()
        assert plan.version == cluster.version
        assert cluster.settings["password"] not in repr(plan)
        assert provider("postgresql").start().endpoint.settings == cluster.settings

    def test_one_in_a_container_is_asked_for_its_version(self, cluster, monkeypatch):
        monkeypatch.setattr(
            postgresql.secrets, "token_urlsafe", lambda _bytes: cluster.settings["password"]
        )
        plan = Plan(
            store="postgresql",
            way="container",
            product="PostgreSQL",
            version="17",
            source="container",
        )
        endpoint = postgresql._box(plan).endpoint
        assert endpoint(int(cluster.settings["port"])).version == cluster.version
        assert endpoint(free_port()).version == "17"

    def test_one_that_is_given_is_found_without_psycopg(self, cluster, nobody, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.setenv("POSTGRES_URL", cluster.url)
        assert provider("postgresql").plan().version == ""
        monkeypatch.setenv("POSTGRES_URL", f"postgresql://me:s3cret@{nobody}/mine")
        assert "POSTGRES_URL is set, but" in provider("postgresql").plan().why

    def test_one_that_still_starts_up_is_not_ready(self, babbler, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.setenv("POSTGRES_URL", f"postgresql://me@{babbler(b'E57P03')}/mine")
        assert "no PostgreSQL server answers there" in provider("postgresql").plan().why

    @pytest.mark.parametrize(
        "url", ["postgresql://me:s3cret@{nobody}/mine", "postgresql://me:s3cret@host:port/mine"]
    )
    def test_one_that_is_given_and_silent_is_not_replaced(self, nobody, monkeypatch, url):
        monkeypatch.setenv("POSTGRES_URL", url.format(nobody=nobody))
        shut = provider("postgresql").plan()
        assert "POSTGRES_URL is set, but" in shut.why
        assert "s3cret" not in str(shut)

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

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_it_runs_for_an_ordinary_user_too(self):
        if isinstance(plan := provider("postgresql:initdb").plan(), Unavailable):
            pytest.skip(str(plan))
        python = shutil.which("python3", path="/usr/local/bin:/usr/bin")

        def told(script):
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

        usable = told("import sys, gofannon_conformance; assert sys.version_info >= (3, 11)")
        if usable.returncode != 0:
            pytest.skip("an ordinary user can run no Python with the kit here")
        done = told(
            "from gofannon_conformance.servers import provider\n"
            "with provider('postgresql:initdb').start() as server: print(server.endpoint)\n"
        )
        assert done.stdout.startswith("Endpoint(PostgreSQL"), done.stderr


class TestNode:
    @pytest.fixture(autouse=True)
    def empty_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    @pytest.fixture
    def npm(self, tmp_path, monkeypatch):
        """Stands for npm and node: writes down each call, and installs nothing."""
        (tmp_path / "bin").mkdir()
        calls = tmp_path / "calls"

        def be(script):
            for name in ("npm", "node"):
                program = tmp_path / "bin" / name
                program.write_text(f"#!/bin/sh\necho $@ >> {calls}\n{script}\n")
                program.chmod(0o755)
            monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
            return calls

        return be

    def test_packages_are_installed_once(self, npm):
        calls = npm("mkdir node_modules")
        assert "npm registry at the first use" in node.look(couchdb.POUCHDB)
        words = node.command(couchdb.POUCHDB)
        assert node.command(couchdb.POUCHDB) == words
        assert calls.read_text().count("ci ") == 1
        folder = Path(words[1]).parent
        assert (folder / "node_modules").is_dir()
        assert f"packages in {folder}" in node.look(couchdb.POUCHDB)
        assert {path.name for path in folder.parent.iterdir()} == {
            folder.name,
            f"{folder.name}.lock",
        }

    def test_two_installers_install_once(self, npm):
        calls = npm("sleep 0.3; mkdir node_modules")
        both = [
            threading.Thread(target=node.command, args=(dynamodb.BUNDLE,), daemon=True)
            for _ in range(2)
        ]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert calls.read_text().count("ci ") == 1

    def test_what_an_interrupted_installer_left_is_removed(self, npm):
        npm("mkdir node_modules")
        folder = couchdb.POUCHDB.folder
        left = folder.with_name(f"{folder.name}.new-left")
        left.mkdir(parents=True)
        node.command(couchdb.POUCHDB)
        assert not left.exists()

    def test_a_failed_installation_says_what_npm_said(self, npm):
        npm("echo ENOTFOUND no registry; exit 1")
        with pytest.raises(Unavailable) as shut:
            node.command(couchdb.POUCHDB)
        assert "npm could not install express-pouchdb 4.2.0; it said:" in shut.value.why
        assert "ENOTFOUND no registry" in shut.value.why
        assert not couchdb.POUCHDB.folder.exists()

    def test_an_installation_that_takes_too_long_is_given_up(self, npm, monkeypatch):
        npm("exec sleep 60")
        monkeypatch.setattr(node, "INSTALL_WITHIN", 0.2)
        with pytest.raises(Unavailable, match=r"within 0\.2 s"):
            node.command(couchdb.POUCHDB)

    @pytest.mark.parametrize("missing", ["node", "npm"])
    def test_it_needs_node_and_npm(self, monkeypatch, missing):
        monkeypatch.setattr(node.shutil, "which", lambda name: None if name == missing else name)
        for name in ("couchdb:pouchdb", "dynamodb:dynalite"):
            assert provider(name).plan().why == f"{missing} is not on the PATH"
        with pytest.raises(Unavailable):
            node.command(couchdb.POUCHDB)

    def test_the_cache_is_where_the_system_keeps_caches(self, monkeypatch):
        monkeypatch.setattr(node.sys, "platform", "darwin")
        assert node.cache() == Path.home() / "Library/Caches/gofannon-conformance"

    @pytest.mark.parametrize("bundle", [couchdb.POUCHDB, dynamodb.BUNDLE])
    def test_versions_are_exact_hashed_and_without_addresses(self, bundle):
        folder = node.BUNDLES / bundle.name
        manifest = json.loads((folder / "package.json").read_text())
        assert all(version[0].isdigit() for version in manifest["dependencies"].values())
        lock = json.loads((folder / "package-lock.json").read_text())
        packages = {name: package for name, package in lock["packages"].items() if name}
        assert all("integrity" in package for package in packages.values())
        assert not any("resolved" in package for package in packages.values())


class TestAnswers:
    def test_what_is_no_http_is_no_answer(self, babbler):
        with pytest.raises(ConnectionError, match="no HTTP answer"):
            answers.http(f"http://{babbler(b'* OK IMAP ready')}/")


def test_every_plan_says_what_it_is():
    for name in LOCAL:
        plan = provider(name).plan()
        if isinstance(plan, Plan):
            assert plan.product
            assert plan.version
            assert plan.detail
