"""Services with the optional methods, or with coroutines, and a mistake: FIND, IDX, BULK, ASYNC."""

from gofannon_conformance.mutants.wider.awaiting import AWAITING
from gofannon_conformance.mutants.wider.bulking_exact import BULKING_EXACT
from gofannon_conformance.mutants.wider.bulking_others import BULKING_OTHERS
from gofannon_conformance.mutants.wider.bulking_saving import BULKING_SAVING
from gofannon_conformance.mutants.wider.controls import WIDER_CONTROLS
from gofannon_conformance.mutants.wider.finding_parts import FINDING_PARTS
from gofannon_conformance.mutants.wider.finding_results import FINDING_RESULTS
from gofannon_conformance.mutants.wider.finding_values import FINDING_VALUES
from gofannon_conformance.mutants.wider.indexing import INDEXING

__all__ = ["FINDING", "WIDER", "WIDER_CONTROLS"]

FINDING = (*FINDING_VALUES, *FINDING_RESULTS, *FINDING_PARTS)
"""Those whose `find()` is wrong, with and without an index."""

WIDER = (*FINDING, *INDEXING, *BULKING_SAVING, *BULKING_OTHERS, *BULKING_EXACT, *AWAITING)
