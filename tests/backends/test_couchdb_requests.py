"""Which requests the CouchDB backend sends, and what CouchDB holds after them."""

import json
import time

import pytest
from couchdb_double import Answer, error, says
from fastapi import HTTPException

from gofannon_backends._couchdb_requests import address_of
from gofannon_backends.couchdb import CouchDBService


def raises(status):
    return pytest.raises(HTTPException, check=lambda error: error.status_code == status)


class TestOneRoundTrip:
    @pytest.fixture(autouse=True)
    def settled(self, couchdb):
        couchdb.save("agents", "a1", {"n": 1})

    def test_get(self, double, couchdb):
        with double.counting() as requests:
            couchdb.get("agents", "a1")
        assert requests == ["GET /agents/a1"]

    def test_get_of_what_is_not_there(self, double, couchdb):
        with double.counting() as requests:
            for collection in ("agents", "nowhere"):
                with raises(404):
                    couchdb.get(collection, "a2")
        assert requests == ["GET /agents/a2", "GET /nowhere/a2"]

    def test_save_of_a_new_document(self, double, couchdb):
        with double.counting() as requests:
            couchdb.save("agents", "a2", {})
        assert requests == ["PUT /agents/a2"]

    def test_save_after_save(self, double, couchdb):
        with double.counting() as requests:
            for n in range(5):
                couchdb.save("agents", "a1", {"n": n})
        assert requests == ["PUT /agents/a1"] * 5

    def test_save_after_get(self, double, couchdb):
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.save("agents", "a1", couchdb.get("agents", "a1"))
        assert requests == ["GET /agents/a1", "PUT /agents/a1"]

    def test_delete_of_a_document_that_was_seen(self, double, couchdb):
        with double.counting() as requests:
            couchdb.delete("agents", "a1")
        assert requests == ["DELETE /agents/a1"]

    def test_delete_of_what_is_not_there(self, double, couchdb):
        with double.counting() as requests:
            for collection in ("agents", "nowhere"):
                with raises(404):
                    couchdb.delete(collection, "a2")
        assert requests == ["HEAD /agents/a2", "HEAD /nowhere/a2"]

    def test_save_after_delete(self, double, couchdb):
        couchdb.delete("agents", "a1")
        with double.counting() as requests:
            rev = couchdb.save("agents", "a1", {})["rev"]
        assert requests == ["PUT /agents/a1"]
        assert rev.startswith("3-")

    def test_list_all(self, double, couchdb):
        with double.counting() as requests:
            couchdb.list_all("agents")
            couchdb.list_all("nowhere")
        assert requests == ["GET /agents/_all_docs", "GET /nowhere/_all_docs"]

    def test_a_refusal_that_needs_no_server(self, double, couchdb):
        with double.counting() as requests:
            for call in (couchdb.get, couchdb.delete):
                with raises(400):
                    call("agents", "")
            with raises(422):
                couchdb.save("agents", "a1", {"n": {1}})
            with raises(422):
                couchdb.save("agents", "a1", ["no", "document"])
        assert requests == []


