"""Seeking a race: trial after trial, in every way that the service allows, as long as is fair.

How many trials there are is the profile's to say. Where a call takes milliseconds the time that
they may take decides instead, so that a store on a server costs seconds and no minutes.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from functools import cached_property, partial
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from gofannon_conformance.faults import Delay, Reorder
from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.schedules import STYLES, own_code
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.concurrency_effort import LEAST, Effort
from gofannon_conformance.suite.concurrency_own_threads import seek_in_own_threads
from gofannon_conformance.suite.concurrency_points import Points
from gofannon_conformance.suite.concurrency_programs import (
    FINE,
    Program,
    document_of,
)
from gofannon_conformance.suite.concurrency_trials import Stage
from gofannon_conformance.suite.concurrency_verdicts import Judge
from gofannon_conformance.suite.delete import expect_no_deletion
from gofannon_conformance.target import METHODS
from gofannon_conformance.violation import NotApplicable, NotTested, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gofannon_conformance.schedules import Style
    from gofannon_conformance.suite.concurrency_points import Way
    from gofannon_conformance.suite.concurrency_trials import Trial
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


RESERVED = 3
"""Collections that are left to the tests that come after."""

SLOW = 0.003
"""Seconds: a call that takes longer does more than to look something up in this process."""

REHEARSALS = 3
"""How often calls are rehearsed at most: they may seem slow because the machine is busy."""

FEW_POINTS = 150
"""At how many points calls are stopped, however long it takes, where a call is not slow: each
meeting at most of its steps. So what is found on a quiet machine is found on a busy one."""

PATIENT = 3
"""How many times the time of a profile may be spent where calls run in this process."""

STOPPING = 0.6
"""The part of the time that is spent on stopping calls at each of their steps."""

LONGEST_DELAY = 0.01
"""Seconds that a request or an answer is delayed on its way at most."""

PLAIN = 5
"""Every so many trials the threads run without a scheduler."""


class Seeker:
    """Plays programs on a collection of the kit's, and judges what becomes of them."""

    def __init__(self, kit: Kit, *clauses: str, instances: int = 1) -> None:
        self.kit = kit
        if kit.caller.opened.abandoned:
            raise NotTested("the service has been hanging since another test of this group")
        callers = [kit.caller, *(kit.another() for _ in range(instances - 1))]
        self.collection = kit.collection()
        self.opened = [caller.opened for caller in callers]
        self.code = own_code(kit.service)
        self.judge = Judge(
            clauses,
            kit.trace,
            dialect=kit.dialect,
            revisions=kit.target.capabilities.revisions is not False
            and kit.detected.has("revisions", kit),
        )
        self.points = Points(self)
        self._steps: dict[Program, int] = {}
        self._played = 0
        each = rehearse(kit, self.collection)
        is_remote = kit.instances.endpoint is not None
        self.is_slow = is_remote or (
            each > SLOW
            and all(rehearse(kit, self.collection) > SLOW for _ in range(REHEARSALS - 1))
        )
        """Whether a call takes so long that there is time for few trials."""
        self.limit = kit.profile.racing * (1 if self.is_slow else PATIENT)
        """Seconds that one search may take."""

    @cached_property
    def holds_long(self) -> bool:
        """Whether a long document comes back; if it does not, that is for DOC-12 to tell."""
        doc_id, doc = self.kit.fresh("long"), document_of("alone", long=True)
        try:
            expect.saved(self.collection.save(doc_id, doc))
            expect.document(self.collection.get(doc_id), doc_id, doc, "GET-1")
            expect.deleted(self.collection.delete(doc_id))
        except Violation:
            return False
        return True

    def stage(self, collection: Collection | None = None) -> Stage:
        """Give a stage for trials on a collection, by default the one that all trials share."""
        return Stage(collection or self.collection, self.opened)

    def seek(
        self,
        meetings: Sequence[Program],
        drawn: Callable[[Random, int], Program],
        judge: Callable[[Trial], None] | None = None,
        *,
        relays: Sequence[Program] = (),
        pairs: Sequence[Program] = (),
    ) -> None:
        """Play meetings with the first thread stopped at each step, then schedules that are drawn.

        In a relay the second thread waits for the first, and a third one comes after it. A drawn
        program is made from a source of chance and the number of its trial. The first violation
        ends it.
        """
        judge = judge or self.judge.judge
        if not self.holds_long:
            meetings = [meeting for meeting in meetings if not meeting.is_long]
        profile, points = self.kit.profile, self.points
        fine = [] if self.opened[0].is_async else [m for m in meetings if m in FINE]
        spent = self.effort()
        few = LEAST if self.is_slow else FEW_POINTS
        for places in (
            points.of(meetings),
            points.of(fine, opcodes=True),
            points.of_pairs(pairs),
            points.of_relays(relays, judge),
        ):
            for program, way in self.effort().within(
                self.limit * STOPPING, islice(places, profile.points), least=few
            ):
                judge(self.perform(self.stage(), program, way))
        for number in spent.within(self.limit, range(profile.races)):
            random = self.chance(number)
            judge(self.play(self.stage(), drawn(random, number), random, number))
        seek_in_own_threads(self, meetings, drawn, judge)
        self.settle()

    def seek_on_the_way(self, drawn: Callable[[Random, int], Program]) -> None:
        """Play drawn programs while whole requests are delayed and overtake each other.

        Only where there is a server that the kit can stand before.
        """
        with ExitStack() as stack:
            try:
                proxied = stack.enter_context(self.kit.proxied())
            except (NotApplicable, NotTested):
                return
            stage = Stage(self.collection, [proxied.caller.opened])
            for number in self.effort().within(self.limit / 2, range(self.kit.profile.races)):
                random = self.chance(number)
                program = drawn(random, number)
                seed = random.randrange(1_000_000)
                way = self.way_of_a_crowd(program, seed)
                fault = Reorder(seed=seed) if number % 2 else Delay(LONGEST_DELAY, seed)
                with proxied.proxy.armed(fault):
                    trial = self.perform_apart(stage, program, way, seed)
                self.judge.judge(trial)
        self.settle()

    def effort(self) -> Effort:
        """Begin to count the time that is spent from now on."""
        return Effort(own=not self.is_slow)

    def chance(self, number: int) -> Random:
        """Give a source of chance, the same for the same seed of the run."""
        return Random(f"{self.kit.seed} {self.kit.test} {number}")  # noqa: S311

    @property
    def can_stop(self) -> bool:
        """Whether a call can be stopped where one wants: in the backend's own code, or awaiting."""
        return bool(self.code) or self.opened[0].is_async

    def perform(self, stage: Stage, program: Program, way: Way, seed: int = 0) -> Trial:
        """Play a program in a way; what hangs is left behind."""
        self._played += 1
        played = program.on_ids_of(self._played) if program.anew else program
        trial = stage.play(played, way, seed=seed)
        self._steps[program] = trial.ran.steps
        if trial.ran.unfinished:
            self._leave_behind()
        return trial

    def perform_apart(self, stage: Stage, program: Program, way: Way, seed: int = 0) -> Trial:
        """Play a program on other instances than the tests share."""
        trial = stage.play(program, way, seed=seed)
        if trial.ran.unfinished:
            self.kit.abandon()
            for opened in stage.instances:
                opened.abandoned = True
        return trial

    def play(
        self,
        stage: Stage,
        program: Program,
        random: Random,
        number: int,
        styles: Sequence[Style] = STYLES,
    ) -> Trial:
        """Play one program in the way that is next."""
        seed = random.randrange(1_000_000)
        way = self.way(program, number, seed, random.choice(styles))
        return self.perform(stage, program, way, seed)

    def _leave_behind(self) -> None:
        """Put new instances in the place of those that hang, so that the run can come to its end.

        Their calls would wait for the same locks: those that clean up, and those of other tests.
        """
        self.kit.abandon()
        for opened in self.opened:
            opened.abandoned = True
            try:
                opened.service = self.kit.instances.kept().service
            except OnlyOne:
                opened.service = Hung()

    def way(self, program: Program, number: int, seed: int, style: Style) -> Way:
        """Give the next way to run things at once: scheduled mostly, else as things come."""
        if self.opened[0].is_async:
            return partial(ways.in_tasks, loop=self.opened[0].loop, code=self.code, seed=seed)
        if self.code and number % PLAIN != PLAIN - 1:
            style = style.over(self._steps.get(program, 0))
            return partial(ways.scheduled, code=self.code, seed=seed, style=style)
        return ways.in_threads

    def way_of_a_crowd(self, program: Program, seed: int) -> Way:
        """Give the way for many threads that do the same, without a scheduler."""
        return self.way(program, PLAIN - 1, seed, ways.CROWDED)

    def new_collections(self, most: int) -> list[Collection]:
        """Give collections that are new, or at least new to the server; perhaps none is left."""
        few = min(most, max(0, self.kit.workspace.left - RESERVED))
        new = [self.kit.unwritten() for _ in range(few)]
        while len(new) < most and (dropped := self.kit.dropped()) is not None:
            new.append(dropped)
        return new

    def fresh_stages(self) -> Iterator[Stage]:
        """Give a stage with a new instance each time, if what it holds is its own: all is new."""
        if self.opened[0].is_async or not self.code or self.kit.detected.has("shared", self.kit):
            return
        with suppress(OnlyOne):
            while True:
                with self.kit.instances.fresh() as opened:
                    yield Stage(self.collection, [opened])

    def settle(self) -> None:
        """Say so if some history was too hard to judge: that is no pass."""
        if self.judge.undecided:
            raise NotTested(
                f"{self.judge.undecided} of {self.judge.judged} histories were too hard to be "
                "judged, and no other one was wrong"
            )


class Hung:
    """Stands for a service that hangs: whoever calls it is told so, and need not wait."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            raise AttributeError(name)

        def hangs(*_: Any) -> Any:
            raise TimeoutError(f"{name}() was not called: the service hangs since a test of CON")

        return hangs


def rehearse(kit: Kit, collection: Collection) -> float:
    """Make the calls of the trials one by one, and give the seconds that a call takes.

    What fails alone is for its own clause to tell, and nothing is to be learned of a race then.
    """
    began = time.monotonic()
    doc_id = kit.fresh("rehearsed")
    doc = {"version": "alone", "again": "alone", "only in alone": ""}
    try:
        expect.saved(collection.save(doc_id, doc))
        expect.document(collection.get(doc_id), doc_id, doc, "GET-1")
        expect.listing(collection.list_all(), {doc_id: doc})
        expect.deleted(collection.delete(doc_id))
        expect.missing(collection.get(doc_id), "GET-5")
        expect_no_deletion(kit, collection.delete(doc_id), "DEL-6")
    except Violation as alone:
        raise NotTested(
            f"calls that are made alone fail already: see {', '.join(alone.clauses)}"
        ) from alone
    kit.trace.begin()
    return (time.monotonic() - began) / 6
