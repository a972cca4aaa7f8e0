"""The DynamoDB backend on an emulator: requests, tables, pages, older data, limits, options."""

import uuid
from decimal import Decimal

import boto3
import pytest
from dynamodb_front import KEY, SECRET, refusal
from http_front import json_answer, says
from store_calls import check_names_refused, ids_of, status_of
from waiting import Clock

from gofannon_backends.dynamodb import DynamoDBService, connection, tables
from gofannon_backends.dynamodb import service as module


@pytest.fixture
def client(dynamodb_server):
    client = boto3.client("dynamodb", "us-east-1", endpoint_url=dynamodb_server.endpoint.url, **KEY)
    yield client
    client.close()


@pytest.fixture
def collection(dynamodb):
    name = f"agents-{uuid.uuid4().hex[:8]}"
    yield name
    dynamodb.drop(name)


class TestRequests:
    def test_each_call_is_one_request_and_reads_are_consistent(self, dynamodb, front, collection):
        dynamodb.save(collection, "a", {"n": 1})
        front.sent()
        dynamodb.save(collection, "a", {"n": 2})
        dynamodb.get(collection, "a")
        dynamodb.list_all(collection)
        dynamodb.delete(collection, "a")
        for operation in ("GetItem", "Scan"):
            assert front.bodies(operation)[0]["ConsistentRead"] is True
        assert front.sent() == ["PutItem", "GetItem", "Scan", "DeleteItem"]

    def test_a_missing_table_is_one_request_and_is_not_created(
        self, dynamodb, front, client, collection
    ):
        for call in (dynamodb.get, dynamodb.delete):
            assert status_of(call, collection, "a") == 404
        assert dynamodb.list_all(collection) == []
        assert front.sent() == ["GetItem", "DeleteItem", "Scan"]
        assert collection not in client.list_tables()["TableNames"]


class TestTables:
    @pytest.fixture
    def clock(self, monkeypatch):
        """The clock of the backend, which only its pauses move."""
        clock = Clock()
        for part in (connection, module, tables):
            monkeypatch.setattr(part, "time", clock)

    @pytest.fixture
    def hasty(self, open_dynamodb):
        """A service that does not wait long for a table."""
        return open_dynamodb(table_seconds=0.3)

    def test_the_first_save_creates_the_table_as_older_versions_did(
        self, dynamodb, front, client, collection
    ):
        dynamodb.save(collection, "a", {"n": 1})
        table = client.describe_table(TableName=collection)["Table"]
        assert table["KeySchema"] == [{"AttributeName": "_id", "KeyType": "HASH"}]
        assert table["AttributeDefinitions"] == [{"AttributeName": "_id", "AttributeType": "S"}]
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        sent = front.sent()
        assert (sent[:2], sent[-1]) == (["PutItem", "CreateTable"], "PutItem")

    def test_a_table_that_was_removed_is_created_again(self, dynamodb, client, collection):
        dynamodb.save(collection, "a", {})
        client.delete_table(TableName=collection)
        dynamodb.save(collection, "b", {})
        assert ids_of(dynamodb.list_all(collection)) == ["b"]

    @pytest.mark.usefixtures("clock")
    def test_a_table_that_does_not_become_ready_is_503(self, front, hasty):
        front.plan["PutItem"].extend([refusal("ResourceNotFoundException")] * 50)
        front.plan["CreateTable"].extend([refusal("ResourceInUseException")] * 50)
        front.plan["DescribeTable"].extend([refusal("ResourceNotFoundException")] * 50)
        assert status_of(hasty.save, "agents", "a", {}) == 503
        assert 3 < len(front.requests) < 100

    @pytest.mark.usefixtures("clock")
    def test_a_table_that_cannot_be_removed_is_503(self, front, hasty):
        front.plan["DeleteTable"].extend([refusal("ResourceInUseException")] * 50)
        assert status_of(hasty.drop, "agents") == 503

    def test_removing_a_missing_table_is_no_error(self, dynamodb, collection):
        dynamodb.drop(collection)
        dynamodb.drop("n" * 256)

    @pytest.mark.parametrize("name", ["", "n" * 256, "/" * 64, 5])
    def test_a_name_that_no_table_can_have_is_refused(self, dynamodb, front, name):
        check_names_refused(dynamodb, name)
        assert front.requests == []

    def test_a_prefix_separates_applications(self, open_dynamodb, client):
        one = open_dynamodb(table_prefix="app1-")
        one.save("agents", "a", {})
        assert "app1-agents" in client.list_tables()["TableNames"]
        assert one.collections() == {"agents"}
        one.drop("agents")

    def test_collections_are_listed_page_by_page(self, dynamodb, front):
        for page in (
            {"TableNames": ["a.b"], "LastEvaluatedTableName": "a.b"},
            {"TableNames": ["c.2f.d"]},
        ):
            front.next(says(json_answer(200, page)))
        assert dynamodb.collections() == {"a.b", "c/d"}
        starts = [body.get("ExclusiveStartTableName") for body in front.bodies("ListTables")]
        assert starts == [None, "a.b"]


