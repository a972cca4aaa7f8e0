"""The memory backend, in what the conformance suite does not see."""

import doctest
import subprocess
import sys
from threading import Barrier, Thread

import pytest
from fastapi import HTTPException

from gofannon_backends import memory
from gofannon_backends.memory import MemoryDatabaseService


@pytest.fixture
def service():
    return MemoryDatabaseService()


def test_a_document_comes_back_with_its_id_and_revision(service):
    rev = service.save("agents", "a1", {"name": "one", "_id": "other", "_rev": "old"})["rev"]
    assert service.get("agents", "a1") == {"_id": "a1", "_rev": rev, "name": "one"}


def test_each_save_has_a_revision_that_no_other_had(service):
    revs = set()
    for _ in range(3):
        revs.add(service.save("agents", "a1", {"same": 1})["rev"])
        service.delete("agents", "a1")
        revs.add(service.save("agents", "a1", {"same": 1})["rev"])
    assert len(revs) == 6


@pytest.mark.parametrize("call", ["get", "delete"])
@pytest.mark.parametrize("collection", ["agents", "never written"])
def test_a_missing_document_is_404(service, call, collection):
    service.save("agents", "a1", {})
    with pytest.raises(HTTPException) as caught:
        getattr(service, call)(collection, "missing")
    assert caught.value.status_code == 404
    assert service.collections() == {"agents"}


def test_a_deleted_document_is_gone(service):
    service.save("agents", "a1", {})
    assert service.delete("agents", "a1") is None
    assert service.list_all("agents") == []
    with pytest.raises(HTTPException):
        service.get("agents", "a1")


def test_reading_makes_no_collection(service):
    assert service.list_all("agents") == []
    assert service.collections() == set()


def test_a_refused_save_makes_no_collection_and_keeps_the_earlier_version(service):
    with pytest.raises(HTTPException):
        service.save("agents", "a1", {"bad": {1}})
    assert service.collections() == set()
    service.save("agents", "a1", {"good": 1})
    with pytest.raises(HTTPException):
        service.save("agents", "a1", {"good": 2, "bad": {1}})
    assert service.get("agents", "a1")["good"] == 1


def test_neither_side_sees_the_others_changes(service):
    document = {"deep": [{"er": [1]}]}
    service.save("agents", "a1", document)
    document["deep"][0]["er"].append(2)
    service.get("agents", "a1")["deep"][0]["er"].append(3)
    service.list_all("agents")[0]["deep"].clear()
    assert service.get("agents", "a1")["deep"] == [{"er": [1]}]


def test_memory_holds_lone_surrogates(service):
    service.save("\ud800", "\udfff", {"\ud800": "\udfff"})
    assert service.get("\ud800", "\udfff")["\ud800"] == "\udfff"


def test_iterating_sees_the_moment_of_its_start(service):
    for number in range(3):
        service.save("agents", f"a{number}", {})
    documents = service.iter_all("agents")
    ids = {next(documents)["_id"]}
    service.delete("agents", "a1")
    service.save("agents", "a9", {})
    assert ids | {document["_id"] for document in documents} == {"a0", "a1", "a2"}


@pytest.mark.parametrize("db_name", ["", None, 1])
def test_listing_a_collection_without_a_name_is_refused(service, db_name):
    with pytest.raises(HTTPException) as caught:
        service.list_all(db_name)
    assert caught.value.status_code == 400


def test_dropping_removes_a_collection_and_nothing_else(service):
    service.save("agents", "a1", {})
    service.save("users", "u1", {})
    service.drop("agents")
    service.drop("agents")
    assert service.collections() == {"users"}
    assert service.list_all("agents") == []


def test_of_many_deletes_at_once_one_succeeds(service):
    service.save("agents", "a1", {})
    start, outcomes = Barrier(8), []

    def delete():
        start.wait()
        try:
            outcomes.append(service.delete("agents", "a1"))
        except HTTPException as error:
            outcomes.append(error.status_code)

    threads = [Thread(target=delete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [404] * 7 + [None]


def test_importing_memory_loads_no_client_library():
    program = (
        "import sys, gofannon_backends; assert 'fastapi' not in sys.modules\n"
        "import gofannon_backends.memory, gofannon_backends.targets\n"
        "clients = {'couchdb', 'boto3', 'google.cloud', 'firebase_admin', 'psycopg', 'pytest'}\n"
        "sys.exit(f'loaded {clients & set(sys.modules)}' if clients & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_examples_run():
    assert doctest.testmod(memory).failed == 0
