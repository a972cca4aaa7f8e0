"""The CouchDB backend on a server: the real one or its stand-in, and the double of CouchDB 3."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from fastapi import HTTPException

from gofannon_backends.couchdb import CouchDBService


@pytest.fixture(params=["server", "double"])
def connect(request):
    """Give a function that makes one more service on the same server."""
    if request.param == "double":
        address = request.getfixturevalue("double").url
        user, password = "joe", "s3cret@word/"
    else:
        endpoint = request.getfixturevalue("couchdb_server").endpoint
        address = endpoint.url
        user, password = endpoint.settings["user"], endpoint.settings["password"]
    services = []

    def connect(**options):
        services.append(CouchDBService(address, user, password, **options))
        return services[-1]

    yield connect
    for service in services:
        service.close()


@pytest.fixture
def service(connect):
    return connect()


@pytest.fixture
def collection(service):
    name = f"c{uuid4().hex}"
    yield name
    service.drop(name)


@pytest.fixture
def rival(connect):
    """Another process's service on the same server."""
    return connect()


def raises(status):
    return pytest.raises(HTTPException, check=lambda error: error.status_code == status)


def at_once(count, call):
    """Call from as many threads, started together, and return what came of each."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait()
        try:
            return call(number)
        except HTTPException as error:
            return error.status_code

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


class TestTheFourMethods:
    def test_a_document_comes_back_with_its_id_and_revision(self, service, collection):
        saved = service.save(collection, "t1", {"status": "pending", "_id": "other"})
        assert service.get(collection, "t1") == {
            "_id": "t1",
            "_rev": saved["rev"],
            "status": "pending",
        }
        assert saved == {"id": "t1", "rev": saved["rev"]}
        assert saved["rev"].startswith("1-")

    def test_a_save_replaces_the_whole_document(self, service, collection):
        service.save(collection, "t1", {"a": {"b": 1, "c": 2}})
        service.save(collection, "t1", {"a": {"c": 3}})
        assert service.get(collection, "t1")["a"] == {"c": 3}

    def test_the_callers_document_is_only_read(self, service, collection):
        document = {"_id": "other", "_rev": "1-x", "tags": ["a"]}
        service.save(collection, "t1", document)
        assert document == {"_id": "other", "_rev": "1-x", "tags": ["a"]}

    @pytest.mark.parametrize("rev", ["1-0123456789abcdef0123456789abcdef", "17", 3, None])
    def test_a_revision_that_is_brought_along_is_not_looked_at(self, service, collection, rev):
        service.save(collection, "t1", {"n": 1})
        service.save(collection, "t1", {"n": 2})
        service.save(collection, "t1", {"n": 3, "_rev": rev})
        assert service.get(collection, "t1")["n"] == 3

    def test_a_deleted_document_is_gone_and_can_come_back(self, service, collection):
        service.save(collection, "t1", {"old": True})
        assert service.delete(collection, "t1") is None
        with raises(404):
            service.get(collection, "t1")
        with raises(404):
            service.delete(collection, "t1")
        assert service.list_all(collection) == []
        service.save(collection, "t1", {"new": True})
        assert "old" not in service.get(collection, "t1")

    def test_what_was_never_there_is_404_and_reading_makes_no_database(self, service, collection):
        with raises(404):
            service.get(collection, "t1")
        with raises(404):
            service.delete(collection, "t1")
        assert service.list_all(collection) == []
        assert collection not in service.collections()

    @pytest.mark.parametrize("doc_id", ["", None, 1, b"t1"])
    def test_an_id_that_is_no_text_never_reaches_the_server(self, service, collection, doc_id):
        service.save(collection, "t1", {})
        for call in (service.get, service.delete):
            with raises(400):
                call(collection, doc_id)
        with raises(400):
            service.save(collection, doc_id, {})
        assert [document["_id"] for document in service.list_all(collection)] == ["t1"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"raw", {1: "one"}])
    def test_what_json_cannot_hold_is_refused_and_the_earlier_version_stays(
        self, service, collection, value
    ):
        service.save(collection, "t1", {"n": 1})
        with raises(422):
            service.save(collection, "t1", {"n": value})
        assert service.get(collection, "t1")["n"] == 1


class TestIdsAndNames:
    IDS = (
        *("_design/x", "_all_docs", "_local/a", "_security", "_", "__x__", "_a/b"),
        *("a/b", "a/b/c", "a%2Fb", "..", ".", "../users/u1", "?rev=1", "#x", "a+b", "a b", " a"),
        *("a\0b", "\n", '"', "\\", "é", "e\N{COMBINING ACUTE ACCENT}", "日本", "😀", "\ufffd"),
        *("\ud800", "x\udfff", "␛", "␛5f␛x", "1", "01", "1.0", "A", "null", "x" * 1000),
    )

    def test_every_id_is_a_document_of_its_own(self, service, collection):
        for number, doc_id in enumerate(self.IDS):
            service.save(collection, doc_id, {"number": number})
        for number, doc_id in enumerate(self.IDS):
            document = service.get(collection, doc_id)
            assert (document["number"], document["_id"]) == (number, doc_id)
        listed = {document["_id"]: document for document in service.list_all(collection)}
        assert listed == {doc_id: service.get(collection, doc_id) for doc_id in self.IDS}
        for doc_id in self.IDS:
            service.delete(collection, doc_id)
        assert service.list_all(collection) == []

    @pytest.mark.parametrize(
        "name", ["Agents", "_users", "a:b", "1st", "é", "x$y", "\ud800", "a b", "..", "con.", "\0"]
    )
    def test_a_name_that_no_database_can_have_works(self, service, name):
        name = f"{name}-{uuid4().hex}"
        service.save(name, "t1", {"n": 1})
        try:
            assert service.get(name, "t1")["n"] == 1
            assert name in service.collections()
        finally:
            service.drop(name)
        assert name not in service.collections()

    def test_a_name_past_couchdbs_limit_is_refused_by_all(self, service):
        name = "a" * 239
        for call in (service.get, service.delete):
            with raises(400) as caught:
                call(name, "t1")
            assert "238" in caught.value.detail
        with raises(400):
            service.save(name, "t1", {})
        with raises(400):
            service.list_all(name)
        service.drop(name)

    def test_a_prefix_keeps_applications_apart(self, connect, service, collection):
        prefixed = connect(database_prefix="app-")
        prefixed.save(collection, "t1", {"n": 1})
        try:
            assert service.list_all(collection) == []
            assert f"app-{collection}" in service.collections()
            assert collection in prefixed.collections()
        finally:
            prefixed.drop(collection)


class TestManyAtOnce:
    def test_many_first_saves_into_one_new_collection_all_succeed(self, service, collection):
        answers = at_once(16, lambda n: service.save(collection, f"t{n}", {"n": n}))
        assert sorted(answer["id"] for answer in answers) == sorted(f"t{n}" for n in range(16))
        assert len(service.list_all(collection)) == 16

    def test_sixteen_writers_of_two_processes_all_finish(self, service, rival, collection):
        writers = (service, rival)

        def write(n):
            for step in range(5):
                writers[n % 2].save(collection, "hot", {"n": n, "step": step})
            return "done"

        assert at_once(16, write) == ["done"] * 16
        assert service.get(collection, "hot")["step"] == 4

    def test_of_many_deletes_exactly_one_succeeds(self, service, rival, collection):
        deleters = (service, rival)
        for _ in range(5):
            service.save(collection, "t1", {})
            answers = at_once(8, lambda n: deleters[n % 2].delete(collection, "t1"))
            assert sorted(answers, key=str) == [404] * 7 + [None]

    def test_a_delete_wins_over_a_version_that_it_had_not_seen(self, service, rival, collection):
        service.save(collection, "t1", {"n": 1})
        rival.save(collection, "t1", {"n": 2})
        service.delete(collection, "t1")
        with raises(404):
            rival.get(collection, "t1")

    def test_a_save_wins_over_what_others_did_meanwhile(self, service, rival, collection):
        service.save(collection, "t1", {"n": 1})
        rival.delete(collection, "t1")
        service.save(collection, "t1", {"n": 2})
        rival.save(collection, "t1", {"n": 3})
        service.save(collection, "t1", {"n": 4})
        assert rival.get(collection, "t1")["n"] == 4

    def test_a_database_removed_behind_the_services_back_is_made_again(
        self, service, rival, collection
    ):
        service.save(collection, "t1", {"n": 1})
        rival.drop(collection)
        assert service.list_all(collection) == []
        service.save(collection, "t1", {"n": 2})
        assert rival.get(collection, "t1")["n"] == 2


class TestLists:
    def test_a_list_is_complete_past_many_pages(self, connect, collection):
        service = connect(page_size=7)
        ids = [f"{n:03}" for n in range(50)] + ["日本", "😀", "\uffee", "_x"]
        for doc_id in ids:
            service.save(collection, doc_id, {"id": doc_id})
        listed = service.list_all(collection)
        assert sorted(document["_id"] for document in listed) == sorted(ids)
        assert all(document["id"] == document["_id"] for document in listed)

    @pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 21])
    def test_pages_that_end_at_the_last_document(self, connect, service, collection, count):
        paged = connect(page_size=10)
        service.save(collection, "gone", {})
        service.delete(collection, "gone")
        for n in range(count):
            service.save(collection, f"{n:02}", {})
        assert len(paged.list_all(collection)) == count

    def test_ids_of_several_kilobytes_do_not_break_the_paging(self, connect, collection):
        service = connect(page_size=2)
        ids = [letter * 5000 for letter in "abcdefg"]
        for doc_id in ids:
            service.save(collection, doc_id, {})
        assert [document["_id"] for document in service.list_all(collection)] == ids

    def test_documents_come_before_the_next_page_is_asked_for(self, connect, rival, collection):
        service = connect(page_size=2)
        for n in range(6):
            rival.save(collection, f"{n}", {"n": n})
        documents = service.iter_all(collection)
        assert next(documents)["n"] == 0
        rival.save(collection, "5", {"n": "changed"})
        assert [document["n"] for document in documents] == [1, 2, 3, 4, "changed"]

    def test_a_list_of_six_mebibytes_comes_whole(self, service, collection):
        text = "x" * 350 * 1024
        for n in range(18):
            service.save(collection, f"{n}", {"text": text})
        assert [len(document["text"]) for document in service.list_all(collection)] == [
            len(text)
        ] * 18
