"""Mistakes that were found in real software: a store, an emulator, a client library, a backend."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import accumulate
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import (
    alters,
    each,
    finds,
    finds_if,
    of,
    remove,
    shows,
    table,
)
from gofannon_conformance.mutants.right import Kept, Right, depth_of

MET = {
    "all_docs_is_the_listing": "CouchDB's `_all_docs`, reached by an id that is not escaped",
    "arrays_in_arrays_wrapped": "the usual way round Firestore's ban of arrays in arrays",
    "callers_dict_gets_an_id": "couchdb-python 1.2, `Database.save()`",
    "carried_id_decides": "PouchDB's HTTP layer, where the `_id` in the body wins",
    "collections_cut_at_63": "PostgreSQL 15, which cuts identifiers at 63 bytes with a notice",
    "delete_in_silence": "Firestore, whose delete of what is missing succeeds",
    "delete_returns_true": "clients that return what the driver returned",
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
"""Where mutants of other modules were found."""


class DecodeError(Exception):
    """The exception of protobuf."""


class ClientError(Exception):
    """The exception of botocore."""


class RawAnswer(dict[str, Any]):
    """A mapping of a driver."""


def found_in(
    make: Callable[..., type[Right]], *rows: tuple[str, str, str, str, Callable[..., Any]]
) -> list[Mutant]:
    """Return a mutant for each row: name, clauses, where it was found, mistake, function."""
    return [
        replace(mutant, seen=seen)
        for name, clauses, seen, mistake, function in rows
        for mutant in table(make, (name, clauses, mistake, function))
    ]


def refuses(
    is_odd: Callable[[dict[str, Any]], bool],
    error: Callable[[], Exception] = lambda: HTTPException(400, "the store cannot hold it"),
) -> type[Right]:
    """Return a service that refuses odd documents with an error, as the driver does."""

    class Refuses(Right):
        def written(self, doc: Any) -> Any:
            text = super().written(doc)
            if is_odd(doc):
                raise error()
            return text

    return Refuses


def inner(value: Any) -> list[Any]:
    """Return a value and every value in it."""
    within = value.values() if isinstance(value, dict) else value
    values = within if isinstance(value, (dict, list)) else ()
    return [value, *(found for part in values for found in inner(part))]


def has_array_in_array(doc: dict[str, Any]) -> bool:
    return any(isinstance(v, list) and any(isinstance(x, list) for x in v) for v in inner(doc))


def field_names(doc: dict[str, Any]) -> list[str]:
    return [name for value in inner(doc) if isinstance(value, dict) for name in value]


def without_proto(doc: dict[str, Any]) -> Any:
    def dropped(fields: dict[str, Any]) -> Any:
        return {k: v for k, v in fields.items() if k != "__proto__"}

    return dropped(each(of(dict, dropped))(doc))


def one_page(here: list[Kept]) -> list[Kept]:
    ends = accumulate(len(kept.text) for kept in here)
    pairs = zip(here, ends, strict=True)
    return [kept for kept, end in pairs if end - len(kept.text) <= 2**20]


def error_for_empty_names(doc: dict[str, Any]) -> Any:
    if "" in field_names(doc):
        raise AttributeError("'NoneType' object has no attribute 'text'")
    return doc


def cuts_collections(cut: Callable[[str], str]) -> type[Right]:
    """Return a service that stores and lists by a part of the collection's name."""

    class CutsCollections(Right):
        def key(self, db_name: str, doc_id: str) -> Any:
            return cut(db_name), doc_id

        def kept_in(self, db_name: str) -> list[Kept]:
            return [k for k in self.kept.values() if cut(k.collection) == cut(db_name)]

    return CutsCollections


