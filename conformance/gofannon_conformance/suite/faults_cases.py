"""What is asked of a service in trouble, and in which ways its answers are cut or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.faults import Cut, Exchange
from gofannon_conformance.suite.faults_attempts import attempt
from gofannon_conformance.suite.faults_scene import NEW
from gofannon_conformance.violation import NotApplicable, NotTested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.faults import Manner
    from gofannon_conformance.suite.faults_scene import Scene

IN_NEED = (
    *("500", "503", "429", "error page", "disk full"),
    *("gateway 500", "gateway 503", "gateway 429"),
)
"""What a server, or a gateway before it, answers in need; each protocol has some of them."""

LONG = 100_000
"""Bytes of an answer."""

BELIEVABLE = ("empty", "page", "garbled", "garbled bytes")
"""Answers that nobody gave, and that say of themselves that all is well."""


def calls_that_need_a_server(here: Scene) -> list[tuple[str, Callable[[], Answer]]]:
    """Calls on documents that the service has seen, has not seen, and that are not there."""
    seen, unseen = list(here.docs)[:2]
    here.ends(lambda: here.shelf.get(seen))
    mine = here.on_desk(NEW)
    here.ends(lambda: here.desk.save(mine, NEW))
    others, deleted = here.on_desk(NEW), here.on_desk(NEW)
    here.ends(lambda: here.desk.delete(deleted))
    here.ends(lambda: here.desk.get("missed"))
    unwritten = here.kit.unwritten().through(here.proxied.caller)
    return [
        ("get() of a document that was read before", lambda: here.shelf.get(seen)),
        ("get() of a document that was not read before", lambda: here.shelf.get(unseen)),
        ("get() of a document that it has saved itself", lambda: here.desk.get(mine)),
        ("get() of a document that it has deleted itself", lambda: here.desk.get(deleted)),
        ("get() of a document that was missing before", lambda: here.desk.get("missed")),
        ("get() of a missing document", lambda: here.desk.get("nobody")),
        ("get() in a collection that was never written", lambda: unwritten.get("nobody")),
        ("save() of a document that was saved before", lambda: here.desk.save(mine, NEW)),
        ("save() of a new document", lambda: here.desk.save("new", NEW)),
        ("save() in a collection that was never written", lambda: unwritten.save("new", NEW)),
        ("delete() of a document that was saved by others", lambda: here.desk.delete(others)),
        ("delete() of a missing document", lambda: here.desk.delete("nobody")),
        ("delete() in a collection that was never written", lambda: unwritten.delete("nobody")),
    ]


def a_call_of_each_method(here: Scene) -> list[tuple[str, Callable[[], Answer]]]:
    """One call of each, in the order of the methods; the documents are there."""
    known, changed, deleted = here.some_id(), here.on_desk(NEW), here.on_desk(NEW)
    return [
        ("get", lambda: here.shelf.get(known)),
        ("save", lambda: here.desk.save(changed, NEW)),
        ("delete", lambda: here.desk.delete(deleted)),
        ("list_all", here.shelf.list_all),
    ]


def clean(here: Scene, method: str) -> list[Exchange]:
    """Watch what requests a method makes when nothing is wrong, past the first call's own."""
    if here.is_dead:
        return [Exchange(number=0)]  # nothing more is asked of it
    attempt(here, method, "FAULT-5", "nothing is wrong")
    with here.proxy.watching() as seen:
        attempt(here, method, "FAULT-5", "nothing is wrong")
    exchanges = [e for e in seen if not e.handshake]
    if not exchanges:
        raise NotTested(f"{method}() sends nothing to the server that the kit stands before")
    return exchanges


def cuts(
    here: Scene, requests: list[Exchange], *, few: bool = False
) -> Iterator[tuple[Cut, int, str]]:
    """Where to cut: in the first, second and last request; in the head, the body, the last byte."""
    chosen = sorted({1, min(2, len(requests)), len(requests)})
    for nth in chosen:
        length = requests[nth - 1].answered
        places = {0, 1, length // 2, length - 20, length - 1}
        if length < LONG:  # all places far inside a long answer are alike, and it takes its time
            places |= {length // 4, length * 3 // 4}
        for index, after in enumerate(sorted(p for p in places if 0 <= p < length)):
            manners: tuple[Manner, ...] = ("FIN", "RST")
            if few or not here.kit.profile.is_cut_both_ways:
                manners = (manners[(index + 1) % 2 if after else 0],)
            for manner in manners:
                of = "" if len(requests) == 1 else f" to request {nth}"
                words = f"the answer{of} is cut after {after} of {length} bytes ({manner})"
                yield Cut(after, manner), nth, words


def replies_of(here: Scene, wanted: tuple[str, ...]) -> list[str]:
    """Choose what the proxy can say in place of this server."""
    names = [name for name in wanted if name in here.proxy.replies]
    if not here.proxy.replies:
        raise NotApplicable(
            "the kit does not speak the server's protocol, so it cannot answer in its place"
        )
    return names
