"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.document import STORE_FIELDS
from gofannon_backends.transfer.errors import NotAsAskedError

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_WRITERS: Final = 64


@dataclass(frozen=True, kw_only=True)
class Options:
    """How documents are written.

    `overwrite` replaces different documents of the target; without it they are conflicts and stay.
    `leave_behind` are top-level fields that are dropped, in addition to `STORE_FIELDS`. `restart`
    deletes the state of an earlier run.
    """

    overwrite: bool = False
    writers: int = 8
    leave_behind: Collection[str] = ()
    dry_run: bool = False
    restart: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.writers <= _MOST_WRITERS:
            raise NotAsAskedError(f"writers must be 1 to {_MOST_WRITERS}, not {self.writers}")
        if "_id" in self.leave_behind:
            raise NotAsAskedError("_id cannot be left behind: it identifies the document")

    @property
    def dropped(self) -> frozenset[str]:
        """All fields that are left behind."""
        return STORE_FIELDS | frozenset(self.leave_behind)
