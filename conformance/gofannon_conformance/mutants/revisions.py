"""Services that are wrong about revisions: SAVE-13 to SAVE-15."""

import json
from functools import partial
from hashlib import sha256
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.changes import each, of
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import OWN, Guarded, Right

REVISIONS: list[Mutant] = []
row = partial(breaks, REVISIONS)


@row("foreign_revision_is_409", "SAVE-13")
class ForeignRefused(Right):
    """A new document that carries a `_rev` is refused with 409."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if isinstance(doc, dict) and "_rev" in doc and (db_name, doc_id) not in self.kept:
            raise HTTPException(409, "document update conflict")
        return super().save(db_name, doc_id, doc)


@row("foreign_revision_is_400", "SAVE-13")
class ForeignUnread(Right):
    """A `_rev` that does not begin with a number is refused with 400."""

    def written(self, doc: dict[str, Any]) -> Any:
        rev = doc.get("_rev") if isinstance(doc, dict) else None
        if rev is not None and not rev.partition("-")[0].isdecimal():
            raise HTTPException(400, "invalid rev format")
        return super().written(doc)


@row("old_revision_is_ignored_in_silence", "SAVE-13")
class OldIgnored(Right):
    """A save with an old `_rev` is acknowledged and not done."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        rev = doc.get("_rev") if isinstance(doc, dict) else None
        kept = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        if kept and rev and rev.endswith("-r") and rev != kept.rev:
            return {"id": doc_id, "rev": kept.rev}
        return super().save(db_name, doc_id, doc)


@row("rev_of_the_field_names", "SAVE-14", capabilities={"revisions": True})
class RevOfNames(Right):
    """`rev` changes when the top-level field names do."""

    def revision(self, doc: dict[str, Any]) -> Any:
        return f"{sorted(doc)}" if isinstance(doc, dict) else ""


@row("rev_of_the_length", "SAVE-14", capabilities={"revisions": True})
class RevOfLength(Right):
    """`rev` is made of the length of the document."""

    def revision(self, doc: dict[str, Any]) -> Any:
        return f"{len(str(doc))}-length"


@row("rev_knows_true_and_1_for_one", "SAVE-14", capabilities={"revisions": True})
class RevOfNumbers(Right):
    """`rev` is the digest of the content, in which True is 1 and False is 0."""

    def revision(self, doc: dict[str, Any]) -> Any:
        own = {k: v for k, v in doc.items() if k not in OWN}
        return sha256(json.dumps(each(of(bool, int))(own)).encode()).hexdigest()


@row("rev_shared_by_three_changes", "SAVE-14", capabilities={"revisions": True})
class RevShared(Right):
    """`rev` is the same for each three changes that follow each other."""

    def revision(self, doc: dict[str, Any]) -> Any:
        number = int(super().revision(doc)[:-2])
        return f"{number // 3}-r"


@row("get_carries_the_revision_before", "SAVE-14")
class RevBehind(Right):
    """get() carries the revision before the last."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "rev": f"{self.changes + 1}-r"}


@row("listing_carries_the_generation", "SAVE-14")
class RevListed(Right):
    """list_all() carries the revision in a shorter form than get()."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [{**d, "_rev": d["_rev"].partition("-")[0]} for d in super().list_all(db_name)]


@row("revisions_claimed_and_not_there", "SAVE-14", capabilities={"revisions": True})
class RevConstant(Right):
    """The target claims revisions, and `rev` is always the same."""

    def revision(self, doc: dict[str, Any]) -> Any:
        return "memory-rev"


@row("revisions_denied_and_there", "SAVE-14", capabilities={"revisions": False})
class RevDenied(Right):
    """The target says that it has no revisions, and it has."""


@row("conflicts_denied_and_there", "SAVE-15", capabilities={"conflicts": False})
class ConflictsDenied(Guarded):
    """The target says that it refuses no stale revision, and it does."""


@row("conflicts_claimed_and_not_there", "SAVE-15", capabilities={"conflicts": True})
class ConflictsClaimed(Right):
    """The target says that it refuses stale revisions, and it takes them."""


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


@row("second_try_with_a_stale_revision_passes", "SAVE-15")
class SecondTry(Guarded):
    """A stale `_rev` is refused once, and then taken."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: set[Any] = set()

    def is_stale(self, carried: Any, current: str) -> bool:
        if carried == current or carried in self.tried:
            return False
        self.tried.add(carried)
        return True


@row("stale_is_412", "SAVE-15", capabilities={"conflicts": True})
class StaleIs412(Guarded):
    """A stale `_rev` is refused with 412."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            raise HTTPException(412 if error.status_code == 409 else error.status_code) from error


@row("current_revision_is_refused_too", "SAVE-15", capabilities={"conflicts": True})
class AllStale(Guarded):
    """Any `_rev` is refused with 409."""

    def is_stale(self, carried: Any, current: str) -> bool:
        return True