SEEN: list[Mutant] = [
    *found_in(
        finds_if,
        ("ids_past_latin_1_are_not_listed", "ID-2", "pouchdb-adapter-memory 9, `_all_docs`",
         "list_all() leaves out ids that begin with a character past U+00FF.",
         lambda kept: kept.doc_id < "\u0100"),
        ("listing_ends_before_the_last_ids", "ID-2", "the CouchDB backend, on PouchDB's server",
         "list_all() reads only the ids before two U+FFFF, as if that were the end of all ids.",
         lambda kept: not kept.doc_id.startswith("\uffff\uffff")),
    ),
    *found_in(
        finds,
        ("listing_reads_one_page_of_1_MiB", "LIST-6", "DynamoDB: a Scan gives 1 MiB and a key",
         "list_all() reads one page of 1 MiB.", one_page),
    ),
    *found_in(
        shows,
        ("proto_is_dropped", "DOC-8", "PouchDB 9: JavaScript takes `__proto__` for no own field",
         "The field name `__proto__` is dropped, at every depth.", without_proto),
        ("empty_field_name_breaks_the_listing", "DOC-9",
         "moto 5.2.5, whose answer boto3 cannot read",
         "A document with an empty field name is accepted, and can no longer be read or listed.",
         error_for_empty_names),
        ("floats_with_an_exponent_are_ints", "DOC-4 DOC-10",
         "PostgreSQL's jsonb: 1e16 comes back as 10000000000000000",
         "Floats that are written with an exponent come back as integers of the same value.",
         each(of(float, lambda n: int(Decimal(repr(n))) if "e+" in repr(n) else n))),
    ),
    *found_in(
        cuts_collections,
        ("slashes_of_collections_dropped", "ISO-3", "express-pouchdb 4.2: database `a/b` is `ab`",
         "Slashes in a collection's name are dropped.", lambda name: name.replace("/", "")),
        ("collections_end_at_nul", "ISO-3",
         "psycopg 3: `sql.Identifier('a\\0b')` is the table `a`",
         "A collection's name ends at U+0000.", lambda name: name.partition("\x00")[0]),
    ),
    *found_in(
        refuses,
        ("arrays_in_arrays_refused", "DOC-7", "Firestore: arrays directly in arrays are a 400",
         "An array directly in an array is refused.", has_array_in_array),
        ("dunder_field_names_refused", "DOC-8", "Firestore: field names `__x__` are a 400",
         "A field name of the form `__x__` is refused.",
         lambda doc: any(re.fullmatch("__.+__", name) for name in field_names(doc))),
        ("nul_is_refused", "DOC-5", "PostgreSQL's jsonb: U+0000 cannot be converted to text",
         "A text with U+0000 is refused.",
         lambda doc: any(isinstance(v, str) and "\x00" in v for v in inner(doc))),
    ),
    *found_in(
        partial(refuses, error=lambda: DecodeError("Error parsing message")),
        ("deep_documents_are_the_drivers_error", "DOC-11 ERR-1",
         "google-cloud-firestore: past 33 levels protobuf's DecodeError",
         "A document of more than 33 levels lets the driver's own error escape.",
         lambda doc: depth_of(doc) > 33),
    ),
    *found_in(
        partial(refuses, error=lambda: TypeError("Float types are not supported. Use Decimal.")),
        ("floats_are_the_drivers_error", "DOC-1 ERR-1", "boto3: a float is a TypeError",
         "A float lets the driver's TypeError escape.",
         lambda doc: any(isinstance(v, float) for v in inner(doc))),
    ),
    *found_in(
        partial(refuses, error=lambda: HTTPException(500, "Overflow")),
        ("floats_past_1e126_are_500", "DOC-10", "boto3: 1E308 is an Overflow",
         "A float past 1e126 is a server error.",
         lambda doc: any(isinstance(v, float) and 1e126 < abs(v) < float("inf") for v in inner(doc))
         ),
    ),
]  # fmt: skip
row = partial(breaks, SEEN)
alter = partial(alters, SEEN)


@row("empty_id_is_the_database", "ID-5", seen="couchdb-python 1.2: `db['']` asks for the database")
class EmptyIsDatabase(Right):
    """The empty id addresses the collection itself: get() returns its info, delete() empties it."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if doc_id == "":
            return {"db_name": db_name, "doc_count": len(self.kept_in(db_name))}
        return super().get(db_name, doc_id)

    def delete(self, db_name: str, doc_id: str) -> None:
        if doc_id == "":
            remove(self, db_name)
            return
        super().delete(db_name, doc_id)


@alter(
    "save", "slash_makes_an_attachment", "ID-2", seen="CouchDB 3.5: an `a/b` that is not escaped"
)
def slash_attaches(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """An id `a/b` is stored as attachment `b` of a document `a`, which exists from then on."""
    answer = Right.save(self, db_name, doc_id, doc)
    owner, slash, _ = doc_id.partition("/")
    if slash and owner and (db_name, owner) not in self.kept:
        Right.save(self, db_name, owner, {})
    return answer


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
        """Return the collection and the id that a path stands for."""
        if isinstance(doc_id, str) and doc_id.count("/") == 2 and "" not in doc_id.split("/"):
            above, _, name = doc_id.rpartition("/")
            return f"{db_name}/{above}", name
        return db_name, doc_id


@alter(
    "check_id",
    "empty_id_is_the_drivers_error",
    "ID-5",
    "ERR-1",
    seen="boto3: an empty key is a ClientError",
)
def empty_escapes(self: Right, doc_id: Any) -> None:
    """The empty id lets the driver's own error escape."""
    if doc_id == "":
        raise ClientError("One or more parameter values are not valid")
    Right.check_id(self, doc_id)


@alter("get", "rows_are_the_drivers", "DOC-2", seen="drivers that give their own Row or Record")
def row_shown(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() returns the driver's own mapping, a subclass of dict."""
    return RawAnswer(Right.get(self, db_name, doc_id))
