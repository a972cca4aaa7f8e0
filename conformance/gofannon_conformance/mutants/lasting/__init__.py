"""Services that forget, or tell others late: DUR."""

from gofannon_conformance.mutants.lasting.controls import LASTING_CONTROLS
from gofannon_conformance.mutants.lasting.outliving_processes import OUTLIVING_PROCESSES
from gofannon_conformance.mutants.lasting.restarted import RESTARTED
from gofannon_conformance.mutants.lasting.telling_others import TELLING_OTHERS

__all__ = ["LASTING", "LASTING_CONTROLS"]

LASTING = (*TELLING_OTHERS, *OUTLIVING_PROCESSES, *RESTARTED)
