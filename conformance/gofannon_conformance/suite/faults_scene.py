"""The scene of a FAULT test: a service that is to be troubled, and one beside it that is not."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Caller
from gofannon_conformance.suite import expect, faults_verdicts
from gofannon_conformance.suite.faults_crew import Crew
from gofannon_conformance.suite.faults_verdicts import GONE
from gofannon_conformance.violation import NotTested, Violation, Violations, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.faults import Fault, Proxy
    from gofannon_conformance.instances import Proxied
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

KNOWN = 6
"""Documents that are there from the beginning, and never changed."""

SMALL = 110
"""Documents that take more than a page where pages are counted, of 100."""
LONGEST_STOCKING = 4.0
"""Seconds after which so many must do, where a profile wants more."""

SLACK = 3.0
"""Seconds past its bound that a call is given: the machine may be busy."""

IMPATIENT = 6.0
"""Seconds that a call is given when another one was found to hang, that none may add minutes."""

LONGEST_PAUSE = 0.2


@contextmanager
def scene(kit: Kit, *, documents: int = KNOWN, text: str = "") -> Iterator[Scene]:
    """Open a service behind a proxy, with documents that it has seen; be good again at the end.

    What was shown of the target's secrets meanwhile is told with what else was found.
    """
    if kit.caller.opened.hangs:
        raise NotTested(kit.caller.opened.hangs)
    shelf, desk = kit.collection(), kit.collection()
    direct = Caller(kit.caller.opened, kit.trace, on="other")
    with kit.proxied() as proxied:
        made = Scene(
            kit,
            proxied,
            shelf.through(direct),
            desk.through(direct),
            is_known_to_hang=kit.instances.hangs,
        )
        try:
            made.stock(documents, text)
            made.check_shared()
            made.recovers("it was started", thorough=False)
            if not proxied.proxy.counts.requests:
                raise NotTested(
                    "the service does not connect to the address that it is given, so the kit "
                    "cannot come between: `connect(endpoint)` must use `endpoint.url`"
                )
            yield made
        finally:
            made.leave()
        kit.watch.shows(proxied.caller.opened.service)
    leaks = kit.watch.take()
    if leaks:
        raise Violations(leaks)


@dataclass
class Scene:
    """Two collections, each seen through the proxy and directly; and calls that are watched."""

    kit: Kit
    proxied: Proxied
    shelf_itself: Collection
    """Documents that stay as they are, seen directly."""
    desk_itself: Collection
    """Documents that come, change and go, seen directly."""
    docs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is on the shelf."""
    is_known_to_hang: bool = False
    """Whether a test before this one has told that calls do not end."""
    is_dead: bool = False
    """Whether the service did not end a call or did not recover: it was told, and ends the test."""
    crew: Crew = field(default_factory=Crew)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def shelf(self) -> Collection:
        """The documents that stay, as the troubled service shows them."""
        return self.shelf_itself.through(self.proxied.caller)

    @property
    def desk(self) -> Collection:
        """The documents that change, as the troubled service shows them."""
        return self.desk_itself.through(self.proxied.caller)

    @property
    def proxy(self) -> Proxy:
        """What stands before the troubled service's server."""
        return self.proxied.proxy

    def stock(self, documents: int, text: str) -> None:
        """Put documents on the shelf."""
        for n in range(documents):
            self.put_on_shelf(f"shelf-{n:04}", {"n": n, "text": f"number {n}{text}"})

    def stock_small(self, most: int = SMALL) -> None:
        """Put so many documents on the shelf that they take more than a page."""
        until = time.monotonic() + LONGEST_STOCKING
        for n in range(most):
            if n >= SMALL and time.monotonic() > until:
                break
            self.put_on_shelf(f"small-{n:04}", {"n": n})

    def put_on_shelf(self, doc_id: str, doc: dict[str, Any]) -> None:
        """Save a document that stays as it is, directly."""
        expect.saved(self.directly(lambda: self.shelf_itself.save(doc_id, doc)))
        self.docs[doc_id] = doc

    def check_shared(self) -> None:
        """Go on only if the troubled service and the one beside it have one store."""
        doc_id = next(iter(self.docs))
        deadline = time.monotonic() + self.kit.target.converges_within
        while not self.ends(lambda: self.shelf.get(doc_id)).returned:
            self.kit.another()  # which says so where two instances share nothing
            if time.monotonic() > deadline:
                raise NotTested(
                    "the instance behind the proxy does not show what another has saved: "
                    "see DUR-1 and CON-5"
                )

    @contextmanager
    def instances(self, number: int) -> Iterator[list[Scene]]:
        """Open further services, each behind a proxy of its own, on the same documents."""
        with ExitStack() as stack:
            made = []
            for _ in range(number):
                proxied = stack.enter_context(self.kit.proxied())
                other = replace(self, proxied=proxied, is_dead=False, crew=Crew())
                stack.callback(other.leave)
                made.append(other)
            yield made

    def leave(self) -> None:
        """Be good again before the service is closed: a call may still hang.

        One that did not end a call or did not recover is not closed: that might not end either.
        """
        self.proxied.proxy.clear()
        self.crew.leave()
        self.proxied.caller.opened.abandoned |= self.is_dead

    def note(self, words: str) -> None:
        """Leave a line in the program that a failure shows."""
        self.kit.trace.steps.append(f"# … {words}")

    @contextmanager
    def trouble(
        self, fault: Fault, words: str, *, nth: int | None = None, lasting: bool = False
    ) -> Iterator[None]:
        """Let a fault befall what is asked within; afterwards the server is back."""
        self.note(f"from here on, {words}")
        with self.proxy.armed(fault, nth=nth, lasting=lasting):
            yield
        self.note("from here on, the server is well again")

    # --- calls that end -------------------------------------------------------------------------

    def ends(self, call: Callable[[], Answer], clause: str = "FAULT-3") -> Answer:
        """Make a call, which must end within the bound."""
        (answer,) = self.together([call])
        return self.ended(answer, clause)

    def ended(self, answer: Answer | None, clause: str) -> Answer:
        """The call must have ended; if not, nothing more is asked of the service."""
        if answer is None:
            if not self.is_dead:
                self._look_beside()
            self.is_dead = True
            raise self._never_ended(clause)
        return answer

    def directly(self, call: Callable[[], Answer]) -> Answer:
        """Make a call of the instance that is not troubled, which may wait for the one that is."""
        (answer,) = self.together([call])
        if answer is None:
            self.is_dead = True
            self._leave_all()
            raise self._never_ended("FAULT-3")
        return answer

    def _look_beside(self) -> None:
        """See whether the instance that is not troubled waits for the one that hangs."""
        if self.crew.together(
            [lambda: self.shelf_itself.get(next(iter(self.docs)))], IMPATIENT
        ) == [None]:
            self._leave_all()

    def _leave_all(self) -> None:
        """Make no further call of any instance: they all wait for one that hangs."""
        self.kit.abandon()
        opened = self.kit.caller.opened
        opened.abandoned = True
        opened.hangs = "all instances of the service have been hanging since a test of FAULT"

    def _never_ended(self, clause: str) -> Violation | NotTested:
        if self.is_known_to_hang:
            return NotTested(
                f"a call had not ended after {self.patience:g} s; that calls do not end was told "
                "by a test before this one: see FAULT-3"
            )
        self.kit.instances.hangs = True
        return violation(
            (clause, "FAULT-3"),
            f"a call did not end within {self.proxied.bound:g} s, the bound that the target states",
            came="nothing: the call was given up",
            expected=f"an error or an answer within {self.proxied.bound:g} s",
        )

    def together(self, calls: Sequence[Callable[[], Answer]]) -> list[Answer | None]:
        """Make calls at once; None stands for one that has not ended within the bound."""
        return self.crew.together(calls, self.patience)

    @property
    def patience(self) -> float:
        """Seconds that a call is given; few where it is known already that some never end."""
        longest = self.proxied.bound + SLACK
        return min(longest, IMPATIENT) if self.is_known_to_hang else longest

    # --- documents ------------------------------------------------------------------------------

    def settled(self, doc_id: str, settled: Callable[[Answer], bool]) -> Answer:
        """Read a document of the desk directly; where instances converge late, until it settles."""
        return self.read_settled(lambda: self.desk_itself.get(doc_id), settled)

    def read_settled(self, read: Callable[[], Answer], settled: Callable[[Answer], bool]) -> Answer:
        """Read directly; where instances converge late, until it settles."""
        late = self.kit.target.converges_within if self.kit.target.capabilities.eventual else 0.0
        deadline = time.monotonic() + late
        while True:
            found = self.directly(read)
            if settled(found) or time.monotonic() >= deadline:
                return found
            time.sleep(LONGEST_PAUSE)

    def on_desk(self, doc: dict[str, Any]) -> str:
        """Put a document on the desk, directly; give its id."""
        doc_id = f"desk-{next(self._numbers)}"
        expect.saved(self.directly(lambda: self.desk_itself.save(doc_id, doc)))
        return doc_id

    def some_number(self) -> int:
        """Give a number that was not given before."""
        return next(self._numbers)

    def some_id(self) -> str:
        """Give the id of a document on the shelf, each time of another one."""
        ids = list(self.docs)
        return ids[next(self._numbers) % min(len(ids), KNOWN)]

    # --- being well again -----------------------------------------------------------------------

    def recovers(self, after: str, *, thorough: bool = True) -> None:
        """The server is back: the service must work again within the bound, and be right."""
        if self.is_dead:
            return
        deadline = time.monotonic() + self.proxied.bound
        doc_id = self.some_id()
        answer = self._until_it_works(lambda: self.shelf.get(doc_id), deadline, after)
        faults_verdicts.right_document(answer, doc_id, self.docs[doc_id], "FAULT-5")
        if not thorough:
            return
        answer = self._until_it_works(self.shelf.list_all, deadline, after)
        faults_verdicts.right_listing(answer, self.docs, "FAULT-5")
        saved = self.on_desk(OLD)
        self._until_it_works(lambda: self.desk.save(saved, NEW), deadline, after)
        found = self.settled(saved, lambda found: version_of(found) == "new")
        faults_verdicts.right_document(found, saved, NEW, "FAULT-5")
        deleted = self.on_desk({"to be": "deleted"})
        self._until_it_works(lambda: self.desk.delete(deleted), deadline, after, then_missing=True)
        expect.missing(self.settled(deleted, lambda found: found.status == GONE), "FAULT-5")
        self._check_answers_are_each_for_its_own()

    def _until_it_works(
        self,
        call: Callable[[], Answer],
        deadline: float,
        after: str,
        *,
        then_missing: bool = False,
    ) -> Answer:
        """Call until it returns; an attempt that failed may have been carried out."""
        pause = 0.01
        attempts = 0
        while True:
            answer = self.ends(call, "FAULT-5")
            attempts += 1
            if answer.returned or (then_missing and attempts > 1 and answer.status == GONE):
                return answer
            faults_verdicts.tolerable(answer, "FAULT-5", f"the server is back, after {after}")
            if time.monotonic() > deadline:
                self.is_dead = True
                raise violation(
                    "FAULT-5",
                    f"{answer.call.method}() still fails {self.proxied.bound:g} s after the server "
                    f"was back, after {after}",
                    answer=answer,
                    expected="the same instance works again",
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _check_answers_are_each_for_its_own(self) -> None:
        """Answers that came late, or connections that are used twice, go to the wrong caller."""
        ids = [self.some_id() for _ in range(2 * KNOWN)]
        answers = self.together([partial(self.shelf.get, doc_id) for doc_id in ids])
        for doc_id, given in zip(ids, answers, strict=True):
            answer = self.ended(given, "FAULT-5")
            if answer.returned:
                faults_verdicts.right_document(answer, doc_id, self.docs[doc_id], "FAULT-5")
            else:
                faults_verdicts.tolerable(answer, "FAULT-5", "the server is back")


def version_of(answer: Answer) -> Any:
    """Give the version of a document of the desk, as its text says."""
    return answer.value.get("version") if isinstance(answer.value, dict) else None


OLD = {"version": "old", "only old": [1, 2]}
NEW = {"version": "new", "only new": {"n": 1}}
