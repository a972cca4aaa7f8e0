"""Tests of blame: the application's own services, each with the defects that it has today.

Each service here is the memory backend with the defects of one of Gofannon's services. The suite
must name the clauses that these break, and no others.
"""

import re
from decimal import Decimal

import pytest
from fastapi import HTTPException
from trying import TESTS, target_of

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.selftest.trial import Job, run_job

SHOULD = {"API-2", "API-3", "SAVE-9", "DOC-4", "DOC-9", "DOC-10", "DOC-11", "ID-3", "ID-7"}


class Aliasing:
    """Keeps the caller's dict, and returns it again; takes any document under any id."""

    def __init__(self):
        self.data = {}

    def get(self, db_name, doc_id):
        return self._of(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        doc["_id"] = doc_id
        self.data.setdefault(db_name, {})[doc_id] = doc
        return {"id": doc_id, "rev": "memory-rev"}

    def delete(self, db_name, doc_id):
        self._of(db_name, doc_id)
        self.data[db_name].pop(doc_id, None)

    def list_all(self, db_name):
        return list(self.data.get(db_name, {}).values())

    def _of(self, db_name, doc_id):
        try:
            return self.data[db_name][doc_id]
        except KeyError:
            raise HTTPException(404, f"{doc_id} is not in {db_name}") from None


class Plain(MemoryDatabaseService):
    """The memory backend without the optional methods."""

    find = ensure_index = save_many = delete_many = get_many = None


class Locking(Plain):
    """Refuses each save over a document that does not carry its current revision."""

    def save(self, db_name, doc_id, doc):
        try:
            current = self.get(db_name, doc_id)["_rev"]
        except HTTPException:
            current = None
        if current is not None and (not isinstance(doc, dict) or doc.get("_rev") != current):
            raise HTTPException(409, f"{doc_id} in {db_name} was changed by another caller")
        return super().save(db_name, doc_id, doc)


def _decimals(value):
    if isinstance(value, dict):
        return {name: _decimals(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_decimals(item) for item in value]
    if type(value) in (int, float):
        return Decimal(str(value))
    return value


class Decimals(Plain):
    """Returns every number as a Decimal."""

    def get(self, db_name, doc_id):
        return _decimals(super().get(db_name, doc_id))

    def list_all(self, db_name):
        return _decimals(super().list_all(db_name))


class ClientError(Exception):
    """An exception of the store's client."""


def _refused(value, inside_list=False):
    if isinstance(value, dict):
        return any(re.fullmatch("__.*__", str(n)) or _refused(v) for n, v in value.items())
    if isinstance(value, list):
        return inside_list or any(_refused(item, inside_list=True) for item in value)
    return False


class Raw(Plain):
    """Lets its client's errors through: for arrays in arrays, `__x__` names, slashes in ids."""

    def get(self, db_name, doc_id):
        return super().get(db_name, self._path(doc_id))

    def save(self, db_name, doc_id, doc):
        if isinstance(doc, dict) and _refused(doc):
            raise ClientError("400 Cannot convert an array value in an array value")
        return super().save(db_name, self._path(doc_id), doc)

    def delete(self, db_name, doc_id):
        super().delete(db_name, self._path(doc_id))

    def _path(self, doc_id):
        if isinstance(doc_id, str) and "/" in doc_id:
            raise ValueError("A document must have an even number of path elements")
        return doc_id


@pytest.mark.parametrize(
    ("service", "broken"),
    [
        (
            Aliasing,
            {"GET-6", "SAVE-7", "SAVE-12", "LIST-8", "ID-5", "ID-6", "ERR-2"},
        ),
        (Locking, {"SAVE-4"}),
        (Decimals, {"DOC-2"}),
        (Raw, {"DOC-7", "DOC-8", "ID-2", "ID-4", "ERR-1", "DOC-14", "SAVE-11"}),
    ],
)
def test_service_breaks_its_own_clauses_and_no_others(service, broken):
    tests = tuple(test for test, clauses in TESTS.items() if not clauses[0].startswith("CON"))
    trial = run_job(
        Job(spec="", tests=tests, profile=profile_named("quick"), seed=1), target_of(service)
    )
    assert not trial.void
    assert set(trial.failed) - SHOULD == broken
    errors = [entry for entry in trial.entries if entry.outcome is Outcome.ERROR]
    assert not errors
