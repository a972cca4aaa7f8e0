"""Checks of what `find()` returns: the documents of the listing that a selector matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.blame import blamed_by
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents


_NO_NUMBERS = frozenset({str, bool, type(None), list, dict})
"""The types of JSON except its numbers: values of two of these types are never equal."""


@dataclass(frozen=True)
class Population:
    """The documents of a collection, by id: as they were saved, and as `list_all()` shows them."""

    saved: Documents
    listed: Documents
    refused: tuple[dict[str, Any], ...] = ()
    """The documents that `save()` refused, which DOC reports."""

    def means(self, doc_id: str, selector: dict[str, Any]) -> bool | None:
        """Return whether a selector matches a document; None where the contract leaves it open.

        It is open whether null equals absent, and whether `1` equals `1.0`: one backend compares
        what was saved, another what it shows.
        """
        versions = ({**self.saved[doc_id], "_id": doc_id}, self.listed[doc_id])
        found = {_matches(doc, selector) for doc in versions}
        return found.pop() if len(found) == 1 else None


def populated(collection: Collection, docs: Documents) -> Population:
    """Save documents, and list them."""
    taken, refused = {}, []
    for doc_id, doc in docs.items():
        answer = collection.save(doc_id, doc)
        if answer.refused:
            refused.append(doc)
        else:
            answers.saved(answer)
            taken[doc_id] = doc
    return population(collection, taken, tuple(refused))


def population(
    collection: Collection,
    docs: Documents,
    refused: tuple[dict[str, Any], ...] = (),
    *,
    clause: str = "LIST-5",
) -> Population:
    """Return the documents of a collection, after a check that its listing shows them."""
    listed = answers.listing(collection.list_all(), docs, clause)
    return Population(docs, {doc["_id"]: doc for doc in listed}, refused)


def check_found(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    clause: str = "FIND-1",
    *,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Check that `find()` returns each matching document once, as the listing shows it."""
    value = check_which(answer, population, selector, clause, limit=limit)
    for doc in value:
        shown = population.listed[doc["_id"]]
        answers.check_document(answer, doc, doc["_id"], shown, clause, id_clause=clause)
    return value


def blame_for_finding(
    collection: Collection, docs: Documents, selectors: Iterable[dict[str, Any]], special: str
) -> str:
    """Return the clause to name: FIND-1 if plain selectors already fail, else `special`."""

    def check() -> None:
        held = population(collection, docs)
        for selector in selectors:
            check_found(collection.find(selector), held, selector)

    return blamed_by(check, plain="FIND-1", special=special)


def check_answer(
    answer: Answer, population: Population, selector: dict[str, Any], clause: str
) -> None:
    """Check what `find()` returns; it may refuse a field that `save()` has refused."""
    if answer.refused and any(
        name in doc and not differences(doc[name], value)
        for doc in population.refused
        for name, value in selector.items()
    ):
        return
    check_found(answer, population, selector, clause)


def check_selectors(
    kit: Kit,
    collection: Collection,
    population: Population,
    selectors: Iterable[dict[str, Any]],
    clause: str = "FIND-1",
) -> None:
    """Check what `find()` returns for each selector of a table."""
    with kit.cases() as cases:
        for selector in selectors:
            with cases.case(f"the selector {shortened(selector, 80)}"):
                check_answer(collection.find(selector), population, selector, clause)


def check_which(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    clause: str,
    *,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Check that `find()` returns the matching documents, with whatever fields."""
    value = _documents(answer, clause)
    found = [doc["_id"] for doc in value]
    matching = {doc_id: population.means(doc_id, selector) for doc_id in population.saved}
    right = {doc_id for doc_id, matches in matching.items() if matches}
    wanted = len(right) if limit is None else min(limit, len(right))
    twice = {i for i in found if found.count(i) > 1} if len(set(found)) < len(found) else set()
    wrong = {
        "that the selector does not match": [i for i in found if matching.get(i, False) is False],
        "more than once": sorted(twice),
        "missing": sorted(right - set(found)) if limit is None else [],
    }
    parts = [f"{len(ids):,} {how}: {answers.first_few(ids)}" for how, ids in wrong.items() if ids]
    if limit is not None and not parts and not wanted <= len(found) <= limit:
        parts = [f"{len(right):,} match"]
    if parts:
        raise violation(
            clause,
            "find() must return exactly the documents of list_all() that the selector matches"
            + ("" if limit is None else ", up to the limit"),
            answer=answer,
            came=f"{len(found):,} documents; " + "; ".join(parts),
            expected=f"{wanted:,} documents, of {answers.first_few(sorted(right))}",
        )
    return value


def check_projected(
    answer: Answer,
    population: Population,
    selector: dict[str, Any],
    fields: list[str],
    clause: str = "FIND-2",
) -> None:
    """Check that `find()` shows the fields that were asked for, `_id`, and no others.

    `clause` is named if `find()` returns the wrong documents.
    """
    for doc in check_which(answer, population, selector, clause):
        source = population.listed[doc["_id"]]
        wrong = {
            "shows fields that were not asked for": [
                name for name in answers.own_fields(doc) if name not in fields
            ],
            "leaves out fields that were asked for": [
                name for name in fields if name in source and name not in doc
            ],
            "shows fields with other values than the document's": [
                name
                for name in fields
                if name in doc and differences(source.get(name), doc[name], numbers="by value")
            ],
        }
        for what, names in wrong.items():
            if names:
                raise violation(
                    "FIND-2",
                    f"find() {what}: {shortened(names, 120)}",
                    answer=answer,
                    came=shortened(doc),
                    expected=shortened({n: source[n] for n in ("_id", *fields) if n in source}),
                )


def list_of_dicts(
    answer: Answer, clause: str, why: str, *, plain: bool = False
) -> list[dict[str, Any]]:
    """Check that a call returned a list of dicts, of no subclass if they must be `plain`."""
    value = answers.returned(answer, clause, why)
    kind = type(value).__name__
    if type(value) is list:
        others = [v for v in value if not (type(v) is dict if plain else isinstance(v, dict))]
        if not others:
            return value
        kind = f"a list with {type(others[0]).__name__}"
    raise violation(
        clause,
        f"{answer.call.method}() must return a list of dicts, not {kind}",
        answer=answer,
        expected="a list of dicts",
    )


def _matches(doc: dict[str, Any], selector: dict[str, Any]) -> bool | None:
    found = {_equals(value, doc, name) for name, value in selector.items()}
    if False in found:
        return False
    return None if None in found else True


def _equals(expected: Any, doc: dict[str, Any], name: str) -> bool | None:
    if name not in doc:
        return None if expected is None else False
    found = doc[name]
    # A fast answer for most pairs of values: two of one simple type, and two of unlike types.
    if type(found) is type(expected) and type(found) in (str, bool, int):
        return bool(found == expected)
    if type(found) is not type(expected) and _NO_NUMBERS.issuperset((type(found), type(expected))):
        return False
    if not differences(expected, found, numbers="exact"):
        return True
    return False if differences(expected, found, numbers="by value") else None


def _documents(answer: Answer, clause: str) -> list[dict[str, Any]]:
    value = list_of_dicts(answer, clause, "it must find documents, or none", plain=True)
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
    """Return whether `find()` was given `fields`, by name or by place."""
    fields = (answer.call.named or {}).get("fields", (*answer.call.arguments, None, None, None)[2])
    return fields is not None
