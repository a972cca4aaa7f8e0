"""Services that hold less than they must, or refuse wrongly what is too large: DOC."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right, depth_of

LIMITS: list[Mutant] = []
row = partial(breaks, LIMITS)


class Limited(Right):
    """Refuses what is larger than it holds: a number of bytes, or a depth."""

    largest, deepest, status = 400_000, 100, 413

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        if len(text) > self.largest or depth_of(doc) > self.deepest:
            raise HTTPException(self.status, "the document is too large")
        return text


@row("documents_of_90_KiB_at_most", "DOC-12")
class NinetyKiB(Limited):
    """A document of more than 90 KiB is refused."""

    largest = 90 * 1024


@row("documents_of_300_KiB_at_most", "DOC-13")
class ThreeHundredKiB(Limited):
    """A document of more than 300 KiB is refused."""

    largest = 300 * 1024


@row("depth_of_12_at_most", "DOC-1")
class DepthTwelve(Limited):
    """A document of more than twelve levels is refused: sixteen must be held."""

    deepest = 12


@row("depth_of_32_at_most", "DOC-11")
class DepthThirtyTwo(Limited):
    """A document of more than 32 levels is refused."""

    deepest = 32


@row("too_large_is_500", "DOC-14")
class LargeIs500(Limited):
    """A document that is too large is a server error."""

    largest, status = 2 * 2**20, 500


@row("too_deep_is_500", "DOC-14")
class DeepIs500(Limited):
    """A document that is too deep is a server error."""

    deepest, status = 40, 500


@row("too_large_takes_the_earlier_version_with_it", "DOC-14")
class LargeRemoves(Limited):
    """A document that is too large is refused after the earlier version was removed."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code == 413:
                self.kept.pop((db_name, doc_id), None)
            raise
