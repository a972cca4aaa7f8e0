"""ERR: what a caller meets when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.unstorable import Opaque
from gofannon_conformance.violation import Violations, violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


class ErrorTests(ContractTests):
    """Every error is an `HTTPException` with the right status, useful words and no secret."""

    @clause("ERR-1", "ERR-2")
    def test_missing_documents_are_404(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("somebody", {"n": 1}))
        with kit.cases() as cases:
            with cases.case("get"):
                expect.missing(collection.get("nobody"), "ERR-2")
            if kit.dialect == "interface":
                with cases.case("delete"):
                    expect.missing(collection.delete("nobody"), "ERR-2")

    @clause("ERR-1", "ERR-2")
    def test_mistakes_of_the_caller_are_4xx(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("an empty id", "", {"n": 1}),
                ("a value that JSON cannot hold", "a", {"value": Opaque("o")}),
                ("a set", "a", {"value": {1}}),
                ("a key that is no text", "a", {"o": {("a",): 1}}),
            ):
                with cases.case(label):
                    answer = collection.save(doc_id, doc)
                    if answer.returned and doc_id:
                        continue  # SAVE-11 lets a store take it, if it gives the same back
                    expect.refused(answer, "ERR-2", label)

    @clause("ERR-3")
    def test_detail_says_what_was_not_found(self, kit: Kit) -> None:
        with kit.cases() as cases:
            for collection, doc_id in (
                (kit.collection(), "nobody-in-particular"),
                (kit.collection(), "somebody-else"),
            ):
                expect.saved(collection.save("somebody", {"n": 1}))
                with cases.case(f"get() of {doc_id}"):
                    answer = collection.get(doc_id)
                    expect.missing(answer, "ERR-2")
                    _check_detail(answer, collection, doc_id)
                if kit.dialect == "interface":
                    with cases.case(f"delete() of {doc_id}"):
                        answer = collection.delete(doc_id)
                        expect.missing(answer, "ERR-2")
                        _check_detail(answer, collection, doc_id)

    @clause("ERR-4")
    def test_no_secret_is_shown(self, kit: Kit) -> None:
        """The errors are provoked here, and looked through where every call's are: in the watch.

        So are those of all other tests, each of which fails with ERR-4 where a secret is shown.
        """
        collection = kit.collection()
        kit.watch.know(*kit.secrets)
        kit.watch.shows(kit.service)
        for doc_id in ("nobody", "", 5, "i" * 100_000):
            collection.get(doc_id)
            collection.delete(doc_id)
        for doc_id, doc in (("", {"n": 1}), ("a", None), ("a", {"value": Opaque("o")})):
            collection.save(doc_id, doc)
        shown = kit.watch.take()
        if shown:
            raise Violations(shown)


def _check_detail(answer: Answer, collection: Collection, doc_id: str) -> None:
    detail = getattr(answer.error, "detail", None)
    if not isinstance(detail, str) or not detail.strip():
        raise violation(
            "ERR-3", "`detail` must be text that a person can act on", answer=answer,
            expected="a text that names the collection or the id",
        )  # fmt: skip
    if doc_id not in detail and collection.name not in detail:
        raise violation(
            "ERR-3",
            "`detail` names neither the collection nor the id",
            answer=answer,
            expected=f"a text with {doc_id!r} or {collection.name!r} in it",
        )
