"""The routes over the collections, the dependency and the lifespan, in an application over HTTP."""

import asyncio
import json
import threading
from urllib.parse import quote

import httpx
import pytest
from application import BOUND, served
from fastapi import FastAPI, HTTPException

from gofannon_backends.factory import get_database_service
from gofannon_backends.fastapi import Database, collections_router, get_db, lifespan
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.schemas import SCHEMAS

AGENT = {"name": "MyAgent", "code": "def handler(event):\n    return {}"}

ODD_IDS = (
    "a/b/c",
    "/",
    "a//b/",
    " a ",
    "a b",
    "?x=1#y",
    "100%",
    "%2F",
    "a+b&c=d",
    ".",
    "..",
    "../users/u1",
    "_all_docs",
    "é ü 漢字 🦊",
    "e\u0301",
    "line\nend\n",
    "\r",
    "a;b:c@d",
    '"quoted" \\',
    "\x00\x7f",
    "user_google_123456789",
)


@pytest.fixture(scope="module")
def app():
    app = FastAPI()
    app.include_router(collections_router())
    return app


@pytest.fixture(scope="module")
def address(app):
    with served(app) as address:
        yield address


@pytest.fixture
def give(app, monkeypatch):
    """Return a function that gives the application a service for this test."""
    return lambda service: monkeypatch.setitem(app.dependency_overrides, get_db, lambda: service)


@pytest.fixture
def service(give):
    service = MemoryDatabaseService()
    give(service)
    return service


@pytest.fixture
def api(address, service):
    with httpx.Client(base_url=address, timeout=BOUND) as client:
        yield client


class TestTheFiveOperations:
    def test_post_makes_an_id_and_get_finds_the_document(self, api):
        first, second = (api.post("/agents", json=AGENT) for _ in range(2))
        saved = first.json()
        assert (first.status_code, set(saved)) == (201, {"id", "rev"})
        assert saved["id"] != second.json()["id"]
        assert first.headers["location"] == f"/agents/{saved['id']}"
        found = api.get(first.headers["location"])
        assert found.status_code == 200
        assert found.json() == {**AGENT, "_id": saved["id"], "_rev": saved["rev"]}

    def test_post_refuses_an_id(self, api, service):
        service.save("deployments", "mine", {"agentId": "a1"})
        answer = api.post("/deployments", json={"_id": "mine", "agentId": "a2"})
        assert answer.status_code == 422
        assert "PUT" in answer.json()["detail"]
        assert service.get("deployments", "mine")["agentId"] == "a1"

    def test_put_creates_and_replaces_the_whole_document(self, api):
        first = api.put("/deployments/mine", json={"agentId": "a1", "note": "first"})
        assert (first.status_code, first.json()["id"]) == (200, "mine")
        second = api.put("/deployments/mine", json={"agentId": "a2"})
        assert second.status_code == 200
        found = api.get("/deployments/mine").json()
        assert found == {"_id": "mine", "_rev": second.json()["rev"], "agentId": "a2"}

    def test_put_accepts_a_document_that_was_read(self, api):
        api.put("/demos/d1", json={"name": "D"})
        found = api.get("/demos/d1").json()
        assert api.put("/demos/d1", json={**found, "is_public": True}).status_code == 200
        assert api.get("/demos/d1").json()["is_public"] is True

    def test_the_id_of_the_path_decides(self, api):
        assert api.put("/demos/d1", json={"_id": "d2", "name": "D"}).json()["id"] == "d1"
        assert api.get("/demos/d2").status_code == 404

    def test_the_list_has_all_documents_of_the_collection(self, api):
        for number in range(3):
            api.put(f"/tickets/t{number}", json={"status": "pending"})
        api.put("/demos/d1", json={"name": "D"})
        listed = api.get("/tickets").json()
        assert sorted(document["_id"] for document in listed) == ["t0", "t1", "t2"]
        assert all(document == api.get(f"/tickets/{document['_id']}").json() for document in listed)

    def test_delete_removes_the_document(self, api):
        api.put("/demos/d1", json={"name": "D"})
        deleted = api.delete("/demos/d1")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert api.get("/demos/d1").status_code == 404

    @pytest.mark.parametrize("collection", SCHEMAS)
    def test_every_collection_has_routes(self, api, collection):
        assert api.get(f"/{collection}").json() == []


