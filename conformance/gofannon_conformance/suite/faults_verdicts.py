"""What a service may say in trouble: an error of the right kind, or the right answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import is_http
from gofannon_conformance.suite import expect
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer

GONE = 404
THROTTLED = frozenset({408, 429})
"""Statuses below 500 that say that the caller may come again."""

REFUSED = frozenset({401, 403})
"""Statuses that say that the service itself was turned away."""


def outage(answer: Answer, clause: str, trouble: str) -> None:
    """The call must raise a 5xx: nobody has answered it."""
    if answer.error is None:
        raise violation(
            clause,
            f"{answer.call.method}() returned although {trouble}",
            answer=answer,
            expected="HTTPException with a status of 5xx",
        )
    _check_status(answer, clause, trouble, frozenset(), "HTTPException with a status of 5xx")


def tolerable(answer: Answer, clause: str, trouble: str) -> None:
    """What the call has raised must be a 5xx, or a 429."""
    _check_status(answer, clause, trouble, THROTTLED, "HTTPException with a status of 5xx or 429")


def turned_away(answer: Answer, clause: str, trouble: str) -> None:
    """What the call has raised must be a 401, a 403, or a 5xx."""
    _check_status(answer, clause, trouble, REFUSED, "HTTPException with the status 401, 403 or 5xx")


def _check_status(
    answer: Answer, clause: str, trouble: str, allowed: frozenset[int], expected: str
) -> None:
    status = answer.status
    if status is not None and (500 <= status < 600 or status in allowed):
        return
    error = answer.error
    also = ("ERR-2",) if error is not None and is_http(error) else ()
    raise violation(
        (*expect.blamed(answer, clause), *also),
        f"{answer.call.method}() raised, but not the right kind of error, when {trouble}",
        answer=answer,
        expected=expected,
    )


def right_document(
    answer: Answer, doc_id: str, doc: dict[str, Any], clause: expect.Clauses
) -> None:
    """`get()` has returned: it must be the document as it is."""
    expect.check_document(answer, answer.value, doc_id, doc, clause, id_clause=clause)


def right_listing(answer: Answer, docs: dict[str, dict[str, Any]], clause: str) -> None:
    """`list_all()` has returned: it must be all documents as they are."""
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
    expect.listing(answer, docs, clause)


def right_receipt(answer: Answer, doc_id: str, clause: str, dialect: str) -> None:
    """`save()` has returned: it must be what `save()` always returns."""
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
