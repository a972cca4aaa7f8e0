"""The DynamoDB backend when the network, the server or the credentials fail."""

import inspect
import sys
import time
from functools import partial

import pytest
from dynamodb_front import Front, Instead, Spoilt, refusal
from fastapi import HTTPException

from gofannon_backends import _dynamodb_requests
from gofannon_backends.dynamodb import DynamoDBService
from gofannon_conformance.servers import provider

SECRET = "s3cr3t-k3y"
KEY = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET}

OPERATIONS = {"get": "GetItem", "save": "PutItem", "delete": "DeleteItem", "list_all": "Scan"}

THROTTLING = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
]

CREDENTIALS = [
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "AccessDeniedException",
    "ExpiredTokenException",
    "MissingAuthenticationTokenException",
]

STRANGE = {
    "html": Instead(200, b"<html>It works!</html>"),
    "empty": Instead(200, b""),
    "empty-object": Instead(200, b"{}"),
    "empty-object-as-json": Instead(200, b"{}", {"content-type": "application/x-amz-json-1.0"}),
    "null": Instead(200, b"null"),
    "array": Instead(200, b"[1]"),
    "no-utf-8": Instead(200, b"\xff\xfe"),
    "half-an-object": Instead(200, b'{"Item": {"_id": {"S"'),
    "item-that-is-none": Instead(200, b'{"Item": 5, "Items": 5, "Attributes": 5}'),
    "nested-5000-deep": Instead(200, b'{"Item":{"a":' + b'{"L":[' * 5000 + b"]}" * 5000 + b"}}"),
    "wrong-checksum": Instead(200, b"{}", {"x-amz-crc32": "1"}),
    "redirect": Instead(302, b"", {"location": "http://127.0.0.1:1/"}),
    "html-400": Instead(400, b"<html>Bad Request</html>"),
    "html-404": Instead(404, b"<html>Not Found</html>"),
    "empty-404": Instead(404, b""),
    "text-404": Instead(404, b'"Not Found"'),
    "other-service": refusal("UnknownOperationException"),
    "html-500": Instead(500, b"<html>oops</html>"),
    "empty-503": Instead(503, b""),
}


@pytest.fixture(scope="module")
def emulator():
    with provider("dynamodb:moto").start() as server:
        yield server.endpoint.url


@pytest.fixture(scope="module")
def module_front(emulator):
    with Front(emulator) as front:
        yield front


@pytest.fixture(scope="module")
def module_service(module_front):
    with DynamoDBService(endpoint_url=module_front.url, **KEY) as service:
        yield service


@pytest.fixture
def front(module_front):
    yield module_front
    module_front.plan.clear()
    module_front.requests.clear()


@pytest.fixture
def service(module_service, front):
    """One document `a` in one collection `faults`; no request counted yet."""
    module_service.save("faults", "a", {"n": 1})
    front.operations()
    return module_service


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(_dynamodb_requests, "_FIRST_PAUSE", 0.002)


@pytest.fixture(params=OPERATIONS)
def call(request, service):
    """One of the four methods, ready to be called; `call.operation` is what it sends."""
    arguments = {
        "get": ("faults", "a"),
        "save": ("faults", "a", {"n": 2}),
        "delete": ("faults", "a"),
        "list_all": ("faults",),
    }
    call = partial(getattr(service, request.param), *arguments[request.param])
    call.operation = OPERATIONS[request.param]
    return call


def failure_of(call) -> HTTPException:
    with pytest.raises(HTTPException) as caught:
        call()
    for text in (caught.value.detail, str(caught.value), repr(caught.value)):
        assert SECRET not in text
        assert "AKIDEXAMPLE" not in text
    assert "faults" in caught.value.detail
    return caught.value


class TestThrottling:
    @pytest.mark.parametrize("code", THROTTLING)
    def test_a_call_that_is_turned_away_once_is_sent_again(self, call, front, code):
        front.plan[call.operation].append(refusal(code))
        call()
        assert front.operations() == [call.operation] * 2

    def test_a_call_that_is_turned_away_always_is_429(self, call, front):
        front.plan[call.operation].extend([refusal("ThrottlingException")] * 9)
        assert failure_of(call).status_code == 429
        assert front.operations() == [call.operation] * 4

    def test_too_many_tables_at_once_is_waited_for(self, service, front):
        front.plan["CreateTable"].append(refusal("LimitExceededException"))
        service.save("faults-2", "a", {})
        assert front.operations().count("CreateTable") == 2
        service.drop("faults-2")


