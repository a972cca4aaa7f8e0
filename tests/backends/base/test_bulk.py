"""Many documents per request: the requests of each store, and the entries after failures.

The conformance suite tests that the results equal those of one call per document.
"""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from couchdb_double import Answer, cut_after, cut_in_mid_answer, mute, says
from dynamodb_front import Front, Instead, Spoilt, refusal
from fastapi import HTTPException
from grpc import StatusCode

from gofannon_backends.base import bulk, errors
from gofannon_backends.couchdb import CouchDBService
from gofannon_backends.dynamodb import DynamoDBService
from gofannon_backends.firestore import FirestoreService
from gofannon_conformance.servers import provider

MANY = [{"_id": f"d{n}", "n": n} for n in range(130)]


def oks(entries):
    return [entry["ok"] for entry in entries]


def status_of(call, *arguments):
    with pytest.raises(HTTPException) as raised:
        call(*arguments)
    return raised.value.status_code


class TestChunks:
    """`_bulk.saved`, on a store that records the requests."""

    def saved(self, docs, at_once=lambda ids: ids, *, size=1, most=3):
        requests = []

        def ready(doc):
            if doc["_id"] == "unfit":
                raise errors.refused("c", "unfit", why="it is")
            return bulk.Ready(doc["_id"], doc, size)

        def save_at_once(chunk):
            requests.append([one.doc_id for one in chunk])
            return at_once(requests[-1])

        def save(doc):
            requests.append(doc["_id"])
            return {"id": doc["_id"], "rev": "alone"}

        docs = [{"_id": doc_id} for doc_id in docs]
        return bulk.saved(docs, ready, save_at_once, save, most=most), requests

    @pytest.mark.parametrize(
        ("ids", "options", "requests"),
        [
            pytest.param("abcdefg", {}, [["a", "b", "c"], ["d", "e", "f"], ["g"]], id="most"),
            pytest.param("", {}, [], id="no-document"),
            pytest.param(["unfit"], {}, [], id="only-refused-documents"),
            pytest.param(
                "aababb", {"most": 9}, [["a"], ["a", "b"], ["a", "b"], ["b"]], id="no-id-twice"
            ),
            pytest.param(
                "abcde",
                {"size": 600_000, "most": 9},
                [["a", "b"], ["c", "d"], ["e"]],
                id="the-document-that-makes-it-large-is-the-last",
            ),
        ],
    )
    def test_documents_per_request(self, ids, options, requests):
        entries, sent = self.saved(ids, **options)
        assert sent == requests
        assert [entry["id"] for entry in entries] == [*ids]

    def test_a_refused_document_is_in_no_request(self):
        entries, requests = self.saved(["a", "unfit", "b"])
        assert requests == [["a", "b"]]
        assert oks(entries) == [True, False, True]
        assert entries[1]["id"] == "unfit"

    def test_a_document_that_is_left_out_is_saved_alone_before_the_next_request(self):
        entries, requests = self.saved("abcd", lambda ids: [None if i == "b" else i for i in ids])
        assert requests == [["a", "b", "c"], "b", ["d"]]
        assert [entry["rev"] for entry in entries] == ["a", "alone", "c", "d"]

    def test_the_documents_of_a_refused_request_are_saved_alone(self):
        def refuses(ids):
            if "b" in ids:
                raise errors.too_large("c", None, why="so many")
            return ids

        entries, requests = self.saved("abcd", refuses)
        assert requests == [["a", "b", "c"], "a", "b", "c", ["d"]]
        assert oks(entries) == [True] * 4

    @pytest.mark.parametrize("failure", [errors.unavailable, errors.too_many_requests])
    def test_after_a_failure_of_the_store_nothing_more_is_sent(self, failure):
        def fails(ids):
            raise failure("c")

        entries, requests = self.saved("abcd", fails)
        assert requests == [["a", "b", "c"]]
        assert oks(entries) == [False] * 4
        assert [entry["error"].startswith("not tried") for entry in entries] == [False] * 3 + [True]


