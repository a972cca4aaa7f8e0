"""The same calls in a collection without an index and in one with: all results must be equal.

The results with an index are compared with those without one, and not with a model: if `find()`
is wrong in both, FIND reports it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.run.optional import has
from gofannon_conformance.suite.expect import answers as expect
from gofannon_conformance.values.copying import snapshot
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

_OPTIONAL = ("find", "save_many", "delete_many")


@dataclass(frozen=True)
class Step:
    """A call in both collections, if the service has the method; an index in one of them."""

    method: str
    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    may_be_refused: bool = False


def save(doc_id: str, doc: dict[str, Any]) -> Step:
    """Return the step that saves a document."""
    return Step("save", (doc_id, doc))


def index(*fields: str, may_be_refused: bool = False) -> Step:
    """Return the step that ensures an index."""
    return Step("ensure_index", ([*fields],), may_be_refused=may_be_refused)


def look(
    *,
    doc_ids: Iterable[str] = (),
    selectors: Iterable[dict[str, Any]] = (),
    limited: Iterable[tuple[dict[str, Any], dict[str, Any]]] = (),
) -> list[Step]:
    """Return the steps that list a collection, get documents, and find by selectors.

    `limited` are selectors, each with the `fields` or the `limit` of its call.
    """
    finds = [({}, {}), *((selector, {}) for selector in selectors), *limited]
    return [
        Step("list_all"),
        *(Step("get", (doc_id,)) for doc_id in doc_ids),
        *(Step("find", (selector,), named) for selector, named in finds),
    ]


@dataclass(frozen=True)
class Seen:
    """An answer, and the ids that `find()` returned in that collection when it was empty."""

    answer: Answer
    ghosts: frozenset[str] = frozenset()

    @property
    def result(self) -> Any:
        """The part that is compared: documents in one order, without the fields of the store."""
        answer = self.answer
        if answer.error is not None:
            return f"raised {answer.status or type(answer.error).__name__}"
        if answer.call.method == "save":
            return "returned"
        if answer.call.method in {"save_many", "delete_many"}:
            return _outcomes(answer.value)
        if not isinstance(answer.value, list):
            return _shown(answer.value)
        ghosts = self.ghosts if answer.call.method == "find" else frozenset()
        docs = [doc for doc in answer.value if ghosts.isdisjoint(_ids([doc]))]
        return sorted(map(_shown, docs), key=_order)


def check_same_results(
    kit: Kit, steps: Sequence[Step], *, without: Collection, indexed: Collection
) -> None:
    """Check that every call returns in the indexed collection what it returns in the other."""
    expected = _answers_of(without, steps, with_indexes=False)
    kit.begin()  # the program of a failure shows the calls with an index only
    for before, now in zip(expected, _answers_of(indexed, steps, with_indexes=True), strict=True):
        _check_same(before, now)


def expect_none(answer: Answer) -> None:
    """Check that `ensure_index()` returned None."""
    expect.none(answer, "IDX-1", "an index can be ensured at any time, and again")


def check_unchanged(before: Answer, now: Answer) -> None:
    """Check that a call returns with an index what it returned without."""
    _check_same(Seen(before), Seen(now))


def _check_same(before: Seen, now: Seen) -> None:
    """Compare two answers; other clauses report what a call raised without an index, except 404."""
    call = now.answer.call
    was_missing = call.method == "get" and before.answer.status == expect.NOT_FOUND
    if before.answer.error is not None and not was_missing:
        return
    expected, came = before.result, now.result
    wrong = differences(expected, came, numbers="by value")
    if wrong:
        raise violation(
            "IDX-1",
            f"an index changes the result of {call.method}()",
            answer=now.answer,
            came=shortened(came),
            expected=f"the result without an index: {shortened(expected)}",
            differences=[str(difference) for difference in wrong],
        )


def _answers_of(collection: Collection, steps: Sequence[Step], *, with_indexes: bool) -> list[Seen]:
    """Take each step in a collection; return the answers that both collections have."""
    lacking = [method for method in _OPTIONAL if not has(collection, method)]
    ghosts = frozenset() if "find" in lacking else _ids(collection.find({}).value)
    answers = []
    for step in steps:
        if step.method in lacking or (step.method == "ensure_index" and not with_indexes):
            continue
        answer = getattr(collection, step.method)(*snapshot(step.arguments), **step.named)
        if step.method != "ensure_index":
            answers.append(Seen(answer, ghosts))
        elif not (step.may_be_refused and answer.refused):
            expect_none(answer)
    return answers


def _ids(value: Any) -> frozenset[str]:
    docs = value if isinstance(value, list) else []
    ids = [doc.get("_id") for doc in docs if isinstance(doc, dict)]
    return frozenset(doc_id for doc_id in ids if isinstance(doc_id, str))


def _outcomes(value: Any) -> Any:
    entries = value if isinstance(value, list) else []
    return [entry.get("ok") if isinstance(entry, dict) else entry for entry in entries]


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {**expect.own_fields(value), "_id": value.get("_id")}
    return value if isinstance(value, (str, type(None))) else type(value).__name__


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=lambda other: type(other).__name__)
