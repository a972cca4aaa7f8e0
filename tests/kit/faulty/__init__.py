"""Broken services, each with one mistake that the suite must tell by the clause it breaks.

They are the mutants of the package, and those that are still to be moved there.
"""

from faulty.bulking import BROKEN_BULKING
from faulty.finding import BROKEN_FINDING
from faulty.lasting import BROKEN_LASTING
from faulty.racing import BROKEN_RACING
from gofannon_conformance.mutants import MUTANTS

BROKEN = (*MUTANTS.values(), *BROKEN_FINDING, *BROKEN_BULKING, *BROKEN_LASTING, *BROKEN_RACING)
