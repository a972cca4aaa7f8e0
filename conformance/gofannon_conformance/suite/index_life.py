"""A collection's life, led once without an index and once with: no result may tell them apart.

What a method gives with an index is held against what it gave without one, and against no model:
a service that finds wrongly with and without an index has a wrong `find()`, and a right index.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.optional import has
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


@dataclass(frozen=True)
class Save:
    """Save a document."""

    doc_id: str
    doc: dict[str, Any]


@dataclass(frozen=True)
class Delete:
    """Delete a document."""

    doc_id: str


@dataclass(frozen=True)
class SaveMany:
    """Save documents by one call, where the service can."""

    docs: list[dict[str, Any]]


@dataclass(frozen=True)
class DeleteMany:
    """Delete documents by one call, where the service can."""

    doc_ids: list[str]


@dataclass(frozen=True)
class Look:
    """List the collection, get some documents, and find everything and by some selectors."""

    doc_ids: Sequence[str] = ()
    selectors: Sequence[dict[str, Any]] = ()
    limited: Sequence[tuple[dict[str, Any], dict[str, Any]]] = ()
    """Selectors, each with the `fields` or the `limit` that `find()` is given besides."""


@dataclass(frozen=True)
class Index:
    """Ensure an index, in the life that has them."""

    fields: list[str]
    may_be_refused: bool = False


@dataclass(frozen=True)
class Seen:
    """What a call gave, and what `find()` gave in that collection when nothing was in it."""

    answer: Answer
    ghosts: frozenset[str] = frozenset()

    @property
    def result(self) -> Any:
        """What is compared: documents in one order, without what the store adds."""
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


Step = Save | Delete | SaveMany | DeleteMany | Look | Index


def expect_the_same_life(
    kit: Kit, steps: Sequence[Step], *, without: Collection, indexed: Collection
) -> None:
    """Every call must give in the one collection what it gave in the other, without indexes."""
    expected = _lived(without, steps, with_indexes=False)
    kit.begin()  # the program of a failure is the second life; the first is told as expected
    for before, now in zip(expected, _lived(indexed, steps, with_indexes=True), strict=True):
        _check_same(before, now)


def expect_none(answer: Answer) -> None:
    """`ensure_index()` must return, and return None."""
    value = expect.returned(answer, "IDX-1", "an index can be ensured at any time, and again")
    if value is not None:
        raise violation("IDX-1", "ensure_index() must return None", answer=answer, expected="None")


def check_unchanged(before: Answer, now: Answer) -> None:
    """A call must give with an index what it gave without."""
    _check_same(Seen(before), Seen(now))


def _check_same(before: Seen, now: Seen) -> None:
    """Hold one answer against the other.

    What a call raised is the business of its own clauses, and no result that an index could
    change; but a document that was missing must be so still.
    """
    call = now.answer.call
    was_missing = call.method == "get" and before.answer.status == expect.NOT_FOUND
    if before.answer.error is not None and not was_missing:
        return
    expected, came = before.result, now.result
    wrong = differences(expected, came, numbers="by value")
    if wrong:
        raise violation(
            "IDX-1",
            f"{call.method}() gives another result because of an index",
            answer=now.answer,
            came=shortened(came),
            expected=f"what it gives without an index: {shortened(expected)}",
            differences=[str(difference) for difference in wrong],
        )


def _lived(collection: Collection, steps: Sequence[Step], *, with_indexes: bool) -> list[Seen]:
    """Take each step in a collection, and give the answers that both lives have."""
    answers = []
    finds = has(collection, "find")
    ghosts = _ids(collection.find({}).value) if finds else frozenset()
    for step in steps:
        match step:
            case Save(doc_id, doc):
                answers.append(collection.save(doc_id, doc))
            case Delete(doc_id):
                answers.append(collection.delete(doc_id))
            case SaveMany(docs) if has(collection, "save_many"):
                answers.append(collection.save_many(docs))
            case DeleteMany(doc_ids) if has(collection, "delete_many"):
                answers.append(collection.delete_many([*doc_ids]))
            case Look(doc_ids, selectors, limited):
                answers.append(collection.list_all())
                answers += [collection.get(doc_id) for doc_id in doc_ids]
                if finds:
                    answers += [collection.find(selector) for selector in ({}, *selectors)]
                    answers += [collection.find(selector, **more) for selector, more in limited]
            case Index(fields, may_be_refused) if with_indexes:
                answer = collection.ensure_index([*fields])
                if not (may_be_refused and answer.refused):
                    expect_none(answer)
    return [Seen(answer, ghosts) for answer in answers]


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
