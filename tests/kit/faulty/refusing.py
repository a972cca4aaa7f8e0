"""Services that take what they must refuse, or refuse wrongly: SAVE-10 to SAVE-12, DOC-14."""

import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial

from fastapi import HTTPException
from right import OWN, Objects, Right, depth_of

from faulty.rows import breaks

BROKEN_REFUSING = []
row = partial(breaks, BROKEN_REFUSING)


def converted(value, convert):
    """Convert every value at every depth, dicts, lists and tuples first."""
    if isinstance(value, dict):
        value = {k: converted(v, convert) for k, v in value.items()}
    elif isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        value = type(value)(converted(v, convert) for v in value)
    return convert(value)


def takes(name, mistake, convert, clauses="SAVE-11"):
    """Enter a service that converts, as it saves, what JSON cannot hold."""

    class Takes(Right):
        def written(self, doc):
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
    ("sets-are-arrays", "A set is stored as an array.", set, lambda v: sorted(v, key=str)),
    ("frozen-sets-are-arrays", "A frozenset is stored as an array.", frozenset, list),
    ("bytes-are-text", "Bytes are stored as the text that they encode.", bytes,
     lambda v: v.decode("utf-8", "replace")),
    ("nan-is-null", "NaN and the infinities are stored as null.", float,
     lambda v: v if abs(v) < float("inf") else None),
    ("decimals-are-text", "A Decimal is stored as text.", Decimal, str),
    ("moments-with-a-space", "A datetime is stored as its str(), without a T.", datetime, str),
    ("moments-without-their-zone", "A datetime is stored without its zone.", datetime,
     lambda v: v.replace(tzinfo=None).isoformat()),
    ("enum-by-its-value", "A member of an Enum is stored as its value.", Enum, lambda v: v.value),
    ("keys-become-text", "Field names that are no text become text.", dict,
     lambda v: {k if isinstance(k, str) else str(k): x for k, x in v.items()}),
    ("keys-of-numbers-dropped", "Fields whose names are numbers are left out.", dict,
     lambda v: {k: x for k, x in v.items() if not isinstance(k, int)}),
):  # fmt: skip
    takes(name, mistake, lambda v, k=kind, c=convert: c(v) if isinstance(v, k) else v)

FITTING = (dict, list, tuple, str, int, float, type(None))

takes(
    "what-does-not-fit-is-its-str",
    "What JSON cannot hold is stored as its str().",
    lambda v: v if isinstance(v, FITTING) else str(v),
)


@row("keys-coerced-by-the-encoder", "SAVE-11")
class Coerced(Right):
    """Field names are what the JSON encoder makes of them: 1 is '1', None is 'null'."""

    def written(self, doc):
        if isinstance(doc, dict) and not any(isinstance(k, tuple) for k in doc):
            try:
                own = {k: v for k, v in doc.items() if k not in OWN}
                return json.dumps(own, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:
                raise HTTPException(400, f"JSON cannot hold it: {error}") from error
        return super().written(doc)


@row("member-of-an-enum-by-its-str", "SAVE-11")
class EnumStr(Right):
    """A text that is a member of an Enum is stored as its str()."""

    def written(self, doc):
        super().written(doc)
        return super().written(converted(doc, lambda v: str(v) if isinstance(v, Enum) else v))


@row("tuples-are-lists-of-text", "SAVE-11")
class TuplesOfText(Objects):
    """A tuple comes back as a list of texts."""

    def read(self, text):
        return converted(super().read(text), lambda v: [*map(str, v)] if type(v) is tuple else v)


@row("cycle-escapes", "SAVE-11")
class CycleEscapes(Right):
    """A document that holds itself ends in a RecursionError."""

    def written(self, doc):
        depth_of(doc)
        return super().written(doc)


@row("row-removed-before-it-is-written", "SAVE-10")
class RemovedFirst(Right):
    """The earlier version is removed before the new one is encoded."""

    def save(self, db_name, doc_id, doc):
        if isinstance(doc_id, str) and isinstance(doc, dict):
            self.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)