class TestIds:
    @pytest.mark.parametrize("doc_id", ODD_IDS, ids=ascii)
    def test_an_odd_id_is_one_id_in_every_operation(self, api, service, doc_id):
        path = f"/agents/{quote(doc_id, safe='').replace('.', '%2E')}"
        assert api.put(path, json=AGENT).json()["id"] == doc_id
        assert service.get("agents", doc_id)["_id"] == doc_id
        assert api.get(path).json()["_id"] == doc_id
        assert [document["_id"] for document in api.get("/agents").json()] == [doc_id]
        assert api.delete(path).status_code == 204
        assert service.list_all("agents") == []

    def test_a_slash_need_not_be_encoded(self, api, service):
        api.put("/agents/a/b", json=AGENT)
        assert service.get("agents", "a/b")["_id"] == "a/b"

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_an_empty_id_is_refused(self, api, service, method):
        service.save("agents", "a1", AGENT)
        body = {"json": AGENT} if method == "PUT" else {}
        answer = api.request(method, "/agents/", **body)
        assert answer.status_code == 400
        assert "empty" in answer.json()["detail"]
        assert len(service.list_all("agents")) == 1

    def test_an_id_that_is_not_utf_8_is_refused(self, api):
        answer = api.put("/agents/%FF", json=AGENT)
        assert answer.status_code == 400
        assert "UTF-8" in answer.json()["detail"]

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_a_missing_document_is_404_and_named(self, api, method):
        answer = api.request(method, "/agents/nobody")
        assert answer.status_code == 404
        assert "'nobody'" in answer.json()["detail"]

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    @pytest.mark.parametrize("path", ["/unknown", "/unknown/a1", "/Agents/a1", "/agents2"])
    def test_an_unknown_collection_is_404(self, api, method, path):
        assert api.request(method, path).status_code == 404

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_a_collection_cannot_be_replaced_or_deleted(self, api, method):
        assert api.request(method, "/agents").status_code == 405


def put_body(api, body):
    headers = {"content-type": "application/json"}
    return api.put("/agents/a1", content=body, headers=headers)


class TestDocuments:
    def test_the_stored_document_is_the_sent_one(self, api, service):
        sent = {
            **AGENT,
            "created_at": "2024-01-15T10:30:00.5+00:00",
            "friendly_name": None,
            "unknown": {"1": 1, "1.0": 1.0, "big": 2**60, "text": "true", "empty": [{}, [], ""]},
        }
        api.put("/agents/a1", json=sent)
        stored = service.get("agents", "a1")
        assert json.dumps(sent, sort_keys=True) == json.dumps(
            {name: stored[name] for name in stored if name[0] != "_"}, sort_keys=True
        )

    def test_a_known_number_keeps_its_type(self, api):
        usage = {"monthly_allowance": 100, "spend_remaining": 87.5}
        api.put("/users/u1", json={"basic_info": {}, "usage_info": usage})
        found = api.get("/users/u1").json()["usage_info"]
        assert [repr(found[name]) for name in usage] == ["100", "87.5"]

    @pytest.mark.parametrize(("method", "path"), [("POST", "/agents"), ("PUT", "/agents/a1")])
    def test_an_invalid_document_is_422_and_not_repeated(self, api, service, method, path):
        answer = api.request(method, path, json={"name": ["s3cret"]})
        assert answer.status_code == 422
        problems = {tuple(problem["loc"]) for problem in answer.json()["detail"]}
        assert problems == {("body", "name"), ("body", "code")}
        assert "s3cret" not in answer.text
        assert service.list_all("agents") == []

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 422),
            (b"", 422),
            (b"[]", 422),
            (b'"text"', 422),
            (b'{"name": "A", "code": "", "x": NaN}', 422),
            (b'{"name": "A", "code": "", "x": 1e999}', 422),
            (b'{"name": "A", "code": NaN}', 422),
            (b'{"name": "A", "code": "", "tools": {"\\ud800": 5}}', 422),
            (b'{"name": "A", "code": "", "x": ' + b"9" * 5000 + b"}", 400),
            (b'{"name": "A", "code": "", "x": ' + b"[" * 250 + b"]" * 250 + b"}", 422),
            (b'{"name": "", "code": "", "tools": ' + b"[" * 250 + b"]" * 250 + b"}", 422),
            (b'"\xff"', 400),
        ],
    )
    def test_a_body_that_cannot_be_stored_is_a_4xx(self, api, service, body, status):
        answer = put_body(api, body)
        assert answer.status_code == status
        assert answer.json()["detail"]
        assert service.list_all("agents") == []

    def test_a_lone_surrogate_is_kept(self, api):
        body = b'{"name": "\\ud800", "code": "", "x": "\\ud800"}'
        assert put_body(api, body).status_code == 200
        assert json.loads(api.get("/agents/a1").content)["x"] == "\ud800"
        assert json.loads(api.get("/agents").content)[0]["x"] == "\ud800"


