"""Which troubles an optional method is tried in, from its beginning and in its middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.calls import Answer
from gofannon_conformance.faults import Cut, Drop, Exchange, Instead, Refuse
from gofannon_conformance.suite import faults_verdicts
from gofannon_conformance.suite.faults_silence import SILENT
from gofannon_conformance.violation import NotTested, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.faults import Fault
    from gofannon_conformance.suite.faults_scene import Scene
    from gofannon_conformance.suite.kit import Cases

Trial = tuple[Callable[[], Answer], Callable[[Answer], None]]
"""A call, and what must hold of its answer if it returns."""


REFUSALS = ("500", "503", "429")
"""What a server answers in need."""


@dataclass(frozen=True)
class Optional:
    """An optional method, as it is tried."""

    method: str
    clause: str
    prepared: Callable[[], Trial]
    """Makes ready for a call, each time for another one."""
    enlarge: Callable[[], None]
    """Has it ask for so much from now on that one request to a server may not do."""

    @property
    def reads(self) -> bool:
        """Whether it must raise where nobody answers; one that writes may say so of each."""
        return self.method in ("find", "get_many")


@dataclass(frozen=True)
class _Trouble:
    words: str
    fault: Fault
    is_outage: bool = False
    """Whether nobody answers, so that a 429 is none of the errors."""
    nth: int | None = None
    """The request from which on there is trouble; else it is there from the beginning."""


def check(here: Scene, tried: Optional) -> None:
    """Try a method where all is well, in every trouble, and in those that begin in its middle."""
    with here.kit.cases() as cases:
        requests = _clean(here, tried)
        for trouble in _from_the_beginning(here, tried):
            _try(here, tried, trouble, cases)
        if len(requests) == 1:
            tried.enlarge()
            requests = _clean(here, tried)
        for trouble in _in_the_middle(here, requests):
            _try(here, tried, trouble, cases)


def check_outage(here: Scene, tried: Optional) -> None:
    """Try a method where all is well, and where the server is gone or in need."""
    with here.kit.cases() as cases:
        _call_in_peace(here, tried)
        for trouble in _from_the_beginning(here, tried):
            if trouble.fault is not SILENT:  # which costs seconds, and is tried once
                _try(here, tried, trouble, cases)


def _clean(here: Scene, tried: Optional) -> list[Exchange]:
    """Watch what requests it makes when nothing is wrong, past the first call's own."""
    _call_in_peace(here, tried)
    with here.proxy.watching() as seen:
        _call_in_peace(here, tried)
    return [exchange for exchange in seen if not exchange.handshake]


def _call_in_peace(here: Scene, tried: Optional) -> None:
    call, right = tried.prepared()
    answer = here.ends(call, tried.clause)
    if not answer.returned:
        raise NotTested(f"{tried.method}() fails where nothing is wrong: see {tried.clause}")
    try:
        right(answer)
    except Violation as wrong:
        raise NotTested(
            f"{tried.method}() is not right where nothing is wrong: {wrong.what}"
        ) from None


def _from_the_beginning(here: Scene, tried: Optional) -> Iterator[_Trouble]:
    yield _Trouble("the server is gone", Refuse(), is_outage=True)
    if tried.reads:  # one that writes waits for each document: `save()` and `delete()` stand for it
        yield _Trouble("the server is mute", SILENT, is_outage=True)
    for name in _refusals(here):
        yield _Trouble(f"every request is answered: {name}", Instead(name))


def _in_the_middle(here: Scene, requests: list[Exchange]) -> Iterator[_Trouble]:
    last = len(requests)
    if last > 1:
        yield _Trouble("the server is gone from request 2 on", Drop(), nth=2)
        for name in _refusals(here)[1:2]:
            words = f"every request is answered from the second on: {name}"
            yield _Trouble(words, Instead(name), nth=2)
    if last:
        half = requests[-1].answered // 2
        yield _Trouble(f"every answer is cut from request {last} on", Cut(half), nth=last)


def _refusals(here: Scene) -> list[str]:
    return [name for name in REFUSALS if name in here.proxy.replies]


def _try(here: Scene, tried: Optional, trouble: _Trouble, cases: Cases) -> None:
    if here.is_dead:
        return
    with cases.case(f"{tried.method}(), {trouble.words}"):
        call, right = tried.prepared()
        lasting = trouble.nth is not None
        with here.trouble(trouble.fault, trouble.words, nth=trouble.nth, lasting=lasting):
            answer = here.ends(call, tried.clause)
        if trouble.is_outage and (tried.reads or not answer.returned):
            faults_verdicts.outage(answer, tried.clause, trouble.words)
        elif answer.returned:
            right(answer)
        else:
            faults_verdicts.tolerable(answer, tried.clause, trouble.words)
        here.recovers(trouble.words, thorough=False)
