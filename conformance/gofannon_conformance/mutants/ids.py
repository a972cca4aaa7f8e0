"""Services that take an id for more, or less, than a name: ID."""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Right

IDS: list[Mutant] = []
row = partial(breaks, IDS)


class Refusing(Right):
    """Refuses the ids that `is_odd` tells, by the methods of `refusing`, with `status`."""

    refusing: tuple[str, ...] = ("get", "save", "delete")
    status = 400

    def is_odd(self, doc_id: str) -> bool:
        raise NotImplementedError

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self._check("get", doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self._check("save", doc_id)
        return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        self._check("delete", doc_id)
        super().delete(db_name, doc_id)

    def _check(self, method: str, doc_id: str) -> None:
        if method in self.refusing and isinstance(doc_id, str) and self.is_odd(doc_id):
            raise self.refusal(doc_id)

    def refusal(self, doc_id: str) -> Exception:
        return HTTPException(self.status, f"the id {doc_id!r} cannot be kept")


@row("upper_case_ids_refused", "ID-1")
class UpperRefused(Refusing):
    """An id with an upper-case letter is refused."""

    def is_odd(self, doc_id: str) -> bool:
        return doc_id.lower() != doc_id


@row("ids_of_32_at_most", "ID-1")
class ShortOnly(Refusing):
    """An id of more than 32 characters is refused, which a UUID has."""

    def is_odd(self, doc_id: str) -> bool:
        return len(doc_id) > 32


@row("uuids_without_dashes", "ID-1")
class UuidShown(Right):
    """An id that is a UUID is shown in hexadecimal."""

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        is_uuid = len(doc_id) == 36 and doc_id.count("-") == 4
        return super().shown(kept, doc_id.replace("-", "") if is_uuid else doc_id)


@row("miss_is_remembered", "ID-1")
class MissRemembered(Right):
    """A document that was asked for before it was saved stays missing."""

    def __init__(self) -> None:
        super().__init__()
        self.misses: set[Any] = set()

    def missing(self, db_name: str, doc_id: str) -> Exception:
        self.misses.add((db_name, doc_id))
        return super().missing(db_name, doc_id)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) in self.misses:
            raise self.missing(db_name, doc_id)
        return super().get(db_name, doc_id)


@row("slash_refused_by_get_only", "ID-2", "ID-3")
class SlashHalfRefused(Refusing):
    """save() takes an id with a slash, and get() refuses it with 400."""

    refusing = ("get",)

    def is_odd(self, doc_id: str) -> bool:
        return "/" in doc_id


@row("nul_in_an_id_escapes", "ID-2")
class NulEscapes(Refusing):
    """U+0000 in an id lets the driver's ValueError escape."""

    def is_odd(self, doc_id: str) -> bool:
        return "\x00" in doc_id

    def refusal(self, doc_id: str) -> Exception:
        return ValueError("embedded null byte")


@row("brackets_in_an_id_are_500", "ID-2", "ERR-2")
class BracketsFail(Refusing):
    """An id with a bracket is a server error."""

    status = 500

    def is_odd(self, doc_id: str) -> bool:
        return "(" in doc_id or ")" in doc_id


@row("deleting_a_reserved_id_is_silent", "ID-4")
class ReservedSilent(Right):
    """delete('_security') does nothing, and does not say that there is no such document."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id != "_security" or self.key(db_name, doc_id) in self.kept:
            super().delete(db_name, doc_id)


@row("a_uuid_is_an_id", "ID-6")
class UuidTaken(Right):
    """A UUID is taken for the text that it looks like."""

    def check_id(self, doc_id: Any) -> None:
        super().check_id(str(doc_id) if isinstance(doc_id, UUID) else doc_id)

    def key(self, db_name: str, doc_id: Any) -> Any:
        return super().key(db_name, str(doc_id) if isinstance(doc_id, UUID) else doc_id)


@row("four_byte_ids_are_not_listed", "ID-2")
class AstralOmitted(Right):
    """list_all() leaves out ids that begin outside the basic plane."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [k for k in super().kept_in(db_name) if k.doc_id < "\U00010000"]


