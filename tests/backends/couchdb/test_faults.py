"""The CouchDB backend when the network or CouchDB fails: the error, and what is stored then."""

import socket

import pytest
from couchdb_double import after_doing, error
from fastapi import HTTPException
from http_front import Answer, as_usual, cut, dropped, json_answer, lost, mute, says
from store_calls import CALLS, READS, WRITES, every_call, failure_of, reads, status_of, writes
from waiting import Clock

from gofannon_backends.couchdb import http

save = WRITES["save"]


@pytest.fixture
def saved(couchdb, double):
    """The service, after it has saved one document; no request is counted yet."""
    couchdb.save("agents", "a1", {"n": 1})
    double.sent()
    return couchdb


@pytest.fixture
def clock(monkeypatch):
    """The clock of the requests, which only their pauses move."""
    clock = Clock()
    monkeypatch.setattr(http, "time", clock)
    return clock


class TestNoServer:
    @every_call
    def test_is_503(self, open_couchdb, call):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
            service = open_couchdb(f"http://127.0.0.1:{taken.getsockname()[1]}")
            assert status_of(call, service) == 503

    def test_is_503_if_the_host_name_is_invalid(self, open_couchdb):
        assert status_of(save, open_couchdb(f"http://{'a' * 64}.invalid")) == 503


class TestASilentServer:
    """The service's time-out is short, as the server never answers, however long it is."""

    @pytest.fixture
    def sent(self, monkeypatch):
        """The methods that were sent; a log of the server might lack the last one."""
        sent = []
        exchange = http._exchange

        def recorded(connection, request):
            sent.append(request.method)
            return exchange(connection, request)

        monkeypatch.setattr(http, "_exchange", recorded)
        return sent

    @every_call
    def test_is_504_after_one_request(self, double, open_couchdb, sent, call):
        double.next(*[mute] * 3)
        assert status_of(call, open_couchdb(timeout=0.1)) == 504
        assert len(sent) == 1

    def test_gets_no_bulk_a_second_time(self, double, open_couchdb, sent):
        double.next(*[mute] * 3)
        docs = [{"_id": f"{n}"} for n in range(130)]
        entries = open_couchdb(timeout=0.1).save_many("agents", docs)
        assert not any(entry["ok"] for entry in entries)
        assert sent == ["POST"]

    def test_that_never_reads_is_503(self, open_couchdb):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            service = open_couchdb(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.1)
            assert status_of(service.save, "agents", "a1", {"text": "x" * 10_000_000}) == 503


