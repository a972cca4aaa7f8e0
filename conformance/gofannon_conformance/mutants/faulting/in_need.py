"""Services over HTTP that hide that their server is overwhelmed, or make it worse: FAULT-6."""

from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served
from gofannon_conformance.mutants.mutant import Mutant, T, breaks

IN_NEED: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(IN_NEED, name, *clauses, **OVER_HTTP)


@row("throttling_is_404", "FAULT-6", "ERR-2")
class ThrottledIs404(Served):
    """Every status of 4xx is "not found"."""

    def in_need(self, status: int) -> HTTPException:
        return HTTPException(404 if status == 429 else 502, "the store gives nothing")


@row("server_in_need_is_an_empty_list", "FAULT-6")
class NeedIsEmpty(Served):
    """A status that is not 200 is a page without documents."""

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        try:
            return super().page(db_name, after)
        except HTTPException as error:
            if "answered" in error.detail:
                return {"docs": [], "next": None}
            raise


@row("server_error_is_400", "FAULT-6", "ERR-2")
class NeedIs400(Served):
    """A server that says 500 is told as the caller's mistake."""

    def in_need(self, status: int) -> HTTPException:
        return HTTPException(400 if status == 500 else 503, "the store took it not")


@row("server_in_need_is_a_silent_delete", "FAULT-6")
class NeedIsSilent(Served):
    """delete() looks only whether there was an answer."""

    def delete(self, db_name: str, doc_id: str) -> None:
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if "answered" not in error.detail:
                raise


@row("throttled_save_is_taken_for_done", "FAULT-6")
class ThrottledIsDone(Served):
    """save() that is throttled trusts that the server will see to it."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code != 429:
                raise
            return {"id": doc_id, "rev": "soon"}