class TestLostAnswers:
    @pytest.mark.parametrize("method", ["get", "list_all"])
    @pytest.mark.parametrize(
        "fate",
        [Spoilt.DROPPED, Spoilt.LOST, Spoilt.CUT, refusal("InternalServerError", 500)],
        ids=["dropped", "lost", "cut", "500"],
    )
    def test_a_read_is_sent_again(self, service, front, method, fate):
        front.plan[OPERATIONS[method]].append(fate)
        arguments = ("faults", "a") if method == "get" else ("faults",)
        assert "'n': 1" in str(getattr(service, method)(*arguments))
        assert front.operations() == [OPERATIONS[method]] * 2

    @pytest.mark.parametrize("fate", [Spoilt.LOST, Spoilt.CUT])
    def test_a_save_that_was_done_is_found_out_by_reading_not_by_writing(
        self, service, front, fate
    ):
        front.plan["PutItem"].append(fate)
        rev = service.save("faults", "a", {"n": 2})["rev"]
        assert front.operations() == ["PutItem", "GetItem"]
        assert service.get("faults", "a") == {"_id": "a", "_rev": rev, "n": 2}

    @pytest.mark.parametrize("fate", [Spoilt.DROPPED, refusal("InternalServerError", 500)])
    def test_a_save_that_was_not_done_is_503_and_is_not_sent_again(self, service, front, fate):
        front.plan["PutItem"].append(fate)
        assert failure_of(partial(service.save, "faults", "a", {"n": 2})).status_code == 503
        assert front.operations() == ["PutItem", "GetItem"]
        assert service.get("faults", "a")["n"] == 1

    def test_a_save_that_was_overwritten_since_does_not_overwrite(self, service, front):
        front.plan["PutItem"].append(Spoilt.LOST)
        newer = b'{"Item":{"_rev":{"S":"newer"}},"ConsumedCapacity":{"TableName":"faults"}}'
        front.plan["GetItem"].append(Instead(200, newer))
        assert failure_of(partial(service.save, "faults", "a", {"n": 2})).status_code == 503
        assert front.operations() == ["PutItem", "GetItem"]

    def test_a_save_whose_outcome_cannot_be_read_is_503(self, service, front):
        front.plan["PutItem"].append(Spoilt.LOST)
        front.plan["GetItem"].extend([Spoilt.DROPPED] * 9)
        assert failure_of(partial(service.save, "faults", "a", {"n": 2})).status_code == 503

    @pytest.mark.parametrize("fate", [Spoilt.LOST, Spoilt.CUT, Spoilt.DROPPED])
    def test_a_delete_is_5xx_never_404_and_is_not_sent_again(self, service, front, fate):
        front.plan["DeleteItem"].append(fate)
        assert failure_of(partial(service.delete, "faults", "a")).status_code >= 500
        assert front.operations() == ["DeleteItem"]

    def test_a_table_whose_creation_was_not_answered_is_used(self, service, front):
        front.plan["CreateTable"].append(Spoilt.LOST)
        service.save("faults-3", "a", {"n": 1})
        assert service.get("faults-3", "a")["n"] == 1
        service.drop("faults-3")


class TestMute:
    def test_a_call_ends_with_504_within_its_bound_and_is_not_sent_again(
        self, front, service, call
    ):
        with DynamoDBService(endpoint_url=front.url, read_timeout=0.4, **KEY) as hasty:
            front.plan[call.operation].append(Spoilt.MUTE)
            begun = time.monotonic()
            failure = failure_of(partial(getattr(hasty, call.func.__name__), *call.args))
            assert failure.status_code == 504
            assert time.monotonic() - begun < 2
            assert front.operations() == [call.operation]


class TestStrangeAnswers:
    @pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
    def test_what_is_not_dynamodbs_is_5xx_never_404_never_empty(self, call, front, answer):
        front.plan[call.operation].extend([answer] * 9)
        assert failure_of(call).status_code >= 500

    def test_a_page_that_lacks_items_is_an_error(self, service, front):
        page = b'{"Items":[],"Count":2,"ConsumedCapacity":{"TableName":"faults"}}'
        front.plan["Scan"].append(Instead(200, page))
        assert failure_of(partial(service.list_all, "faults")).status_code == 500

    def test_an_item_of_another_program_that_is_no_document_is_an_error(self, service, front):
        item = b'{"Item":{"id":{"N":"1"}},"ConsumedCapacity":{"TableName":"faults"}}'
        front.plan["GetItem"].append(Instead(200, item))
        assert failure_of(partial(service.get, "faults", "a")).status_code == 500

    def test_an_answer_about_another_table_is_an_error(self, service, front):
        front.plan["GetItem"].extend(
            [Instead(200, b'{"ConsumedCapacity":{"TableName":"others"}}')] * 9
        )
        assert failure_of(partial(service.get, "faults", "a")).status_code == 500

    @pytest.mark.parametrize(
        "code",
        ["ValidationException", "ItemCollectionSizeLimitExceededException"],
    )
    def test_what_dynamodb_does_not_take_is_4xx(self, call, front, code):
        front.plan[call.operation].append(refusal(code))
        assert failure_of(call).status_code == 422
        assert front.operations() == [call.operation]

    def test_a_state_that_the_call_does_not_expect_is_5xx(self, service, front):
        front.plan["GetItem"].append(refusal("ResourceInUseException"))
        assert failure_of(partial(service.get, "faults", "a")).status_code == 500


