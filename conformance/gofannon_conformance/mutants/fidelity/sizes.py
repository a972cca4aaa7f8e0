"""Services that hold less than they must, or refuse wrongly what is too large: DOC."""

from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right, depth_of


class Limited(Right):
    """Refuses a document above a number of bytes, or below a depth."""

    largest, deepest, status = 400_000, 100, 413

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        if len(text) > self.largest or depth_of(doc) > self.deepest:
            raise HTTPException(self.status, "the document is too large")
        return text


LIMITS = [
    Mutant(name=name, clauses=(clause,), mistake=mistake, make=type("Limits", (Limited,), limits))
    for name, clause, mistake, limits in (
        ("documents_of_90_KiB_at_most", "DOC-12", "A document of more than 90 KiB is refused.",
         {"largest": 90 * 1024}),
        ("documents_of_300_KiB_at_most", "DOC-13", "A document of more than 300 KiB is refused.",
         {"largest": 300 * 1024}),
        ("depth_of_12_at_most", "DOC-1", "A document of more than twelve levels is refused.",
         {"deepest": 12}),
        ("depth_of_32_at_most", "DOC-11", "A document of more than 32 levels is refused.",
         {"deepest": 32}),
        ("too_large_is_500", "DOC-14", "A document that is too large is a server error.",
         {"largest": 2 * 2**20, "status": 500}),
        ("too_deep_is_500", "DOC-14", "A document that is too deep is a server error.",
         {"deepest": 40, "status": 500}),
    )
]  # fmt: skip


@breaks(LIMITS, "too_large_takes_the_earlier_version_with_it", "DOC-14")
class LargeRemoves(Limited):
    """A document that is too large is refused after the earlier version was removed."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code == 413:
                self.kept.pop((db_name, doc_id), None)
            raise
