"""Making a call and answering it as a value."""

import asyncio
import sys
from http import HTTPStatus

import pytest
from fastapi import HTTPException
from given import AsyncService, answered, caller_of
from starlette.exceptions import HTTPException as StarletteHTTPException

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.values import Call, is_http
from gofannon_conformance.calls.violation import describe


def raising(error):
    class Raising:
        def get(self, db_name, doc_id):
            raise error

    return answered(Raising(), "get", "c", "a")


@pytest.mark.parametrize("service", [MemoryDatabaseService, AsyncService])
def test_call_is_made_recorded_and_answered(service):
    caller = caller_of(service())
    saved = caller.call("save", "c", "a", {"n": 1})
    found = caller.call("get", named={"db_name": "c", "doc_id": "a"})
    assert (saved.returned, saved.value["id"]) == (True, "a")
    assert found.value["n"] == 1
    awaited = service is AsyncService
    assert caller.trace.steps == [
        Call("save", ("c", "a", {"n": 1}), awaited=awaited),
        Call("get", (), {"db_name": "c", "doc_id": "a"}, awaited=awaited),
    ]
    assert caller.count == 2


def test_arguments_may_be_shown_otherwise():
    caller = caller_of()
    caller.call("save", "c", "a", {"n": 1}, shown=("c", "a", {"n": "as it was"}))
    assert caller.trace.steps == [Call("save", ("c", "a", {"n": "as it was"}))]


def test_quiet_call_is_not_recorded_and_beginning_forgets_the_trace():
    caller = caller_of()
    assert caller.quietly(Call("list_all", ("c",)), ("c",)).value == []
    assert caller.trace.steps == []
    assert caller.count == 1
    caller.call("get", "c", "missing")
    assert caller.trace.raised == {id(caller.trace.steps[0])}
    caller.trace.begin()
    assert (caller.trace.steps, caller.trace.raised) == ([], set())


@pytest.mark.parametrize("kind", [HTTPException, StarletteHTTPException])
def test_status_and_detail_are_those_of_the_http_exception(kind):
    answer = raising(kind(404, "not there"))
    assert (answer.status, answer.detail, answer.returned) == (404, "not there", False)
    assert describe(answer) == "HTTPException 404: 'not there'"


@pytest.mark.parametrize(
    ("status", "read", "refused"),
    [
        (399, 399, False),
        (400, 400, True),
        (499, 499, True),
        (500, 500, False),
        (HTTPStatus.CONFLICT, 409, True),
        ("404", None, False),
        (None, None, False),
    ],
)
def test_refused_is_4xx(status, read, refused):
    error = HTTPException(500)
    error.status_code = status
    answer = raising(error)
    assert (answer.status, answer.refused) == (read, refused)
    assert read or describe(answer) == f"HTTPException with the status {status!r}"


@pytest.mark.parametrize(
    "error", [KeyError("a"), SystemExit(3), asyncio.CancelledError(), RecursionError()]
)
def test_whatever_a_service_raises_is_an_answer(error):
    answer = raising(error)
    assert answer.error is error
    assert (answer.status, answer.refused) == (None, False)
    assert describe(answer).startswith(type(error).__name__)
    assert describe(answer).endswith("which is no HTTPException")


def test_ctrl_c_is_no_answer():
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt())


def test_missing_method_is_an_answer():
    assert isinstance(answered(object(), "save", "c", "a", {}).error, AttributeError)


def test_what_only_looks_like_an_http_exception_is_none(monkeypatch):
    class LookalikeError(Exception):
        status_code = 404

    assert not is_http(LookalikeError())
    assert raising(LookalikeError()).status is None
    monkeypatch.delitem(sys.modules, "starlette.exceptions")
    assert not is_http(HTTPException(404))
