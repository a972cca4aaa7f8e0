"""What a service may answer under a fault: an error of the right kind, or the right answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import is_http
from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer

GONE = 404
THROTTLED = frozenset({408, 429})
"""Statuses below 500 that ask the caller to try again."""

REFUSED = frozenset({401, 403})
"""Statuses that say that the service has no access."""


def outage(answer: Answer, clause: str, fault: str) -> None:
    """Raise unless a call without an answer of the server has raised a 5xx."""
    expected = "HTTPException with a status of 5xx"
    _check_raised(answer, clause, fault, expected)
    _check_status(answer, clause, fault, frozenset(), expected)


def tolerable(answer: Answer, clause: str, fault: str) -> None:
    """Raise unless a failed call has raised a 5xx or a 429."""
    _check_status(answer, clause, fault, THROTTLED, "HTTPException with a status of 5xx or 429")


def unauthorized(answer: Answer, clause: str, fault: str) -> None:
    """Raise unless a call has raised a 401, a 403, or a 5xx."""
    expected = "HTTPException with the status 401, 403 or 5xx"
    _check_raised(answer, clause, fault, expected)
    _check_status(answer, clause, fault, REFUSED, expected)


def _check_raised(answer: Answer, clause: str, fault: str, expected: str) -> None:
    if answer.error is None:
        what = f"{answer.call.method}() returned although {fault}"
        raise violation(clause, what, answer=answer, expected=expected)


def _check_status(
    answer: Answer, clause: str, fault: str, allowed: frozenset[int], expected: str
) -> None:
    status = answer.status
    if status is not None and (500 <= status < 600 or status in allowed):
        return
    error = answer.error
    also = ("ERR-2",) if error is not None and is_http(error) else ()
    raise violation(
        (*answers.blamed(answer, clause), *also),
        f"{answer.call.method}() raised, but not the right kind of error, when {fault}",
        answer=answer,
        expected=expected,
    )


def right_document(
    answer: Answer, doc_id: str, doc: dict[str, Any], clause: answers.Clauses
) -> None:
    """Raise unless `get()` returned the document unchanged."""
    answers.check_document(answer, answer.value, doc_id, doc, clause, id_clause=clause)


def right_listing(answer: Answer, docs: dict[str, dict[str, Any]], clause: str) -> None:
    """Raise unless `list_all()` returned all documents unchanged."""
    value = answer.value
    whole = type(value) is list and all(
        isinstance(doc, dict) and type(doc.get("_id")) is str for doc in value
    )
    if not whole:
        raise violation(
            clause,
            "list_all() returned something else than a list of documents with their ids",
            answer=answer,
            expected="an error, or the documents",
        )
    answers.listing(answer, docs, clause)


def right_receipt(answer: Answer, doc_id: str, clause: str, dialect: str) -> None:
    """Raise unless `save()` returned what it always returns."""
    value = answer.value
    if dialect == "interface":
        right = (
            type(value) is dict
            and value.get("id") == doc_id
            and isinstance(value.get("rev"), str)
            and value["rev"]
        )
    else:
        right = type(value) is dict and value.get("_id") == doc_id
    if not right:
        raise violation(
            clause,
            "save() returned, but not what it returns when it has saved a document",
            answer=answer,
            expected="an error, or what SAVE-1 says",
        )
