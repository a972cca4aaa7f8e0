"""The CouchDB backend when the network or CouchDB fails: the error, and what is stored then."""

import socket

import pytest
from couchdb_double import (
    Answer,
    after_doing,
    as_usual,
    cut_after,
    cut_before,
    cut_in_mid_answer,
    error,
    mute,
    says,
)
from fastapi import HTTPException

from gofannon_backends.couchdb import CouchDBService

METHODS = {
    "get": lambda service: service.get("agents", "a1"),
    "save": lambda service: service.save("agents", "a1", {"n": 2}),
    "delete": lambda service: service.delete("agents", "a1"),
    "list_all": lambda service: service.list_all("agents"),
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
reads = pytest.mark.parametrize("method", [METHODS["get"], METHODS["list_all"]])
writes = pytest.mark.parametrize("method", [METHODS["save"], METHODS["delete"]])


def failure_of(call, *arguments):
    with pytest.raises(HTTPException) as caught:
        call(*arguments)
    assert "s3cret" not in f"{caught.value!r} {caught.value.detail}"
    error = caught.value
    assert error.__suppress_context__ or error.__context__ is None
    return caught.value.status_code


@pytest.fixture
def saved(couchdb):
    couchdb.save("agents", "a1", {"n": 1})
    return couchdb


class TestNoServer:
    @pytest.fixture
    def nowhere(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
            yield CouchDBService(f"http://joe:s3cret@127.0.0.1:{taken.getsockname()[1]}")

    @every_method
    def test_is_503(self, nowhere, method):
        assert failure_of(method, nowhere) == 503

    @every_method
    def test_is_503_if_the_host_name_is_invalid(self, method):
        service = CouchDBService(f"http://joe:s3cret@{'a' * 64}.invalid")
        assert failure_of(method, service) == 503


class TestASilentServer:
    @every_method
    def test_is_504_after_one_request(self, double, method):
        service = CouchDBService(double.url, *double.credentials, timeout=0.5)
        double.next(mute)
        with double.counting() as requests:
            assert failure_of(method, service) == 504
        assert len(requests) == 1

    def test_that_never_reads_is_503(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            service = CouchDBService(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.5)
            assert failure_of(service.save, "agents", "a1", {"text": "x" * 10_000_000}) == 503


class TestACutConnection:
    @reads
    @pytest.mark.parametrize("cut", [cut_before, cut_in_mid_answer])
    def test_a_read_is_sent_three_times(self, double, saved, method, cut):
        expected = method(saved)
        double.next(cut, cut)
        assert method(saved) == expected
        double.next(cut, cut, cut)
        assert failure_of(method, saved) == 503

    @reads
    def test_half_an_answer_of_unknown_length_is_503(self, double, saved, method):
        def half(handler, request, double):
            payload = double.answer(request).payload()
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            handler.wfile.write(head + payload[: len(payload) // 2])
            handler.close_after_this()

        double.next(half)
        assert failure_of(method, saved) == 503

    def test_a_list_that_couchdb_breaks_off_is_503(self, double, saved):
        rows = [{"error": "timeout", "reason": "The request could not be processed"}]
        for page in ({"rows": rows}, {"rows": [], "error": "timeout"}, {"total_rows": 3}, []):
            double.next(says(Answer(200, page)))
            assert failure_of(METHODS["list_all"], saved) == 503

    def test_a_list_whose_database_is_deleted_is_503(self, double):
        for n in range(5):
            double.put("agents", f"a{n}", {})
        service = CouchDBService(double.url, *double.credentials, page_size=2)
        documents = service.iter_all("agents")
        next(documents)
        double.databases.clear()
        assert failure_of(list, documents) == 503

    @pytest.mark.parametrize("cut", [cut_after, cut_in_mid_answer])
    @pytest.mark.parametrize(("doc_id", "generation"), [("a1", "2-"), ("a2", "1-")])
    def test_a_save_that_was_stored_succeeds(self, double, saved, cut, doc_id, generation):
        double.next(cut)
        with double.counting() as requests:
            rev = saved.save("agents", doc_id, {"n": 2})["rev"]
        assert requests == [f"PUT /agents/{doc_id}", f"GET /agents/{doc_id}"]
        assert double.databases["agents"][doc_id].rev == rev
        assert rev.startswith(generation)

    def test_a_save_that_was_not_stored_is_sent_again_over_the_same_version(self, double, saved):
        double.next(cut_before)
        saved.save("agents", "a1", {"n": 2})
        assert double.content("agents", "a1") == {"n": 2}
        assert double.databases["agents"]["a1"].rev.startswith("2-")

    def test_a_save_that_is_cut_a_second_time_is_given_up(self, double, saved):
        double.next(cut_before, as_usual, cut_before)
        with double.counting() as requests:
            assert failure_of(METHODS["save"], saved) == 503
        assert requests == ["PUT /agents/a1", "GET /agents/a1", "PUT /agents/a1"]
        assert double.content("agents", "a1") == {"n": 1}

    @pytest.mark.parametrize("doc_id", ["a1", "a2"], ids=["replaced", "new"])
    def test_a_document_deleted_after_the_save_does_not_come_back(self, double, saved, doc_id):
        double.next(after_doing(lambda: double.remove("agents", doc_id)))
        assert failure_of(saved.save, "agents", doc_id, {"n": 2}) == 503
        assert double.content("agents", doc_id) is None

    def test_a_newer_version_is_not_overwritten(self, double, saved):
        double.next(after_doing(lambda: double.put("agents", "a1", {"n": "newer"})))
        assert failure_of(METHODS["save"], saved) == 503
        assert double.content("agents", "a1") == {"n": "newer"}

    def test_a_save_that_arrives_late_is_not_applied_twice(self, double, saved):
        late = []

        def delayed(handler, request, double):
            late.append(request)
            handler.close_after_this()

        def overtaken(handler, request, double):
            # The first request is carried out now, and another client changes the document.
            double.answer(late.pop())
            double.put("agents", "a1", {"n": "newer"})
            handler.send(double.answer(request), request)

        double.next(delayed, as_usual, overtaken)
        assert failure_of(METHODS["save"], saved) == 503
        assert double.content("agents", "a1") == {"n": "newer"}

    def test_a_save_that_was_perhaps_stored_creates_no_database(self, double, saved):
        stored = {"_id": "a1", "_rev": double.databases["agents"]["a1"].rev}
        double.next(cut_before, says(Answer(200, stored)))
        double.databases.clear()
        assert failure_of(METHODS["save"], saved) == 503
        assert double.databases == {}

    def test_a_save_whose_outcome_cannot_be_read_is_503(self, double, saved):
        double.next(*[cut_before] * 4)
        assert failure_of(METHODS["save"], saved) == 503
        assert double.content("agents", "a1") == {"n": 1}

    @pytest.mark.parametrize("cut", [cut_before, cut_after])
    def test_a_delete_is_not_sent_again(self, double, saved, cut):
        double.next(cut)
        with double.counting() as requests:
            assert failure_of(METHODS["delete"], saved) == 503
        assert requests == ["DELETE /agents/a1"]

    @writes
    def test_does_not_affect_the_next_call(self, double, saved, method):
        double.next(after_doing(lambda: double.put("agents", "a1", {"n": "newer"})))
        failure_of(method, saved)
        method(saved)
        assert double.content("agents", "a1") in ({"n": 2}, None)


class TestAnAnswerOfFailure:
    @every_method
    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            (error(500, "internal_server_error", "s3cret"), 500),
            (error(500, "timeout", "not in a reasonable amount of time"), 500),
            (error(503, "service_unavailable", "maintenance"), 503),
            (error(429, "too_many_requests", "slow down"), 429),
            (error(401, "unauthorized", "Name or password is incorrect."), 503),
            (error(403, "forbidden", "not for you"), 503),
            (error(405, "method_not_allowed", "Only GET"), 500),
            (error(408, "timeout", "too slow"), 504),
            (Answer(502, raw=b"<html>Bad gateway s3cret</html>", content_type="text/html"), 503),
            (Answer(503, raw=b"<html>Unavailable</html>", content_type="text/html"), 503),
            (Answer(504, raw=b"<html>Time-out</html>", content_type="text/html"), 504),
            (Answer(404, raw=b"<html>nothing here</html>", content_type="text/html"), 503),
            (Answer(404, {"message": "no route"}), 503),
            (Answer(404, {"error": "Not Found", "status": 404}), 503),
            (Answer(409, raw=b"conflicting", content_type="text/plain"), 503),
            (Answer(412, raw=b"", content_type=None), 503),
            (Answer(401, raw=b"who are you?", content_type="text/plain"), 503),
            (Answer(200, raw=b"<html>Please sign in</html>", content_type="text/html"), 503),
            (Answer(200, ["no", "document"]), 503),
            (Answer(200, raw=b""), 503),
            (Answer(200, raw=b"\xff\xfe"), 503),
            (Answer(200, raw=b"[" * 100_000), 503),
            (Answer(302, headers={"Location": "http://127.0.0.1:9/"}), 503),
            (Answer(303, headers={"Location": "/_session"}), 503),
        ],
        ids=lambda value: (
            f"{value.status}-{value.payload()[:24]!r}" if isinstance(value, Answer) else str(value)
        ),
    )
    def test_has_a_status_by_its_kind(self, double, saved, method, answer, status):
        double.next(*[says(answer)] * 3)
        with double.counting() as requests:
            assert failure_of(method, saved) == status
        assert len(requests) in {1, 3}
        assert double.content("agents", "a1") == {"n": 1}
        double.incidents.clear()
        assert saved.get("agents", "a1")["n"] == 1

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @reads
    def test_a_read_is_sent_again(self, double, saved, method, status):
        expected = method(saved)
        double.next(*[says(error(status, "busy", ""))] * 2)
        assert method(saved) == expected

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @writes
    def test_a_write_is_not_sent_again(self, double, saved, method, status):
        double.next(says(error(status, "busy", "")))
        with double.counting() as requests:
            failure_of(method, saved)
        assert len(requests) == 1

    @every_method
    def test_any_throttled_request_is_sent_again(self, double, saved, method):
        double.next(*[says(error(429, "too_many_requests", ""))] * 2)
        method(saved)

    @pytest.mark.parametrize(
        ("wait", "timeout"), [("2", 5.0), ("86400", 1e6), ("9" * 400, 1e6), ("1", 0.9)]
    )
    def test_a_long_wait_or_one_past_the_time_out_is_429(self, double, saved, wait, timeout):
        service = CouchDBService(double.url, *double.credentials, timeout=timeout)
        throttled = error(429, "too_many_requests", "")
        throttled.headers["Retry-After"] = wait
        double.next(says(throttled))
        assert failure_of(METHODS["get"], service) == 429

    @every_method
    def test_wrong_credentials_are_503_and_named(self, double, method):
        double.put("agents", "a1", {"n": 1})
        service = CouchDBService(double.url, "joe", "s3cret@wrong")
        with pytest.raises(HTTPException) as caught:
            method(service)
        assert (caught.value.status_code, "credentials" in caught.value.detail) == (503, True)

    def test_a_document_past_couchdbs_limit_is_413_and_the_earlier_version_stays(
        self, double, saved
    ):
        assert failure_of(saved.save, "agents", "a1", {"text": "x" * 8_000_000}) == 413
        assert double.content("agents", "a1") == {"n": 1}
        with double.counting() as requests:
            saved.save("agents", "a1", {"text": "shorter"})
        assert requests == ["PUT /agents/a1"]

    def test_an_id_past_the_request_line_is_400_and_says_so(self, double, saved):
        for call in (saved.get, saved.delete, lambda *place: saved.save(*place, {})):
            with pytest.raises(HTTPException) as caught:
                call("agents", "x" * 9000)
            assert caught.value.status_code == 400
            assert "too long" in caught.value.detail

    def test_what_couchdb_calls_a_bad_request_is_400(self, double, saved):
        double.next(says(error(400, "doc_validation", "Bad special document member: _x")))
        with pytest.raises(HTTPException) as caught:
            METHODS["save"](saved)
        assert caught.value.status_code == 400
        assert "doc_validation" in caught.value.detail

    def test_an_etag_that_is_no_revision_is_not_taken_for_one(self, double, couchdb):
        double.put("agents", "a1", {"n": 1})
        double.next(
            says(error(409, "conflict", "")),
            says(Answer(200, headers={"ETag": 'W/"3e-xOIA79vbIJPpq6YgDGjvz3aYiIA"'})),
        )
        with double.counting() as requests:
            couchdb.save("agents", "a1", {"n": 2})
        assert requests == ["PUT /agents/a1", "HEAD /agents/a1", "GET /agents/a1", "PUT /agents/a1"]

    def test_a_404_for_an_old_revision_is_no_missing_document(self, double, saved):
        double.put("agents", "a1", {"n": "newer"})
        double.next(says(error(404, "not_found", "missing")))
        with double.counting() as requests:
            saved.delete("agents", "a1")
        assert requests == ["DELETE /agents/a1", "HEAD /agents/a1", "DELETE /agents/a1"]
        assert double.content("agents", "a1") is None

    def test_the_methods_for_collections_report_failures_as_well(self, double, saved):
        double.next(*[says(error(500, "boom", ""))] * 3)
        assert failure_of(saved.collections) == 500
        double.next(says(error(500, "boom", "")))
        assert failure_of(saved.drop, "agents") == 500


class TestAClosedService:
    @every_method
    def test_is_503(self, double, saved, method):
        saved.close()
        saved.close()
        with double.counting() as requests:
            assert failure_of(method, saved) == 503
        assert requests == []
