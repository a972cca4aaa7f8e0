"""The CouchDB backend: names, pages, what CouchDB holds, addresses and options."""

import json
from uuid import uuid4

import pytest
from couchdb_double import error, says_rows
from http_front import json_answer, says
from store_calls import check_names_refused, ids_of, status_of

from gofannon_backends.couchdb import CouchDBService
from gofannon_backends.couchdb.requests import address_of

REVISION = "1-" + "0" * 32


class TestNames:
    def test_a_name_past_couchdbs_limit_is_refused(self, couchdb):
        check_names_refused(couchdb, "a" * 239, why="238")
        couchdb.drop("a" * 239)

    def test_a_prefix_separates_applications(self, open_couchdb, couchdb):
        prefixed = open_couchdb(database_prefix="app-")
        prefixed.save("agents", "t1", {"n": 1})
        assert couchdb.list_all("agents") == []
        assert couchdb.collections() == {"app-agents"}
        assert prefixed.collections() == {"agents"}
        prefixed.drop("agents")
        assert couchdb.collections() == set()

    def test_a_database_that_was_removed_is_created_again(self, double, couchdb):
        couchdb.save("agents", "a1", {"n": 1})
        double.databases.clear()
        couchdb.save("agents", "a1", {"n": 2})
        assert double.content("agents", "a1") == {"n": 2}

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
        assert double.sent()[-1] == f"PUT /agents/{path}"


class TestPages:
    def test_no_id_is_lost_between_pages_of_a_server(self, couchdb_server, open_couchdb):
        endpoint = couchdb_server.endpoint
        credentials = endpoint.settings["user"], endpoint.settings["password"]
        service = open_couchdb(endpoint.url, credentials, page_size=7)
        collection = f"c{uuid4().hex}"
        ids = [f"{n:03}" for n in range(50)] + ["日本", "😀", "\uffee", "_x"]
        ids += [letter * 5000 for letter in "abcdefg"]  # too long for a URL
        service.save_many(collection, [{"_id": doc_id} for doc_id in ids])
        assert sorted(ids_of(service.list_all(collection))) == sorted(ids)
        service.drop(collection)

    def test_a_list_may_end_where_a_page_ends(self, double, open_couchdb):
        service = open_couchdb(page_size=3)
        double.put("agents", "gone", {})
        double.remove("agents", "gone")
        for count in range(8):
            assert len(service.list_all("agents")) == count
            double.put("agents", f"{count}", {})

    def test_small_documents_come_in_larger_pages(self, double, couchdb):
        for n in range(1500):
            double.put("agents", f"{n:04}", {"n": n})
        assert len(couchdb.list_all("agents")) == 1500
        # One row more than is used each time.
        limits = [request.query["limit"] for request in double.requests]
        assert limits == ["65", "257", *["501"] * 3]

    def test_large_documents_come_in_small_pages(self, double, couchdb):
        for number in range(80):
            double.put("agents", f"{number:02}", {"text": "x" * 200_000})
        assert len(list(couchdb.iter_all("agents"))) == 80
        assert [request.query["limit"] for request in double.requests] == ["65", "11", "11"]

    def test_a_page_that_starts_at_a_long_id_is_posted(self, double, open_couchdb):
        for letter in "ab":
            double.put("agents", letter * 3000, {})
        assert len(open_couchdb(page_size=1).list_all("agents")) == 2
        assert double.sent() == ["GET /agents/_all_docs", "POST /agents/_all_docs"]

    def test_a_document_added_while_the_list_is_read_costs_a_request(self, double, open_couchdb):
        for doc_id in ("b", "c", "d", "e"):
            double.put("agents", doc_id, {})
        documents = open_couchdb(page_size=2).iter_all("agents")
        first = next(documents)
        double.put("agents", "a", {})
        assert ids_of([first, *documents]) == ["b", "c", "d", "e"]
        assert double.requests[-1].query["endkey"] == '"' + "\uffff" * 201 + '"'
        assert len(double.requests) == 3

    def test_that_request_is_not_sent_past_its_end(self, double, open_couchdb):
        for doc_id in ("b", "\U0010ffff"):
            double.put("agents", doc_id, {})
        documents = open_couchdb(page_size=1).iter_all("agents")
        next(documents)
        double.put("agents", "a", {})
        assert ids_of(documents) == ["\U0010ffff"]
        assert "endkey" not in double.requests[-1].query

    def test_ids_that_pouchdbs_server_leaves_out_are_requested(self, double, couchdb):
        def page(*ids):
            return says_rows(*({"_id": doc_id, "_rev": REVISION} for doc_id in ids), total=3)

        double.next(page("a"), page("日本", "😀"), page(), page("日本", "😀", "\uffee"))
        for expected in (["a", "日本", "😀"], ["日本", "😀", "\uffee"]):
            assert ids_of(couchdb.list_all("agents")) == expected
        starts = [request.query.get("startkey") for request in double.requests]
        assert starts == [None, '"a\\u0000"', None, '"\\u0000"']

    def test_a_document_deleted_while_it_is_listed_is_left_out(self, double, couchdb):
        double.next(says_rows(None))
        assert couchdb.list_all("agents") == []


