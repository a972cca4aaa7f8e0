"""Services that are wrong about revisions: SAVE-13 to SAVE-15."""

import json
from functools import partial
from hashlib import sha256
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, each, lists, of, step, table
from gofannon_conformance.mutants.right import OWN, Guarded, Right


def digest(doc: Any) -> str:
    own = {k: v for k, v in doc.items() if k not in OWN}
    return sha256(json.dumps(each(of(bool, int))(own)).encode()).hexdigest()


REVISIONS: list[Mutant] = [
    *table(
        step("revision"),
        ("rev_of_the_field_names", "SAVE-14", "`rev` changes only with the top-level field names.",
         lambda self, doc: f"{sorted(doc)}" if isinstance(doc, dict) else ""),
        ("rev_of_the_length", "SAVE-14", "`rev` is made of the length of the document.",
         lambda self, doc: f"{len(str(doc))}-length"),
        ("rev_knows_true_and_1_for_one", "SAVE-14",
         "`rev` is the digest of the content, in which True is 1 and False is 0.",
         lambda self, doc: digest(doc)),
        ("rev_shared_by_three_changes", "SAVE-14",
         "`rev` is the same for three changes in a row.",
         lambda self, doc: f"{int(Right.revision(self, doc)[:-2]) // 3}-r"),
        ("revisions_claimed_and_not_there", "SAVE-14",
         "The target claims revisions, and `rev` is always the same.",
         lambda self, doc: "memory-rev"),
        capabilities={"revisions": True},
    ),
    *table(
        lists,
        ("listing_carries_the_generation", "SAVE-14",
         "list_all() carries the revision in a shorter form than get().",
         lambda docs: [{**doc, "_rev": doc["_rev"].partition("-")[0]} for doc in docs]),
    ),
]  # fmt: skip
row = partial(breaks, REVISIONS)
alter = partial(alters, REVISIONS)


@alter("save", "foreign_revision_is_409", "SAVE-13")
def foreign_refused(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A new document that carries a `_rev` is refused with 409."""
    if isinstance(doc, dict) and "_rev" in doc and (db_name, doc_id) not in self.kept:
        raise HTTPException(409, "document update conflict")
    return Right.save(self, db_name, doc_id, doc)


@alter("written", "foreign_revision_is_400", "SAVE-13")
def foreign_unread(self: Right, doc: dict[str, Any]) -> Any:
    """A `_rev` that does not begin with a number is refused with 400."""
    rev = doc.get("_rev") if isinstance(doc, dict) else None
    if rev is not None and not rev.partition("-")[0].isdecimal():
        raise HTTPException(400, "invalid rev format")
    return Right.written(self, doc)


@alter("save", "old_revision_is_ignored_in_silence", "SAVE-13")
def old_ignored(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A save with an old `_rev` is acknowledged and not done."""
    rev = doc.get("_rev") if isinstance(doc, dict) else None
    kept = self.earlier(db_name, doc_id)
    if kept and rev and rev.endswith("-r") and rev != kept.rev:
        return {"id": doc_id, "rev": kept.rev}
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "get_carries_the_revision_before", "SAVE-14")
def rev_behind(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """get() carries the revision before the last."""
    answer = Right.save(self, db_name, doc_id, doc)
    return {**answer, "rev": f"{self.changes + 1}-r"}


@row("revisions_denied_and_there", "SAVE-14", capabilities={"revisions": False})
class RevDenied(Right):
    """The target says that it has no revisions, but it has."""


@row("conflicts_denied_and_there", "SAVE-15", capabilities={"conflicts": False})
class ConflictsDenied(Guarded):
    """The target says that it refuses no stale revision, but it does."""


@row("conflicts_claimed_and_not_there", "SAVE-15", capabilities={"conflicts": True})
class ConflictsClaimed(Right):
    """The target says that it refuses stale revisions, but it accepts them."""


@row("stale_is_stored_unclaimed", "SAVE-15")
@row("stale_is_stored_all_the_same", "SAVE-15", capabilities={"conflicts": True})
class StaleStored(Guarded):
    """A stale `_rev` is refused with 409, and the document is stored."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code == 409:
                Right.save(self, db_name, doc_id, doc)
            raise


@alter("is_stale", "second_try_with_a_stale_revision_passes", "SAVE-15")
def second_try(self: Guarded, carried: Any, current: str) -> bool:
    """A stale `_rev` is refused once, and then accepted."""
    if carried == current or carried in self.memo:
        return False
    self.memo[carried] = "refused"
    return True


@alter("save", "stale_is_412", "SAVE-15", capabilities={"conflicts": True})
def stale_is412(self: Guarded, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A stale `_rev` is refused with 412."""
    try:
        return Guarded.save(self, db_name, doc_id, doc)
    except HTTPException as error:
        raise HTTPException(412 if error.status_code == 409 else error.status_code) from error


@alter("is_stale", "current_revision_is_refused_too", "SAVE-15", capabilities={"conflicts": True})
def all_stale(self: Guarded, carried: Any, current: str) -> bool:
    """Any `_rev` is refused with 409."""
    return True
