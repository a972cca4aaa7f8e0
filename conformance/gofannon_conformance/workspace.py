"""The collections that a run may use on one service: named, counted, proven empty, cleaned up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Answer, Call, Caller
from gofannon_conformance.leaks import told
from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.violation import NotTested, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Callable

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

MOST_IN_VAIN = 1
"""So many calls that clean up may hang; then the collections are left as they are."""

_STILL_THERE = frozenset({409, 429})
"""Refusals of a delete that leave the document where it is: it is tried again at the end."""


@dataclass
class Names:
    """The names that a run made up on one target; services that are opened in turn share them."""

    used: set[str] = field(default_factory=set)
    free: list[str] = field(default_factory=list)
    """Those whose collections are empty again."""
    ordinary: set[str] = field(default_factory=set)
    """All that may be given again, free or not."""


class Collection:
    """One collection of the service under test: calls on it are recorded and answered."""

    def __init__(self, workspace: Workspace, name: str, caller: Caller | None = None) -> None:
        self.workspace = workspace
        self.name = name
        self.caller = caller or workspace.caller

    def through(self, caller: Caller) -> Collection:
        """Give the same collection as another instance of the service shows it."""
        return Collection(self.workspace, self.name, caller)

    def get(self, doc_id: Any) -> Answer:
        """Call `get()`."""
        return self.caller.call("get", self.name, doc_id)

    def save(self, doc_id: Any, doc: Any) -> Answer:
        """Call `save()` with a copy of a document, so that the suite's own stays as it is."""
        return self.save_itself(doc_id, snapshot(doc), shown=doc)

    def save_itself(self, doc_id: Any, doc: Any, *, shown: Any = None) -> Answer:
        """Call `save()` with the very object given, for the clauses about the caller's dict."""
        self.workspace.note_save(self.name, doc_id)
        shown = snapshot(doc) if shown is None else shown
        if isinstance(doc, dict):
            self.caller.trace.names.update(doc)
        return self.caller.call("save", self.name, doc_id, doc, shown=(self.name, doc_id, shown))

    def delete(self, doc_id: Any) -> Answer:
        """Call `delete()`."""
        answer = self.caller.call("delete", self.name, doc_id)
        if answer.returned:
            self.workspace.note_delete(self.name, doc_id)
        return answer

    def list_all(self) -> Answer:
        """Call `list_all()`."""
        return self.caller.call("list_all", self.name)

    def find(self, selector: Any, **more: Any) -> Answer:
        """Call the optional `find()` with copies; `fields` and `limit` go by name or not at all."""
        return self.find_itself(snapshot(selector), **snapshot(more))

    def find_itself(self, selector: Any, **more: Any) -> Answer:
        """Call `find()` with the very objects given, for what it does to its caller's."""
        shown = (self.name, snapshot(selector))
        return self.caller.call("find", self.name, selector, named=more or None, shown=shown)

    def ensure_index(self, *arguments: Any, **named: Any) -> Answer:
        """Call the optional `ensure_index()`."""
        shown = (self.name, *map(snapshot, arguments))
        return self.caller.call(
            "ensure_index", self.name, *arguments, named=named or None, shown=shown
        )

    def save_many(self, docs: list[Any]) -> Answer:
        """Call the optional `save_many()` with copies of documents."""
        return self.save_many_themselves(snapshot(docs))

    def save_many_themselves(self, docs: list[Any]) -> Answer:
        """Call the optional `save_many()` with the very objects given."""
        for doc in docs:
            if isinstance(doc, dict):
                self.caller.trace.names.update(doc)
            if isinstance(doc, dict) and isinstance(doc.get("_id"), str):
                self.workspace.note_save(self.name, doc["_id"])
        answer = self.caller.call("save_many", self.name, docs, shown=(self.name, snapshot(docs)))
        if isinstance(answer.value, list):  # what was taken against BULK-2 is deleted too
            for entry in answer.value:
                if isinstance(entry, dict) and entry.get("ok"):
                    self.workspace.note_save(self.name, entry.get("id"))
        return answer

    def delete_many(self, doc_ids: list[Any]) -> Answer:
        """Call the optional `delete_many()`."""
        return self.caller.call("delete_many", self.name, doc_ids, shown=(self.name, [*doc_ids]))

    def get_many(self, doc_ids: list[Any]) -> Answer:
        """Call the optional `get_many()`."""
        return self.caller.call("get_many", self.name, doc_ids, shown=(self.name, [*doc_ids]))


