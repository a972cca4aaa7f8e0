"""ASYNC: a service whose methods are coroutines; the whole suite runs on it as on any other."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Call
from gofannon_conformance.patience import NoAnswer
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.optional import TRIALS, has
from gofannon_conformance.target import METHODS
from gofannon_conformance.violation import NotApplicable, violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit


class AsyncTests(ContractTests):
    """All four methods are awaited, or none is; and awaiting one is all that it takes."""

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
        found, listed = collection.get("awaited"), collection.list_all()
        _expect_result(found)
        expect.document(found, "awaited", {"n": 1}, "ASYNC-1")
        _expect_result(listed)
        expect.listing(listed, {"awaited": {"n": 1}}, "ASYNC-1")
        _expect_result(collection.delete("awaited"))
        expect.missing(collection.get("awaited"), "ASYNC-1")


def _expect_result(answer: Answer) -> None:
    value = expect.returned(answer, "ASYNC-1", "it was awaited")
    if inspect.isawaitable(value):
        raise violation(
            "ASYNC-1",
            f"awaiting {answer.call.method}() gives something that must be awaited again",
            answer=answer,
            expected="the result itself",
        )


def _is_plain(kit: Kit, method: str) -> bool:
    """Whether an optional method is there and gives its result without being awaited."""
    collection = kit.collection()
    if not has(collection, method):
        return False
    call = Call(method, (collection.name, *TRIALS[method]))
    value = _bounded(kit, call, getattr(kit.service, method), *call.arguments)
    if not inspect.isawaitable(value):
        return True
    _bounded(kit, call, kit.caller.opened.loop.run, value)
    return False


def _awaited(kit: Kit) -> list[str]:
    """Give those of the four methods whose call must be awaited, as their calls show."""
    collection = kit.collection()
    arguments: dict[str, tuple[Any, ...]] = {
        "get": ("nobody",),
        "save": ("somebody", {"n": 1}),
        "delete": ("somebody",),
        "list_all": (),
    }
    collection.workspace.note_save(collection.name, "somebody")
    found = []
    for method in METHODS:
        call = Call(method, (collection.name, *arguments[method]))
        with suppress(Exception):  # what a call raises is the other groups' business
            value = _bounded(kit, call, getattr(kit.service, method), *call.arguments)
            if inspect.isawaitable(value):
                found.append(method)
                _bounded(kit, call, kit.caller.opened.loop.run, value)
    return found


def _bounded(kit: Kit, call: Call, function: Callable[..., Any], *arguments: Any) -> Any:
    """Do a part of a call; that it never ends is told with the next one, or with the test's end."""
    try:
        return kit.caller.opened.patience.wait_for(function, *arguments)
    except NoAnswer as error:
        kit.caller.lost(call, error)
        raise
