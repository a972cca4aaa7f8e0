"""Checks of what the bulk methods return: one entry for each document or id, in order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.find.checks import list_of_dicts
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

OK = '{"ok": True, "id": …, "rev": <non-empty str>}'
FAILED = '{"ok": False, "id": …, "error": <what is wrong>}'

Docs = list[dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One entry of an answer, with its place and the id of its document."""

    answer: Answer
    place: int
    fields: dict[str, Any]
    doc_id: Any

    @property
    def ok(self) -> Any:
        """Its `ok`."""
        return self.fields.get("ok")

    def wrong(self, what: str, expected: str, clause: str) -> Exception:
        """Make the violation for a wrong entry."""
        return violation(
            clause,
            f"entry {self.place} of what {self.answer.call.method}() returned is wrong: {what}",
            answer=self.answer,
            came=shortened(self.fields),
            expected=expected,
        )

    def check_ok(self, clause: str, *, may_lack_id: bool = False) -> None:
        """Check that the entry says that the call took its document."""
        if self.ok is not True:
            raise self.wrong("its `ok` must be True", OK, clause)
        found = self.fields.get("id", self.doc_id if may_lack_id else None)
        if not isinstance(found, str) or found != self.doc_id:
            raise self.wrong(f"its `id` must be {self.doc_id!r}", OK, clause)

    def check_failed(self, kit: Kit, clause: str, form: str) -> None:
        """Check that the entry says that its document failed; `form` is the clause of its form."""
        if self.ok is not False:
            raise self.wrong("its `ok` must be False", FAILED, clause if self.ok else form)
        is_id = isinstance(self.doc_id, str) and self.doc_id
        if is_id and self.fields.get("id") != self.doc_id:
            raise self.wrong(f"its `id` must be {self.doc_id!r}", FAILED, form)
        if "id" not in self.fields:
            raise self.wrong("it must have an `id`, if only None", FAILED, form)
        error = _as_text(self.fields.get("error"))
        if not error.strip():
            raise self.wrong("its `error` must say what is wrong", FAILED, form)
        if kit.watch.leaks(error, self.answer):
            raise violation(
                (form, "ERR-4"),
                f"the `error` of entry {self.place} shows a secret",
                came="an `error` with a secret in it",
                expected="a text without passwords, keys, tokens and addresses that hold them",
            )


def by_id(docs: Docs) -> Documents:
    """Return what a store holds after it saved these documents in order."""
    return {doc["_id"]: doc for doc in docs}


def check_saved(
    kit: Kit,
    answer: Answer,
    docs: Sequence[Any],
    clause: str = "BULK-1",
    *,
    failed: frozenset[int] | set[int] = frozenset(),
    failed_clause: str = "",
) -> Docs:
    """Check the entries of `save_many()`: all `ok`, except those at `failed`.

    `failed_clause`, if given, is the clause for the form of a failed entry.
    """
    entries = _entries(answer, len(docs), clause)
    for place, (fields, doc) in enumerate(zip(entries, docs, strict=True)):
        doc_id = doc.get("_id") if isinstance(doc, dict) else None
        entry = Entry(answer, place, fields, doc_id)
        if place in failed:
            entry.check_failed(kit, clause, failed_clause or clause)
            continue
        entry.check_ok(clause)
        if not isinstance(fields.get("rev"), str) or not fields["rev"]:
            raise entry.wrong("its `rev` must be a non-empty str", OK, clause)
    return entries


def check_failed_alone(kit: Kit, answer: Answer, doc_id: str) -> None:
    """Check the form of the only entry of a request, if it is not `ok`."""
    if not answer.returned or type(answer.value) is not list or len(answer.value) != 1:
        return
    (fields,) = answer.value
    if isinstance(fields, dict) and not fields.get("ok"):
        Entry(answer, 0, fields, doc_id).check_failed(kit, "BULK-1", "BULK-1")


def check_among(
    kit: Kit,
    collection: Collection,
    doc: dict[str, Any],
    *,
    taken: bool,
    otherwise: dict[str, Any] | None = None,
    comes_back: bool = True,
) -> None:
    """Check that a document among others is taken or refused as `save()` does alone.

    A refused one must leave the earlier version, `otherwise`. A value that JSON cannot hold need
    not come back: SAVE-11 reports it.
    """
    docs: Docs = [{"_id": "first", "n": 1}, doc, {"_id": "last", "n": 2}]
    check_saved(kit, collection.save_many(docs), docs, failed=set() if taken else {1})
    for other in (docs[0], docs[2]):
        answers.stored(collection, other["_id"], other, "BULK-1")
    found = collection.get(doc["_id"])
    if taken:
        answers.returned(found, "BULK-1", "its entry is ok")
        if comes_back:
            answers.document(found, doc["_id"], doc, "BULK-1")
    elif otherwise is not None:
        answers.document(found, doc["_id"], otherwise, "BULK-1")
    elif found.returned:
        raise violation("BULK-1", "a document with a failed entry was stored", answer=found)


def check_deleted(answer: Answer, doc_ids: Sequence[str], clause: str = "BULK-3") -> None:
    """Check the entries of `delete_many()`: one for each id, all `ok`."""
    for place, fields in enumerate(_entries(answer, len(doc_ids), clause)):
        Entry(answer, place, fields, doc_ids[place]).check_ok(clause, may_lack_id=True)


def check_got(
    answer: Answer, doc_ids: Sequence[str], held: Documents, clause: str = "BULK-4"
) -> dict[str, Any]:
    """Check that `get_many()` returns for every id its document, or None."""
    value = answers.returned(answer, clause, "missing documents are None")
    if not isinstance(value, dict):
        raise violation(
            clause,
            f"get_many() must return a dict, not {type(value).__name__}",
            answer=answer,
            expected="a dict with a key for every id that was asked for",
        )
    requested = dict.fromkeys(doc_ids)
    lacking = [doc_id for doc_id in requested if doc_id not in value]
    surplus = [key for key in value if key not in requested]
    if lacking or surplus:
        raise violation(
            clause,
            "get_many() must have a key for every id that was asked for, and no other",
            answer=answer,
            came=f"{len(value):,} keys; lacking {answers.first_few(lacking)}, "
            f"not asked for {answers.first_few(surplus)}",
            expected=f"{len(requested):,} keys",
        )
    for doc_id, found in value.items():
        if doc_id in held:
            answers.check_document(answer, found, doc_id, held[doc_id], clause, id_clause=clause)
        elif found is not None:
            raise violation(
                clause,
                f"get_many() must return None for a missing document, {shortened(doc_id, 120)}",
                answer=answer,
                came=shortened(found),
                expected="None",
            )
    return value


def _entries(answer: Answer, count: int, clause: str) -> Docs:
    value = list_of_dicts(answer, clause, "a failure is an entry, and stops no other")
    if len(value) != count:
        raise violation(
            clause,
            f"{answer.call.method}() must return one entry for each item of the request",
            answer=answer,
            came=f"{len(value):,} entries: {shortened(value)}",
            expected=f"{count:,} entries",
        )
    return value


def _as_text(error: Any) -> str:
    """Return an `error`, which may be any JSON, as text; "" if it is empty or no JSON.

    >>> _as_text({"status": 400}), _as_text({}), _as_text(ValueError("no JSON"))
    ('{"status": 400}', '', '')
    """
    if isinstance(error, str):
        return error
    if error is None or error is False or error in ([], {}):
        return ""
    try:
        return json.dumps(error, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""
