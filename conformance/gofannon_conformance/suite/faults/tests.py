"""FAULT: the network and the server misbehave."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gofannon_conformance.proxy import Cut, Drip, Drop, Instead, Refuse
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.faults import checks, credentials, retries, silence
from gofannon_conformance.suite.faults.attempts import METHODS, attempt, attempt_all
from gofannon_conformance.suite.faults.cases import (
    FORGED,
    OVERLOADED,
    call_of_each_method,
    calls_that_need_a_server,
    cuts,
    replies_of,
    requests_of_method,
)
from gofannon_conformance.suite.faults.recovery import check_recovery
from gofannon_conformance.suite.faults.scene import open_scene
from gofannon_conformance.suite.faults.silence import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.proxy import Fault, Manner
    from gofannon_conformance.run.cases import Cases
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.faults.scene import Scene

LARGE = 22
LARGE_TEXT = 50_000
"""Documents that exceed a page that is limited by size, of 1 MiB."""

ROUNDS = 6
"""Failures of each method under one fault: a pool that loses a place each time runs empty."""
LEAST_ROUNDS = 3
LONGEST_ROUNDS = 1.2
"""Seconds after which only the least rounds are made: a call may wait for the server."""

DRIPPING = 1.2
"""Seconds that the longest answer takes, when answers are slow."""


class FaultTests(ContractTests):
    """A service whose server is gone, mute, cut off or overloaded."""

    @clause("FAULT-1", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_get_save_and_delete_raise_when_the_server_is_gone(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            _check_outage(scene, cases, "FAULT-1", calls_that_need_a_server(scene))

    @clause("FAULT-2", "FAULT-5", "ERR-1", "ERR-2")
    def test_listing_raises_when_the_server_is_gone(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            empty = kit.collection().through(scene.proxied.caller)
            unwritten = kit.unwritten(only_to_read=True).through(scene.proxied.caller)
            scene.calls.make(scene.stable.list_all)
            scene.calls.make(empty.list_all)
            calls = [
                ("a collection with documents", scene.stable.list_all),
                ("a collection that was not listed before", scene.scratch.list_all),
                ("an empty collection", empty.list_all),
                ("a collection that was never written", unwritten.list_all),
            ]
            _check_outage(scene, cases, "FAULT-2", calls)

    @clause("FAULT-3", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_every_call_ends_when_the_server_is_mute(self, kit: Kit) -> None:
        silence.check(kit)

    @clause("FAULT-3", "FAULT-4")
    def test_slow_answers_are_right_or_errors(self, kit: Kit) -> None:
        words = "answers arrive slowly"
        with open_scene(kit) as scene, kit.cases() as cases:
            longest = max(e.answered for e in requests_of_method(scene, "list_all"))
            with scene.inject(Drip(longest / DRIPPING), words):
                attempt_all(scene, cases, "FAULT-4", words)
            _check_afterwards(scene, cases, words)

    @clause("FAULT-4", "FAULT-5", "ERR-1", "ERR-2")
    def test_cut_answers_are_errors_or_right(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            for method in ("get", "save", "delete"):
                few = method != "get"  # a write is cut in each place, in either manner
                for cut, nth, words in cuts(scene, requests_of_method(scene, method), few=few):
                    _check_once(scene, cases, method, "FAULT-4", cut, words, nth=nth)
            words = "every answer is cut in its middle"
            length = min(e.answered for e in requests_of_method(scene, "get"))
            with scene.inject(Cut(length // 2), words):
                attempt_all(scene, cases, "FAULT-4", words)
            _check_afterwards(scene, cases, words)

    @clause("FAULT-2", "FAULT-3", "FAULT-4", "FAULT-5")
    def test_listing_that_breaks_off_is_no_listing(self, kit: Kit) -> None:
        with (
            open_scene(kit, documents=LARGE, text="." * LARGE_TEXT) as scene,
            kit.cases() as cases,
        ):
            scene.save_many_stable(kit.profile.in_trouble)
            pages = requests_of_method(scene, "list_all")
            for cut, nth, words in cuts(scene, pages, few=True):
                _check_once(scene, cases, "list_all", "FAULT-4", cut, words, nth=nth)
            for nth in range(2, len(pages) + 1)[:2]:
                faults: list[tuple[Fault, str, str]] = [
                    (Drop(), "FAULT-2", "the server is gone"),
                    (Cut(pages[nth - 1].answered // 2), "FAULT-4", "every answer is cut"),
                ]
                if nth == 2:
                    faults.append((SILENT, "FAULT-3", "the server is mute"))
                for fault, clause_id, what in faults:
                    words = f"{what} from request {nth} on"
                    _check_once(
                        scene, cases, "list_all", clause_id, fault, words, nth=nth, lasting=True
                    )
            _check_afterwards(scene, cases, "answers were cut")

    @clause("FAULT-4", "FAULT-5", "ERR-1", "ERR-2")
    def test_foreign_answers_are_errors(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            for name in replies_of(scene, (*FORGED, "noise")):
                words = f"something else answers for the server ({name})"
                with scene.inject(Instead(name), words):
                    attempt_all(scene, cases, "FAULT-4", words, binding=name not in FORGED)
                _check_afterwards(scene, cases, words, thorough=False)
            _check_afterwards(scene, cases, "forged replies")

    @clause("FAULT-6", "FAULT-3", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_overloaded_server_is_an_error_or_waited_for(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            for name in replies_of(scene, OVERLOADED):
                words = f"the server always answers: {name}"
                with scene.inject(Instead(name), words):
                    attempt_all(scene, cases, "FAULT-6", words)
                words = f"the server answers once: {name}"
                for method in METHODS if not name.startswith("gateway") else ():
                    with (
                        cases.case(f"{method}(), {words}"),
                        scene.inject(Instead(name), words, nth=1),
                    ):
                        attempt(scene, method, "FAULT-6", words)
                _check_afterwards(scene, cases, words, thorough=False)
            _check_afterwards(scene, cases, "the server was overloaded")

    @clause("FAULT-5")
    def test_works_again_after_many_failures(self, kit: Kit) -> None:
        with open_scene(kit) as scene, kit.cases() as cases:
            faults: list[tuple[Fault, str]] = [
                (Drop("FIN"), "the server closed the connection of every request"),
                (Cut(), "no request was answered"),
                (Refuse(), "the server was gone"),
            ]
            if "503" in scene.proxy.replies:
                faults.append((Instead("503"), "the server answered 503"))
            for fault, words in faults:
                with cases.case(words):
                    _fail_many_times(scene, fault, words)
                    check_recovery(scene, words)
            manners: tuple[Manner, ...] = ("FIN", "RST")
            for manner in manners:
                words = f"idle connections were closed by the server ({manner})"
                with cases.case(words):
                    scene.proxy.hang_up(manner)
                    check_recovery(scene, words)

    @clause("FAULT-7")
    def test_save_is_not_applied_again_after_others_changed_the_document(self, kit: Kit) -> None:
        with open_scene(kit) as scene:
            retries.check_save(scene)

    @clause("FAULT-7")
    def test_delete_is_not_applied_again_to_what_came_after(self, kit: Kit) -> None:
        with open_scene(kit) as scene:
            retries.check_delete(scene)

    @clause("FAULT-8", "ERR-1", "ERR-2", "ERR-4")
    def test_wrong_credentials_are_refused_without_a_secret(self, kit: Kit) -> None:
        credentials.check(kit)


def _check_outage(
    scene: Scene, cases: Cases, clause_id: str, calls: list[tuple[str, Callable[[], Answer]]]
) -> None:
    gone = "the server is gone"
    for fault, how in ((Refuse(), "connections are refused"), (Drop(), "they are reset")):
        with scene.inject(fault, f"{gone}: {how}"):
            answers = scene.calls.make_all([call for _, call in calls])
        for (label, _), answer in zip(calls, answers, strict=True):
            with cases.case(f"{label}, {how}"):
                checks.outage(scene.calls.ended(answer, clause_id), clause_id, gone)
    _check_afterwards(scene, cases, "the server was gone")


def _check_once(
    scene: Scene,
    cases: Cases,
    method: str,
    clause_id: str,
    fault: Fault,
    words: str,
    *,
    nth: int,
    lasting: bool = False,
) -> None:
    with cases.case(f"{method}(), {words}"):
        with scene.inject(fault, words, nth=nth, lasting=lasting):
            attempt(scene, method, clause_id, words)
        check_recovery(scene, words, thorough=False)


def _check_afterwards(scene: Scene, cases: Cases, fault: str, *, thorough: bool = True) -> None:
    with cases.case("afterwards" if thorough else f"after: {fault}"):
        check_recovery(scene, fault, thorough=thorough)


def _fail_many_times(scene: Scene, fault: Fault, words: str) -> None:
    until = time.monotonic() + LONGEST_ROUNDS
    with scene.inject(fault, words):
        for done in range(0 if scene.calls.stopped else ROUNDS):
            if done >= LEAST_ROUNDS and time.monotonic() > until:
                break
            for answer in scene.calls.make_all([*call_of_each_method(scene).values()]):
                scene.calls.ended(answer, "FAULT-5")
