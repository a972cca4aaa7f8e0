"""Mistakes that were met in earnest: in a store, an emulator, a client library or a backend."""

import re
from decimal import Decimal
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.changes import each, of
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Right, depth_of

SEEN: list[Mutant] = []
row = partial(breaks, SEEN)

MET = {
    "all_docs_is_the_listing": "CouchDB's `_all_docs`, reached by an id that is not escaped",
    "arrays_in_arrays_wrapped": "the usual way round Firestore's ban of arrays in arrays",
    "callers_dict_gets_an_id": "couchdb-python 1.2, `Database.save()`",
    "carried_id_decides": "PouchDB's HTTP layer, where the `_id` in the body wins",
    "collections_cut_at_63": "PostgreSQL 15, which cuts identifiers at 63 bytes with a notice",
    "delete_in_silence": "Firestore, whose delete of what is missing succeeds",
    "delete_returns_true": "clients that give what the driver gave",
    "encoders_type_error_escapes": "couchdb-python 1.2, which lets json's ValueError for NaN out",
    "huge_floats_cut": "DynamoDB, whose numbers end at 1E126",
    "integers_through_a_double": "PouchDB's HTTP layer, where every number is a double",
    "keys_coerced_by_the_encoder": "couchdb-python 1.2, by way of json.dumps()",
    "minus_zero_is_zero": "CouchDB 3.5 and PostgreSQL's jsonb",
    "numbers_are_decimals": "boto3, which gives every number as a Decimal",
    "save_merges_the_top_level": "fake-firestore and mock-firestore, whose set() merges",
    "sets_are_arrays": "google-cloud-firestore, which takes a set for an array",
    "tiny_floats_are_zero": "CouchDB 3.5, which reads 5e-324 as 0.0",
    "whole_floats_are_ints": "DynamoDB and PouchDB, where 1.0 is 1",
}
"""Where mutants of other tables were met."""


@row("empty_id_is_the_database", "ID-5", seen="couchdb-python 1.2: `db['']` asks for the database")
class EmptyIsDatabase(Right):
    """The empty id addresses the collection itself: get() gives its info, delete() empties it."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if doc_id == "":
            return {"db_name": db_name, "doc_count": len(self.kept_in(db_name))}
        return super().get(db_name, doc_id)

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id == "":
            for kept in self.kept_in(db_name):
                del self.kept[db_name, kept.doc_id]
            return
        super().delete(db_name, doc_id)


@row("slash_makes_an_attachment", "ID-2", seen="CouchDB 3.5: an `a/b` that is not escaped")
class SlashAttaches(Right):
    """An id `a/b` is kept as the attachment `b` of a document `a`, which is there from then on."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        owner, slash, _ = doc_id.partition("/")
        if slash and owner and (db_name, owner) not in self.kept:
            super().save(db_name, owner, {})
        return answer


@row("ids_past_latin_1_are_not_listed", "ID-2", seen="pouchdb-adapter-memory 9, `_all_docs`")
class PastLatinOmitted(Right):
    """list_all() leaves out ids that begin with a character past U+00FF."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in super().kept_in(db_name) if kept.doc_id < "\u0100"]


@row("listing_ends_before_the_last_ids", "ID-2", seen="the CouchDB backend, on PouchDB's server")
class LastOmitted(Right):
    """list_all() asks for what comes before U+FFFF twice, and takes that for the end of all ids."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [k for k in super().kept_in(db_name) if not k.doc_id.startswith("\uffff\uffff")]


@row("proto_is_dropped", "DOC-8", seen="PouchDB 9: JavaScript takes `__proto__` for no own field")
class ProtoDropped(Right):
    """The field name `__proto__` is dropped, at every depth."""

    def read(self, text: Any) -> Any:
        doc = super().read(text)
        inner = each(of(dict, lambda o: {k: v for k, v in o.items() if k != "__proto__"}))
        return inner({k: v for k, v in doc.items() if k != "__proto__"})


@row("slashes_of_collections_dropped", "ISO-3", seen="express-pouchdb 4.2: database `a/b` is `ab`")
class SlashesDropped(Right):
    """Slashes in a collection's name are dropped."""

    def key(self, db_name: str, doc_id: str) -> Any:
        return db_name.replace("/", ""), doc_id

    def kept_in(self, db_name: str) -> list[Kept]:
        wanted = db_name.replace("/", "")
        return [kept for kept in self.kept.values() if kept.collection.replace("/", "") == wanted]


@row(
    "id_with_two_slashes_is_a_path", "ID-4", seen="google-cloud-firestore: `a/b/c` is another path"
)
class PathTaken(Right):
    """An id `a/b/c` silently names the document `c` of the collection `a/b` below this one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        below, name = self.place(db_name, doc_id)
        return {**super().save(below, name, doc), "id": doc_id}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return {**super().get(*self.place(db_name, doc_id)), "_id": doc_id}

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(*self.place(db_name, doc_id))

    def place(self, db_name: str, doc_id: Any) -> tuple[str, Any]:
        """Give the collection and the id that a path stands for."""
        if isinstance(doc_id, str) and doc_id.count("/") == 2 and "" not in doc_id.split("/"):
            above, _, name = doc_id.rpartition("/")
            return f"{db_name}/{above}", name
        return db_name, doc_id


class Refused(Right):
    """Refuses the documents that `is_odd` tells, as the driver does."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        """Tell whether the store cannot hold the document."""
        raise NotImplementedError

    def refusal(self) -> Exception:
        """Make what is raised."""
        return HTTPException(400, "the store cannot hold the document")

    def written(self, doc: Any) -> Any:
        text = super().written(doc)
        if self.is_odd(doc):
            raise self.refusal()
        return text


@row("arrays_in_arrays_refused", "DOC-7", seen="Firestore: arrays directly in arrays are a 400")
class NestedRefused(Refused):
    """An array directly in an array is refused."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        return any(isinstance(v, list) and any(isinstance(x, list) for x in v) for v in inner(doc))


