"""The DynamoDB backend when the network, the server or the credentials fail."""

import inspect
import sys
from functools import partial

import pytest
from dynamodb_front import KEY, SECRET, Front, Instead, Spoilt, refusal
from fastapi import HTTPException

from gofannon_backends.dynamodb import DynamoDBService, connection
from gofannon_conformance.servers import provider

OPERATIONS = {"get": "GetItem", "save": "PutItem", "delete": "DeleteItem", "list_all": "Scan"}
ARGUMENTS = {
    "get": ("faults", "a"),
    "save": ("faults", "a", {"n": 2}),
    "delete": ("faults", "a"),
    "list_all": ("faults",),
}

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

INVALID = ["ValidationException", "ItemCollectionSizeLimitExceededException"]

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


def about_the_table(fields: str) -> Instead:
    """Return an answer with these fields that names the table, as DynamoDB does."""
    text = f'{{{fields},"ConsumedCapacity":{{"TableName":"faults"}}}}'
    return Instead(200, text.encode())


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
    monkeypatch.setattr(connection, "_FIRST_PAUSE", 0.002)


@pytest.fixture(params=OPERATIONS)
def call(request, service):
    """One of the four methods with its arguments; `call.operation` is what it sends."""
    call = partial(getattr(service, request.param), *ARGUMENTS[request.param])
    call.operation = OPERATIONS[request.param]
    return call


def failure_of(method, *arguments) -> HTTPException:
    with pytest.raises(HTTPException) as caught:
        method(*arguments)
    for text in (caught.value.detail, str(caught.value), repr(caught.value)):
        assert SECRET not in text
        assert "AKIDEXAMPLE" not in text
    assert "faults" in caught.value.detail
    return caught.value


class TestThrottling:
    @pytest.mark.parametrize("code", THROTTLING)
    def test_a_call_that_is_refused_once_is_sent_again(self, call, front, code):
        front.plan[call.operation].append(refusal(code))
        call()
        assert front.operations() == [call.operation] * 2

    def test_a_call_that_is_always_refused_is_429(self, call, front):
        front.plan[call.operation].extend([refusal("ThrottlingException")] * 9)
        assert failure_of(call).status_code == 429
        assert front.operations() == [call.operation] * 4

    def test_the_creation_of_a_table_is_sent_again(self, service, front):
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
        assert "'n': 1" in str(getattr(service, method)(*ARGUMENTS[method]))
        assert front.operations() == [OPERATIONS[method]] * 2

    @pytest.mark.parametrize("fate", [Spoilt.LOST, Spoilt.CUT])
    def test_a_save_that_was_done_succeeds_after_one_read(self, service, front, fate):
        front.plan["PutItem"].append(fate)
        rev = service.save("faults", "a", {"n": 2})["rev"]
        assert front.operations() == ["PutItem", "GetItem"]
        assert service.get("faults", "a") == {"_id": "a", "_rev": rev, "n": 2}

    @pytest.mark.parametrize("fate", [Spoilt.DROPPED, refusal("InternalServerError", 500)])
    def test_a_save_that_was_not_done_is_503_and_is_not_sent_again(self, service, front, fate):
        front.plan["PutItem"].append(fate)
        assert failure_of(service.save, "faults", "a", {"n": 2}).status_code == 503
        assert front.operations() == ["PutItem", "GetItem"]
        assert service.get("faults", "a")["n"] == 1

    def test_a_save_that_was_overwritten_since_does_not_overwrite(self, service, front):
        front.plan["PutItem"].append(Spoilt.LOST)
        front.plan["GetItem"].append(about_the_table('"Item":{"_rev":{"S":"newer"}}'))
        assert failure_of(service.save, "faults", "a", {"n": 2}).status_code == 503
        assert front.operations() == ["PutItem", "GetItem"]

    def test_a_save_whose_outcome_cannot_be_read_is_503(self, service, front):
        front.plan["PutItem"].append(Spoilt.LOST)
        front.plan["GetItem"].extend([Spoilt.DROPPED] * 9)
        assert failure_of(service.save, "faults", "a", {"n": 2}).status_code == 503

    @pytest.mark.parametrize("fate", [Spoilt.LOST, Spoilt.CUT, Spoilt.DROPPED])
    def test_a_delete_is_5xx_never_404_and_is_not_sent_again(self, service, front, fate):
        front.plan["DeleteItem"].append(fate)
        assert failure_of(service.delete, "faults", "a").status_code >= 500
        assert front.operations() == ["DeleteItem"]

    def test_a_table_whose_creation_was_not_answered_is_used(self, service, front):
        front.plan["CreateTable"].append(Spoilt.LOST)
        service.save("faults-3", "a", {"n": 1})
        assert service.get("faults-3", "a")["n"] == 1
        service.drop("faults-3")


