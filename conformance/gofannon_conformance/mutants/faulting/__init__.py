"""Services over HTTP that are right while all is well, and blind to faults: FAULT."""

from gofannon_conformance.mutants.faulting.controls import SERVED_CONTROLS
from gofannon_conformance.mutants.faulting.cut_answers import CUT_ANSWERS
from gofannon_conformance.mutants.faulting.in_need import IN_NEED
from gofannon_conformance.mutants.faulting.made_again import MADE_AGAIN
from gofannon_conformance.mutants.faulting.outages import OUTAGES
from gofannon_conformance.mutants.faulting.outages_of_many import OUTAGES_OF_MANY
from gofannon_conformance.mutants.faulting.recovering import RECOVERING
from gofannon_conformance.mutants.faulting.silence import SILENCE
from gofannon_conformance.mutants.faulting.turned_away import TURNED_AWAY

__all__ = ["FAULTING", "SERVED_CONTROLS"]

FAULTING = (
    *OUTAGES,
    *OUTAGES_OF_MANY,
    *SILENCE,
    *CUT_ANSWERS,
    *RECOVERING,
    *IN_NEED,
    *MADE_AGAIN,
    *TURNED_AWAY,
)
