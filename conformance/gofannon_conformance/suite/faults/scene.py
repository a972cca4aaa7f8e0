"""Setup for FAULT tests: one service behind the proxy, one connected directly."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotTested, Violations
from gofannon_conformance.run.capabilities import another
from gofannon_conformance.run.instances import proxied as open_proxied
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.calls import Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.proxy import Fault, Proxy
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.service.instances import Proxied

KNOWN = 6
"""Documents that exist from the beginning, and never change."""

SMALL = 110
"""Documents that exceed a page of 100."""
LONGEST_FILL = 4.0
"""Seconds after which no more than these are saved, even if a profile wants more."""

PAUSE = 0.2
"""Seconds between two reads that wait for instances to converge."""

OLD = {"version": "old", "only old": [1, 2]}
NEW = {"version": "new", "only new": {"n": 1}}


@contextmanager
def open_scene(kit: Kit, *, documents: int = KNOWN, text: str = "") -> Iterator[Scene]:
    """Open a service behind a proxy, with documents that it has read.

    Secrets of the target that were shown in the block are raised at its end.
    """
    if kit.caller.opened.no_more_calls:
        raise NotTested(kit.caller.opened.no_more_calls)
    stable, scratch = kit.collection(), kit.collection()
    direct = Caller(kit.caller.opened, kit.trace, on="other")
    with open_proxied(kit) as proxied:
        scene = Scene(
            kit,
            proxied,
            stable.through(direct),
            scratch.through(direct),
            kit.session.hang.beyond_bound,
        )
        try:
            for n in range(documents):
                scene.save_stable(f"stable-{n:04}", {"n": n, "text": f"number {n}{text}"})
            scene.check_shared()
            if not scene.proxy.requests:
                raise NotTested(
                    "the service does not connect to the address that it is given, so the kit "
                    "cannot inject faults: `connect(endpoint)` must use `endpoint.url`"
                )
            yield scene
        finally:
            scene.close()
        kit.watch.shows(proxied.caller.opened.service)
    leaks = kit.watch.take()
    if leaks:
        raise Violations(leaks)


@dataclass
class Scene:
    """Two collections, each accessible through the proxy and directly, and a proxy to arm."""

    kit: Kit
    proxied: Proxied
    stable_direct: Collection
    """Documents that never change, accessed directly."""
    scratch_direct: Collection
    """Documents that tests save and delete, accessed directly."""
    hang_is_reported: bool
    """Whether an earlier test has reported that calls hang."""
    docs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The documents in `stable`."""
    calls: Calls = field(init=False)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.calls = Calls(
            self.kit,
            self.bound,
            lambda: self.stable_direct.get(next(iter(self.docs))),
            hang_is_reported=self.hang_is_reported,
        )

    @property
    def stable(self) -> Collection:
        """The documents that never change, accessed through the proxy."""
        return self.stable_direct.through(self.proxied.caller)

    @property
    def scratch(self) -> Collection:
        """The documents that tests save and delete, accessed through the proxy."""
        return self.scratch_direct.through(self.proxied.caller)

    @property
    def proxy(self) -> Proxy:
        """The proxy between the service and its server."""
        return self.proxied.proxy

    @property
    def bound(self) -> float:
        """Seconds within which every call must end."""
        return self.proxied.bound

    # --- services -------------------------------------------------------------------------------

    def check_shared(self) -> None:
        """Raise unless the two services share a store and documents round-trip."""
        doc_id, doc = next(iter(self.docs.items()))
        deadline = time.monotonic() + self.kit.target.converges_within
        while not (answer := self.calls.make(lambda: self.stable.get(doc_id))).returned:
            another(self.kit)  # it raises if two instances share nothing
            if time.monotonic() > deadline:
                raise NotTested(
                    "the instance behind the proxy does not show what another has saved: "
                    "see DUR-1 and CON-5"
                )
        checks.right_document(answer, doc_id, doc, "FAULT-5")

    @contextmanager
    def instances(self, number: int) -> Iterator[list[Scene]]:
        """Open more services, each behind its own proxy, on the same documents."""
        with ExitStack() as stack:
            scenes = []
            for _ in range(number):
                proxied = stack.enter_context(open_proxied(self.kit))
                scene = replace(self, proxied=proxied)
                stack.callback(scene.close)
                scenes.append(scene)
            yield scenes

    @contextmanager
    def inject(
        self, fault: Fault, words: str, *, nth: int | None = None, lasting: bool = False
    ) -> Iterator[None]:
        """Inject a fault into all requests in the block, then restore the server."""
        self.kit.trace.steps.append(f"# … from here on, {words}")
        with self.proxy.armed(fault, nth=nth, lasting=lasting):
            yield
        self.kit.trace.steps.append("# … from here on, the server works again")

    def close(self) -> None:
        """Restore the server before the service is closed: a call may still hang.

        A service that hung or did not recover is not closed: its `close()` may hang as well.
        """
        self.proxy.clear()
        self.calls.close()
        self.proxied.caller.opened.abandoned |= self.calls.stopped

    # --- documents ------------------------------------------------------------------------------

    def save_stable(self, doc_id: str, doc: dict[str, Any]) -> None:
        """Save a document that never changes, directly."""
        answers.saved(self.calls.make_direct(lambda: self.stable_direct.save(doc_id, doc)))
        self.docs[doc_id] = doc

    def save_many_stable(self, most: int = SMALL) -> None:
        """Save so many documents that they take more than a page."""
        until = time.monotonic() + LONGEST_FILL
        for n in range(most):
            if n >= SMALL and time.monotonic() > until:
                break
            self.save_stable(f"small-{n:04}", {"n": n})

    def save_scratch(self, doc: dict[str, Any]) -> str:
        """Save a document directly, under a new id; return the id."""
        doc_id = f"scratch-{self.next_number()}"
        answers.saved(self.calls.make_direct(lambda: self.scratch_direct.save(doc_id, doc)))
        return doc_id

    def get_settled(self, doc_id: str, settled: Callable[[Answer], bool]) -> Answer:
        """Read a scratch document directly; if the target is eventual, until it is settled."""
        return self.read_settled(lambda: self.scratch_direct.get(doc_id), settled)

    def read_settled(self, read: Callable[[], Answer], settled: Callable[[Answer], bool]) -> Answer:
        """Read directly; if the target is eventual, until the answer is settled."""
        late = self.kit.target.converges_within if self.kit.target.capabilities.eventual else 0.0
        deadline = time.monotonic() + late
        while True:
            found = self.calls.make_direct(read)
            if settled(found) or time.monotonic() >= deadline:
                return found
            time.sleep(PAUSE)

    def next_number(self) -> int:
        """Return a number that was not returned before."""
        return next(self._numbers)

    def some_id(self) -> str:
        """Return the id of a stable document, of another one each time."""
        ids = list(self.docs)
        return ids[self.next_number() % min(len(ids), KNOWN)]


def version_of(answer: Answer) -> object:
    """Return the version that a scratch document names."""
    return answer.value.get("version") if isinstance(answer.value, dict) else None
