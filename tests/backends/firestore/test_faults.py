"""The Firestore backend under faults of the network and the server."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import HTTPException
from grpc import StatusCode

from gofannon_backends.firestore import FirestoreService
from gofannon_conformance.proxy import Mute, Proxy, Refuse

CALLS = {
    "get": lambda service: service.get("agents", "a"),
    "save": lambda service: service.save("agents", "a", {"n": 2}),
    "delete": lambda service: service.delete("agents", "missing"),
    "list_all": lambda service: service.list_all("agents"),
}
WRITES = ("save", "delete")

BOUND = 30
"""Seconds; a call that is not bounded takes minutes."""


def status_of(call, service):
    """Return the status of the error, None for a success."""
    begun = time.monotonic()
    try:
        call(service)
    except HTTPException as error:
        return error.status_code
    finally:
        assert time.monotonic() - begun < BOUND
    return None


def all_at_once(service):
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(lambda call: status_of(call, service), CALLS.values()))


@pytest.fixture(scope="module")
def endpoint(firestore_server):
    endpoint = firestore_server.endpoint
    with FirestoreService("first", emulator_host=endpoint.settings["emulator_host"]) as service:
        service.list_all("agents")  # an emulator's first answer takes a second or two
    return endpoint


class TestTheNetwork:
    @pytest.fixture
    def proxy(self, endpoint):
        with Proxy(*endpoint.address) as proxy:
            yield proxy

    @pytest.fixture
    def service(self, project, proxy):
        with FirestoreService(
            project, emulator_host=f"{proxy.host}:{proxy.port}", timeout=1.5, retry_seconds=1.5
        ) as service:
            yield service

    @pytest.fixture
    def connected(self, service):
        service.save("agents", "a", {"n": 1})
        return service

    def test_a_server_that_is_gone_is_a_503_until_it_is_back(self, connected, proxy):
        for _ in range(2):
            with proxy.armed(Refuse()):
                assert all_at_once(connected) == [503] * 4
            assert [status_of(call, connected) for call in CALLS.values()] == [
                None,
                None,
                404,
                None,
            ]

    def test_a_service_may_be_made_before_its_server(self, service, proxy):
        with proxy.armed(Refuse()):
            assert status_of(CALLS["list_all"], service) == 503
        assert status_of(CALLS["list_all"], service) is None

    def test_the_first_call_after_a_long_outage_may_be_a_write(self, connected, proxy):
        with proxy.armed(Refuse()):
            assert status_of(CALLS["save"], connected) == 503
            time.sleep(3)  # gRPC's pauses between attempts to connect grow meanwhile
        assert status_of(CALLS["save"], connected) is None

    def test_a_read_outlasts_a_short_outage(self, project, proxy):
        with (
            FirestoreService(
                project, emulator_host=f"{proxy.host}:{proxy.port}", retry_seconds=BOUND
            ) as service,
            ThreadPoolExecutor(1) as threads,
        ):
            service.save("agents", "a", {"n": 1})
            with proxy.armed(Refuse()):
                reading = threads.submit(service.get, "agents", "a")
                while not service._connection._lost and not reading.done():
                    time.sleep(0.01)
            assert reading.result()["n"] == 1

    def test_a_mute_server_is_a_504_until_it_answers(self, connected, proxy):
        with proxy.armed(Mute(passed_on=True)):
            assert all_at_once(connected) == [504] * 4
        assert [status_of(call, connected) for call in CALLS.values()] == [None, None, 404, None]

    def test_a_server_that_is_mute_from_the_start_is_an_error_until_it_answers(
        self, service, proxy
    ):
        with proxy.armed(Mute(passed_on=True)):
            assert set(all_at_once(service)) <= {503, 504}
        assert status_of(CALLS["save"], service) is None


class TestTheAnswers:
    @pytest.fixture
    def service(self, script):
        with FirestoreService(
            "scripted", emulator_host=script.host, timeout=1, retry_seconds=0.3
        ) as service:
            yield service

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            (StatusCode.UNAVAILABLE, 503),
            (StatusCode.DEADLINE_EXCEEDED, 504),
            (StatusCode.RESOURCE_EXHAUSTED, 429),
            (StatusCode.UNAUTHENTICATED, 503),
            (StatusCode.PERMISSION_DENIED, 503),
            (StatusCode.ABORTED, 409),
            (StatusCode.INTERNAL, 500),
            (StatusCode.UNKNOWN, 500),
            (StatusCode.DATA_LOSS, 500),
            (StatusCode.FAILED_PRECONDITION, 500),
            (StatusCode.UNIMPLEMENTED, 500),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("name", CALLS)
    def test_each_code_has_its_status_and_shows_nothing_of_the_message(
        self, service, script, name, said, status
    ):
        script.answer(said)
        with pytest.raises(HTTPException) as caught:
            CALLS[name](service)
        assert caught.value.status_code == status
        assert "agents" in caught.value.detail
        assert "s3cr3t" not in f"{caught.value.detail} {caught.value!s} {caught.value!r}"
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize(
        ("said", "name", "status"),
        [
            (StatusCode.INVALID_ARGUMENT, "get", 400),
            (StatusCode.INVALID_ARGUMENT, "save", 422),
            (StatusCode.INVALID_ARGUMENT, "delete", 400),
            (StatusCode.INVALID_ARGUMENT, "list_all", 400),
            # A missing database; only for `delete` the answer is that for a missing document.
            (StatusCode.NOT_FOUND, "get", 500),
            (StatusCode.NOT_FOUND, "save", 500),
            (StatusCode.NOT_FOUND, "delete", 404),
            (StatusCode.NOT_FOUND, "list_all", 500),
        ],
    )
    def test_codes_whose_status_depends_on_the_method(self, service, script, said, name, status):
        script.answer(said)
        assert status_of(CALLS[name], service) == status

    @pytest.mark.parametrize("name", WRITES)
    @pytest.mark.parametrize(
        "said",
        [StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED],
        ids=str,
    )
    def test_a_write_that_may_have_been_applied_is_sent_once(self, service, script, name, said):
        script.answer(said, StatusCode.OK)
        assert status_of(CALLS[name], service) in {500, 503}
        assert script.calls == ["Commit"]

    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_was_not_applied_is_sent_again(self, service, script, name):
        script.answer(StatusCode.ABORTED, StatusCode.ABORTED, StatusCode.OK)
        assert status_of(CALLS[name], service) is None
        assert script.calls == ["Commit"] * 3

    @pytest.mark.parametrize("name", CALLS)
    def test_a_throttled_call_is_not_repeated(self, service, script, name):
        script.answer(StatusCode.RESOURCE_EXHAUSTED)
        assert status_of(CALLS[name], service) == 429
        assert len(script.calls) == 1

    @pytest.mark.parametrize("name", CALLS)
    def test_retries_end(self, service, script, name):
        script.answer(StatusCode.ABORTED)
        assert status_of(CALLS[name], service) == 409
        assert 1 < len(script.calls) < 40

    def test_a_list_whose_stream_breaks_is_requested_again(self, service, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.OK)
        assert [document["_id"] for document in service.list_all("agents")] == ["early"]
        assert script.calls == ["RunQuery"] * 2

    @pytest.mark.parametrize(
        "said", [StatusCode.UNAVAILABLE, StatusCode.DATA_LOSS, StatusCode.CANCELLED], ids=str
    )
    def test_a_list_whose_stream_keeps_breaking_is_an_error(self, service, script, said):
        script.answer(said)
        assert status_of(CALLS["list_all"], service) in {500, 503}

    def test_a_write_after_a_lost_connection_is_preceded_by_a_read(self, service, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.UNAVAILABLE, StatusCode.OK)
        assert status_of(CALLS["save"], service) == 503
        assert status_of(CALLS["list_all"], service) is None
        assert status_of(CALLS["save"], service) is None
        assert script.calls == ["Commit", "RunQuery", "RunQuery", "Commit"]
        script.answer(StatusCode.UNAVAILABLE)
        assert status_of(CALLS["save"], service) == 503
        assert status_of(CALLS["save"], service) == 503
        assert script.calls.count("Commit") == 1
        assert script.calls.count("BatchGetDocuments") > 1

    def test_an_answer_that_lacks_the_document_is_an_error(self, service, script):
        script.answer(StatusCode.OK)
        assert status_of(CALLS["get"], service) == 500

    def test_a_call_during_the_closing_says_so(self, service, script, monkeypatch):
        script.answer(StatusCode.OK)
        commit = service._connection.commit

        def close_and_commit(writes):
            service.close()
            return commit(writes)

        monkeypatch.setattr(service._connection, "commit", close_and_commit)
        with pytest.raises(HTTPException, match="closed") as caught:
            service.save("agents", "a", {})
        assert caught.value.status_code == 503
