"""The DynamoDB backend when the network, the server or the credentials fail."""

import inspect
import sys
from functools import partial

import pytest
from dynamodb_front import about, refusal
from fastapi import HTTPException
from http_front import Answer, cut, dropped, lost, mute, says
from store_calls import CALLS, READS, WRITES, every_call, failure_of, reads, status_of

from gofannon_backends.dynamodb import DynamoDBService, connection

OPERATIONS = {"get": "GetItem", "list_all": "Scan", "save": "PutItem", "delete": "DeleteItem"}
operation_of = {call: OPERATIONS[name] for name, call in CALLS.items()}
save = WRITES["save"]


@pytest.fixture
def saved(dynamodb, front):
    """The service, with one document in one collection; no request is counted yet."""
    dynamodb.save("agents", "a1", {"n": 1})
    front.sent()
    return dynamodb


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_PAUSE", 0)


JSON = {"content-type": "application/x-amz-json-1.0"}
NESTED = b'{"Item":{"a":' + b'{"L":[' * 5000 + b"]}" * 5000 + b"}}"

FAILURES = {
    "throttled": (refusal("ThrottlingException"), 429, 4, 4),
    "throughput": (refusal("ProvisionedThroughputExceededException"), 429, 4, 4),
    "request-limit": (refusal("RequestLimitExceeded"), 429, 4, 4),
    "invalid": (refusal("ValidationException"), 422, 1, 1),
    "too-large": (refusal("ItemCollectionSizeLimitExceededException"), 422, 1, 1),
    "unrecognized-client": (refusal("UnrecognizedClientException"), 503, 1, 1),
    "invalid-signature": (refusal("InvalidSignatureException"), 503, 1, 1),
    "access-denied": (refusal("AccessDeniedException"), 503, 1, 1),
    "expired-token": (refusal("ExpiredTokenException"), 503, 1, 1),
    "missing-token": (refusal("MissingAuthenticationTokenException"), 503, 1, 1),
    "proxy-401": (says(Answer(401, b"<html>who are you?</html>")), 503, 1, 1),
    "proxy-403": (says(Answer(403, b"<html>who are you?</html>")), 503, 1, 1),
    "internal": (refusal("InternalServerError", 500), 503, 4, 1),
    "html-500": (says(Answer(500, b"<html>oops</html>")), 503, 4, 1),
    "empty-503": (says(Answer(503)), 503, 4, 1),
    "html-400": (says(Answer(400, b"<html>Bad Request</html>")), 500, 4, 1),
    "html-404": (says(Answer(404, b"<html>Not Found</html>")), 500, 4, 1),
    "empty-404": (says(Answer(404)), 500, 4, 1),
    "text-404": (says(Answer(404, b'"Not Found"')), 500, 4, 1),
    "other-service": (refusal("UnknownOperationException"), 500, 4, 1),
    "redirect": (says(Answer(302, b"", {"location": "http://127.0.0.1:1/"})), 500, 4, 1),
    "html": (says(Answer(200, b"<html>It works!</html>")), 500, 4, 1),
    "empty": (says(Answer(200)), 500, 4, 1),
    "empty-object": (says(Answer(200, b"{}")), 500, 4, 1),
    "empty-object-as-json": (says(Answer(200, b"{}", JSON)), 500, 4, 1),
    "null": (says(Answer(200, b"null")), 500, 4, 1),
    "array": (says(Answer(200, b"[1]")), 500, 4, 1),
    "no-utf-8": (says(Answer(200, b"\xff\xfe")), 500, 4, 1),
    "half-an-object": (says(Answer(200, b'{"Item": {"_id": {"S"')), 500, 4, 1),
    "no-item": (says(Answer(200, b'{"Item": 5, "Items": 5, "Attributes": 5}')), 500, 4, 1),
    "nested-5000-deep": (says(Answer(200, NESTED)), 500, 4, 1),
    "wrong-checksum": (says(Answer(200, b"{}", {"x-amz-crc32": "1"})), 500, 4, 1),
}


"""Each with its status, and how often a read and a write are sent."""


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(("answer", "status", "reads", "writes"), FAILURES.values(), ids=FAILURES)
def test_each_failure_has_its_status(saved, front, method, answer, status, reads, writes):
    front.plan[OPERATIONS[method]].extend([answer] * 9)
    assert status_of(CALLS[method], saved) == status
    times = reads if method in READS else writes
    assert front.sent().count(OPERATIONS[method]) == times


class TestThrottling:
    @every_call
    def test_a_call_that_is_refused_once_is_sent_again(self, saved, front, call):
        front.next(refusal("ThrottlingException"))
        call(saved)
        assert front.sent() == [operation_of[call]] * 2

    def test_one_attempt_is_one_request(self, open_dynamodb, front):
        front.next(dropped)
        assert status_of(CALLS["get"], open_dynamodb(attempts=1)) == 503
        assert front.sent() == ["GetItem"]

    def test_the_creation_of_a_table_is_sent_again(self, dynamodb, front):
        front.plan["CreateTable"].append(refusal("LimitExceededException"))
        dynamodb.save("agents-2", "a", {})
        assert front.sent().count("CreateTable") == 2
        dynamodb.drop("agents-2")


