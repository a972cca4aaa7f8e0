"""Many documents per request to DynamoDB: the requests, and the entries after failures."""

import uuid

import pytest
from dynamodb_front import about, refusal
from http_front import Answer, cut, lost, says
from store_calls import oks, status_of
from waiting import Clock

from gofannon_backends.dynamodb import connection
from gofannon_backends.dynamodb import service as module

MANY = [{"_id": f"d{n}", "n": n} for n in range(130)]


@pytest.fixture
def table():
    return f"agents-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def saved(dynamodb, front, table):
    """The service and a table with one document `there`; no request is counted yet."""
    dynamodb.save(table, "there", {"n": 1})
    front.sent()
    return dynamodb


class TestSaving:
    def test_a_request_saves_twenty_five(self, saved, front, table):
        assert oks(saved.save_many(table, MANY)) == [True] * 130
        assert front.sent() == ["BatchWriteItem"] * 6
        assert len(saved.list_all(table)) == 131

    def test_a_table_is_created_by_the_first_document(self, dynamodb, table):
        assert oks(dynamodb.save_many(table, MANY[:30])) == [True] * 30
        assert len(dynamodb.list_all(table)) == 30

    def test_an_unprocessed_document_is_saved_alone(self, saved, front, table):
        left = {table: [{"PutRequest": {"Item": {"_id": {"S": "d1"}}}}]}
        front.next(about(table, UnprocessedItems=left))
        assert oks(saved.save_many(table, MANY[:3])) == [True] * 3
        assert front.sent() == ["BatchWriteItem", "PutItem"]
        assert saved.get(table, "d1")["n"] == 1

    @pytest.mark.parametrize(
        "incident", [lost, cut, refusal("InternalServerError", 500), says(Answer(200, b"{}"))]
    )
    def test_after_a_failure_nothing_is_written_again(self, saved, front, table, incident):
        front.next(incident)
        assert oks(saved.save_many(table, MANY[:30])) == [False] * 30
        assert front.sent() == ["BatchWriteItem"]

    def test_an_answer_without_the_unprocessed_items_is_no_success(self, saved, front, table):
        front.next(about(table, Responses={}))
        assert oks(saved.save_many(table, MANY[:3])) == [False] * 3

    def test_the_documents_of_a_refused_request_are_saved_alone(self, saved, front, table):
        front.next(refusal("ValidationException"))
        assert oks(saved.save_many(table, MANY[:3])) == [True] * 3


class TestGetting:
    def test_a_request_gets_a_hundred(self, saved, front, table):
        entries = saved.save_many(table, MANY)
        front.sent()
        found = saved.get_many(table, [*(doc["_id"] for doc in MANY), "missing"])
        assert front.sent() == ["BatchGetItem"] * 2
        assert found.pop("missing") is None
        revs = [entry["rev"] for entry in entries]
        assert [*found.values()] == [
            {**doc, "_rev": rev} for doc, rev in zip(MANY, revs, strict=True)
        ]

    def test_unprocessed_keys_are_requested_again(self, saved, front, table):
        keys = [{"_id": {"S": "there"}}]
        front.next(about(table, Responses={}, UnprocessedKeys={table: {"Keys": keys}}))
        assert saved.get_many(table, ["there", "no"])["there"]["n"] == 1
        requests = [body["RequestItems"][table]["Keys"] for body in front.bodies("BatchGetItem")]
        assert requests[1] == keys

    def test_a_key_that_is_never_processed_is_a_429(self, saved, front, table, monkeypatch):
        clock = Clock()
        for part in (connection, module):
            monkeypatch.setattr(part, "time", clock)
        left = {table: {"Keys": [{"_id": {"S": "a"}}]}}
        front.next(*[about(table, Responses={table: []}, UnprocessedKeys=left)] * 999)
        assert status_of(saved.get_many, table, ["a"]) == 429

    @pytest.mark.parametrize(
        ("incident", "status"),
        [(refusal("AccessDeniedException"), 503), (says(Answer(404)), 500)],
        ids=["refused-credentials", "foreign"],
    )
    def test_a_failure_is_an_error(self, saved, front, table, incident, status):
        front.next(*[incident] * 9)
        assert status_of(saved.get_many, table, ["there"]) == status

    def test_an_answer_without_the_unprocessed_keys_is_an_error(self, saved, front, table):
        front.next(*[about(table, Responses={})] * 9)
        assert status_of(saved.get_many, table, ["there"]) == 500
