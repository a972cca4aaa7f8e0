"""DOC: what was saved is what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents import portable_documents, wide_documents
from gofannon_conformance.documents.portable import (
    INNER_NAMES,
    SHARP_NUMBERS,
    SHARP_TEXTS,
)
from gofannon_conformance.documents.schemas import field_names
from gofannon_conformance.documents.wide import WIDE_NUMBERS, WIDE_TOP_NAMES
from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.fidelity_cases import (
    ARRAYS,
    EMPTY,
    ENVELOPED,
    FIELD_NAMES,
    FIELD_VALUES,
    KIB,
    TOGETHER,
    UNICODE_TEXTS,
    UNPORTABLE_NAMES,
    long,
    nested,
    sized,
)
from gofannon_conformance.suite.fidelity_words import LOOKALIKES, TAKEN_NAMES
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

LARGEST = (1, 4, 9, 17)
"""Sizes in MiB, each past some store's limit."""

_ONE_TEXT = "x" * (900 * KIB) + "end"

TOGETHER_AT_MOST = 12
"""How many texts one document holds: there are many, and a call may cost much."""

KEPT = ("DOC-14", "SAVE-10")
"""What a refusal that loses the earlier version breaks."""


class FidelityTests(ContractTests):
    """JSON goes in, and the same JSON comes out."""

    @clause("DOC-1")
    def test_any_portable_document_round_trips(self, kit: Kit) -> None:
        _prove(kit, "DOC-1", portable_documents())

    @clause("DOC-1")
    def test_fields_of_the_application_hold_any_value(self, kit: Kit) -> None:
        docs = {
            f"each field {label}": dict.fromkeys(field_names(), value)
            for label, value in FIELD_VALUES.items()
        }
        _table(kit, "DOC-1", docs, numbers="by value")

    @clause("DOC-1")
    def test_depth_of_sixteen_round_trips(self, kit: Kit) -> None:
        _table(kit, "DOC-1", nested(16), numbers="by value")

    @clause("DOC-1")
    def test_numbers_round_trip(self, kit: Kit) -> None:
        docs = {repr(n): {"n": n, "o": {"n": n}, "l": [n, -n]} for n in SHARP_NUMBERS}
        _table(kit, "DOC-1", docs, numbers="by value")

    @clause("DOC-1")
    def test_long_texts_lists_and_objects_round_trip(self, kit: Kit) -> None:
        _table(kit, "DOC-1", long(), numbers="by value")

    @clause("DOC-2")
    def test_what_comes_back_is_plain_json(self, kit: Kit) -> None:
        collection = kit.collection()
        doc = {
            "text": "t", "int": 1, "float": 0.5, "whole": 2.0, "true": True, "null": None,
            "money": [87.50, 0.05], "o": {"o": {"n": 1, "l": [1.5, {"n": 2}]}}, "l": [[1], {}],
            "date": "2024-01-15T10:30:00Z",
        }  # fmt: skip
        expect.saved(collection.save("plain", doc))
        found = collection.get("plain")
        _check_plain(found, found.value)
        expect.document(found, "plain", doc, "DOC-2")
        listing = collection.list_all()
        for listed in expect.listed(listing):
            _check_plain(listing, listed)

    @clause("DOC-2")
    def test_whatever_comes_back_is_plain_json(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            doc_id = kit.fresh("plain")
            expect.saved(collection.save(doc_id, doc))
            found = collection.get(doc_id)
            expect.returned(found, "GET-1", "the document was saved")
            _check_plain(found, found.value)

        kit.prove(check, doc=portable_documents())

    @clause("DOC-3")
    def test_booleans_stay_booleans(self, kit: Kit) -> None:
        docs: dict[str, dict[str, Any]] = {
            "true": {"a": True},
            "false": {"a": False},
            "both, in an object": {"o": {"t": True, "f": False}},
            "both, in a list": {"l": [True, False, 1, 0, "true", "false"]},
            "deep down": {"o": {"l": [{"t": True, "one": 1}]}},
            "beside numbers": {"t": True, "one": 1, "f": False, "zero": 0},
        }
        _table(kit, "DOC-3", docs, numbers="by value")

    @clause("DOC-3")
    def test_text_stays_text(self, kit: Kit) -> None:
        texts = tuple(dict.fromkeys((*LOOKALIKES, *SHARP_TEXTS)))
        docs: dict[str, dict[str, Any]] = {}
        for start in range(0, len(texts), TOGETHER_AT_MOST):
            some = texts[start : start + TOGETHER_AT_MOST]
            named = {f"t{number}": text for number, text in enumerate(some)}
            docs[f"from {some[0]!r} to {some[-1]!r}"] = {**named, "o": named, "l": [*some]}
        _table(kit, "DOC-3", docs, numbers="by value")

    @clause("DOC-4")
    def test_floats_and_ints_stay_what_they_are(self, kit: Kit) -> None:
        docs: dict[str, dict[str, Any]] = {
            repr(n): {"n": n, "o": {"n": n}, "l": [n]}
            for n in (1.0, 1, 0.0, 0, -1.0, 100.0, 1e15, 10**15, 2.0**53, 2**53, 0.5, 1e16, 1e22)
        }
        docs["side by side"] = {"l": [1, 1.0, 2, 2.0, 0, 0.0]}
        docs["beside null"] = {"l": [1, None, 2], "o": {"n": 1, "m": None}}
        _table(kit, "DOC-4", docs, numbers="exact")

    @clause("DOC-4")
    def test_floats_and_ints_of_one_field_stay_what_they_are_in_each_document(
        self, kit: Kit
    ) -> None:
        _beside_each_other(kit, "DOC-4", numbers="exact")

    @clause("DOC-1", "LIST-5")
    def test_a_field_may_hold_another_type_in_each_document(self, kit: Kit) -> None:
        _beside_each_other(kit, "DOC-1", numbers="by value")

    @clause("DOC-5")
    def test_all_of_unicode_round_trips(self, kit: Kit) -> None:
        docs = {
            label: {"t": text, "o": {"t": text}, "l": [text, text]}
            for label, text in UNICODE_TEXTS.items()
        }
        blocks = range(0, 0x110000, 0x1000)
        docs["a character of each block"] = {
            "l": [chr(b + 0x21) for b in blocks if not 0xD800 <= b + 0x21 < 0xE000]
        }
        _table(kit, "DOC-5", docs, numbers="by value")

    @clause("DOC-6")
    def test_empty_things_stay(self, kit: Kit) -> None:
        _table(kit, "DOC-6", EMPTY, numbers="by value")

    @clause("DOC-7")
    def test_arrays_stay_as_they_are(self, kit: Kit) -> None:
        docs = {label: {"l": array, "o": {"l": array}} for label, array in ARRAYS.items()}
        _table(kit, "DOC-7", docs, numbers="by value")

    @clause("DOC-8")
    def test_any_field_name_works(self, kit: Kit) -> None:
        docs = {
            shortened(name, 40): {name: {name: [{name: "v"}], "other": 1}, "other": 2}
            for name in dict.fromkeys(FIELD_NAMES)
        }
        docs |= {
            f"{shortened(name, 40)} in an object": {"o": {name: 1, "l": [{name: None}]}}
            for name in dict.fromkeys(INNER_NAMES)
        }
        docs["all of them"] = {name: n for n, name in enumerate(dict.fromkeys(FIELD_NAMES))}
        taken = [name for name in TAKEN_NAMES if not name.startswith("_")]
        docs["names that are taken"] = {name: f"of {name}" for name in taken}
        docs["names that are taken, of one"] = dict.fromkeys(taken, 1)
        docs["names that are taken, in an object"] = {"o": dict.fromkeys(TAKEN_NAMES, 1.5)}
        docs["names that are taken, of objects"] = {name: {name: [name]} for name in taken}
        docs["each with null"] = dict.fromkeys(FIELD_NAMES)
        _table(kit, "DOC-8", docs, numbers="by value")

    @clause("DOC-8")
    def test_field_names_are_not_taken_for_each_other(self, kit: Kit) -> None:
        _table(kit, "DOC-8", {**TOGETHER, **ENVELOPED}, numbers="by value")

    @clause("DOC-9")
    def test_empty_and_underscored_field_names(self, kit: Kit) -> None:
        docs: dict[str, dict[str, Any]] = {
            "an empty name": {"": 1, "a": 2},
            "an empty name in an object": {"o": {"": {"": []}}, "l": [{"": None}]},
        }
        docs |= {repr(n): {n: {"x": [1]}, "a": 2} for n in WIDE_TOP_NAMES if n}
        _table(kit, "DOC-9", docs, numbers="by value")

    @clause("DOC-10")
    def test_numbers_to_both_ends(self, kit: Kit) -> None:
        docs = {repr(n): {"n": n, "l": [n], "o": {"n": n}} for n in WIDE_NUMBERS}
        _table(kit, "DOC-10", docs, numbers="by value", signed_zero=True)

    @clause("DOC-9")
    def test_any_document_of_any_field_names_round_trips(self, kit: Kit) -> None:
        _prove(kit, "DOC-9", wide_documents(numbers=False, depth=False))

    @clause("DOC-10")
    def test_any_document_of_any_numbers_round_trips(self, kit: Kit) -> None:
        _prove(kit, "DOC-10", wide_documents(names=False, depth=False))

    @clause("DOC-11")
    def test_any_document_of_any_depth_round_trips(self, kit: Kit) -> None:
        _prove(kit, "DOC-11", wide_documents(names=False, numbers=False))

    @clause("DOC-11")
    def test_depth_of_sixty_four(self, kit: Kit) -> None:
        _table(kit, "DOC-11", {**nested(33), **nested(64)}, numbers="by value")

    @clause("DOC-12")
    def test_document_of_100_kib(self, kit: Kit) -> None:
        _table(kit, "DOC-12", sized(100 * KIB), numbers="by value")

    @clause("DOC-12")
    def test_texts_around_powers_of_two(self, kit: Kit) -> None:
        docs = {
            f"{n:,} characters": {"t": "x" * (n - 1) + "y", "after": 1}
            for power in (8, 9, 10, 11, 12, 13, 14, 15, 16)
            for n in (2**power - 1, 2**power, 2**power + 1)
        }
        _table(kit, "DOC-12", docs, numbers="by value")

    @clause("DOC-13")
    def test_document_of_350_kib(self, kit: Kit) -> None:
        _table(kit, "DOC-13", sized(350 * KIB), numbers="by value")

    @clause("DOC-14")
    def test_document_that_is_too_large_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "text": "earlier"}
        largest = "350 KiB or less"
        for size in LARGEST:
            doc = {"n": 2, "texts": ["x" * (16 * KIB)] * (size * 64 - 1), "last": "end"}
            if size == LARGEST[0]:
                doc["text"] = _ONE_TEXT
            expect.saved(collection.save("large", earlier))
            answer = collection.save("large", doc)
            if answer.returned:
                expect.document(collection.get("large"), "large", doc, "DOC-14")
                largest = f"{size} MiB" + (" or more" if size == LARGEST[-1] else "")
                continue
            if answer.status != 507:  # the store itself is full
                expect.refused(answer, "DOC-14", f"a document of {size} MiB")
            expect.document(collection.get("large"), "large", earlier, KEPT)
            expect.listing(collection.list_all(), {"large": earlier}, KEPT)
            expect.saved(collection.save("large", {"n": 3}), "DOC-14")
            expect.document(collection.get("large"), "large", {"n": 3}, "DOC-14")
            break
        kit.facts["largest document"] = largest

    @clause("DOC-14")
    def test_document_that_the_store_cannot_hold_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "text": "earlier"}
        docs: dict[str, dict[str, Any]] = {f"the number {n!r}"[:40]: {"n": n} for n in WIDE_NUMBERS}
        docs |= nested(64)
        docs |= {f"the field name {n!r}": {n: 1} for n in UNPORTABLE_NAMES}
        docs["an empty field name in an object"] = {"o": {"": 1}}
        docs |= sized(350 * KIB)
        with kit.cases() as cases:
            for label, doc in docs.items():
                with cases.case(label):
                    doc_id = kit.fresh("kept")
                    expect.saved(collection.save(doc_id, earlier))
                    answer = collection.save(doc_id, doc)
                    if answer.returned:
                        continue
                    expect.refused(answer, "DOC-14", label)
                    expect.document(collection.get(doc_id), doc_id, earlier, KEPT)


