"""SAVE: writing a document."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents import portable_documents
from gofannon_conformance.documents.schemas import field_names
from gofannon_conformance.equality import differences
from gofannon_conformance.program import shortened
from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.save_cases import (
    ANSWERED_IDS,
    FOREIGN_REVISIONS,
    ODD_FIELDS,
    READ_AND_SAVED,
    REPLACED,
    REVISED,
    ROUNDS,
)
from gofannon_conformance.suite.save_checks import (
    check_answer,
    check_callers_dict,
    check_carried,
    check_converted,
    check_refused_or_same,
    revision_of,
)
from gofannon_conformance.suite.spoil import DEEP, SEEN_BY, expect_unspoilt, spoil, spoil_shown
from gofannon_conformance.suite.unstorable import (
    CONVERTIBLE,
    NOT_DICTS,
    UNSTORABLE,
    Name,
    placed,
    unlike,
)
from gofannon_conformance.violation import NotApplicable, violation

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


class SaveTests(ContractTests):
    """What `save()` returns, stores, replaces, refuses, and does to its caller's dict."""

    @clause("SAVE-1")
    def test_answer_names_id_and_revision(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("a new document", "new", {"n": 1}),
                ("an existing document", "new", {"n": 2}),
                ("a document that carries fields `id` and `rev`", "own", {"id": 9, "rev": None}),
                ("a document that carries a version", "own", {"version": 3, "etag": "", "v": []}),
                ("a document that carries another `_id`", "carrier", {"_id": "other"}),
                ("an id that looks like a number", "42", {"n": 1}),
                ("a document with no field", "empty", {}),
            ):
                with cases.case(label):
                    answer = collection.save(doc_id, doc)
                    expect.saved(answer, "SAVE-1")
                    check_answer(kit, answer, doc_id, doc)
            with cases.case("the very same document, again and again"):
                for _ in range(4):
                    answer = collection.save("same", {"n": 1, "o": {"l": [1]}})
                    expect.saved(answer, "SAVE-1")
                    check_answer(kit, answer, "same", {"n": 1, "o": {"l": [1]}})
            for doc_id in ANSWERED_IDS:
                with cases.case(f"the id {doc_id!r}"):
                    answer = collection.save(doc_id, {"n": 1})
                    if answer.returned:  # or the id is refused: ID-2 and ID-3 tell
                        check_answer(kit, answer, doc_id, {"n": 1})
            with cases.case("a document saved after it was deleted"):
                expect.deleted(collection.delete("new"))
                answer = collection.save("new", {"n": 3})
                expect.saved(answer, "SAVE-1")
                check_answer(kit, answer, "new", {"n": 3})

    @clause("SAVE-2")
    def test_first_save_creates_the_collection(self, kit: Kit) -> None:
        collection = kit.unwritten()
        doc = {"first": True}
        expect.saved(collection.save("first", doc), "SAVE-2")
        expect.document(collection.get("first"), "first", doc, "SAVE-2")
        expect.listing(collection.list_all(), {"first": doc}, "SAVE-2")

    @clause("SAVE-2")
    def test_new_document_beside_others(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("first", {"n": 1}), "SAVE-2")
        expect.saved(collection.save("second", {"n": 2}), "SAVE-2")
        expect.document(collection.get("second"), "second", {"n": 2}, "SAVE-2")
        expect.document(collection.get("first"), "first", {"n": 1}, "SAVE-2")

    @clause("SAVE-3")
    def test_replaces_the_whole_document(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for number, (label, (old, new)) in enumerate(REPLACED.items()):
                doc_id = f"replaced-{number}"
                with cases.case(label):
                    expect.saved(collection.save(doc_id, old))
                    expect.document(collection.get(doc_id), doc_id, old, "GET-1")
                    expect.saved(collection.save(doc_id, new), "SAVE-3")
                    expect.document(collection.get(doc_id), doc_id, new, "SAVE-3")
            with cases.case("in the listing"):
                newest = {f"replaced-{n}": new for n, (_, new) in enumerate(REPLACED.values())}
                expect.listing(collection.list_all(), newest, "SAVE-3")

    @clause("SAVE-3")
    def test_replaces_every_field_of_the_application(self, kit: Kit) -> None:
        collection = kit.collection()
        doc_id = kit.fresh("fields")
        values: tuple[Any, ...] = (
            "text",
            [1, {"x": 1}],
            {"x": 1, "y": {"z": 2}},
            {"y": {}},
            None,
            5,
            "",
            0,
            "b",
        )
        versions = [dict.fromkeys(field_names(), value) for value in values]
        for doc in [one for version in versions for one in (version, {})] + versions:
            expect.saved(collection.save(doc_id, doc), "SAVE-3")
            expect.document(collection.get(doc_id), doc_id, doc, "SAVE-3")
        expect.listing(collection.list_all(), {doc_id: versions[-1]}, "SAVE-3")

    @clause("SAVE-3")
    def test_replaces_any_document_by_any_other(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(old: dict[str, Any], new: dict[str, Any]) -> None:
            doc_id = kit.fresh("any")
            expect.saved(collection.save(doc_id, old))
            expect.saved(collection.save(doc_id, new), "SAVE-3")
            expect.document(collection.get(doc_id), doc_id, new, "SAVE-3")
            expect.listing(collection.list_all(), {doc_id: new}, "SAVE-3")

        kit.prove(check, old=portable_documents(), new=portable_documents())

    @clause("SAVE-4")
    def test_plain_dict_wins_over_what_is_there(self, kit: Kit) -> None:
        collection = kit.collection()
        for n in range(12):
            expect.saved(collection.save("contended", {"n": n}), "SAVE-4")
            if n % 3 == 0:
                expect.document(collection.get("contended"), "contended", {"n": n}, "SAVE-4")
        expect.document(collection.get("contended"), "contended", {"n": 11}, "SAVE-4")

    @clause("SAVE-5")
    def test_read_change_save_works_any_number_of_times(self, kit: Kit) -> None:
        collection = kit.collection()
        expected: dict[str, Any] = {"rounds": [], "nested": {"count": 0}}
        expect.saved(collection.save("read", expected))
        for n in range(12):
            doc = expect.document(collection.get("read"), "read", expected, "SAVE-5")
            for change in (doc, expected):
                change["rounds"] = [*change["rounds"], n]
                change["nested"] = {"count": n + 1}
            expect.saved(collection.save("read", doc), "SAVE-5")
        expect.document(collection.get("read"), "read", expected, "SAVE-5")

    @clause("SAVE-5")
    def test_very_dict_that_was_read_can_be_changed_and_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        expected: dict[str, Any] = {"rounds": [], "nested": {"count": 0}}
        expect.saved(collection.save("read", expected))
        for n in range(4):
            answer = collection.get("read")
            expect.document(answer, "read", expected, "SAVE-5")
            for change in (answer.value, expected):
                change["rounds"].append(n)
                change["nested"]["count"] = n + 1
            expect.saved(collection.save_itself("read", answer.value), "SAVE-5")
            expect.document(collection.get("read"), "read", expected, "SAVE-5")
            expect.listing(collection.list_all(), {"read": expected}, "SAVE-5")

    @clause("SAVE-5")
    def test_what_was_read_is_saved_and_read_as_the_same(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in READ_AND_SAVED.items():
                with cases.case(label):
                    expect.saved(collection.save("same", doc))
                    for _ in range(ROUNDS):
                        found = expect.document(collection.get("same"), "same", doc, "SAVE-5")
                        expect.saved(collection.save("same", found), "SAVE-5")
                    expect.document(collection.get("same"), "same", doc, "SAVE-5")

    @clause("SAVE-5")
    def test_listed_document_can_be_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("listed", {"n": 1}))
        doc = expect.listing(collection.list_all(), {"listed": {"n": 1}})[0]
        expect.saved(collection.save("listed", {**doc, "n": 2}), "SAVE-5")
        expect.document(collection.get("listed"), "listed", {"n": 2}, "SAVE-5")

    @clause("SAVE-6")
    def test_argument_decides_over_the_id_in_the_document(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("bystander", {"n": 0}))
        for other in ("elsewhere", "bystander", "", "argument/2", "ARGUMENT"):
            doc = {"_id": other, "n": 1}
            expect.saved(collection.save("argument", doc), "SAVE-6")
            _expect_decided(collection, "argument", {"n": 1})
            if other == "elsewhere":
                expect.missing(collection.get("elsewhere"), "SAVE-6")
        expected = {"bystander": {"n": 0}, "argument": {"n": 1}}
        expect.listing(collection.list_all(), expected, "SAVE-6")
        expect.document(collection.get("bystander"), "bystander", {"n": 0}, "SAVE-6")

    @clause("SAVE-6")
    def test_copying_a_document_to_another_id(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("original", {"n": 1}))
        doc = expect.document(collection.get("original"), "original", {"n": 1}, "GET-1")
        expect.saved(
            collection.save("copy", {k: v for k, v in doc.items() if k != "_rev"}), "SAVE-6"
        )
        _expect_decided(collection, "copy", {"n": 1})
        expect.document(collection.get("original"), "original", {"n": 1}, "SAVE-6")

    @clause("SAVE-7")
    def test_changing_the_dict_after_saving_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for seen_by in SEEN_BY:
                for moment in ("a new document", "an existing document"):
                    with cases.case(f"{moment}, seen by {seen_by}()"):
                        kit.begin()
                        doc_id = kit.fresh("mine")
                        if moment != "a new document":
                            expect.saved(collection.save(doc_id, {"old": 1}))
                        doc = snapshot(DEEP)
                        answer = collection.save_itself(doc_id, doc)
                        expect.saved(answer)
                        spoil_shown(kit, doc, "the dict that was saved")
                        if isinstance(answer.value, dict):
                            spoil(answer.value)  # in the dialect `overview` it is a document
                        expect_unspoilt(collection, doc_id, DEEP, "SAVE-7", seen_by)

    @clause("SAVE-7")
    def test_changing_what_a_tuple_holds_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        doc: dict[str, Any] = {"t": ([1], {"a": [1]}), "n": 1}
        answer = collection.save_itself("tuple", doc)
        if answer.refused:
            raise NotApplicable("it refuses tuples")
        before = snapshot(doc)
        expect.saved(answer)
        doc["t"][0].append(2)
        doc["t"][1]["a"].append(2)
        found = expect.returned(collection.get("tuple"), "SAVE-7", "it was saved")
        wrong = unlike(expect.own_fields(before), expect.own_fields(found))
        if wrong:
            raise violation(
                "SAVE-7",
                "what a tuple of the dict holds was changed after save(), and so was the store",
                answer=answer,
                differences=wrong,
            )

    @clause("SAVE-7")
    def test_one_dict_saved_under_two_ids_is_two_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        doc: dict[str, Any] = {"list": [1]}
        expect.saved(collection.save_itself("one", doc))
        doc["list"].append(2)
        doc.pop("_rev", None)
        expect.saved(collection.save_itself("two", doc))
        expect.document(collection.get("one"), "one", {"list": [1]}, "SAVE-7")
        expect.document(collection.get("two"), "two", {"list": [1, 2]}, "SAVE-7")

    @clause("SAVE-8")
    def test_values_in_the_callers_dict_stay(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, value in CONVERTIBLE.items():
                with cases.case(label):
                    doc = {"value": value, "in": {"an": [value, {"object": value}]}, "n": 0.1}
                    check_callers_dict(collection.save_itself, "convertible", doc, "SAVE-8")
            for label, doc in (
                ("a document with objects in it", snapshot(DEEP)),
                ("an existing document", snapshot(DEEP)),
                ("a document with its `_id`", {"_id": "callers", "n": 1}),
                ("a document with `_id` in an object", {"o": {"_id": "x", "_rev": "y"}}),
            ):
                with cases.case(label):
                    check_callers_dict(collection.save_itself, "callers", doc, "SAVE-8")
            with cases.case("a document that came from get()"):
                expect.saved(collection.save("callers", DEEP))
                doc = expect.document(collection.get("callers"), "callers", DEEP, "GET-1")
                check_callers_dict(collection.save_itself, "callers", doc, "SAVE-8")
            for label, value in UNSTORABLE.items():
                with cases.case(f"refused or not, {label}"):
                    doc = {"_id": "refused", **ODD_FIELDS, "value": value, "after": ODD_FIELDS}
                    check_callers_dict(collection.save_itself, "refused", doc, "SAVE-8")

    @clause("SAVE-8")
    def test_values_in_any_dict_stay(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            check_callers_dict(collection.save_itself, kit.fresh("any"), doc, "SAVE-8")

        kit.prove(check, doc=portable_documents())

    @clause("SAVE-9")
    def test_callers_dict_is_left_as_it_was(self, kit: Kit) -> None:
        collection = kit.collection()
        for doc in (snapshot(DEEP), {"_id": "callers", "n": 1}, {"_id": "other", "n": 2}, {}):
            before = snapshot(doc)
            answer = collection.save_itself("callers", doc)
            expect.saved(answer)
            wrong = differences(before, doc, numbers="exact")
            if wrong:
                raise violation(
                    "SAVE-9",
                    "save() has changed its caller's dict",
                    answer=answer,
                    came=f"the dict is now {shortened(doc)}",
                    expected=f"the dict as it was: {shortened(before)}",
                    differences=[str(d) for d in wrong],
                )

    @clause("SAVE-10")
    def test_save_that_raises_leaves_the_earlier_version(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "kept": {"list": [1, 2]}, "text": "earlier"}
        with kit.cases() as cases:
            for label, value in UNSTORABLE.items():
                for where, doc in placed(value, among={"n": 2, "kept": {"list": []}}).items():
                    with cases.case(f"{label}, {where}"):
                        expect.saved(collection.save("kept", earlier))
                        expect.document(collection.get("kept"), "kept", earlier, "GET-1")
                        answer = collection.save("kept", doc)
                        if answer.returned:
                            continue
                        expect.document(collection.get("kept"), "kept", earlier, "SAVE-10")
                        expect.listing(collection.list_all(), {"kept": earlier}, "SAVE-10")

    @clause("SAVE-10")
    def test_save_that_raises_creates_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for number, (label, value) in enumerate(UNSTORABLE.items()):
                doc_id = f"absent-{number}"
                for where, doc in placed(value, among={"n": 2, "o": {"l": [1]}}).items():
                    with cases.case(f"{label}, {where}"):
                        if collection.save(doc_id, doc).returned:
                            collection.delete(doc_id)
                            continue
                        expect.missing(collection.get(doc_id), "SAVE-10")
                        expect.listing(collection.list_all(), {}, "SAVE-10")
                        expect.saved(collection.save(doc_id, {"n": 1}), "SAVE-10")
                        expect.document(collection.get(doc_id), doc_id, {"n": 1}, "SAVE-10")
                        expect.deleted(collection.delete(doc_id))

    @clause("SAVE-11")
    def test_value_that_json_cannot_hold_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, value in UNSTORABLE.items():
                for where, doc in placed(value, among={"n": 1}).items():
                    with cases.case(f"{label}, {where}"):
                        check_refused_or_same(collection, kit.fresh("outside"), doc)
                with cases.case(f"{label}, in a tuple"):
                    doc, listed = {"t": (value, 1)}, {"t": [value, 1]}
                    check_refused_or_same(collection, kit.fresh("outside"), doc, or_as=listed)

    @clause("SAVE-11")
    def test_conversions_are_the_allowed_ones(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, value in CONVERTIBLE.items():
                for where, doc in placed(value, among={"n": 1}).items():
                    with cases.case(f"{label}, {where}"):
                        check_converted(collection, kit.fresh("convertible"), doc)
            with cases.case("an OrderedDict, the document itself"):
                doc = OrderedDict(b=1, a=[2], o=OrderedDict(x="y"))
                check_converted(collection, kit.fresh("convertible"), doc)
            with cases.case("a subclass of str as a key, of the document itself"):
                named: dict[Any, Any] = {Name("name"): 1, "after": 2}
                check_converted(collection, kit.fresh("convertible"), named)

    @clause("SAVE-10", "SAVE-12")
    def test_document_that_is_no_dict_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for number, (label, value) in enumerate(NOT_DICTS.items()):
                absent, there = f"absent-{number}", f"there-{number}"
                with cases.case(label):
                    answer = collection.save(absent, value)
                    expect.refused(answer, "SAVE-12", f"{label} as a document", type_error=True)
                    expect.missing(collection.get(absent), "SAVE-12")
                with cases.case(f"{label} over a document"):
                    expect.saved(collection.save(there, {"n": 1}))
                    answer = collection.save(there, value)
                    expect.refused(answer, "SAVE-12", f"{label} as a document", type_error=True)
                    expect.document(collection.get(there), there, {"n": 1}, "SAVE-10")

    @clause("SAVE-13")
    def test_old_revision_does_not_stop_a_save(self, kit: Kit) -> None:
        _skip_if_it_has_conflicts(kit)
        collection = kit.collection()
        expect.saved(collection.save("aged", {"n": 1}))
        old = expect.document(collection.get("aged"), "aged", {"n": 1}, "GET-1")
        revision = revision_of(kit, collection.save("aged", {"n": 2}))
        for n in (3, 4):
            stale = {**old, "n": n} if "_rev" in old else {"n": n, "_rev": revision}
            expect.saved(collection.save("aged", stale), "SAVE-13")
            expect.document(collection.get("aged"), "aged", {"n": n}, "SAVE-13")
        expect.deleted(collection.delete("aged"))
        expect.saved(collection.save("aged", {**old, "_rev": old.get("_rev", revision)}), "SAVE-13")
        expect.document(collection.get("aged"), "aged", {"n": 1}, "SAVE-13")

    @clause("SAVE-13")
    def test_foreign_revision_does_not_stop_a_save(self, kit: Kit) -> None:
        _skip_if_it_has_conflicts(kit)
        collection = kit.collection()
        with kit.cases() as cases:
            for number, revision in enumerate(FOREIGN_REVISIONS):
                doc_id = f"moved-{number}"
                for when in ("a new document", "an existing one"):
                    with cases.case(f"{revision!r} on {when}"):
                        doc = {"_id": doc_id, "_rev": revision, "when": when}
                        expect.saved(collection.save(doc_id, doc), "SAVE-13")
                        expect.document(collection.get(doc_id), doc_id, {"when": when}, "SAVE-13")

    @clause("SAVE-14")
    def test_revision_differs_after_each_change(self, kit: Kit) -> None:
        kit.capability("revisions")
        collection = kit.collection()
        before, last = "", None
        for doc in REVISED:
            answer = collection.save("revised", doc)
            expect.saved(answer)
            revision = revision_of(kit, answer)
            if revision == before:
                raise violation(
                    "SAVE-14",
                    f"`rev` is the same after the content has changed from {shortened(last)}",
                    answer=answer,
                    expected=f"a `rev` other than {before!r}",
                )
            found = collection.get("revised")
            carried = expect.document(found, "revised", doc, "GET-1").get("_rev")
            check_carried(found, carried, revision)
            for listed in expect.listing(collection.list_all(), {"revised": doc}):
                if listed.get("_rev") != revision:
                    raise violation(
                        ("SAVE-14", "LIST-5"),
                        "list_all() does not carry the revision that get() carries",
                        came=f"`_rev` {listed.get('_rev')!r}",
                        expected=f"`_rev` {revision!r}",
                    )
            again = collection.get("revised")
            carried = expect.document(again, "revised", doc, "GET-1").get("_rev")
            check_carried(again, carried, revision)
            before, last = revision, doc

    @clause("SAVE-15")
    def test_stale_revision_is_refused(self, kit: Kit) -> None:
        kit.capability("conflicts")
        collection = kit.collection()
        expect.saved(collection.save("contended", {"n": 1}))
        stale = expect.document(collection.get("contended"), "contended", {"n": 1}, "GET-1")
        expect.saved(collection.save("contended", {"n": 2}), "SAVE-4")
        for _ in range(2):
            answer = collection.save("contended", {**stale, "n": 3})
            if answer.status != 409:
                raise violation(
                    "SAVE-15",
                    "a save with a stale `_rev` must be refused with 409",
                    answer=answer,
                    expected="HTTPException with status 409",
                )
            expect.document(collection.get("contended"), "contended", {"n": 2}, "SAVE-15")
        fresh = expect.document(collection.get("contended"), "contended", {"n": 2}, "GET-1")
        expect.saved(collection.save("contended", {**fresh, "n": 4}), "SAVE-15")
        expect.document(collection.get("contended"), "contended", {"n": 4}, "SAVE-15")


def _skip_if_it_has_conflicts(kit: Kit) -> None:
    claimed = kit.target.capabilities.conflicts
    if claimed or (claimed is None and kit.detected.has("conflicts", kit)):
        raise NotApplicable("the target refuses stale revisions: see SAVE-15")


def _expect_decided(collection: Collection, doc_id: str, doc: dict[str, Any]) -> None:
    """The document must be there under the id of the argument, and carry that id."""
    answer = collection.get(doc_id)
    expect.document(answer, doc_id, doc, "SAVE-6", id_clause=("SAVE-6", "GET-2"))
