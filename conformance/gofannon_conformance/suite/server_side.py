"""What only the server's side shows: which collections exist on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.violation import NotApplicable, violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


def expect_absent(kit: Kit, clause: str, read: Callable[[Collection], Any]) -> None:
    """Read from a collection that was never written; it must still be absent from the server."""
    if kit.target.collections is None:
        raise NotApplicable(
            "it cannot be seen from outside: the target gives no `collections(service)`"
        )
    collection = kit.unwritten(only_to_read=True)
    read(collection)
    opened, collections = kit.caller.opened, kit.target.collections
    existing = set(
        opened.patience.wait_for(lambda: opened.loop.settle(collections(opened.service)))
    )
    if collection.name in existing:
        raise violation(
            clause,
            "reading from a collection that was never written has created it",
            came=f"the server now has {collection.name!r}",
            expected=f"no {collection.name!r} on the server",
        )