@row("fields-written-until-one-is-refused", "SAVE-10")
class FieldByField(Right):
    """Fields are stored one by one: those before the refused one are there."""

    def save(self, db_name, doc_id, doc):
        fitting = {}
        for name, value in doc.items() if isinstance(doc, dict) else ():
            try:
                self.written({**fitting, name: value})
            except HTTPException:
                break
            fitting[name] = value
        if fitting and len(fitting) < len(doc):
            super().save(db_name, doc_id, fitting)
        return super().save(db_name, doc_id, doc)


@row("empty-row-of-a-refused-document", "SAVE-10")
class EmptyRow(Right):
    """A new document that is refused leaves an empty one behind."""

    def save(self, db_name, doc_id, doc):
        self.check_id(doc_id)
        if isinstance(doc, dict) and (db_name, doc_id) not in self.kept:
            super().save(db_name, doc_id, {})
        return super().save(db_name, doc_id, doc)


@row("refusal-rolls-back-the-save-before", "SAVE-10")
class RolledBack(Right):
    """A refused save takes back the one before it, which was in the same transaction."""

    def __init__(self):
        super().__init__()
        self.before = {}

    def save(self, db_name, doc_id, doc):
        before = dict(self.kept)
        try:
            answer = super().save(db_name, doc_id, doc)
        except HTTPException:
            self.kept = self.before
            raise
        self.before = before
        return answer


@row("none-is-an-empty-document", "SAVE-12")
class NoneIsEmpty(Right):
    """None is saved as a document with no field."""

    def written(self, doc):
        return super().written({} if doc is None else doc)


@row("pairs-make-a-document", "SAVE-12")
class PairsTaken(Right):
    """What dict() takes is a document."""

    def written(self, doc):
        try:
            return super().written(dict(doc))
        except (TypeError, ValueError) as error:
            raise HTTPException(400, f"not a document: {error}") from error


@row("no-dict-is-500", "SAVE-12")
class NoDictIs500(Right):
    """A document that is no dict is a server error."""

    def written(self, doc):
        if not isinstance(doc, dict):
            raise HTTPException(500, "the driver has failed")
        return super().written(doc)


@row("no-dict-takes-the-earlier-version-with-it", "SAVE-10")
class NoDictRemoves(Right):
    """A text for a document is refused, and the document is gone."""

    def save(self, db_name, doc_id, doc):
        if isinstance(doc, str):
            self.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)


class Limited(Right):
    """Refuses what is larger than it holds: a number of bytes, or a depth."""

    largest, deepest, status = 400_000, 100, 413

    def written(self, doc):
        text = super().written(doc)
        if len(text) > self.largest or depth_of(doc) > self.deepest:
            raise HTTPException(self.status, "the document is too large")
        return text


@row("90-KiB-at-most", "DOC-12")
class NinetyKiB(Limited):
    """A document of more than 90 KiB is refused."""

    largest = 90 * 1024


@row("300-KiB-at-most", "DOC-13")
class ThreeHundredKiB(Limited):
    """A document of more than 300 KiB is refused."""

    largest = 300 * 1024


@row("depth-of-12-at-most", "DOC-1")
class DepthTwelve(Limited):
    """A document of more than twelve levels is refused: sixteen must be held."""

    deepest = 12


@row("depth-of-32-at-most", "DOC-11")
class DepthThirtyTwo(Limited):
    """A document of more than 32 levels is refused."""

    deepest = 32


@row("too-large-is-500", "DOC-14")
class LargeIs500(Limited):
    """A document that is too large is a server error."""

    largest, status = 2 * 2**20, 500


@row("too-deep-is-500", "DOC-14")
class DeepIs500(Limited):
    """A document that is too deep is a server error."""

    deepest, status = 40, 500


@row("too-large-takes-the-earlier-version-with-it", "DOC-14")
class LargeRemoves(Limited):
    """A document that is too large is refused after the earlier version was removed."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code == 413:
                self.kept.pop((db_name, doc_id), None)
            raise
