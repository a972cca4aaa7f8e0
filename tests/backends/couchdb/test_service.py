"""The CouchDB backend on a server and on the double: names of databases, pages.

The conformance suite tests the rest.
"""

from uuid import uuid4

import pytest
from fastapi import HTTPException

from gofannon_backends.couchdb import CouchDBService


@pytest.fixture(params=["server", "double"])
def connect(request):
    """Return a function that opens one more service on the same server."""
    if request.param == "double":
        double = request.getfixturevalue("double")
        address, (user, password) = double.url, double.credentials
    else:
        endpoint = request.getfixturevalue("couchdb_server").endpoint
        address = endpoint.url
        user, password = endpoint.settings["user"], endpoint.settings["password"]
    services = []

    def connect(**options):
        services.append(CouchDBService(address, user, password, **options))
        return services[-1]

    yield connect
    for service in services:
        service.close()


@pytest.fixture
def service(connect):
    return connect()


@pytest.fixture
def collection(service):
    name = f"c{uuid4().hex}"
    yield name
    service.drop(name)


class TestNames:
    @pytest.mark.parametrize(
        "name", ["Agents", "_users", "a:b", "1st", "é", "x$y", "\ud800", "a b", "..", "con.", "\0"]
    )
    def test_a_name_that_no_database_can_have_works(self, service, name):
        name = f"{name}-{uuid4().hex}"
        service.save(name, "t1", {"n": 1})
        try:
            assert service.get(name, "t1")["n"] == 1
            assert name in service.collections()
        finally:
            service.drop(name)
        assert name not in service.collections()

    def test_a_name_past_couchdbs_limit_is_refused(self, service):
        name = "a" * 239
        for call, *arguments in (
            (service.get, "t1"),
            (service.save, "t1", {}),
            (service.delete, "t1"),
            (service.list_all,),
        ):
            with pytest.raises(HTTPException, match="238") as caught:
                call(name, *arguments)
            assert caught.value.status_code == 400
        service.drop(name)

    def test_a_prefix_separates_applications(self, connect, service, collection):
        prefixed = connect(database_prefix="app-")
        prefixed.save(collection, "t1", {"n": 1})
        try:
            assert service.list_all(collection) == []
            assert f"app-{collection}" in service.collections()
            assert collection in prefixed.collections()
        finally:
            prefixed.drop(collection)

    def test_a_database_that_was_removed_is_created_again(self, connect, service, collection):
        other = connect()
        service.save(collection, "t1", {"n": 1})
        other.drop(collection)
        assert service.list_all(collection) == []
        service.save(collection, "t1", {"n": 2})
        assert other.get(collection, "t1")["n"] == 2


class TestPages:
    def test_no_id_is_lost_between_pages(self, connect, collection):
        service = connect(page_size=7)
        ids = [f"{n:03}" for n in range(50)] + ["日本", "😀", "\uffee", "_x"]
        ids += [letter * 5000 for letter in "abcdefg"]  # too long for a URL
        for doc_id in ids:
            service.save(collection, doc_id, {"id": doc_id})
        listed = service.list_all(collection)
        assert sorted(document["_id"] for document in listed) == sorted(ids)
        assert all(document["id"] == document["_id"] for document in listed)

    def test_a_list_may_end_where_a_page_ends(self, connect, collection):
        service = connect(page_size=3)
        service.save(collection, "gone", {})
        service.delete(collection, "gone")
        for count in range(8):
            assert len(service.list_all(collection)) == count
            service.save(collection, f"{count}", {})
