"""Collections for the tests of one session: named, counted, checked to be empty, emptied."""

from __future__ import annotations

from contextlib import suppress
from string import ascii_lowercase
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Call
from gofannon_conformance.calls.violation import NotTested, Violation, violation
from gofannon_conformance.run.collection import Collection
from gofannon_conformance.run.ledger import is_hashable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.calls.values import Answer, Trace
    from gofannon_conformance.run.ledger import Ledger
    from gofannon_conformance.service.caller import Caller

MOST_COLLECTIONS = 40
"""On a real cloud each collection costs seconds and money."""

MANY = 500
"""More documents than these are not deleted one by one where the target can drop a collection."""

LOGICAL_NAMES = (
    "agents",
    "deployments",
    "users",
    "sessions",
    "tickets",
    "demos",
    "agent_data_store",
)
"""The application's own collections; their real names are used only on a disposable target."""

MOST_HUNG_DELETES = 1
"""If more clean-up calls than these hang, the collections are left as they are."""

PAUSE = 0.05
"""Seconds between two looks at a collection of an eventual target."""

_STILL_THERE = frozenset({409, 429})
"""Statuses of a refused delete that leave the document: it is deleted at the end of the run."""


class Workspace:
    """Gives collections to the tests of one session, and empties them afterwards.

    A name is the run's prefix and two letters, so that a store with strict rules for names takes
    it. An emptied collection is used again: a run needs few of them.
    """

    def __init__(
        self,
        caller: Caller,
        ledger: Ledger,
        *,
        drop: Callable[[str], None] | None = None,
        converges_within: float = 0.0,
    ) -> None:
        self.caller = caller
        self.ledger = ledger
        self._drop = drop
        self._converges_within = converges_within
        self._foreign_documents: str | None = None
        """Why nothing may be written; "" if all is well, None before the check."""
        self._hung_deletes = 0

    @property
    def prefix(self) -> str:
        """The run's own prefix of all names."""
        return self.ledger.prefix

    @property
    def left(self) -> int:
        """How many collections the run may still make up."""
        return MOST_COLLECTIONS - len(self.ledger.names.used)

    def collection(self) -> Collection:
        """Return a collection that is checked to be empty."""
        self._check_service()
        name = self._free_name() or self._new_name()
        self._check_empty(name)
        return self._of(name)

    def unwritten(self, *, only_to_read: bool = False) -> Collection:
        """Return a collection that was never written to, nor read."""
        if not only_to_read:
            self._check_service()
        return self._of(self._new_name())

    def dropped(self) -> Collection | None:
        """Return a collection that was removed from the server, if the target can do that."""
        if self._drop is None:
            return None
        collection = self.collection()
        with suppress(Exception):  # an author's function may raise where there is nothing to drop
            self._drop(collection.name)
        return collection

    def named(self, name: str) -> Collection:
        """Return the collection of a name that begins with the run's prefix."""
        self._check_service()
        self._count(name)
        return self._of(name)

    def only_read(self, name: str) -> Collection:
        """Return a collection that is not counted, because no test writes to it."""
        return self._of(name)

    def logical(self, name: str, *, disposable: bool) -> Collection:
        """Return the application's collection of that name: the real one only if disposable."""
        collection = self.named(name if disposable else f"{self.prefix}_{name}")
        self._check_empty(collection.name, foreign_stops=True)
        return collection

    def give_back(self, *collections: Collection) -> None:
        """Empty collections, and keep the run's own ones for the next test."""
        names = self.ledger.names
        for collection in collections:
            name = collection.name
            self.sweep(name)
            is_ordinary = name in names.ordinary
            if is_ordinary and not self.ledger.saved.get(name) and name not in names.free:
                names.free.append(name)

    def sweep(self, name: str) -> None:
        """Delete all documents of the run in a collection; drop a large collection as a whole."""
        saved = self.ledger.saved
        if len(saved.get(name, ())) > MANY and self._dropped_full(name):
            saved[name].clear()
        for doc_id in self._to_delete(name):
            self._delete(name, doc_id)
        if saved.get(name):  # a client may refuse an id, of which there is no document then
            listed = self._listed(name)
            if listed is not None:
                saved[name].intersection_update(listed)

    def sweep_saved_by(self, trace: Trace) -> None:
        """Delete the documents that the calls of a trace have saved."""
        for step in list(trace.steps):
            if isinstance(step, Call) and step.method == "save" and trace.hang is None:
                name, doc_id = step.arguments[:2]
                if is_hashable(doc_id) and doc_id in self.ledger.saved.get(name, ()):
                    self._delete(name, doc_id)

    def _delete(self, name: str, doc_id: Any) -> None:
        answer = self._quietly("delete", name, doc_id)
        if answer.hung:
            self._hung_deletes += 1
            raise violation(
                "DEL-6" if self.ledger.is_deleted(name, doc_id) else "DEL-1",
                "a document could not be deleted",
                answer=answer,
                expected="an end: the kit empties its collections after each test",
            )
        if answer.returned or (answer.refused and answer.status not in _STILL_THERE):
            self.ledger.saved[name].discard(doc_id)

    def _listed(self, name: str) -> list[Any] | None:
        """Return the ids that `list_all()` shows, None if it shows no list."""
        listed = self._quietly("list_all", name).value
        if not isinstance(listed, list):
            return None
        ids = [doc.get("_id") for doc in listed if isinstance(doc, dict)]
        return [doc_id for doc_id in ids if is_hashable(doc_id)]

    def sweep_all(self) -> None:
        """Delete all documents of the run."""
        with suppress(Violation):  # a call hangs: a test has reported that
            for name in list(self.ledger.saved):
                self.sweep(name)

    def drop_all(self) -> None:
        """Remove the run's own collections from the server, where the target can do that."""
        for name in sorted(self.ledger.collections):
            if self._drop is not None and self.ledger.is_own(name):
                self._drop(name)

    def _of(self, name: str) -> Collection:
        return Collection(self.ledger, name, self.caller)

    def _quietly(self, method: str, *arguments: Any) -> Answer:
        return self.caller.quietly(Call(method, arguments), arguments)

    def _dropped_full(self, name: str) -> bool:
        """Drop a collection that is not empty; return whether that worked.

        A target's `drop` need only remove empty ones, as `os.rmdir` does.
        """
        if self._drop is None or not self.ledger.is_own(name):
            return False
        with suppress(Exception):
            self._drop(name)
        left = self._quietly("list_all", name)
        return left.returned and left.value == []

    def _to_delete(self, name: str) -> list[Any]:
        """Return the ids to delete: all; where calls hang, only those that are listed."""
        saved = self.ledger.saved.get(name, set())
        if saved and self.caller.opened.time_limit.hang.first:
            if self._hung_deletes > MOST_HUNG_DELETES:
                return []
            listed = self._listed(name)
            if listed is not None:
                saved.intersection_update(listed)
        return sorted(saved, key=repr)

    def _free_name(self) -> str | None:
        names = self.ledger.names
        if not names.free:
            return None
        name = names.free.pop()
        self.ledger.collections.add(name)
        return name

    def _new_name(self) -> str:
        ordinary = self.ledger.names.ordinary
        first, second = divmod(len(ordinary), len(ascii_lowercase))
        name = f"{self.prefix}_{ascii_lowercase[first]}{ascii_lowercase[second]}"
        ordinary.add(name)
        self._count(name)
        return name

    def _count(self, name: str) -> None:
        used = self.ledger.names.used
        if name not in used and len(used) >= MOST_COLLECTIONS:
            raise NotTested(
                f"all {MOST_COLLECTIONS} collections of the run are used up, because they could "
                "not be emptied again: see the failures of API, DEL and LIST"
            )
        used.add(name)
        self.ledger.collections.add(name)

    def _check_service(self) -> None:
        """Check once that a collection that cannot exist shows no documents.

        A service that ignores the collection's name would let the run write among the documents
        that it shows, which may be someone's data.
        """
        if self._foreign_documents is None:
            name = self._free_name() or self._new_name()
            answer = self._quietly("list_all", name)
            shown = answer.value if answer.returned and isinstance(answer.value, list) else []
            self._foreign_documents = ""
            if shown:
                self._foreign_documents = (
                    f"the collection {name!r}, which the kit made up for this run, already shows "
                    f"{len(shown):,} document(s); nothing was written (see LIST-3)"
                )
            else:
                self.ledger.names.free.append(name)
        if self._foreign_documents:
            raise NotTested(self._foreign_documents)

    def _check_empty(self, name: str, *, foreign_stops: bool = False) -> None:
        call = Call("list_all", (name,))
        answer = self.caller.quietly(call, (name,))
        listed = answer.value
        if not answer.returned or not isinstance(listed, list) or not listed:
            return  # the tests of LIST report a list_all() that fails
        ids = [doc.get("_id") if isinstance(doc, dict) else None for doc in listed]
        ours = [doc_id for doc_id in ids if self.ledger.was_saved(doc_id)]
        if foreign_stops and len(ours) < len(ids):
            raise CollectionInUse(name, len(ids))
        if ours and self._is_empty_later(name):
            return
        self.caller.trace.begin()
        self.caller.trace.steps.append(call)
        if not ours:
            raise violation(
                ("LIST-3", "LIST-7"),
                "list_all() shows documents that nobody saved, in a collection of the kit's own",
                answer=answer,
                expected="[]",
            )
        elsewhere = self.ledger.is_saved_outside(name, ours)
        raise violation(
            ("ISO-2", "LIST-5") if elsewhere else ("DEL-4", "LIST-4"),
            "list_all() shows documents that are not in this collection: every one was deleted, "
            "or saved in another collection",
            answer=answer,
            expected="[]",
        )

    def _is_empty_later(self, name: str) -> bool:
        """Return whether the deletes of an eventual target show within its time."""
        until = monotonic() + self._converges_within
        while monotonic() < until:
            sleep(PAUSE)
            if self._quietly("list_all", name).value == []:
                return True
        return False


class CollectionInUse(Exception):  # noqa: N818  # it stops the run, and says why
    """A collection holds documents that the run did not save; it was not touched."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(
            f"the collection {name!r} already holds {count:,} document(s) that this run did not "
            "save; it was not touched, and the run stops here"
        )
