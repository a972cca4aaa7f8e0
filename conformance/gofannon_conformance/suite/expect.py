"""What an answer must be: each function gives what was asked for, or raises the violation.

A violation names the clause that the caller was testing, or the more particular one that the
answer itself shows to be broken: an exception that is no `HTTPException` is also ERR-1, a wrong
status also ERR-2, a wrong `_id` is GET-2, a field of the backend's own is GET-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from gofannon_conformance.calls import is_http
from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.resolve import said
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.equality import Difference

NOT_FOUND = 404

Numbers = Literal["exact", "by value"]

Clauses = str | tuple[str, ...]
"""The clause that is tested, or the several that one mistake breaks at once."""

_CALLING = ("gofannon_conformance.calls", "gofannon_conformance.patience")
"""Where the kit calls a service: what is raised there, no method of the service has raised."""

_PLAIN = (dict, list, str, int, float, bool, type(None))


def returned(answer: Answer, clause: Clauses, why: str) -> Any:
    """The call must return, whatever it returns."""
    if answer.error is None:
        return answer.value
    raise violation(blamed(answer, clause), f"{answer.call.method}() raised: {why}", answer=answer)


def ids(clause: Clauses) -> tuple[str, ...]:
    """Give the ids of a clause or of several."""
    return (clause,) if isinstance(clause, str) else clause


def blamed(answer: Answer, clause: Clauses) -> tuple[str, ...]:
    """Name the clauses, and ERR-1 with them where an exception of another kind escaped."""
    if answer.error is not None and not is_http(answer.error):
        if isinstance(answer.error, AttributeError) and _is_missing_method(answer):
            return ("API-1",)
        return ids(clause) if _never_began(answer) else (*ids(clause), "ERR-1")
    return ids(clause)


def _never_began(answer: Answer) -> bool:
    """Tell whether the method does not take such arguments: then it has raised nothing itself."""
    trace = answer.error.__traceback__ if isinstance(answer.error, TypeError) else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") in _CALLING


def _is_missing_method(answer: Answer) -> bool:
    return getattr(answer.error, "name", None) == answer.call.method


def saved(answer: Answer, clause: Clauses = "SAVE-2") -> Any:
    """The document must be taken."""
    return returned(answer, clause, "it must take this document")


def deleted(answer: Answer, clause: Clauses = "DEL-4") -> None:
    """The document must be deleted."""
    returned(answer, clause, "the document is there, so it must be deleted")


def missing(answer: Answer, clause: Clauses) -> None:
    """The call must raise 404, as an `HTTPException` and for the right reason."""
    expected = "HTTPException with status 404"
    if answer.error is None:
        raise violation(
            clause,
            f"{answer.call.method}() returned although there is no such document",
            answer=answer,
            expected=expected,
        )
    if answer.status != NOT_FOUND:
        also = ("ERR-2",) if is_http(answer.error) else ()
        raise violation(
            (*blamed(answer, clause), *also),
            f"{answer.call.method}() of a missing document raised, but not a 404",
            answer=answer,
            expected=expected,
        )


def refused(answer: Answer, clause: Clauses, what: str, *, type_error: bool = False) -> None:
    """The call must be refused as the caller's mistake: a 4xx, or `TypeError` where allowed."""
    if answer.refused or (type_error and isinstance(answer.error, TypeError)):
        return
    expected = "HTTPException with a status of 4xx" + (", or TypeError" if type_error else "")
    if answer.error is None:
        raise violation(clause, f"{what} was not refused", answer=answer, expected=expected)
    also = ("ERR-2",) if is_http(answer.error) else ()
    raise violation(
        (*blamed(answer, clause), *also),
        f"{what} was refused, but not as the caller's mistake",
        answer=answer,
        expected=expected,
    )


def document(
    answer: Answer,
    doc_id: str,
    doc: dict[str, Any],
    clause: Clauses,
    *,
    numbers: Numbers = "by value",
    id_clause: Clauses = "GET-2",
) -> dict[str, Any]:
    """`get()` must give this document: its fields, its `_id`, and nothing of the backend's."""
    found = returned(answer, clause, "the document was saved, so it must be found")
    check_document(answer, found, doc_id, doc, clause, numbers=numbers, id_clause=id_clause)
    return dict(found)


