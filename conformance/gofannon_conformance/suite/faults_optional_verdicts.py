"""What `save_many()` and `delete_many()` may say in trouble: of no document that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.program import shortened
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.faults_scene import Scene


def right_saves(here: Scene, ids: list[str], answer: Answer) -> None:
    """`save_many()` has returned: what it says is saved must be there."""
    said = _said_done(answer, ids, "BULK-1")
    found = here.read_settled(here.desk_itself.list_all, lambda found: said <= _ids_of(found))
    _check_true(answer, "BULK-1", said - _ids_of(found), "not there")


def right_deletes(here: Scene, ids: list[str], answer: Answer) -> None:
    """`delete_many()` has returned: what it says is gone must be gone."""
    said = _said_done(answer, ids, "BULK-3")
    found = here.read_settled(here.desk_itself.list_all, lambda found: not said & _ids_of(found))
    _check_true(answer, "BULK-3", said & _ids_of(found), "still there")


def _said_done(answer: Answer, ids: list[str], clause: str) -> set[str]:
    entries: Any = answer.value
    if (
        not isinstance(entries, list)
        or len(entries) != len(ids)
        or any(not isinstance(e, dict) or type(e.get("ok")) is not bool for e in entries)
    ):
        raise violation(
            clause,
            f"{answer.call.method}() returned something else than an entry for each document",
            answer=answer,
            expected="an HTTPException of 5xx, or an entry for each document",
        )
    return {doc_id for doc_id, entry in zip(ids, entries, strict=True) if entry["ok"]}


def _check_true(answer: Answer, clause: str, wrong: set[str], what: str) -> None:
    if wrong:
        shown = shortened(sorted(wrong)[:5], 200)
        raise violation(
            clause,
            f"{answer.call.method}() reported success for what is {what}: {shown}",
            answer=answer,
            expected="an HTTPException of 5xx, or a failed entry for each such document",
        )


def _ids_of(listing: Answer) -> set[str]:
    return {doc["_id"] for doc in listing.value} if listing.returned else set()