class TestPostgreSQL:
    def test_a_statement_saves_a_hundred(self, postgresql, monkeypatch):
        postgresql.save("agents", "d7", {"old": True})
        monkeypatch.setattr(postgresql, "save", None)
        entries = postgresql.save_many("agents", MANY)
        found = postgresql.get_many("agents", [doc["_id"] for doc in MANY])
        assert [{**doc, "_rev": e["rev"]} for doc, e in zip(MANY, entries, strict=True)] == [
            *found.values()
        ]

    def test_the_other_documents_of_a_refused_statement_are_saved(self, postgresql, sql, schema):
        postgresql.save("agents", "d0", {})
        sql(f"ALTER TABLE {schema}.agents ADD CHECK (data->>'n' <> '1')")
        assert oks(postgresql.save_many("agents", MANY[:3])) == [True, False, False]
        assert postgresql.get("agents", "d0")["n"] == 0

    def test_a_save_that_a_trigger_undoes_is_no_success(self, postgresql, sql, schema):
        postgresql.save("agents", "d1", {"n": 0})
        sql(
            f"""
            CREATE FUNCTION {schema}.undo() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN IF new._id = ''d1'' THEN RETURN NULL; END IF; RETURN new; END';
            CREATE TRIGGER undo BEFORE INSERT ON {schema}.agents
            FOR EACH ROW EXECUTE FUNCTION {schema}.undo()"""
        )
        assert oks(postgresql.save_many("agents", MANY[:2])) == [True, False]
        assert status_of(postgresql.save, "agents", "d1", {"n": 2}) == 500
        assert postgresql.get("agents", "d1")["n"] == 0

    def test_concurrent_statements_for_the_same_documents_do_not_deadlock(self, postgresql):
        def save(docs):
            return [oks(postgresql.save_many("agents", docs)) for _ in range(5)]

        with ThreadPoolExecutor(4) as threads:
            found = threads.map(save, (MANY[:40], MANY[39::-1]) * 2)
        assert [*found] == [[[True] * 40] * 5] * 4


class TestCouchDB:
    def test_a_request_saves_a_hundred_and_creates_the_database(self, double):
        # Not the fixture `couchdb`: its time-out of a second is too short on a busy machine.
        with CouchDBService(double.url, "joe", "s3cret@word/", timeout=60) as couchdb:
            entries = couchdb.save_many("agents", MANY)
            rev = couchdb.get("agents", "d129")["_rev"]
        assert oks(entries) == [True] * 130
        assert entries[-1] == {"ok": True, "id": "d129", "rev": rev}
        assert [line.partition("?")[0] for line in double.log()] == [
            "POST /agents/_bulk_docs",
            "PUT /agents",
            "POST /agents/_bulk_docs",
            "POST /agents/_bulk_docs",
            "GET /agents/d129",
        ]

    def test_a_document_of_a_known_revision_is_replaced_by_the_same_request(self, double, couchdb):
        couchdb.save_many("agents", MANY[:3])
        with double.counting() as requests:
            assert oks(couchdb.save_many("agents", [{"_id": "d1", "new": 1}, *MANY[2:3]])) == [
                True, True,
            ]  # fmt: skip
        assert len(requests) == 1
        assert double.content("agents", "d1") == {"new": 1}

    def test_a_document_of_an_unknown_revision_is_replaced(self, double, couchdb):
        couchdb.save("agents", "d0", {})
        double.put("agents", "d1", {"others": True})
        assert oks(couchdb.save_many("agents", MANY[:3])) == [True] * 3
        assert double.content("agents", "d1") == {"n": 1}

    def test_a_request_gets_a_hundred_and_their_revisions(self, double, couchdb):
        couchdb.save("agents", "gone", {})
        couchdb.delete("agents", "gone")
        for doc in MANY:
            double.put("agents", doc["_id"], {"n": doc["n"]})
        couchdb.save("agents", "_x", {"__proto__": 1, "float": -0.0})
        with double.counting() as requests:
            found = couchdb.get_many("agents", [*(doc["_id"] for doc in MANY), "gone", "no", "_x"])
            couchdb.save("agents", "d100", {})
        assert len(requests) == 3
        assert (found["gone"], found["no"]) == (None, None)
        assert found["_x"] == couchdb.get("agents", "_x")
        assert {**MANY[5], "_rev": found["d5"]["_rev"]} == found["d5"]

    def test_a_missing_database_has_no_document(self, couchdb):
        assert couchdb.get_many("agents", ["a"]) == {"a": None}

    @pytest.mark.parametrize("incident", [cut_after, cut_in_mid_answer, mute])
    def test_after_a_lost_answer_nothing_is_sent_again(self, double, couchdb, incident):
        couchdb.save("agents", "a", {})
        double.next(incident)
        with double.counting() as requests:
            assert oks(couchdb.save_many("agents", MANY)) == [False] * 130
        assert len(requests) == 1

    @pytest.mark.parametrize(
        "content", [[], {}, [{"id": "a"}], [{"id": "b", "rev": "1-x"}], ["a"], None]
    )
    def test_an_answer_without_the_revision_is_no_success(self, double, couchdb, content):
        couchdb.save("agents", "b", {})
        double.next(says(Answer(201, content)))
        assert oks(couchdb.save_many("agents", [{"_id": "a"}])) == [False]

    @pytest.mark.parametrize(
        "rows", [None, [], [{"key": "b", "error": "not_found"}], [{"key": "a", "error": "timeout"}]]
    )
    def test_an_answer_that_lacks_a_row_is_no_missing_document(self, double, couchdb, rows):
        couchdb.save("agents", "b", {})
        double.next(says(Answer(200, {"rows": rows})))
        assert status_of(couchdb.get_many, "agents", ["a"]) == 503
        double.next(says(Answer(200, rows)))
        assert status_of(couchdb.get_many, "agents", ["a"]) == 503

    def test_the_documents_of_a_refused_request_are_saved_alone(self, double, couchdb):
        couchdb.save("agents", "b", {})
        double.next(says(Answer(413, {"error": "no", "reason": "so"})))
        assert oks(couchdb.save_many("agents", MANY[:3])) == [True] * 3


