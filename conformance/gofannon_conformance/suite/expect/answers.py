"""Checks of answers: each function returns the expected value, or raises a violation.

A violation names the clause of the test. It also names a more specific clause if the answer shows
that this one is broken: ERR-1 for an exception other than `HTTPException`, ERR-2 for a wrong
status, GET-2 for a wrong `_id`, GET-8 for a field that the backend added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from gofannon_conformance.calls.values import is_http
from gofannon_conformance.calls.violation import Violation, violation
from gofannon_conformance.service import caller, time_limit
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.exceptions import said
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.values.equality import Difference

NOT_FOUND = 404

Numbers = Literal["exact", "by value"]

Documents = dict[str, dict[str, Any]]
"""Documents by their ids."""

Clauses = str | tuple[str, ...]
"""The tested clause, or all clauses that one mistake breaks."""

_CALLING = (caller.__name__, time_limit.__name__)
"""The modules that call a service. An exception raised there is not raised by the service."""

_PLAIN = (dict, list, str, int, float, bool, type(None))


def returned(answer: Answer, clause: Clauses, why: str) -> Any:
    """Return the value of a call, which must not raise."""
    if answer.error is None:
        return answer.value
    raise violation(blamed(answer, clause), f"{answer.call.method}() raised: {why}", answer=answer)


def ids(clause: Clauses) -> tuple[str, ...]:
    """Return the ids of one clause or of several."""
    return (clause,) if isinstance(clause, str) else clause


def blamed(answer: Answer, clause: Clauses) -> tuple[str, ...]:
    """Return the clauses, with ERR-1 if an exception other than `HTTPException` escaped."""
    error = answer.error
    if error is None or is_http(error):
        return ids(clause)
    if not _has_not_begun(error):
        return (*ids(clause), "ERR-1")
    return ("API-1",) if isinstance(error, AttributeError) else ids(clause)


def _has_not_begun(error: BaseException) -> bool:
    """Return whether there is no such method, or it does not accept its arguments."""
    trace = error.__traceback__ if isinstance(error, (TypeError, AttributeError)) else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") in _CALLING


def saved(answer: Answer, clause: Clauses = "SAVE-2") -> Any:
    """Return the answer of `save()`, which must accept the document."""
    try:
        return returned(answer, clause, "it must accept this document")
    except Violation as found:
        found.unaccepted = answer
        raise


def save_all(collection: Collection, docs: Documents, clause: Clauses = "SAVE-2") -> None:
    """Save each document. All must be accepted."""
    for doc_id, doc in docs.items():
        saved(collection.save(doc_id, doc), clause)


def deleted(answer: Answer, clause: Clauses = "DEL-4") -> None:
    """Check that `delete()` of an existing document did not raise."""
    returned(answer, clause, "the document exists, so it must be deleted")


def missing(answer: Answer, clause: Clauses) -> None:
    """Check that the call raised an `HTTPException` with status 404."""
    if answer.status == NOT_FOUND:
        return
    what = f"{answer.call.method}() of a missing document raised, but not a 404"
    if answer.error is None:
        what = f"{answer.call.method}() returned although there is no such document"
    raise _not_raised(answer, clause, what, "HTTPException with status 404")


def refused(answer: Answer, clause: Clauses, what: str, *, type_error: bool = False) -> None:
    """Check that the call raised a 4xx, or a `TypeError` if that is allowed."""
    if answer.refused or (type_error and isinstance(answer.error, TypeError)):
        return
    how = "was not refused" if answer.error is None else "was refused, but not with a 4xx"
    expected = "HTTPException with a status of 4xx" + (", or TypeError" if type_error else "")
    raise _not_raised(answer, clause, f"{what} {how}", expected)


def _not_raised(answer: Answer, clause: Clauses, what: str, expected: str) -> Violation:
    also = ("ERR-2",) if answer.error is not None and is_http(answer.error) else ()
    return violation((*blamed(answer, clause), *also), what, answer=answer, expected=expected)


def document(
    answer: Answer,
    doc_id: str,
    doc: dict[str, Any],
    clause: Clauses,
    *,
    numbers: Numbers = "by value",
    id_clause: Clauses = "GET-2",
) -> dict[str, Any]:
    """Return the answer of `get()`, which must be this document with its `_id` and no more."""
    found = returned(answer, clause, "the document was saved, so it must be found")
    check_document(answer, found, doc_id, doc, clause, numbers=numbers, id_clause=id_clause)
    return dict(found)


def stored(
    collection: Collection, doc_id: str, doc: dict[str, Any], clause: Clauses
) -> dict[str, Any]:
    """Return what `get()` returns for an id, which must be this document."""
    return document(collection.get(doc_id), doc_id, doc, clause)


def all_stored(collection: Collection, docs: Documents, clause: Clauses) -> None:
    """Check that `get()` returns each of these documents."""
    for doc_id, doc in docs.items():
        stored(collection, doc_id, doc, clause)


def round_trip(
    collection: Collection,
    doc_id: str,
    doc: dict[str, Any],
    clause: Clauses,
    *,
    saving: Clauses = "SAVE-2",
) -> None:
    """Save a document, and check that `get()` returns it."""
    saved(collection.save(doc_id, doc), saving)
    stored(collection, doc_id, doc, clause)


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
    """Compare a returned document with the saved one."""
    mine = own_fields(doc)

    def wrong(clauses: Clauses, what: str, **more: Any) -> Violation:
        expected = shortened({**mine, "_id": doc_id})
        return violation(clauses, what, answer=answer, expected=expected, **more)

    if type(found) is not dict:
        kind = ("DOC-2",) if isinstance(found, dict) else ()
        raise wrong((*ids(clause), *kind), f"a document must be a dict, not {_type(found)}")
    theirs = own_fields(found)
    if unequal := differences(mine, theirs, numbers=numbers):
        saved_names = answer.trace.names | doc.keys()
        leaked = [name for name in theirs if name not in saved_names]
        count = "one place" if len(unequal) == 1 else f"{len(unequal)} places"
        raise wrong(
            _clauses_of(unequal, clause, leaked),
            f"what came back differs in {count} from what was saved" + _cause(answer, doc),
            came=shortened(found),
            differences=[str(d) for d in unequal],
        )
    if type(found.get("_id")) is not str or found["_id"] != doc_id:
        has = f"it is {shortened(found['_id'], 120)}" if "_id" in found else "it has none"
        raise wrong(
            id_clause,
            f"the document that came back must have `_id` equal to {shortened(doc_id, 120)}: {has}",
            came=shortened(found),
        )


def own_fields(doc: dict[Any, Any]) -> dict[Any, Any]:
    """Return a document without the fields that a backend may add: top-level names with `_`."""
    return {k: v for k, v in doc.items() if not (isinstance(k, str) and k[:1] == "_")}


def _clauses_of(wrong: list[Difference], clause: Clauses, leaked: list[Any]) -> tuple[str, ...]:
    clauses = [*ids(clause)]
    if leaked:
        clauses.insert(0 if len(leaked) == len(wrong) else 1, "GET-8")
    if any(d.kind == "type" and type(d.actual) not in _PLAIN for d in wrong):
        clauses.append("DOC-2")
    return tuple(dict.fromkeys(clauses))


def _cause(answer: Answer, doc: dict[str, Any]) -> str:
    """Return whether `save()` or `get()` is wrong, if the target has `raw()` to find out."""
    raw = answer.trace.raw
    if raw is None or answer.call.method != "get":
        return ""
    try:
        held = raw(*answer.call.arguments)
    except Exception as error:  # noqa: BLE001  # raw() is the author's; it may fail
        return f"; raw() failed with {said(error)}"
    if isinstance(held, dict) and not differences(own_fields(doc), own_fields(held)):
        return "; raw() shows that the store holds what was saved, so get() is wrong"
    return f"; raw() shows that the store holds {shortened(held)}, so save() is wrong"


def listed(answer: Answer, clause: Clauses = "LIST-1") -> list[dict[str, Any]]:
    """Return the answer of `list_all()`, which must be a list of dicts with ids."""
    value = returned(answer, clause, "it must list the collection")
    odd = None if type(value) is list else f"list_all() must return a list, not {_type(value)}"
    for index, doc in enumerate(value if odd is None else ()):
        if not isinstance(doc, dict):
            odd = f"list_all()[{index}] must be a dict, not {_type(doc)}"
            break
        if type(doc.get("_id")) is not str:
            has = f"its `_id` is {doc['_id']!r}" if "_id" in doc else "it has no `_id`"
            raise violation(
                "LIST-2",
                f"every document of list_all() must have its `_id`, a str; at {index}, {has}",
                answer=answer,
                came=shortened(doc),
            )
    if odd is not None:
        raise violation("LIST-1", odd, answer=answer, expected="a list of dicts")
    docs: list[dict[str, Any]] = value
    return docs


def _type(value: Any) -> str:
    return type(value).__name__


def listing(
    answer: Answer,
    expected: Documents,
    clause: Clauses = "LIST-5",
    *,
    numbers: Numbers = "by value",
) -> list[dict[str, Any]]:
    """Return the answer of `list_all()`: exactly these documents, by id, in any order."""
    value = listed(answer, clause)
    ids = [doc["_id"] for doc in value]
    present = set(ids)
    twice = sorted({i for i in ids if ids.count(i) > 1}) if len(present) < len(ids) else []
    lacking = [i for i in expected if i not in present]
    surplus = [i for i in dict.fromkeys(ids) if i not in expected]
    wrong = {"missing": lacking, "not expected": surplus, "more than once": twice}
    if lacking or surplus or twice:
        parts = [
            f"{len(which):,} {how}: {first_few(which)}" for how, which in wrong.items() if which
        ]
        raise violation(
            clause,
            "list_all() must be exactly the live documents",
            answer=answer,
            came=f"{len(ids):,} documents; " + "; ".join(parts),
            expected=f"{len(expected):,} documents: {first_few(sorted(expected))}",
        )
    for doc in value:
        doc_id = doc["_id"]
        check_document(
            answer, doc, doc_id, expected[doc_id], clause, numbers=numbers, id_clause="LIST-2"
        )
    return value


def first_few(items: list[Any]) -> str:
    """Return the first five items as text."""
    return shortened(items[:5], 200) + (" …" if len(items) > 5 else "")


def empty(answer: Answer, clause: Clauses) -> None:
    """Check that `list_all()` or `find()` of an empty collection returned an empty list."""
    value = returned(answer, clause, "an empty collection is no error")
    if type(value) is not list or value:
        what = f"{answer.call.method}() of an empty collection must return []"
        raise violation(clause, what, answer=answer, expected="[]")


def holds(collection: Collection, docs: Documents, clause: Clauses = "LIST-5") -> None:
    """Check by `get()` and `list_all()` that a collection holds exactly these documents."""
    all_stored(collection, docs, clause)
    listing(collection.list_all(), docs, clause)


def not_deleted(kit: Kit, answer: Answer, clause_id: str) -> None:
    """Check the deletion of a missing document: 404, or None in the dialect `overview`."""
    if kit.dialect == "interface":
        missing(answer, clause_id)
    else:
        none(answer, clause_id, "deleting a missing document does nothing")


def none(answer: Answer, clause_id: str, why: str) -> None:
    """Check that the call returned None."""
    if returned(answer, clause_id, why) is not None:
        what = f"{answer.call.method}() must return None"
        raise violation(clause_id, what, answer=answer, expected="None")
