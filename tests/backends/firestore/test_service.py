"""The Firestore backend on the emulator: requests, pages, names, data of others, limits, life."""

import os
import uuid

import firebase_admin
import grpc
import pytest
from documents_given import documents, exact, names
from fastapi import HTTPException
from firestore_front import Recorder
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from hypothesis import HealthCheck, given, settings
from store_calls import CALLS, check_names_refused, failure_of, ids_of, status_of

from gofannon_backends.firestore import FirestoreService

ENVIRONMENT = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "FIREBASE_CONFIG")

on_the_emulator = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def host(firestore_server):
    return firestore_server.endpoint.settings["emulator_host"]


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
def service(recorder, open_firestore):
    return open_firestore()


@pytest.fixture
def short_pages(recorder, open_firestore):
    return open_firestore(page_size=2)


@pytest.fixture
def client(host, project, monkeypatch):
    """Google's own client, as another program would use it."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    client = firestore.Client(project)
    yield client
    client.close()


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
        assert status_of(getattr(service, method), "agents", "a") == 404
        assert len(recorder.calls()) == 1


class TestPages:
    def test_a_list_is_complete_past_its_pages(self, recorder, open_firestore):
        service = open_firestore(page_size=70)
        ids = [f"{number:04}-é" for number in range(150)]
        service.save_many("many", [{"_id": doc_id} for doc_id in ids])
        recorder.calls()
        assert ids_of(service.list_all("many")) == ids
        assert recorder.calls() == ["RunQuery"] * 3  # of 64, 70 and the rest

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
    def test_pages_that_end_before_at_and_after_the_last_document(self, short_pages, count):
        for number in range(count):
            short_pages.save("few", f"a/{number}", {"n": number})
        assert [document["n"] for document in short_pages.list_all("few")] == list(range(count))

    def test_a_page_is_requested_when_it_is_needed(self, short_pages, recorder):
        for number in range(5):
            short_pages.save("few", str(number), {})
        recorder.calls()
        listing = short_pages.iter_all("few")
        next(listing)
        assert recorder.calls() == ["RunQuery"]
        listing.close()
        assert recorder.calls() == []

    def test_writes_between_pages_hide_no_other_document(self, short_pages):
        kept = [f"{number}5" for number in range(5)]
        for doc_id in [*kept, "00", "40"]:
            short_pages.save("busy", doc_id, {})
        listing = short_pages.iter_all("busy")
        first = next(listing)["_id"]
        short_pages.delete("busy", "00")  # of the page that is being read
        short_pages.delete("busy", "40")
        short_pages.save("busy", "01", {})  # before the pages still to come
        assert [first, *(document["_id"] for document in listing)] == ["00", *kept]


class TestRevisions:
    def test_rev_stays_when_nothing_changes_and_differs_after_a_delete(self, service):
        revs = {service.save("agents", "a", {"n": 1})["rev"] for _ in range(3)}
        assert revs == {service.get("agents", "a")["_rev"]}
        service.delete("agents", "a")
        assert service.save("agents", "a", {"n": 1})["rev"] not in revs


class TestNames:
    @on_the_emulator
    @given(name=names.filter(bool).filter(lambda name: len(name) < 200))
    def test_every_name_works(self, service, name):
        service.save(name, name, {})
        assert service.get(name, name)["_id"] == name
        assert name in service.collections()
        service.delete(name, name)
        assert service.list_all(name) == []

    @pytest.mark.parametrize("doc_id", ["x" * 1501, "é" * 751, "/" * 376])
    def test_an_id_past_the_limit_is_refused_before_it_is_sent(self, service, recorder, doc_id):
        check_names_refused(service, doc_id=doc_id, why="1,500 bytes")
        assert recorder.calls() == []

    def test_the_longest_id_and_collection_work(self, service):
        service.save("c" * 1500, "é" * 750, {"n": 1})
        assert service.get("c" * 1500, "é" * 750)["n"] == 1

    def test_a_collection_name_past_the_limit_is_refused(self, service):
        check_names_refused(service, "c" * 1501)
        with pytest.raises(HTTPException, match="1,500"):
            service.drop("c" * 1501)


class TestNativeData:
    def test_other_programs_see_collections_documents_and_types(self, service, client):
        document = {
            "name": "é",
            "tags": ["a", None],
            "price": {"sum": 87.5, "count": 2, "a.b": True},
        }
        service.save("agents", "agent-1", document)
        seen = client.collection("agents").document("agent-1").get()
        assert exact(seen.to_dict()) == exact(document)

    def test_a_document_of_another_program_reads_as_plain_json(self, service, client):
        client.collection("agents").document("old").set(
            {
                "_id": "something else",
                "_rev": "firestore-rev",
                "raw": b"\x00",
                "owner": client.collection("users").document("u1"),
                "nested": {"list": [1, 2.0, {"x": float("nan")}]},
            }
        )
        found = service.get("agents", "old")
        assert found.pop("_rev") != "firestore-rev"
        assert exact(found) == exact(
            {
                "_id": "old",
                "raw": "AA==",
                "owner": "users/u1",
                "nested": {"list": [1, 2.0, {"x": None}]},
            }
        )

    def test_a_subcollection_is_not_in_the_list(self, service, client):
        client.collection("agents").document("a").collection("notes").document("n").set({})
        assert service.list_all("agents") == []
        assert status_of(service.get, "agents", "a") == 404

    def test_the_prefix_separates_applications(self, open_firestore, client):
        one, two = (open_firestore(collection_prefix=prefix) for prefix in ("one-", "two-"))
        one.save("agents", "a", {"n": 1})
        assert status_of(two.get, "agents", "a") == 404
        assert client.collection("one-agents").document("a").get().exists
        assert one.collections() == {"agents"}
        assert two.collections() == set()


class TestDocuments:
    @on_the_emulator
    @given(document=documents)
    def test_every_document_round_trips(self, service, document):
        service.save("random", "d", document)
        found = service.get("random", "d")
        assert service.list_all("random") == [found]
        del found["_id"], found["_rev"]
        assert exact(found) == exact(document)


class TestLimits:
    # The names of the document and of two fields, one byte per text, and Firestore's own share.
    TEXT = 1_048_576 - (len("agents") + 1 + len("a") + 1 + 16 + 32 + 2 * (1 + 1 + 1))

    def test_one_mebibyte_is_held_and_a_byte_more_is_a_413_that_is_not_sent(
        self, service, recorder
    ):
        service.save("agents", "a", {"a": "x" * 500_000, "b": "x" * (self.TEXT - 500_000)})
        recorder.calls()
        too_large = {"a": "x" * 500_000, "b": "x" * (self.TEXT - 500_000 + 1)}
        assert status_of(service.save, "agents", "a", too_large) == 413
        assert recorder.calls() == []
        assert len(service.get("agents", "a")["b"]) == self.TEXT - 500_000

    def test_a_field_past_its_own_limit_is_a_413(self, service):
        service.save("agents", "a", {"a": "x" * 1_048_487})
        assert status_of(service.save, "agents", "a", {"a": "x" * 1_048_488}) == 413
        assert len(service.get("agents", "a")["a"]) == 1_048_487


class TestLife:
    def test_instances_are_separate_apps_until_they_are_closed(self, open_firestore, project):
        default = firebase_admin.initialize_app(options={"projectId": "another"})
        try:
            with open_firestore() as one:
                with open_firestore(app_name="mine") as two:
                    assert firebase_admin.get_app("mine").project_id == project
                    one.save("agents", "a", {"n": 1})
                    assert two.get("agents", "a")["n"] == 1
                    with pytest.raises(ValueError, match="already exists"):
                        open_firestore(app_name="mine")
                assert one.get("agents", "a")["n"] == 1
            with pytest.raises(ValueError, match="mine"):
                firebase_admin.get_app("mine")
            assert firebase_admin.get_app() is default
        finally:
            firebase_admin.delete_app(default)

    def test_after_closing_every_call_is_a_503(self, short_pages):
        for number in range(3):
            short_pages.save("agents", str(number), {})
        begun = short_pages.iter_all("agents")
        assert [next(begun)["_id"], next(begun)["_id"]] == ["0", "1"]
        not_begun = short_pages.iter_all("agents")
        short_pages.close()
        short_pages.close()
        for call, argument in (
            *((call, short_pages) for call in CALLS.values()),
            (next, not_begun),
            (next, begun),
        ):
            failure = failure_of(call, argument)
            assert (failure.status_code, "closed" in failure.detail) == (503, True)

    def test_the_environment_is_enough(self, host, monkeypatch):
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        for variable in ENVIRONMENT:
            monkeypatch.delenv(variable, raising=False)
        with FirestoreService() as service:
            assert service.list_all(f"nothing-{uuid.uuid4().hex}") == []
            assert "google-cloud-firestore-emulator" in repr(service)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "from-the-environment")
        with FirestoreService() as service:
            assert "from-the-environment" in repr(service)

    def test_databases_are_separate(self, firestore, open_firestore):
        firestore.save("agents", "a", {})
        assert open_firestore(database="other").list_all("agents") == []

    def test_drop_removes_every_document_of_one_collection(self, service):
        for number in range(4):
            service.save("agents", str(number), {})
        service.save("users", "u", {})
        service.drop("agents")
        service.drop("agents")
        assert service.collections() == {"users"}


class TestGoogleItself:
    """The connection to the real service; nothing is sent."""

    @pytest.fixture(autouse=True)
    def no_environment(self, monkeypatch):
        for variable in ("FIRESTORE_EMULATOR_HOST", *ENVIRONMENT):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", os.devnull + "/missing.json")

    @pytest.fixture(autouse=True)
    def no_app_is_left(self):
        before = set(firebase_admin._apps)
        yield
        assert set(firebase_admin._apps) == before

    def test_credentials_of_google_or_firebase_are_accepted(self):
        class Given(firebase_admin.credentials.Base):
            def get_credential(self):
                return AnonymousCredentials()

        for credentials in (AnonymousCredentials(), Given()):
            with FirestoreService("given-project", credentials=credentials) as service:
                assert repr(service) == (
                    "FirestoreService('projects/given-project/databases/(default)')"
                )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"project_id": "given-project"}, "GOOGLE_APPLICATION_CREDENTIALS"),
            ({"credentials": AnonymousCredentials()}, "GOOGLE_CLOUD_PROJECT"),
            ({"page_size": 0}, "page_size"),
        ],
    )
    def test_a_missing_or_wrong_setting_is_an_error_that_names_it(self, options, message):
        with pytest.raises(ValueError, match=message):
            FirestoreService(**options)

    @pytest.mark.parametrize(
        "credentials",
        ["/no/such/file.json", {"type": "service_account", "private_key": "s3cret"}],
        ids=["file", "content"],
    )
    def test_bad_credentials_are_an_error_that_does_not_show_them(self, credentials):
        with pytest.raises(ValueError, match="service account") as caught:
            FirestoreService("given-project", credentials=credentials)
        assert "s3cret" not in str(caught.value)
        assert caught.value.__suppress_context__
