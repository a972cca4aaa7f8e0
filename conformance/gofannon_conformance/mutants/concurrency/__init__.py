"""Services that are right for one caller and wrong for concurrent ones: CON."""

from gofannon_conformance.mutants.concurrency.controls import RACING_CONTROLS
from gofannon_conformance.mutants.concurrency.copies import RACING_COPIES
from gofannon_conformance.mutants.concurrency.instances import RACING_INSTANCES
from gofannon_conformance.mutants.concurrency.locks import RACING_LOCKS
from gofannon_conformance.mutants.concurrency.presence import RACING_PRESENCE
from gofannon_conformance.mutants.concurrency.replicas import RACING_REPLICAS
from gofannon_conformance.mutants.concurrency.workers import RACING_WORKERS
from gofannon_conformance.mutants.concurrency.writes import RACING_WRITES

__all__ = ["RACING", "RACING_CONTROLS"]

RACING = (
    *RACING_WRITES,
    *RACING_COPIES,
    *RACING_PRESENCE,
    *RACING_LOCKS,
    *RACING_INSTANCES,
    *RACING_REPLICAS,
    *RACING_WORKERS,
)
