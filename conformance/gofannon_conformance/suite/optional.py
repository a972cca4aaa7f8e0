"""The optional methods: a service has one if it is there and does not say that it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Call
from gofannon_conformance.violation import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

TRIALS: dict[str, tuple[Any, ...]] = {
    "find": ({},),
    "ensure_index": (["tried"],),
    "save_many": ([],),
    "delete_many": ([],),
    "get_many": ([],),
}
"""The optional methods, each with arguments on which it can be tried at no cost."""

_NOT_IMPLEMENTED = 501


def collection_for(kit: Kit, *methods: str) -> Collection:
    """Give an empty collection, if the service has all of these optional methods."""
    return _with(kit, methods, kit.collection)


def collection_for_indexes(kit: Kit) -> Collection:
    """Give the one collection in which indexes are made: they stay, and no other test is to see it.

    It is empty, but for what the kit's tests of indexes have left in the store besides documents.
    """
    return _with(kit, ("ensure_index",), lambda: kit.named(f"{kit.workspace.prefix}_idx"))


def has(collection: Collection, method: str) -> bool:
    """Tell whether the service of a collection has an optional method."""
    service = collection.caller.opened.service
    return callable(getattr(service, method, None)) and not _declined(collection, method)


def never_written(kit: Kit) -> Collection:
    """Give the one collection that no test writes to; tests that only read from it share it."""
    return kit.named(f"{kit.workspace.prefix}_never_written")


def _with(kit: Kit, methods: Sequence[str], give: Callable[[], Collection]) -> Collection:
    for method in methods:
        if not callable(getattr(kit.service, method, None)):
            raise NotApplicable(f"the service has no {method}()")
    collection = give()
    for method in methods:
        if declined := _declined(collection, method):
            raise NotApplicable(declined)
    return collection


def _declined(collection: Collection, method: str) -> str:
    """Say how a method that is there tells that it is not.

    A base class may declare the whole of the wider interface, and raise `NotImplementedError` for
    what a backend does not have, or its like among the `HTTPException`s.
    """
    arguments = (collection.name, *TRIALS[method])
    answer = collection.caller.quietly(Call(method, arguments), arguments)
    if isinstance(answer.error, NotImplementedError):
        return f"the service has no {method}() of its own: it raises NotImplementedError"
    if answer.status == _NOT_IMPLEMENTED:
        return f"the service has no {method}() of its own: it answers {_NOT_IMPLEMENTED}"
    return ""
