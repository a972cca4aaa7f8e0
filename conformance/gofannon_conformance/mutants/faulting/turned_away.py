"""Services over HTTP whose credentials are wrong, and that hide it or show them: FAULT-8, ERR-4."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.error import URLError

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served
from gofannon_conformance.mutants.mutant import Mutant, T, breaks

TURNED_AWAY: list[Mutant] = []

logger = logging.getLogger(__name__)


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(TURNED_AWAY, name, *clauses, **OVER_HTTP)


@row("unauthorized_is_404", "FAULT-8", "ERR-2")
class UnauthorizedIs404(Served):
    """What one may not see is not there."""

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            raise HTTPException(404, f"there is nothing at {path}")
        return super().understood(method, path, status, data)


@row("unauthorized_is_an_empty_list", "FAULT-8")
class UnauthorizedIsEmpty(Served):
    """Who may see nothing sees an empty list."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if "does not know" in error.detail:
                return []
            raise


@row("unauthorized_delete_is_silent", "FAULT-8")
class UnauthorizedIsSilent(Served):
    """delete() of what one may not see is done."""

    def delete(self, db_name: str, doc_id: str) -> None:
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if "does not know" not in error.detail:
                raise


@row("password_in_the_detail", "FAULT-8", "ERR-4")
class PasswordInDetail(Served):
    """Says with which address it was turned away."""

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            raise HTTPException(503, f"{self.place.geturl()} does not know this service")
        return super().understood(method, path, status, data)


@row("password_in_the_cause", "FAULT-8", "ERR-4")
class PasswordInCause(Served):
    """What it raises comes from an error that shows the header that was sent."""

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            raise HTTPException(502, "turned away") from URLError(self.authorization)
        return super().understood(method, path, status, data)


@row("password_in_the_repr_after_a_failure", "ERR-4")
class PasswordInRepr(Served):
    """Once a call has failed, repr() says with what it was made."""

    failure = ""

    def in_need(self, status: int) -> HTTPException:
        self.failure = f"{self.authorization} was answered {status}"
        return super().in_need(status)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.failure}>"


@row("token_in_the_detail", "ERR-4")
class TokenInDetail(Served):
    """What it raises shows the token that it has got since it was opened."""

    token = ""

    def in_need(self, status: int) -> HTTPException:
        self.token = self.token or f"{id(self):x}-of-a-session"
        return HTTPException(503, f"the store answered {status} to {self.token}")


@row("password_in_the_log", "FAULT-8", "ERR-4")
class PasswordInLog(Served):
    """Logs who was turned away."""

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            logger.warning("turned away: %s", self.place.geturl())
        return super().understood(method, path, status, data)


@row("password_in_the_detail_of_an_outage", "ERR-4")
class PasswordInOutage(Served):
    """Says which address could not be reached, with the password."""

    def lost(self, error: Exception) -> HTTPException:
        return HTTPException(503, f"no answer from {self.place.geturl()}: {error}")
