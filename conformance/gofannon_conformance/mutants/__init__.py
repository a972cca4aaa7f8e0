"""The zoo: services that each break one clause on purpose, and right ones that must pass.

Each is a target by its name, so that anyone can watch the kit find its mistake:

    gofannon-conformance run gofannon_conformance.mutants:save_merges_the_top_level

>>> MUTANTS["save_merges_the_top_level"].clauses
('SAVE-3',)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gofannon_conformance.mutants.caching import CACHING
from gofannon_conformance.mutants.controls import PLAIN_CONTROLS
from gofannon_conformance.mutants.deleting import DELETING
from gofannon_conformance.mutants.documents import DOCUMENTS
from gofannon_conformance.mutants.errors import ERRORS
from gofannon_conformance.mutants.faulting import FAULTING, SERVED_CONTROLS
from gofannon_conformance.mutants.hanging import HANGING
from gofannon_conformance.mutants.ids import IDS
from gofannon_conformance.mutants.lasting import LASTING, LASTING_CONTROLS
from gofannon_conformance.mutants.limits import LIMITS
from gofannon_conformance.mutants.listing import LISTING
from gofannon_conformance.mutants.merging import MERGING
from gofannon_conformance.mutants.mutant import Control, Mutant
from gofannon_conformance.mutants.names import NAMES
from gofannon_conformance.mutants.racing import RACING, RACING_CONTROLS
from gofannon_conformance.mutants.reading import READING
from gofannon_conformance.mutants.refusing import REFUSING
from gofannon_conformance.mutants.revisions import REVISIONS
from gofannon_conformance.mutants.saving import SAVING
from gofannon_conformance.mutants.seen import MET, SEEN
from gofannon_conformance.mutants.shapes import SHAPES
from gofannon_conformance.mutants.snapshots import SNAPSHOTS
from gofannon_conformance.mutants.texts import TEXTS
from gofannon_conformance.mutants.wider import WIDER, WIDER_CONTROLS

if TYPE_CHECKING:
    from gofannon_conformance.target import Target

__all__ = ["CONTROLS", "MUTANTS", "Control", "Mutant"]

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
    """Give the target of that name, for `gofannon_conformance.mutants:NAME`."""
    found = MUTANTS.get(name) or CONTROLS.get(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found.target


def __dir__() -> list[str]:
    return [*MUTANTS, *CONTROLS]