@pytest.mark.usefixtures("clock")
class TestACutConnection:
    @reads
    @pytest.mark.parametrize("incident", [dropped, cut])
    def test_a_read_is_sent_three_times(self, double, saved, call, incident):
        expected = call(saved)
        double.next(incident, incident)
        assert call(saved) == expected
        double.next(*[incident] * 3)
        assert status_of(call, saved) == 503

    @reads
    def test_half_an_answer_of_unknown_length_is_503(self, double, saved, call):
        def half(front, request):
            return Answer(
                200, front.answer(request).body, {"Connection": "close"} | JSON, whole=False
            )

        double.next(half)
        assert status_of(call, saved) == 503

    def test_a_list_that_couchdb_breaks_off_is_503(self, double, saved):
        rows = [{"error": "timeout", "reason": "The request could not be processed"}]
        for page in ({"rows": rows}, {"rows": [], "error": "timeout"}, {"total_rows": 3}, []):
            double.next(says(json_answer(200, page)))
            assert status_of(CALLS["list_all"], saved) == 503

    def test_a_list_whose_database_is_deleted_is_503(self, double, open_couchdb):
        for n in range(5):
            double.put("agents", f"a{n}", {})
        documents = open_couchdb(page_size=2).iter_all("agents")
        next(documents)
        double.databases.clear()
        assert status_of(list, documents) == 503

    @pytest.mark.parametrize("incident", [lost, cut])
    @pytest.mark.parametrize(("doc_id", "generation"), [("a1", "2-"), ("a2", "1-")])
    def test_a_save_that_was_stored_succeeds(self, double, saved, incident, doc_id, generation):
        double.next(incident)
        rev = saved.save("agents", doc_id, {"n": 2})["rev"]
        assert double.sent() == [f"PUT /agents/{doc_id}", f"GET /agents/{doc_id}"]
        assert double.databases["agents"][doc_id].rev == rev
        assert rev.startswith(generation)

    def test_a_save_that_was_not_stored_is_sent_again_over_the_same_version(self, double, saved):
        double.next(dropped)
        save(saved)
        assert double.content("agents", "a1") == {"n": 2}
        assert double.databases["agents"]["a1"].rev.startswith("2-")

    def test_a_save_that_is_cut_a_second_time_is_given_up(self, double, saved):
        double.next(dropped, as_usual, dropped)
        assert status_of(save, saved) == 503
        assert double.sent() == ["PUT /agents/a1", "GET /agents/a1", "PUT /agents/a1"]
        assert double.content("agents", "a1") == {"n": 1}

    def test_a_save_that_arrives_late_is_not_applied_twice(self, double, saved):
        late = []

        def delayed(front, request):
            late.append(request)

        def overtaken(front, request):
            # The first request is carried out now, and another client changes the document.
            front.answer(late.pop())
            front.put("agents", "a1", {"n": "newer"})
            return front.answer(request)

        double.next(delayed, as_usual, overtaken)
        assert status_of(save, saved) == 503
        assert double.content("agents", "a1") == {"n": "newer"}

    def test_a_save_that_was_perhaps_stored_creates_no_database(self, double, saved):
        stored = {"_id": "a1", "_rev": double.databases["agents"]["a1"].rev}
        double.next(dropped, says(json_answer(200, stored)))
        double.databases.clear()
        assert status_of(save, saved) == 503
        assert double.databases == {}

    def test_a_save_whose_outcome_cannot_be_read_is_503(self, double, saved):
        double.next(*[dropped] * 4)
        assert status_of(save, saved) == 503
        assert double.content("agents", "a1") == {"n": 1}

    @pytest.mark.parametrize("incident", [dropped, lost])
    def test_a_delete_is_not_sent_again(self, double, saved, incident):
        double.next(incident)
        assert status_of(WRITES["delete"], saved) == 503
        assert double.sent() == ["DELETE /agents/a1"]

    @writes
    def test_does_not_affect_the_next_call(self, double, saved, call):
        double.next(after_doing(lambda: double.put("agents", "a1", {"n": "newer"})))
        failure_of(call, saved)
        call(saved)
        assert double.content("agents", "a1") in ({"n": 2}, None)


JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}

FAILURES = {
    "500": (error(500, "internal_server_error", "s3cret"), 500),
    "500-timeout": (error(500, "timeout", "not in a reasonable amount of time"), 500),
    "503": (error(503, "service_unavailable", "maintenance"), 503),
    "429": (error(429, "too_many_requests", "slow down"), 429),
    "401": (error(401, "unauthorized", "Name or password is incorrect."), 503),
    "403": (error(403, "forbidden", "not for you"), 503),
    "405": (error(405, "method_not_allowed", "Only GET"), 500),
    "408": (error(408, "timeout", "too slow"), 504),
    "html-502": (Answer(502, b"<html>Bad gateway s3cret</html>", HTML), 503),
    "html-503": (Answer(503, b"<html>Unavailable</html>", HTML), 503),
    "html-504": (Answer(504, b"<html>Time-out</html>", HTML), 504),
    "html-404": (Answer(404, b"<html>nothing here</html>", HTML), 503),
    "404-without-a-code": (json_answer(404, {"message": "no route"}), 503),
    "404-with-another-code": (json_answer(404, {"error": "Not Found", "status": 404}), 503),
    "text-409": (Answer(409, b"conflicting"), 503),
    "empty-412": (Answer(412), 503),
    "text-401": (Answer(401, b"who are you?"), 503),
    "html-200": (Answer(200, b"<html>Please sign in</html>", HTML), 503),
    "array": (json_answer(200, ["no", "document"]), 503),
    "empty": (Answer(200, b"", JSON), 503),
    "no-utf-8": (Answer(200, b"\xff\xfe", JSON), 503),
    "nested-too-deep": (Answer(200, b"[" * 100_000, JSON), 503),
    "302": (json_answer(302, None, Location="/_session"), 503),
}


