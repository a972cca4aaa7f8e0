"""Two saves of different content that were told the same revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories.content import content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gofannon_conformance.histories.operations import Operation


def shared_revision(
    operations: Iterable[Operation], revision: Callable[[Any], object] | None = None
) -> tuple[Operation, Operation] | None:
    """Find two successful saves of one document that differ in content and share a revision.

    `revision` takes it out of what `save()` returned; by default it is `rev`.
    """
    of = revision or _rev
    first: dict[object, Operation] = {}
    for operation in operations:
        if operation.method != "save" or not operation.returned:
            continue
        told = of(operation.value)
        if not isinstance(told, str):
            continue
        before = first.setdefault((operation.document, told), operation)
        if content(before.argument) != content(operation.argument):
            return before, operation
    return None


def _rev(answer: Any) -> object:
    return answer.get("rev") if isinstance(answer, dict) else None
