"""Services over HTTP that hide wrong credentials, or show secrets: FAULT-8, ERR-4."""

import logging
from functools import partial
from typing import Any
from urllib.error import URLError

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import OVER_HTTP, Served, hides, is_unauthorized
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters

CREDENTIALS: list[Mutant] = []
alter = partial(alters, CREDENTIALS)

logger = logging.getLogger(__name__)


class RaisesOwn(Served):
    """Has an exception of its own for a 401."""

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            raise self.unauthorized(path)
        return super().understood(method, path, status, data)

    def unauthorized(self, path: str) -> HTTPException:
        return HTTPException(502, "the store does not know this service")


@alter("unauthorized", "unauthorized_is_404", "FAULT-8", "ERR-2", **OVER_HTTP)
def unauthorized_is404(self: RaisesOwn, path: str) -> HTTPException:
    """Without access, every document is missing."""
    return HTTPException(404, f"there is nothing at {path}")


@breaks(CREDENTIALS, "unauthorized_is_an_empty_list", "FAULT-8", **OVER_HTTP)
@hides("list_all", is_unauthorized, [])
class UnauthorizedIsEmpty(Served):
    """Without access, the list is empty."""


@breaks(CREDENTIALS, "unauthorized_delete_is_silent", "FAULT-8", **OVER_HTTP)
@hides("delete", is_unauthorized, None)
class UnauthorizedIsSilent(Served):
    """Without access, delete() returns."""


@alter("unauthorized", "password_in_the_detail", "FAULT-8", "ERR-4", **OVER_HTTP)
def password_in_detail(self: RaisesOwn, path: str) -> HTTPException:
    """The detail of a 401 has the address with the password."""
    return HTTPException(503, f"{self.place.geturl()} does not know this service")


@alter("unauthorized", "password_in_the_cause", "FAULT-8", "ERR-4", **OVER_HTTP)
def password_in_cause(self: RaisesOwn, path: str) -> HTTPException:
    """The cause of the exception shows the header that was sent."""
    failure = RaisesOwn.unauthorized(self, path)
    failure.__cause__ = URLError(self.authorization)
    return failure


@breaks(CREDENTIALS, "password_in_the_repr_after_a_failure", "ERR-4", **OVER_HTTP)
class PasswordInRepr(Served):
    """Once a call has failed, repr() shows the credentials."""

    failure = ""

    def overloaded(self, status: int) -> HTTPException:
        self.failure = f"{self.authorization} was answered {status}"
        return super().overloaded(status)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.failure}>"


@breaks(CREDENTIALS, "token_in_the_detail", "ERR-4", **OVER_HTTP)
class TokenInDetail(Served):
    """An exception shows the token that the service has received since it was opened."""

    token = ""

    def overloaded(self, status: int) -> HTTPException:
        self.token = self.token or f"{id(self):x}-of-a-session"
        return HTTPException(503, f"the store answered {status} to {self.token}")


@alter("unauthorized", "password_in_the_log", "FAULT-8", "ERR-4", **OVER_HTTP)
def password_in_log(self: RaisesOwn, path: str) -> HTTPException:
    """Logs the address with the password on a 401."""
    logger.warning("unauthorized: %s", self.place.geturl())
    return RaisesOwn.unauthorized(self, path)


@alter("lost", "password_in_the_detail_of_an_outage", "ERR-4", **OVER_HTTP)
def password_in_outage(self: Served, error: Exception) -> HTTPException:
    """The detail of an outage has the address with the password."""
    return HTTPException(503, f"no answer from {self.place.geturl()}: {error}")