class TestWhatCouchDBHolds:
    def test_documents_are_plain(self, double, couchdb):
        document = {"name": "My agent", "tools": {"web": ["a", None, True]}, "n": 1, "x": 1.0}
        couchdb.save("agents", "a/b é", document)
        assert double.content("agents", "a/b é") == document

    def test_data_of_older_versions_is_read_and_replaced(self, double, couchdb):
        old = {"name": "Ann", "usage": [0.05, 87.5], "~x": "~", "$a.b": {"_c": 1}}
        rev = double.put("agents", "u1", old)
        assert couchdb.list_all("agents") == [{**old, "_id": "u1", "_rev": rev}]
        assert couchdb.get("agents", "u1") == {**old, "_id": "u1", "_rev": rev}
        couchdb.save("agents", "u1", {**couchdb.get("agents", "u1"), "name": "Bea"})
        assert double.content("agents", "u1") == {**old, "name": "Bea"}

    def test_design_documents_and_system_databases_are_hidden(self, double, couchdb):
        double.put("agents", "_design/views", {"views": {}})
        double.put("agents", "a1", {})
        assert ids_of(couchdb.list_all("agents")) == ["a1"]
        assert couchdb.collections() == {"agents"}
        assert status_of(couchdb.get, "agents", "_design/views") == 404

    def test_fields_of_couchdbs_own_are_not_shown(self, double, couchdb):
        native = {"_id": "a1", "_rev": REVISION, "_attachments": {}, "n": 1}
        double.next(says(json_answer(200, native)))
        assert couchdb.get("agents", "a1") == {"_id": "a1", "_rev": REVISION, "n": 1}

    def test_the_body_has_no_revision_and_the_id_of_the_call(self, double, couchdb):
        couchdb.save("agents", "a1", {"_id": "b", "_rev": "7-x", "n": 1})
        couchdb.save("agents", "a1", {"n": 2})
        first, second = {"_id": "a1", "n": 1}, {"_id": "a1", "n": 2}
        bodies = [json.loads(request.body) for request in double.requests if request.body]
        assert bodies == [first, first, second]
        assert double.requests[-1].query["rev"].startswith("1-")


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

    def test_a_path_before_the_databases_is_kept(self, double, open_couchdb):
        double.next(says(error(404, "not_found", "missing")))
        assert status_of(open_couchdb(f"{double.url}/a/proxy/").get, "agents", "a1") == 404
        assert double.sent() == ["GET /a/proxy/agents/a1"]

    def test_a_service_shows_its_address_and_no_secret(self, couchdb, double):
        assert repr(couchdb) == f"CouchDBService({double.url!r})"

    @pytest.mark.parametrize("prefix", ["App", "1", "_app", "a" * 239])
    def test_a_prefix_that_no_database_can_have_is_refused(self, prefix):
        with pytest.raises(ValueError, match="database_prefix"):
            CouchDBService("http://localhost", database_prefix=prefix)

    def test_a_page_has_at_least_one_document(self):
        with pytest.raises(ValueError, match="page_size"):
            CouchDBService("http://localhost", page_size=0)
