"""What a failed request to CouchDB means to the caller of the service."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from couchdb import http as client
from fastapi import HTTPException

from gofannon_backends.base import errors
from gofannon_backends.couchdb.http import (
    CLIENT_ERRORS,
    ForeignAnswerError,
    NoAnswerInTimeError,
    TransportError,
)

_FAILURES: Final = (client.HTTPError, ForeignAnswerError, TransportError)
"""The exceptions that a request raises."""

_BY_STATUS: Final[Mapping[int, Callable[..., HTTPException]]] = {
    401: errors.credentials_refused,
    403: errors.credentials_refused,
    408: errors.timed_out,
    429: errors.too_many_requests,
    500: errors.store_failed,
    503: errors.unavailable,
    504: errors.timed_out,
}


@contextmanager
def explained(db_name: str, doc_id: str | None = None) -> Iterator[None]:
    """Replace the failure of a request in the block by the error for the caller."""
    try:
        yield
    except _FAILURES as failure:
        raise _error(failure, db_name, doc_id) from None


def _error(failure: Exception, db_name: str, doc_id: str | None) -> HTTPException:
    if isinstance(failure, NoAnswerInTimeError):
        return errors.timed_out(db_name, doc_id, code=failure.kind)
    if isinstance(failure, TransportError):
        return errors.unavailable(db_name, doc_id, code=failure.kind)
    status, code = status_of(failure)
    foreign = isinstance(failure, ForeignAnswerError)
    if status == 413:
        return errors.too_large(db_name, doc_id, why="CouchDB, or a proxy, takes no more")
    if status in {414, 431} or (status == 400 and foreign):
        # CouchDB answers a request line of more than 8 KB with an empty 400.
        return errors.bad_request(db_name, doc_id, why="the id is too long for the server")
    if status == 400:
        return errors.bad_request(db_name, doc_id, why=f"CouchDB says {code}")
    otherwise = errors.unavailable if foreign else errors.store_failed
    return _BY_STATUS.get(status, otherwise)(db_name, doc_id, code=code)


def status_of(failure: Exception) -> tuple[int, str]:
    """Return the HTTP status and the error code of an answer that was raised."""
    if isinstance(failure, ForeignAnswerError):
        return failure.status, f"HTTP {failure.status}, not from CouchDB"
    if isinstance(failure, client.ServerError):
        status, (code, _) = failure.args[0]
    else:
        code, _ = failure.args[0]
        status = next(one for one, kind in CLIENT_ERRORS.items() if isinstance(failure, kind))
    return status, code or f"HTTP {status}"