@pytest.mark.usefixtures("clock")
class TestAnAnswerOfFailure:
    @pytest.mark.parametrize("method", CALLS)
    @pytest.mark.parametrize(("answer", "status"), FAILURES.values(), ids=FAILURES)
    def test_has_a_status_by_its_kind(self, double, saved, method, answer, status):
        double.next(*[says(answer)] * 3)
        assert status_of(CALLS[method], saved) == status
        passing = {429, 500, 502, 503, 504} if method in READS else {429}
        assert len(double.sent()) == (3 if answer.status in passing else 1)
        assert double.content("agents", "a1") == {"n": 1}
        double.plan.clear()
        assert saved.get("agents", "a1")["n"] == 1

    @every_call
    def test_any_throttled_request_is_sent_again(self, double, saved, call):
        double.next(*[says(error(429, "too_many_requests"))] * 2)
        call(saved)

    @pytest.mark.parametrize(
        ("wait", "timeout"), [("2", 60.0), ("86400", 1e6), ("9" * 400, 1e6), ("1", 0.9)]
    )
    def test_a_long_wait_or_one_past_the_time_out_is_429(self, double, open_couchdb, wait, timeout):
        double.next(says(error(429, "too_many_requests", **{"Retry-After": wait})))
        assert status_of(CALLS["get"], open_couchdb(timeout=timeout)) == 429

    @every_call
    def test_wrong_credentials_are_503_and_named(self, double, open_couchdb, call):
        double.put("agents", "a1", {"n": 1})
        failure = failure_of(call, open_couchdb(credentials=("joe", "s3cret@wrong")))
        assert (failure.status_code, "credentials" in failure.detail) == (503, True)

    def test_a_document_past_couchdbs_limit_is_413_and_the_earlier_version_stays(
        self, double, saved
    ):
        assert status_of(saved.save, "agents", "a1", {"text": "x" * 8_000_000}) == 413
        assert double.content("agents", "a1") == {"n": 1}
        double.sent()
        saved.save("agents", "a1", {"text": "shorter"})
        assert double.sent() == ["PUT /agents/a1"]

    def test_an_id_past_the_request_line_is_400_and_says_so(self, saved):
        for call in (saved.get, saved.delete, lambda *place: saved.save(*place, {})):
            failure = failure_of(call, "agents", "x" * 9000)
            assert (failure.status_code, "too long" in failure.detail) == (400, True)

    def test_what_couchdb_calls_a_bad_request_is_400(self, double, saved):
        double.next(says(error(400, "doc_validation", "Bad special document member: _x")))
        failure = failure_of(save, saved)
        assert (failure.status_code, "doc_validation" in failure.detail) == (400, True)

    def test_the_methods_for_collections_report_failures_as_well(self, double, saved):
        boom = says(error(500, "boom"))
        double.next(boom, boom, boom, boom)
        with pytest.raises(HTTPException) as caught:
            saved.collections()
        assert caught.value.status_code == 500
        assert status_of(saved.drop, "agents") == 500


class TestAClosedService:
    @every_call
    def test_is_503(self, double, saved, call):
        saved.close()
        saved.close()
        assert status_of(call, saved) == 503
        assert double.sent() == []
