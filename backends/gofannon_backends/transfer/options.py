"""How documents are to be moved, as far as a caller has a say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.failures import NotAsAskedError
from gofannon_backends.transfer.passing import STORE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection

WRITERS: Final = 8
MOST_WRITERS: Final = 64


@dataclass(frozen=True, kw_only=True)
class Options:
    """How documents are written.

    `overwrite` replaces what the target has differently under the same id; without it that is a
    conflict, and stays. `leave_behind` are top-level fields that are dropped on the way, beside
    those of `STORE_FIELDS`. `restart` forgets what an earlier run has left in the state folder.
    """

    overwrite: bool = False
    writers: int = WRITERS
    leave_behind: Collection[str] = ()
    dry_run: bool = False
    restart: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.writers <= MOST_WRITERS:
            raise NotAsAskedError(f"writers are 1 to {MOST_WRITERS}, and not {self.writers}")
        if "_id" in self.leave_behind:
            raise NotAsAskedError("_id cannot be left behind: it is what a document is found by")

    @property
    def left(self) -> frozenset[str]:
        """All fields that are left behind."""
        return STORE_FIELDS | frozenset(self.leave_behind)