def _table(
    kit: Kit,
    clause_id: str,
    docs: dict[str, dict[str, Any]],
    *,
    numbers: expect.Numbers,
    signed_zero: bool = False,
) -> None:
    """Round-trip each document of a table; then list them all at once."""
    collection = kit.collection()
    held: dict[str, dict[str, Any]] = {}
    with kit.cases() as cases:
        for label, doc in docs.items():
            with cases.case(label):
                doc_id = kit.fresh("doc")
                found = _saved_and_found(collection, doc_id, doc, clause_id, numbers)
                if signed_zero and str(doc["n"]) == "-0.0" and not _has_sign(found):
                    raise violation(
                        clause_id, "-0.0 has lost its sign", came=str(found), expected="-0.0"
                    )
                held[doc_id] = doc
        with cases.case("in the listing"):
            _check_listed(collection, held, clause_id, numbers)


def _has_sign(found: dict[str, Any]) -> bool:
    zeros = (found["n"], *found["l"], found["o"]["n"])
    return all(str(float(zero)) == "-0.0" for zero in zeros)


def _beside_each_other(kit: Kit, clause_id: str, *, numbers: expect.Numbers) -> None:
    """Documents that have the same fields, of other types, are all there at the same time."""
    collection = kit.collection()
    docs = {
        f"beside-{number}": {"n": value, "o": {"n": value}, "l": [value]}
        for number, value in enumerate((1, None, 1.5, "1", True, [1], {"n": 1}, "", 2, 0, []))
    }
    docs["beside-none"] = {"other": 1}
    for doc_id, doc in docs.items():
        expect.saved(collection.save(doc_id, doc))
    for doc_id, doc in docs.items():
        expect.document(collection.get(doc_id), doc_id, doc, clause_id, numbers=numbers)
    listed = "LIST-5" if clause_id == "DOC-1" else clause_id
    expect.listing(collection.list_all(), docs, listed, numbers=numbers)


