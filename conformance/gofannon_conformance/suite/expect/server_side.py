"""The check of what exists on the server: its collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable, violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


def expect_absent(kit: Kit, clause: str, read: Callable[[Collection], Any]) -> None:
    """Check that reading from a collection that was never written does not create it."""
    if kit.target.collections is None:
        raise NotApplicable(
            "it cannot be seen from outside: the target gives no `collections(service)`"
        )
    collection = kit.unwritten(only_to_read=True)
    read(collection)
    opened, collections = kit.caller.opened, kit.target.collections
    existing = opened.time_limit.call(lambda: opened.loop.settle(collections(opened.service)))
    if collection.name in set(existing):
        raise violation(
            clause,
            "reading from a collection that was never written has created it",
            came=f"the server now has {collection.name!r}",
            expected=f"no {collection.name!r} on the server",
        )
