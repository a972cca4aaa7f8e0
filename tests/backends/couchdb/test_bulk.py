"""Many documents per request to CouchDB: the requests, and the entries after failures."""

import pytest
from couchdb_double import error
from http_front import cut, json_answer, lost, says
from store_calls import oks, status_of

MANY = [{"_id": f"d{n}", "n": n} for n in range(130)]


@pytest.fixture
def service(couchdb, double):
    """The service and a database with one document `a`; no request is counted yet."""
    couchdb.save("agents", "a", {})
    double.sent()
    return couchdb


class TestSaving:
    def test_a_request_saves_a_hundred_and_creates_the_database(self, double, couchdb):
        entries = couchdb.save_many("agents", MANY)
        bulk = "POST /agents/_bulk_docs"
        assert double.sent() == [bulk, "PUT /agents", bulk, bulk]
        assert oks(entries) == [True] * 130
        rev = couchdb.get("agents", "d129")["_rev"]
        assert entries[-1] == {"ok": True, "id": "d129", "rev": rev}

    def test_a_document_of_a_known_revision_is_replaced_by_the_same_request(self, double, service):
        service.save_many("agents", MANY[:3])
        double.sent()
        assert oks(service.save_many("agents", [{"_id": "d1", "new": 1}, MANY[2]])) == [True] * 2
        assert len(double.sent()) == 1
        assert double.content("agents", "d1") == {"new": 1}

    def test_a_document_of_an_unknown_revision_is_replaced(self, double, service):
        double.put("agents", "d1", {"others": True})
        assert oks(service.save_many("agents", MANY[:3])) == [True] * 3
        assert double.content("agents", "d1") == {"n": 1}

    @pytest.mark.parametrize("incident", [lost, cut])
    def test_after_a_lost_answer_nothing_is_sent_again(self, double, service, incident):
        double.next(incident)
        assert oks(service.save_many("agents", MANY)) == [False] * 130
        assert len(double.sent()) == 1

    @pytest.mark.parametrize(
        "content", [[], {}, [{"id": "a"}], [{"id": "b", "rev": "1-x"}], ["a"], None]
    )
    def test_an_answer_without_the_revision_is_no_success(self, double, service, content):
        double.next(says(json_answer(201, content)))
        assert oks(service.save_many("agents", [{"_id": "a"}])) == [False]

    def test_the_documents_of_a_refused_request_are_saved_alone(self, double, service):
        double.next(says(error(413, "no", "so")))
        assert oks(service.save_many("agents", MANY[:3])) == [True] * 3


class TestGetting:
    def test_a_request_gets_a_hundred_and_their_revisions(self, double, service):
        service.save("agents", "gone", {})
        service.delete("agents", "gone")
        for doc in MANY:
            double.put("agents", doc["_id"], {"n": doc["n"]})
        service.save("agents", "_x", {"__proto__": 1, "float": -0.0})
        double.sent()
        found = service.get_many("agents", [*(doc["_id"] for doc in MANY), "gone", "no", "_x"])
        service.save("agents", "d100", {})
        assert len(double.sent()) == 3
        assert (found["gone"], found["no"]) == (None, None)
        assert found["_x"] == service.get("agents", "_x")
        assert {**MANY[5], "_rev": found["d5"]["_rev"]} == found["d5"]

    @pytest.mark.parametrize(
        "rows", [None, [], [{"key": "b", "error": "not_found"}], [{"key": "a", "error": "timeout"}]]
    )
    def test_an_answer_that_lacks_a_row_is_no_missing_document(self, double, service, rows):
        for content in ({"rows": rows}, rows):
            double.next(says(json_answer(200, content)))
            assert status_of(service.get_many, "agents", ["a"]) == 503
