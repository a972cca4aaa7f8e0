"""Checks of `save()`: its answer, its caller's dict, what it stored or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.documents.unstorable import unlike
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.values.equality import differences

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit


def check_answer(kit: Kit, answer: Any, doc_id: str, doc: dict[str, Any]) -> None:
    """Check the answer of `save()`, in the dialect of the target."""
    value = answer.value
    if kit.dialect == "overview":
        answers.check_document(answer, value, doc_id, doc, "SAVE-1", id_clause="SAVE-1")
        return
    expected = f"{{'id': {doc_id!r}, 'rev': <non-empty str>}}"
    if not isinstance(value, dict):
        what = f"save() must return a dict, not {type(value).__name__}"
    elif not isinstance(value.get("id"), str) or value["id"] != doc_id:
        what = "`id` in what save() returned must be the id that was saved"
    elif not isinstance(value.get("rev"), str) or not value["rev"]:
        what = "`rev` in what save() returned must be a non-empty str"
    else:
        return
    raise violation("SAVE-1", what, answer=answer, expected=expected)


def check_refused_or_same(
    collection: Any, doc_id: str, doc: dict[Any, Any], *, or_as: dict[Any, Any] | None = None
) -> None:
    """Check that a value outside of JSON is refused with a 4xx, or comes back as it was.

    `or_as` is the document after a conversion that is allowed, if there is one.
    """
    found = _accepted(collection, doc_id, doc, "a value that JSON cannot hold")
    if found is None:
        return
    if not isinstance(found.value, dict):
        raise violation("SAVE-11", "get() must return a dict", answer=found)
    shown = answers.own_fields(found.value)
    wrong = differences(answers.own_fields(doc), shown, numbers="by value")
    if or_as is not None:
        wrong = wrong and differences(or_as, shown, numbers="by value")
    if wrong:
        raise violation(
            "SAVE-11",
            "a value that JSON cannot hold was accepted, and stored as something else",
            answer=found,
            expected="a refusal with a 4xx when it was saved, or the value itself",
            differences=[str(d) for d in wrong],
        )


def _accepted(collection: Any, doc_id: str, doc: dict[Any, Any], what: str) -> Any:
    """Save and read a document and delete it. Return the answer of `get()`, None if refused."""
    answer = collection.save(doc_id, doc)
    if not answer.returned:
        answers.refused(answer, "SAVE-11", what)
        return None
    found = collection.get(doc_id)
    answers.returned(found, "SAVE-11", "the document was accepted, so it must be found")
    collection.delete(doc_id)
    return found


def check_converted(collection: Any, doc_id: str, doc: dict[Any, Any]) -> None:
    """Check that a value is refused with a 4xx, or converted as the contract allows."""
    found = _accepted(collection, doc_id, doc, "a value that is to be converted or refused")
    if found is None:
        return
    shown = answers.own_fields(found.value)
    wrong = unlike(answers.own_fields(doc), shown)
    asked, came = doc.get("value"), shown.get("value")
    if isinstance(asked, int) and type(came) is float and type(shown.get("n")) is int:
        wrong.append(f"$.value: expected {int(asked)} (an int, as $.n came back), got {came!r}")
    if wrong:
        raise violation(
            "SAVE-11",
            "a value was stored as something that the contract does not allow",
            answer=found,
            expected="datetime and date as ISO 8601 text, Decimal as a number, tuple as an "
            "array, a subclass of a JSON type as that type; or a refusal with a 4xx",
            differences=wrong,
        )


def check_carried(answer: Any, doc_id: str, doc: dict[str, Any], revision: str) -> None:
    """Check that `get()` returned a document with the revision of the last `save()`."""
    carried = answers.document(answer, doc_id, doc, "GET-1").get("_rev")
    if carried != revision or not isinstance(carried, str):
        raise violation(
            "SAVE-14",
            "get() does not carry in `_rev` what the last save() returned as `rev`",
            answer=answer,
            came=f"`_rev` {carried!r}",
            expected=f"`_rev` {revision!r}",
        )


def revision_of(kit: Kit, answer: Any) -> str:
    """Return the revision that `save()` returned, in `overview` that of the document."""
    value = answers.saved(answer)
    revision = None
    if isinstance(value, dict):
        revision = value.get("rev" if kit.dialect == "interface" else "_rev")
    return revision if isinstance(revision, str) else ""
