"""Services that treat an id as more, or less, than a name: ID."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, answers, finds_if, remove, table
from gofannon_conformance.mutants.right import Kept, Right


def refuses(
    is_odd: Callable[[str], bool],
    *,
    error: Callable[[str], Exception] = lambda doc_id: HTTPException(400, f"no id: {doc_id!r}"),
    methods: tuple[str, ...] = ("get", "save", "delete"),
) -> type[Right]:
    """Return a service of which some methods refuse odd ids with an error."""

    class Refuses(Right):
        def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
            self.refuse("get", doc_id)
            return super().get(db_name, doc_id)

        def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
            self.refuse("save", doc_id)
            return super().save(db_name, doc_id, doc)

        def delete(self, db_name: str, doc_id: str) -> None:
            self.refuse("delete", doc_id)
            super().delete(db_name, doc_id)

        def refuse(self, method: str, doc_id: Any) -> None:
            if method in methods and isinstance(doc_id, str) and is_odd(doc_id):
                raise error(doc_id)

    return Refuses


def failure(doc_id: str) -> Exception:
    return HTTPException(500, f"the driver failed for {doc_id!r}")


IDS: list[Mutant] = [
    *table(
        refuses,
        ("upper_case_ids_refused", "ID-1", "An id with an upper-case letter is refused.",
         lambda doc_id: doc_id.lower() != doc_id),
        ("ids_of_32_at_most", "ID-1", "An id of more than 32 characters is refused, so a UUID is.",
         lambda doc_id: len(doc_id) > 32),
        ("ids_outside_ascii_refused", "ID-3", "An id outside of ASCII is refused by all methods.",
         lambda doc_id: not doc_id.isascii()),
    ),
    *table(
        partial(refuses, methods=("get",)),
        ("slash_refused_by_get_only", "ID-2 ID-3",
         "save() accepts an id with a slash, and get() refuses it with 400.",
         lambda doc_id: "/" in doc_id),
    ),
    *table(
        partial(refuses, error=lambda doc_id: ValueError("embedded null byte")),
        ("nul_in_an_id_escapes", "ID-2", "U+0000 in an id lets the driver's ValueError escape.",
         lambda doc_id: "\x00" in doc_id),
    ),
    *table(
        partial(refuses, error=failure),
        ("brackets_in_an_id_are_500", "ID-2 ERR-2", "An id with a bracket is a server error.",
         lambda doc_id: "(" in doc_id or ")" in doc_id),
        ("ids_of_600_bytes_are_500", "ID-2", "An id of more than 600 bytes is a server error.",
         lambda doc_id: len(doc_id.encode("utf-8", "surrogatepass")) > 600),
        ("long_ids_are_500", "ID-7", "An id of more than 1,500 characters is a server error.",
         lambda doc_id: len(doc_id) > 1500),
    ),
    *table(
        partial(refuses, error=failure, methods=("save",)),
        ("underscored_ids_are_500", "ID-4",
         "An id that begins with `_` is a server error in save(), and missing in the others.",
         lambda doc_id: doc_id.startswith("_")),
    ),
    *table(
        partial(refuses, error=lambda doc_id: HTTPException(400, " ")),
        ("long_ids_refused_without_a_word", "ID-7",
         "An id of more than 500 characters is refused, with an empty reason.",
         lambda doc_id: len(doc_id) > 500),
    ),
    *table(
        finds_if,
        ("four_byte_ids_are_not_listed", "ID-2",
         "list_all() leaves out ids that begin outside the basic plane.",
         lambda kept: kept.doc_id < "\U00010000"),
        ("design_documents_are_not_listed", "ID-4",
         "list_all() leaves out ids that begin with `_design/`.",
         lambda kept: not kept.doc_id.startswith("_design/")),
    ),
    *table(
        answers,
        ("echo_of_the_id_is_stripped", "ID-2",
         "save() answers with the id without the spaces around it.",
         lambda doc_id, doc: {"id": doc_id.strip() or doc_id}),
    ),
]  # fmt: skip
row = partial(breaks, IDS)
alter = partial(alters, IDS)


@alter("shown", "uuids_without_dashes", "ID-1")
def uuid_shown(self: Right, kept: Kept, doc_id: str) -> dict[str, Any]:
    """An id that is a UUID is shown in hexadecimal."""
    is_uuid = len(doc_id) == 36 and doc_id.count("-") == 4
    return Right.shown(self, kept, doc_id.replace("-", "") if is_uuid else doc_id)


@row("miss_is_remembered", "ID-1")
class MissRemembered(Right):
    """A document that was read before it was saved stays missing."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        self.memo[db_name, doc_id] = "missing"
        return super().missing(db_name, doc_id)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) in self.memo:
            raise self.missing(db_name, doc_id)
        return super().get(db_name, doc_id)


