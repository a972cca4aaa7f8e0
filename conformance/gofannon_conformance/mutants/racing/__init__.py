"""Services that are right for one caller and wrong for many, each with one window: CON."""

from gofannon_conformance.mutants.racing.controls import RACING_CONTROLS
from gofannon_conformance.mutants.racing.copies import RACING_COPIES
from gofannon_conformance.mutants.racing.instances import RACING_INSTANCES
from gofannon_conformance.mutants.racing.locks import RACING_LOCKS
from gofannon_conformance.mutants.racing.pages import RACING_PAGES
from gofannon_conformance.mutants.racing.presence import RACING_PRESENCE
from gofannon_conformance.mutants.racing.replicas import RACING_REPLICAS
from gofannon_conformance.mutants.racing.workers import RACING_WORKERS
from gofannon_conformance.mutants.racing.writes import RACING_WRITES

__all__ = ["RACING", "RACING_CONTROLS"]

RACING = (
    *RACING_WRITES,
    *RACING_COPIES,
    *RACING_PRESENCE,
    *RACING_LOCKS,
    *RACING_PAGES,
    *RACING_INSTANCES,
    *RACING_REPLICAS,
    *RACING_WORKERS,
)
