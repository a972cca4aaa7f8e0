"""FAULT: the network and the server misbehave."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gofannon_conformance.faults import Cut, Drip, Drop, Instead, Refuse
from gofannon_conformance.suite import (
    faults_credentials,
    faults_retries,
    faults_silence,
    faults_verdicts,
)
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.faults_attempts import TRIED, attempt, try_all
from gofannon_conformance.suite.faults_cases import (
    BELIEVABLE,
    IN_NEED,
    a_call_of_each_method,
    calls_that_need_a_server,
    clean,
    cuts,
    replies_of,
)
from gofannon_conformance.suite.faults_scene import scene
from gofannon_conformance.suite.faults_silence import SILENT

if TYPE_CHECKING:
    from gofannon_conformance.faults import Fault, Manner
    from gofannon_conformance.suite.faults_scene import Scene
    from gofannon_conformance.suite.kit import Cases, Kit

LARGE = 22
LARGE_TEXT = 50_000
"""Documents that take more than a page where pages are weighed: of 1 MiB."""

ROUNDS = 6
"""Failures of each method in one trouble: a pool that loses one each time does not survive them."""
LONGEST_TROUBLE = 1.2
"""Seconds after which no further round begins."""

DRIPPING = 1.2
"""Seconds that the longest answer takes, when answers are slow."""


class FaultTests(ContractTests):
    """A service between its callers and a server that is gone, mute, cut off or overwhelmed."""

    @clause("FAULT-1", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_get_save_and_delete_raise_when_the_server_is_gone(self, kit: Kit) -> None:
        trouble = "the server is gone"
        with scene(kit) as here, kit.cases() as cases:
            calls = calls_that_need_a_server(here)
            for fault, words in ((Refuse(), "connections are refused"), (Drop(), "they are reset")):
                with here.trouble(fault, f"{trouble}: {words}"):
                    answers = here.together([call for _, call in calls])
                for (label, _), answer in zip(calls, answers, strict=True):
                    with cases.case(f"{label}, {words}"):
                        faults_verdicts.outage(here.ended(answer, "FAULT-1"), "FAULT-1", trouble)
            with cases.case("afterwards"):
                here.recovers("the server was gone")

    @clause("FAULT-2", "FAULT-5", "ERR-1", "ERR-2")
    def test_listing_raises_when_the_server_is_gone(self, kit: Kit) -> None:
        trouble = "the server is gone"
        with scene(kit) as here, kit.cases() as cases:
            empty = kit.collection().through(here.proxied.caller)
            unwritten = kit.unwritten(only_to_read=True).through(here.proxied.caller)
            here.ends(here.shelf.list_all)
            here.ends(empty.list_all)
            calls = (
                ("a collection with documents", here.shelf.list_all),
                ("a collection that was not listed before", here.desk.list_all),
                ("an empty collection", empty.list_all),
                ("a collection that was never written", unwritten.list_all),
            )
            for fault, words in ((Refuse(), "connections are refused"), (Drop(), "they are reset")):
                with here.trouble(fault, f"{trouble}: {words}"):
                    answers = here.together([call for _, call in calls])
                for (label, _), answer in zip(calls, answers, strict=True):
                    with cases.case(f"{label}, {words}"):
                        faults_verdicts.outage(here.ended(answer, "FAULT-2"), "FAULT-2", trouble)
            with cases.case("afterwards"):
                here.recovers("the server was gone")

    @clause("FAULT-3", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_every_call_ends_when_the_server_is_mute(self, kit: Kit) -> None:
        faults_silence.check(kit)

    @clause("FAULT-3", "FAULT-4")
    def test_slow_answers_are_right_or_errors(self, kit: Kit) -> None:
        words = "answers come slowly"
        with scene(kit) as here, kit.cases() as cases:
            longest = max(e.answered for e in clean(here, "list_all"))
            with here.trouble(Drip(longest / DRIPPING), words):
                found = list(try_all(here, "FAULT-4", words))
            _tell(cases, found, words)
            with cases.case("afterwards"):
                here.recovers(words)

    @clause("FAULT-4", "FAULT-5", "ERR-1", "ERR-2")
    def test_cut_answers_are_errors_or_right(self, kit: Kit) -> None:
        with scene(kit) as here, kit.cases() as cases:
            for method in ("get", "save", "delete"):
                few = method != "get"  # a write is cut in each place, in either manner
                for fault, nth, words in cuts(here, clean(here, method), few=few):
                    with cases.case(f"{method}(), {words}"):
                        with here.trouble(fault, words, nth=nth):
                            attempt(here, method, "FAULT-4", words)
                        here.recovers(words, thorough=False)
            words = "every answer is cut in its middle"
            length = min(e.answered for e in clean(here, "get"))
            with here.trouble(Cut(length // 2), words):
                found = list(try_all(here, "FAULT-4", words))
            _tell(cases, found, words)
            with cases.case("afterwards"):
                here.recovers(words)

    @clause("FAULT-2", "FAULT-3", "FAULT-4", "FAULT-5")
    def test_listing_that_breaks_off_is_no_listing(self, kit: Kit) -> None:
        with scene(kit, documents=LARGE, text="." * LARGE_TEXT) as here, kit.cases() as cases:
            here.stock_small(kit.profile.in_trouble)
            pages = clean(here, "list_all")
            for cut, nth, words in cuts(here, pages, few=True):
                with cases.case(f"list_all(), {words}"):
                    with here.trouble(cut, words, nth=nth):
                        attempt(here, "list_all", "FAULT-4", words)
                    here.recovers(words, thorough=False)
            for nth in range(2, len(pages) + 1)[:2]:
                half = pages[nth - 1].answered // 2
                troubles: list[tuple[Fault, str, str]] = [
                    (Drop(), "FAULT-2", f"the server is gone from request {nth} on"),
                    (Cut(half), "FAULT-4", f"every answer is cut from request {nth} on"),
                ]
                if nth == 2:
                    troubles.append(
                        (SILENT, "FAULT-3", f"the server is mute from request {nth} on")
                    )
                for fault, clause_id, words in troubles:
                    with cases.case(f"list_all(), {words}"):
                        with here.trouble(fault, words, nth=nth, lasting=True):
                            attempt(here, "list_all", clause_id, words)
                        here.recovers(words, thorough=False)
            with cases.case("afterwards"):
                here.recovers("answers were cut")

    @clause("FAULT-4", "FAULT-5", "ERR-1", "ERR-2")
    def test_foreign_answers_are_errors(self, kit: Kit) -> None:
        with scene(kit) as here, kit.cases() as cases:
            for name in replies_of(here, (*BELIEVABLE, "noise")):
                words = f"something else answers for the server ({name})"
                with here.trouble(Instead(name), words):
                    found = list(try_all(here, "FAULT-4", words, binding=name not in BELIEVABLE))
                _tell(cases, found, words)
                with cases.case(f"after: {words}"):
                    here.recovers(words, thorough=False)
            with cases.case("afterwards"):
                here.recovers("foreign answers")

    @clause("FAULT-6", "FAULT-3", "FAULT-5", "ERR-1", "ERR-2", "ERR-4")
    def test_server_in_need_is_an_error_or_waited_for(self, kit: Kit) -> None:
        with scene(kit) as here, kit.cases() as cases:
            for name in replies_of(here, IN_NEED):
                words = f"the server always answers: {name}"
                with here.trouble(Instead(name), words):
                    found = list(try_all(here, "FAULT-6", words))
                _tell(cases, found, words)
                words = f"the server answers once: {name}"
                for method in TRIED if not name.startswith("gateway") else ():
                    once = here.trouble(Instead(name), words, nth=1)
                    with cases.case(f"{method}(), {words}"), once:
                        attempt(here, method, "FAULT-6", words)
                with cases.case(f"after: {words}"):
                    here.recovers(words, thorough=False)
            with cases.case("afterwards"):
                here.recovers("the server was in need")

    @clause("FAULT-5")
    def test_works_again_after_many_failures(self, kit: Kit) -> None:
        with scene(kit) as here, kit.cases() as cases:
            troubles: list[tuple[Fault, str]] = [
                (Drop("FIN"), "the server hung up on every request"),
                (Cut(), "no request was answered"),
                (Refuse(), "the server was gone"),
            ]
            if "503" in here.proxy.replies:
                troubles.append((Instead("503"), "the server answered 503"))
            for fault, words in troubles:
                with cases.case(words):
                    _fail_many_times(here, fault, words)
                    here.recovers(words)
            manners: tuple[Manner, ...] = ("FIN", "RST")
            for manner in manners:
                words = f"idle connections were closed by the server ({manner})"
                with cases.case(words):
                    here.proxy.hang_up(manner)
                    here.recovers(words)

    @clause("FAULT-7")
    def test_save_is_not_applied_again_after_others_changed_the_document(self, kit: Kit) -> None:
        with scene(kit) as here:
            faults_retries.check_save(here, len(clean(here, "save")))

    @clause("FAULT-7")
    def test_delete_is_not_applied_again_to_what_came_after(self, kit: Kit) -> None:
        with scene(kit) as here:
            faults_retries.check_delete(here, len(clean(here, "delete")))

    @clause("FAULT-8", "ERR-1", "ERR-2", "ERR-4")
    def test_wrong_credentials_are_refused_without_a_secret(self, kit: Kit) -> None:
        faults_credentials.check(kit)


def _tell(cases: Cases, found: list[tuple[str, Any]], words: str) -> None:
    for method, wrong in found:
        with cases.case(f"{method}(), {words}"):
            if wrong is not None:
                raise wrong


def _fail_many_times(here: Scene, fault: Fault, words: str) -> None:
    until = time.monotonic() + LONGEST_TROUBLE
    with here.trouble(fault, words):
        for _ in range(0 if here.is_dead else ROUNDS):
            for answer in here.together([call for _, call in a_call_of_each_method(here)]):
                here.ended(answer, "FAULT-5")
            if time.monotonic() > until:
                break
