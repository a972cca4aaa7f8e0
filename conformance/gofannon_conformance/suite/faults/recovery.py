"""FAULT-5: after a fault, the same service must work again."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.expect import answers as expect
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.checks import GONE
from gofannon_conformance.suite.faults.scene import KNOWN, NEW, OLD, PAUSE, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.suite.faults.scene import Scene


def check_recovery(scene: Scene, after: str, *, thorough: bool = True) -> None:
    """Raise unless the service works again within the bound; `thorough` tries every method."""
    if scene.calls.stopped:
        return
    until_it_works = partial(_until_it_works, scene, after, time.monotonic() + scene.bound)
    doc_id = scene.some_id()
    answer = until_it_works(lambda: scene.stable.get(doc_id))
    checks.right_document(answer, doc_id, scene.docs[doc_id], "FAULT-5")
    if not thorough:
        return
    answer = until_it_works(scene.stable.list_all)
    checks.right_listing(answer, scene.docs, "FAULT-5")
    saved = scene.save_scratch(OLD)
    until_it_works(lambda: scene.scratch.save(saved, NEW))
    found = scene.get_settled(saved, lambda found: version_of(found) == "new")
    checks.right_document(found, saved, NEW, "FAULT-5")
    deleted = scene.save_scratch({"to be": "deleted"})
    until_it_works(lambda: scene.scratch.delete(deleted), may_be_gone=True)
    expect.missing(scene.get_settled(deleted, lambda found: found.status == GONE), "FAULT-5")
    _check_each_caller_gets_its_answer(scene)


def _until_it_works(
    scene: Scene,
    after: str,
    deadline: float,
    call: Callable[[], Answer],
    *,
    may_be_gone: bool = False,
) -> Answer:
    """Call until it returns; a failed attempt of a delete may have been executed."""
    pause = 0.01
    attempts = 0
    while True:
        answer = scene.calls.make(call, "FAULT-5")
        attempts += 1
        if answer.returned or (may_be_gone and attempts > 1 and answer.status == GONE):
            return answer
        checks.tolerable(answer, "FAULT-5", f"the server is back, after {after}")
        if time.monotonic() > deadline:
            scene.calls.stopped = True
            raise violation(
                "FAULT-5",
                f"{answer.call.method}() still fails {scene.bound:g} s after the server was back, "
                f"after {after}",
                answer=answer,
                expected="the same instance works again",
            )
        time.sleep(pause)
        pause = min(pause * 2, PAUSE)


def _check_each_caller_gets_its_answer(scene: Scene) -> None:
    """Read at once: a late answer, or a connection used twice, reaches the wrong caller."""
    ids = [scene.some_id() for _ in range(2 * KNOWN)]
    answers = scene.calls.make_all([partial(scene.stable.get, doc_id) for doc_id in ids])
    for doc_id, given in zip(ids, answers, strict=True):
        answer = scene.calls.ended(given, "FAULT-5")
        if answer.returned:
            checks.right_document(answer, doc_id, scene.docs[doc_id], "FAULT-5")
        else:
            checks.tolerable(answer, "FAULT-5", "the server is back")
