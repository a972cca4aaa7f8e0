"""Replicas that claim to be eventual, and never converge: CON-5."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple
from weakref import WeakSet

from gofannon_conformance.mutants.concurrency.base import Key, Store, shown, written
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right.files import missing

RACING_REPLICAS: list[Mutant] = []

EVENTUAL: dict[str, Any] = {"capabilities": {"eventual": True}, "converges_within": 2.0}
"""The claims of such a target; the changes arrive much sooner."""


def row(name: str) -> Callable[[type], type]:
    """Register a kind of replica."""
    return breaks(RACING_REPLICAS, name, "CON-5", **EVENTUAL)


ON_THE_WAY = 0.02
"""Seconds from a change at one replica to its arrival at the others."""


class Change(NamedTuple):
    """A version of a document, or its deletion, with `None` as text."""

    key: Key
    number: int
    text: str | None

    @property
    def rev(self) -> str:
        """The revision of the change."""
        return f"{self.number}-r"


class Group(Store):
    """The replicas of one kind, which send each other their changes."""

    def __init__(self) -> None:
        super().__init__()
        self.replicas: WeakSet[Replica] = WeakSet()


class Replica:
    """One of several replicas, which receive each other's changes later; the newest change wins."""

    group: ClassVar[Group] = Group()

    def __init_subclass__(cls) -> None:
        cls.group = Group()

    def __init__(self) -> None:
        self.rows: dict[Key, Change] = {}
        self.coming: deque[tuple[float, Change]] = deque()
        """Changes of the others in order of arrival, each with its time of arrival."""
        with self.group.lock:
            for other in list(self.group.replicas)[:1]:
                self.rows.update(other.rows)
                self.coming.extend(other.coming)
            self.group.replicas.add(self)

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        with self.group.lock:
            return {
                db_name for (db_name, _), row in self.received().items() if row.text is not None
            }

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.group.lock:
            change = self.received().get((db_name, doc_id))
            if change is None or change.text is None:
                raise missing(db_name, doc_id)
            return shown(doc_id, (change.rev, change.text))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text = written(doc)
        with self.group.lock:
            return {"id": doc_id, "rev": self.change((db_name, doc_id), text).rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.group.lock:
            self.get(db_name, doc_id)
            self.change((db_name, doc_id), None)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.group.lock:
            return [
                shown(doc_id, (change.rev, change.text))
                for (place, doc_id), change in self.received().items()
                if place == db_name and change.text is not None
            ]

    def received(self) -> dict[Key, Change]:
        """Apply the changes that have arrived, and return all rows."""
        while self.coming and self.coming[0][0] <= time.monotonic():
            self.apply(self.coming.popleft()[1])
        return self.rows

    def change(self, key: Key, text: str | None) -> Change:
        """Make a change, which is visible here at once."""
        self.group.changes += 1
        change = Change(key, self.group.changes, text)
        self.received()[key] = change
        self.send(change)
        return change

    def send(self, change: Change) -> None:
        """Send a change to the others."""
        for other in self.group.replicas:
            if other is not self:
                other.coming.append((time.monotonic() + ON_THE_WAY, change))

    def apply(self, change: Change) -> None:
        """Apply a change that has arrived, if it is the newest."""
        known = self.rows.get(change.key)
        if known is None or known.number < change.number:
            self.rows[change.key] = change


@row("replica_is_not_told_of_deletes")
class NotToldOfDeletes(Replica):
    """A delete() at one replica is never sent to the others."""

    def send(self, change: Change) -> None:
        if change.text is not None:
            super().send(change)


@row("replica_takes_in_new_documents_only")
class NewDocumentsOnly(Replica):
    """A replica applies no change to a document that it has already received."""

    def apply(self, change: Change) -> None:
        self.rows.setdefault(change.key, change)


@row("replica_keeps_what_arrives_last")
class ArrivesLast(Replica):
    """Of two concurrent changes each replica keeps the other's, which arrives after its own."""

    def apply(self, change: Change) -> None:
        self.rows[change.key] = change
