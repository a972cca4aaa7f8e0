"""Services that accept what they must refuse, or refuse wrongly: SAVE-10 to SAVE-12."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from math import isfinite
from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import Change, alters, stores, table
from gofannon_conformance.mutants.right import OWN, Objects, Right, depth_of


def converted(value: Any, convert: Change) -> Any:
    """Convert every value at every depth, dicts, lists and tuples first."""
    if isinstance(value, dict):
        value = {k: converted(v, convert) for k, v in value.items()}
    elif isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        value = type(value)(converted(v, convert) for v in value)
    return convert(value)


def if_a(kind: type, convert: Change) -> Change:
    """Return a change that leaves values of other types alone."""
    return lambda value: convert(value) if isinstance(value, kind) else value


def accepts(convert: Change) -> type[Right]:
    """Return a service that converts what JSON cannot hold when it saves it."""

    class Accepts(Right):
        def written(self, doc: dict[str, Any]) -> Any:
            try:
                return super().written(doc)
            except HTTPException:
                if not isinstance(doc, dict):
                    raise
            try:
                doc = converted(doc, convert)
            except RecursionError as error:
                raise HTTPException(400, "the document holds itself") from error
            return super().written(doc)

    return Accepts


def always(convert: Change) -> type[Right]:
    """Return a service that converts values which JSON can hold, and refuses the others."""

    class Always(Right):
        def written(self, doc: dict[str, Any]) -> Any:
            super().written(doc)
            return super().written(converted(doc, convert))

    return Always


FITTING = (dict, list, tuple, str, int, float, type(None))


def keys_as_text(fields: dict[Any, Any]) -> Any:
    return {k if isinstance(k, str) else str(k): v for k, v in fields.items()}


def without_numbers(fields: dict[Any, Any]) -> Any:
    return {k: v for k, v in fields.items() if not isinstance(k, int)}


def pairs(doc: Any) -> Any:
    try:
        return dict(doc)
    except (TypeError, ValueError) as error:
        raise HTTPException(400, f"not a document: {error}") from error


def no_failure(doc: Any) -> Any:
    if not isinstance(doc, dict):
        raise HTTPException(500, "the driver has failed")
    return doc


REFUSING: list[Mutant] = [
    *table(
        accepts,
        ("sets_are_arrays", "SAVE-11", "A set is stored as an array.",
         if_a(set, lambda v: sorted(v, key=str))),
        ("errors_are_their_text", "SAVE-11", "An exception is stored as its text.",
         if_a(Exception, str)),
        ("frozen_sets_are_arrays", "SAVE-11", "A frozenset is stored as an array.",
         if_a(frozenset, list)),
        ("bytes_are_text", "SAVE-11", "Bytes are stored as the text that they encode.",
         if_a(bytes, lambda v: v.decode("utf-8", "replace"))),
        ("nan_is_null", "SAVE-11", "NaN and the infinities are stored as null.",
         if_a(float, lambda v: v if abs(v) < float("inf") else None)),
        ("decimals_are_text", "SAVE-11", "A Decimal is stored as text.", if_a(Decimal, str)),
        ("moments_with_a_space", "SAVE-11", "A datetime is stored as its str(), without a T.",
         if_a(datetime, str)),
        ("moments_without_their_zone", "SAVE-11", "A datetime is stored without its zone.",
         if_a(datetime, lambda v: v.replace(tzinfo=None).isoformat())),
        ("enum_by_its_value", "SAVE-11", "A member of an Enum is stored as its value.",
         if_a(Enum, lambda v: v.value)),
        ("deques_are_arrays", "SAVE-11", "A deque is stored as an array.", if_a(deque, list)),
        ("mappings_are_objects", "SAVE-11",
         "A mapping that is not a dict is stored as an object.", if_a(Mapping, dict)),
        ("models_are_objects", "SAVE-11", "A pydantic model is stored as an object.",
         if_a(BaseModel, BaseModel.model_dump)),
        ("keys_become_text", "SAVE-11", "Field names that are not text become text.",
         if_a(dict, keys_as_text)),
        ("keys_of_numbers_dropped", "SAVE-11", "Fields whose names are numbers are left out.",
         if_a(dict, without_numbers)),
        ("infinities_in_tuples_are_null", "SAVE-11", "NaN and the infinities in a tuple are null.",
         if_a(tuple, lambda v: [x if not isinstance(x, float) or isfinite(x) else None for x in v])
         ),
        ("what_does_not_fit_is_its_str", "SAVE-11",
         "What JSON cannot hold is stored as its str().",
         lambda v: v if isinstance(v, FITTING) else str(v)),
        ("dataclasses_are_objects", "SAVE-11", "An instance of a dataclass is stored as an object.",
         lambda v: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v),
    ),
    *table(
        always,
        ("subclasses_of_int_are_floats", "SAVE-11",
         "A number whose class is neither int nor bool is stored as a float.",
         if_a(int, lambda v: v if type(v) in (int, bool) else float(v))),
        ("member_of_an_enum_by_its_str", "SAVE-11",
         "A text that is a member of an Enum is stored as its str().", if_a(Enum, str)),
    ),
    *table(
        stores,
        ("none_is_an_empty_document", "SAVE-12", "None is saved as a document without fields.",
         lambda doc: {} if doc is None else doc),
        ("pairs_make_a_document", "SAVE-12", "Anything that dict() accepts is a document.", pairs),
        ("mapping_is_a_document", "SAVE-12", "A mapping that is not a dict is a document.",
         lambda doc: dict(doc) if isinstance(doc, Mapping) else doc),
        ("no_dict_is_500", "SAVE-12", "A document that is not a dict is a server error.",
         no_failure),
    ),
]  # fmt: skip
row = partial(breaks, REFUSING)
alter = partial(alters, REFUSING)


@alter("written", "keys_coerced_by_the_encoder", "SAVE-11")
def coerced(self: Right, doc: dict[str, Any]) -> Any:
    """Field names are those that the JSON encoder writes: 1 is '1', None is 'null'."""
    if isinstance(doc, dict) and not any(isinstance(k, tuple) for k in doc):
        try:
            own = {k: v for k, v in doc.items() if k not in OWN}
            return json.dumps(own, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise HTTPException(400, f"JSON cannot hold it: {error}") from error
    return Right.written(self, doc)


@alter("written", "infinite_decimals_are_floats", "SAVE-11")
def infinite_floats(self: Right, doc: dict[str, Any]) -> Any:
    """A Decimal is stored as the float that is equal to it, also an infinite one."""
    try:
        return Right.written(self, doc)
    except HTTPException:
        if not isinstance(doc, dict):
            raise
    try:
        Right.written(self, converted(doc, if_a(Decimal, lambda _: 0)))
        own = {k: v for k, v in doc.items() if k not in OWN}
        return json.dumps(converted(own, if_a(Decimal, lambda v: v if v.is_nan() else float(v))))
    except (RecursionError, TypeError) as error:
        raise HTTPException(422, f"JSON cannot hold it: {error}") from error


@alter("read", "tuples_are_lists_of_text", "SAVE-11")
def tuples_of_text(self: Objects, text: Any) -> Any:
    """A tuple comes back as a list of texts."""
    return converted(Objects.read(self, text), lambda v: [*map(str, v)] if type(v) is tuple else v)


@alter("written", "cycle_escapes", "SAVE-11")
def cycle_escapes(self: Right, doc: dict[str, Any]) -> Any:
    """A document that holds itself ends in a RecursionError."""
    depth_of(doc)
    return Right.written(self, doc)


@alter("save", "row_removed_before_it_is_written", "SAVE-10")
def removed_first(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The earlier version is removed before the new one is encoded."""
    if isinstance(doc_id, str) and isinstance(doc, dict):
        self.kept.pop((db_name, doc_id), None)
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "fields_written_until_one_is_refused", "SAVE-10")
def field_by_field(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """Fields are stored one by one: those before the refused one stay."""
    try:
        return Right.save(self, db_name, doc_id, doc)
    except HTTPException:
        fitting: dict[str, Any] = {}
        for name, value in doc.items() if isinstance(doc, dict) else ():
            try:
                Right.save(self, db_name, doc_id, {**fitting, name: value})
            except HTTPException:
                break
            fitting[name] = value
        raise


@alter("save", "empty_row_of_a_refused_document", "SAVE-10")
def empty_row(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A new document that is refused leaves an empty one behind."""
    self.check_id(doc_id)
    if isinstance(doc, dict) and (db_name, doc_id) not in self.kept:
        Right.save(self, db_name, doc_id, {})
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "refusal_rolls_back_the_save_before", "SAVE-10")
def rolled_back(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A refused save undoes the one before it, which was in the same transaction."""
    before = dict(self.kept)
    try:
        answer = Right.save(self, db_name, doc_id, doc)
    except HTTPException:
        self.kept = self.memo
        raise
    self.memo = before
    return answer


@alter("save", "no_dict_takes_the_earlier_version_with_it", "SAVE-10")
def no_dict_removes(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A text as a document is refused, and the stored document is removed."""
    if isinstance(doc, str):
        self.kept.pop((db_name, doc_id), None)
    return Right.save(self, db_name, doc_id, doc)
