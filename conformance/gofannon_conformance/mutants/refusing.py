"""Services that take what they must refuse, or refuse wrongly: SAVE-10 to SAVE-12."""

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

from gofannon_conformance.mutants.changes import Change
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import OWN, Objects, Right, depth_of

REFUSING: list[Mutant] = []
row = partial(breaks, REFUSING)


def converted(value: Any, convert: Change) -> Any:
    """Convert every value at every depth, dicts, lists and tuples first."""
    if isinstance(value, dict):
        value = {k: converted(v, convert) for k, v in value.items()}
    elif isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        value = type(value)(converted(v, convert) for v in value)
    return convert(value)


def if_a(kind: type, convert: Change) -> Change:
    """Make a change that leaves what is not of that type alone."""
    return lambda value: convert(value) if isinstance(value, kind) else value


def takes(name: str, mistake: str, convert: Change, clauses: str = "SAVE-11") -> None:
    """Enter a service that converts, as it saves, what JSON cannot hold."""

    class Takes(Right):
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

    Takes.__doc__ = mistake
    row(name, *clauses.split())(Takes)


for name, mistake, kind, convert in (
    ("sets_are_arrays", "A set is stored as an array.", set, lambda v: sorted(v, key=str)),
    ("errors_are_their_text", "An exception is stored as its text.", Exception, str),
    ("frozen_sets_are_arrays", "A frozenset is stored as an array.", frozenset, list),
    ("bytes_are_text", "Bytes are stored as the text that they encode.", bytes,
     lambda v: v.decode("utf-8", "replace")),
    ("nan_is_null", "NaN and the infinities are stored as null.", float,
     lambda v: v if abs(v) < float("inf") else None),
    ("decimals_are_text", "A Decimal is stored as text.", Decimal, str),
    ("moments_with_a_space", "A datetime is stored as its str(), without a T.", datetime, str),
    ("moments_without_their_zone", "A datetime is stored without its zone.", datetime,
     lambda v: v.replace(tzinfo=None).isoformat()),
    ("enum_by_its_value", "A member of an Enum is stored as its value.", Enum, lambda v: v.value),
    ("deques_are_arrays", "A deque is stored as an array.", deque, list),
    ("mappings_are_objects", "A mapping that is no dict is stored as an object.", Mapping, dict),
    ("models_are_objects", "A pydantic model is stored as an object.", BaseModel,
     BaseModel.model_dump),
    ("keys_become_text", "Field names that are no text become text.", dict,
     lambda v: {k if isinstance(k, str) else str(k): x for k, x in v.items()}),
    ("keys_of_numbers_dropped", "Fields whose names are numbers are left out.", dict,
     lambda v: {k: x for k, x in v.items() if not isinstance(k, int)}),
    ("infinities_in_tuples_are_null", "NaN and the infinities in a tuple are null.", tuple,
     lambda v: [x if not isinstance(x, float) or isfinite(x) else None for x in v]),
):  # fmt: skip
    takes(name, mistake, if_a(kind, convert))

FITTING = (dict, list, tuple, str, int, float, type(None))

takes(
    "what_does_not_fit_is_its_str",
    "What JSON cannot hold is stored as its str().",
    lambda v: v if isinstance(v, FITTING) else str(v),
)


takes(
    "dataclasses_are_objects",
    "An instance of a dataclass is stored as an object.",
    lambda v: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v,
)


@row("subclasses_of_int_are_floats", "SAVE-11")
class OtherIntsAreFloats(Right):
    """A number that is neither an int nor a bool by its class is stored as a float."""

    def written(self, doc: dict[str, Any]) -> Any:
        super().written(doc)
        own = (int, bool)
        return super().written(
            converted(doc, if_a(int, lambda v: v if type(v) in own else float(v)))
        )


