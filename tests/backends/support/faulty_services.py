"""Faulty services, and helpers for the tests of `transfer`."""

import json
from threading import Lock

from fastapi import HTTPException

from gofannon_backends.memory import MemoryDatabaseService


def filled(count=3, collection="agents", **more):
    """Return a memory service with `count` documents, and those given by collection."""
    service = MemoryDatabaseService()
    for number in range(count):
        service.save(collection, f"a{number}", {"n": number, "text": "é" * number})
    for name, documents in more.items():
        for doc_id, document in documents.items():
            service.save(name, doc_id, document)
    return service


def content(service, collection="agents"):
    """Return the documents of a collection as canonical JSON by id, without `_rev`."""
    return {
        document.pop("_id"): json.dumps(
            {name: value for name, value in document.items() if name != "_rev"}, sort_keys=True
        )
        for document in service.list_all(collection)
    }


class FailsInTheMiddle(MemoryDatabaseService):
    """Its listing fails after a number of documents."""

    after = 4
    error: Exception | None = HTTPException(503, "the store cannot be reached")

    def iter_all(self, db_name):
        for number, document in enumerate(super().iter_all(db_name)):
            if number == self.after and self.error is not None:
                raise self.error
            yield document


class Lists(MemoryDatabaseService):
    """Lists the given values, valid or not."""

    def __init__(self, *given):
        super().__init__()
        self.given = given

    def iter_all(self, db_name):
        yield from self.given if db_name == "agents" else ()


class Faulty(MemoryDatabaseService):
    """Fails to save the given ids in the given ways; records its calls."""

    def __init__(self, **failures):
        super().__init__()
        self.failures = failures
        self.saves = []
        self.reads = []
        self._own_lock = Lock()

    def get(self, db_name, doc_id):
        with self._own_lock:
            self.reads.append(doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        with self._own_lock:
            self.saves.append(doc_id)
            failures = self.failures.get(doc_id, [])
            failure = failures.pop(0) if failures else None
        if failure == "lost answer":
            super().save(db_name, doc_id, doc)
            raise HTTPException(504, "the store did not answer in time")
        if failure == "silent":
            return {"id": doc_id, "rev": "1"}
        if failure == "changed":
            return super().save(db_name, doc_id, {**doc, "changed": True})
        if failure is not None:
            raise failure
        return super().save(db_name, doc_id, doc)
