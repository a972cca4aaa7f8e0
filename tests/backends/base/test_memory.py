"""The memory backend: what the conformance suite does not test."""

import subprocess
import sys

import pytest

from gofannon_backends.memory import MemoryDatabaseService


@pytest.fixture
def service():
    return MemoryDatabaseService()


def test_no_revision_is_used_twice(service):
    revs = set()
    for _ in range(3):
        revs.add(service.save("agents", "a1", {"same": 1})["rev"])
        service.delete("agents", "a1")
        revs.add(service.save("agents", "a1", {"same": 1})["rev"])
    assert len(revs) == 6


def test_memory_holds_lone_surrogates(service):
    service.save("\ud800", "\udfff", {"\ud800": "\udfff"})
    assert service.get("\ud800", "\udfff")["\ud800"] == "\udfff"


def test_iterating_shows_the_documents_of_its_start(service):
    for number in range(3):
        service.save("agents", f"a{number}", {})
    documents = service.iter_all("agents")
    ids = {next(documents)["_id"]}
    service.delete("agents", "a1")
    service.save("agents", "a9", {})
    assert ids | {document["_id"] for document in documents} == {"a0", "a1", "a2"}


def test_dropping_removes_a_collection_and_nothing_else(service):
    service.save("agents", "a1", {})
    service.save("users", "u1", {})
    service.drop("agents")
    service.drop("agents")
    assert service.collections() == {"users"}
    assert service.list_all("agents") == []


def test_importing_memory_loads_no_client_library():
    program = (
        "import sys, gofannon_backends; assert 'fastapi' not in sys.modules\n"
        "import gofannon_backends.memory, gofannon_backends.targets as targets\n"
        "assert targets.firestore.connect\n"
        "clients = {'couchdb', 'boto3', 'google', 'grpc', 'firebase_admin', 'psycopg', 'pytest'}\n"
        "sys.exit(f'loaded {clients & set(sys.modules)}' if clients & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
