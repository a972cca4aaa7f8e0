"""Services a call of which never comes back: locks that are kept, retries and pages without end."""

import asyncio
import threading
import time
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right, Waiting

HANGING: list[Mutant] = []
row = partial(breaks, HANGING)

PAUSE = 0.01
PAGE = 100


class Locked(Right):
    """Makes each call under a lock that a thread can take once."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = threading.Lock()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.plain:
            return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.plain:
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.plain:
            super().delete(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.plain:
            return super().list_all(db_name)


@row("refusal_keeps_the_lock", "SAVE-12")
class LockKept(Locked):
    """save() that refuses what is no dict leaves its lock locked."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if isinstance(doc, dict):
            return super().save(db_name, doc_id, doc)
        self.plain.acquire()
        return Right.save(self, db_name, doc_id, doc)


@row("replacing_takes_the_lock_twice", "SAVE-3", "SAVE-4")
class LockedTwice(Locked):
    """save() of a document that exists calls get() under the lock that get() takes."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.plain:
            if self.key(db_name, doc_id) in self.kept:
                self.get(db_name, doc_id)
            return Right.save(self, db_name, doc_id, doc)


@row("missing_document_is_waited_for", "GET-3", "GET-4")
class WaitedFor(Right):
    """get() asks again for a document that is not there, in case it comes."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        while True:
            try:
                return super().get(db_name, doc_id)
            except HTTPException as error:
                if error.status_code != 404:
                    raise
                time.sleep(PAUSE)


@row("delete_waits_for_the_document", "DEL-2", "DEL-3")
class DeleteWaits(Right):
    """delete() waits for a document that is not there to be saved."""

    def __init__(self) -> None:
        super().__init__()
        self.saved = threading.Condition(self.lock)

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        with self.saved:
            self.saved.wait_for(lambda: self.key(db_name, doc_id) in self.kept)
            super().delete(db_name, doc_id)


@row("any_error_is_tried_again", "ID-5")
class TriedAgain(Right):
    """get() tries again whatever went wrong but a 404, by a bare `except`."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        while True:
            try:
                if doc_id:
                    return super().get(db_name, doc_id)
                self.check_id(doc_id)
            except HTTPException as error:
                if error.status_code == 404:
                    raise
            except:  # noqa: E722, S110  # the mistake
                pass
            time.sleep(PAUSE)


@row("full_page_is_read_again", "LIST-6")
class FullPageAgain(Right):
    """list_all() reads on until a page is short, and past the end it gets the last page again."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        found: dict[Any, dict[str, Any]] = {}
        start = 0
        while True:
            rows = super().list_all(db_name)
            page = rows[start : start + PAGE] or rows[start - PAGE : start]
            found.update((doc["_id"], doc) for doc in page)
            if len(page) < PAGE:
                return list(found.values())
            start = min(start + PAGE, len(rows))
            time.sleep(PAUSE)


@row("save_awaits_what_nobody_sets", "SAVE-4")
class AwaitsNobody(Waiting):
    """save() of a document that exists awaits its turn, which nobody gives it."""

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if any(kept["_id"] == doc_id for kept in await self.list_all(db_name)):
            await asyncio.Event().wait()
        return await super().save(db_name, doc_id, doc)


@row("refusal_blocks_the_event_loop", "SAVE-12")
class BlocksLoop(Waiting):
    """save() that refuses what is no dict keeps a lock, for which the event loop then waits."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = threading.Lock()

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.plain.acquire()
        answer = await super().save(db_name, doc_id, doc)
        self.plain.release()
        return answer
