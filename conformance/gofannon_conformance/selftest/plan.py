"""What a selftest is to run: which services of the zoo, on which seeds, by which tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gofannon_conformance.contract import UnknownClause, load
from gofannon_conformance.mutants import CONTROLS, MUTANTS, Mutant
from gofannon_conformance.mutants.hanging import HANGING
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.selftest.trial import TESTS, Job
from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.mutants import Control

APART = frozenset({"CON", "DUR", "FAULT"})
"""The groups about races, processes and networks, which cost seconds. Their tests are run
on the mutants that are meant for them, which no others are, and in the whole form on the right
services."""

OPTIONAL = frozenset({"FIND", "IDX", "BULK", "ASYNC"})
"""The groups about methods that a service need not have. A mutant that is meant for them alone
is right in all else, and tried by the tests of its groups; they are not run on mutants that are
meant for none of them, whose mistakes show in the methods that they must have."""

LARGE = frozenset({"DOC-12", "DOC-13", "DOC-14", "LIST-6", "SCH-8"})
"""The clauses about size. Their tests take the longest of the plain ones, and are run on the
mutants that are meant for such a clause, and on the right services."""

LONG = "test_long_texts_lists_and_objects_round_trip"
"""The test about size of a clause that has others."""

WAITED_FOR = frozenset(mutant.target.spec for mutant in HANGING)
"""The mutants a call of which never comes back. Each test that makes it costs seconds: they are
tried by the tests of their own clauses alone, as those of the groups above are."""

FOR_RIGHT = replace(profile_named("quick"), longest=5.0, shrinks=False)
"""Nobody reads the examples of a selftest, so they are left as large as they were found; and the
services are all in this process or beside it, so that no call of a right one takes seconds."""

PROFILE = replace(FOR_RIGHT, examples=8, programs=8)
"""What kills a mutant on few examples kills it on more."""

FORMS = ("whole", "quick", "right")
"""Every mutant by every test that may have to do with it; each only until what is meant has failed;
and the right services alone, by all tests of their groups. In the first two stand only the
right services that are tried by all groups, and they are spared those that cost seconds."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was chosen, checked."""

    form: str
    services: tuple[Mutant | Control, ...]
    seeds: tuple[int, ...]
    is_all: bool

    def jobs(self) -> dict[Job, tuple[Mutant | Control, tuple[str, ...]]]:
        """Give the jobs, in the order of the zoo, with the service and what is meant by each."""
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
    """Choose from the zoo what a form is about, by names or patterns of them, or by clauses.

    >>> of_zero = ["minus_zero_is_*", "tiny_*"]
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
                raise UsageError(f"the zoo has no {name!r}{nearest(name, known)}")
    if clauses:
        wanted = _resolved(clauses)
        chosen = tuple(
            s for s in chosen if not isinstance(s, Mutant) or not wanted.isdisjoint(s.clauses)
        )
        if not any(isinstance(service, Mutant) for service in chosen):
            raise UsageError(f"the zoo has no mutant for {', '.join(clauses)}")
    return Plan(
        form=form,
        services=chosen,
        seeds=tuple(range(seed, seed + seeds)),
        is_all=form != "right" and not (names or clauses),
    )


def meant_by(service: Mutant | Control) -> tuple[str, ...]:
    """Give the clauses that a mutant is meant to break, if the suite claims to test them."""
    if not isinstance(service, Mutant):
        return ()
    contract = load()
    return tuple(clause for clause in service.clauses if contract.clause(clause).covered)


def job_for(service: Mutant | Control, meant: Iterable[str], *, form: str, seed: int) -> Job:
    """Say by which tests a service is tried: in the quick form until what is meant has failed."""
    meant = frozenset(meant)
    tests = tuple(test for test in TESTS if _is_due(service, test, meant, form))
    until = meant if form == "quick" else frozenset()
    profile = FOR_RIGHT if form == "right" else PROFILE
    return Job(spec=service.target.spec, tests=tests, profile=profile, seed=seed, until=until)


def group_of(clause: str) -> str:
    """Give the group of a clause.

    >>> group_of("GET-3")
    'GET'
    """
    return clause.partition("-")[0]


def is_apart(clauses: Iterable[str]) -> bool:
    """Tell whether a test, or a mutant, is of the groups that cost seconds.

    >>> is_apart(["FAULT-8", "ERR-4"]), is_apart(["ERR-4"])
    (True, False)
    """
    return not {group_of(clause) for clause in clauses}.isdisjoint(APART)


def takes_seconds(job: Job) -> bool:
    """Tell whether a job has tests of the groups that cost seconds, or a service that hangs."""
    return job.spec in WAITED_FOR or any(is_apart(TESTS[test]) for test in job.tests)


def _is_due(service: Mutant | Control, test: str, meant: frozenset[str], form: str) -> bool:
    """Tell whether a test is run on a service."""
    clauses = TESTS[test]
    is_large = test == LONG or LARGE.issuperset(clauses)
    if not isinstance(service, Mutant):
        if service.tried_by:
            return not {group_of(clause) for clause in clauses}.isdisjoint(service.tried_by)
        if is_apart(clauses):
            return form == "right"
        return form != "quick" or not is_large
    if not meant.isdisjoint(clauses):
        return True
    if (meant and form == "quick") or is_apart(meant) or is_apart(clauses):
        return False
    if service.target.spec in WAITED_FOR:
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
