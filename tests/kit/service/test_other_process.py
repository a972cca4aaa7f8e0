"""Calls in a process of their own: made there, told here, and nothing shared but the store."""

import os

import pytest
from given import kit_of

from gofannon_conformance.calls.values import Trace, is_http
from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.run.instances import in_other_process
from gofannon_conformance.secrets.watch import canaries
from gofannon_conformance.servers import Endpoint
from gofannon_conformance.service.other_process import RaisedInOtherProcess, answers
from gofannon_conformance.target import Target
from gofannon_conformance.target.resolve import resolve

AUTHOR = """
import atexit, os, sys
from datetime import date
from decimal import Decimal
from fastapi import HTTPException

PROCESS = os.getpid()


class Service:
    def __init__(self, endpoint=None):
        self.endpoint = endpoint
        print("opened")
        atexit.register(print, "the end")

    def get(self, db_name, doc_id):
        print("getting", doc_id)
        if doc_id == "missing":
            raise HTTPException(404, "no such document")
        if doc_id == "mistake":
            raise KeyError(doc_id)
        if doc_id == "decimal":
            return {"_id": doc_id, "n": Decimal("1.5")}
        url = self.endpoint and self.endpoint.url
        return {"_id": doc_id, "pid": os.getpid(), "url": url}

    def list_all(self, db_name):
        return []


class Awaited:
    async def get(self, db_name, doc_id):
        return {"_id": doc_id, "pid": os.getpid()}


def fails():
    if os.getpid() != int(os.environ["KIT"]):
        print("not here", file=sys.stderr)
        raise RuntimeError("as open-sesame, not in another process")
    return Service()


class Served:
    connect = staticmethod(Service)
    server = staticmethod(lambda: "tcp://127.0.0.1:9")
"""


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT", str(os.getpid()))
    file = tmp_path / "of_an_author.py"
    file.write_text(AUTHOR)
    return lambda name: resolve(f"{file}:{name}")


def test_calls_are_made_in_one_service_of_another_process_and_come_back_as_they_were(target):
    ids = ("a", "b", "missing", "mistake", "decimal")
    trace = Trace()
    listed, first, second, missing, mistake, decimal = answers(
        target("Service"), None, trace, [("list_all", "c"), *(("get", "c", name) for name in ids)]
    )
    assert listed.value == []
    assert first.value["_id"] == "a"
    assert first.value["pid"] == second.value["pid"] != os.getpid()
    assert first.call.arguments == ("c", "a")
    assert first.trace is trace
    assert (missing.status, missing.detail) == (404, "no such document")
    assert not is_http(mistake.error)
    assert isinstance(mistake.error, RaisedInOtherProcess)
    assert str(mistake.error) == "KeyError('mistake')"
    assert decimal.value["n"] == "Decimal('1.5')"  # JSON has no name for it


def test_coroutines_are_awaited_there(target):
    (answer,) = answers(target("Awaited"), None, Trace(), [("get", "c", "a")])
    assert answer.value["pid"] != os.getpid()


def test_service_there_is_connected_to_the_same_server(target):
    endpoint = Endpoint(product="p", version="", source="s", url="tcp://127.0.0.1:9")
    (answer,) = answers(target("Served"), endpoint, Trace(), [("get", "c", "a")])
    assert answer.value["url"] == endpoint.url


def test_process_that_does_not_end_is_not_waited_for(target, monkeypatch):
    monkeypatch.setattr("gofannon_conformance.service.other_process.LONGEST", 0)
    with pytest.raises(NotTested, match="did not answer"):
        answers(target("Service"), None, Trace(), [("get", "c", "a")])


@pytest.mark.parametrize(
    "target",
    [Target(name="t", connect=dict), Target(name="t", connect=dict, spec="m:t", opens_alone=False)],
)
def test_target_made_of_fixtures_is_not_opened_elsewhere(target):
    with pytest.raises(NotTested, match="fixtures"):
        answers(target, None, Trace(), [("get", "c", "a")])


def test_calls_elsewhere_are_reported_in_the_program_and_secrets_of_errors_blotted(target):
    kit = kit_of(target=target("Service"))
    kit.watch.know("such document")
    in_other_process(kit, *[("get", "c", f"d{n}") for n in range(8)], ("get", "c", "missing"))
    (told,) = kit.trace.steps
    lines = told.splitlines()
    assert lines[:2] == ["# in a new process:", "#   get('c', 'd0')"]
    assert lines[-1] == "#   and 1 more calls"
    assert len(kit.watch.take()) == 1
    kit.watch.close()


def test_target_that_cannot_be_opened_there_is_not_tested(target):
    kit = kit_of(target=target("fails"))
    kit.watch.know("open-sesame", *canaries())
    with pytest.raises(NotTested, match=r"RuntimeError.*not in another process") as found:
        in_other_process(kit, ("get", "c", "a"))
    assert "open-sesame" not in str(found.value)
    kit.watch.close()
