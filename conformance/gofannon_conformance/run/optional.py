"""The optional methods: which of them a service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Call
from gofannon_conformance.calls.violation import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

TRIALS: dict[str, tuple[Any, ...]] = {
    "find": ({},),
    "ensure_index": (["tried"],),
    "save_many": ([],),
    "delete_many": ([],),
    "get_many": ([],),
}
"""The optional methods, each with arguments for a call that costs nothing."""

_NOT_IMPLEMENTED = 501


def collection_for(kit: Kit, *methods: str) -> Collection:
    """Return an empty collection, if the service has all of these optional methods."""
    return _with(kit, methods, kit.collection)


def collection_for_indexes(kit: Kit) -> Collection:
    """Return the one collection in which indexes are created; other tests must not use it.

    It has no documents, but the indexes of earlier tests may exist.
    """
    return _with(kit, ("ensure_index",), lambda: kit.named(f"{kit.workspace.prefix}_idx"))


def has(collection: Collection, method: str) -> bool:
    """Return whether the service of a collection has an optional method."""
    service = collection.caller.opened.service
    return callable(getattr(service, method, None)) and not _declined(collection, method)


def never_written(kit: Kit) -> Collection:
    """Return the one collection that no test writes to; tests that only read share it."""
    return kit.named(f"{kit.workspace.prefix}_never_written")


def _with(kit: Kit, methods: Sequence[str], make: Callable[[], Collection]) -> Collection:
    for method in methods:
        if not callable(getattr(kit.service, method, None)):
            raise NotApplicable(f"the service has no {method}()")
    collection = make()
    for method in methods:
        if declined := _declined(collection, method):
            raise NotApplicable(declined)
    return collection


def _declined(collection: Collection, method: str) -> str:
    """Return how an existing method says that it is not implemented; "" if it does not.

    A base class may declare all optional methods, and raise `NotImplementedError`, or an
    `HTTPException` of that meaning, for those that a backend does not have.
    """
    arguments = (collection.name, *TRIALS[method])
    answer = collection.caller.quietly(Call(method, arguments), arguments)
    if isinstance(answer.error, NotImplementedError):
        return f"the service has no {method}() of its own: it raises NotImplementedError"
    if answer.status == _NOT_IMPLEMENTED:
        return f"the service has no {method}() of its own: it answers {_NOT_IMPLEMENTED}"
    return ""