class Workspace:
    """Hands out collections of one service, and leaves none of them with a document in it.

    A name is the run's own prefix and two letters: a store that only takes names like those of
    the application's own collections takes it as well. An emptied collection is used again, so
    that a run needs few of them. Only documents that the run saved are ever deleted.
    """

    def __init__(
        self,
        caller: Caller,
        prefix: str,
        *,
        shared: Names | None = None,
        silent_deletes: bool = False,
        drop: Callable[[str], None] | None = None,
    ) -> None:
        self.caller = caller
        self.prefix = prefix
        self._drop = drop
        self.silent_deletes = silent_deletes
        """Whether the dialect lets `delete()` of a missing document pass in silence."""
        self._names = Names() if shared is None else shared
        self._handed_out: set[str] = set()
        self._numbers = 0
        self._saved: dict[str, set[Any]] = {}
        self._deleted: set[tuple[str, Any]] = set()
        self._ever: set[Any] = set()
        self._ground: str | None = None
        self._deletes_in_vain = 0
        """How many calls that were to clean up have never come back."""

    def collection(self) -> Collection:
        """Give an empty collection; the canary proves that it is."""
        self._check_ground()
        name = self._free_name() or self._new_name()
        self._check_empty(name)
        return Collection(self, name)

    def unwritten(self, *, only_to_read: bool = False) -> Collection:
        """Give a collection that nobody has written to, nor read."""
        if not only_to_read:
            self._check_ground()
        return Collection(self, self._new_name())

    @property
    def left(self) -> int:
        """How many collections the run may still make up."""
        return MOST_COLLECTIONS - len(self._names.used)

    def dropped(self) -> Collection | None:
        """Give a collection that was removed from the server: it is new to it, by an old name."""
        if self._drop is None:
            return None
        collection = self.collection()
        self._drop(collection.name)
        return collection

    def named(self, name: str) -> Collection:
        """Give the collection of a given name; the caller answers for its being the run's own."""
        self._check_ground()
        self._count(name)
        return Collection(self, name)

    def only_read(self, name: str) -> Collection:
        """Give a collection that is not counted, because nobody writes to it."""
        return Collection(self, name)

    def logical(self, name: str, *, disposable: bool) -> Collection:
        """Give the application's collection of that name: the real one only if disposable."""
        collection = self.named(name if disposable else f"{self.prefix}_{name}")
        self._check_empty(collection.name, foreign_stops=True)
        return collection

    def give_back(self, *collections: Collection) -> None:
        """Empty collections and keep those that are the run's own for the next test."""
        for collection in collections:
            name = collection.name
            self.sweep(name)
            free = self._names.free
            if self._is_ordinary(name) and not self._saved.get(name) and name not in free:
                free.append(name)

    def sweep(self, name: str) -> None:
        """Delete every document that the run has saved in a collection, or a large one whole."""
        if len(self._saved.get(name, ())) > MANY and self._dropped_full(name):
            self._saved[name].clear()
        for doc_id in self._to_delete(name):
            answer = self.caller.quietly(Call("delete", (name, doc_id)), (name, doc_id))
            if answer.never_came:
                self._deletes_in_vain += 1
                raise violation(
                    "DEL-6" if (name, doc_id) in self._deleted else "DEL-1",
                    "a document could not be deleted",
                    answer=answer,
                    expected="an end: the kit empties its collections after each test",
                )
            if answer.returned or (answer.refused and answer.status not in _STILL_THERE):
                self._saved[name].discard(doc_id)

    def _dropped_full(self, name: str) -> bool:
        """Have the target remove a collection with all that is in it, and look whether it did.

        It owes that only for an emptied one, as `os.rmdir` does.
        """
        if self._drop is None or not self.is_own(name):
            return False
        with suppress(Exception):
            self._drop(name)
        left = self.caller.quietly(Call("list_all", (name,)), (name,))
        return left.returned and left.value == []

    def _to_delete(self, name: str) -> list[Any]:
        """Give the ids that are to be deleted: all, or of a service that hangs what it shows."""
        saved = self._saved.get(name, set())
        if saved and self.caller.opened.patience.hung:
            if self._deletes_in_vain > MOST_IN_VAIN:
                return []
            listed = self.caller.quietly(Call("list_all", (name,)), (name,)).value
            if isinstance(listed, list):
                ids = [doc.get("_id") for doc in listed if isinstance(doc, dict)]
                saved.intersection_update(doc_id for doc_id in ids if _is_hashable(doc_id))
        return sorted(saved, key=repr)

    def sweep_all(self) -> None:
        """Delete every document that the run has saved anywhere."""
        with suppress(Violation):  # of a call that never comes back, which a test has told
            for name in list(self._saved):
                self.sweep(name)

    def drop_all(self) -> None:
        """Remove the run's own collections from the server, where the target can."""
        for name in sorted(self._handed_out):
            if self._drop is not None and self.is_own(name):
                self._drop(name)

    def note_save(self, name: str, doc_id: Any) -> None:
        """Remember that a document may now exist, so that it will be deleted.

        A service may take an id that is no text, against ID-6: then that one is deleted too.
        """
        if _is_hashable(doc_id):
            self._saved.setdefault(name, set()).add(doc_id)
            self._deleted.discard((name, doc_id))
            self._ever.add(doc_id)

    def note_delete(self, name: str, doc_id: Any) -> None:
        """Remember that a document was deleted, as the service says."""
        if _is_hashable(doc_id):
            self._deleted.add((name, doc_id))

    def next_number(self) -> int:
        """Give a number that this workspace has not given before."""
        self._numbers += 1
        return self._numbers

    @property
    def used(self) -> frozenset[str]:
        """The names of all collections that were handed out for this service."""
        return frozenset(self._handed_out)

    def uses(self, text: str) -> bool:
        """Whether the run itself has said a text: in a collection's name, an id, a document."""
        trace = self.caller.trace
        names = (self.prefix, *self._handed_out, *self._ever, *trace.names)
        calls = (step.arguments for step in trace.steps if not isinstance(step, str))
        return any(text in name for name in names if isinstance(name, str)) or any(
            text in told(repr, arguments) for arguments in calls
        )

    def is_own(self, name: str) -> bool:
        """Whether a name was made up by the run, so that its collection may be dropped."""
        return name.lower().startswith(self.prefix)

    def _is_ordinary(self, name: str) -> bool:
        return name in self._names.ordinary

    def _free_name(self) -> str | None:
        if not self._names.free:
            return None
        name = self._names.free.pop()
        self._handed_out.add(name)
        return name

    def _new_name(self) -> str:
        first, second = divmod(len(self._names.ordinary), len(ascii_lowercase))
        name = f"{self.prefix}_{ascii_lowercase[first]}{ascii_lowercase[second]}"
        self._names.ordinary.add(name)
        self._count(name)
        return name

    def _count(self, name: str) -> None:
        used = self._names.used
        if name not in used and len(used) >= MOST_COLLECTIONS:
            raise NotTested(
                f"all {MOST_COLLECTIONS} collections of the run are used up, because they could "
                "not be emptied again: see the failures of API, DEL and LIST"
            )
        used.add(name)
        self._handed_out.add(name)

    def _check_ground(self) -> None:
        """Look once whether a collection that cannot exist holds documents: then write nothing.

        A service that ignores the collection's name would let the run write into whatever it
        shows, which may be somebody's data.
        """
        if self._ground is None:
            name = self._free_name() or self._new_name()
            answer = self.caller.quietly(Call("list_all", (name,)), (name,))
            shown = answer.value if answer.returned and isinstance(answer.value, list) else []
            self._ground = ""
            if shown:
                self._ground = (
                    f"the collection {name!r}, which the kit made up for this run, already shows "
                    f"{len(shown):,} document(s); nothing was written (see LIST-3)"
                )
            else:
                self._names.free.append(name)
        if self._ground:
            raise NotTested(self._ground)

    def _check_empty(self, name: str, *, foreign_stops: bool = False) -> None:
        call = Call("list_all", (name,))
        answer = self.caller.quietly(call, (name,))
        listed = answer.value
        if not answer.returned or not isinstance(listed, list) or not listed:
            return  # a list_all() that fails is the business of LIST's own tests
        ids = [doc.get("_id") if isinstance(doc, dict) else None for doc in listed]
        ours = [doc_id for doc_id in ids if _is_hashable(doc_id) and doc_id in self._ever]
        if foreign_stops and len(ours) < len(ids):
            raise CollectionInUse(name, len(ids))
        self.caller.trace.begin()
        self.caller.trace.steps.append(call)
        if not ours:
            raise violation(
                ("LIST-3", "LIST-7"),
                "list_all() shows documents that nobody saved, in a collection of the kit's own",
                answer=answer,
                expected="[]",
            )
        leftovers = self._leftovers(name, ours)
        raise violation(
            leftovers,
            "list_all() shows documents that are not in this collection: every one was deleted, "
            "or saved in another collection",
            answer=answer,
            expected="[]",
        )

    def _leftovers(self, name: str, ids: list[Any]) -> tuple[str, ...]:
        elsewhere = any(i in saved for n, saved in self._saved.items() if n != name for i in ids)
        return ("ISO-2", "LIST-5") if elsewhere else ("DEL-4", "LIST-4")


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


class CollectionInUse(Exception):  # noqa: N818  # it stops the run, and says why
    """A collection holds documents that the run did not save; it was not touched."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(
            f"the collection {name!r} already holds {count:,} document(s) that this run did not "
            "save; it was not touched, and the run stops here"
        )
