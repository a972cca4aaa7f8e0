"""The plan of a selftest: which services, with which seeds and by which tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gofannon_conformance.contract import UnknownClause, load
from gofannon_conformance.mutants import CONTROLS, MUTANTS, Mutant
from gofannon_conformance.mutants.hanging import HANGING
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.selftest.trial import TESTS, Job
from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.mutants import Control

SLOW_GROUPS = frozenset({"CON", "DUR", "FAULT"})
"""The groups about races, processes and networks, whose tests take seconds. Their tests run only
on the mutants that are meant for them and, in the form `right`, on the right services."""

OPTIONAL = frozenset({"FIND", "IDX", "BULK", "ASYNC"})
"""The groups about optional methods. A mutant that is meant only for them is tried by the tests of
its groups; these tests do not run on the other mutants, which are wrong in required methods."""

LARGE = frozenset({"DOC-12", "DOC-13", "DOC-14", "LIST-6", "SCH-8"})
"""The clauses about size, whose tests take long. They run on the mutants that are meant for such a
clause, and on the right services."""

LONG = "test_long_texts_lists_and_objects_round_trip"
"""The test about size of a clause that has other tests too."""

HANGING_SPECS = frozenset(mutant.target.spec for mutant in HANGING)
"""The mutants with a call that hangs, which costs each test seconds: they are tried only by the
tests of their own clauses."""

RIGHT_PROFILE = replace(profile_named("quick"), longest=5.0, shrinks=False)
"""No examples are shrunk, because they are not shown; and all services are local, so that no call
of a right one takes seconds."""

PROFILE = replace(RIGHT_PROFILE, examples=8, programs=8)
"""A mutant that is killed with few examples is killed with more."""

FORMS = ("whole", "quick", "right")
"""`whole`: every mutant by every related test. `quick`: each mutant until its meant clauses have
failed. `right`: only the right services, by all tests of their groups. The first two include the
right services that are tried by all groups, without the slow tests."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The chosen services and seeds, checked."""

    form: str
    services: tuple[Mutant | Control, ...]
    seeds: tuple[int, ...]
    is_all: bool

    def jobs(self) -> dict[Job, tuple[Mutant | Control, tuple[str, ...]]]:
        """Return the jobs in order, each with its service and its meant clauses."""
        jobs = {}
        for seed in self.seeds:
            for service in self.services:
                meant = meant_by(service)
                jobs[job_for(service, meant, form=self.form, seed=seed)] = (service, meant)
        return jobs


def planned(
    *,
    form: str,
    names: Sequence[str] = (),
    clauses: Sequence[str] = (),
    seed: int,
    seeds: int = 1,
) -> Plan:
    """Choose the services of a form, by names, patterns of names, or clauses.

    >>> of_zero = ["minus_zero_is_*", "tiny_f*"]
    >>> [s.name for s in planned(form="quick", names=of_zero, seed=1).services]
    ['minus_zero_is_zero', 'tiny_floats_are_zero']
    """
    everything: tuple[Mutant | Control, ...] = (*CONTROLS.values(), *MUTANTS.values())
    chosen = tuple(CONTROLS.values()) if form == "right" else everything
    if form != "right" and not names:
        chosen = tuple(s for s in chosen if isinstance(s, Mutant) or not s.tried_by)
    if names:
        chosen = tuple(s for s in chosen if any(fnmatchcase(s.name, name) for name in names))
        known = [service.name for service in everything]
        for name in names:
            if not any(fnmatchcase(service.name, name) for service in chosen):
                raise UsageError(f"there is no service {name!r}{nearest(name, known)}")
    if clauses:
        wanted = _resolved(clauses)
        chosen = tuple(
            s for s in chosen if not isinstance(s, Mutant) or not wanted.isdisjoint(s.clauses)
        )
        if not any(isinstance(service, Mutant) for service in chosen):
            raise UsageError(f"there is no mutant for {', '.join(clauses)}")
    return Plan(
        form=form,
        services=chosen,
        seeds=tuple(range(seed, seed + seeds)),
        is_all=form != "right" and not (names or clauses),
    )


def meant_by(service: Mutant | Control) -> tuple[str, ...]:
    """Return the clauses that a mutant is meant to break and that the suite claims to test."""
    if not isinstance(service, Mutant):
        return ()
    contract = load()
    return tuple(clause for clause in service.clauses if contract.clause(clause).covered)


def job_for(service: Mutant | Control, meant: Iterable[str], *, form: str, seed: int) -> Job:
    """Return the job that tries a service, in the quick form until the meant clauses failed."""
    meant = frozenset(meant)
    tests = tuple(test for test in TESTS if _applies(service, test, meant, form))
    until = meant if form == "quick" else frozenset()
    profile = RIGHT_PROFILE if form == "right" else PROFILE
    return Job(spec=service.target.spec, tests=tests, profile=profile, seed=seed, until=until)


def group_of(clause: str) -> str:
    """Return the group of a clause.

    >>> group_of("GET-3")
    'GET'
    """
    return clause.partition("-")[0]


def is_slow(clauses: Iterable[str]) -> bool:
    """Return whether a test or a mutant is of the slow groups.

    >>> is_slow(["FAULT-8", "ERR-4"]), is_slow(["ERR-4"])
    (True, False)
    """
    return not {group_of(clause) for clause in clauses}.isdisjoint(SLOW_GROUPS)


def is_slow_job(job: Job) -> bool:
    """Return whether a job has tests of the slow groups, or a service that hangs."""
    return job.spec in HANGING_SPECS or any(is_slow(TESTS[test]) for test in job.tests)


def _applies(service: Mutant | Control, test: str, meant: frozenset[str], form: str) -> bool:
    """Return whether a test runs on a service."""
    clauses = TESTS[test]
    is_large = test == LONG or LARGE.issuperset(clauses)
    if not isinstance(service, Mutant):
        if service.tried_by:
            return not {group_of(clause) for clause in clauses}.isdisjoint(service.tried_by)
        if is_slow(clauses):
            return form == "right"
        return form != "quick" or not is_large
    if not meant.isdisjoint(clauses):
        return True
    if (meant and form == "quick") or is_slow(meant) or is_slow(clauses):
        return False
    if service.target.spec in HANGING_SPECS:
        return False
    groups = {group_of(clause) for clause in meant}
    if groups <= OPTIONAL:
        return not groups.isdisjoint(map(group_of, clauses))
    if OPTIONAL.issuperset(map(group_of, clauses)):
        return False
    return not is_large or not LARGE.isdisjoint(meant)


def _resolved(clauses: Sequence[str]) -> frozenset[str]:
    try:
        return load().asked_for(clauses)
    except UnknownClause as error:
        raise UsageError(str(error)) from error
