"""The calls that the tests of every store make, and the errors that these raise."""

import pytest
from fastapi import HTTPException

SECRET = "s3cret"
"""A part of every password, key and message that no error may show."""

READS = {
    "get": lambda service: service.get("agents", "a1"),
    "list_all": lambda service: service.list_all("agents"),
}
WRITES = {
    "save": lambda service: service.save("agents", "a1", {"n": 2}),
    "delete": lambda service: service.delete("agents", "a1"),
}
CALLS = READS | WRITES

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
reads = pytest.mark.parametrize("call", READS.values(), ids=READS)
writes = pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)


def failure_of(call, *arguments):
    """Return the error that a call raises; it names the collection, and shows no secret."""
    with pytest.raises(HTTPException) as caught:
        call(*arguments)
    error = caught.value
    assert "agents" in error.detail
    assert SECRET not in f"{error.detail} {error!r}"
    assert error.__context__ is None or error.__suppress_context__
    return error


def status_of(call, *arguments):
    return failure_of(call, *arguments).status_code


def check_names_refused(service, db_name="agents", doc_id="a1", *, why="refused"):
    """Check that all methods which take the names refuse them with a 400 that says why."""
    calls = [(service.get, doc_id), (service.save, doc_id, {}), (service.delete, doc_id)]
    if db_name != "agents":
        calls.append((service.list_all,))
    for call, *arguments in calls:
        with pytest.raises(HTTPException, match=why) as caught:
            call(db_name, *arguments)
        assert caught.value.status_code == 400


def ids_of(documents):
    return [document["_id"] for document in documents]


def oks(entries):
    return [entry["ok"] for entry in entries]