@pytest.fixture(scope="module")
def front():
    with provider("dynamodb:moto").start() as server, Front(server.endpoint.url) as front:
        yield front


@pytest.fixture
def dynamodb(front):
    prefix = f"t{uuid.uuid4().hex[:8]}-"
    with DynamoDBService(endpoint_url=front.url, table_prefix=prefix) as service:
        service.save("agents", "there", {"n": 1})
        front.operations()
        yield service
        front.plan.clear()


def json_answer(content):
    return Instead(
        200, json.dumps(content).encode(), {"content-type": "application/x-amz-json-1.0"}
    )


def batch_answer(table, **content):
    """The answer to a batch, with what the client looks at to tell it from another answer."""
    return json_answer({**content, "ConsumedCapacity": [{"TableName": table}]})


class TestDynamoDB:
    def test_a_request_saves_twenty_five_and_gets_a_hundred(self, dynamodb, front):
        assert oks(dynamodb.save_many("agents", MANY)) == [True] * 130
        found = dynamodb.get_many("agents", [*(doc["_id"] for doc in MANY), "missing"])
        assert front.operations() == ["BatchWriteItem"] * 6 + ["BatchGetItem"] * 2
        assert found.pop("missing") is None
        assert [{**doc, "_rev": found[doc["_id"]]["_rev"]} for doc in MANY] == [*found.values()]

    def test_a_table_is_created_by_the_first_document(self, dynamodb, front):
        assert dynamodb.get_many("users", ["d0"]) == {"d0": None}
        assert oks(dynamodb.save_many("users", MANY[:30])) == [True] * 30
        assert len(dynamodb.list_all("users")) == 30

    def test_an_unprocessed_document_is_saved_alone(self, dynamodb, front):
        table = dynamodb._table("agents")
        left = {table: [{"PutRequest": {"Item": {"_id": {"S": "d1"}}}}]}
        front.plan["BatchWriteItem"].append(batch_answer(table, UnprocessedItems=left))
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [True] * 3
        assert front.operations() == ["BatchWriteItem", "PutItem"]
        assert dynamodb.get("agents", "d1")["n"] == 1

    def test_unprocessed_keys_are_requested_again(self, dynamodb, front):
        table = dynamodb._table("agents")
        left = {table: {"Keys": [{"_id": {"S": "there"}}], "ConsistentRead": True}}
        front.plan["BatchGetItem"].append(batch_answer(table, Responses={}, UnprocessedKeys=left))
        assert dynamodb.get_many("agents", ["there", "no"])["there"]["n"] == 1
        keys = [body["RequestItems"][table]["Keys"] for _, body in front.requests]
        assert keys[1] == [{"_id": {"S": "there"}}]

    def test_a_key_that_is_never_processed_is_a_429(self, front):
        with DynamoDBService(endpoint_url=front.url, read_timeout=0.5) as service:
            service.save("busy", "a", {})
            left = {"busy": {"Keys": [{"_id": {"S": "a"}}]}}
            answer = batch_answer("busy", Responses={"busy": []}, UnprocessedKeys=left)
            front.plan["BatchGetItem"].extend([answer] * 100)
            assert status_of(service.get_many, "busy", ["a"]) == 429
        front.plan.clear()

    @pytest.mark.parametrize(
        "fate", [Spoilt.LOST, Spoilt.CUT, refusal("InternalServerError", 500), json_answer({})]
    )
    def test_after_a_failure_nothing_is_written_again(self, dynamodb, front, fate):
        front.plan["BatchWriteItem"].append(fate)
        assert oks(dynamodb.save_many("agents", MANY[:30])) == [False] * 30
        assert front.operations() == ["BatchWriteItem"]

    def test_an_answer_without_the_unprocessed_items_is_no_success(self, dynamodb, front):
        answer = batch_answer(dynamodb._table("agents"))
        front.plan["BatchWriteItem"].append(answer)
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [False] * 3
        front.plan["BatchGetItem"].append(answer)
        assert status_of(dynamodb.get_many, "agents", ["there"]) == 500

    def test_the_documents_of_a_refused_request_are_saved_alone(self, dynamodb, front):
        front.plan["BatchWriteItem"].append(refusal("ValidationException"))
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [True] * 3

    def test_refused_credentials_are_an_error(self, dynamodb, front):
        front.plan["BatchGetItem"].append(refusal("AccessDeniedException"))
        assert status_of(dynamodb.get_many, "agents", ["there"]) >= 401