class TestMoreRoundTripsOnceInAWhile:
    def test_the_first_save_makes_the_database(self, double, couchdb):
        with double.counting() as requests:
            couchdb.save("agents", "a1", {})
        assert requests == ["PUT /agents/a1", "PUT /agents", "PUT /agents/a1"]

    def test_a_document_never_seen_costs_a_conflict_and_a_look_at_its_revision(
        self, double, couchdb
    ):
        double.put("agents", "a1", {"n": 1})
        with double.counting() as requests:
            couchdb.save("agents", "a1", {"n": 2})
            couchdb.save("agents", "a1", {"n": 3})
        assert requests == ["PUT /agents/a1", "HEAD /agents/a1", *["PUT /agents/a1"] * 2]

    def test_so_does_one_that_another_process_changed(self, double, couchdb):
        couchdb.save("agents", "a1", {"n": 1})
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.save("agents", "a1", {"n": 2})
        assert requests == ["PUT /agents/a1", "HEAD /agents/a1", "PUT /agents/a1"]
        assert double.content("agents", "a1") == {"n": 2}

    def test_a_delete_of_one_never_seen_looks_once(self, double, couchdb):
        double.put("agents", "a1", {})
        with double.counting() as requests:
            couchdb.delete("agents", "a1")
        assert requests == ["HEAD /agents/a1", "DELETE /agents/a1"]

    def test_a_delete_of_one_that_changed_tries_again(self, double, couchdb):
        couchdb.save("agents", "a1", {})
        double.put("agents", "a1", {"n": "by another"})
        with double.counting() as requests:
            couchdb.delete("agents", "a1")
        assert requests == ["DELETE /agents/a1", "HEAD /agents/a1", "DELETE /agents/a1"]

    def test_only_the_newest_revisions_are_kept(self, double):
        with CouchDBService(double.url, "joe", "s3cret@word/", cache_size=2) as service:
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

    def test_many_pages_are_one_request_each(self, double):
        for n in range(1500):
            double.put("agents", f"{n:04}", {"n": n})
        with (
            CouchDBService(double.url, "joe", "s3cret@word/") as service,
            double.counting() as requests,
        ):
            assert len(service.list_all("agents")) == 1500
        assert requests == ["GET /agents/_all_docs"] * 5
        # One more than is used each time; more and more, as the documents prove small.
        assert [asked.query["limit"] for asked in double.asked] == ["65", "257", *["501"] * 3]

    def test_a_page_that_starts_at_a_long_id_is_posted(self, double):
        for letter in "ab":
            double.put("agents", letter * 3000, {})
        with (
            CouchDBService(double.url, "joe", "s3cret@word/", page_size=1) as service,
            double.counting() as requests,
        ):
            assert len(service.list_all("agents")) == 2
        assert requests == ["GET /agents/_all_docs", "POST /agents/_all_docs"]

    def test_a_document_added_while_the_list_is_read_costs_one_more_look(self, double):
        with CouchDBService(double.url, "joe", "s3cret@word/", page_size=2) as service:
            for doc_id in ("b", "c", "d", "e"):
                double.put("agents", doc_id, {})
            documents = service.iter_all("agents")
            ids = [next(documents)["_id"]]
            double.put("agents", "a", {})
            with double.counting() as requests:
                ids += [document["_id"] for document in documents]
        assert ids == ["b", "c", "d", "e"]
        assert requests == ["GET /agents/_all_docs"] * 2
        assert double.asked[-1].query["endkey"] == '"' + "\uffff" * 201 + '"'

    def test_what_pouchdbs_server_leaves_out_is_asked_for(self, double, couchdb):
        def page(*ids):
            rev = "1-" + "0" * 32
            rows = [{"id": i, "key": i, "value": {}, "doc": {"_id": i, "_rev": rev}} for i in ids]
            return says(Answer(200, {"total_rows": 3, "offset": 0, "rows": rows}))

        double.next(page("a"), page("日本", "😀"), page(), page("日本", "😀", "\uffee"))
        for expected in (["a", "日本", "😀"], ["日本", "😀", "\uffee"]):
            assert [document["_id"] for document in couchdb.list_all("agents")] == expected
        assert [asked.query.get("startkey") for asked in double.asked] == [
            *(None, '"a\\u0000"'),
            *(None, '"\\u0000"'),
        ]

    def test_no_such_look_is_taken_past_its_end(self, double):
        with CouchDBService(double.url, "joe", "s3cret@word/", page_size=1) as service:
            for doc_id in ("b", "\U0010ffff"):
                double.put("agents", doc_id, {})
            documents = service.iter_all("agents")
            next(documents)
            double.put("agents", "a", {})
            assert [document["_id"] for document in documents] == ["\U0010ffff"]
        assert "endkey" not in double.asked[-1].query


class TestWhatCouchDBHolds:
    def test_documents_are_plain(self, double, couchdb):
        document = {"name": "My agent", "tools": {"web": ["a", None, True]}, "n": 1, "x": 1.0}
        couchdb.save("agents", "a/b é", document)
        assert double.databases["agents"]["a/b é"].content == document

    def test_data_of_older_versions_reads_back_and_is_replaced(self, double, couchdb):
        old = {"_id": "u1", "name": "Ann", "usage": [0.05, 87.5], "~x": "~", "$a.b": {"_c": 1}}
        rev = double.put("users", "u1", {k: v for k, v in old.items() if k != "_id"})
        assert couchdb.get("users", "u1") == {**old, "_rev": rev}
        assert couchdb.list_all("users") == [{**old, "_rev": rev}]
        couchdb.save("users", "u1", {**couchdb.get("users", "u1"), "name": "Bea"})
        assert double.content("users", "u1")["name"] == "Bea"
        couchdb.delete("users", "u1")
        assert double.content("users", "u1") is None

    def test_design_documents_and_other_databases_stay_out_of_sight(self, double, couchdb):
        double.put("agents", "_design/views", {"views": {}})
        double.put("agents", "a1", {})
        assert [document["_id"] for document in couchdb.list_all("agents")] == ["a1"]
        assert couchdb.collections() == {"agents"}
        with raises(404):
            couchdb.get("agents", "_design/views")

    def test_fields_of_couchdbs_own_are_not_shown(self, double, couchdb):
        native = {"_id": "a1", "_rev": "1-" + "0" * 32, "_attachments": {}, "n": 1}
        double.next(says(Answer(200, native)))
        assert couchdb.get("agents", "a1") == {"_id": "a1", "_rev": native["_rev"], "n": 1}

    def test_a_document_deleted_while_it_is_listed_is_left_out(self, double, couchdb):
        row = {"id": "a1", "key": "a1", "value": {"rev": "1-0"}, "doc": None}
        double.next(says(Answer(200, {"total_rows": 1, "offset": 0, "rows": [row]})))
        assert couchdb.list_all("agents") == []

    def test_dots_in_a_path_are_percent_encoded(self, double, couchdb):
        couchdb.save("agents", "..", {})
        assert double.log()[-1] == "PUT /agents/%2E%2E"

    def test_the_body_has_no_revision_and_the_id_of_the_call(self, double, couchdb):
        couchdb.save("agents", "a1", {"_id": "b", "_rev": "7-x", "n": 1})
        couchdb.save("agents", "a1", {"n": 2})
        assert [json.loads(asked.body) for asked in double.asked if asked.body] == [
            *[{"_id": "a1", "n": 1}] * 2,
            {"_id": "a1", "n": 2},
        ]
        assert double.asked[-1].query["rev"].startswith("1-")


