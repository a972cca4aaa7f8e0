"""FAULT-3: a server that accepts requests and does not answer, or not completely."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.proxy import Mute
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.attempts import METHODS, at_once, attempt
from gofannon_conformance.suite.faults.cases import call_of_each_method, requests_of_method
from gofannon_conformance.suite.faults.recovery import check_recovery
from gofannon_conformance.suite.faults.scene import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.cases import Cases
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.faults.scene import Scene

PAUSED = Mute(passed_on=True)
SILENT = Mute()
WORDS = {
    PAUSED: "the server is mute, and answers too late",
    SILENT: "the server accepts new connections, and never answers",
}

WITHHELD = 2
"""Bytes at the end of an answer that do not arrive; many a body has no more than these."""


def check(kit: Kit) -> None:
    """Call every method of a mute server, and of one that halts near the end of an answer."""
    with open_scene(kit) as one, open_scene(kit) as two, kit.cases() as cases:
        silences = [(one, PAUSED, method) for method in METHODS]
        silences += [(two, SILENT, method) for method in METHODS]
        with one.instances(len(METHODS)) as halting:
            answers = _while_servers_halt(halting, cases, partial(_answers_in_silence, silences))
        # One may have waited for another, behind a lock: each is called again, alone.
        hanging = [s for s, answer in zip(silences, answers, strict=True) if answer is None]
        with one.instances(len(hanging)) as others:
            alone = [(scene, *s[1:]) for scene, s in zip(others, hanging, strict=True)]
            again = iter(_answers_in_silence(alone))
        for (_, fault, method), answer in zip(silences, answers, strict=True):
            with cases.case(f"{method}(), {WORDS[fault]}"):
                last = one.calls.ended(next(again) if answer is None else answer, "FAULT-3")
                checks.outage(last, "FAULT-3", WORDS[fault])
        for scene, fault in ((one, PAUSED), (two, SILENT)):
            if not hanging:
                with cases.case(f"after: {WORDS[fault]}"):
                    check_recovery(scene, WORDS[fault])


def _while_servers_halt(
    scenes: list[Scene], cases: Cases, meanwhile: Callable[[], list[Answer | None]]
) -> list[Answer | None]:
    """Attempt each method while its server halts shortly before the end of its last answer."""
    words = "the server halts shortly before the end of its answer"
    tried: list[tuple[Scene, str]] = []
    with ExitStack() as stack:
        for scene, method in zip(scenes, METHODS, strict=True):
            with suppress(NotTested):  # a method without requests is reported with a mute server
                requests = requests_of_method(scene, method)
                halting = Mute(passed_on=True, after=max(requests[-1].answered - WITHHELD, 1))
                stack.enter_context(scene.inject(halting, words, nth=len(requests), lasting=True))
                tried.append((scene, method))
        attempts = [partial(attempt, scene, method, "FAULT-3", words) for scene, method in tried]
        with at_once(attempts) as found:
            answers = meanwhile()
    for (scene, method), wrong in zip(tried, found, strict=True):
        with cases.case(f"{method}(), {words}"):
            if wrong is not None:
                raise wrong
            check_recovery(scene, words, thorough=False)
    return answers


def _answers_in_silence(silences: list[tuple[Scene, Mute, str]]) -> list[Answer | None]:
    """Call a method of each scene while its server is mute; None stands for one that hangs."""
    if not silences:
        return []
    make_all = silences[0][0].calls.make_all
    # A read may have another time-out, or none, on a connection that is open already. So each call
    # is made once before, at once with the others: the calls in silence find open connections.
    make_all(_calls(silences))
    calls = _calls(silences)
    scenes = {id(scene): (scene, fault) for scene, fault, _ in silences}.values()
    with ExitStack() as stack:
        for scene, fault in scenes:
            if fault is SILENT:
                scene.proxy.hang_up()
            stack.enter_context(scene.inject(fault, WORDS[fault]))
        return make_all(calls)


def _calls(silences: list[tuple[Scene, Mute, str]]) -> list[Callable[[], Answer]]:
    return [call_of_each_method(scene)[method] for scene, _, method in silences]
