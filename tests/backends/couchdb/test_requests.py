"""Which requests the CouchDB backend sends, above all over revisions that it does not know."""

from contextlib import contextmanager, suppress

import pytest
from couchdb_double import CONFLICT, NO_DATABASE, error
from fastapi import HTTPException
from http_front import json_answer, says
from store_calls import WRITES, failure_of, status_of, writes

from gofannon_backends.couchdb import writer

REVISION = "1-" + "0" * 32
THERE = says(error(412, "file_exists", "It could not be created."))


@pytest.fixture
def saved(couchdb):
    """The service, after it has saved one document `a1`."""
    couchdb.save("agents", "a1", {"n": 1})
    return couchdb


class TestRequests:
    @pytest.mark.parametrize(
        ("steps", "requests"),
        [
            ("get agents/a1", "GET /agents/a1"),
            ("save agents/a1", "PUT /agents/a1"),
            ("save agents/new", "PUT /agents/new"),
            ("delete agents/a1", "DELETE /agents/a1"),
            ("get agents/no", "GET /agents/no"),
            ("get nowhere/no", "GET /nowhere/no"),
            ("delete agents/no", "HEAD /agents/no"),
            ("delete nowhere/no", "HEAD /nowhere/no"),
            ("save new/a", "PUT /new/a, PUT /new, PUT /new/a"),
            ("save agents/a1, save agents/a1", "PUT /agents/a1, PUT /agents/a1"),
            ("delete agents/a1, save agents/a1", "DELETE /agents/a1, PUT /agents/a1"),
            ("theirs agents/a1, get agents/a1, save agents/a1", "GET /agents/a1, PUT /agents/a1"),
            (
                "theirs agents/a1, save agents/a1, save agents/a1",
                "PUT /agents/a1, HEAD /agents/a1, PUT /agents/a1, PUT /agents/a1",
            ),
            ("theirs agents/b, save agents/b", "PUT /agents/b, HEAD /agents/b, PUT /agents/b"),
            (
                "theirs agents/a1, delete agents/a1",
                "DELETE /agents/a1, HEAD /agents/a1, DELETE /agents/a1",
            ),
            ("theirs agents/b, delete agents/b", "HEAD /agents/b, DELETE /agents/b"),
        ],
    )
    @pytest.mark.usefixtures("saved")
    def test_of_a_call_after_others(self, double, couchdb, steps, requests):
        calls = {
            "get": couchdb.get,
            "save": lambda *place: couchdb.save(*place, {"n": 2}),
            "delete": couchdb.delete,
            "theirs": lambda *place: double.put(*place, {"n": "theirs"}),
        }
        double.sent()
        for step in steps.split(", "):
            name, place = step.split()
            with suppress(HTTPException):
                calls[name](*place.split("/"))
        assert double.sent() == requests.split(", ")
        assert "theirs" not in str(double.databases)

    @pytest.mark.parametrize("database", ["agents", "nowhere"])
    def test_of_a_list(self, double, saved, database):
        double.sent()
        saved.list_all(database)
        assert double.sent() == [f"GET /{database}/_all_docs"]

    def test_are_none_for_a_bad_argument(self, double, couchdb):
        for call in (couchdb.get, couchdb.delete):
            assert status_of(call, "agents", "") == 400
        for document in ({"n": {1}}, ["no", "document"]):
            assert status_of(couchdb.save, "agents", "a1", document) == 422
        assert double.sent() == []

    def test_are_more_past_the_newest_revisions(self, double, open_couchdb):
        service = open_couchdb(cache_size=2)
        for doc_id in ("a1", "a2", "a3"):
            service.save("agents", doc_id, {})
        service.get("agents", "a2")
        double.sent()
        for doc_id in ("a3", "a2", "a1"):
            service.save("agents", doc_id, {})
        assert double.sent() == [
            *("PUT /agents/a3", "PUT /agents/a2"),
            *("PUT /agents/a1", "HEAD /agents/a1", "PUT /agents/a1"),
        ]

    def test_an_etag_that_is_no_revision_is_not_taken_for_one(self, double, couchdb):
        double.put("agents", "a1", {"n": 1})
        etag = json_answer(200, None, ETag='W/"3e-xOIA79vbIJPpq6YgDGjvz3aYiIA"')
        double.next(says(CONFLICT), says(etag))
        couchdb.save("agents", "a1", {"n": 2})
        methods = [request.method for request in double.requests]
        assert methods == ["PUT", "HEAD", "GET", "PUT"]

    def test_a_404_for_an_old_revision_is_no_missing_document(self, double, saved):
        double.put("agents", "a1", {"n": "newer"})
        double.next(says(error(404, "not_found", "missing")))
        double.sent()
        saved.delete("agents", "a1")
        assert double.sent() == ["DELETE /agents/a1", "HEAD /agents/a1", "DELETE /agents/a1"]
        assert double.content("agents", "a1") is None


class TestCreatingADatabase:
    def test_that_another_has_created_meanwhile(self, double, saved):
        double.next(says(NO_DATABASE), THERE)
        saved.save("agents", "a1", {"n": 2})
        assert double.content("agents", "a1") == {"n": 2}

    @pytest.mark.parametrize(
        ("status", "code", "raised"), [(412, "nodedown", 500), (401, "unauthorized", 503)]
    )
    def test_that_is_refused_is_an_error(self, double, couchdb, status, code, raised):
        double.next(says(NO_DATABASE), says(error(status, code, "no")))
        failure = failure_of(WRITES["save"], couchdb)
        assert (failure.status_code, code in failure.detail) == (raised, True)


class TestConflicts:
    @pytest.fixture
    def three_attempts(self, monkeypatch):
        monkeypatch.setattr(writer, "attempts", lambda: range(3))

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

    @writes
    @pytest.mark.usefixtures("three_attempts")
    def test_at_every_attempt_are_409_and_change_nothing(self, double, saved, call):
        look = says(json_answer(200, None, ETag=f'"{REVISION}"'))
        double.next(*[says(CONFLICT), look] * 3)
        failure = failure_of(call, saved)
        assert (failure.status_code, "'a1'" in failure.detail) == (409, True)
        assert double.content("agents", "a1") == {"n": 1}

    @pytest.mark.usefixtures("three_attempts")
    def test_a_database_that_is_always_missing_is_409(self, double, couchdb):
        double.next(*[says(NO_DATABASE), THERE] * 3)
        assert status_of(WRITES["save"], couchdb) == 409
