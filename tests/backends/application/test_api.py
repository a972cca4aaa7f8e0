"""The reference API over HTTP: on each backend, as an application, and as a program."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest
from application import BOUND, environment, served, without_settings
from click.testing import CliRunner
from fastapi import HTTPException

from gofannon_backends import api
from gofannon_backends.fastapi import get_db
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.schemas import SCHEMAS
from gofannon_backends.settings import Settings
from gofannon_conformance.servers import Unavailable, provider

pytestmark = pytest.mark.usefixtures("no_settings")

AGENT = {"name": "MyAgent", "code": "def handler(event):\n    return {}", "price": 0.05, "n": 1}


@pytest.fixture
def dead_port():
    """A port that nobody else can take and that refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("backend", ["couchdb", "dynamodb", "firestore", "postgresql"])
def test_a_documents_life_with_the_environments_settings_alone(backend, monkeypatch):
    try:
        server = provider(backend).start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        if not server.endpoint.owned:
            pytest.skip("a shared server may have the application's collections")
        for name, value in environment(backend, server.endpoint).items():
            monkeypatch.setenv(name, value)
        with served(api.create_app()) as address, httpx.Client(base_url=address, timeout=60) as c:
            is_ready_and_keeps_a_document(c)


def is_ready_and_keeps_a_document(client):
    assert client.get("/ready").json() == {"status": "ok"}
    assert client.get("/agents").json() == []
    created = client.post("/agents", json=AGENT)
    assert created.status_code == 201
    path = created.headers["location"]
    found = client.get(path).json()
    assert found == {**AGENT, "_id": created.json()["id"], "_rev": created.json()["rev"]}
    assert client.get("/agents").json() == [found]
    replaced = client.put(path, json={"name": "Other", "code": ""})
    assert (replaced.status_code, replaced.json()["id"]) == (200, found["_id"])
    after = {"name": "Other", "code": "", "_id": found["_id"], "_rev": replaced.json()["rev"]}
    assert client.get(path).json() == after
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert client.get("/agents").json() == []


class TestTheApplication:
    def test_its_settings_may_be_arguments(self, monkeypatch):
        monkeypatch.setenv("DATABASE_PROVIDER", "no such thing")
        with served(api.create_app(Settings(DATABASE_PROVIDER="memory"))) as address:
            assert httpx.get(f"{address}/agents").json() == []

    def test_it_lives_without_its_store_and_answers_503(self, dead_port):
        settings = Settings(
            DATABASE_PROVIDER="couchdb",
            COUCHDB_URL=f"http://joe:s3cret@127.0.0.1:{dead_port}",
        )
        app = api.create_app(settings)
        with served(app) as address, httpx.Client(base_url=address, timeout=60) as client:
            answers = [client.get(path) for path in ("/ready", "/agents")]
            assert [answer.status_code for answer in answers] == [503, 503]
            assert not [answer for answer in answers if "s3cret" in answer.text]
            assert client.get("/health").json() == {"status": "ok"}

    def test_it_is_ready_again_when_the_store_is(self):
        class Flaky(MemoryDatabaseService):
            status = 504

            def get(self, db_name, doc_id):
                raise HTTPException(self.status, "not yet")

        flaky, app = Flaky(), api.create_app()
        app.dependency_overrides[get_db] = lambda: flaky
        with served(app) as address:
            assert httpx.get(f"{address}/ready").status_code == 504
            flaky.status = 404
            assert httpx.get(f"{address}/ready").status_code == 200

    def test_its_description_is_served(self):
        with served(api.create_app()) as address:
            paths = httpx.get(f"{address}/openapi.json").json()["paths"]
            assert httpx.get(f"{address}/docs").status_code == 200
        assert set(paths) >= {"/health", "/ready", *(f"/{collection}" for collection in SCHEMAS)}


class TestTheProgram:
    def test_it_serves_until_it_is_interrupted(self, tmp_path):
        process = subprocess.Popen(
            [sys.executable, "-m", "gofannon_backends.api", "--port", "0"],
            env=without_settings(),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        try:
            assert process.stdout.readline() == "The database is memory.\n"
            line = process.stdout.readline()
            address = line.removeprefix("The API is at ").partition(",")[0]
            assert line == f"The API is at {address}, its description at /docs.\n"
            assert address.startswith("http://127.0.0.1:")
            with httpx.Client(base_url=address, timeout=BOUND) as client:
                is_ready_and_keeps_a_document(client)
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=BOUND)
            assert (process.returncode, rest) == (0, "Stopped.\n")
        finally:
            process.kill()
            process.wait()

    def test_it_listens_on_this_machine_only_by_default(self):
        shown = " ".join(CliRunner().invoke(api.main, ["--help"]).output.split())
        assert "[default: 127.0.0.1]" in shown
        assert "[default: 8001; 0<=x<=65535]" in shown

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("DATABASE_PROVIDER", "couchdb", "not set: COUCHDB_URL, COUCHDB_USER, "),
            ("DATABASE_PROVIDER", "postgres", "did you mean postgresql?"),
            ("DATABASE_TELEMETRY", "perhaps", "DATABASE_TELEMETRY: "),
        ],
    )
    def test_wrong_settings_are_reported_in_one_line(self, monkeypatch, variable, value, message):
        monkeypatch.setenv(variable, value)
        done = CliRunner().invoke(api.main, ["--port", "0"])
        assert done.exit_code == 1
        assert done.output.startswith("Error: ")
        assert done.output.count("\n") == 1
        assert message in done.output

    def test_a_port_in_use_is_an_error(self, dead_port):
        done = CliRunner().invoke(api.main, ["--port", str(dead_port)])
        assert done.exit_code != 0
        assert "The API is at" not in done.output
        assert "address already in use" in done.output
