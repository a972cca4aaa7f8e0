"""Services that delete or get many documents wrongly: BULK-3, BULK-4 and BULK-5."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete

BULKING_OTHERS: list[Mutant] = []
row = partial(breaks, BULKING_OTHERS)

Ids = list[str]
Entry = dict[str, Any]
Found = dict[str, Any] | None


@row("delete_many_minds_missing_ones", "BULK-3")
class MindsMissing(Complete):
    """A missing document is a failed entry of delete_many()."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        if self.key(db_name, doc_id) not in self.kept:
            return {"ok": False, "id": doc_id, "error": "not found"}
        return super().deleted_one(db_name, doc_id)


@row("delete_many_raises_404", "BULK-3")
class Raises404(Complete):
    """delete_many() raises 404 for a missing document."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        self.delete(db_name, doc_id)
        return {"ok": True, "id": doc_id}


@row("delete_many_in_unwritten_is_404", "BULK-3")
class DeletesUnwritten(Complete):
    """delete_many() in a collection that was never written is 404."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        if doc_ids and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().delete_many(db_name, doc_ids)


@row("delete_many_gives_none", "BULK-3")
class DeletesSilently(Complete):
    """delete_many() returns None."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        super().delete_many(db_name, doc_ids)
        return None


@row("delete_many_answers_once_for_each_id", "BULK-3", "BULK-5")
class DeletesOnce(Complete):
    """delete_many() has one entry for an id that is asked twice."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        return super().delete_many(db_name, list(dict.fromkeys(doc_ids)))


@row("delete_many_answers_sorted", "BULK-3")
class DeletesSorted(Complete):
    """The entries of delete_many() are in the order of the ids."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        return super().delete_many(db_name, sorted(doc_ids))


@row("delete_many_by_prefix", "BULK-3")
class DeletesPrefix(Complete):
    """delete_many() deletes what begins with an id."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(doc_id):
                del self.kept[db_name, kept.doc_id]
        return {"ok": True, "id": doc_id}


@row("delete_many_in_every_collection", "BULK-3")
class DeletesEverywhere(Complete):
    """delete_many() deletes in every collection."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        for place in [place for place in self.kept if place[1] == doc_id]:
            del self.kept[place]
        return {"ok": True, "id": doc_id}


@row("delete_many_deletes_100", "BULK-3", "BULK-5")
class DeletesHundred(Complete):
    """delete_many() deletes the first 100, and says that it has deleted all."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        entries = super().delete_many(db_name, doc_ids[:100])
        return entries + [{"ok": True, "id": doc_id} for doc_id in doc_ids[100:]]


@row("delete_many_uses_up_its_ids", "BULK-3")
class DeletesArguments(Complete):
    """delete_many() empties its caller's list."""

    def delete_many(self, db_name: str, doc_ids: Ids) -> list[Entry]:
        return [self.deleted_one(db_name, doc_ids.pop(0)) for _ in range(len(doc_ids))]


@row("get_many_leaves_out_missing_ones", "BULK-4")
class LeavesOut(Complete):
    """get_many() has no key for a missing document."""

    def get_many(self, db_name: str, doc_ids: Ids) -> dict[str, Found]:
        return {k: v for k, v in super().get_many(db_name, doc_ids).items() if v is not None}


@row("get_many_raises_404", "BULK-4")
class GetsOr404(Complete):
    """get_many() raises 404 for a missing document."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        return self.get(db_name, doc_id)


@row("get_many_is_a_list", "BULK-4")
class GetsList(Complete):
    """get_many() gives a list."""

    def get_many(self, db_name: str, doc_ids: Ids) -> dict[str, Found]:
        return list(super().get_many(db_name, doc_ids).values())


@row("get_many_takes_empty_for_missing", "BULK-4")
class EmptyIsMissing(Complete):
    """A document with no field is None."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        return found if found and found.keys() - {"_id", "_rev"} else None


@row("get_many_without_ids", "BULK-4")
class GetsNoIds(Complete):
    """The documents of get_many() have no `_id`."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        return found and {k: v for k, v in found.items() if k != "_id"}


@row("get_many_gives_100", "BULK-4", "BULK-5")
class GetsHundred(Complete):
    """get_many() gives the first 100, and None for the others."""

    def get_many(self, db_name: str, doc_ids: Ids) -> dict[str, Found]:
        return dict.fromkeys(doc_ids) | super().get_many(db_name, doc_ids[:100])


@row("get_many_binds_999_ids", "BULK-5")
class TooManyVariables(Complete):
    """get_many() binds each id to a variable of one query, which takes 999 of them."""

    def get_many(self, db_name: str, doc_ids: Ids) -> dict[str, Found]:
        if len(doc_ids) > 999:
            raise HTTPException(500, "too many SQL variables")
        return super().get_many(db_name, doc_ids)


@row("get_many_from_unwritten_is_404", "BULK-4")
class GetsUnwritten(Complete):
    """get_many() from a collection that was never written is 404."""

    def get_many(self, db_name: str, doc_ids: Ids) -> dict[str, Found]:
        if doc_ids and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().get_many(db_name, doc_ids)


@row("get_many_shares", "BULK-4")
class GetsShared(Complete):
    """Documents of equal content share their inner values in what get_many() gives."""

    def __init__(self) -> None:
        super().__init__()
        self.read_once: dict[str, Any] = {}

    def got_one(self, db_name: str, doc_id: str) -> Found:
        kept = self.kept.get(self.key(db_name, doc_id))
        if kept is None:
            return None
        fields = self.read_once.setdefault(kept.text, self.read(kept.text))
        return {**fields, "_id": doc_id, "_rev": kept.rev}


@row("get_many_by_prefix", "BULK-4")
class GetsPrefix(Complete):
    """A missing id is given a document whose id begins with it."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        near = [kept.doc_id for kept in self.kept_in(db_name) if kept.doc_id.startswith(doc_id)]
        return super().got_one(db_name, near[0]) if near and found is None else found