@pytest.fixture
def firestore(firestore_server, project):
    host = firestore_server.endpoint.settings["emulator_host"]
    with FirestoreService(project, emulator_host=host) as service:
        yield service


@pytest.fixture
def scripted(script):
    with FirestoreService("scripted", emulator_host=script.host) as service:
        yield service


class TestFirestore:
    def test_many_are_saved_and_read_as_one_by_one(self, firestore):
        entries = firestore.save_many("agents", MANY)
        asked = [*(doc["_id"] for doc in MANY), "missing", "a/b"]
        firestore.save("agents", "a/b", {"slash": True})
        found = firestore.get_many("agents", asked)
        assert [*found] == asked
        assert found.pop("missing") is None
        assert found == {i: firestore.get("agents", i) for i in found}
        assert [e["rev"] for e in entries] == [found[doc["_id"]]["_rev"] for doc in MANY]

    def test_an_answer_that_lacks_a_document_is_an_error(self, scripted, script):
        script.answer(StatusCode.OK)
        assert oks(scripted.save_many("agents", MANY[:3])) == [False] * 3
        assert script.calls == ["Commit"]
        assert status_of(scripted.get_many, "agents", ["a", "b"]) == 500

    def test_the_documents_of_a_refused_request_are_saved_alone(self, scripted, script):
        script.answer(StatusCode.INVALID_ARGUMENT, StatusCode.OK)
        assert oks(scripted.save_many("agents", MANY[:3])) == [True] * 3

    def test_after_a_failure_nothing_is_sent_again(self, scripted, script):
        script.answer(StatusCode.UNAVAILABLE)
        assert oks(scripted.save_many("agents", MANY[:3])) == [False] * 3
        assert script.calls == ["Commit"]
