"""The values of a history: one call of one thread, its start and end, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Document: TypeAlias = tuple[str, str]
"""A collection and an id."""

Method: TypeAlias = Literal["get", "save", "delete", "list_all"]


class Ending(Enum):
    """How a call ended, as far as its caller knows."""

    RETURNED = "returned"
    MISSING = "404"
    REFUSED = "refused"
    """A 4xx, such as a 409: the call had no effect."""
    FAILED = "failed"
    """A 5xx or another exception: the call had its effect, has it later, or never."""
    PENDING = "never returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `start` and `end` are positions among all events of the history."""

    thread: str
    method: Method
    document: Document
    start: int
    end: int | None = None
    ending: Ending = Ending.PENDING
    argument: Any = None
    """The document passed to `save()`."""
    value: Any = None
    """What the call returned."""
    error: BaseException | None = None

    @property
    def is_read(self) -> bool:
        """Whether the call only reads; a `list_all()` counts as a read of each document."""
        return self.method in ("get", "list_all")

    @property
    def returned(self) -> bool:
        """Whether the call returned rather than raised."""
        return self.ending is Ending.RETURNED

    @property
    def is_uncertain(self) -> bool:
        """Whether it is unknown if, or when, the call had its effect."""
        return self.ending in (Ending.FAILED, Ending.PENDING)


@dataclass(frozen=True)
class History:
    """Operations in the order of their starts."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> History:
        """Sort operations into a history."""
        return cls(tuple(sorted(operations, key=lambda operation: operation.start)))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def by_document(self) -> dict[Document, History]:
        """Return a history for each document."""
        grouped: dict[Document, list[Operation]] = {}
        for operation in self.operations:
            grouped.setdefault(operation.document, []).append(operation)
        return {document: History(tuple(own)) for document, own in grouped.items()}