@row("dunder_field_names_refused", "DOC-8", seen="Firestore: field names `__x__` are a 400")
class DunderRefused(Refused):
    """A field name of the form `__x__` is refused."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        names = [name for value in inner(doc) if isinstance(value, dict) for name in value]
        return any(re.fullmatch("__.+__", name) for name in names)


class DecodeError(Exception):
    """As protobuf has it."""


@row("deep_documents_are_the_drivers_error", "DOC-11", "ERR-1",
     seen="google-cloud-firestore: past 33 levels protobuf's DecodeError")  # fmt: skip
class DeepEscapes(Refused):
    """A document of more than 33 levels lets the driver's own error escape."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        return depth_of(doc) > 33

    def refusal(self) -> Exception:
        return DecodeError("Error parsing message")


@row("floats_are_the_drivers_error", "DOC-1", "ERR-1", seen="boto3: a float is a TypeError")
class FloatEscapes(Refused):
    """A float lets the driver's TypeError escape."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        return any(isinstance(value, float) for value in inner(doc))

    def refusal(self) -> Exception:
        return TypeError("Float types are not supported. Use Decimal types instead.")


@row("floats_past_1e126_are_500", "DOC-10", seen="boto3: 1E308 is an Overflow")
class OverflowIs500(Refused):
    """A float past 1e126 is a server error."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        return any(isinstance(v, float) and 1e126 < abs(v) < float("inf") for v in inner(doc))

    def refusal(self) -> Exception:
        return HTTPException(500, "Overflow")


@row(
    "empty_field_name_breaks_the_listing",
    "DOC-9",
    seen="moto 5.2.5, whose answer boto3 cannot read",
)
class EmptyNameBreaks(Right):
    """A document with an empty field name is taken, and cannot be read, nor listed, any more."""

    def read(self, text: Any) -> Any:
        doc = super().read(text)
        if any("" in value for value in inner(doc) if isinstance(value, dict)):
            raise AttributeError("'NoneType' object has no attribute 'text'")
        return doc


@row("listing_reads_one_page_of_1_MiB", "LIST-6", seen="DynamoDB: a Scan gives 1 MiB and a key")
class OneScan(Right):
    """list_all() reads one page of 1 MiB."""

    def kept_in(self, db_name: str) -> list[Kept]:
        here, size = [], 0
        for kept in super().kept_in(db_name):
            size += len(kept.text)
            here.append(kept)
            if size > 2**20:
                break
        return here


@row("empty_id_is_the_drivers_error", "ID-5", "ERR-1", seen="boto3: an empty key is a ClientError")
class EmptyEscapes(Right):
    """The empty id lets the driver's own error escape."""

    def check_id(self, doc_id: Any) -> None:
        if doc_id == "":
            raise ClientError("One or more parameter values are not valid")
        super().check_id(doc_id)


class ClientError(Exception):
    """As botocore has it."""


@row("floats_with_an_exponent_are_ints", "DOC-4", "DOC-10",
     seen="PostgreSQL's jsonb: 1e16 comes back as 10000000000000000")  # fmt: skip
class ExponentLost(Right):
    """Floats that are written with an exponent come back as the integers that it stands for."""

    def read(self, text: Any) -> Any:
        doc = super().read(text)
        return each(of(float, lambda n: int(Decimal(repr(n))) if "e+" in repr(n) else n))(doc)


@row("nul_is_refused", "DOC-5", seen="PostgreSQL's jsonb: U+0000 cannot be converted to text")
class NulRefused(Refused):
    """A text with U+0000 is refused."""

    def is_odd(self, doc: dict[str, Any]) -> bool:
        return any(isinstance(value, str) and "\x00" in value for value in inner(doc))


@row(
    "collections_end_at_nul", "ISO-3", seen="psycopg 3: `sql.Identifier('a\\0b')` is the table `a`"
)
class EndAtNul(Right):
    """A collection's name ends at U+0000."""

    def key(self, db_name: str, doc_id: str) -> Any:
        return db_name.partition("\x00")[0], doc_id

    def kept_in(self, db_name: str) -> list[Kept]:
        name = db_name.partition("\x00")[0]
        return [k for k in self.kept.values() if k.collection.partition("\x00")[0] == name]


class RawAnswer(dict[str, Any]):
    """As a driver has it."""


@row("rows_are_the_drivers", "DOC-2", seen="drivers that give their own Row or Record")
class RowShown(Right):
    """get() gives the driver's own mapping, which is a dict and more."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return RawAnswer(super().get(db_name, doc_id))


def inner(value: Any) -> list[Any]:
    """Give a value and every value in it."""
    within = value.values() if isinstance(value, dict) else value
    values = within if isinstance(value, (dict, list)) else ()
    return [value, *(found for part in values for found in inner(part))]
