"""FIND: finding documents by their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from gofannon_conformance.documents.portable import fresh, portable_documents
from gofannon_conformance.run.optional import collection_for
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.unspoilt import (
    DEEP,
    READS,
    SEEN_BY,
    arguments_kept,
    expect_unspoilt,
    spoil_shown,
)
from gofannon_conformance.suite.find.cases import (
    BAITS,
    OPERATOR_NAMES,
    OPERATORS,
    PARTS,
    PATH_BAITS,
    PLAIN,
    PLAIN_SELECTORS,
    PROJECTIONS,
    RELATED,
    RELATED_NAMES,
    SELECTED,
    SELECTORS,
    SEVERAL,
)
from gofannon_conformance.suite.find.checks import (
    blame_for_finding,
    check_answer,
    check_found,
    check_projected,
    check_selectors,
    check_which,
    populated,
)
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

Selectors = list[dict[str, Any]]

APART = 12
"""Names at this distance in the table share a document."""


class FindTests(ContractTests):
    """`find()` returns the documents of the listing that have the selector's fields."""

    @clause("FIND-1")
    def test_value_is_found_by_equality(self, kit: Kit) -> None:
        docs = {f"value-{n:02}": {"n": n, "a": value} for n, value in enumerate(RELATED)}
        docs["without"] = {"n": -1, "b": 1}
        selectors = [{"a": value} for value in (*RELATED, "nowhere", 3, {"x": 2}, ["c"])]
        _check_each(kit, docs, selectors, "FIND-1")

    @clause("FIND-1")
    def test_name_is_found_as_it_is_written(self, kit: Kit) -> None:
        docs: Documents = {f"name-{n:02}": {name: "same"} for n, name in enumerate(RELATED_NAMES)}
        docs["every"] = {name: n for n, name in enumerate(RELATED_NAMES)}
        selectors: Selectors = [{name: "same"} for name in (*RELATED_NAMES, "naMe", "Arger")]
        selectors += [{name: n} for n, name in enumerate(RELATED_NAMES)]
        _check_each(kit, docs, selectors, "FIND-1")

    @clause("FIND-1")
    def test_every_field_of_the_selector_counts(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        held = populated(collection, SEVERAL)
        check_selectors(kit, collection, held, SELECTORS)
        with kit.cases() as cases:
            selector, call = {"a": 1}, kit.caller.call
            with cases.case("every argument by its name"):
                named = {"db_name": collection.name, "selector": selector, "limit": 10}
                check_found(call("find", named=named), held, selector)
                check_which(
                    call("find", named={**named, "fields": ["a"]}), held, selector, "FIND-1"
                )
            with cases.case("every argument by its place"):
                check_found(call("find", collection.name, selector, None, 10), held, selector)
                answer = call("find", collection.name, selector, ["a"], None)
                check_which(answer, held, selector, "FIND-1")

    @clause("FIND-1")
    def test_any_selector_means_what_it_means_in_the_listing(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")

        def check(drawn: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
            contents, selector = drawn
            held = populated(collection, {kit.fresh("any"): doc for doc in contents})
            check_answer(collection.find(selector), held, selector, "FIND-1")

        kit.prove(check, drawn=_documents_and_selector())

    @clause("FIND-1")
    def test_what_is_found_and_asked_is_the_callers_own(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        selector = {"object": snapshot(DEEP["object"]), "list": snapshot(DEEP["list"])}
        with kit.cases() as cases:
            for seen_by in (*SEEN_BY, "find"):
                with cases.case(f"the result is changed, then read by {seen_by}()"):
                    kit.begin()
                    doc_id = kit.fresh("deep")
                    held = populated(collection, {doc_id: DEEP})
                    for _ in range(READS):
                        answer = collection.find(selector)
                        check_found(answer, held, selector)
                        spoil_shown(kit, answer.value, "what was found")
                    if seen_by == "find":
                        check_found(collection.find(selector), held, selector)
                    else:
                        expect_unspoilt(collection, doc_id, DEEP, "FIND-1", seen_by)
            with cases.case("the arguments"):
                arguments = {"_id": "1", **selector}, ["text", "_id", "list"]
                before = snapshot(arguments)
                answer = collection.find_itself(arguments[0], fields=arguments[1])
                answers.returned(answer, "FIND-1", "the selector and the fields are plain")
                arguments_kept(answer, before, arguments, "FIND-1")

    @clause("FIND-2")
    def test_fields_that_were_asked_for_are_shown(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        held = populated(collection, PARTS)
        clause_id = blame_for_finding(collection, held.saved, SELECTED, "FIND-2")
        with kit.cases() as cases:
            for fields in PROJECTIONS:
                for selector in SELECTED:
                    with cases.case(f"the fields {fields}, the selector {selector}"):
                        answer = collection.find(selector, fields=fields)
                        check_projected(answer, held, selector, fields, clause_id)
            with cases.case("afterwards the documents are whole"):
                check_found(collection.find({}, fields=None), held, {}, clause_id)
                answers.listing(collection.list_all(), PARTS, "FIND-2")

    @clause("FIND-3")
    def test_limit_is_the_most_that_is_found(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        docs = {f"doc-{n:02}": {"n": n, "rare": n % 5 == 4, "same": 1} for n in range(30)}
        held = populated(collection, docs)
        selectors: Selectors = [
            {}, {"rare": True}, {"n": 29}, {"same": 1, "rare": True}, {"n": -1},
        ]  # fmt: skip
        clause_id = blame_for_finding(collection, held.saved, selectors, "FIND-3")
        with kit.cases() as cases:
            for selector in selectors:
                for limit in (1, 5, 6, 7, 29, 31, None):
                    with cases.case(f"the limit {limit}, the selector {selector}"):
                        answer = collection.find(selector, limit=limit)
                        check_found(answer, held, selector, clause_id, limit=limit)
            with cases.case("a limit and fields"):
                answer = collection.find({"rare": True}, fields=["rare"], limit=3)
                check_which(answer, held, {"rare": True}, clause_id, limit=3)
            with cases.case("the limit 0"):
                answer = collection.find({}, limit=0)
                if not answer.refused:  # a store may refuse it, but must not return more
                    check_found(answer, held, {}, clause_id, limit=0)

    @clause("FIND-5")
    def test_value_that_is_an_operator_elsewhere_is_data(self, kit: Kit) -> None:
        docs: Documents = {
            f"bait-{n}": {"a": value, "b": {"c": 1}} for n, value in enumerate(BAITS)
        }
        docs["without"] = {"b": "a"}
        docs |= {f"like-{n}": {"a": value} for n, value in enumerate(OPERATORS)}
        _check_each(kit, docs, [{"a": value} for value in OPERATORS], "FIND-5")

    @clause("FIND-5")
    def test_name_that_is_syntax_elsewhere_is_data(self, kit: Kit) -> None:
        docs = PATH_BAITS | {f"named-{n}": dict(OPERATOR_NAMES[n::APART]) for n in range(APART)}
        selectors: Selectors = [{name: value} for name, value in OPERATOR_NAMES]
        selectors += [{name: value, "a": "a"} for name, value in OPERATOR_NAMES[::6]]
        selectors += [{"o": {"x": 1}}, {"o": {"y": 2, "x": 1}}, {"l": 1}, {"l": [1]}]
        _check_each(kit, docs, selectors, "FIND-5")


def _check_each(kit: Kit, docs: Documents, selectors: Selectors, clause: str) -> None:
    collection = collection_for(kit, "find")
    held = populated(collection, {**docs, **PLAIN})
    clause = blame_for_finding(collection, held.saved, PLAIN_SELECTORS, clause)
    check_selectors(kit, collection, held, selectors, clause)


@st.composite
def _documents_and_selector(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A few documents, and a selector made of their fields, of related values, or of both."""
    related = st.dictionaries(st.sampled_from("abc"), fresh(RELATED), max_size=3)
    docs = draw(st.lists(st.one_of(related, related, portable_documents()), max_size=3))
    fields = [(name, value) for doc in docs for name, value in doc.items()]
    selector = draw(related) if not fields or draw(st.integers(0, 3)) == 0 else {}
    if fields:
        selector |= dict(draw(st.lists(st.sampled_from(fields), max_size=2)))
    return docs, snapshot(selector)
