"""The DynamoDB backend on the emulators: requests, tables, pages, older data, limits.

The conformance suite tests the rest.
"""

import json
import uuid
from decimal import Decimal

import boto3
import pytest
from dynamodb_front import KEY, Front, Instead, refusal
from fastapi import HTTPException

from gofannon_backends.dynamodb import DynamoDBService
from gofannon_conformance.servers import Unavailable, provider


@pytest.fixture(scope="module", params=["dynamodb:moto", "dynamodb:dynalite"])
def emulator(request):
    try:
        server = provider(request.param).start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        yield server.endpoint.url


@pytest.fixture
def front(emulator):
    with Front(emulator) as front:
        yield front


@pytest.fixture
def service(front):
    with DynamoDBService(endpoint_url=front.url, **KEY) as service:
        yield service


@pytest.fixture
def hasty(front):
    """A service that does not wait long for a table."""
    with DynamoDBService(endpoint_url=front.url, table_seconds=0.3, **KEY) as service:
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


def raises(status, text=""):
    return pytest.raises(
        HTTPException, check=lambda error: error.status_code == status and text in error.detail
    )


class TestRequests:
    def test_each_call_is_one_request_and_reads_are_consistent(self, service, front, collection):
        service.save(collection, "a", {"n": 1})
        front.operations()
        service.save(collection, "a", {"n": 2})
        service.get(collection, "a")
        service.list_all(collection)
        service.delete(collection, "a")
        bodies = dict(front.requests)
        assert [bodies[name]["ConsistentRead"] for name in ("GetItem", "Scan")] == [True, True]
        assert front.operations() == ["PutItem", "GetItem", "Scan", "DeleteItem"]

    def test_a_missing_table_is_one_request_and_is_not_created(
        self, service, front, client, collection
    ):
        for call in (service.get, service.delete):
            with raises(404):
                call(collection, "a")
        assert service.list_all(collection) == []
        assert front.operations() == ["GetItem", "DeleteItem", "Scan"]
        assert collection not in client.list_tables()["TableNames"]


class TestTables:
    def test_the_first_save_creates_the_table_as_older_versions_did(
        self, service, front, client, collection
    ):
        service.save(collection, "a", {"n": 1})
        table = client.describe_table(TableName=collection)["Table"]
        assert table["KeySchema"] == [{"AttributeName": "_id", "KeyType": "HASH"}]
        assert table["AttributeDefinitions"] == [{"AttributeName": "_id", "AttributeType": "S"}]
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        operations = front.operations()
        assert operations[:2] == ["PutItem", "CreateTable"]
        assert operations[-1] == "PutItem"

    def test_a_table_that_was_removed_is_created_again(self, service, client, collection):
        service.save(collection, "a", {})
        client.delete_table(TableName=collection)
        service.save(collection, "b", {})
        assert [doc["_id"] for doc in service.list_all(collection)] == ["b"]

    def test_a_table_that_does_not_become_ready_is_503(self, front, hasty, collection):
        front.plan["PutItem"].extend([refusal("ResourceNotFoundException")] * 50)
        front.plan["CreateTable"].extend([refusal("ResourceInUseException")] * 50)
        front.plan["DescribeTable"].extend([refusal("ResourceNotFoundException")] * 50)
        with raises(503):
            hasty.save(collection, "a", {})
        assert len(front.requests) < 30

    def test_a_table_that_cannot_be_removed_is_503(self, front, hasty):
        front.plan["DeleteTable"].extend([refusal("ResourceInUseException")] * 50)
        with raises(503):
            hasty.drop("stays")

    def test_removing_a_missing_table_is_no_error(self, service, collection):
        service.drop(collection)
        service.drop("n" * 256)

    @pytest.mark.parametrize("name", ["", "n" * 256, "/" * 64, 5])
    def test_a_name_that_no_table_can_have_is_refused(self, service, front, name):
        for call, *arguments in (
            (service.get, "a"),
            (service.save, "a", {}),
            (service.delete, "a"),
            (service.list_all,),
        ):
            with raises(400):
                call(name, *arguments)
        assert front.requests == []

    def test_a_prefix_separates_applications(self, front, client):
        with DynamoDBService(endpoint_url=front.url, table_prefix="app1-", **KEY) as one:
            one.save("agents", "a", {})
            assert "app1-agents" in client.list_tables()["TableNames"]
            assert one.collections() == {"agents"}
            one.drop("agents")

    def test_collections_are_listed_page_by_page(self, service, front):
        for page in (
            {"TableNames": ["a.b"], "LastEvaluatedTableName": "a.b"},
            {"TableNames": ["c.2f.d"]},
        ):
            front.plan["ListTables"].append(Instead(200, json.dumps(page).encode()))
        assert service.collections() == {"a.b", "c/d"}
        starts = [body.get("ExclusiveStartTableName") for _, body in front.requests]
        assert starts == [None, "a.b"]


