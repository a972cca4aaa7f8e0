"""Services that delete or get many documents wrongly: BULK-3, BULK-4 and BULK-5."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Complete, Kept
from gofannon_conformance.mutants.variants import around, is_unwritten, raising, variant

Ids = list[str]
Entry = dict[str, Any]
Found = dict[str, Any] | None

NOT_FOUND = HTTPException(404, "there is no such collection")


def deletes(name: str, mistake: str, is_meant: Callable[[Kept, str, str], bool]) -> Mutant:
    """Make a mutant whose delete_many() deletes all that it takes for a document of an id."""

    def deleted_one(self: Complete, db_name: str, doc_id: str) -> Entry:
        for place, kept in [*self.kept.items()]:
            if is_meant(kept, db_name, doc_id):
                del self.kept[place]
        return {"ok": True, "id": doc_id}

    return variant(name, "BULK-3", mistake, deleted_one=deleted_one)


def gets(name: str, mistake: str, is_like: Callable[[str, str], bool]) -> Mutant:
    """Make a mutant whose get_many() returns another document for a missing one."""

    def got_one(self: Complete, db_name: str, doc_id: str) -> Found:
        found = Complete.got_one(self, db_name, doc_id)
        others = [k.doc_id for k in self.kept_in(db_name) if is_like(k.doc_id, doc_id)]
        return Complete.got_one(self, db_name, others[0]) if others and found is None else found

    return variant(name, "BULK-4", mistake, got_one=got_one)


delete_many = partial(around, "delete_many")
get_many = partial(around, "get_many")
got_one = partial(around, "got_one")

BULKING_OTHERS: list[Mutant] = [
    delete_many("delete_many_gives_none", "BULK-3", "delete_many() returns None.",
                gives=lambda entries: None),
    delete_many("delete_many_answers_once_for_each_id", "BULK-3 BULK-5",
                "delete_many() returns one entry for an id that it is given twice.",
                takes=lambda ids: list(dict.fromkeys(ids))),
    delete_many("delete_many_answers_sorted", "BULK-3",
                "The entries of delete_many() are in the order of the ids.", takes=sorted),
    raising("delete_many", "delete_many_in_unwritten_is_404", "BULK-3",
            "delete_many() in a collection that was never written is 404.",
            when=is_unwritten, error=NOT_FOUND),
    deletes("delete_many_in_every_collection", "delete_many() deletes in every collection.",
            lambda kept, place, i: kept.doc_id == i),
    deletes("delete_many_deletes_what_is_below", "delete_many() of `a` deletes `a:b` as well.",
            lambda kept, place, i: kept.collection == place
            and (kept.doc_id == i or kept.doc_id.startswith(f"{i}:"))),
    deletes("delete_many_deletes_what_begins_so",
            "delete_many() deletes every document whose id begins with a given long one.",
            lambda kept, place, i: kept.collection == place
            and (kept.doc_id == i or (len(i) > 12 and kept.doc_id.startswith(i)))),
    raising("get_many", "get_many_from_unwritten_is_404", "BULK-4",
            "get_many() from a collection that was never written is 404.",
            when=is_unwritten, error=NOT_FOUND),
    raising("get_many", "get_many_binds_999_ids", "BULK-5",
            "get_many() binds each id to a variable of one query, which takes 999 of them.",
            when=lambda _, db_name, doc_ids: len(doc_ids) > 999,
            error=HTTPException(500, "too many SQL variables")),
    gets("get_many_by_prefix",
         "For a missing id, get_many() returns a document whose id begins with it.",
         str.startswith),
    gets("get_many_takes_ids_in_any_case",
         "For a missing id, get_many() returns a document whose id differs in its case.",
         lambda other, doc_id: other.lower() == doc_id.lower()),
    variant("get_many_raises_404", "BULK-4", "get_many() raises 404 for a missing document.",
            got_one=lambda service, db_name, doc_id: service.get(db_name, doc_id)),
    variant("get_many_gives_100", "BULK-4 BULK-5",
            "get_many() returns the first 100, and None for the others.",
            get_many=lambda service, db_name, doc_ids:
            dict.fromkeys(doc_ids) | Complete.get_many(service, db_name, doc_ids[:100])),
    get_many("get_many_leaves_out_missing_ones", "BULK-4",
             "get_many() has no key for a missing document.",
             gives=lambda found: {k: v for k, v in found.items() if v is not None}),
    get_many("get_many_is_a_list", "BULK-4", "get_many() returns a list.",
             gives=lambda found: list(found.values())),
    got_one("get_many_takes_empty_for_missing", "BULK-4", "A document with no field is None.",
            gives=lambda found: found if found and found.keys() - {"_id", "_rev"} else None),
    got_one("get_many_without_ids", "BULK-4", "The documents of get_many() have no `_id`.",
            gives=lambda found: found and {k: v for k, v in found.items() if k != "_id"}),
]  # fmt: skip
alter = partial(alters, BULKING_OTHERS)


@alter("deleted_one", "delete_many_minds_missing_ones", "BULK-3")
def minds_missing(self: Complete, db_name: str, doc_id: str) -> Entry:
    """A missing document is a failed entry of delete_many()."""
    if self.key(db_name, doc_id) not in self.kept:
        return {"ok": False, "id": doc_id, "error": "not found"}
    return Complete.deleted_one(self, db_name, doc_id)


@alter("delete_many", "delete_many_deletes_100", "BULK-3", "BULK-5")
def deletes_hundred(self: Complete, db_name: str, doc_ids: Ids) -> list[Entry]:
    """delete_many() deletes the first 100, and returns that it has deleted all."""
    entries = Complete.delete_many(self, db_name, doc_ids[:100])
    return entries + [{"ok": True, "id": doc_id} for doc_id in doc_ids[100:]]


@alter("delete_many", "delete_many_uses_up_its_ids", "BULK-3")
def deletes_arguments(self: Complete, db_name: str, doc_ids: Ids) -> list[Entry]:
    """delete_many() empties its caller's list."""
    return [self.deleted_one(db_name, doc_ids.pop(0)) for _ in range(len(doc_ids))]


@alter("got_one", "get_many_shares", "BULK-4")
def gets_shared(self: Complete, db_name: str, doc_id: str) -> Found:
    """Equal documents share their inner values in the result of get_many()."""
    kept = self.kept.get(self.key(db_name, doc_id))
    if kept is None:
        return None
    fields = self.memo.setdefault(kept.text, self.read(kept.text))
    return {**fields, "_id": doc_id, "_rev": kept.rev}