class TestSilentServer:
    def test_a_call_is_504_after_one_request(self, front, service, call):
        with DynamoDBService(endpoint_url=front.url, read_timeout=0.4, **KEY) as hasty:
            front.plan[call.operation].append(Spoilt.MUTE)
            failure = failure_of(partial(getattr(hasty, call.func.__name__), *call.args))
            assert failure.status_code == 504
            assert front.operations() == [call.operation]


class TestStrangeAnswers:
    @pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
    def test_a_foreign_answer_is_5xx_never_404_never_empty(self, call, front, answer):
        front.plan[call.operation].extend([answer] * 9)
        assert failure_of(call).status_code >= 500

    @pytest.mark.parametrize(
        ("method", "answer"),
        [
            ("list_all", about_the_table('"Items":[],"Count":2')),
            ("get", about_the_table('"Item":{"id":{"N":"1"}}')),
            ("get", Instead(200, b'{"ConsumedCapacity":{"TableName":"others"}}')),
            ("get", refusal("ResourceInUseException")),
        ],
        ids=["items-are-missing", "not-a-document", "another-table", "another-state"],
    )
    def test_an_answer_that_does_not_fit_the_request_is_500(self, service, front, method, answer):
        front.plan[OPERATIONS[method]].extend([answer] * 9)
        assert failure_of(getattr(service, method), *ARGUMENTS[method]).status_code == 500


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            *((refusal(code), 422) for code in INVALID),
            *((refusal(code), 503) for code in CREDENTIALS),
            *((Instead(status, b"<html>who are you?</html>"), 503) for status in (401, 403)),
        ],
        ids=[*INVALID, *CREDENTIALS, "proxy-401", "proxy-403"],
    )
    def test_have_a_status_by_their_kind(self, call, front, answer, status):
        front.plan[call.operation].append(answer)
        assert failure_of(call).status_code == status
        assert front.operations() == [call.operation]


class TestCredentials:
    @pytest.fixture
    def nobody(self, monkeypatch, tmp_path):
        """Hide all AWS credentials."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    @pytest.mark.usefixtures("nobody")
    def test_none_at_all_are_503(self):
        with DynamoDBService(endpoint_url="https://127.0.0.1:1") as service:
            assert failure_of(service.get, "faults", "a").status_code == 503
            assert failure_of(service.list_all, "faults").status_code == 503

    @pytest.mark.usefixtures("nobody")
    def test_an_emulator_needs_none(self, service, front):
        with DynamoDBService(endpoint_url=front.url) as other:
            assert other.get("faults", "a")["n"] == 1

    def test_the_services_repr_shows_none(self):
        url = f"http://me:{SECRET}@127.0.0.1:1/?key={SECRET}"
        with DynamoDBService(endpoint_url=url, **KEY) as service:
            assert repr(service) == (
                "DynamoDBService(region_name='us-east-1', endpoint_url='http://127.0.0.1:1/')"
            )
            failure_of(service.get, "faults", "a")
        with DynamoDBService("eu-west-1") as service:
            assert repr(service) == "DynamoDBService(region_name='eu-west-1', endpoint_url=None)"


class TestServerGone:
    @pytest.fixture
    def gone(self, emulator):
        """A service whose server does not run any more."""
        with Front(emulator) as front:
            pass
        with DynamoDBService(endpoint_url=front.url, **KEY) as service:
            yield service

    def test_every_call_is_503(self, gone):
        for method, arguments in {**ARGUMENTS, "drop": ("faults",)}.items():
            assert failure_of(getattr(gone, method), *arguments).status_code == 503
        with pytest.raises(HTTPException):
            gone.collections()

    def test_a_closed_service_says_so(self, gone):
        gone.close()
        gone.close()
        for method, arguments in ARGUMENTS.items():
            failure = failure_of(getattr(gone, method), *arguments)
            assert failure.status_code == 503
            assert "closed" in failure.detail


class TestConstruction:
    @pytest.mark.parametrize(
        ("options", "why"),
        [({"attempts": 0}, "attempts"), ({"table_prefix": "a/"}, "table_prefix")],
        ids=["attempts", "table-prefix"],
    )
    def test_invalid_options_are_refused(self, options, why):
        with pytest.raises(ValueError, match=why):
            DynamoDBService(**options)

    def test_one_attempt_is_one_request(self, service, front):
        with DynamoDBService(endpoint_url=front.url, attempts=1, **KEY) as once:
            front.plan["GetItem"].append(Spoilt.DROPPED)
            assert failure_of(once.get, "faults", "a").status_code == 503
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
