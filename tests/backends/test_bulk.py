"""Many documents by one request, store by store: what each costs, and what each says of failures.

That they answer as one by one is the contract's, and the conformance suite's to test.
"""

import uuid
from threading import Thread

import pytest
from couchdb_double import Answer, cut_after, cut_in_mid_answer, mute, says
from dynamodb_front import Front, Instead, Spoilt, refusal
from fastapi import HTTPException
from firestore_front import Script
from grpc import StatusCode

from gofannon_backends import _bulk, errors
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
    """`_bulk.saved`, on a store that writes down what it is asked."""

    def saved(self, docs, at_once=lambda ids: ids, *, size=1, most=3):
        asked = []

        def ready(doc):
            if doc["_id"] == "unfit":
                raise errors.refused("c", "unfit", why="it is")
            return _bulk.Ready(doc["_id"], doc, size)

        def save_at_once(chunk):
            asked.append([one.doc_id for one in chunk])
            return at_once(asked[-1])

        def save(doc):
            asked.append(doc["_id"])
            return {"id": doc["_id"], "rev": "alone"}

        docs = [{"_id": doc_id} for doc_id in docs]
        return _bulk.saved(docs, ready, save_at_once, save, most=most), asked

    def test_no_request_has_more_than_the_most(self):
        entries, asked = self.saved("abcdefg")
        assert asked == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
        assert [entry["id"] for entry in entries] == [*"abcdefg"]

    def test_for_no_document_there_is_no_request(self):
        assert self.saved("") == ([], [])
        assert self.saved(["unfit"])[1] == []

    def test_no_request_has_an_id_twice(self):
        assert self.saved("aababb", most=9)[1] == [["a"], ["a", "b"], ["a", "b"], ["b"]]

    def test_a_request_ends_with_the_document_that_makes_it_large(self):
        assert self.saved("abcde", size=600_000, most=9)[1] == [["a", "b"], ["c", "d"], ["e"]]

    def test_one_that_is_refused_at_the_gate_is_in_no_request(self):
        entries, asked = self.saved(["a", "unfit", "b"])
        assert asked == [["a", "b"]]
        assert oks(entries) == [True, False, True]
        assert entries[1]["id"] == "unfit"

    def test_what_is_left_out_is_saved_by_itself_before_the_next_request(self):
        entries, asked = self.saved("abcd", lambda ids: [None if i == "b" else i for i in ids])
        assert asked == [["a", "b", "c"], "b", ["d"]]
        assert [entry["rev"] for entry in entries] == ["a", "alone", "c", "d"]

    def test_a_request_that_is_refused_is_made_of_each_document(self):
        def refuses(ids):
            if "b" in ids:
                raise errors.too_large("c", None, why="so many")
            return ids

        entries, asked = self.saved("abcd", refuses)
        assert asked == [["a", "b", "c"], "a", "b", "c", ["d"]]
        assert oks(entries) == [True] * 4

    @pytest.mark.parametrize("failure", [errors.unavailable, errors.too_many_requests])
    def test_after_a_failure_of_the_store_nothing_more_is_asked(self, failure):
        def fails(ids):
            raise failure("c")

        entries, asked = self.saved("abcd", fails)
        assert asked == [["a", "b", "c"]]
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

    def test_of_a_statement_that_is_refused_the_rest_is_saved(self, postgresql, postgresql_url):
        import psycopg

        postgresql.save("agents", "d0", {})
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(
                f"ALTER TABLE {postgresql._schema}.agents ADD CHECK (data->>'n' <> '1')"
            )
        assert oks(postgresql.save_many("agents", MANY[:3])) == [True, False, False]
        assert postgresql.get("agents", "d0")["n"] == 0

    def test_what_a_rule_of_the_table_undoes_is_not_ok(self, postgresql, postgresql_url):
        import psycopg

        postgresql.save("agents", "d0", {})
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(
                f"""
                CREATE FUNCTION {postgresql._schema}.undo() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN IF new._id = ''d1'' THEN RETURN NULL; END IF; RETURN new; END';
                CREATE TRIGGER undo BEFORE INSERT ON {postgresql._schema}.agents
                FOR EACH ROW EXECUTE FUNCTION {postgresql._schema}.undo()"""
            )
        assert oks(postgresql.save_many("agents", MANY[:2])) == [True, False]

    def test_the_same_documents_from_many_sides_in_any_order_are_all_saved(self, postgresql):
        found = []

        def save(docs):
            for _ in range(5):
                found.extend(oks(postgresql.save_many("agents", docs)))

        threads = [Thread(target=save, args=(docs,)) for docs in (MANY[:40], MANY[39::-1]) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True] * 800


