"""Which requests the CouchDB backend sends, and what CouchDB holds after them."""

import json
from contextlib import contextmanager

import pytest
from couchdb_double import Answer, error, says
from fastapi import HTTPException

from gofannon_backends.couchdb import CouchDBService, writer
from gofannon_backends.couchdb.requests import address_of

NO_DATABASE = says(error(404, "not_found", "Database does not exist."))
CONFLICT = says(error(409, "conflict", "Document update conflict."))
REVISION = "1-" + "0" * 32


def raises(status):
    return pytest.raises(HTTPException, check=lambda error: error.status_code == status)


def ids_of(documents):
    return [document["_id"] for document in documents]


@pytest.fixture
def with_options(double):
    """A function that opens a service with options on the double."""
    services = []

    def connect(**options):
        services.append(CouchDBService(double.url, *double.credentials, **options))
        return services[-1]

    yield connect
    for service in services:
        service.close()


class TestOneRequest:
    @pytest.fixture(autouse=True)
    def known(self, couchdb):
        couchdb.save("agents", "a1", {"n": 1})

    @pytest.mark.parametrize(
        ("call", "request_line"),
        [
            (lambda service: service.get("agents", "a1"), "GET /agents/a1"),
            (lambda service: service.save("agents", "a1", {}), "PUT /agents/a1"),
            (lambda service: service.save("agents", "a2", {}), "PUT /agents/a2"),
            (lambda service: service.delete("agents", "a1"), "DELETE /agents/a1"),
            (lambda service: service.list_all("agents"), "GET /agents/_all_docs"),
            (lambda service: service.list_all("nowhere"), "GET /nowhere/_all_docs"),
        ],
        ids=["get", "save", "save-new", "delete", "list", "list-nothing"],
    )
    def test_is_what_a_call_takes(self, double, couchdb, call, request_line):
        with double.counting() as requests:
            call(couchdb)
        assert requests == [request_line]

    @pytest.mark.parametrize(("method", "verb"), [("get", "GET"), ("delete", "HEAD")])
    @pytest.mark.parametrize("collection", ["agents", "nowhere"])
    def test_is_what_a_missing_document_takes(self, double, couchdb, method, verb, collection):
        with double.counting() as requests, raises(404):
            getattr(couchdb, method)(collection, "a2")
        assert requests == [f"{verb} /{collection}/a2"]

    def test_is_what_a_save_takes_after_each_save(self, double, couchdb):
        with double.counting() as requests:
            for n in range(5):
                couchdb.save("agents", "a1", {"n": n})
        assert requests == ["PUT /agents/a1"] * 5

    def test_is_what_a_save_takes_after_a_get(self, double, couchdb):
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.save("agents", "a1", couchdb.get("agents", "a1"))
        assert requests == ["GET /agents/a1", "PUT /agents/a1"]

    def test_is_what_a_save_takes_after_a_delete(self, double, couchdb):
        couchdb.delete("agents", "a1")
        with double.counting() as requests:
            rev = couchdb.save("agents", "a1", {})["rev"]
        assert requests == ["PUT /agents/a1"]
        assert rev.startswith("3-")

    def test_is_one_more_than_a_bad_argument_takes(self, double, couchdb):
        with double.counting() as requests:
            for call in (couchdb.get, couchdb.delete):
                with raises(400):
                    call("agents", "")
            for document in ({"n": {1}}, ["no", "document"]):
                with raises(422):
                    couchdb.save("agents", "a1", document)
        assert requests == []


