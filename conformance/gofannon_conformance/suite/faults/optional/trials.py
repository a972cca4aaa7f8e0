"""The faults under which an optional method is tried, from its first request or a later one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.values import Answer
from gofannon_conformance.calls.violation import NotTested, Violation
from gofannon_conformance.proxy import Cut, Drop, Exchange, Instead, Refuse
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.attempts import check_answer
from gofannon_conformance.suite.faults.cases import requests_of
from gofannon_conformance.suite.faults.recovery import check_recovery
from gofannon_conformance.suite.faults.silence import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.proxy import Fault
    from gofannon_conformance.run.cases import Cases
    from gofannon_conformance.suite.faults.scene import Scene

Trial = tuple[Callable[[], Answer], Callable[[Answer], None]]
"""A call, and the check of its answer if it returns."""

ERRORS = ("500", "503", "429")
"""The replies of an overloaded server that are tried."""


@dataclass(frozen=True)
class OptionalMethod:
    """An optional method, and how it is called."""

    name: str
    clause: str
    prepare: Callable[[], Trial]
    """Prepares a call, another one each time."""
    enlarge: Callable[[], None]
    """Makes the calls from now on so large that one request to a server may not suffice."""

    @property
    def reads(self) -> bool:
        """Whether it must raise in an outage; a bulk write may report a failure per document."""
        return self.name in ("find", "get_many")


@dataclass(frozen=True)
class _Case:
    words: str
    fault: Fault
    is_outage: bool = False
    """Whether no server answers, so that a 429 is a wrong error."""
    nth: int | None = None
    """The request from which on the fault is injected; None for all."""


def check(scene: Scene, method: OptionalMethod) -> None:
    """Try a method without a fault, under each fault, and under those that begin later."""
    call = partial(_call_without_fault, scene, method)
    with scene.kit.cases() as cases:
        requests = requests_of(scene, call)
        for case in _from_the_first_request(scene, method):
            _try(scene, method, case, cases)
        if len(requests) == 1:
            method.enlarge()
            requests = requests_of(scene, call)
        for case in _from_a_later_request(scene, requests):
            _try(scene, method, case, cases)


def check_outage(scene: Scene, method: OptionalMethod) -> None:
    """Try a method without a fault, and when the server is gone or overloaded."""
    with scene.kit.cases() as cases:
        _call_without_fault(scene, method)
        for case in _from_the_first_request(scene, method):
            if case.fault is not SILENT:  # it costs seconds, and `check()` tries it
                _try(scene, method, case, cases)


def _call_without_fault(scene: Scene, method: OptionalMethod) -> None:
    call, right = method.prepare()
    answer = scene.calls.make(call, method.clause)
    if not answer.returned:
        raise NotTested(f"{method.name}() fails without a fault: see {method.clause}")
    try:
        right(answer)
    except Violation as wrong:
        raise NotTested(f"{method.name}() is wrong without a fault: {wrong.what}") from None


def _from_the_first_request(scene: Scene, method: OptionalMethod) -> Iterator[_Case]:
    yield _Case("the server is gone", Refuse(), is_outage=True)
    if method.reads:  # a bulk write waits for each document; `save()` and `delete()` cover it
        yield _Case("the server is mute", SILENT, is_outage=True)
    for name in _errors(scene):
        yield _Case(f"every request is answered: {name}", Instead(name))


def _from_a_later_request(scene: Scene, requests: list[Exchange]) -> Iterator[_Case]:
    last = len(requests)
    if last > 1:
        yield _Case("the server is gone from request 2 on", Drop(), nth=2)
        for name in _errors(scene)[1:2]:
            words = f"every request is answered from the second on: {name}"
            yield _Case(words, Instead(name), nth=2)
    if last:
        half = requests[-1].answered // 2
        yield _Case(f"every answer is cut from request {last} on", Cut(half), nth=last)


def _errors(scene: Scene) -> list[str]:
    return [name for name in ERRORS if name in scene.proxy.replies]


def _try(scene: Scene, method: OptionalMethod, case: _Case, cases: Cases) -> None:
    if scene.calls.stopped:
        return
    with cases.case(f"{method.name}(), {case.words}"):
        call, right = method.prepare()
        with scene.inject(case.fault, case.words, nth=case.nth, lasting=case.nth is not None):
            answer = scene.calls.make(call, method.clause)
        if case.is_outage and (method.reads or not answer.returned):
            checks.outage(answer, method.clause, case.words)
        else:
            check_answer(answer, right, method.clause, case.words)
        check_recovery(scene, case.words, thorough=False)
