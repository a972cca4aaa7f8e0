"""What the bulk methods must answer: one entry for each thing asked, in order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.suite import expect
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

OK = '{"ok": True, "id": …, "rev": <non-empty str>}'
FAILED = '{"ok": False, "id": …, "error": <what is wrong>}'


def check_saved(
    kit: Kit,
    answer: Answer,
    docs: Sequence[Any],
    clause: str = "BULK-1",
    *,
    failed: frozenset[int] | set[int] = frozenset(),
    failed_clause: str = "",
) -> list[dict[str, Any]]:
    """`save_many()` must give an entry for each document, `ok` but for those at `failed`.

    How a failed entry is told has a clause of its own where `failed_clause` is given.
    """
    entries = _entries(answer, len(docs), clause)
    for place, (entry, doc) in enumerate(zip(entries, docs, strict=True)):
        doc_id = doc.get("_id") if isinstance(doc, dict) else None
        if place in failed:
            _check_failed(kit, answer, entry, place, doc_id, clause, failed_clause or clause)
        else:
            _check_ok(answer, entry, place, doc_id, clause)
            if not isinstance(entry.get("rev"), str) or not entry["rev"]:
                raise _wrong(answer, entry, place, "its `rev` must be a non-empty str", OK, clause)
    return entries


def check_failed_alone(kit: Kit, answer: Answer, doc_id: str) -> None:
    """The one entry of a request must be as a failed one must be, if it is not ok."""
    if not answer.returned or type(answer.value) is not list or len(answer.value) != 1:
        return
    (entry,) = answer.value
    if isinstance(entry, dict) and not entry.get("ok"):
        _check_failed(kit, answer, entry, 0, doc_id, "BULK-1", "BULK-1")


def check_among(
    kit: Kit,
    collection: Collection,
    doc: dict[str, Any],
    *,
    taken: bool,
    otherwise: dict[str, Any] | None = None,
    comes_back: bool = True,
) -> None:
    """A document must fare among others as alone: be taken, or leave what was there as it was.

    What becomes of a value that JSON cannot hold, if it is taken, is for SAVE-11: then it need
    not come back.
    """
    docs: list[dict[str, Any]] = [{"_id": "first", "n": 1}, doc, {"_id": "last", "n": 2}]
    check_saved(kit, collection.save_many(docs), docs, failed=set() if taken else {1})
    for other in (docs[0], docs[2]):
        expect.document(collection.get(other["_id"]), other["_id"], other, "BULK-1")
    found = collection.get(doc["_id"])
    if taken:
        expect.returned(found, "BULK-1", "its entry is ok")
        if comes_back:
            expect.document(found, doc["_id"], doc, "BULK-1")
    elif otherwise is not None:
        expect.document(found, doc["_id"], otherwise, "BULK-1")
    elif found.returned:
        raise violation("BULK-1", "a failed entry has stored its document", answer=found)


def check_deleted(answer: Answer, doc_ids: Sequence[str], clause: str = "BULK-3") -> None:
    """`delete_many()` must give an entry for each id, all of them `ok`."""
    for place, entry in enumerate(_entries(answer, len(doc_ids), clause)):
        _check_ok(answer, entry, place, doc_ids[place], clause, may_lack_id=True)


def check_got(
    answer: Answer,
    doc_ids: Sequence[str],
    held: dict[str, dict[str, Any]],
    clause: str = "BULK-4",
) -> dict[str, Any]:
    """`get_many()` must give every id that was asked for its document, or None."""
    value = expect.returned(answer, clause, "missing documents are None")
    if not isinstance(value, dict):
        raise violation(
            clause,
            f"get_many() must return a dict, not {type(value).__name__}",
            answer=answer,
            expected="a dict with a key for every id that was asked for",
        )
    lacking = [doc_id for doc_id in dict.fromkeys(doc_ids) if doc_id not in value]
    surplus = [key for key in value if key not in set(doc_ids)]
    if lacking or surplus:
        raise violation(
            clause,
            "get_many() must have a key for every id that was asked for, and no other",
            answer=answer,
            came=f"{len(value):,} keys; lacking {shortened(lacking[:5], 200)}, "
            f"not asked for {shortened(surplus[:5], 200)}",
            expected=f"{len(set(doc_ids)):,} keys",
        )
    for doc_id, found in value.items():
        if doc_id in held:
            expect.check_document(answer, found, doc_id, held[doc_id], clause, id_clause=clause)
        elif found is not None:
            raise violation(
                clause,
                f"get_many() must give None for a missing document, {shortened(doc_id, 120)}",
                answer=answer,
                came=shortened(found),
                expected="None",
            )
    return value


def check_arguments_stay(answer: Answer, before: Any, now: Any, clause: str) -> None:
    """A bulk method may set `_id` and `_rev` in its caller's documents, and nothing else."""
    wrong = differences(_without_set(before, now), _without_set(now, now), numbers="exact")
    if wrong:
        raise violation(
            clause,
            f"{answer.call.method}() has changed its caller's arguments",
            answer=answer,
            came=shortened(now),
            expected=shortened(before),
            differences=[str(d) for d in wrong],
        )


