"""Calls under a fault: each must end within the target's bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotTested, Violation, violation
from gofannon_conformance.suite.faults.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.kit import Kit

SLACK = 3.0
"""Seconds past its bound that a call is given: the machine may be busy."""

SHORT = 6.0
"""Seconds that a call is given once another one hung, so that no more minutes are lost."""


class Calls:
    """Makes the calls of one FAULT test in threads, each with a time limit.

    `probe` is a call of the instance that is not behind the proxy. `hang_is_reported` says that
    an earlier test has reported that calls hang.
    """

    def __init__(
        self, kit: Kit, bound: float, probe: Callable[[], Answer], *, hang_is_reported: bool
    ) -> None:
        self.stopped = False
        """Whether a call hung or the service did not recover: no more calls are made."""
        self._hang_is_reported = hang_is_reported
        self._kit = kit
        self._bound = bound
        self._probe = probe
        self._threads = Threads()

    def make(self, call: Callable[[], Answer], clause: str = "FAULT-3") -> Answer:
        """Make a call, which must end within the bound."""
        (answer,) = self.make_all([call])
        return self.ended(answer, clause)

    def make_all(self, calls: Sequence[Callable[[], Answer]]) -> list[Answer | None]:
        """Make calls at once; None stands for one that has not ended within the bound."""
        longest = self._bound + SLACK
        seconds = min(longest, SHORT) if self._hang_is_reported else longest
        return self._threads.call(calls, seconds)

    def ended(self, answer: Answer | None, clause: str) -> Answer:
        """Return the answer of a call, which must have ended; else stop all calls."""
        if answer is None:
            if not self.stopped and self._threads.call([self._probe], SHORT) == [None]:
                self._abandon_all()
            raise self._hang(clause)
        return answer

    def make_direct(self, call: Callable[[], Answer]) -> Answer:
        """Make a call of the instance without a proxy, which may wait for the one behind it."""
        (answer,) = self.make_all([call])
        if answer is None:
            self._abandon_all()
            raise self._hang("FAULT-3")
        return answer

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    def _abandon_all(self) -> None:
        """Stop the use of all instances: they all wait for one that hangs."""
        self._kit.abandon()
        opened = self._kit.caller.opened
        opened.abandoned = True
        opened.unusable = "all instances of the service have been hanging since a test of FAULT"

    def _hang(self, clause: str) -> Violation | NotTested:
        self.stopped = True
        if self._hang_is_reported:
            return NotTested(
                "a call did not end in time; an earlier test has reported that calls hang: "
                "see FAULT-3"
            )
        self._kit.session.hang.beyond_bound = True
        return violation(
            (clause, "FAULT-3"),
            f"a call did not end within {self._bound:g} s, the bound that the target states",
            came="nothing: the call was abandoned",
            expected=f"an error or an answer within {self._bound:g} s",
        )