class TestCouchDB:
    def test_a_request_saves_a_hundred_and_makes_the_database(self, double, couchdb):
        entries = couchdb.save_many("agents", MANY)
        assert [line.partition("?")[0] for line in double.log()] == [
            "POST /agents/_bulk_docs",
            "PUT /agents",
            "POST /agents/_bulk_docs",
            "POST /agents/_bulk_docs",
        ]
        assert entries[-1] == {
            "ok": True,
            "id": "d129",
            "rev": couchdb.get("agents", "d129")["_rev"],
        }

    def test_a_document_of_a_known_revision_is_replaced_by_the_same_request(self, double, couchdb):
        couchdb.save_many("agents", MANY[:3])
        with double.counting() as requests:
            assert oks(couchdb.save_many("agents", [{"_id": "d1", "new": 1}, *MANY[2:3]])) == [
                True, True,
            ]  # fmt: skip
        assert len(requests) == 1
        assert double.content("agents", "d1") == {"new": 1}

    def test_one_of_an_unknown_revision_is_replaced_as_save_does_it(self, double, couchdb):
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

    def test_a_database_that_is_not_there_has_none(self, couchdb):
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
    def test_an_answer_of_something_else_is_no_success(self, double, couchdb, content):
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

    def test_a_request_that_is_refused_is_made_of_each_document(self, double, couchdb):
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
    import json

    return Instead(
        200, json.dumps(content).encode(), {"content-type": "application/x-amz-json-1.0"}
    )