def _without_set(items: list[Any], now: list[Any]) -> list[Any]:
    """Leave out of each document `_id` and `_rev` if it has them now: set, but not taken away."""
    kept = [*items]
    for place, (item, is_now) in enumerate(zip(items, now, strict=False)):
        if type(item) is dict and type(is_now) is dict:
            settable = {"_id", "_rev"} & is_now.keys()
            kept[place] = {name: value for name, value in item.items() if name not in settable}
    return kept


def _entries(answer: Answer, count: int, clause: str) -> list[dict[str, Any]]:
    method = answer.call.method
    value = expect.returned(answer, clause, "what fails is an entry, and stops no other")
    if type(value) is not list or not all(isinstance(entry, dict) for entry in value):
        raise violation(
            clause,
            f"{method}() must return a list of dicts, one for each that was asked",
            answer=answer,
            expected=f"a list of {count:,} dicts",
        )
    if len(value) != count:
        raise violation(
            clause,
            f"{method}() must return one entry for each that was asked",
            answer=answer,
            came=f"{len(value):,} entries: {shortened(value)}",
            expected=f"{count:,} entries",
        )
    return value


def _check_ok(
    answer: Answer,
    entry: dict[str, Any],
    place: int,
    doc_id: Any,
    clause: str,
    *,
    may_lack_id: bool = False,
) -> None:
    if entry.get("ok") is not True:
        raise _wrong(answer, entry, place, "its `ok` must be True", OK, clause)
    if may_lack_id and "id" not in entry:
        return
    if not isinstance(entry.get("id"), str) or entry["id"] != doc_id:
        raise _wrong(answer, entry, place, f"its `id` must be {doc_id!r}", OK, clause)


def _check_failed(
    kit: Kit,
    answer: Answer,
    entry: dict[str, Any],
    place: int,
    doc_id: Any,
    clause: str,
    form: str,
) -> None:
    """The entry must say that the document has failed, and in the form of a failed entry."""
    if entry.get("ok") is not False:
        named = clause if entry.get("ok") else form
        raise _wrong(answer, entry, place, "its `ok` must be False", FAILED, named)
    if isinstance(doc_id, str) and doc_id and entry.get("id") != doc_id:
        raise _wrong(answer, entry, place, f"its `id` must be {doc_id!r}", FAILED, form)
    if "id" not in entry:
        raise _wrong(answer, entry, place, "it must have an `id`, if only None", FAILED, form)
    error = _as_text(entry.get("error"))
    if not error.strip():
        raise _wrong(answer, entry, place, "its `error` must say what is wrong", FAILED, form)
    if kit.watch.leaks(error, answer):
        raise violation(
            (form, "ERR-4"),
            f"the `error` of entry {place} shows a secret",
            came="an `error` with a secret in it",
            expected="a text without passwords, keys, tokens and addresses that hold them",
        )


def _as_text(error: Any) -> str:
    """Give what an `error` says, which may be any JSON; of what says nothing, or is no JSON, "".

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


def _wrong(
    answer: Answer, entry: Any, place: int, what: str, expected: str, clause: str
) -> Exception:
    return violation(
        clause,
        f"entry {place} of what {answer.call.method}() returned is wrong: {what}",
        answer=answer,
        came=shortened(entry),
        expected=expected,
    )
