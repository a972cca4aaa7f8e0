"""The calls of FAULT tests, and the ways in which their answers are cut or forged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.proxy import Cut, Exchange
from gofannon_conformance.suite.faults.attempts import attempt
from gofannon_conformance.suite.faults.scene import NEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.proxy import Manner
    from gofannon_conformance.suite.faults.scene import Scene

OVERLOADED = (
    *("500", "503", "429", "error page", "disk full"),
    *("gateway 500", "gateway 503", "gateway 429"),
)
"""Error replies of an overloaded server or gateway; each protocol has some of them."""

FORGED = ("empty", "page", "garbled", "garbled bytes")
"""Forged replies with a success status."""

LONG = 100_000
"""Bytes of an answer that is cut in fewer places."""


def calls_that_need_a_server(scene: Scene) -> list[tuple[str, Callable[[], Answer]]]:
    """Return calls on documents that the service has seen, has not seen, and that are missing."""
    make, stable, scratch = scene.calls.make, scene.stable, scene.scratch
    seen, unseen = list(scene.docs)[:2]
    make(lambda: stable.get(seen))
    mine = scene.save_scratch(NEW)
    make(lambda: scratch.save(mine, NEW))
    others, deleted = scene.save_scratch(NEW), scene.save_scratch(NEW)
    make(lambda: scratch.delete(deleted))
    make(lambda: scratch.get("missed"))
    unwritten = scene.kit.unwritten().through(scene.proxied.caller)
    return [
        ("get() of a document that was read before", lambda: stable.get(seen)),
        ("get() of a document that was not read before", lambda: stable.get(unseen)),
        ("get() of a document that it has saved itself", lambda: scratch.get(mine)),
        ("get() of a document that it has deleted itself", lambda: scratch.get(deleted)),
        ("get() of a document that was missing before", lambda: scratch.get("missed")),
        ("get() of a missing document", lambda: scratch.get("nobody")),
        ("get() in a collection that was never written", lambda: unwritten.get("nobody")),
        ("save() of a document that was saved before", lambda: scratch.save(mine, NEW)),
        ("save() of a new document", lambda: scratch.save("new", NEW)),
        ("save() in a collection that was never written", lambda: unwritten.save("new", NEW)),
        ("delete() of a document that was saved by others", lambda: scratch.delete(others)),
        ("delete() of a missing document", lambda: scratch.delete("nobody")),
        ("delete() in a collection that was never written", lambda: unwritten.delete("nobody")),
    ]


def call_of_each_method(scene: Scene) -> dict[str, Callable[[], Answer]]:
    """Return a call of each of the four methods, on documents that exist."""
    known, changed, deleted = scene.some_id(), scene.save_scratch(NEW), scene.save_scratch(NEW)
    return {
        "get": lambda: scene.stable.get(known),
        "save": lambda: scene.scratch.save(changed, NEW),
        "delete": lambda: scene.scratch.delete(deleted),
        "list_all": scene.stable.list_all,
    }


def requests_of(scene: Scene, call: Callable[[], object]) -> list[Exchange]:
    """Return the requests of a call, without handshakes and those of the first call only."""
    call()
    with scene.proxy.watching() as seen:
        call()
    return [exchange for exchange in seen if not exchange.handshake]


def requests_of_method(scene: Scene, method: str) -> list[Exchange]:
    """Return the requests that one of the four methods makes without a fault."""
    if scene.calls.stopped:
        return [Exchange(number=0)]  # no more calls are made
    call = partial(attempt, scene, method, "FAULT-5", "there is no fault")
    exchanges = requests_of(scene, call)
    if not exchanges:
        raise NotTested(f"{method}() sends nothing to the server behind the proxy")
    return exchanges


def cuts(
    scene: Scene, requests: list[Exchange], *, few: bool = False
) -> Iterator[tuple[Cut, int, str]]:
    """Yield cuts in the first, second and last request: in the head, the body, the last byte."""
    for nth in sorted({1, min(2, len(requests)), len(requests)}):
        length = requests[nth - 1].answered
        places = {0, 1, length // 2, length - 20, length - 1}
        if length < LONG:  # far inside a long answer all places are alike, and each costs time
            places |= {length // 4, length * 3 // 4}
        for index, after in enumerate(sorted(p for p in places if 0 <= p < length)):
            manners: tuple[Manner, ...] = ("FIN", "RST")
            if few or not scene.kit.profile.is_cut_both_ways:
                manners = (manners[(index + 1) % 2 if after else 0],)
            for manner in manners:
                of = "" if len(requests) == 1 else f" to request {nth}"
                words = f"the answer{of} is cut after {after} of {length} bytes ({manner})"
                yield Cut(after, manner), nth, words


def replies_of(scene: Scene, wanted: tuple[str, ...]) -> list[str]:
    """Return those of the replies that the proxy can give in this server's protocol."""
    if not scene.proxy.replies:
        raise NotApplicable(
            "the kit does not speak the server's protocol, so it cannot forge its replies"
        )
    return [name for name in wanted if name in scene.proxy.replies]
