"""The DynamoDB backend on the emulators: requests, tables, pages, older data, limits."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import boto3
import pytest
from dynamodb_documents import FIELDS, assert_same
from dynamodb_front import Front, Instead, refusal
from fastapi import HTTPException
from hypothesis import given, settings

from gofannon_backends.dynamodb import DynamoDBService
from gofannon_conformance.servers import Unavailable, provider

KEY = {"aws_access_key_id": "kit", "aws_secret_access_key": "s3cr3t-k3y"}


@pytest.fixture(scope="module", params=["dynamodb:moto", "dynamodb:dynalite"])
def emulator(request):
    try:
        server = provider(request.param).start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        yield server.endpoint.url


@pytest.fixture(scope="module")
def documents(emulator):
    with DynamoDBService(endpoint_url=emulator, **KEY) as service:
        yield service
        service.drop("any-document")


@pytest.fixture
def front(emulator):
    with Front(emulator) as front:
        yield front


@pytest.fixture
def service(front):
    with DynamoDBService(endpoint_url=front.url, **KEY) as service:
        yield service


@pytest.fixture
def client(emulator):
    client = boto3.client("dynamodb", "us-east-1", endpoint_url=emulator, **KEY)
    yield client
    client.close()


@pytest.fixture
def collection(service):
    name = f"tests-{uuid.uuid4().hex[:8]}"
    yield name
    service.drop(name)


def new_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.05})


class TestRequests:
    def test_each_call_is_one_request(self, service, front, collection):
        service.save(collection, "a", {"n": 1})
        front.operations()
        service.save(collection, "a", {"n": 2})
        service.get(collection, "a")
        service.list_all(collection)
        service.delete(collection, "a")
        assert front.operations() == ["PutItem", "GetItem", "Scan", "DeleteItem"]

    def test_a_call_that_finds_nothing_is_one_request_and_makes_no_table(
        self, service, front, client, collection
    ):
        for call in (
            lambda: service.get(collection, "a"),
            lambda: service.delete(collection, "a"),
        ):
            with pytest.raises(HTTPException) as caught:
                call()
            assert caught.value.status_code == 404
        assert service.list_all(collection) == []
        assert front.operations() == ["GetItem", "DeleteItem", "Scan"]
        assert collection not in client.list_tables()["TableNames"]

    def test_reads_are_consistent(self, service, front, collection):
        service.save(collection, "a", {})
        service.get(collection, "a")
        service.list_all(collection)
        reads = [body for operation, body in front.requests if operation in {"GetItem", "Scan"}]
        assert [body["ConsistentRead"] for body in reads] == [True, True]

    def test_deleting_looks_and_deletes_in_one_step(self, service, collection):
        service.save(collection, "a", {})
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: deleted(service, collection, "a"), range(8)))
        assert sorted(outcomes) == [200] + [404] * 7


class TestTables:
    def test_the_first_save_makes_the_table_as_older_versions_did(
        self, service, front, client, collection
    ):
        service.save(collection, "a", {"n": 1})
        made = client.describe_table(TableName=collection)["Table"]
        assert made["KeySchema"] == [{"AttributeName": "_id", "KeyType": "HASH"}]
        assert made["AttributeDefinitions"] == [{"AttributeName": "_id", "AttributeType": "S"}]
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        operations = front.operations()
        assert operations[:2] == ["PutItem", "CreateTable"]
        assert operations[-1] == "PutItem"

    def test_many_first_saves_at_once_all_succeed(self, service, collection):
        start = threading.Barrier(8)

        def save(number: int) -> None:
            start.wait()
            service.save(collection, f"d{number}", {"n": number})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(save, range(8)))
        assert {doc["n"] for doc in service.list_all(collection)} == set(range(8))

    def test_a_table_that_was_removed_is_made_again(self, service, client, collection):
        service.save(collection, "a", {})
        client.delete_table(TableName=collection)
        service.save(collection, "b", {})
        assert [doc["_id"] for doc in service.list_all(collection)] == ["b"]

    def test_a_table_that_stays_unready_is_given_up(self, front, collection):
        front.plan["PutItem"].extend([refusal("ResourceNotFoundException")] * 50)
        front.plan["CreateTable"].extend([refusal("ResourceInUseException")] * 50)
        front.plan["DescribeTable"].extend([refusal("ResourceNotFoundException")] * 50)
        with (
            DynamoDBService(endpoint_url=front.url, table_seconds=0.3, **KEY) as service,
            pytest.raises(HTTPException) as caught,
        ):
            service.save(collection, "a", {})
        assert caught.value.status_code == 503
        assert len(front.requests) < 30

    def test_a_table_of_a_name_that_dynamodb_refuses_is_told_from_its_neighbours(
        self, service, client
    ):
        names = ["x", "xy", "x/y", "x.2f.y", "x y", "\u00e9\u00e9", "e\u0301", ".", "a.b", "a:b"]
        for name in names:
            service.save(name, "id", {"of": name})
        assert service.collections() >= set(names)
        assert {"a.b", "x.2e.2f.2e.y"} <= set(client.list_tables()["TableNames"])
        for name in names:
            assert [doc["of"] for doc in service.list_all(name)] == [name]
            service.drop(name)
        assert not service.collections() & set(names)

    def test_a_prefix_keeps_applications_apart(self, front, client):
        with DynamoDBService(endpoint_url=front.url, table_prefix="app1-", **KEY) as one:
            one.save("agents", "a", {})
            assert "app1-agents" in client.list_tables()["TableNames"]
            assert one.collections() == {"agents"}
            one.drop("agents")

    def test_the_list_of_collections_comes_page_by_page(self, service, front):
        for page in (
            {"TableNames": ["a.b"], "LastEvaluatedTableName": "a.b"},
            {"TableNames": ["c.2f.d"]},
        ):
            front.plan["ListTables"].append(Instead(200, json.dumps(page).encode()))
        assert service.collections() == {"a.b", "c/d"}
        asked = [body.get("ExclusiveStartTableName") for _, body in front.requests]
        assert asked == [None, "a.b"]

    def test_a_table_that_will_not_go_is_told(self, front):
        front.plan["DeleteTable"].extend([refusal("ResourceInUseException")] * 50)
        with (
            DynamoDBService(endpoint_url=front.url, table_seconds=0.2, **KEY) as service,
            pytest.raises(HTTPException) as caught,
        ):
            service.drop("stays")
        assert caught.value.status_code == 503

    def test_dropping_what_is_not_there_is_no_error(self, service, collection):
        service.drop(collection)
        service.drop("n" * 256)

    @pytest.mark.parametrize("name", ["", "n" * 256, "/" * 64, 5])
    def test_a_name_that_no_table_can_have_is_refused(self, service, front, name):
        for call in (
            lambda: service.get(name, "a"),
            lambda: service.save(name, "a", {}),
            lambda: service.delete(name, "a"),
            lambda: service.list_all(name),
        ):
            with pytest.raises(HTTPException) as caught:
                call()
            assert caught.value.status_code == 400
        assert front.requests == []


class TestPages:
    def test_a_collection_of_several_megabytes_comes_whole(self, service, front, collection):
        for number in range(24):
            service.save(collection, f"d{number}", {"text": chr(97 + number) * 300_000})
        front.operations()
        found = {doc["_id"]: doc["text"] for doc in service.list_all(collection)}
        assert found == {f"d{n}": chr(97 + n) * 300_000 for n in range(24)}
        assert front.operations() in (["Scan"] * 7, ["Scan"] * 8)

    def test_documents_are_yielded_before_the_next_page_is_asked_for(
        self, service, front, collection
    ):
        for number in range(5):
            service.save(collection, f"d{number}", {"text": "x" * 300_000})
        front.operations()
        documents = service.iter_all(collection)
        next(documents)
        assert front.operations() == ["Scan"]
        documents.close()

    def test_a_table_that_goes_away_in_mid_scan_is_an_error(self, service, front, collection):
        for number in range(5):
            service.save(collection, f"d{number}", {"text": "x" * 300_000})
        documents = service.iter_all(collection)
        next(documents)
        front.plan["Scan"].append(refusal("ResourceNotFoundException"))
        with pytest.raises(HTTPException) as caught:
            list(documents)
        assert caught.value.status_code == 503


class TestDocuments:
    def test_revisions_never_repeat(self, service, collection):
        revisions = [service.save(collection, "a", {"n": 1})["rev"] for _ in range(3)]
        service.delete(collection, "a")
        revisions.append(service.save(collection, "a", {"n": 1})["rev"])
        assert len(set(revisions)) == 4
        assert service.get(collection, "a") == {"_id": "a", "_rev": revisions[-1], "n": 1}

    def test_a_revision_that_is_brought_back_is_not_looked_at(self, service, collection):
        service.save(collection, "a", {"n": 1})
        document = service.get(collection, "a")
        for number in range(3):
            service.save(collection, "a", {**document, "n": number, "_rev": "3-couchdb"})
        assert service.get(collection, "a")["n"] == 2

    def test_items_that_older_versions_wrote_read_back(self, service, client, collection):
        new_table(client, collection)
        table = boto3.resource(
            "dynamodb", "us-east-1", endpoint_url=client.meta.endpoint_url, **KEY
        )
        table.Table(collection).put_item(
            Item={
                "_id": "t1",
                "price": Decimal("87.5"),
                "count": 3,
                "nested": {"list": [Decimal("0.1"), None, True, "2024-01-01"]},
            }
        )
        table.meta.client.close()
        expected = {
            "_id": "t1",
            "price": 87.5,
            "count": 3,
            "nested": {"list": [0.1, None, True, "2024-01-01"]},
        }
        assert service.get(collection, "t1") == expected
        assert service.list_all(collection) == [expected]
        service.save(collection, "t1", service.get(collection, "t1"))
        assert {**service.get(collection, "t1"), **expected} == service.get(collection, "t1")

    def test_what_is_saved_is_readable_with_dynamodbs_own_tools(self, service, client, collection):
        rev = service.save(collection, "a", {"price": 0.05, "tags": ["x"], "whole": 5.0})["rev"]
        item = client.get_item(TableName=collection, Key={"_id": {"S": "a"}})["Item"]
        assert item == {
            "_id": {"S": "a"},
            "_rev": {"S": rev},
            "price": {"N": "0.05"},
            "tags": {"L": [{"S": "x"}]},
            "whole": {"M": {"gofannon:json": {"S": "5.0"}}},
        }

    @pytest.mark.parametrize(
        "fields",
        [
            {"": {"": 1}},
            {"gofannon:json": "text"},
            {"n" * 70_000: 1},
            {"id": 1, "rev": 2, "key": 3, "_secret": 4, "#id": 5, ":v": 6},
            {"__proto__": {"__proto__": 1}, "constructor": {"hasOwnProperty": 2, "toString": "3"}},
            {"constructor": {"hasOwnProperty": 2, "toString": "3"}, "__defineGetter__": None},
            {"numbers": [1, 1.0, -0.0, 5e-324, 1.7976931348623157e308, 10**38, 10**300, 1e-99 / 3]},
            {"text": "\0 \ud800 \U0001f600", "\ud800": "\udfff"},
            {"floats": [float(n) for n in range(40_000)]},
            {"text": "x" * 358_400},
        ],
        ids=[
            "empty-names",
            "marker",
            "long-name",
            "names",
            "proto",
            "javascript",
            "numbers",
            "text",
            "floats",
            "350-kib",
        ],
    )
    def test_every_corner_comes_back_as_it_was(self, service, collection, fields):
        rev = service.save(collection, "a", fields)["rev"]
        expected = repr({"_id": "a", "_rev": rev, **fields})
        assert repr(service.get(collection, "a")) == expected
        assert repr(service.list_all(collection)[0]) == expected

    def test_depth_64_comes_back_and_reads_from_a_deep_caller(self, service, collection):
        document: dict[str, Any] = {}
        for _ in range(63):
            document = {"in": document}
        service.save(collection, "a", document)
        assert service.get(collection, "a")["in"] == document["in"]


class TestAnyDocument:
    @settings(max_examples=25, deadline=None)
    @given(FIELDS)
    def test_it_comes_back_as_it_was(self, documents, fields):
        rev = documents.save("any-document", "a", fields)["rev"]
        assert_same(documents.get("any-document", "a"), {"_id": "a", "_rev": rev, **fields})


class TestLimits:
    @pytest.mark.parametrize("size", [420_000, 2_000_000])
    def test_a_document_over_the_limit_is_413_and_the_earlier_version_stays(
        self, service, front, collection, size
    ):
        service.save(collection, "a", {"n": 1})
        front.operations()
        with pytest.raises(HTTPException) as caught:
            service.save(collection, "a", {"text": "x" * size})
        assert caught.value.status_code == 413
        assert "409600" in caught.value.detail
        assert front.operations() == []
        assert service.get(collection, "a")["n"] == 1

    def test_a_size_that_only_the_server_refuses_is_413_as_well(self, service, front, collection):
        service.save(collection, "a", {})
        front.plan["PutItem"].append(refusal("ValidationException"))
        with pytest.raises(HTTPException) as caught:
            service.save(collection, "a", {"text": "x" * 400_000})
        assert caught.value.status_code == 413

    @pytest.mark.parametrize(
        ("doc_id", "why"),
        [
            ("\u00e9" * 1025, "2050 bytes"),
            ("a\ud800", "half a character"),
            ("", "empty"),
            (5, "str"),
        ],
        ids=["too-long", "surrogate", "empty", "number"],
    )
    def test_an_id_that_no_key_can_be_is_refused(self, service, front, collection, doc_id, why):
        for call in (
            lambda: service.get(collection, doc_id),
            lambda: service.save(collection, doc_id, {}),
            lambda: service.delete(collection, doc_id),
        ):
            with pytest.raises(HTTPException) as caught:
                call()
            assert caught.value.status_code == 400
            assert why in caught.value.detail
        assert front.requests == []

    def test_an_id_of_2048_bytes_works(self, service, collection):
        service.save(collection, "i" * 2048, {"n": 1})
        assert service.get(collection, "i" * 2048)["n"] == 1
        service.delete(collection, "i" * 2048)
        assert service.list_all(collection) == []

    def test_a_set_is_refused_by_name(self, service, front, collection):
        with pytest.raises(HTTPException) as caught:
            service.save(collection, "a", {"tags": {1}})
        assert caught.value.status_code == 422
        assert "document.tags" in caught.value.detail
        assert front.requests == []


def deleted(service: DynamoDBService, collection: str, doc_id: str) -> int:
    try:
        service.delete(collection, doc_id)
    except HTTPException as error:
        return error.status_code
    return 200
