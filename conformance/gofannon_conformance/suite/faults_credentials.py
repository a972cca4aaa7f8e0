"""Wrong credentials: whoever is turned away says so, and shows no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.leaks import canaries
from gofannon_conformance.suite import expect, faults_verdicts
from gofannon_conformance.suite.faults_scene import NEW
from gofannon_conformance.violation import NotApplicable, Violation, Violations, violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

TROUBLE = "the credentials are wrong"


def check(kit: Kit) -> None:
    """Open an instance with a user and a secret that nobody knows, and call each method."""
    endpoint = kit.instances.endpoint
    if endpoint is None:
        raise NotApplicable("the target names no server: give it `server=`")
    if not endpoint.checks_credentials:
        raise NotApplicable("its server, as it is had here, lets in whoever comes")
    collection = kit.collection()
    expect.saved(collection.save("there", NEW))
    expect.saved(collection.save("to delete", NEW))
    user, secret = canaries(quoting=False)  # what an address can hold is no part of this
    try:
        with kit.instances.proxied(
            kit.trace, change=lambda real: real.with_credentials(user, secret)
        ) as wrong:
            _check_calls(kit, collection.through(wrong.caller), collection)
    except OnlyOne:
        pass  # it says so when it is opened: what it showed is looked through below
    leaks = kit.watch.take()
    if leaks:
        raise Violations([_as_wrong_credentials(leak) for leak in leaks])


def _check_calls(kit: Kit, wrong: Collection, right: Collection) -> None:
    calls: tuple[tuple[str, Callable[[], Answer]], ...] = (
        ("get() of a document", lambda: wrong.get("there")),
        ("get() of a missing document", lambda: wrong.get("nobody")),
        ("list_all()", wrong.list_all),
        ("save()", lambda: wrong.save("new", NEW)),
        ("delete()", lambda: wrong.delete("to delete")),
        ("delete() of a missing document", lambda: wrong.delete("nobody")),
    )
    answers = [(label, call()) for label, call in calls]
    if answers[0][1].returned and right.get("new").returned:
        raise NotApplicable("its server lets in who has no right credentials")
    with kit.cases() as cases:
        for label, answer in answers:
            with cases.case(label):
                if answer.returned:
                    raise violation(
                        "FAULT-8",
                        f"{answer.call.method}() returned although {TROUBLE}",
                        answer=answer,
                        expected="HTTPException with the status 401, 403 or 5xx",
                    )
                faults_verdicts.turned_away(answer, "FAULT-8", TROUBLE)


def _as_wrong_credentials(leak: Violation) -> Violation:
    return violation(
        ("FAULT-8", *leak.clauses),
        f"{leak.what}, when {TROUBLE}",
        came=leak.came,
        expected=leak.expected,
    )
