"""What `save()` must have done: its answer, its caller's dict, what it took or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.unstorable import unlike
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit


def check_answer(kit: Kit, answer: Any, doc_id: str, doc: dict[str, Any]) -> None:
    """Hold what `save()` returned against the dialect."""
    value = answer.value
    if kit.dialect == "overview":
        expect.check_document(answer, value, doc_id, doc, "SAVE-1", id_clause="SAVE-1")
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


def check_callers_dict(save: Any, doc_id: str, doc: dict[str, Any], clause_id: str) -> None:
    """Save a dict; but for `_id` and `_rev` at its top it must hold what it held."""
    before = snapshot(doc)
    answer = save(doc_id, doc)
    settable = [name for name in ("_id", "_rev") if name in doc]  # set or added, never taken away
    wrong = differences(
        {k: v for k, v in before.items() if k not in settable},
        {k: v for k, v in doc.items() if k not in settable},
        numbers="exact",
    )
    if wrong:
        raise violation(
            clause_id,
            "save() has changed values in its caller's dict",
            answer=answer,
            came=f"the dict is now {shortened(doc)}",
            expected=f"the dict as it was, but for `_id` and `_rev`: {shortened(before)}",
            differences=[str(d) for d in wrong],
        )


def check_refused_or_same(
    collection: Any, doc_id: str, doc: dict[Any, Any], *, or_as: dict[Any, Any] | None = None
) -> None:
    """A value outside of JSON: refused with a 4xx, or given back as the very same.

    `or_as` is the document after a conversion that is allowed, if one is.
    """
    answer = collection.save(doc_id, doc)
    if not answer.returned:
        expect.refused(answer, "SAVE-11", "a value that JSON cannot hold")
        return
    found = collection.get(doc_id)
    value = expect.returned(found, "SAVE-11", "the document was taken, so it must be read back")
    collection.delete(doc_id)
    if isinstance(value, dict):
        shown = expect.own_fields(value)
        wrong = differences(expect.own_fields(doc), shown, numbers="by value")
        if or_as is not None:
            wrong = wrong and differences(or_as, shown, numbers="by value")
        if not wrong:
            return
        raise violation(
            "SAVE-11",
            "a value that JSON cannot hold was taken, and stored as something else",
            answer=found,
            expected="a refusal with a 4xx when it was saved, or the value itself",
            differences=[str(d) for d in wrong],
        )
    raise violation("SAVE-11", "get() must return a dict", answer=found)


def check_converted(collection: Any, doc_id: str, doc: dict[Any, Any]) -> None:
    """A value that may be converted: refused with a 4xx, or converted as the contract allows."""
    answer = collection.save(doc_id, doc)
    if not answer.returned:
        expect.refused(answer, "SAVE-11", "a value that is to be converted or refused")
        return
    found = collection.get(doc_id)
    value = expect.returned(found, "SAVE-11", "the document was taken, so it must be read back")
    collection.delete(doc_id)
    shown = expect.own_fields(value)
    wrong = unlike(expect.own_fields(doc), shown)
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


def check_carried(answer: Any, carried: Any, revision: str) -> None:
    """`get()` must carry the revision of the last `save()`."""
    if carried != revision or not isinstance(carried, str):
        raise violation(
            "SAVE-14",
            "get() does not carry in `_rev` what the last save() returned as `rev`",
            answer=answer,
            came=f"`_rev` {carried!r}",
            expected=f"`_rev` {revision!r}",
        )


def revision_of(kit: Kit, answer: Any) -> str:
    """Give the revision that `save()` returned, or in `overview` the document's."""
    value = expect.saved(answer)
    revision = None
    if isinstance(value, dict):
        revision = value.get("rev" if kit.dialect == "interface" else "_rev")
    return revision if isinstance(revision, str) else ""
