"""What `save_many()` and `delete_many()` may report under a fault: no success that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.suite.faults.scene import Scene


def right_saves(scene: Scene, ids: list[str], answer: Answer) -> None:
    """Raise unless the documents that `save_many()` reports as saved exist."""
    _check_reported(scene, ids, answer, "BULK-1", exists=True)


def right_deletes(scene: Scene, ids: list[str], answer: Answer) -> None:
    """Raise if a document exists that `delete_many()` reports as deleted."""
    _check_reported(scene, ids, answer, "BULK-3", exists=False)


def _check_reported(
    scene: Scene, ids: list[str], answer: Answer, clause: str, *, exists: bool
) -> None:
    done = _reported_done(answer, ids, clause)

    def wrong(listing: Answer) -> set[str]:
        found = {doc["_id"] for doc in listing.value} if listing.returned else set()
        return done - found if exists else done & found

    left = wrong(scene.read_settled(scene.scratch_direct.list_all, lambda found: not wrong(found)))
    if left:
        what = "not there" if exists else "still there"
        raise violation(
            clause,
            f"{answer.call.method}() reported success for what is {what}: "
            f"{shortened(sorted(left)[:5], 200)}",
            answer=answer,
            expected="an HTTPException of 5xx, or a failed entry for each such document",
        )


def _reported_done(answer: Answer, ids: list[str], clause: str) -> set[str]:
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