class TestCredentials:
    @pytest.mark.parametrize("code", CREDENTIALS)
    def test_refused_ones_are_5xx_with_no_secret_told(self, call, front, code):
        front.plan[call.operation].append(refusal(code))
        assert failure_of(call).status_code == 503
        assert front.operations() == [call.operation]

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_proxy_that_refuses_is_5xx(self, call, front, status):
        front.plan[call.operation].append(Instead(status, b"<html>who are you?</html>"))
        assert failure_of(call).status_code == 503

    @pytest.fixture
    def nobody(self, monkeypatch, tmp_path):
        """Run where no AWS credentials are to be found."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    @pytest.mark.usefixtures("nobody")
    def test_none_at_all_is_5xx(self):
        with DynamoDBService(endpoint_url="https://127.0.0.1:1") as service:
            assert failure_of(partial(service.get, "faults", "a")).status_code == 503
            assert failure_of(partial(service.list_all, "faults")).status_code == 503

    @pytest.mark.usefixtures("nobody")
    def test_an_emulator_needs_none(self, service, front):
        with DynamoDBService(endpoint_url=front.url) as other:
            assert other.get("faults", "a")["n"] == 1

    def test_none_is_in_the_services_repr(self):
        url = f"http://me:{SECRET}@127.0.0.1:1/?key={SECRET}"
        with DynamoDBService(endpoint_url=url, **KEY) as service:
            assert repr(service) == (
                "DynamoDBService(region_name='us-east-1', endpoint_url='http://127.0.0.1:1/')"
            )
            failure_of(partial(service.get, "faults", "a"))
        with DynamoDBService("eu-west-1") as service:
            assert repr(service) == "DynamoDBService(region_name='eu-west-1', endpoint_url=None)"


class TestGone:
    def test_every_call_is_503(self, free_url):
        with DynamoDBService(endpoint_url=free_url, **KEY) as service:
            for call in (
                partial(service.get, "faults", "a"),
                partial(service.save, "faults", "a", {}),
                partial(service.delete, "faults", "a"),
                partial(service.list_all, "faults"),
                partial(service.drop, "faults"),
            ):
                assert failure_of(call).status_code == 503
            with pytest.raises(HTTPException):
                service.collections()

    def test_the_same_service_works_again_when_the_server_is_back(self):
        with (
            provider("dynamodb:moto").start() as server,
            DynamoDBService(endpoint_url=server.endpoint.url, **KEY) as service,
        ):
            service.save("faults", "a", {"n": 1})
            server.stop()
            assert failure_of(partial(service.get, "faults", "a")).status_code == 503
            server.start()
            service.save("faults", "a", {"n": 2})
            assert service.get("faults", "a")["n"] == 2

    def test_a_closed_service_says_so(self, free_url):
        service = DynamoDBService(endpoint_url=free_url, **KEY)
        service.close()
        service.close()
        for call in (
            partial(service.get, "faults", "a"),
            partial(service.save, "faults", "a", {}),
            partial(service.delete, "faults", "a"),
            partial(service.list_all, "faults"),
        ):
            failure = failure_of(call)
            assert failure.status_code == 503
            assert "closed" in failure.detail

    @pytest.fixture
    def free_url(self, emulator):
        with Front(emulator) as front:
            pass
        return front.url


class TestConstruction:
    @pytest.mark.parametrize(
        ("options", "why"),
        [({"attempts": 0}, "attempts"), ({"table_prefix": "a/"}, "table_prefix")],
        ids=["attempts", "table-prefix"],
    )
    def test_options_that_cannot_be_are_refused(self, options, why):
        with pytest.raises(ValueError, match=why):
            DynamoDBService(**options)

    def test_one_attempt_is_one_request(self, service, front):
        with DynamoDBService(endpoint_url=front.url, attempts=1, **KEY) as once:
            front.plan["GetItem"].append(Spoilt.DROPPED)
            assert failure_of(partial(once.get, "faults", "a")).status_code == 503
        assert front.operations() == ["GetItem"]


class TestDeepCallers:
    @pytest.mark.parametrize("room", [40, 60, 80, 120])
    def test_a_caller_near_pythons_limit_meets_no_recursion_error(self, service, room):
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
            partial(service.save, "faults", "b", document),
            partial(service.get, "faults", "a"),
            partial(service.list_all, "faults"),
        ):
            try:
                deeper(sys.getrecursionlimit() - here - room, call)
            except HTTPException as error:
                assert error.status_code in {422, 500, 503}  # noqa: PT017
