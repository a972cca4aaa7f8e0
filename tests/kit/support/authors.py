"""What authors of backends write: stores, right and wrong, and the test files beside them."""

import json

STORES = '''
import json
import os
import signal
from pathlib import Path

from fastapi import HTTPException

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.mutants.right import FilePerDocument


class Right(MemoryDatabaseService):
    """Keeps the contract."""


def right():
    return Right()


class ForgetsNone(MemoryDatabaseService):
    """Breaks GET-1: a field whose value is None is not given back."""

    def get(self, db_name, doc_id):
        return {k: v for k, v in super().get(db_name, doc_id).items() if v is not None}


class Silent(MemoryDatabaseService):
    """Breaks DEL-2, DEL-3, DEL-6: deleting what is missing passes in silence."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise


class Touches(MemoryDatabaseService):
    """Breaks SAVE-9, a SHOULD: the caller's dict is given an `_id`."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        doc["_id"] = doc_id
        return answer


class Overview(MemoryDatabaseService):
    """Follows the dialect `overview`."""

    def save(self, db_name, doc_id, doc):
        super().save(db_name, doc_id, doc)
        return self.get(db_name, doc_id)

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise


class OnFiles(FilePerDocument):
    """Keeps every document in a file of the folder `kept`, so that a test can look."""

    def __init__(self):
        self.root = Path("kept")
        self.root.mkdir(exist_ok=True)


class Interrupted(OnFiles):
    """Sends itself a signal in the middle of its thirtieth save."""

    saves = 0
    sent = signal.SIGINT

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        Interrupted.saves += 1
        if Interrupted.saves == 30:
            os.kill(os.getpid(), self.sent)
        return answer


class Terminated(Interrupted):
    sent = signal.SIGTERM


class Deaf(MemoryDatabaseService):
    """Ignores the collection's name, over data of somebody's."""

    def __init__(self):
        super().__init__()
        MemoryDatabaseService.save(self, "one", "precious", {"n": 1})

    def get(self, db_name, doc_id):
        return super().get("one", doc_id)

    def save(self, db_name, doc_id, doc):
        raise AssertionError("written to")

    def delete(self, db_name, doc_id):
        raise AssertionError("deleted from")

    def list_all(self, db_name):
        return super().list_all("one")


class Async:
    """Has coroutine methods."""

    def __init__(self):
        self._kept = MemoryDatabaseService()

    async def get(self, db_name, doc_id):
        return self._kept.get(db_name, doc_id)

    async def save(self, db_name, doc_id, doc):
        return self._kept.save(db_name, doc_id, doc)

    async def delete(self, db_name, doc_id):
        return self._kept.delete(db_name, doc_id)

    async def list_all(self, db_name):
        return self._kept.list_all(db_name)


def raising():
    raise RuntimeError("cannot reach\\nthe database")


def no_service():
    return object()


def yielding():
    service = Right()
    yield service
    Path("cleaned-up").touch()


def failing_to_clean_up():
    yield Right()
    raise RuntimeError("cannot let go")
'''

SUBCLASS = """
import pytest
from gofannon_conformance import DatabaseServiceContract
from stores import {store}


class TestMyDB(DatabaseServiceContract):
    def connect(self):
        return {store}()
"""


def documents_kept(folder):
    """Return the files of the documents that an `OnFiles` still has."""
    return list((folder / "kept").glob("*/*.json"))


def collections_kept(folder):
    """Return the names of the collections that an `OnFiles` ever had a document in."""
    return {json.loads(file.read_text()) for file in (folder / "kept").glob("*/name")}