class TestMoreRequests:
    def test_the_first_save_creates_the_database(self, double, couchdb):
        with double.counting() as requests:
            couchdb.save("agents", "a1", {})
        assert requests == ["PUT /agents/a1", "PUT /agents", "PUT /agents/a1"]

    @pytest.mark.parametrize("seen", [False, True])
    def test_a_save_over_an_unknown_revision_reads_it(self, double, couchdb, seen):
        if seen:
            couchdb.save("agents", "a1", {"n": 1})
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.save("agents", "a1", {"n": 2})
            couchdb.save("agents", "a1", {"n": 3})
        assert requests == ["PUT /agents/a1", "HEAD /agents/a1", *["PUT /agents/a1"] * 2]
        assert double.content("agents", "a1") == {"n": 3}

    @pytest.mark.parametrize("seen", [False, True])
    def test_so_does_a_delete(self, double, couchdb, seen):
        if seen:
            couchdb.save("agents", "a1", {})
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.delete("agents", "a1")
        refused = ["DELETE /agents/a1"] if seen else []
        assert requests == [*refused, "HEAD /agents/a1", "DELETE /agents/a1"]

    def test_only_the_newest_revisions_are_kept(self, double, with_options):
        service = with_options(cache_size=2)
        for doc_id in ("a1", "a2", "a3"):
            service.save("agents", doc_id, {})
        service.get("agents", "a2")
        with double.counting() as requests:
            service.save("agents", "a3", {})
            service.save("agents", "a2", {})
            service.save("agents", "a1", {})
        assert requests == [
            *("PUT /agents/a3", "PUT /agents/a2"),
            *("PUT /agents/a1", "HEAD /agents/a1", "PUT /agents/a1"),
        ]

    def test_each_page_is_a_request(self, double, with_options):
        for n in range(1500):
            double.put("agents", f"{n:04}", {"n": n})
        service = with_options()
        with double.counting() as requests:
            assert len(service.list_all("agents")) == 1500
        assert requests == ["GET /agents/_all_docs"] * 5
        # One row more than is used each time; larger pages, as the documents are small.
        assert [request.query["limit"] for request in double.requests] == [
            "65",
            "257",
            *["501"] * 3,
        ]

    def test_a_page_that_starts_at_a_long_id_is_posted(self, double, with_options):
        for letter in "ab":
            double.put("agents", letter * 3000, {})
        service = with_options(page_size=1)
        with double.counting() as requests:
            assert len(service.list_all("agents")) == 2
        assert requests == ["GET /agents/_all_docs", "POST /agents/_all_docs"]

    def test_a_document_added_while_the_list_is_read_costs_a_request(self, double, with_options):
        service = with_options(page_size=2)
        for doc_id in ("b", "c", "d", "e"):
            double.put("agents", doc_id, {})
        documents = service.iter_all("agents")
        first = next(documents)
        double.put("agents", "a", {})
        with double.counting() as requests:
            assert ids_of([first, *documents]) == ["b", "c", "d", "e"]
        assert requests == ["GET /agents/_all_docs"] * 2
        assert double.requests[-1].query["endkey"] == '"' + "\uffff" * 201 + '"'

    def test_that_request_is_not_sent_past_its_end(self, double, with_options):
        service = with_options(page_size=1)
        for doc_id in ("b", "\U0010ffff"):
            double.put("agents", doc_id, {})
        documents = service.iter_all("agents")
        next(documents)
        double.put("agents", "a", {})
        assert ids_of(documents) == ["\U0010ffff"]
        assert "endkey" not in double.requests[-1].query

    def test_ids_that_pouchdbs_server_leaves_out_are_requested(self, double, couchdb):
        def page(*ids):
            docs = [{"_id": doc_id, "_rev": REVISION} for doc_id in ids]
            rows = [{"id": doc["_id"], "key": doc["_id"], "value": {}, "doc": doc} for doc in docs]
            return says(Answer(200, {"total_rows": 3, "offset": 0, "rows": rows}))

        double.next(page("a"), page("日本", "😀"), page(), page("日本", "😀", "\uffee"))
        for expected in (["a", "日本", "😀"], ["日本", "😀", "\uffee"]):
            assert ids_of(couchdb.list_all("agents")) == expected
        assert [request.query.get("startkey") for request in double.requests] == [
            *(None, '"a\\u0000"'),
            *(None, '"\\u0000"'),
        ]


