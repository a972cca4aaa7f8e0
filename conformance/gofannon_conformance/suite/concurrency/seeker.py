"""The seeker of races: it stops calls at their steps, draws schedules, and delays requests.

The profile says how many trials there are. Where a call takes milliseconds, the time limit
decides instead, so that a store on a server costs seconds and not minutes.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable, NotTested, Violation
from gofannon_conformance.proxy import Delay, Reorder
from gofannon_conformance.run.capabilities import has
from gofannon_conformance.run.instances import proxied as open_proxied
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.concurrency.effort import LEAST
from gofannon_conformance.suite.concurrency.own_threads import search_own_threads
from gofannon_conformance.suite.concurrency.programs import FINE, Program, document_of
from gofannon_conformance.suite.concurrency.search import Search
from gofannon_conformance.suite.concurrency.stops import Stops
from gofannon_conformance.suite.concurrency.trial import Stage
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.concurrency.trial import RaceTrial

RESERVED = 3
"""Collections that are left to the tests after this one."""

FEW_STOPS = 150
"""Stops that are tried however long it takes, if calls are not slow: each meeting at most of its
steps. So a busy machine finds what a quiet one finds."""

STOPPING = 0.6
"""The part of the time limit for each kind of stops."""

LONGEST_DELAY = 0.01
"""Seconds that a request or an answer is delayed at most."""


class Seeker(Search):
    """Seeks races in each way that the service allows."""

    def __init__(self, kit: Kit, *clauses: str, instances: int = 1) -> None:
        super().__init__(kit, *clauses, instances=instances)
        self.stops = Stops(self)

    def seek(
        self,
        meetings: Sequence[Program],
        drawn: Callable[[Random, int], Program],
        judge: Callable[[RaceTrial], None] | None = None,
        *,
        relays: Sequence[Program] = (),
        pairs: Sequence[Program] = (),
    ) -> None:
        """Run meetings with threads stopped at their steps, then drawn programs.

        `drawn` makes a program from a random generator and the number of its trial. The first
        violation ends the search.
        """
        judge = judge or self.judge.judge
        if not self.holds_long:
            meetings = [meeting for meeting in meetings if not meeting.is_long]
        fine = [] if self.is_async else [meeting for meeting in meetings if meeting in FINE]
        spent = self.effort()
        least = LEAST if self.is_slow else FEW_STOPS
        for stops in (
            self.stops.single(meetings),
            self.stops.single(fine, opcodes=True),
            self.stops.pairs(pairs),
            self.stops.relays(relays, judge),
        ):
            limited = islice(stops, self.kit.profile.points)
            for program, way in self.effort().within(self.limit * STOPPING, limited, least=least):
                judge(self.perform(self.stage(), program, way))
        for number in spent.within(self.limit, range(self.kit.profile.races)):
            random = self.chance(number)
            judge(self.play(self.stage(), drawn(random, number), random, number))
        search_own_threads(self, meetings, drawn, judge)
        self.settle()

    def seek_in_transit(self, drawn: Callable[[Random, int], Program]) -> None:
        """Run drawn programs while a proxy delays requests or changes their order.

        Without a server that the kit can put a proxy before, do nothing.
        """
        with ExitStack() as stack:
            try:
                proxied = stack.enter_context(open_proxied(self.kit))
            except (NotApplicable, NotTested):
                return
            stage = Stage(self.collection, [proxied.caller.opened])
            for number in self.effort().within(self.limit / 2, range(self.kit.profile.races)):
                random = self.chance(number)
                program = drawn(random, number)
                seed = random.randrange(1_000_000)
                fault = Reorder(seed=seed) if number % 2 else Delay(LONGEST_DELAY, seed)
                with proxied.proxy.armed(fault):
                    trial = self.perform(stage, program, self.plain_way(seed))
                self.judge.judge(trial)
        self.settle()

    @cached_property
    def holds_long(self) -> bool:
        """True if a long document round-trips. If not, DOC-12 reports it."""
        doc_id, doc = self.kit.fresh("long"), document_of("alone", long=True)
        try:
            answers.round_trip(self.collection, doc_id, doc, "GET-1")
            answers.deleted(self.collection.delete(doc_id))
        except Violation:
            return False
        return True

    def new_collections(self, most: int) -> list[Collection]:
        """Return collections that are new, or dropped before; none if no name is left."""
        few = min(most, max(0, self.kit.workspace.left - RESERVED))
        new = [self.kit.unwritten() for _ in range(few)]
        while len(new) < most and (dropped := self.kit.dropped()) is not None:
            new.append(dropped)
        return new

    def fresh_stages(self) -> Iterator[Stage]:
        """Yield stages, each on a new instance; none if the instances share their store."""
        if self.is_async or not self.code or has(self.kit, "shared"):
            return
        with suppress(OnlyOne):
            while True:
                with self.kit.instances.fresh() as opened:
                    yield Stage(self.collection, [opened])
