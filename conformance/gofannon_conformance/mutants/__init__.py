"""The zoo: services that each break one clause on purpose, and right ones that must pass.

Each is a target by its name, so that anyone can watch the kit find its mistake:

    gofannon-conformance run gofannon_conformance.mutants:save_merges_the_top_level

>>> MUTANTS["save_merges_the_top_level"].clauses
('SAVE-3',)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gofannon_conformance.mutants.asynchronous import AWAITING
from gofannon_conformance.mutants.bulk.exact import BULKING_EXACT
from gofannon_conformance.mutants.bulk.others import BULKING_OTHERS
from gofannon_conformance.mutants.bulk.saving import BULKING_SAVING
from gofannon_conformance.mutants.caching import CACHING
from gofannon_conformance.mutants.concurrency import RACING, RACING_CONTROLS
from gofannon_conformance.mutants.delete import DELETING
from gofannon_conformance.mutants.durability import LASTING, LASTING_CONTROLS
from gofannon_conformance.mutants.errors import ERRORS
from gofannon_conformance.mutants.faults import FAULTING, SERVED_CONTROLS
from gofannon_conformance.mutants.fidelity.documents import DOCUMENTS
from gofannon_conformance.mutants.fidelity.encoded import ENCODED
from gofannon_conformance.mutants.fidelity.shapes import SHAPES
from gofannon_conformance.mutants.fidelity.sizes import LIMITS
from gofannon_conformance.mutants.fidelity.texts import TEXTS
from gofannon_conformance.mutants.find.parts import FINDING_PARTS
from gofannon_conformance.mutants.find.results import FINDING_RESULTS
from gofannon_conformance.mutants.find.values import FINDING_VALUES
from gofannon_conformance.mutants.get import READING
from gofannon_conformance.mutants.hanging import HANGING
from gofannon_conformance.mutants.ids import IDS
from gofannon_conformance.mutants.index import INDEXING
from gofannon_conformance.mutants.isolation import NAMES
from gofannon_conformance.mutants.listing import LISTING
from gofannon_conformance.mutants.mutant import Control, Mutant
from gofannon_conformance.mutants.right.controls import PLAIN_CONTROLS
from gofannon_conformance.mutants.right.optional import WIDER_CONTROLS
from gofannon_conformance.mutants.save.answers import SAVING
from gofannon_conformance.mutants.save.callers_dict import SNAPSHOTS
from gofannon_conformance.mutants.save.merging import MERGING
from gofannon_conformance.mutants.save.refusals import REFUSING
from gofannon_conformance.mutants.save.revisions import REVISIONS
from gofannon_conformance.mutants.seen import MET, SEEN

if TYPE_CHECKING:
    from gofannon_conformance.target import Target

__all__ = ["CONTROLS", "MUTANTS", "Control", "Mutant"]

FINDING = (*FINDING_VALUES, *FINDING_RESULTS, *FINDING_PARTS)
"""Those whose `find()` is wrong, with and without an index."""

WIDER = (*FINDING, *INDEXING, *BULKING_SAVING, *BULKING_OTHERS, *BULKING_EXACT, *AWAITING)

_ALL = (
    *READING,
    *DELETING,
    *LISTING,
    *ERRORS,
    *SAVING,
    *SNAPSHOTS,
    *CACHING,
    *MERGING,
    *REFUSING,
    *LIMITS,
    *REVISIONS,
    *NAMES,
    *IDS,
    *DOCUMENTS,
    *TEXTS,
    *SHAPES,
    *ENCODED,
    *SEEN,
    *HANGING,
    *WIDER,
    *RACING,
    *LASTING,
    *FAULTING,
)

_RIGHT = (*PLAIN_CONTROLS, *WIDER_CONTROLS, *RACING_CONTROLS, *LASTING_CONTROLS, *SERVED_CONTROLS)

MUTANTS = {m.name: replace(m, seen=MET.get(m.name, m.seen)) for m in _ALL}
"""Every mutant, by its name."""

CONTROLS = {control.name: control for control in _RIGHT}
"""Every right service, by its name."""

if len({*MUTANTS, *CONTROLS}) < len(_ALL) + len(_RIGHT):
    raise ValueError("two services of the zoo have one name")


def __getattr__(name: str) -> Target:
    """Return the target of that name, for `gofannon_conformance.mutants:NAME`."""
    found = MUTANTS.get(name) or CONTROLS.get(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found.target


def __dir__() -> list[str]:
    return [*MUTANTS, *CONTROLS]
