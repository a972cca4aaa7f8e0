"""DOC: a document comes back as it was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.encodings import encoded_objects, encoded_texts
from gofannon_conformance.documents.portable import INNER_NAMES, SHARP_NUMBERS, portable_documents
from gofannon_conformance.documents.schemas import field_names
from gofannon_conformance.documents.wide import WIDE_NUMBERS, WIDE_TOP_NAMES, wide_documents
from gofannon_conformance.documents.words import TAKEN_NAMES
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.fidelity.cases import (
    ARRAYS,
    BOOLEANS,
    EMPTY,
    ENVELOPED,
    FIELD_NAMES,
    FIELD_VALUES,
    TOGETHER,
    UNICODE_TEXTS,
    UNPORTABLE_NAMES,
    WRAPPED,
    texts_together,
)
from gofannon_conformance.suite.fidelity.checks import (
    check_any,
    check_minus_zero,
    check_plain,
    check_stored_form,
    check_table,
    check_together,
)
from gofannon_conformance.suite.fidelity.sizes import KIB, long, nested, sized
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

LARGEST = (1, 4, 9, 17)
"""Sizes in MiB, each past some store's limit."""

KEPT = ("DOC-14", "SAVE-10")
"""The clauses that a refusal breaks if it loses the earlier version."""


