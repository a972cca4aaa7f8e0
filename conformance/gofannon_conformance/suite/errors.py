"""ERR: the errors that a caller sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import Violations, violation
from gofannon_conformance.documents.unstorable import Opaque
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


class ErrorTests(ContractTests):
    """Every error is an `HTTPException` with the right status, a useful text and no secret."""

    @clause("ERR-1", "ERR-2")
    def test_missing_documents_are_404(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("somebody", {"n": 1}))
        with kit.cases() as cases:
            for method in ("get", "delete") if kit.dialect == "interface" else ("get",):
                with cases.case(method):
                    answers.missing(getattr(collection, method)("nobody"), "ERR-2")

    @clause("ERR-1", "ERR-2")
    def test_mistakes_of_the_caller_are_4xx(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("an empty id", "", {"n": 1}),
                ("a value that JSON cannot hold", "a", {"value": Opaque("o")}),
                ("a set", "a", {"value": {1}}),
                ("a key that is not text", "a", {"o": {("a",): 1}}),
            ):
                with cases.case(label):
                    answer = collection.save(doc_id, doc)
                    if answer.returned and doc_id:
                        continue  # SAVE-11 allows that, if the same value comes back
                    answers.refused(answer, "ERR-2", label)

    @clause("ERR-3")
    def test_detail_says_what_was_not_found(self, kit: Kit) -> None:
        with kit.cases() as cases:
            for collection, doc_id in (
                (kit.collection(), "nobody-in-particular"),
                (kit.collection(), "somebody-else"),
            ):
                answers.saved(collection.save("somebody", {"n": 1}))
                for method in ("get", "delete") if kit.dialect == "interface" else ("get",):
                    with cases.case(f"{method}() of {doc_id}"):
                        answer = getattr(collection, method)(doc_id)
                        answers.missing(answer, "ERR-2")
                        _check_detail(answer, collection, doc_id)

    @clause("ERR-4")
    def test_no_secret_is_shown(self, kit: Kit) -> None:
        """Provoke errors. The watch searches them for secrets, as it does in all other tests."""
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
        what = "`detail` must be text that a person can act on"
        expected = "a text that names the collection or the id"
    elif doc_id not in detail and collection.name not in detail:
        what = "`detail` names neither the collection nor the id"
        expected = f"a text with {doc_id!r} or {collection.name!r} in it"
    else:
        return
    raise violation("ERR-3", what, answer=answer, expected=expected)
