"""Services that forget, or show changes to others late: DUR."""

from gofannon_conformance.mutants.durability.controls import LASTING_CONTROLS
from gofannon_conformance.mutants.durability.instances import INSTANCES
from gofannon_conformance.mutants.durability.processes import PROCESSES
from gofannon_conformance.mutants.durability.restarts import RESTARTS

__all__ = ["LASTING", "LASTING_CONTROLS"]

LASTING = (*INSTANCES, *PROCESSES, *RESTARTS)