class TestPages:
    @pytest.fixture
    def texts(self, service, front, collection):
        texts = {f"d{n}": chr(97 + n) * 300_000 for n in range(24)}
        for doc_id, text in texts.items():
            service.save(collection, doc_id, {"text": text})
        front.operations()
        return texts

    def test_are_requested_when_they_are_needed(self, service, front, collection, texts):
        documents = service.iter_all(collection)
        first = next(documents)
        assert front.operations() == ["Scan"]
        assert {doc["_id"]: doc["text"] for doc in (first, *documents)} == texts
        assert front.operations() in (["Scan"] * 6, ["Scan"] * 7)

    @pytest.mark.usefixtures("texts")
    def test_of_a_table_that_is_removed_meanwhile_are_503(self, service, front, collection):
        documents = service.iter_all(collection)
        next(documents)
        front.plan["Scan"].append(refusal("ResourceNotFoundException"))
        with raises(503):
            list(documents)


class TestDocuments:
    def test_items_of_older_versions_are_read(self, service, emulator, collection):
        service.save(collection, "t1", {})
        old = {"_id": "t1", "count": 3, "nested": {"list": [None, True, "2024-01-01"]}}
        table = boto3.resource("dynamodb", "us-east-1", endpoint_url=emulator, **KEY)
        table.Table(collection).put_item(Item={**old, "price": Decimal("87.5")})
        table.meta.client.close()
        document = {**old, "price": 87.5}
        assert service.get(collection, "t1") == document
        assert service.list_all(collection) == [document]
        rev = service.save(collection, "t1", document)["rev"]
        assert service.get(collection, "t1") == {**document, "_rev": rev}

    def test_items_are_readable_with_dynamodbs_own_tools(self, service, client, collection):
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
            {"gofannon:json": "text"},
            {"n" * 70_000: 1},
            {"numbers": [10**38 - 1, 10**38, 1e-99 / 3, 1e-101]},
            {"floats": [float(n) for n in range(40_000)]},
        ],
        ids=lambda fields: ascii(fields)[:24],
    )
    def test_an_odd_document_round_trips(self, service, collection, fields):
        rev = service.save(collection, "a", fields)["rev"]
        expected = repr({"_id": "a", "_rev": rev, **fields})
        assert repr(service.get(collection, "a")) == expected
        assert repr(service.list_all(collection)[0]) == expected


class TestLimits:
    def test_a_document_over_the_limit_is_413_without_a_request(self, service, front, collection):
        with raises(413, "409600"):
            service.save(collection, "a", {"text": "x" * 420_000})
        assert front.requests == []

    def test_a_size_that_only_the_server_refuses_is_413_as_well(self, service, front, collection):
        service.save(collection, "a", {})
        front.plan["PutItem"].append(refusal("ValidationException"))
        with raises(413):
            service.save(collection, "a", {"text": "x" * 400_000})

    @pytest.mark.parametrize(
        ("doc_id", "why"),
        [("\u00e9" * 1025, "2050 bytes"), ("a\ud800", "half a character"), ("", "empty")],
        ids=["too-long", "surrogate", "empty"],
    )
    def test_an_id_that_no_key_can_have_is_refused(self, service, front, collection, doc_id, why):
        for call, *arguments in ((service.get,), (service.save, {}), (service.delete,)):
            with raises(400, why):
                call(collection, doc_id, *arguments)
        assert front.requests == []

    def test_an_id_of_2048_bytes_works(self, service, collection):
        service.save(collection, "i" * 2048, {"n": 1})
        assert service.get(collection, "i" * 2048)["n"] == 1
        service.delete(collection, "i" * 2048)
        assert service.list_all(collection) == []
