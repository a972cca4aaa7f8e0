"""FAULT-8: wrong credentials must be an error that shows no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable, Violation, Violations, violation
from gofannon_conformance.secrets.watch import canaries
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.expect import answers as expect
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.scene import NEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

FAULT = "the credentials are wrong"


def check(kit: Kit) -> None:
    """Open an instance with an unknown user and secret, and call each method."""
    endpoint = kit.instances.endpoint
    if endpoint is None:
        raise NotApplicable("the target names no server: give it `server=`")
    if not endpoint.checks_credentials:
        raise NotApplicable("its server, as it runs here, accepts any credentials")
    collection = kit.collection()
    expect.saved(collection.save("there", NEW))
    expect.saved(collection.save("to delete", NEW))
    user, secret = canaries(quoting=False)  # characters that a URL must quote are not tested here
    try:
        with kit.instances.proxied(
            kit.trace, change=lambda real: real.with_credentials(user, secret)
        ) as wrong:
            _check_calls(kit, collection.through(wrong.caller), collection)
    except OnlyOne:
        pass  # it refuses to open; what its error shows is checked below
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
        raise NotApplicable("its server accepts wrong credentials")
    with kit.cases() as cases:
        for label, answer in answers:
            with cases.case(label):
                checks.unauthorized(answer, "FAULT-8", FAULT)


def _as_wrong_credentials(leak: Violation) -> Violation:
    return violation(
        ("FAULT-8", *leak.clauses),
        f"{leak.what}, when {FAULT}",
        came=leak.came,
        expected=leak.expected,
    )
