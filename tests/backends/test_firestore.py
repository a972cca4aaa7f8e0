"""The Firestore backend on the emulator: requests, pages, names, older data, limits, life cycle."""

import os
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import firebase_admin
import grpc
import pytest
from fastapi import HTTPException
from firestore_front import Recorder
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from hypothesis import HealthCheck, given, settings
from test_firestore_values import documents, exact, names

from gofannon_backends import targets
from gofannon_backends.firestore import FirestoreService
from gofannon_conformance.servers import Unavailable, provider


@pytest.fixture(scope="module")
def emulator():
    try:
        server = provider("firestore").start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        yield server.endpoint


@pytest.fixture
def host(emulator):
    return emulator.settings["emulator_host"]


@pytest.fixture
def project():
    return f"tests-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    plain = grpc.insecure_channel
    monkeypatch.setattr(
        grpc,
        "insecure_channel",
        lambda *args, **options: grpc.intercept_channel(plain(*args, **options), recorder),
    )
    return recorder


@pytest.fixture
def service(host, project, recorder):
    with FirestoreService(project, emulator_host=host) as service:
        yield service


@pytest.fixture
def client(host, project, monkeypatch):
    """Google's own client, as another program would use it."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    client = firestore.Client(project)
    yield client
    client.close()


def refusal(call, *args):
    with pytest.raises(HTTPException) as caught:
        call(*args)
    return caught.value


class TestRequests:
    def test_each_call_is_one_request(self, service, recorder):
        service.save("agents", "a", {"n": 1})
        service.save("agents", "a", {"n": 2})
        service.get("agents", "a")
        service.list_all("agents")
        service.delete("agents", "a")
        assert recorder.calls() == ["Commit", "Commit", "BatchGetDocuments", "RunQuery", "Commit"]

    @pytest.mark.parametrize("method", ["get", "delete"])
    def test_a_missing_document_is_one_request_and_a_404(self, service, recorder, method):
        assert refusal(getattr(service, method), "agents", "a").status_code == 404
        assert len(recorder.calls()) == 1

    def test_reading_creates_nothing(self, service):
        refusal(service.get, "agents", "a")
        refusal(service.delete, "agents", "a")
        assert service.list_all("agents") == []
        assert service.collections() == set()


class TestPages:
    def test_1500_documents_are_all_listed_by_four_queries(self, service, client, recorder):
        ids = {f"{number:04}-é" for number in range(1500)}
        batch = client.bulk_writer()
        for doc_id in ids:
            batch.set(client.collection("many").document(doc_id), {"id": doc_id})
        batch.close()
        recorder.calls()
        listed = service.list_all("many")
        assert len(listed) == 1500
        assert {document["_id"] for document in listed} == ids
        assert recorder.calls() == ["RunQuery"] * 4  # of 64, 256, 1024 and the rest

    def test_six_mebibytes_are_all_listed(self, service):
        body = "x" * 100_000
        for number in range(64):
            service.save("large", str(number), {"body": body})
        listed = service.list_all("large")
        assert sorted(int(document["_id"]) for document in listed) == list(range(64))
        assert {document["body"] for document in listed} == {body}

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
    def test_pages_that_end_at_and_beside_the_last_document(self, host, project, count):
        with FirestoreService(project, emulator_host=host, page_size=2) as service:
            for number in range(count):
                service.save("few", f"a/{number}", {"n": number})
            assert [document["n"] for document in service.list_all("few")] == list(range(count))

    def test_pages_are_asked_for_as_they_are_needed(self, host, project, recorder):
        with FirestoreService(project, emulator_host=host, page_size=2) as service:
            for number in range(5):
                service.save("few", str(number), {})
            recorder.calls()
            listing = service.iter_all("few")
            next(listing)
            assert recorder.calls() == ["RunQuery"]
            listing.close()
            assert recorder.calls() == []

    def test_a_document_that_nobody_touches_is_listed_while_others_come_and_go(self, host, project):
        with FirestoreService(project, emulator_host=host, page_size=3) as service:
            still = {f"{number}5" for number in range(10)}
            for doc_id in still:
                service.save("busy", doc_id, {})
            over = threading.Event()

            def churn():
                while not over.is_set():
                    for number in range(10):
                        service.save("busy", f"{number}0", {})
                    for number in range(10):
                        service.delete("busy", f"{number}0")

            with ThreadPoolExecutor() as pool:
                churning = pool.submit(churn)
                try:
                    for _ in range(20):
                        listed = [document["_id"] for document in service.list_all("busy")]
                        assert len(listed) == len(set(listed))
                        assert still <= set(listed)
                finally:
                    over.set()
                churning.result()


class TestRevisions:
    def test_get_carries_the_rev_of_the_last_save(self, service):
        saved = service.save("agents", "a", {"n": 1})
        assert service.get("agents", "a") == {"n": 1, "_id": "a", "_rev": saved["rev"]}
        assert service.list_all("agents") == [service.get("agents", "a")]

    @pytest.mark.parametrize(
        ("before", "after"),
        [(1, 2), (1, 1.0), (1, True), (0.0, -0.0), (None, {}), ([], [None]), ("é", "e\u0301")],
    )
    def test_rev_differs_after_each_change(self, service, before, after):
        revs = [service.save("agents", "a", {"v": value})["rev"] for value in (before, after)]
        assert revs[0] != revs[1]
        assert service.get("agents", "a")["_rev"] == revs[1]
        assert repr(service.get("agents", "a")["v"]) == repr(after)

    def test_rev_stays_when_nothing_changes(self, service):
        revs = {service.save("agents", "a", {"n": 1})["rev"] for _ in range(3)}
        assert revs == {service.get("agents", "a")["_rev"]}

    def test_rev_differs_after_a_delete(self, service):
        first = service.save("agents", "a", {"n": 1})
        service.delete("agents", "a")
        assert service.save("agents", "a", {"n": 1}) != first


class TestNames:
    @pytest.mark.parametrize(
        "name", ["a/b", "a/b/c", ".", "..", "__x__", "____", "^", "^2f^", "\ud800", "é" * 200]
    )
    def test_an_odd_id_and_an_odd_collection_reach_their_own_document_only(self, service, name):
        others = [("a", "b"), ("a", "b/c"), ("a", "b/a/b"), ("plain", "x")]
        for collection, doc_id in others:
            service.save(collection, doc_id, {"at": [collection, doc_id]})
        assert refusal(service.get, name, name).status_code == 404
        assert refusal(service.delete, name, name).status_code == 404
        service.save(name, name, {"mine": 1})
        assert service.get(name, name)["_id"] == name
        assert [document["_id"] for document in service.list_all(name)] == [name]
        assert name in service.collections()
        service.delete(name, name)
        assert service.list_all(name) == []
        for collection, doc_id in others:
            assert service.get(collection, doc_id)["at"] == [collection, doc_id]

    @pytest.mark.parametrize("doc_id", ["x" * 1501, "é" * 751, "/" * 376])
    def test_an_id_past_the_limit_is_refused_before_it_is_sent(self, service, recorder, doc_id):
        for call in (
            lambda: service.get("agents", doc_id),
            lambda: service.save("agents", doc_id, {}),
            lambda: service.delete("agents", doc_id),
        ):
            refused = refusal(call)
            assert refused.status_code == 400
            assert "1,500 bytes" in refused.detail
        assert recorder.calls() == []

    def test_the_longest_id_and_collection_work(self, service):
        service.save("c" * 1500, "é" * 750, {"n": 1})
        assert service.get("c" * 1500, "é" * 750)["n"] == 1

    def test_a_collection_name_past_the_limit_is_refused(self, service):
        for call in (
            lambda: service.save("c" * 1501, "a", {}),
            lambda: service.list_all("c" * 1501),
            lambda: service.drop("c" * 1501),
        ):
            assert refusal(call).status_code == 400

    @pytest.mark.parametrize("doc_id", ["", None, 1, b"a"])
    def test_what_is_no_id_is_refused(self, service, recorder, doc_id):
        assert refusal(service.get, "agents", doc_id).status_code == 400
        assert refusal(service.save, "agents", doc_id, {}).status_code == 400
        assert refusal(service.delete, "agents", doc_id).status_code == 400
        assert recorder.calls() == []


class TestNativeData:
    def test_the_console_sees_collections_documents_and_types(self, service, client):
        document = {
            "name": "é",
            "tags": ["a", None],
            "price": {"sum": 87.5, "count": 2, "a.b": True},
        }
        service.save("agents", "agent-1", document)
        seen = client.collection("agents").document("agent-1").get()
        assert exact(seen.to_dict()) == exact(document)

    def test_a_document_of_another_program_reads_as_plain_json(self, service, client):
        owner = client.collection("users").document("u1")
        client.collection("agents").document("old").set(
            {
                "_id": "something else",
                "_rev": "firestore-rev",
                "name": "old",
                "at": datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
                "raw": b"\x00",
                "owner": owner,
                "where": firestore.GeoPoint(1.5, 2.5),
                "ratio": float("nan"),
                "nested": {"list": [1, 2.0, {"x": None}]},
            }
        )
        found = service.get("agents", "old")
        assert found.pop("_rev") != "firestore-rev"
        assert exact(found) == exact(
            {
                "_id": "old",
                "name": "old",
                "at": "2026-01-02T03:04:05.000600Z",
                "raw": "AA==",
                "owner": "users/u1",
                "where": {"latitude": 1.5, "longitude": 2.5},
                "ratio": None,
                "nested": {"list": [1, 2.0, {"x": None}]},
            }
        )

    def test_what_was_read_of_it_can_be_changed_and_saved(self, service, client):
        client.collection("agents").document("old").set({"n": 1, "gone": {"x": 1}})
        document = service.get("agents", "old")
        del document["gone"]
        service.save("agents", "old", {**document, "n": 2})
        assert client.collection("agents").document("old").get().to_dict() == {"n": 2}

    def test_a_subcollection_is_no_part_of_the_list(self, service, client):
        client.collection("agents").document("a").collection("notes").document("n").set({})
        assert service.list_all("agents") == []
        assert refusal(service.get, "agents", "a").status_code == 404

    def test_the_prefix_keeps_applications_apart(self, host, project, client):
        with (
            FirestoreService(project, emulator_host=host, collection_prefix="one-") as one,
            FirestoreService(project, emulator_host=host, collection_prefix="two-") as two,
        ):
            one.save("agents", "a", {"n": 1})
            assert refusal(two.get, "agents", "a").status_code == 404
            assert client.collection("one-agents").document("a").get().exists
            assert one.collections() == {"agents"}
            assert two.collections() == set()


class TestDocuments:
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(document=documents)
    def test_every_document_comes_back(self, service, document):
        document.pop("_id", None)
        service.save("random", "d", document)
        found = service.get("random", "d")
        assert service.list_all("random") == [found]
        del found["_id"], found["_rev"]
        assert exact(found) == exact(document)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(name=names.filter(bool).filter(lambda name: len(name) < 200))
    def test_every_name_works(self, service, name):
        service.save(name, name, {})
        assert service.get(name, name)["_id"] == name
        service.delete(name, name)

    @pytest.mark.parametrize("depth", [16, 19, 20, 21, 64])
    def test_depth(self, service, depth):
        value = 2**70
        for step in range(depth):
            value = {"m": value, "l": [1]} if step % 2 else [value, 1]
        service.save("deep", "d", {"top": value})
        assert service.get("deep", "d")["top"] == value


class TestLimits:
    # The names of the document and of two fields, an end for each text, and Firestore's own share.
    TEXT = 1_048_576 - (len("agents") + 1 + len("a") + 1 + 16 + 32 + 2 * (1 + 1 + 1))

    def test_350_kib_are_held(self, service):
        document = {"lines": [f"line {number}" for number in range(20_000)], "text": "x" * 100_000}
        service.save("agents", "a", document)
        assert service.get("agents", "a")["lines"] == document["lines"]

    def test_a_document_of_one_mebibyte_to_the_byte_is_held(self, service):
        service.save("agents", "a", {"a": "x" * 500_000, "b": "x" * (self.TEXT - 500_000)})
        assert len(service.get("agents", "a")["b"]) == self.TEXT - 500_000

    @pytest.mark.parametrize("more", [1, 4_000_000])
    def test_a_byte_more_is_a_413_that_is_not_sent(self, service, recorder, more):
        service.save("agents", "a", {"n": 1})
        recorder.calls()
        too_large = {"a": "x" * 500_000, "b": "x" * (self.TEXT - 500_000 + more)}
        assert refusal(service.save, "agents", "a", too_large).status_code == 413
        assert recorder.calls() == []
        assert service.get("agents", "a")["n"] == 1

    def test_a_field_past_its_own_limit_is_a_413(self, service):
        service.save("agents", "a", {"a": "x" * 1_048_487})
        assert refusal(service.save, "agents", "a", {"a": "x" * 1_048_488}).status_code == 413
        assert len(service.get("agents", "a")["a"]) == 1_048_487


class TestContention:
    def test_sixteen_writers_of_one_document_all_finish(self, service):
        def write(writer):
            for number in range(20):
                service.save("agents", "a", {"writer": writer, "n": number, "again": [writer] * 9})

        begun = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(write, range(16)))
        assert time.monotonic() - begun < 30
        last = service.get("agents", "a")
        assert (last["n"], last["again"]) == (19, [last["writer"]] * 9)

    def test_of_many_deletes_one_succeeds(self, service):
        service.save("agents", "a", {})

        def delete(_):
            try:
                service.delete("agents", "a")
            except HTTPException as error:
                return error.status_code
            return None

        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(delete, range(16)))
        assert sorted(outcomes, key=str) == [404] * 15 + [None]

    def test_many_first_saves_into_a_new_collection_all_succeed(self, service):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: service.save("new", str(number), {}), range(64)))
        assert len(service.list_all("new")) == 64


class TestLife:
    def test_instances_are_apps_of_their_own_and_gone_when_closed(self, host, project):
        default = firebase_admin.initialize_app(options={"projectId": "another"})
        try:
            with FirestoreService(project, emulator_host=host) as one:
                with FirestoreService(project, emulator_host=host, app_name="mine") as two:
                    assert firebase_admin.get_app("mine").project_id == project
                    one.save("agents", "a", {"n": 1})
                    assert two.get("agents", "a")["n"] == 1
                assert one.get("agents", "a")["n"] == 1
            with pytest.raises(ValueError, match="mine"):
                firebase_admin.get_app("mine")
            assert firebase_admin.get_app() is default
        finally:
            firebase_admin.delete_app(default)

    def test_an_app_name_that_is_taken_is_refused(self, host, project):
        with (
            FirestoreService(project, emulator_host=host, app_name="mine"),
            pytest.raises(ValueError, match="already exists"),
        ):
            FirestoreService(project, emulator_host=host, app_name="mine")

    def test_a_closed_service_says_so(self, host, project):
        service = FirestoreService(project, emulator_host=host)
        listing = service.iter_all("agents")
        service.close()
        service.close()
        for call in (
            lambda: service.get("agents", "a"),
            lambda: service.save("agents", "a", {}),
            lambda: service.delete("agents", "a"),
            lambda: list(listing),
        ):
            refused = refusal(call)
            assert refused.status_code == 503
            assert "closed" in refused.detail

    def test_a_listing_under_way_ends_with_the_service(self, host, project):
        service = FirestoreService(project, emulator_host=host, page_size=1)
        service.save("agents", "a", {})
        service.save("agents", "b", {})
        listing = service.iter_all("agents")
        next(listing)
        service.close()
        assert refusal(next, listing).status_code == 503

    def test_the_environment_is_enough(self, host, monkeypatch):
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        for variable in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "FIREBASE_CONFIG"):
            monkeypatch.delenv(variable, raising=False)
        with FirestoreService() as service:
            assert service.list_all(f"nothing-{uuid.uuid4().hex}") == []
            assert "google-cloud-firestore-emulator" in repr(service)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "from-the-environment")
        with FirestoreService() as service:
            assert "from-the-environment" in repr(service)

    def test_databases_are_apart(self, host, project):
        with (
            FirestoreService(project, emulator_host=host) as one,
            FirestoreService(project, emulator_host=host, database="other") as two,
        ):
            one.save("agents", "a", {})
            assert two.list_all("agents") == []

    def test_drop_removes_every_document_of_one_collection(self, host, project):
        with FirestoreService(project, emulator_host=host, page_size=2) as service:
            for number in range(4):
                service.save("agents", str(number), {})
            service.save("users", "u", {})
            service.drop("agents")
            service.drop("agents")
            assert service.collections() == {"users"}


class TestGoogleItself:
    """How the real service would be reached; nothing is sent."""

    @pytest.fixture(autouse=True)
    def no_environment(self, monkeypatch):
        for variable in (
            "FIRESTORE_EMULATOR_HOST",
            "GOOGLE_CLOUD_PROJECT",
            "GCLOUD_PROJECT",
            "FIREBASE_CONFIG",
        ):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", os.devnull + "/missing.json")

    @pytest.fixture
    def apps(self):
        before = set(firebase_admin._apps)
        yield lambda: set(firebase_admin._apps) - before
        assert set(firebase_admin._apps) == before

    def test_credentials_of_googles_or_firebases_are_taken(self, apps):
        class Given(firebase_admin.credentials.Base):
            def get_credential(self):
                return AnonymousCredentials()

        for credentials in (AnonymousCredentials(), Given()):
            with FirestoreService("given-project", credentials=credentials) as service:
                assert repr(service) == (
                    "FirestoreService('projects/given-project/databases/(default)')"
                )

    def test_no_credentials_is_an_error_that_says_what_to_do(self, apps):
        with pytest.raises(ValueError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            FirestoreService("given-project")

    def test_no_project_is_an_error_that_says_what_to_do(self, apps):
        with pytest.raises(ValueError, match="GOOGLE_CLOUD_PROJECT"):
            FirestoreService(credentials=AnonymousCredentials())

    @pytest.mark.parametrize(
        "credentials",
        ["/no/such/file.json", {"type": "service_account", "private_key": "s3cr3t"}],
        ids=["file", "content"],
    )
    def test_bad_credentials_are_an_error_that_shows_none(self, apps, credentials):
        with pytest.raises(ValueError, match="service account") as caught:
            FirestoreService("given-project", credentials=credentials)
        assert "s3cr3t" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_page_holds_a_document_at_least(self, apps):
        with pytest.raises(ValueError, match="page_size"):
            FirestoreService("given-project", page_size=0)


class TestTheTarget:
    def test_it_connects_by_an_endpoint(self, emulator):
        assert targets.firestore.name == targets.firestore.server == "firestore"
        with targets.firestore.connect(emulator) as service:
            service.save("agents", "a", {})
            assert targets.firestore.collections(service) == {"agents"}
            targets.firestore.drop(service, "agents")
            assert targets.firestore.collections(service) == set()

    def test_googles_libraries_are_not_loaded_before_it_connects(self):
        code = (
            "import sys, gofannon_backends.targets as t; "
            "assert t.firestore.connect; "
            "sys.exit(any(m.startswith(('google', 'grpc', 'firebase')) for m in sys.modules))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
