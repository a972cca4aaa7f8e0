"""FAULT-3: a server that takes what it is told, and says nothing, or not all that it has to say."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.faults import Mute
from gofannon_conformance.suite import faults_verdicts
from gofannon_conformance.suite.faults_attempts import TRIED, at_once, attempt
from gofannon_conformance.suite.faults_cases import a_call_of_each_method, clean
from gofannon_conformance.suite.faults_scene import scene
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.faults_scene import Scene
    from gofannon_conformance.suite.kit import Cases, Kit

PAUSED = Mute(passed_on=True)
SILENT = Mute()
WORDS = {
    PAUSED: "the server is mute, and answers when it is too late",
    SILENT: "the server takes new connections, and says nothing",
}

WITHHELD = 2
"""Bytes at the end of an answer that do not come; many a body has no more than these."""


def check(kit: Kit) -> None:
    """Let servers be silent from the beginning of an answer, and others near its end, at once."""
    with scene(kit) as one, scene(kit) as two, kit.cases() as cases:
        silences = [(one, PAUSED, method) for method in TRIED]
        silences += [(two, SILENT, method) for method in TRIED]
        with one.instances(len(TRIED)) as halting:
            answers = _beside_halting_servers(halting, cases, partial(_in_silence, silences))
        # One may have waited for another, behind one lock: each is asked again, alone.
        hanging = [s for s, answer in zip(silences, answers, strict=True) if answer is None]
        with one.instances(len(hanging)) as others:
            alone = [(here, *s[1:]) for here, s in zip(others, hanging, strict=True)]
            again = iter(_in_silence(alone))
        for (_, fault, method), answer in zip(silences, answers, strict=True):
            with cases.case(f"{method}(), {WORDS[fault]}"):
                last = one.ended(next(again) if answer is None else answer, "FAULT-3")
                faults_verdicts.outage(last, "FAULT-3", WORDS[fault])
        for here, fault in ((one, PAUSED), (two, SILENT)):
            if not hanging:
                with cases.case(f"after: {WORDS[fault]}"):
                    here.recovers(WORDS[fault])


def _beside_halting_servers(
    scenes: list[Scene], cases: Cases, meanwhile: Callable[[], list[Answer | None]]
) -> list[Answer | None]:
    """Try each method while its server halts in the last answer, just before the answer's end."""
    words = "the server says nothing more shortly before the end of its answer"
    tried: list[tuple[Scene, str]] = []
    with ExitStack() as stack:
        for here, method in zip(scenes, TRIED, strict=True):
            with suppress(NotTested):  # a method that asks no server is told where it is mute
                requests = clean(here, method)
                halting = Mute(passed_on=True, after=max(requests[-1].answered - WITHHELD, 1))
                stack.enter_context(here.trouble(halting, words, nth=len(requests), lasting=True))
                tried.append((here, method))
        tries = [partial(attempt, here, method, "FAULT-3", words) for here, method in tried]
        with at_once(tries) as found:
            given = meanwhile()
    for (here, method), wrong in zip(tried, found, strict=True):
        with cases.case(f"{method}(), {words}"):
            if wrong is not None:
                raise wrong
            here.recovers(words, thorough=False)
    return given


def _in_silence(silences: list[tuple[Scene, Mute, str]]) -> list[Answer | None]:
    """Call a method of each scene while its server is silent; None for what has not ended."""
    if not silences:
        return []
    crew = silences[0][0]
    # A read may have another limit, or none, on a connection that is open already: so each call is
    # made once before, at once with the others, and the calls in silence find their connections.
    crew.together(_calls(silences))
    calls = _calls(silences)
    scenes = {id(here): (here, fault) for here, fault, _ in silences}.values()
    with ExitStack() as stack:
        for here, fault in scenes:
            if fault is SILENT:
                here.proxy.hang_up()
            stack.enter_context(here.trouble(fault, WORDS[fault]))
        return crew.together(calls)


def _calls(silences: list[tuple[Scene, Mute, str]]) -> list[Callable[[], Answer]]:
    return [dict(a_call_of_each_method(here))[method] for here, _, method in silences]