class TestWhatCouchDBHolds:
    def test_documents_are_plain(self, double, couchdb):
        document = {"name": "My agent", "tools": {"web": ["a", None, True]}, "n": 1, "x": 1.0}
        couchdb.save("agents", "a/b é", document)
        assert double.content("agents", "a/b é") == document

    def test_data_of_older_versions_is_read_and_replaced(self, double, couchdb):
        old = {"name": "Ann", "usage": [0.05, 87.5], "~x": "~", "$a.b": {"_c": 1}}
        rev = double.put("users", "u1", old)
        assert couchdb.get("users", "u1") == {**old, "_id": "u1", "_rev": rev}
        assert couchdb.list_all("users") == [{**old, "_id": "u1", "_rev": rev}]
        couchdb.save("users", "u1", {**couchdb.get("users", "u1"), "name": "Bea"})
        assert double.content("users", "u1")["name"] == "Bea"

    def test_design_documents_and_system_databases_are_hidden(self, double, couchdb):
        double.put("agents", "_design/views", {"views": {}})
        double.put("agents", "a1", {})
        assert ids_of(couchdb.list_all("agents")) == ["a1"]
        assert couchdb.collections() == {"agents"}
        with raises(404):
            couchdb.get("agents", "_design/views")

    def test_fields_of_couchdbs_own_are_not_shown(self, double, couchdb):
        native = {"_id": "a1", "_rev": REVISION, "_attachments": {}, "n": 1}
        double.next(says(Answer(200, native)))
        assert couchdb.get("agents", "a1") == {"_id": "a1", "_rev": REVISION, "n": 1}

    def test_a_document_deleted_while_it_is_listed_is_left_out(self, double, couchdb):
        row = {"id": "a1", "key": "a1", "value": {"rev": "1-0"}, "doc": None}
        double.next(says(Answer(200, {"total_rows": 1, "offset": 0, "rows": [row]})))
        assert couchdb.list_all("agents") == []

    @pytest.mark.parametrize(
        ("doc_id", "path"),
        [
            ("..", "%2E%2E"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("c+d", "c%2Bd"),
            ("_a/b", "%E2%90%9B5f%E2%90%9Ba%2Fb"),
        ],
    )
    def test_an_id_is_one_part_of_the_path(self, double, couchdb, doc_id, path):
        couchdb.save("agents", doc_id, {})
        assert double.log()[-1] == f"PUT /agents/{path}"

    def test_the_body_has_no_revision_and_the_id_of_the_call(self, double, couchdb):
        couchdb.save("agents", "a1", {"_id": "b", "_rev": "7-x", "n": 1})
        couchdb.save("agents", "a1", {"n": 2})
        assert [json.loads(request.body) for request in double.requests if request.body] == [
            *[{"_id": "a1", "n": 1}] * 2,
            {"_id": "a1", "n": 2},
        ]
        assert double.requests[-1].query["rev"].startswith("1-")


class TestCreatingADatabase:
    def test_that_another_has_created_meanwhile(self, double, couchdb):
        couchdb.save("users", "u1", {})
        double.next(NO_DATABASE, says(error(412, "file_exists", "It could not be created.")))
        couchdb.save("users", "u1", {"n": 1})
        assert double.content("users", "u1") == {"n": 1}

    @pytest.mark.parametrize(
        ("refusal", "status"),
        [
            (error(412, "nodedown", "progress not possible"), 500),
            (error(401, "unauthorized", "You are not a server admin."), 503),
        ],
        ids=["node-is-down", "no-right"],
    )
    def test_that_is_refused_is_an_error(self, double, couchdb, refusal, status):
        double.next(NO_DATABASE, says(refusal))
        with raises(status) as caught:
            couchdb.save("users", "u1", {})
        assert refusal.content["error"] in caught.value.detail


class TestConflicts:
    def test_only_a_thread_that_meets_one_waits_for_its_turn(self, double, couchdb, monkeypatch):
        waited = []

        @contextmanager
        def queue(place):
            yield lambda: waited.append(place.doc_id)

        monkeypatch.setattr(couchdb._writer._turns, "queue", queue)
        couchdb.save("agents", "a1", {"n": 1})
        assert waited == []
        double.put("agents", "a1", {"n": "theirs"})
        couchdb.save("agents", "a1", {"n": 2})
        assert waited == ["a1"]

    @pytest.mark.parametrize("method", ["save", "delete"])
    def test_at_every_attempt_are_409_and_change_nothing(
        self, double, couchdb, monkeypatch, method
    ):
        monkeypatch.setattr(writer, "attempts", lambda: range(3))
        couchdb.save("agents", "a1", {"n": 1})
        look = says(Answer(200, headers={"ETag": f'"{REVISION}"'}))
        double.next(*[CONFLICT, look] * 3)
        with raises(409) as caught:
            couchdb.save("agents", "a1", {}) if method == "save" else couchdb.delete("agents", "a1")
        assert "'a1'" in caught.value.detail
        assert double.content("agents", "a1") == {"n": 1}

    def test_a_database_that_is_always_missing_is_409(self, double, couchdb, monkeypatch):
        monkeypatch.setattr(writer, "attempts", lambda: range(3))
        there = says(error(412, "file_exists", "It could not be created."))
        double.next(*[NO_DATABASE, there] * 3)
        with raises(409):
            couchdb.save("users", "u1", {})


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "shown", "credentials"),
        [
            ("http://localhost:5984", "http://localhost:5984", None),
            ("https://host/couch/", "https://host/couch", None),
            ("http://[::1]:5984/", "http://[::1]:5984", None),
            ("http://joe:pw@host:5984", "http://host:5984", ("joe", "pw")),
            ("http://joe@host", "http://host", ("joe", "")),
            ("http://jo%40e:p@s:s%2F@host", "http://host", ("jo@e", "p@s:s/")),
        ],
    )
    def test_credentials_are_taken_out(self, url, shown, credentials):
        address = address_of(url, None, None)
        assert (address.url, address.credentials) == (shown, credentials)
        assert repr(address) == f"Address({shown!r})"

    def test_arguments_go_before_them(self):
        assert address_of("http://a:b@host", "c", "d").credentials == ("c", "d")
        assert address_of("http://a:b@host", "c", None).credentials == ("c", "")

    @pytest.mark.parametrize(
        "url",
        [
            *("", "localhost:5984", "ftp://host", "http://", "http://:5984", "http://host:port"),
            *("http://joe:se/cret@host", "http://joe:1/secret@host", "http://joe:secret?@host"),
            *("http://host/?secret", "http://host/#secret", "http://[secret", "http://host:0"),
        ],
    )
    def test_what_is_no_address_is_refused_without_being_shown(self, url):
        with pytest.raises(ValueError, match="looks like http://host:5984") as caught:
            CouchDBService(url)
        assert "secret" not in repr(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__

    @pytest.mark.parametrize("prefix", ["App", "1", "_app", "a" * 239])
    def test_a_prefix_that_no_database_can_have_is_refused(self, prefix):
        with pytest.raises(ValueError, match="database_prefix"):
            CouchDBService("http://localhost", database_prefix=prefix)

    def test_a_page_has_at_least_one_document(self):
        with pytest.raises(ValueError, match="page_size"):
            CouchDBService("http://localhost", page_size=0)

    def test_a_service_shows_its_address_and_no_secret(self, couchdb, double):
        assert repr(couchdb) == f"CouchDBService({double.url!r})"

    def test_a_path_before_the_databases_is_kept(self, double):
        double.next(says(error(404, "not_found", "missing")))
        with CouchDBService(f"{double.url}/behind/a/proxy/") as service, raises(404):
            service.get("agents", "a1")
        assert double.log() == ["GET /behind/a/proxy/agents/a1"]
