"""The ledger: what a run has named, saved and deleted on one target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Trace


@dataclass
class Names:
    """The names of collections that a run made up on one target; its sessions share them."""

    used: set[str] = field(default_factory=set)
    free: list[str] = field(default_factory=list)
    """Those whose collections are empty again."""
    ordinary: set[str] = field(default_factory=set)
    """All that may be used again, free or not."""


class Ledger:
    """Records the collections and documents of one session. Only what is in it is ever deleted."""

    def __init__(
        self,
        prefix: str,
        trace: Trace,
        names: Names | None = None,
        *,
        silent_deletes: bool = False,
    ) -> None:
        self.prefix = prefix
        self.silent_deletes = silent_deletes
        """Whether the dialect lets `delete()` ignore a missing document."""
        self.names = Names() if names is None else names
        self.collections: set[str] = set()
        """The names of all collections that were used in this session."""
        self.saved: dict[str, set[Any]] = {}
        """The ids in each collection that may exist now."""
        self._trace = trace
        self._deleted: set[tuple[str, Any]] = set()
        self._ever_saved: set[Any] = set()
        self._numbers = 0

    def note_save(self, name: str, doc_id: Any) -> None:
        """Record that a document may now exist, so that it will be deleted.

        A service may accept an id that is no text, against ID-6: then that one is deleted too.
        """
        if is_hashable(doc_id):
            self.saved.setdefault(name, set()).add(doc_id)
            self._deleted.discard((name, doc_id))
            self._ever_saved.add(doc_id)

    def note_delete(self, name: str, doc_id: Any) -> None:
        """Record that the service has deleted a document."""
        if is_hashable(doc_id):
            self._deleted.add((name, doc_id))

    def is_deleted(self, name: str, doc_id: Any) -> bool:
        """Return whether the service has deleted a document, and it was not saved since."""
        return (name, doc_id) in self._deleted

    def was_saved(self, doc_id: Any) -> bool:
        """Return whether the run has ever saved a document of this id."""
        return is_hashable(doc_id) and doc_id in self._ever_saved

    def is_saved_outside(self, name: str, doc_ids: list[Any]) -> bool:
        """Return whether one of these ids exists in another collection."""
        others = (saved for other, saved in self.saved.items() if other != name)
        return any(doc_id in saved for saved in others for doc_id in doc_ids)

    def next_number(self) -> int:
        """Return a number that was not returned before."""
        self._numbers += 1
        return self._numbers

    def is_own(self, name: str) -> bool:
        """Return whether the run made a name up, so that its collection may be dropped."""
        return name.lower().startswith(self.prefix)

    def uses(self, text: str) -> bool:
        """Return whether the run itself uses a text: in a collection's name, an id, a document."""
        names = (self.prefix, *self.collections, *self._ever_saved)
        in_name = any(text in name for name in names if isinstance(name, str))
        return in_name or self._trace.uses(text)


def is_hashable(value: Any) -> bool:
    """Return whether a value can be a member of a set."""
    try:
        hash(value)
    except TypeError:
        return False
    return True