class TestDatabasesAreMade:
    def test_by_somebody_else_in_the_meantime(self, double, couchdb):
        couchdb.save("users", "u1", {})
        double.next(
            says(error(404, "not_found", "Database does not exist.")),
            says(error(412, "file_exists", "The database could not be created.")),
        )
        couchdb.save("users", "u1", {"n": 1})
        assert double.content("users", "u1") == {"n": 1}

    def test_not_where_a_node_is_down(self, double, couchdb):
        double.next(
            says(error(404, "not_found", "Database does not exist.")),
            says(error(412, "nodedown", "progress not possible")),
        )
        with raises(500) as caught:
            couchdb.save("users", "u1", {})
        assert "nodedown" in caught.value.detail

    def test_not_by_a_user_without_the_right(self, double, couchdb):
        double.next(
            says(error(404, "not_found", "Database does not exist.")),
            says(error(401, "unauthorized", "You are not a server admin.")),
        )
        with raises(503) as caught:
            couchdb.save("users", "u1", {})
        assert "unauthorized" in caught.value.detail

    def test_for_so_long_and_no_longer(self, double, couchdb, monkeypatch):
        monkeypatch.setattr("gofannon_backends.couchdb.attempts", lambda: range(3))
        missing = says(error(404, "not_found", "Database does not exist."))
        there = says(error(412, "file_exists", "The database could not be created."))
        double.next(*[missing, there] * 3)
        with raises(409):
            couchdb.save("users", "u1", {})


class TestTakingTurns:
    def test_who_meets_a_conflict_waits_for_the_threads_before(self, double, couchdb, monkeypatch):
        monkeypatch.setattr("gofannon_backends._couchdb_contention.LONGEST_WAIT_FOR_TURN", 0.2)
        double.put("agents", "a1", {"n": "theirs"})
        with couchdb._turns.queue(couchdb._place("agents", "a1")) as wait_for_turn:
            wait_for_turn()
            begin = time.monotonic()
            couchdb.save("agents", "a1", {"n": "ours"})
        assert time.monotonic() - begin >= 0.2

    def test_who_meets_none_waits_for_nobody(self, double, couchdb):
        couchdb.save("agents", "a1", {"n": 1})
        with couchdb._turns.queue(couchdb._place("agents", "a1")) as wait_for_turn:
            wait_for_turn()
            begin = time.monotonic()
            couchdb.save("agents", "a1", {"n": 2})
        assert time.monotonic() - begin < 0.9


class TestGivingUp:
    @pytest.fixture(autouse=True)
    def few_attempts(self, monkeypatch):
        monkeypatch.setattr("gofannon_backends.couchdb.attempts", lambda: range(3))

    def test_a_save_that_loses_every_time_is_409_and_stored_nothing(self, double, couchdb):
        double.put("agents", "a1", {"n": "theirs"})
        conflict = says(error(409, "conflict", "Document update conflict."))
        look = says(Answer(200, headers={"ETag": '"1-' + "0" * 32 + '"'}))
        double.next(conflict, look, conflict, look, conflict, look)
        with raises(409) as caught:
            couchdb.save("agents", "a1", {"n": "ours"})
        assert "'a1'" in caught.value.detail
        assert double.content("agents", "a1") == {"n": "theirs"}

    def test_so_is_a_delete(self, double, couchdb):
        couchdb.save("agents", "a1", {})
        conflict = says(error(409, "conflict", "Document update conflict."))
        look = says(Answer(200, headers={"ETag": '"1-' + "0" * 32 + '"'}))
        double.next(conflict, look, conflict, look, conflict, look)
        with raises(409):
            couchdb.delete("agents", "a1")
        assert double.content("agents", "a1") == {}


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

    def test_those_beside_the_address_come_first(self):
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