def _prove(
    kit: Kit,
    clause_id: str,
    docs: SearchStrategy[dict[str, Any]],
    *,
    numbers: expect.Numbers = "by value",
) -> None:
    """Round-trip any document of a strategy, by `get()` and by `list_all()`."""
    collection = kit.collection()

    def check(doc: dict[str, Any]) -> None:
        doc_id = kit.fresh("doc")
        _saved_and_found(collection, doc_id, doc, clause_id, numbers)
        _check_listed(collection, {doc_id: doc}, clause_id, numbers)

    kit.prove(check, doc=docs)


def _saved_and_found(
    collection: Collection,
    doc_id: str,
    doc: dict[str, Any],
    clause_id: str,
    numbers: expect.Numbers,
) -> dict[str, Any]:
    expect.saved(collection.save(doc_id, doc), clause_id)
    answer = collection.get(doc_id)
    found = expect.document(answer, doc_id, doc, clause_id, numbers=numbers)
    _check_underscored(answer, doc, found, clause_id)
    return found


def _check_listed(
    collection: Collection,
    docs: dict[str, dict[str, Any]],
    clause_id: str,
    numbers: expect.Numbers,
) -> None:
    answer = collection.list_all()
    for listed in expect.listed(answer, clause_id):
        doc = docs.get(listed["_id"])
        if doc is not None:
            expect.check_document(
                answer, listed, listed["_id"], doc, clause_id, numbers=numbers, id_clause="LIST-2"
            )


