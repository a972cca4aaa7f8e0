"""What `find()` must give: the documents of the listing that a selector means, and their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.blame import blamed_by
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.workspace import Collection

Documents = dict[str, dict[str, Any]]

_ORDINARY = frozenset({str, bool, type(None), list, dict})
"""The types of JSON but its numbers: a value of the one is never the same as one of another."""


@dataclass(frozen=True)
class Population:
    """The documents of a collection, by id: as they were saved, and as `list_all()` shows them."""

    saved: Documents
    listed: Documents
    refused: tuple[dict[str, Any], ...] = ()
    """The documents that `save()` did not take, which is for DOC to judge."""

    def means(self, doc_id: str, selector: dict[str, Any]) -> bool | None:
        """Whether a selector means a document; None where the contract leaves it open.

        It is open whether null is the same as absent, and whether `1` is the same as `1.0`, or is
        shown as that: one backend compares what it was given, another what it shows.
        """
        shown = self.listed[doc_id]
        found = {
            _is_meant({**self.saved[doc_id], "_id": doc_id}, selector),
            _is_meant(shown, selector),
        }
        return found.pop() if len(found) == 1 else None


def populated(collection: Collection, docs: Documents) -> Population:
    """Save documents, and list them."""
    taken, refused = {}, []
    for doc_id, doc in docs.items():
        answer = collection.save(doc_id, doc)
        if answer.refused:
            refused.append(doc)
        else:
            expect.saved(answer)
            taken[doc_id] = doc
    return population(collection, taken, tuple(refused))


def population(
    collection: Collection,
    docs: Documents,
    refused: tuple[dict[str, Any], ...] = (),
    *,
    clause: str = "LIST-5",
) -> Population:
    """Give the documents that a collection must hold now, and does by its listing."""
    listed = expect.listing(collection.list_all(), docs, clause)
    return Population(docs, {doc["_id"]: doc for doc in listed}, refused)


def check_found(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    clause: str = "FIND-1",
    *,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """`find()` must give the documents of that selector, each once, as the listing shows it."""
    value = check_which(answer, population, selector, clause, limit=limit)
    for doc in value:
        shown = population.listed[doc["_id"]]
        expect.check_document(answer, doc, doc["_id"], shown, clause, id_clause=clause)
    return value


def blame_for_finding(
    collection: Collection, docs: Documents, selectors: Iterable[dict[str, Any]], special: str
) -> str:
    """Give FIND-1 to be named if plain questions are answered wrongly, and else `special`."""

    def check() -> None:
        held = population(collection, docs)
        for selector in selectors:
            check_found(collection.find(selector), held, selector)

    return blamed_by(check, plain="FIND-1", special=special)


def check_answer(
    answer: Answer, population: Population, selector: dict[str, Any], clause: str
) -> None:
    """`find()` must give those documents; it may refuse to look for what `save()` has refused."""
    if answer.refused and any(
        name in doc and not differences(doc[name], value)
        for doc in population.refused
        for name, value in selector.items()
    ):
        return
    check_found(answer, population, selector, clause)


def check_which(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    clause: str,
    *,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """`find()` must give the documents of that selector, whatever it shows of each."""
    value = _documents(answer, clause)
    found = [doc["_id"] for doc in value]
    meant = {doc_id: population.means(doc_id, selector) for doc_id in population.saved}
    right = {doc_id for doc_id, is_meant in meant.items() if is_meant}
    wanted = len(right) if limit is None else min(limit, len(right))
    wrong = {
        "that the selector does not mean": [i for i in found if meant.get(i, False) is False],
        "more than once": sorted({i for i in found if found.count(i) > 1})
        if len(set(found)) < len(found)
        else [],
        "missing": sorted(right - set(found)) if limit is None else [],
    }
    parts = [
        f"{len(which):,} {how}: {shortened(which[:5], 200)}{' …' if len(which) > 5 else ''}"
        for how, which in wrong.items()
        if which
    ]
    if limit is not None and not parts and not wanted <= len(found) <= limit:
        parts = [f"{len(right):,} are meant"]
    if parts:
        raise violation(
            clause,
            "find() must give exactly the documents of list_all() that the selector means"
            + ("" if limit is None else ", up to the limit"),
            answer=answer,
            came=f"{len(found):,} documents; " + "; ".join(parts),
            expected=f"{wanted:,} documents, of {shortened(sorted(right)[:5], 200)}"
            f"{' …' if len(right) > 5 else ''}",
        )
    return value


def check_projected(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    fields: list[str],
    clause: str = "FIND-2",
) -> None:
    """`find()` must show the fields that were asked for, `_id`, and no others.

    The clause is the one to name if it is the wrong documents that are shown.
    """
    for doc in check_which(answer, population, selector, clause):
        source = population.listed[doc["_id"]]
        surplus = [name for name in expect.own_fields(doc) if name not in fields]
        lacking = [name for name in fields if name in source and name not in doc]
        unlike = [
            name
            for name in fields
            if name in doc and differences(source.get(name), doc[name], numbers="by value")
        ]
        for what, names in (
            ("find() shows fields that were not asked for", surplus),
            ("find() leaves out fields that were asked for", lacking),
            ("find() shows fields that are not what the document holds", unlike),
        ):
            if names:
                raise violation(
                    "FIND-2",
                    f"{what}: {shortened(names, 120)}",
                    answer=answer,
                    came=shortened(doc),
                    expected=shortened({n: source[n] for n in ("_id", *fields) if n in source}),
                )


def _is_meant(doc: dict[str, Any], selector: dict[str, Any]) -> bool | None:
    found = {_is_same(value, doc, name) for name, value in selector.items()}
    if False in found:
        return False
    return None if None in found else True


def _is_same(expected: Any, doc: dict[str, Any], name: str) -> bool | None:
    if name not in doc:
        return None if expected is None else False
    found = doc[name]
    if type(found) is not type(expected) and _ORDINARY.issuperset((type(found), type(expected))):
        return False  # what most values are to most others: no need to look where they differ
    if not differences(expected, found, numbers="exact"):
        return True
    return False if differences(expected, found, numbers="by value") else None


def _documents(answer: Answer, clause: str) -> list[dict[str, Any]]:
    value = expect.returned(answer, clause, "it must find documents, or none")
    if type(value) is not list or not all(type(doc) is dict for doc in value):
        kind = type(value).__name__
        if type(value) is list:
            kind = "a list with " + next(type(d).__name__ for d in value if type(d) is not dict)
        raise violation(
            clause,
            f"find() must return a list of dicts, not {kind}",
            answer=answer,
            expected="a list of dicts",
        )
    for doc in value:
        if type(doc.get("_id")) is not str:
            raise violation(
                "FIND-2" if _shows_parts(answer) else clause,
                "every document of find() must have its `_id`, a str",
                answer=answer,
                came=shortened(doc),
            )
    return value


def _shows_parts(answer: Answer) -> bool:
    """Tell whether `find()` was asked for some fields only, by name or by place."""
    fields = (answer.call.named or {}).get("fields", (*answer.call.arguments, None, None, None)[2])
    return fields is not None