class FidelityTests(ContractTests):
    """The JSON that comes back is the JSON that was saved."""

    @clause("DOC-1")
    def test_any_portable_document_round_trips(self, kit: Kit) -> None:
        check_any(kit, "DOC-1", portable_documents())

    @clause("DOC-1")
    def test_fields_of_the_application_hold_any_value(self, kit: Kit) -> None:
        names = field_names()
        docs = {f"each field {k}": dict.fromkeys(names, v) for k, v in FIELD_VALUES.items()}
        check_table(kit, "DOC-1", docs)

    @clause("DOC-1")
    def test_depth_of_sixteen_round_trips(self, kit: Kit) -> None:
        check_table(kit, "DOC-1", nested(16))

    @clause("DOC-1")
    def test_numbers_round_trip(self, kit: Kit) -> None:
        docs = {repr(n): {"n": n, "o": {"n": n}, "l": [n, -n]} for n in SHARP_NUMBERS}
        check_table(kit, "DOC-1", docs)

    @clause("DOC-1")
    def test_long_texts_lists_and_objects_round_trip(self, kit: Kit) -> None:
        check_table(kit, "DOC-1", long())

    @clause("DOC-2")
    def test_what_comes_back_is_plain_json(self, kit: Kit) -> None:
        collection = kit.collection()
        doc = {
            "text": "t", "int": 1, "float": 0.5, "whole": 2.0, "true": True, "null": None,
            "money": [87.50, 0.05], "o": {"o": {"n": 1, "l": [1.5, {"n": 2}]}}, "l": [[1], {}],
            "date": "2024-01-15T10:30:00Z",
        }  # fmt: skip
        answers.saved(collection.save("plain", doc))
        found = collection.get("plain")
        check_plain(found, found.value)
        answers.document(found, "plain", doc, "DOC-2")
        listing = collection.list_all()
        for listed in answers.listed(listing):
            check_plain(listing, listed)

    @clause("DOC-2")
    def test_whatever_comes_back_is_plain_json(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            doc_id = kit.fresh("plain")
            answers.saved(collection.save(doc_id, doc))
            found = collection.get(doc_id)
            answers.returned(found, "GET-1", "the document was saved")
            check_plain(found, found.value)

        kit.prove(check, doc=portable_documents())

    @clause("DOC-3")
    def test_booleans_stay_booleans(self, kit: Kit) -> None:
        check_table(kit, "DOC-3", BOOLEANS)

    @clause("DOC-3")
    def test_text_stays_text(self, kit: Kit) -> None:
        check_table(kit, "DOC-3", {**texts_together(), **encoded_texts()})

    @clause("DOC-4")
    def test_floats_and_ints_stay_what_they_are(self, kit: Kit) -> None:
        docs: Documents = {
            repr(n): {"n": n, "o": {"n": n}, "l": [n]}
            for n in (1.0, 1, 0.0, 0, -1.0, 100.0, 1e15, 10**15, 2.0**53, 2**53, 0.5, 1e16, 1e22)
        }
        docs["side by side"] = {"l": [1, 1.0, 2, 2.0, 0, 0.0]}
        docs["beside null"] = {"l": [1, None, 2], "o": {"n": 1, "m": None}}
        check_table(kit, "DOC-4", docs, numbers="exact")

    @clause("DOC-4")
    def test_floats_and_ints_of_one_field_stay_what_they_are_in_each_document(
        self, kit: Kit
    ) -> None:
        check_together(kit, "DOC-4", "DOC-4", "exact")

    @clause("DOC-1", "LIST-5")
    def test_a_field_may_hold_another_type_in_each_document(self, kit: Kit) -> None:
        check_together(kit, "DOC-1", "LIST-5", "by value")

    @clause("DOC-5")
    def test_all_of_unicode_round_trips(self, kit: Kit) -> None:
        docs: Documents = {
            label: {"t": text, "o": {"t": text}, "l": [text, text]}
            for label, text in UNICODE_TEXTS.items()
        }
        blocks = range(0, 0x110000, 0x1000)
        docs["a character of each block"] = {
            "l": [chr(b + 0x21) for b in blocks if not 0xD800 <= b + 0x21 < 0xE000]
        }
        check_table(kit, "DOC-5", docs)

    @clause("DOC-6")
    def test_empty_things_stay(self, kit: Kit) -> None:
        check_table(kit, "DOC-6", EMPTY)

    @clause("DOC-7")
    def test_arrays_stay_as_they_are(self, kit: Kit) -> None:
        docs = {label: {"l": array, "o": {"l": array}} for label, array in ARRAYS.items()}
        check_table(kit, "DOC-7", docs)

    @clause("DOC-8")
    def test_any_field_name_works(self, kit: Kit) -> None:
        docs: Documents = {
            shortened(name, 40): {name: {name: [{name: "v"}], "other": 1}, "other": 2}
            for name in dict.fromkeys(FIELD_NAMES)
        }
        docs |= {
            f"{shortened(name, 40)} in an object": {"o": {name: 1, "l": [{name: None}]}}
            for name in dict.fromkeys(INNER_NAMES)
        }
        docs["all of them"] = {name: n for n, name in enumerate(dict.fromkeys(FIELD_NAMES))}
        taken = [name for name in TAKEN_NAMES if not name.startswith("_")]
        docs["reserved names"] = {name: f"of {name}" for name in taken}
        docs["reserved names, of one"] = dict.fromkeys(taken, 1)
        docs["reserved names, in an object"] = {"o": dict.fromkeys(TAKEN_NAMES, 1.5)}
        docs["reserved names, of objects"] = {name: {name: [name]} for name in taken}
        docs["each with null"] = dict.fromkeys(FIELD_NAMES)
        check_table(kit, "DOC-8", docs)

    @clause("DOC-8")
    def test_field_names_are_not_taken_for_each_other(self, kit: Kit) -> None:
        check_table(kit, "DOC-8", {**TOGETHER, **ENVELOPED})

    @clause("DOC-8")
    def test_object_that_looks_like_an_encoding_is_data(self, kit: Kit) -> None:
        check_table(kit, "DOC-8", encoded_objects())

    @clause("DOC-8")
    def test_stored_form_of_a_document_is_a_document(self, kit: Kit) -> None:
        check_stored_form(kit, "DOC-8", WRAPPED)

    @clause("DOC-9")
    def test_empty_and_underscored_field_names(self, kit: Kit) -> None:
        docs: Documents = {
            "an empty name": {"": 1, "a": 2},
            "an empty name in an object": {"o": {"": {"": []}}, "l": [{"": None}]},
        }
        docs |= {repr(n): {n: {"x": [1]}, "a": 2} for n in WIDE_TOP_NAMES if n}
        check_table(kit, "DOC-9", docs)

    @clause("DOC-10")
    def test_numbers_to_both_ends(self, kit: Kit) -> None:
        docs = {repr(n): {"n": n, "l": [n], "o": {"n": n}} for n in WIDE_NUMBERS}
        check_table(kit, "DOC-10", docs, also=check_minus_zero)

    @clause("DOC-9")
    def test_any_document_of_any_field_names_round_trips(self, kit: Kit) -> None:
        check_any(kit, "DOC-9", wide_documents(numbers=False, depth=False))

    @clause("DOC-10")
    def test_any_document_of_any_numbers_round_trips(self, kit: Kit) -> None:
        check_any(kit, "DOC-10", wide_documents(names=False, depth=False))

    @clause("DOC-11")
    def test_any_document_of_any_depth_round_trips(self, kit: Kit) -> None:
        check_any(kit, "DOC-11", wide_documents(names=False, numbers=False))

    @clause("DOC-11")
    def test_depth_of_sixty_four(self, kit: Kit) -> None:
        check_table(kit, "DOC-11", {**nested(33), **nested(64)})

    @clause("DOC-12")
    def test_document_of_100_kib(self, kit: Kit) -> None:
        check_table(kit, "DOC-12", sized(100 * KIB))

    @clause("DOC-12")
    def test_texts_around_powers_of_two(self, kit: Kit) -> None:
        docs: Documents = {
            f"{n:,} characters": {"t": "x" * (n - 1) + "y", "after": 1}
            for power in range(8, 17)
            for n in (2**power - 1, 2**power, 2**power + 1)
        }
        check_table(kit, "DOC-12", docs)

    @clause("DOC-13")
    def test_document_of_350_kib(self, kit: Kit) -> None:
        check_table(kit, "DOC-13", sized(350 * KIB))

    @clause("DOC-14")
    def test_document_that_is_too_large_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "text": "earlier"}
        largest = "350 KiB or less"
        for size in LARGEST:
            doc = {"n": 2, "texts": ["x" * (16 * KIB)] * (size * 64 - 1), "last": "end"}
            if size == LARGEST[0]:
                doc["text"] = "x" * (900 * KIB) + "end"
            answers.saved(collection.save("large", earlier))
            answer = collection.save("large", doc)
            if answer.returned:
                answers.stored(collection, "large", doc, "DOC-14")
                largest = f"{size} MiB" + (" or more" if size == LARGEST[-1] else "")
                continue
            if answer.status != 507:  # the store itself is full
                answers.refused(answer, "DOC-14", f"a document of {size} MiB")
            answers.stored(collection, "large", earlier, KEPT)
            answers.listing(collection.list_all(), {"large": earlier}, KEPT)
            answers.round_trip(collection, "large", {"n": 3}, "DOC-14", saving="DOC-14")
            break
        kit.facts["largest document"] = largest

    @clause("DOC-14")
    def test_document_that_the_store_cannot_hold_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "text": "earlier"}
        docs: Documents = {f"the number {n!r}"[:40]: {"n": n} for n in WIDE_NUMBERS}
        docs |= nested(64)
        docs |= {f"the field name {n!r}": {n: 1} for n in UNPORTABLE_NAMES}
        docs["an empty field name in an object"] = {"o": {"": 1}}
        docs |= sized(350 * KIB)
        with kit.cases() as cases:
            for label, doc in docs.items():
                with cases.case(label):
                    doc_id = kit.fresh("kept")
                    answers.saved(collection.save(doc_id, earlier))
                    answer = collection.save(doc_id, doc)
                    if not answer.returned:
                        answers.refused(answer, "DOC-14", label)
                        answers.stored(collection, doc_id, earlier, KEPT)
