"""Many documents per request to Firestore: the requests, and the entries after failures."""

from grpc import StatusCode
from store_calls import oks, status_of

MANY = [{"_id": f"d{n}", "n": n} for n in range(130)]


def test_many_are_saved_and_read_as_one_by_one(firestore):
    entries = firestore.save_many("agents", MANY)
    asked = [*(doc["_id"] for doc in MANY), "missing", "a/b"]
    firestore.save("agents", "a/b", {"slash": True})
    found = firestore.get_many("agents", asked)
    assert [*found] == asked
    assert found.pop("missing") is None
    assert found == {doc["_id"]: doc for doc in firestore.list_all("agents")}
    assert [e["rev"] for e in entries] == [found[doc["_id"]]["_rev"] for doc in MANY]


def test_an_answer_that_lacks_a_document_is_an_error(scripted, script):
    script.answer(StatusCode.OK)
    assert oks(scripted.save_many("agents", MANY[:3])) == [False] * 3
    assert script.calls == ["Commit"]
    assert status_of(scripted.get_many, "agents", ["a", "b"]) == 500


def test_the_documents_of_a_refused_request_are_saved_alone(scripted, script):
    script.answer(StatusCode.INVALID_ARGUMENT, StatusCode.OK)
    assert oks(scripted.save_many("agents", MANY[:3])) == [True] * 3


def test_after_a_failure_nothing_is_sent_again(scripted, script):
    script.answer(StatusCode.UNAVAILABLE)
    assert oks(scripted.save_many("agents", MANY[:3])) == [False] * 3
    assert script.calls == ["Commit"]
