"""Services that are wrong about revisions: SAVE-13 to SAVE-15."""

from functools import partial

from fastapi import HTTPException
from right import Guarded, Right

from faulty.rows import breaks

BROKEN_REVISIONS = []
row = partial(breaks, BROKEN_REVISIONS)


@row("foreign-revision-is-409", "SAVE-13")
class ForeignRefused(Right):
    """A new document that carries a `_rev` is refused with 409."""

    def save(self, db_name, doc_id, doc):
        if isinstance(doc, dict) and "_rev" in doc and (db_name, doc_id) not in self.kept:
            raise HTTPException(409, "document update conflict")
        return super().save(db_name, doc_id, doc)


@row("foreign-revision-is-400", "SAVE-13")
class ForeignUnread(Right):
    """A `_rev` that does not begin with a number is refused with 400."""

    def written(self, doc):
        rev = doc.get("_rev") if isinstance(doc, dict) else None
        if rev is not None and not rev.partition("-")[0].isdecimal():
            raise HTTPException(400, "invalid rev format")
        return super().written(doc)


@row("old-revision-is-ignored-in-silence", "SAVE-13")
class OldIgnored(Right):
    """A save with an old `_rev` is acknowledged and not done."""

    def save(self, db_name, doc_id, doc):
        rev = doc.get("_rev") if isinstance(doc, dict) else None
        kept = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        if kept and rev and rev.endswith("-r") and rev != kept.rev:
            return {"id": doc_id, "rev": kept.rev}
        return super().save(db_name, doc_id, doc)


@row("rev-of-the-field-names", "SAVE-14", capabilities={"revisions": True})
class RevOfNames(Right):
    """`rev` changes when the top-level field names do."""

    def revision(self, doc):
        return f"{sorted(doc)}" if isinstance(doc, dict) else ""


@row("rev-of-the-length", "SAVE-14", capabilities={"revisions": True})
class RevOfLength(Right):
    """`rev` is made of the length of the document."""

    def revision(self, doc):
        return f"{len(str(doc))}-length"


@row("rev-shared-by-three-changes", "SAVE-14", capabilities={"revisions": True})
class RevShared(Right):
    """`rev` is the same for each three changes that follow each other."""

    def revision(self, doc):
        number = int(super().revision(doc)[:-2])
        return f"{number // 3}-r"


@row("get-carries-the-revision-before", "SAVE-14")
class RevBehind(Right):
    """get() carries the revision before the last."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "rev": f"{self.changes + 1}-r"}


@row("listing-carries-the-generation", "SAVE-14")
class RevListed(Right):
    """list_all() carries the revision in a shorter form than get()."""

    def list_all(self, db_name):
        return [{**d, "_rev": d["_rev"].partition("-")[0]} for d in super().list_all(db_name)]


@row("revisions-claimed-and-not-there", "SAVE-14", capabilities={"revisions": True})
class RevConstant(Right):
    """The target claims revisions, and `rev` is always the same."""

    def revision(self, doc):
        return "memory-rev"


@row("revisions-denied-and-there", "SAVE-14", capabilities={"revisions": False})
class RevDenied(Right):
    """The target says that it has no revisions, and it has."""


@row("conflicts-denied-and-there", "SAVE-15", capabilities={"conflicts": False})
class ConflictsDenied(Guarded):
    """The target says that it refuses no stale revision, and it does."""


@row("conflicts-claimed-and-not-there", "SAVE-15", capabilities={"conflicts": True})
class ConflictsClaimed(Right):
    """The target says that it refuses stale revisions, and it takes them."""


@row("stale-is-stored-unclaimed", "SAVE-15")
@row("stale-is-stored-all-the-same", "SAVE-15", capabilities={"conflicts": True})
class StaleStored(Guarded):
    """A stale `_rev` is refused with 409, and the document is stored."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code == 409:
                Right.save(self, db_name, doc_id, doc)
            raise


@row("second-try-with-a-stale-revision-passes", "SAVE-15")
class SecondTry(Guarded):
    """A stale `_rev` is refused once, and then taken."""

    def __init__(self):
        super().__init__()
        self.tried = set()

    def is_stale(self, carried, current):
        if carried == current or carried in self.tried:
            return False
        self.tried.add(carried)
        return True


@row("stale-is-412", "SAVE-15", capabilities={"conflicts": True})
class StaleIs412(Guarded):
    """A stale `_rev` is refused with 412."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            raise HTTPException(412 if error.status_code == 409 else error.status_code) from error


@row("current-revision-is-refused-too", "SAVE-15", capabilities={"conflicts": True})
class AllStale(Guarded):
    """Any `_rev` is refused with 409."""

    def is_stale(self, carried, current):
        return True
