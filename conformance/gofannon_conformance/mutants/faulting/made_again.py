"""Services over HTTP that make writes again although they may have been done: FAULT-7."""

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.controls import Careful, ServedWider
from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served, is_outage
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

MADE_AGAIN: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(MADE_AGAIN, name, *clauses, **OVER_HTTP)


@row("save_is_made_again", "FAULT-7")
class SaveRetried(Served):
    """A save() whose connection broke is made again."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        return method in ("GET", "PUT")


@row("save_many_is_made_again", "FAULT-7", "BULK-1")
class SaveManyRetried(ServedWider):
    """What save_many() has no answer for is saved again, which save() does not."""

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        entry = super().saved_one(db_name, doc)
        again = not entry["ok"] and "did not answer" in entry["error"]
        return super().saved_one(db_name, doc) if again else entry


class Lost(HTTPException):
    """That there was no answer, and what is known of it."""

    why: Exception


class Remembering(Served):
    """Remembers how an answer was lost."""

    def lost(self, error: Exception) -> HTTPException:
        said = super().lost(error)
        failure = Lost(said.status_code, said.detail)
        failure.__suppress_context__ = True
        failure.why = error
        return failure


@row("save_is_made_again_after_a_time_out", "FAULT-7")
class SaveRetriedLate(Remembering):
    """A save() that got no answer in time is made again."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        is_late = isinstance(failure, Lost) and isinstance(failure.why, TimeoutError)
        return (method == "PUT" and is_late) or super().may_ask_again(method, failure)


@row("save_is_made_again_after_a_503", "FAULT-7")
class SaveRetriedOn503(Served):
    """A save() that a gateway answered with 502 or 503 is made again."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        told = method == "PUT" and "answered" in failure.detail
        return told or super().may_ask_again(method, failure)


@row("first_save_is_made_again", "FAULT-7")
class CreateRetried(Careful):
    """A save() of a new document is made again, though nothing keeps it from being done twice."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        return method in ("GET", "PUT")


@row("delete_is_made_again", "FAULT-7")
class DeleteRetried(Served):
    """A delete() whose connection broke is made again."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        return method in ("GET", "DELETE")


@row("half_answered_save_is_made_again", "FAULT-7")
class HalfReadRetried(Remembering):
    """A save() whose answer broke off is made again; one that got none is not."""

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        is_half = (
            isinstance(failure, Lost)
            and isinstance(failure.why, http.client.HTTPException)
            and not isinstance(failure.why, http.client.RemoteDisconnected)
        )
        return (method == "PUT" and is_half) or super().may_ask_again(method, failure)


@row("save_is_made_again_later", "FAULT-7")
class SaveRetriedLater(Served):
    """A save() whose answer is lost raises 503, and is made again later, by a thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.later: list[threading.Timer] = []

    def close(self) -> None:
        for timer in self.later:
            timer.cancel()
        super().close()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if is_outage(error):
                timer = threading.Timer(0.3, self.made_again, (db_name, doc_id, doc))
                self.later.append(timer)
                timer.start()
            raise

    def made_again(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> None:
        """Save a document, if the server is back."""
        with suppress(HTTPException):
            super().save(db_name, doc_id, doc)