class TestDynamoDB:
    def test_a_request_saves_twenty_five_and_gets_a_hundred(self, dynamodb, front):
        assert oks(dynamodb.save_many("agents", MANY)) == [True] * 130
        found = dynamodb.get_many("agents", [*(doc["_id"] for doc in MANY), "missing"])
        assert front.operations() == ["BatchWriteItem"] * 6 + ["BatchGetItem"] * 2
        assert found.pop("missing") is None
        assert [{**doc, "_rev": found[doc["_id"]]["_rev"]} for doc in MANY] == [*found.values()]

    def test_a_table_is_made_by_the_first_document(self, dynamodb, front):
        assert dynamodb.get_many("users", ["d0"]) == {"d0": None}
        assert oks(dynamodb.save_many("users", MANY[:30])) == [True] * 30
        assert len(dynamodb.list_all("users")) == 30

    def test_what_the_service_leaves_is_saved_by_itself(self, dynamodb, front):
        table = dynamodb._table("agents")
        left = {table: [{"PutRequest": {"Item": {"_id": {"S": "d1"}}}}]}
        used = [{"TableName": table, "CapacityUnits": 1}]
        front.plan["BatchWriteItem"].append(
            json_answer({"UnprocessedItems": left, "ConsumedCapacity": used})
        )
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [True] * 3
        assert front.operations() == ["BatchWriteItem", "PutItem"]
        assert dynamodb.get("agents", "d1")["n"] == 1

    def test_what_one_answer_has_no_room_for_the_next_one_has(self, dynamodb, front):
        table = dynamodb._table("agents")
        left = {table: {"Keys": [{"_id": {"S": "there"}}], "ConsistentRead": True}}
        answer = {
            "Responses": {},
            "UnprocessedKeys": left,
            "ConsumedCapacity": [{"TableName": table}],
        }
        front.plan["BatchGetItem"].append(json_answer(answer))
        assert dynamodb.get_many("agents", ["there", "no"])["there"]["n"] == 1
        asked = [body["RequestItems"][table]["Keys"] for _, body in front.requests]
        assert asked[1] == [{"_id": {"S": "there"}}]

    def test_a_store_that_never_gets_to_a_document_throttles(self, front):
        with DynamoDBService(endpoint_url=front.url, read_timeout=0.5) as service:
            service.save("busy", "a", {})
            left = {"busy": {"Keys": [{"_id": {"S": "a"}}]}}
            answer = {
                "Responses": {"busy": []},
                "UnprocessedKeys": left,
                "ConsumedCapacity": [{"TableName": "busy"}],
            }
            front.plan["BatchGetItem"].extend([json_answer(answer)] * 100)
            assert status_of(service.get_many, "busy", ["a"]) == 429
        front.plan.clear()

    @pytest.mark.parametrize(
        "fate", [Spoilt.LOST, Spoilt.CUT, refusal("InternalServerError", 500), json_answer({})]
    )
    def test_after_a_failure_nothing_is_written_again(self, dynamodb, front, fate):
        front.plan["BatchWriteItem"].append(fate)
        assert oks(dynamodb.save_many("agents", MANY[:30])) == [False] * 30
        assert front.operations() == ["BatchWriteItem"]

    def test_an_answer_that_lacks_what_is_left_is_no_success(self, dynamodb, front):
        used = [{"TableName": dynamodb._table("agents")}]
        front.plan["BatchWriteItem"].append(json_answer({"ConsumedCapacity": used}))
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [False] * 3
        front.plan["BatchGetItem"].append(json_answer({"ConsumedCapacity": used}))
        assert status_of(dynamodb.get_many, "agents", ["there"]) == 500

    def test_a_request_that_is_refused_is_made_of_each_document(self, dynamodb, front):
        front.plan["BatchWriteItem"].append(refusal("ValidationException"))
        assert oks(dynamodb.save_many("agents", MANY[:3])) == [True] * 3

    def test_a_store_that_refuses_the_key_is_no_store_without_documents(self, dynamodb, front):
        front.plan["BatchGetItem"].append(refusal("AccessDeniedException"))
        assert status_of(dynamodb.get_many, "agents", ["there"]) >= 401


@pytest.fixture(scope="module")
def firestore():
    with (
        provider("firestore").start() as server,
        FirestoreService(
            f"tests-{uuid.uuid4().hex[:12]}",
            emulator_host=server.endpoint.settings["emulator_host"],
        ) as service,
    ):
        yield service


@pytest.fixture(scope="module")
def script():
    script = Script()
    yield script
    script.stop()


class TestFirestore:
    def test_many_are_saved_and_got_as_one_by_one(self, firestore):
        entries = firestore.save_many("agents", MANY)
        asked = [*(doc["_id"] for doc in MANY), "missing", "a/b"]
        firestore.save("agents", "a/b", {"slash": True})
        found = firestore.get_many("agents", asked)
        assert [*found] == asked
        assert found.pop("missing") is None
        assert found == {i: firestore.get("agents", i) for i in found}
        assert [e["rev"] for e in entries] == [found[doc["_id"]]["_rev"] for doc in MANY]

    def test_an_answer_that_leaves_one_out_is_an_error(self, script):
        with FirestoreService("scripted", emulator_host=script.host) as service:
            script.answer(StatusCode.OK)
            assert oks(service.save_many("agents", MANY[:3])) == [False] * 3
            assert script.calls == ["Commit"]
            assert status_of(service.get_many, "agents", ["a", "b"]) == 500

    def test_what_is_refused_together_is_saved_by_itself(self, script):
        with FirestoreService("scripted", emulator_host=script.host) as service:
            script.answer(StatusCode.INVALID_ARGUMENT, StatusCode.OK)
            assert oks(service.save_many("agents", MANY[:3])) == [True] * 3
            script.answer(StatusCode.UNAVAILABLE)
            assert oks(service.save_many("agents", MANY[:3])) == [False] * 3
            assert script.calls == ["Commit"]
