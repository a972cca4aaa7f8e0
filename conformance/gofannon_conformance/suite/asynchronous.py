"""ASYNC: a service with coroutine methods, on which the whole suite runs as on any other."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Call, NoAnswer
from gofannon_conformance.calls.violation import NotApplicable, violation
from gofannon_conformance.run.optional import TRIALS, has
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.target.target import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.kit import Kit


class AsyncTests(ContractTests):
    """All four methods are coroutines, or none is, and awaiting one returns its result."""

    @clause("ASYNC-1")
    def test_all_methods_are_awaited_or_none(self, kit: Kit) -> None:
        awaited = _awaited(kit)
        if not awaited:
            raise NotApplicable("the service's methods are plain: none of the four is a coroutine")
        plain = [method for method in METHODS if method not in awaited]
        plain += [method for method in TRIALS if _is_plain(kit, method)]
        if plain:
            raise violation(
                "ASYNC-1",
                "some methods must be awaited and some must not be",
                came=f"coroutines: {', '.join(awaited)}; plain: {', '.join(plain)}",
                expected="all of one kind, the optional ones too",
            )
        collection = kit.collection()
        _expect_result(collection.save("awaited", {"n": 1}))
        answers.document(_expect_result(collection.get("awaited")), "awaited", {"n": 1}, "ASYNC-1")
        answers.listing(_expect_result(collection.list_all()), {"awaited": {"n": 1}}, "ASYNC-1")
        _expect_result(collection.delete("awaited"))
        answers.missing(collection.get("awaited"), "ASYNC-1")


def _expect_result(answer: Answer) -> Answer:
    value = answers.returned(answer, "ASYNC-1", "it was awaited")
    if inspect.isawaitable(value):
        what = f"awaiting {answer.call.method}() returns something that must be awaited again"
        raise violation("ASYNC-1", what, answer=answer, expected="the result itself")
    return answer


def _is_plain(kit: Kit, method: str) -> bool:
    """Return whether an optional method exists and returns its result without `await`."""
    collection = kit.collection()
    if not has(collection, method):
        return False
    return not _must_be_awaited(kit, Call(method, (collection.name, *TRIALS[method])))


def _awaited(kit: Kit) -> list[str]:
    """Return those of the four methods that return an awaitable."""
    collection = kit.collection()
    arguments: dict[str, tuple[Any, ...]] = {
        "get": ("nobody",),
        "save": ("somebody", {"n": 1}),
        "delete": ("somebody",),
        "list_all": (),
    }
    collection.ledger.note_save(collection.name, "somebody")
    found = []
    for method in METHODS:
        call = Call(method, (collection.name, *arguments[method]))
        with suppress(Exception):  # other groups report what a call raises
            if _must_be_awaited(kit, call):
                found.append(method)
    return found


def _must_be_awaited(kit: Kit, call: Call) -> bool:
    """Make a call, and return whether its result had to be awaited."""
    value = _bounded(kit, call, getattr(kit.service, call.method), *call.arguments)
    if not inspect.isawaitable(value):
        return False
    with suppress(Exception):  # other groups report what a call raises
        _bounded(kit, call, kit.caller.opened.loop.run, value)
    return True


def _bounded(kit: Kit, call: Call, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a part of a call with a time limit. A call that hangs is reported later."""
    try:
        return kit.caller.opened.time_limit.call(function, *arguments)
    except NoAnswer as error:
        kit.caller.hung(call, error)
        raise
