"""The search for races: one trial after the other, on instances that may hang, within a budget."""

from __future__ import annotations

import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotTested, Violation
from gofannon_conformance.run.capabilities import another, has
from gofannon_conformance.schedules import STYLES, own_code
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.concurrency import ways
from gofannon_conformance.suite.concurrency.checks import Judge
from gofannon_conformance.suite.concurrency.effort import Effort
from gofannon_conformance.suite.concurrency.trial import Stage
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.target.target import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.schedules import Style
    from gofannon_conformance.suite.concurrency.programs import Program
    from gofannon_conformance.suite.concurrency.trial import RaceTrial
    from gofannon_conformance.suite.concurrency.ways import Way

SLOW = 0.003
"""Seconds: a call that takes longer is more than a lookup in this process."""

REHEARSALS = 3
"""How often calls are rehearsed at most: they may seem slow because the machine is busy."""

PATIENT = 3
"""How many times the profile's time may be spent on a service in this process."""

PLAIN = 5
"""Every fifth trial runs its threads without a scheduler."""


class Search:
    """Runs programs on a collection, and judges the trials."""

    def __init__(self, kit: Kit, *clauses: str, instances: int = 1) -> None:
        self.kit = kit
        if kit.caller.opened.abandoned:
            raise NotTested("the service has been hanging since another test of this group")
        callers = [kit.caller, *(another(kit) for _ in range(instances - 1))]
        self.collection = kit.collection()
        self.opened = [caller.opened for caller in callers]
        self.is_async = self.opened[0].is_async
        self.code = own_code(kit.service)
        self.judge = Judge(
            clauses,
            kit.trace,
            dialect=kit.dialect,
            revisions=kit.target.capabilities.revisions is not False and has(kit, "revisions"),
        )
        self._steps: dict[Program, int] = {}
        self._played = 0
        first = rehearse(kit, self.collection)
        is_remote = kit.instances.endpoint is not None
        self.is_slow = is_remote or (
            first > SLOW
            and all(rehearse(kit, self.collection) > SLOW for _ in range(REHEARSALS - 1))
        )
        """Whether a call takes so long that there is time for few trials only."""
        self.limit = kit.profile.racing * (1 if self.is_slow else PATIENT)
        """Seconds that one search may take."""

    @property
    def can_stop(self) -> bool:
        """Whether calls can be stopped: in the backend's own code, or at an await."""
        return bool(self.code) or self.is_async

    def stage(self, collection: Collection | None = None) -> Stage:
        """Return a stage on a collection, by default the one that all trials share."""
        return Stage(collection or self.collection, self.opened)

    def effort(self) -> Effort:
        """Start to measure the time that is spent."""
        return Effort(own=not self.is_slow)

    def chance(self, number: int) -> Random:
        """Return a random generator that depends on the run's seed, the test and a number."""
        return Random(f"{self.kit.seed} {self.kit.test} {number}")  # noqa: S311

    def perform(self, stage: Stage, program: Program, way: Way) -> RaceTrial:
        """Run a program in a way, and replace the shared instances if they hang.

        So neither the cleaning up nor the other tests wait for what hangs.
        """
        self._played += 1
        played = program.with_ids_of(self._played) if program.new_ids else program
        trial = stage.play(played, way)
        self._steps[program] = trial.ran.steps
        if trial.ran.unfinished:
            self.kit.abandon()
            for opened in stage.instances:
                opened.abandoned = True
                if opened in self.opened:
                    opened.service = self._new_service()
        return trial

    def _new_service(self) -> Any:
        try:
            return self.kit.instances.kept().service
        except OnlyOne:
            return Hung()

    def play(
        self,
        stage: Stage,
        program: Program,
        random: Random,
        number: int,
        styles: Sequence[Style] = STYLES,
    ) -> RaceTrial:
        """Run a program by a random schedule, or without a scheduler every fifth time."""
        seed = random.randrange(1_000_000)
        way = self.plain_way(seed)
        if self.code and not self.is_async and number % PLAIN != PLAIN - 1:
            style = random.choice(styles).over(self._steps.get(program, 0))
            way = partial(ways.scheduled, code=self.code, seed=seed, style=style)
        return self.perform(stage, program, way)

    def plain_way(self, seed: int) -> Way:
        """Return the way without a scheduler."""
        if self.is_async:
            return partial(ways.in_tasks, loop=self.opened[0].loop, code=self.code, seed=seed)
        return ways.in_threads

    def settle(self) -> None:
        """Raise `NotTested` if some history was too hard to check: that is no pass."""
        if self.judge.undecided:
            raise NotTested(
                f"{self.judge.undecided} of {self.judge.judged} histories were too hard to check; "
                "the others were right"
            )


class Hung:
    """Replaces a service that hangs: its calls raise at once."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            raise AttributeError(name)

        def hangs(*_: Any) -> Any:
            raise TimeoutError(f"{name}() was not called: the service hangs since a test of CON")

        return hangs


def rehearse(kit: Kit, collection: Collection) -> float:
    """Make the calls of the trials one by one, and return the seconds that a call takes.

    If a call fails alone, its own clause reports it, and races are not tested.
    """
    began = time.monotonic()
    doc_id = kit.fresh("rehearsed")
    doc = {"version": "alone", "again": "alone", "only in alone": ""}
    try:
        answers.round_trip(collection, doc_id, doc, "GET-1")
        answers.listing(collection.list_all(), {doc_id: doc})
        answers.deleted(collection.delete(doc_id))
        answers.missing(collection.get(doc_id), "GET-5")
        answers.not_deleted(kit, collection.delete(doc_id), "DEL-6")
    except Violation as alone:
        raise NotTested(f"single calls fail already: see {', '.join(alone.clauses)}") from alone
    kit.trace.begin()
    return (time.monotonic() - began) / 6
