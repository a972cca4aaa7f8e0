"""What a history is made of: one call of one thread, when it began and ended, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Document: TypeAlias = tuple[str, str]
"""A collection and an id."""

Method: TypeAlias = Literal["get", "save", "delete", "list_all"]


class Outcome(Enum):
    """What came of a call, as far as its caller can tell."""

    RETURNED = "returned"
    MISSING = "404"
    REFUSED = "refused"
    """A 4xx, such as a 409: whatever was asked for did not happen."""
    FAILED = "failed"
    """A 5xx, or an exception of another kind: it may have happened, may happen later, or never."""
    PENDING = "never returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `start` and `end` are numbers in the one order of all events of the history."""

    thread: str
    method: Method
    document: Document
    start: int
    end: int | None = None
    outcome: Outcome = Outcome.PENDING
    argument: Any = None
    """The document that was to be saved."""
    value: Any = None
    """What the call returned."""
    error: BaseException | None = None
    began: float = 0.0
    """The time of the start, in seconds of the recorder's clock."""
    ended: float | None = None

    @property
    def is_read(self) -> bool:
        """Whether the call only looks; a `list_all()` counts as a look at each document."""
        return self.method in ("get", "list_all")

    @property
    def returned(self) -> bool:
        """Whether the call returned rather than raised."""
        return self.outcome is Outcome.RETURNED

    @property
    def is_uncertain(self) -> bool:
        """Whether nobody knows if, or when, what was asked for happened."""
        return self.outcome in (Outcome.FAILED, Outcome.PENDING)


@dataclass(frozen=True)
class History:
    """Operations in the order of their starts."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> History:
        """Put operations in order."""
        return cls(tuple(sorted(operations, key=lambda operation: operation.start)))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def by_document(self) -> dict[Document, History]:
        """Give the history of each document apart."""
        apart: dict[Document, list[Operation]] = {}
        for operation in self.operations:
            apart.setdefault(operation.document, []).append(operation)
        return {document: History(tuple(those)) for document, those in apart.items()}
