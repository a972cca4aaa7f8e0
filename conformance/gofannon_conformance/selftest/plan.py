"""What a selftest is to run: which services of the zoo, on which seeds, by which tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gofannon_conformance.contract import UnknownClause, load
from gofannon_conformance.mutants import CONTROLS, MUTANTS, Mutant
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.selftest.trial import TESTS, Job
from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.mutants import Control

APART = frozenset({"CON", "DUR", "FAULT"})
"""The groups about races, processes and networks, which cost seconds. Their tests are run
on the mutants that are meant for them, and in the whole form on the right services."""

LARGE = frozenset({"DOC-12", "DOC-13", "DOC-14", "LIST-6"})
"""The clauses about size. Their tests are two fifths of the time of all others together, and are
run on the mutants that are meant for such a clause, and on the right services."""

PROFILE = replace(profile_named("quick"), name="selftest", shrinks=False)
"""Nobody reads the examples of a selftest, so they are left as large as they were found."""

FORMS = ("whole", "quick")


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
    right: bool = False,
    seed: int,
    seeds: int = 1,
) -> Plan:
    """Choose from the zoo: by names or patterns of them, by clauses, or the right services alone.

    >>> [s.name for s in planned(form="quick", names=["list*all*"], seed=1).services]
    ['list_all_is_called_list', 'list_all_annotated_as_list', 'list_all_creates_the_collection']
    """
    everything: tuple[Mutant | Control, ...] = (*CONTROLS.values(), *MUTANTS.values())
    chosen = tuple(CONTROLS.values()) if right else everything
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
        is_all=chosen == everything,
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
    until: frozenset[str] = frozenset()
    if not isinstance(service, Mutant) and form == "whole":
        tests = tuple(TESTS)
    elif form == "quick" and meant:
        until = meant
        tests = tuple(test for test, clauses in TESTS.items() if not meant.isdisjoint(clauses))
    else:
        tests = tuple(test for test, clauses in TESTS.items() if _is_due(clauses, meant))
    return Job(
        spec=service.target.spec,
        tests=tests,
        profile=PROFILE,
        seed=seed,
        until=until,
    )


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


def _is_due(clauses: Iterable[str], meant: frozenset[str]) -> bool:
    """Tell whether a test is run on a mutant in the whole form."""
    if not meant.isdisjoint(clauses):
        return True
    if LARGE.issuperset(clauses):
        return not LARGE.isdisjoint(meant)
    costly = {group_of(clause) for clause in clauses} & APART
    return not costly or not costly.isdisjoint(group_of(clause) for clause in meant)


def _resolved(clauses: Sequence[str]) -> frozenset[str]:
    try:
        return frozenset(c.id for text in clauses for c in load().resolve(text))
    except UnknownClause as error:
        raise UsageError(str(error)) from error
