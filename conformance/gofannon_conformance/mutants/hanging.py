"""Services with a call that hangs: kept locks, endless retries, endless pages."""

import asyncio
import threading
import time
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Right, Waiting

HANGING: list[Mutant] = []
row = partial(breaks, HANGING)
alter = partial(alters, HANGING)

PAUSE = 0.01
PAGE = 100


@row("replacing_takes_the_lock_twice", "SAVE-3", "SAVE-4")
class LockedTwice(Right):
    """save() of an existing document calls get() while it holds the lock of get()."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = threading.Lock()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.plain:
            return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.plain:
            if self.key(db_name, doc_id) in self.kept:
                self.get(db_name, doc_id)
            return super().save(db_name, doc_id, doc)


@alter("get", "missing_document_is_waited_for", "GET-3", "GET-4")
def waited_for(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() retries for a missing document until it exists."""
    while True:
        try:
            return Right.get(self, db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            time.sleep(PAUSE)


@alter("get", "any_error_is_tried_again", "ID-5")
def tried_again(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() retries after every error except a 404, with a bare `except`."""
    while True:
        try:
            if doc_id:
                return Right.get(self, db_name, doc_id)
            self.check_id(doc_id)
        except HTTPException as error:
            if error.status_code == 404:
                raise
        except:  # noqa: E722, S110  # the mistake
            pass
        time.sleep(PAUSE)


@alter("list_all", "full_page_is_read_again", "LIST-6")
def full_page_again(self: Right, db_name: str) -> list[dict[str, Any]]:
    """list_all() reads until a page is short; past the end it gets the last page again."""
    found: dict[Any, dict[str, Any]] = {}
    start = 0
    while True:
        rows = Right.list_all(self, db_name)
        page = rows[start : start + PAGE] or rows[start - PAGE : start]
        found.update((doc["_id"], doc) for doc in page)
        if len(page) < PAGE:
            return list(found.values())
        start = min(start + PAGE, len(rows))
        time.sleep(PAUSE)


@row("save_awaits_what_nobody_sets", "SAVE-4")
class AwaitsNobody(Waiting):
    """save() of an existing document awaits an event that nothing sets."""

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if any(kept["_id"] == doc_id for kept in await self.list_all(db_name)):
            await asyncio.Event().wait()
        return await super().save(db_name, doc_id, doc)


@row("refusal_blocks_the_event_loop", "SAVE-12")
class BlocksLoop(Waiting):
    """save() keeps a lock when it refuses a document; the event loop then waits for the lock."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = threading.Lock()

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.plain.acquire()
        answer = await super().save(db_name, doc_id, doc)
        self.plain.release()
        return answer