@row("echo_of_the_id_is_stripped", "ID-2")
class EchoStripped(Right):
    """save() answers with the id without the spaces around it."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": doc_id.strip() or doc_id}


@row("ids_of_600_bytes_are_500", "ID-2")
class BytesAre500(Refusing):
    """An id of more than 600 bytes is a server error."""

    status = 500

    def is_odd(self, doc_id: str) -> bool:
        return len(doc_id.encode("utf-8", "surrogatepass")) > 600


@row("ids_outside_ascii_refused", "ID-3")
class AsciiOnly(Refusing):
    """An id outside of ASCII is refused by all methods."""

    def is_odd(self, doc_id: str) -> bool:
        return not doc_id.isascii()


@row("all_docs_is_the_listing", "ID-4")
class AllDocs(Right):
    """get() of `_all_docs` gives the listing."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if doc_id == "_all_docs":
            rows = self.list_all(db_name)
            return {"total_rows": len(rows), "rows": rows}
        return super().get(db_name, doc_id)


@row("design_documents_are_not_listed", "ID-4")
class DesignHidden(Right):
    """list_all() leaves out ids that begin with `_design/`."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [k for k in super().kept_in(db_name) if not k.doc_id.startswith("_design/")]


@row("parent_segment_leaves_the_collection", "ID-4")
class Traversal(Right):
    """An id `../other/x` is read in the collection `other`."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        parts = doc_id.split("/") if isinstance(doc_id, str) else ()
        if len(parts) == 3 and parts[0] == ".." and (parts[1], parts[2]) in self.kept:
            return super().get(parts[1], parts[2])
        return super().get(db_name, doc_id)


@row("star_deletes_all", "ID-4", "DEL-5")
class StarDeletes(Right):
    """delete() of `*` deletes every document of the collection."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id == "*":
            for kept in self.kept_in(db_name):
                del self.kept[db_name, kept.doc_id]
        super().delete(db_name, doc_id)


@row("underscored_ids_are_500", "ID-4")
class UnderscoredAre500(Refusing):
    """An id that begins with `_` is a server error to save(), and missing to the others."""

    refusing = ("save",)
    status = 500

    def is_odd(self, doc_id: str) -> bool:
        return doc_id.startswith("_")


class EmptyTaken(Right):
    """Takes the empty id."""

    def check_id(self, doc_id: str) -> None:
        if doc_id != "":
            super().check_id(doc_id)


@row("empty_id_is_taken", "ID-5")
class EmptyIsTaken(EmptyTaken):
    """The empty id is the name of a document like any other."""


@row("empty_id_deletes_the_collection", "ID-5")
class EmptyDeletesAll(Right):
    """delete() of the empty id deletes the collection, and then says 400."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id == "":
            for kept in self.kept_in(db_name):
                del self.kept[db_name, kept.doc_id]
        super().delete(db_name, doc_id)


@row("empty_id_is_made_up", "ID-5")
class EmptyMadeUp(Right):
    """save() of the empty id makes one up."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return super().save(db_name, f"made-up-{self.changes}" if doc_id == "" else doc_id, doc)


@row("empty_id_taken_from_the_document", "ID-5")
class EmptyFromDocument(Right):
    """save() of the empty id takes the one that the document carries."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return super().save(db_name, doc_id or doc.get("_id", ""), doc)


@row("ids_put_through_str", "ID-6")
class StrIds(Right):
    """get() finds the id 1 as '1'."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return super().get(db_name, str(doc_id))


@row("bytes_are_decoded", "ID-6")
class BytesDecoded(Right):
    """delete() takes bytes for the text that they encode."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id.decode() if isinstance(doc_id, bytes) else doc_id)


@row("id_that_is_no_text_is_500", "ID-6")
class NoTextIs500(Right):
    """An id that is no text is a server error."""

    def check_id(self, doc_id: str) -> None:
        if not isinstance(doc_id, str):
            raise HTTPException(500, "the driver has failed")
        super().check_id(doc_id)


@row("none_deletes_an_empty_collection_in_silence", "ID-6")
class NoneSilent(Right):
    """delete() of None says nothing where the collection has no document."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id is not None or self.kept_in(db_name):
            super().delete(db_name, doc_id)


@row("long_ids_are_500", "ID-7")
class LongAre500(Refusing):
    """An id of more than 1,500 characters is a server error."""

    status = 500

    def is_odd(self, doc_id: str) -> bool:
        return len(doc_id) > 1500


@row("long_ids_refused_without_a_word", "ID-7")
class LongUnexplained(Refusing):
    """An id of more than 500 characters is refused, and nobody says why."""

    def is_odd(self, doc_id: str) -> bool:
        return len(doc_id) > 500

    def refusal(self, doc_id: str) -> Exception:
        return HTTPException(400, " ")


@row("long_ids_cut", "ID-7")
class LongCut(Right):
    """An id of more than 1,000 characters is stored, and read, by its beginning."""

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return super().shown(kept, doc_id[:1000])
