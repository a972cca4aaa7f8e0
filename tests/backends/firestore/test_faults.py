"""The Firestore backend when the network or the server fails."""

import socket

import pytest
from google.api_core.retry import retry_base, retry_unary
from grpc import StatusCode
from store_calls import CALLS, READS, WRITES, every_call, failure_of, status_of, writes
from waiting import Clock

from gofannon_backends.firestore import FirestoreService

save = WRITES["save"]


class TestNoAnswer:
    @every_call
    def test_no_server_is_503(self, call):
        with FirestoreService("p", emulator_host="127.0.0.1:1", retry_seconds=0) as service:
            assert status_of(call, service) == 503

    @every_call
    def test_a_mute_server_is_504(self, call):
        # A short time-out, as the server never answers, however long it has.
        with (
            socket.create_server(("127.0.0.1", 0)) as mute,
            FirestoreService(
                "p", emulator_host=f"127.0.0.1:{mute.getsockname()[1]}", timeout=0.1
            ) as service,
        ):
            assert status_of(call, service) == 504


FAILURES = {
    StatusCode.UNAVAILABLE: 503,
    StatusCode.DEADLINE_EXCEEDED: 504,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.UNAUTHENTICATED: 503,
    StatusCode.PERMISSION_DENIED: 503,
    StatusCode.ABORTED: 409,
    StatusCode.INTERNAL: 500,
    StatusCode.UNKNOWN: 500,
    StatusCode.DATA_LOSS: 500,
    StatusCode.CANCELLED: 500,
    StatusCode.FAILED_PRECONDITION: 500,
    StatusCode.UNIMPLEMENTED: 500,
    StatusCode.INVALID_ARGUMENT: {"save": 422, "*": 400},
    # A missing database; only for `delete` the answer is that for a missing document.
    StatusCode.NOT_FOUND: {"delete": 404, "*": 500},
}
READ_AGAIN = (StatusCode.UNAVAILABLE, StatusCode.ABORTED, StatusCode.INTERNAL, StatusCode.UNKNOWN)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The clock of the retries, which only their pauses move."""
    clock = Clock()
    for part in (retry_base, retry_unary):
        monkeypatch.setattr(part, "time", clock)


class TestTheAnswers:
    @pytest.mark.parametrize(("said", "status"), FAILURES.items(), ids=str)
    @pytest.mark.parametrize("method", CALLS)
    def test_each_code_has_its_status(self, scripted, script, method, said, status):
        script.answer(said)
        if isinstance(status, dict):
            status = status.get(method, status["*"])
        assert status_of(CALLS[method], scripted) == status
        # A write that may have been applied is sent once.
        again = READ_AGAIN if method in READS else (StatusCode.ABORTED,)
        assert (len(script.calls) > 1) is (said in again)

    @writes
    def test_a_write_that_was_not_applied_is_sent_again(self, scripted, script, call):
        script.answer(StatusCode.ABORTED, StatusCode.ABORTED, StatusCode.OK)
        call(scripted)
        assert script.calls == ["Commit"] * 3

    def test_a_list_whose_stream_breaks_is_requested_again(self, scripted, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.OK)
        [document] = scripted.list_all("agents")
        assert document["_id"] == "early"
        assert script.calls == ["RunQuery"] * 2

    def test_a_write_after_a_lost_connection_is_preceded_by_a_read(self, scripted, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.UNAVAILABLE, StatusCode.OK)
        assert status_of(save, scripted) == 503
        READS["list_all"](scripted)
        save(scripted)
        assert script.calls == ["Commit", "RunQuery", "RunQuery", "Commit"]
        script.answer(StatusCode.UNAVAILABLE)
        for _ in range(2):
            assert status_of(save, scripted) == 503
        assert script.calls.count("Commit") == 1
        assert script.calls.count("BatchGetDocuments") > 1

    def test_an_answer_that_lacks_the_document_is_an_error(self, scripted, script):
        script.answer(StatusCode.OK)
        assert status_of(READS["get"], scripted) == 500

    def test_a_call_during_the_closing_says_so(self, scripted, script, monkeypatch):
        script.answer(StatusCode.OK)
        commit = scripted._connection.commit

        def close_and_commit(writes):
            scripted.close()
            return commit(writes)

        monkeypatch.setattr(scripted._connection, "commit", close_and_commit)
        failure = failure_of(save, scripted)
        assert (failure.status_code, "closed" in failure.detail) == (503, True)