class TestLostAnswers:
    @reads
    @pytest.mark.parametrize("incident", [dropped, lost, cut, refusal("InternalServerError", 500)])
    def test_a_read_is_sent_again(self, saved, front, call, incident):
        front.next(incident)
        assert "'n': 1" in str(call(saved))
        assert front.sent() == [operation_of[call]] * 2

    @pytest.mark.parametrize("incident", [lost, cut])
    def test_a_save_that_was_done_succeeds_after_one_read(self, saved, front, incident):
        front.next(incident)
        rev = save(saved)["rev"]
        assert front.sent() == ["PutItem", "GetItem"]
        assert saved.get("agents", "a1") == {"_id": "a1", "_rev": rev, "n": 2}

    @pytest.mark.parametrize("incident", [dropped, refusal("InternalServerError", 500)])
    def test_a_save_that_was_not_done_is_503_and_is_not_sent_again(self, saved, front, incident):
        front.next(incident)
        assert status_of(save, saved) == 503
        assert front.sent() == ["PutItem", "GetItem"]
        assert saved.get("agents", "a1")["n"] == 1

    def test_a_save_whose_outcome_cannot_be_read_is_503(self, saved, front):
        front.next(lost, *[dropped] * 9)
        assert status_of(save, saved) == 503

    @pytest.mark.parametrize(("incident", "status"), [(lost, 503), (cut, 500), (dropped, 503)])
    def test_a_delete_is_5xx_never_404_and_is_not_sent_again(self, saved, front, incident, status):
        front.next(incident)
        assert status_of(WRITES["delete"], saved) == status
        assert front.sent() == ["DeleteItem"]

    def test_a_table_whose_creation_was_not_answered_is_used(self, dynamodb, front):
        front.plan["CreateTable"].append(lost)
        dynamodb.save("agents-3", "a", {"n": 1})
        assert dynamodb.get("agents-3", "a")["n"] == 1
        dynamodb.drop("agents-3")


class TestSilentServer:
    def test_a_call_is_504_after_one_request(self, open_dynamodb, front, monkeypatch):
        sent = []
        send_once = connection.Connection._send_once

        def recorded(self, operation, table, parameters):
            sent.append(operation)
            return send_once(self, operation, table, parameters)

        monkeypatch.setattr(connection.Connection, "_send_once", recorded)
        front.next(*[mute] * 9)
        # A short time-out, as the server never answers, however long it has.
        hasty = open_dynamodb(read_timeout=0.1)
        for number, call in enumerate(CALLS.values(), 1):
            assert status_of(call, hasty) == 504
            assert len(sent) == number


class TestStrangeAnswers:
    @pytest.mark.parametrize(
        ("method", "answer"),
        [
            ("list_all", about("agents", Items=[], Count=2)),
            ("get", about("agents", Item={"id": {"N": "1"}})),
            ("get", about("others")),
            ("get", refusal("ResourceInUseException")),
        ],
        ids=["items-are-missing", "not-a-document", "another-table", "another-state"],
    )
    def test_do_not_fit_the_request_and_are_500(self, saved, front, method, answer):
        front.next(*[answer] * 9)
        assert status_of(CALLS[method], saved) == 500


class TestCredentials:
    @pytest.fixture(autouse=True)
    def nobody(self, monkeypatch, tmp_path):
        """Hide all AWS credentials."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    @reads
    def test_none_at_all_are_503(self, call):
        with DynamoDBService(endpoint_url="https://127.0.0.1:1") as service:
            assert status_of(call, service) == 503

    def test_an_emulator_needs_none(self, saved, front):
        with DynamoDBService(endpoint_url=front.url) as other:
            assert other.get("agents", "a1")["n"] == 1


class TestServerGone:
    def test_every_call_is_503(self, open_dynamodb):
        gone = open_dynamodb("http://127.0.0.1:1")
        for call in (*CALLS.values(), lambda service: service.drop("agents")):
            assert status_of(call, gone) == 503
        with pytest.raises(HTTPException):
            gone.collections()
        gone.close()
        gone.close()
        for call in CALLS.values():
            failure = failure_of(call, gone)
            assert (failure.status_code, "closed" in failure.detail) == (503, True)


class TestDeepCallers:
    @pytest.mark.parametrize("room", [40, 60, 80, 120])
    def test_a_caller_near_pythons_limit_meets_no_recursion_error(self, saved, room):
        def deeper(frames: int, call) -> None:
            if frames:
                deeper(frames - 1, call)
            else:
                call()

        document: dict = {}
        for _ in range(60):
            document = {"in": document}
        here = len(inspect.stack())
        for call in (
            partial(saved.save, "agents", "b", document),
            partial(saved.get, "agents", "a1"),
            partial(saved.list_all, "agents"),
        ):
            try:
                deeper(sys.getrecursionlimit() - here - room, call)
            except HTTPException as error:
                assert error.status_code in {422, 500, 503}  # noqa: PT017