def check_document(
    answer: Answer,
    found: Any,
    doc_id: str,
    doc: dict[str, Any],
    clause: Clauses,
    *,
    numbers: Numbers = "by value",
    id_clause: Clauses = "GET-2",
) -> None:
    """Hold a document that came back against the one that was saved."""
    mine = own_fields(doc)
    if type(found) is not dict:
        kind = ("DOC-2",) if isinstance(found, dict) else ()
        raise violation(
            (*ids(clause), *kind),
            f"a document must be a dict, not {type(found).__name__}",
            answer=answer,
            expected=shortened({**mine, "_id": doc_id}),
        )
    theirs = own_fields(found)
    wrong = differences(mine, theirs, numbers=numbers)
    if wrong:
        saved_names = answer.trace.names | doc.keys()
        leaked = [name for name in theirs if name not in saved_names]
        raise violation(
            _clauses_of(wrong, clause, leaked),
            _how(wrong) + _whose_fault(answer, doc),
            answer=answer,
            came=shortened(found),
            expected=shortened({**mine, "_id": doc_id}),
            differences=[str(d) for d in wrong],
        )
    if type(found.get("_id")) is not str or found["_id"] != doc_id:
        has = f"it is {shortened(found['_id'], 120)}" if "_id" in found else "it has none"
        raise violation(
            id_clause,
            f"the document that came back must have `_id` equal to {shortened(doc_id, 120)}: {has}",
            answer=answer,
            came=shortened(found),
            expected=shortened({**mine, "_id": doc_id}),
        )


def own_fields(doc: dict[Any, Any]) -> dict[Any, Any]:
    """Leave out what a backend may add: top-level names that begin with `_`."""
    return {k: v for k, v in doc.items() if not (isinstance(k, str) and k[:1] == "_")}


def _clauses_of(wrong: list[Difference], clause: Clauses, leaked: list[Any]) -> tuple[str, ...]:
    clauses = [*ids(clause)]
    if leaked:
        clauses.insert(0 if len(leaked) == len(wrong) else 1, "GET-8")
    if any(d.kind == "type" and type(d.actual) not in _PLAIN for d in wrong):
        clauses.append("DOC-2")
    return tuple(dict.fromkeys(clauses))


def _how(wrong: list[Difference]) -> str:
    count = "one place" if len(wrong) == 1 else f"{len(wrong)} places"
    return f"what came back differs in {count} from what was saved"


def _whose_fault(answer: Answer, doc: dict[str, Any]) -> str:
    """Say by the target's back door whether `save()` or `get()` is wrong, if it has one."""
    raw = answer.trace.raw
    if raw is None or answer.call.method != "get":
        return ""
    try:
        held = raw(*answer.call.arguments)
    except Exception as error:  # noqa: BLE001  # the back door is the author's; it may fail
        return f"; raw() failed with {said(error)}"
    if isinstance(held, dict) and not differences(own_fields(doc), own_fields(held)):
        return "; raw() shows that the store holds what was saved, so get() is wrong"
    return f"; raw() shows that the store holds {shortened(held)}, so save() is wrong"


def listed(answer: Answer, clause: Clauses = "LIST-1") -> list[dict[str, Any]]:
    """`list_all()` must give a list of dicts."""
    value = returned(answer, clause, "it must list the collection")
    if type(value) is not list:
        raise violation(
            "LIST-1",
            f"list_all() must return a list, not {type(value).__name__}",
            answer=answer,
            expected="a list of dicts",
        )
    for index, doc in enumerate(value):
        if not isinstance(doc, dict):
            raise violation(
                "LIST-1",
                f"list_all()[{index}] must be a dict, not {type(doc).__name__}",
                answer=answer,
                expected="a list of dicts",
            )
        if type(doc.get("_id")) is not str:
            has = f"its `_id` is {doc['_id']!r}" if "_id" in doc else "it has no `_id`"
            raise violation(
                "LIST-2",
                f"every document of list_all() must have its `_id`, a str; at {index}, {has}",
                answer=answer,
                came=shortened(doc),
            )
    return value


def listing(
    answer: Answer,
    expected: dict[str, dict[str, Any]],
    clause: Clauses = "LIST-5",
    *,
    numbers: Numbers = "by value",
) -> list[dict[str, Any]]:
    """`list_all()` must give exactly these documents, by id, in any order."""
    value = listed(answer, clause)
    ids = [doc["_id"] for doc in value]
    present = set(ids)
    twice = sorted({i for i in ids if ids.count(i) > 1}) if len(present) < len(ids) else []
    lacking = [i for i in expected if i not in present]
    surplus = [i for i in dict.fromkeys(ids) if i not in expected]
    if twice or lacking or surplus:
        parts = [
            f"{len(which):,} {how}: {shortened(which[:5], 200)}{' …' if len(which) > 5 else ''}"
            for which, how in (
                (lacking, "missing"),
                (surplus, "that should not be there"),
                (twice, "more than once"),
            )
            if which
        ]
        raise violation(
            clause,
            "list_all() must be exactly the live documents",
            answer=answer,
            came=f"{len(ids):,} documents; " + "; ".join(parts),
            expected=f"{len(expected):,} documents: {shortened(sorted(expected)[:5], 200)}"
            f"{' …' if len(expected) > 5 else ''}",
        )
    for doc in value:
        check_document(
            answer,
            doc,
            doc["_id"],
            expected[doc["_id"]],
            clause,
            numbers=numbers,
            id_clause="LIST-2",
        )
    return value
