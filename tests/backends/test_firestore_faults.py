"""The Firestore backend when the network or the server misbehaves: what it says, what it sends."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import HTTPException
from firestore_front import Proxy, Script
from grpc import StatusCode

from gofannon_backends.firestore import FirestoreService
from gofannon_conformance.servers import Unavailable, provider

CALLS = {
    "get": lambda service: service.get("agents", "a"),
    "save": lambda service: service.save("agents", "a", {"n": 2}),
    "delete": lambda service: service.delete("agents", "missing"),
    "list_all": lambda service: service.list_all("agents"),
}
READS = ("get", "list_all")
WRITES = ("save", "delete")


def outcome(call, service):
    """The status of the refusal, or None, and the seconds it took."""
    begun = time.monotonic()
    try:
        call(service)
    except HTTPException as error:
        return error.status_code, time.monotonic() - begun
    return None, time.monotonic() - begun


def works(service):
    return [outcome(call, service)[0] for call in CALLS.values()] == [None, None, 404, None]


@pytest.fixture(scope="module")
def host():
    try:
        server = provider("firestore").start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        host = server.endpoint.settings["emulator_host"]
        with FirestoreService("first", emulator_host=host) as service:
            service.list_all("agents")  # An emulator's first answer takes a second or two.
        yield host


@pytest.fixture(scope="module")
def script():
    script = Script()
    yield script
    script.stop()


class TestTheNetwork:
    @pytest.fixture
    def proxy(self, host):
        proxy = Proxy(host)
        yield proxy
        proxy.gone()

    @pytest.fixture
    def service(self, proxy):
        with FirestoreService(
            f"tests-{uuid.uuid4().hex[:12]}",
            emulator_host=proxy.host,
            timeout=1.5,
            retry_seconds=1.5,
        ) as service:
            service.save("agents", "a", {"n": 1})
            yield service

    def test_server_gone_is_a_503_within_the_bound_and_over_when_it_is_back(self, service, proxy):
        for _ in range(2):
            proxy.gone()
            for name, call in CALLS.items():
                status, seconds = outcome(call, service)
                assert (name, status) == (name, 503)
                assert seconds < 4
            proxy.back()
            assert works(service)

    def test_the_first_call_after_a_long_outage_may_be_a_write(self, service, proxy):
        proxy.gone()
        assert outcome(CALLS["save"], service)[0] == 503
        time.sleep(3)
        proxy.back()
        assert outcome(CALLS["save"], service)[0] is None

    def test_a_read_outlasts_a_short_outage(self, host, proxy):
        with FirestoreService("short", emulator_host=proxy.host, retry_seconds=5) as service:
            service.save("agents", "a", {"n": 1})
            proxy.gone()
            with ThreadPoolExecutor(1) as pool:
                reading = pool.submit(service.get, "agents", "a")
                time.sleep(0.3)
                proxy.back()
                assert reading.result()["n"] == 1

    def test_server_mute_is_a_504_within_the_bound_and_over_when_it_speaks(self, service, proxy):
        proxy.mute()
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(lambda call: outcome(call, service), CALLS.values()))
        assert [status for status, _ in outcomes] == [504] * 4
        assert max(seconds for _, seconds in outcomes) < 4.5  # a page has 2.5 times the second
        proxy.speak()
        assert works(service)

    def test_a_server_mute_from_the_start_is_over_when_it_speaks(self, service, proxy):
        proxy.gone()
        proxy.back()
        proxy.mute()
        for call in CALLS.values():
            status, seconds = outcome(call, service)
            assert status in {503, 504}
            assert seconds < 4
        proxy.speak()
        assert works(service)

    @pytest.mark.parametrize("bytes_passed", [100, 100_000, 3_000_000])
    def test_a_list_cut_in_the_middle_is_an_error_or_whole(self, service, proxy, bytes_passed):
        for number in range(60):
            service.save("large", str(number), {"body": "x" * 100_000})
        proxy.cut_after = bytes_passed
        assert outcome(lambda service: service.list_all("large"), service)[0] == 503
        proxy.cut_after = None
        assert len(service.list_all("large")) == 60

    def test_a_save_whose_answer_was_cut_off_does_not_undo_a_later_delete(self, service, proxy):
        proxy.cut_after = 0
        assert outcome(CALLS["save"], service)[0] == 503
        proxy.cut_after = None
        service.delete("agents", "a")
        time.sleep(1)
        assert outcome(CALLS["get"], service)[0] == 404

    def test_a_delete_whose_answer_was_cut_off_does_not_undo_a_later_save(self, service, proxy):
        proxy.cut_after = 0
        assert outcome(lambda service: service.delete("agents", "a"), service)[0] == 503
        proxy.cut_after = None
        service.save("agents", "a", {"n": 3})
        time.sleep(1)
        assert service.get("agents", "a")["n"] == 3

    def test_an_instance_may_be_made_before_its_server_is_there(self, host, proxy):
        proxy.gone()
        with FirestoreService(
            "early", emulator_host=proxy.host, timeout=1.5, retry_seconds=1.5
        ) as service:
            assert outcome(CALLS["list_all"], service)[0] == 503
            proxy.back()
            assert outcome(CALLS["list_all"], service)[0] is None


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
    def test_each_status_has_its_own_and_shows_nothing_that_was_said(
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
        ("name", "status"), [("get", 400), ("save", 422), ("delete", 400), ("list_all", 400)]
    )
    def test_an_invalid_argument_is_the_callers(self, service, script, name, status):
        script.answer(StatusCode.INVALID_ARGUMENT)
        assert outcome(CALLS[name], service)[0] == status

    @pytest.mark.parametrize(
        ("name", "status"), [("get", 500), ("save", 500), ("delete", 404), ("list_all", 500)]
    )
    def test_a_missing_database_is_no_missing_document(self, service, script, name, status):
        # But for delete, whose answer is the same for both.
        script.answer(StatusCode.NOT_FOUND)
        assert outcome(CALLS[name], service)[0] == status

    @pytest.mark.parametrize("name", WRITES)
    @pytest.mark.parametrize(
        "said",
        [StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED],
        ids=str,
    )
    def test_a_write_that_may_have_been_applied_is_sent_once(self, service, script, name, said):
        script.answer(said, StatusCode.OK)
        assert outcome(CALLS[name], service)[0] in {500, 503}
        assert script.calls == ["Commit"]

    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_was_not_applied_is_sent_again(self, service, script, name):
        script.answer(StatusCode.ABORTED, StatusCode.ABORTED, StatusCode.OK)
        assert outcome(CALLS[name], service)[0] is None
        assert script.calls == ["Commit"] * 3

    @pytest.mark.parametrize("name", CALLS)
    def test_throttling_is_not_answered_with_more_calls(self, service, script, name):
        script.answer(StatusCode.RESOURCE_EXHAUSTED)
        assert outcome(CALLS[name], service)[0] == 429
        assert len(script.calls) == 1

    @pytest.mark.parametrize("name", CALLS)
    def test_retries_end(self, service, script, name):
        script.answer(StatusCode.ABORTED)
        status, seconds = outcome(CALLS[name], service)
        assert status == 409
        assert seconds < 2
        assert 1 < len(script.calls) < 40

    def test_a_list_whose_stream_breaks_is_asked_for_again(self, service, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.OK)
        assert [document["_id"] for document in service.list_all("agents")] == ["early"]
        assert script.calls == ["RunQuery"] * 2

    @pytest.mark.parametrize(
        "said", [StatusCode.UNAVAILABLE, StatusCode.DATA_LOSS, StatusCode.CANCELLED], ids=str
    )
    def test_a_list_whose_stream_keeps_breaking_is_never_a_short_list(self, service, script, said):
        script.answer(said)
        assert outcome(CALLS["list_all"], service)[0] in {500, 503}

    def test_a_write_after_a_lost_connection_is_preceded_by_a_read(self, service, script):
        script.answer(StatusCode.UNAVAILABLE, StatusCode.UNAVAILABLE, StatusCode.OK)
        assert outcome(CALLS["save"], service)[0] == 503
        assert outcome(CALLS["list_all"], service)[0] is None
        assert outcome(CALLS["save"], service)[0] is None
        assert script.calls == ["Commit", "RunQuery", "RunQuery", "Commit"]
        script.answer(StatusCode.UNAVAILABLE)
        assert outcome(CALLS["save"], service)[0] == 503
        assert outcome(CALLS["save"], service)[0] == 503
        assert script.calls.count("Commit") == 1
        assert script.calls.count("BatchGetDocuments") > 1

    def test_an_answer_that_says_nothing_of_the_document_is_an_error(self, service, script):
        script.answer(StatusCode.OK)
        assert outcome(CALLS["get"], service)[0] == 500

    def test_a_call_that_meets_the_closing_says_so(self, script, monkeypatch):
        service = FirestoreService("scripted", emulator_host=script.host)
        script.answer(StatusCode.OK)
        save = service._connection.commit

        def closing(write):
            service.close()
            return save(write)

        monkeypatch.setattr(service._connection, "commit", closing)
        with pytest.raises(HTTPException, match="closed") as caught:
            service.save("agents", "a", {})
        assert caught.value.status_code == 503
