"""The reference API as it is run: over HTTP, on each backend, from the environment alone."""

import socket
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from application import environment, program, served, surroundings
from click.testing import CliRunner
from fastapi import HTTPException

from gofannon_backends import api
from gofannon_backends.factory import reset_database_service
from gofannon_backends.fastapi import get_db
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.schemas import SCHEMAS
from gofannon_backends.settings import Settings
from gofannon_conformance.servers import Unavailable, provider

AGENT = {"name": "MyAgent", "code": "def handler(event):\n    return {}", "price": 0.05, "n": 1}
TICKET = {"status": "pending", "request": {"input": {"query": "…"}}, "error": None}


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    reset_database_service()
    yield
    reset_database_service()


@pytest.fixture(scope="module", params=["memory", "couchdb", "dynamodb", "firestore", "postgresql"])
def running(request, tmp_path_factory):
    """The program on one of the backends, whose server is of this test alone; what it said."""
    folder = tmp_path_factory.mktemp("api")
    if request.param == "memory":
        with program({}, folder) as (address, said):
            yield request.param, address, said
        return
    try:
        server = provider(request.param).start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        if not server.endpoint.owned:
            pytest.skip("the collections have their real names here: not on a server of others")
        variables = environment(request.param, server.endpoint)
        with program(variables, folder) as (address, said):
            yield request.param, address, said


@pytest.fixture
def client(running):
    with httpx.Client(base_url=running[1], timeout=60) as client:
        yield client


class TestOnEachBackend:
    def test_it_says_which_database_and_where_it_listens(self, running):
        backend, address, said = running
        assert said.splitlines() == [
            f"The database is {backend}.",
            f"The API is at {address}, its description at /docs.",
        ]
        assert address.startswith("http://127.0.0.1:")

    def test_it_is_alive_and_ready(self, client):
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/ready").json() == {"status": "ok"}

    def test_a_document_is_created_read_listed_replaced_and_deleted(self, client):
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

    def test_a_collection_that_was_never_written_is_empty(self, client):
        assert client.get("/demos").json() == []
        assert client.get("/demos/d1").status_code == 404

    @pytest.mark.parametrize("doc_id", ["a/b", "..", "_all_docs", "a b?#%2F", "é🦊", "line\n"])
    def test_an_odd_id_is_one_id(self, client, doc_id):
        path = f"/tickets/{quote(doc_id, safe='').replace('.', '%2E')}"
        assert client.put(path, json=TICKET).json()["id"] == doc_id
        found = client.get(path).json()
        assert found == {**TICKET, "_id": doc_id, "_rev": found["_rev"]}
        assert client.get("/tickets").json() == [found]
        assert client.delete(path).status_code == 204

    def test_what_does_not_fit_is_refused_and_not_stored(self, client):
        assert client.put("/users/u1", json={"basic_info": "Ann"}).status_code == 422
        assert client.get("/users/u1").status_code == 404
        assert client.get("/unknown").status_code == 404

    def test_documents_past_a_page_of_the_store_are_listed(self, client):
        expected = {f"key-{number}" for number in range(40)}
        for name in expected:
            client.put(f"/agent_data_store/{name}", json={"value": "x" * 40_000})
        assert {found["_id"] for found in client.get("/agent_data_store").json()} == expected


def test_a_store_that_is_gone_is_503_and_the_process_lives(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    variables = {
        "DATABASE_PROVIDER": "couchdb",
        "COUCHDB_URL": f"http://127.0.0.1:{port}",
        "COUCHDB_USER": "admin",
        "COUCHDB_PASSWORD": "s3cret",
    }
    with program(variables, tmp_path) as (address, said):
        answers = {p: httpx.get(f"{address}{p}", timeout=60) for p in ("/ready", "/agents")}
        assert {answer.status_code for answer in answers.values()} == {503}
        assert not [answer for answer in answers.values() if "s3cret" in answer.text]
        assert "s3cret" not in said
        assert httpx.get(f"{address}/health").status_code == 200


class TestTheApplication:
    def test_its_settings_may_be_given(self, monkeypatch):
        monkeypatch.setenv("DATABASE_PROVIDER", "no such thing")
        with served(api.create_app(Settings(DATABASE_PROVIDER="memory"))) as address:
            assert httpx.get(f"{address}/agents").json() == []

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
    def test_it_listens_on_this_machine_only(self):
        shown = " ".join(CliRunner().invoke(api.main, ["--help"]).output.split())
        assert "[default: 127.0.0.1]" in shown
        assert "[default: 8001; 0<=x<=65535]" in shown

    @pytest.mark.parametrize(
        ("variable", "value", "said"),
        [
            ("DATABASE_PROVIDER", "couchdb", "not set: COUCHDB_URL, COUCHDB_USER, "),
            ("DATABASE_PROVIDER", "postgres", "did you mean postgresql?"),
            ("DATABASE_TELEMETRY", "perhaps", "DATABASE_TELEMETRY: "),
        ],
    )
    def test_wrong_settings_are_said_in_a_line(self, monkeypatch, variable, value, said):
        monkeypatch.setenv(variable, value)
        done = CliRunner().invoke(api.main, ["--port", "0"])
        assert done.exit_code == 1
        assert done.output.startswith("Error: ")
        assert done.output.count("\n") == 1
        assert said in done.output

    def test_a_port_that_is_taken_is_an_error(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = subprocess.run(
                [sys.executable, "-m", "gofannon_backends.api", "--port", str(port)],
                env=surroundings(),
                cwd=tmp_path,
                capture_output=True,
                timeout=60,
                check=False,
            )
        assert done.returncode != 0
        assert b"The API is at" not in done.stdout
        assert b"address already in use" in done.stderr

    def test_without_the_library_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        spec = spec_from_file_location(f"copy_{uuid4().hex}", api.__file__)
        with pytest.raises(ModuleNotFoundError, match=r"'gofannon-conformance\[api\]'"):
            spec.loader.exec_module(module_from_spec(spec))