class TestPages:
    def test_are_requested_when_they_are_needed(self, dynamodb, front, collection):
        texts = {f"d{n}": chr(97 + n) * 300_000 for n in range(9)}
        dynamodb.save_many(collection, [{"_id": i, "text": text} for i, text in texts.items()])
        front.sent()
        documents = dynamodb.iter_all(collection)
        first = next(documents)
        assert front.sent() == ["Scan"]
        assert {doc["_id"]: doc["text"] for doc in (first, *documents)} == texts
        assert front.sent() in (["Scan"] * 2, ["Scan"] * 3)
        documents = dynamodb.iter_all(collection)
        next(documents)
        # The table is removed meanwhile.
        front.plan["Scan"].append(refusal("ResourceNotFoundException"))
        assert status_of(list, documents) == 503


class TestDocuments:
    def test_items_of_older_versions_are_read(self, dynamodb, client, collection):
        dynamodb.save(collection, "t1", {})
        old = {"_id": "t1", "count": 3, "nested": {"list": [None, True, "2024-01-01"]}}
        table = boto3.resource(
            "dynamodb", "us-east-1", endpoint_url=client.meta.endpoint_url, **KEY
        )
        table.Table(collection).put_item(Item={**old, "price": Decimal("87.5")})
        table.meta.client.close()
        document = {**old, "price": 87.5}
        assert dynamodb.get(collection, "t1") == document
        assert dynamodb.list_all(collection) == [document]
        rev = dynamodb.save(collection, "t1", document)["rev"]
        assert dynamodb.get(collection, "t1") == {**document, "_rev": rev}

    def test_items_are_readable_with_dynamodbs_own_tools(self, dynamodb, client, collection):
        rev = dynamodb.save(collection, "a", {"price": 0.05, "tags": ["x"], "whole": 5.0})["rev"]
        item = client.get_item(TableName=collection, Key={"_id": {"S": "a"}})["Item"]
        assert item == {
            "_id": {"S": "a"},
            "_rev": {"S": rev},
            "price": {"N": "0.05"},
            "tags": {"L": [{"S": "x"}]},
            "whole": {"M": {"gofannon:json": {"S": "5.0"}}},
        }

    def test_odd_documents_round_trip(self, dynamodb, collection):
        for fields in (
            {"gofannon:json": "text"},
            {"n" * 70_000: 1},
            {"numbers": [10**38 - 1, 10**38, 1e-99 / 3, 1e-101]},
        ):
            rev = dynamodb.save(collection, "a", fields)["rev"]
            expected = repr({"_id": "a", "_rev": rev, **fields})
            assert repr(dynamodb.get(collection, "a")) == expected
            assert repr(dynamodb.list_all(collection)[0]) == expected


class TestLimits:
    def test_a_document_over_the_limit_is_413_without_a_request(self, dynamodb, front):
        assert status_of(dynamodb.save, "agents", "a", {"text": "x" * 420_000}) == 413
        assert front.requests == []

    def test_a_size_that_only_the_server_refuses_is_413_as_well(self, dynamodb, front):
        front.next(refusal("ValidationException"))
        assert status_of(dynamodb.save, "agents", "a", {"text": "x" * 400_000}) == 413

    @pytest.mark.parametrize(
        ("doc_id", "why"),
        [("\u00e9" * 1025, "2050 bytes"), ("a\ud800", "half a character"), ("", "empty")],
        ids=["too-long", "surrogate", "empty"],
    )
    def test_an_id_that_no_key_can_have_is_refused(self, dynamodb, front, doc_id, why):
        check_names_refused(dynamodb, doc_id=doc_id, why=why)
        assert front.requests == []

    def test_an_id_of_2048_bytes_works(self, dynamodb, collection):
        dynamodb.save(collection, "i" * 2048, {"n": 1})
        assert dynamodb.get(collection, "i" * 2048)["n"] == 1
        dynamodb.delete(collection, "i" * 2048)
        assert dynamodb.list_all(collection) == []


class TestConstruction:
    @pytest.mark.parametrize(
        ("options", "why"),
        [({"attempts": 0}, "attempts"), ({"table_prefix": "a/"}, "table_prefix")],
        ids=["attempts", "table-prefix"],
    )
    def test_invalid_options_are_refused(self, options, why):
        with pytest.raises(ValueError, match=why):
            DynamoDBService(**options)

    def test_the_services_repr_shows_no_credentials(self):
        url = f"http://me:{SECRET}@127.0.0.1:1/?key={SECRET}"
        with DynamoDBService(endpoint_url=url, **KEY) as dynamodb:
            assert repr(dynamodb) == (
                "DynamoDBService(region_name='us-east-1', endpoint_url='http://127.0.0.1:1/')"
            )
            assert status_of(dynamodb.get, "agents", "a") == 503
        with DynamoDBService("eu-west-1") as dynamodb:
            assert repr(dynamodb) == "DynamoDBService(region_name='eu-west-1', endpoint_url=None)"