@alter("delete", "deleting_a_reserved_id_is_silent", "ID-4")
def reserved_silent(self: Right, db_name: str, doc_id: str) -> None:
    """delete('_security') does nothing, and does not report that the document is missing."""
    if doc_id != "_security" or self.key(db_name, doc_id) in self.kept:
        Right.delete(self, db_name, doc_id)


@row("a_uuid_is_an_id", "ID-6")
class UuidTaken(Right):
    """A UUID is treated as its text."""

    def check_id(self, doc_id: Any) -> None:
        super().check_id(str(doc_id) if isinstance(doc_id, UUID) else doc_id)

    def key(self, db_name: str, doc_id: Any) -> Any:
        return super().key(db_name, str(doc_id) if isinstance(doc_id, UUID) else doc_id)


@alter("get", "all_docs_is_the_listing", "ID-4")
def all_docs(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() of `_all_docs` returns the listing."""
    if doc_id == "_all_docs":
        rows = self.list_all(db_name)
        return {"total_rows": len(rows), "rows": rows}
    return Right.get(self, db_name, doc_id)


@alter("get", "parent_segment_leaves_the_collection", "ID-4")
def traversal(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """An id `../other/x` is read in the collection `other`."""
    parts = doc_id.split("/") if isinstance(doc_id, str) else ()
    if len(parts) == 3 and parts[0] == ".." and (parts[1], parts[2]) in self.kept:
        return Right.get(self, parts[1], parts[2])
    return Right.get(self, db_name, doc_id)


@alter("delete", "star_deletes_all", "ID-4", "DEL-5")
def star_deletes(self: Right, db_name: str, doc_id: str) -> None:
    """delete() of `*` deletes every document of the collection."""
    if doc_id == "*":
        remove(self, db_name)
    Right.delete(self, db_name, doc_id)


@alter("check_id", "empty_id_is_taken", "ID-5")
def empty_is_taken(self: Right, doc_id: str) -> None:
    """The empty id is the name of a document like any other."""
    if doc_id != "":
        Right.check_id(self, doc_id)


@alter("save", "empty_id_taken_from_the_document", "ID-5")
def empty_from_doc(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """save() of the empty id uses the one that the document carries."""
    return Right.save(self, db_name, doc_id or doc.get("_id", ""), doc)


@alter("get", "ids_put_through_str", "ID-6")
def str_ids(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() finds the id 1 as '1'."""
    return Right.get(self, db_name, str(doc_id))


@alter("check_id", "id_that_is_no_text_is_500", "ID-6")
def no_text_is500(self: Right, doc_id: str) -> None:
    """An id that is not text is a server error."""
    if not isinstance(doc_id, str):
        raise HTTPException(500, "the driver has failed")
    Right.check_id(self, doc_id)


@alter("delete", "none_deletes_an_empty_collection_in_silence", "ID-6")
def none_silent(self: Right, db_name: str, doc_id: str) -> None:
    """delete() of None raises nothing if the collection has no document."""
    if doc_id is not None or self.kept_in(db_name):
        Right.delete(self, db_name, doc_id)


@alter("shown", "long_ids_cut", "ID-7")
def long_cut(self: Right, kept: Kept, doc_id: str) -> dict[str, Any]:
    """An id of more than 1,000 characters is stored, and read, by its first 1,000."""
    return Right.shown(self, kept, doc_id[:1000])