@row("keys_coerced_by_the_encoder", "SAVE-11")
class Coerced(Right):
    """Field names are what the JSON encoder makes of them: 1 is '1', None is 'null'."""

    def written(self, doc: dict[str, Any]) -> Any:
        if isinstance(doc, dict) and not any(isinstance(k, tuple) for k in doc):
            try:
                own = {k: v for k, v in doc.items() if k not in OWN}
                return json.dumps(own, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:
                raise HTTPException(400, f"JSON cannot hold it: {error}") from error
        return super().written(doc)


@row("member_of_an_enum_by_its_str", "SAVE-11")
class EnumStr(Right):
    """A text that is a member of an Enum is stored as its str()."""

    def written(self, doc: dict[str, Any]) -> Any:
        super().written(doc)
        return super().written(converted(doc, lambda v: str(v) if isinstance(v, Enum) else v))


@row("infinite_decimals_are_floats", "SAVE-11")
class InfiniteFloats(Right):
    """A Decimal is stored as the float that is equal to it, an infinite one as well."""

    def written(self, doc: dict[str, Any]) -> Any:
        try:
            return super().written(doc)
        except HTTPException:
            if not isinstance(doc, dict):
                raise
        try:
            super().written(converted(doc, if_a(Decimal, lambda _: 0)))
            own = {k: v for k, v in doc.items() if k not in OWN}
            return json.dumps(
                converted(own, if_a(Decimal, lambda v: v if v.is_nan() else float(v)))
            )
        except (RecursionError, TypeError) as error:
            raise HTTPException(422, f"JSON cannot hold it: {error}") from error


@row("tuples_are_lists_of_text", "SAVE-11")
class TuplesOfText(Objects):
    """A tuple comes back as a list of texts."""

    def read(self, text: Any) -> Any:
        return converted(super().read(text), lambda v: [*map(str, v)] if type(v) is tuple else v)


@row("cycle_escapes", "SAVE-11")
class CycleEscapes(Right):
    """A document that holds itself ends in a RecursionError."""

    def written(self, doc: dict[str, Any]) -> Any:
        depth_of(doc)
        return super().written(doc)


@row("row_removed_before_it_is_written", "SAVE-10")
class RemovedFirst(Right):
    """The earlier version is removed before the new one is encoded."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if isinstance(doc_id, str) and isinstance(doc, dict):
            self.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)


@row("fields_written_until_one_is_refused", "SAVE-10")
class FieldByField(Right):
    """Fields are stored one by one: those before the refused one are there."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException:
            fitting: dict[str, Any] = {}
            for name, value in doc.items() if isinstance(doc, dict) else ():
                try:
                    super().save(db_name, doc_id, {**fitting, name: value})
                except HTTPException:
                    break
                fitting[name] = value
            raise


@row("empty_row_of_a_refused_document", "SAVE-10")
class EmptyRow(Right):
    """A new document that is refused leaves an empty one behind."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        if isinstance(doc, dict) and (db_name, doc_id) not in self.kept:
            super().save(db_name, doc_id, {})
        return super().save(db_name, doc_id, doc)


@row("refusal_rolls_back_the_save_before", "SAVE-10")
class RolledBack(Right):
    """A refused save takes back the one before it, which was in the same transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        before = dict(self.kept)
        try:
            answer = super().save(db_name, doc_id, doc)
        except HTTPException:
            self.kept = self.before
            raise
        self.before = before
        return answer


@row("none_is_an_empty_document", "SAVE-12")
class NoneIsEmpty(Right):
    """None is saved as a document with no field."""

    def written(self, doc: dict[str, Any]) -> Any:
        return super().written({} if doc is None else doc)


@row("pairs_make_a_document", "SAVE-12")
class PairsTaken(Right):
    """What dict() takes is a document."""

    def written(self, doc: dict[str, Any]) -> Any:
        try:
            return super().written(dict(doc))
        except (TypeError, ValueError) as error:
            raise HTTPException(400, f"not a document: {error}") from error


@row("mapping_is_a_document", "SAVE-12")
class MappingTaken(Right):
    """A mapping that is no dict is taken for a document."""

    def written(self, doc: dict[str, Any]) -> Any:
        return super().written(dict(doc) if isinstance(doc, Mapping) else doc)


@row("no_dict_is_500", "SAVE-12")
class NoDictIs500(Right):
    """A document that is no dict is a server error."""

    def written(self, doc: dict[str, Any]) -> Any:
        if not isinstance(doc, dict):
            raise HTTPException(500, "the driver has failed")
        return super().written(doc)


@row("no_dict_takes_the_earlier_version_with_it", "SAVE-10")
class NoDictRemoves(Right):
    """A text for a document is refused, and the document is gone."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if isinstance(doc, str):
            self.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)
