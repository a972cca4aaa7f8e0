"""Services over HTTP that retry writes that may have been executed: FAULT-7."""

import threading
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import OVER_HTTP, Served, is_outage, is_overload
from gofannon_conformance.mutants.faults.controls import Careful, ServedWider
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.servers.endpoint import Endpoint

RETRIES: list[Mutant] = []
alter = partial(alters, RETRIES)


@breaks(RETRIES, "save_is_made_again", "FAULT-7", **OVER_HTTP)
class SaveRetried(Served):
    """A save() whose connection broke is retried."""

    retried = ("GET", "PUT")


@alter("saved_one", "save_many_is_made_again", "FAULT-7", "BULK-1", **OVER_HTTP)
def save_many_retried(self: ServedWider, db_name: str, doc: Any) -> dict[str, Any]:
    """save_many() retries what was not answered, which save() does not."""
    entry = ServedWider.saved_one(self, db_name, doc)
    again = not entry["ok"] and "did not answer" in entry["error"]
    return ServedWider.saved_one(self, db_name, doc) if again else entry


@alter("may_retry", "save_is_made_again_after_a_time_out", "FAULT-7", **OVER_HTTP)
def save_retried_late(self: Served, method: str, failure: HTTPException) -> bool:
    """A save() that got no answer in time is retried."""
    is_late = method == "PUT" and "TimeoutError" in failure.detail
    return is_late or Served.may_retry(self, method, failure)


@alter("may_retry", "save_is_made_again_after_a_503", "FAULT-7", **OVER_HTTP)
def save_retried_on503(self: Served, method: str, failure: HTTPException) -> bool:
    """A save() that a gateway answered with 502 or 503 is retried."""
    return (method == "PUT" and is_overload(failure)) or Served.may_retry(self, method, failure)


@breaks(RETRIES, "first_save_is_made_again", "FAULT-7", **OVER_HTTP)
class CreateRetried(Careful):
    """A save() of a new document is retried, without a condition."""

    retried = ("GET", "PUT")


@breaks(RETRIES, "delete_is_made_again", "FAULT-7", **OVER_HTTP)
class DeleteRetried(Served):
    """A delete() whose connection broke is retried."""

    retried = ("GET", "DELETE")


@alter("may_retry", "half_answered_save_is_made_again", "FAULT-7", **OVER_HTTP)
def half_read_retried(self: Served, method: str, failure: HTTPException) -> bool:
    """A save() whose answer broke off is retried; one without an answer is not."""
    is_half = any(name in failure.detail for name in ("BadStatusLine", "IncompleteRead"))
    return (method == "PUT" and is_half) or Served.may_retry(self, method, failure)


@breaks(RETRIES, "save_is_made_again_later", "FAULT-7", **OVER_HTTP)
class SaveRetriedLater(Served):
    """A save() whose answer is lost raises 503, and a thread retries it later."""

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
                timer = threading.Timer(0.3, self.save_again, (db_name, doc_id, doc))
                self.later.append(timer)
                timer.start()
            raise

    def save_again(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> None:
        with suppress(HTTPException):
            super().save(db_name, doc_id, doc)
