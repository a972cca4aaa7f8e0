"""Checks that a document round-trips: alone, in a table of many, as any of a strategy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable, violation
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents


def check_table(
    kit: Kit,
    clause: str,
    docs: Documents,
    *,
    numbers: answers.Numbers = "by value",
    also: Callable[[dict[str, Any], dict[str, Any]], None] | None = None,
) -> None:
    """Round-trip each document of a table, by its label; then list them all at once.

    `also` is one more check, of a saved document and the one that came back.
    """
    collection = kit.collection()
    held: Documents = {}
    with kit.cases() as cases:
        for label, doc in docs.items():
            with cases.case(label):
                doc_id = kit.fresh("doc")
                found = _saved_and_found(collection, doc_id, doc, clause, numbers)
                if also is not None:
                    also(doc, found)
                held[doc_id] = doc
        with cases.case("in the listing"):
            _check_listed(collection, held, clause, numbers)


def check_any(kit: Kit, clause: str, docs: SearchStrategy[dict[str, Any]]) -> None:
    """Round-trip any document of a strategy, by `get()` and by `list_all()`."""
    collection = kit.collection()

    def check(doc: dict[str, Any]) -> None:
        doc_id = kit.fresh("doc")
        _saved_and_found(collection, doc_id, doc, clause, "by value")
        _check_listed(collection, {doc_id: doc}, clause, "by value")

    kit.prove(check, doc=docs)


def check_together(kit: Kit, clause: str, listed: str, numbers: answers.Numbers) -> None:
    """Round-trip documents that hold other types in the same fields, in one collection.

    `listed` is the clause for what `list_all()` returns.
    """
    collection = kit.collection()
    docs: Documents = {
        f"beside-{number}": {"n": value, "o": {"n": value}, "l": [value]}
        for number, value in enumerate((1, None, 1.5, "1", True, [1], {"n": 1}, "", 2, 0, []))
    }
    docs["beside-none"] = {"other": 1}
    answers.save_all(collection, docs)
    for doc_id, doc in docs.items():
        answers.document(collection.get(doc_id), doc_id, doc, clause, numbers=numbers)
    answers.listing(collection.list_all(), docs, listed, numbers=numbers)


def check_minus_zero(doc: dict[str, Any], found: dict[str, Any]) -> None:
    """Check that -0.0 keeps its sign."""
    zeros = (found["n"], *found["l"], found["o"]["n"])
    if str(doc["n"]) == "-0.0" and any(str(float(zero)) != "-0.0" for zero in zeros):
        raise violation("DOC-10", "-0.0 has lost its sign", came=str(found), expected="-0.0")


def check_plain(answer: Answer, value: Any) -> None:
    """Check that a value has only the types that `json.loads` returns."""
    other = _other_types(value, "$")
    if other:
        raise violation(
            "DOC-2",
            "what came back is not plain JSON",
            answer=answer,
            expected="dict, list, str, int, float, bool and None, themselves and not subclasses",
            differences=other,
        )
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise violation("DOC-2", f"json.dumps does not take it: {error}", answer=answer) from error


def check_stored_form(kit: Kit, clause: str, docs: Documents) -> None:
    """Check that what the store holds for a document can be saved as a document itself."""
    raw = kit.trace.raw
    if raw is None:
        raise NotApplicable("the target has no `raw`, which shows what the store holds")
    collection = kit.collection()
    with kit.cases() as cases:
        for label, doc in docs.items():
            with cases.case(label):
                doc_id = kit.fresh("wrapped")
                if not collection.save(doc_id, doc).returned:
                    continue  # the clause about such a document reports it
                held = raw(collection.name, doc_id)
                form = answers.own_fields(held) if isinstance(held, dict) else {}
                if not _other_types(form, "$"):
                    forms = {kit.fresh("form"): form, kit.fresh("form"): {"o": form, "l": [form]}}
                    for form_id, same in forms.items():
                        _saved_and_found(collection, form_id, same, clause, "by value")


def _saved_and_found(
    collection: Collection,
    doc_id: str,
    doc: dict[str, Any],
    clause: str,
    numbers: answers.Numbers,
) -> dict[str, Any]:
    answers.saved(collection.save(doc_id, doc), clause)
    answer = collection.get(doc_id)
    found = answers.document(answer, doc_id, doc, clause, numbers=numbers)
    # The check above leaves out the top-level names that begin with `_`.
    mine = {k: v for k, v in doc.items() if k not in ("_id", "_rev")}
    wrong = differences(mine, {k: v for k, v in found.items() if k in mine}, numbers="by value")
    if wrong:
        raise violation(
            clause,
            "a top-level field whose name begins with `_` did not come back",
            answer=answer,
            expected=shortened(mine),
            differences=[str(d) for d in wrong],
        )
    return found


def _check_listed(
    collection: Collection, docs: Documents, clause: str, numbers: answers.Numbers
) -> None:
    answer = collection.list_all()
    for listed in answers.listed(answer, clause):
        doc_id = listed["_id"]
        if doc_id in docs:
            answers.check_document(
                answer, listed, doc_id, docs[doc_id], clause, numbers=numbers, id_clause="LIST-2"
            )


def _other_types(value: Any, path: str) -> list[str]:
    kind = type(value)
    if kind is dict:
        names = [
            f"{path}: the key {k!r} is a {type(k).__name__}" for k in value if type(k) is not str
        ]
        inner = [_other_types(v, f"{path}[{k!r}]") for k, v in value.items() if type(k) is str]
        return [*names, *(line for lines in inner for line in lines)]
    if kind is list:
        return [line for i, v in enumerate(value) for line in _other_types(v, f"{path}[{i}]")]
    if value is None or kind in (str, int, float, bool):
        return []
    return [f"{path}: {shortened(value, 120)} is a {kind.__module__}.{kind.__name__}"]
