"""Services over HTTP that are right without a fault, and wrong under one: FAULT."""

from gofannon_conformance.mutants.faults.controls import SERVED_CONTROLS
from gofannon_conformance.mutants.faults.credentials import CREDENTIALS
from gofannon_conformance.mutants.faults.cut_answers import CUT_ANSWERS
from gofannon_conformance.mutants.faults.optional import OUTAGES_OF_MANY
from gofannon_conformance.mutants.faults.outages import OUTAGES
from gofannon_conformance.mutants.faults.recovery import RECOVERY
from gofannon_conformance.mutants.faults.retries import RETRIES
from gofannon_conformance.mutants.faults.silence import SILENCE

__all__ = ["FAULTING", "SERVED_CONTROLS"]

FAULTING = (
    *OUTAGES,
    *OUTAGES_OF_MANY,
    *SILENCE,
    *CUT_ANSWERS,
    *RECOVERY,
    *RETRIES,
    *CREDENTIALS,
)
