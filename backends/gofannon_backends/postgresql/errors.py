"""The mapping from psycopg's errors to the backend's `HTTPException`s."""

from collections.abc import Callable
from typing import TypeVar

import psycopg
from fastapi import HTTPException
from psycopg import errors as pg

from gofannon_backends.base import errors
from gofannon_backends.postgresql.connections import ClosedError, NoAnswerError

_Result = TypeVar("_Result")

NOT_A_TABLE = "the schema holds something else by that name, which is no table of documents"

_Report = Callable[[str, str | None, str], HTTPException]

_REPORTS: tuple[tuple[tuple[type[psycopg.Error], ...], _Report], ...] = (
    ((ClosedError,), lambda db, doc, _: errors.closed(db, doc)),
    (
        (NoAnswerError, pg.QueryCanceled, pg.ConnectionTimeout),
        lambda db, doc, code: errors.timed_out(db, doc, code=code),
    ),
    (
        (pg.InvalidAuthorizationSpecification, pg.InvalidPassword, pg.InsufficientPrivilege),
        lambda db, doc, code: errors.credentials_refused(db, doc, code=code),
    ),
    (
        (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable),
        lambda db, doc, _: errors.conflict(db, doc),
    ),
    (
        (pg.ProgramLimitExceeded, pg.StatementTooComplex),
        lambda db, doc, code: errors.too_large(db, doc, why=f"PostgreSQL says {code}"),
    ),
    (
        (pg.UntranslatableCharacter, pg.CharacterNotInRepertoire),
        lambda db, doc, _: errors.refused(
            db, doc, why="the database's encoding lacks a character; one in UTF8 has them all"
        ),
    ),
    ((pg.WrongObjectType,), lambda db, doc, _: errors.bad_request(db, doc, why=NOT_A_TABLE)),
    (
        (pg.OperationalError, pg.InterfaceError),
        lambda db, doc, code: errors.unavailable(db, doc, code=code),
    ),
    ((psycopg.Error,), lambda db, doc, code: errors.store_failed(db, doc, code=code)),
)
"""The function for each of psycopg's errors: that of the first row which matches."""


def reported(db_name: str, doc_id: str | None, call: Callable[[], _Result]) -> _Result:
    """Return the result of the call; raise psycopg's errors as an `HTTPException`."""
    try:
        return call()
    except psycopg.Error as error:
        failure = translated(error, db_name, doc_id)
    # Raised outside the handler: psycopg's error, whose message may hold a secret, is then not
    # the context of this one.
    raise failure


def translated(error: psycopg.Error, db_name: str, doc_id: str | None) -> HTTPException:
    """Return the `HTTPException` for one of psycopg's errors."""
    if _is_refusal(error):
        return errors.credentials_refused(db_name, doc_id, code=type(error).__name__)
    code = type(error).__name__ if error.sqlstate is None else f"SQLSTATE {error.sqlstate}"
    report = next(report for kinds, report in _REPORTS if isinstance(error, kinds))
    return report(db_name, doc_id, code)


def _is_refusal(error: psycopg.Error) -> bool:
    """Return whether the server closed a new connection after asking for a password.

    A failed connection has no SQLSTATE, only a text; the question for a password is all that
    distinguishes a refusal from an outage. An unknown database counts as a refusal too.
    """
    attempt = error.pgconn
    return (
        error.sqlstate is None
        and attempt is not None
        and (attempt.used_password or attempt.needs_password)
    )