class Refusing(MemoryDatabaseService):
    def __init__(self, status):
        super().__init__()
        self.status = status

    def _refuse(self, *_):
        raise HTTPException(self.status, "as the store says")

    get = save = delete = list_all = _refuse


@pytest.mark.parametrize("status", [409, 413, 429, 500, 503, 504])
def test_an_error_of_the_service_is_the_answer(api, give, status):
    give(Refusing(status))
    answers = [
        api.get("/agents"),
        api.get("/agents/a1"),
        api.post("/agents", json=AGENT),
        api.put("/agents/a1", json=AGENT),
        api.delete("/agents/a1"),
    ]
    assert [answer.status_code for answer in answers] == [status] * 5
    assert answers[0].json() == {"detail": "as the store says"}


class Held(MemoryDatabaseService):
    """Its `get` waits for an event."""

    def __init__(self):
        super().__init__()
        self.called, self.answer = threading.Event(), threading.Event()

    def get(self, db_name, doc_id):
        self.called.set()
        assert self.answer.wait(BOUND)
        return super().get(db_name, doc_id)


def test_a_slow_call_does_not_delay_others(api, address, give):
    held, found = Held(), []
    held.save("agents", "a1", AGENT)
    give(held)
    waiting = threading.Thread(
        target=lambda: found.append(httpx.get(f"{address}/agents/a1", timeout=BOUND).status_code)
    )
    waiting.start()
    assert held.called.wait(BOUND)
    assert api.get("/agents").status_code == 200
    assert api.put("/agents/a2", json=AGENT).status_code == 200
    assert found == []
    held.answer.set()
    waiting.join(BOUND)
    assert found == [200]


class Closing(MemoryDatabaseService):
    closed = 0

    def close(self):
        self.closed += 1


@pytest.mark.usefixtures("no_settings")
class TestInAnApplication:
    def test_the_dependency_is_the_service_and_the_lifespan_closes_it(self, monkeypatch):
        monkeypatch.setattr("gofannon_backends.memory.MemoryDatabaseService", Closing)
        app = FastAPI(lifespan=lifespan)

        @app.get("/names")
        def names(db: Database) -> list[str]:
            return [agent["name"] for agent in db.list_all("agents")]

        with served(app) as address:
            service = get_database_service()
            service.save("agents", "a1", AGENT)
            assert httpx.get(f"{address}/names").json() == ["MyAgent"]
            assert service.closed == 0
        assert service.closed == 1
        assert get_database_service() is not service

    def test_wrong_settings_stop_the_start(self, monkeypatch):
        monkeypatch.setenv("DATABASE_PROVIDER", "couchdb")

        async def start():
            async with lifespan(FastAPI()):
                pytest.fail("it started")

        with pytest.raises(ValueError, match="COUCHDB_URL"):
            asyncio.run(start())

    def test_the_service_is_made_without_a_lifespan_too(self):
        app = FastAPI()
        app.include_router(collections_router(), prefix="/api")
        with served(app) as address:
            created = httpx.post(f"{address}/api/agents", json=AGENT)
            assert created.headers["location"] == f"/api/agents/{created.json()['id']}"
        assert len(get_database_service().list_all("agents")) == 1


class TestDescription:
    def test_a_route_encodes_an_id_in_its_path(self, app):
        assert app.url_path_for("get_agents", doc_id="a/b c") == "/agents/a%2Fb%20c"

    def test_every_operation_of_every_collection_is_described(self, app):
        paths = app.openapi()["paths"].values()
        found = {operation["operationId"] for path in paths for operation in path.values()}
        verbs = ("list", "get", "create", "replace", "delete")
        assert found == {f"{verb}_{collection}" for verb in verbs for collection in SCHEMAS}

    @pytest.mark.parametrize(("collection", "model"), SCHEMAS.items())
    def test_bodies_and_answers_have_the_collections_schema(self, app, collection, model):
        paths, reference = app.openapi()["paths"], f"#/components/schemas/{model.__name__}"
        one, many = paths[f"/{collection}/{{doc_id}}"], paths[f"/{collection}"]
        body = one["put"]["requestBody"]["content"]["application/json"]["schema"]
        assert body == many["post"]["requestBody"]["content"]["application/json"]["schema"]
        # Before 2.13 pydantic has two schemas of a model, one for input and one for output.
        assert body["$ref"].removesuffix("-Input") == reference
        listed = many["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert listed["items"]["$ref"].removesuffix("-Output") == reference
        assert set(one["delete"]["responses"]) >= {"204", "404"}