def _check_underscored(
    answer: Any, doc: dict[str, Any], found: dict[str, Any], clause_id: str
) -> None:
    mine = {k: v for k, v in doc.items() if k not in ("_id", "_rev")}
    theirs = {k: v for k, v in found.items() if k in mine}
    wrong = differences(mine, theirs, numbers="by value")
    if wrong:
        raise violation(
            clause_id,
            "a top-level field whose name begins with `_` did not come back",
            answer=answer,
            expected=shortened(mine),
            differences=[str(d) for d in wrong],
        )


def _check_plain(answer: Any, value: Any) -> None:
    strange = _strange(value, "$")
    if strange:
        raise violation(
            "DOC-2",
            "what came back is not plain JSON",
            answer=answer,
            expected="dict, list, str, int, float, bool and None, themselves and not subclasses",
            differences=strange,
        )
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise violation("DOC-2", f"json.dumps does not take it: {error}", answer=answer) from error


def _strange(value: Any, path: str) -> list[str]:
    if type(value) is dict:
        return [
            line
            for k, v in value.items()
            for line in (
                _strange(v, f"{path}[{k!r}]")
                if type(k) is str
                else [f"{path}: the key {k!r} is a {type(k).__name__}"]
            )
        ]
    if type(value) is list:
        return [line for i, v in enumerate(value) for line in _strange(v, f"{path}[{i}]")]
    if value is None or type(value) in (str, int, float, bool):
        return []
    return [f"{path}: {shortened(value, 120)} is a {type(value).__module__}.{type(value).__name__}"]
