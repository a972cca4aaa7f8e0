"""Finding out by trying what a backend can do beyond the four methods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Caller
from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

_CLAUSES = {"revisions": "SAVE-14", "conflicts": "SAVE-15", "persistent": "DUR-2"}

PATIENCE = 1.0
"""Seconds for what a service writes behind the caller's back to show in another instance."""


class Detected:
    """What was found out about one target; each capability is tried once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def has(self, name: str, kit: Kit) -> bool:
        """Whether the backend shows the capability when it is tried."""
        if name not in self._found:
            trial = {
                "revisions": _revisions,
                "conflicts": _conflicts,
                "shared": _shared,
                "persistent": _persistent,
            }[name]
            self._found[name] = trial(kit)
        return bool(self._found[name])

    def why(self, name: str) -> str:
        """What was seen that shows the capability; empty where nothing was."""
        return self._found.get(name, "")

    @staticmethod
    def clause(name: str) -> str:
        """The clause that applies to who has the capability."""
        return _CLAUSES[name]


def _rev_of(found: Any) -> dict[str, Any]:
    return {"_rev": found["_rev"]} if isinstance(found, dict) and "_rev" in found else {}


def _revisions(kit: Kit) -> str:
    """`get()` carries a `_rev`, and `rev` differs after a document was wholly replaced.

    It is replaced by a caller who brings the current `_rev`, which no store can refuse.
    """
    collection = kit.collection()
    first = collection.save("revised", {"text": "first"})
    found = collection.get("revised")
    second = collection.save("revised", {"other": ["second", 2], **_rev_of(found.value)})
    key = "rev" if kit.dialect == "interface" else "_rev"  # of the answer, or of the document
    revs = [
        answer.value.get(key) if isinstance(answer.value, dict) else None
        for answer in (first, second)
    ]
    carried = found.value.get("_rev") if isinstance(found.value, dict) else None
    collection.delete("revised")
    kit.trace.begin()
    if carried is None or None in revs or revs[0] == revs[1]:
        return ""
    return f"`rev` went from {revs[0]!r} to {revs[1]!r}, and get() carries `_rev`"


def _conflicts(kit: Kit) -> str:
    """A stale `_rev` is refused with 409, and the current one is taken."""
    collection = kit.collection()
    collection.save("contended", {"n": 1})
    stale = collection.get("contended").value
    collection.save("contended", {"n": 2, **_rev_of(stale)})
    try:
        if not (isinstance(stale, dict) and "_rev" in stale):
            return ""
        refused = collection.save("contended", stale)
        fresh = collection.get("contended").value
        if not isinstance(fresh, dict):
            return ""
        taken = collection.save("contended", {**fresh, "n": 3})
    finally:
        collection.delete("contended")
        kit.trace.begin()
    if refused.status != 409 or not taken.returned:
        return ""
    return "a save with a stale `_rev` was refused with 409, one with the current was taken"


def _shared(kit: Kit) -> str:
    """Another instance shows something that the first one saved: at once, late, or when closed.

    That something shows at all tells that they share a store; that it shows late is for DUR-1.
    """
    collection = kit.collection()
    collection.save(IDS[0], {"shared": "before"})
    worked = collection.get(IDS[0]).returned
    try:
        seen = collection.through(Caller(kit.instances.second(), kit.trace))
        for doc_id in IDS:
            collection.save(doc_id, {"shared": doc_id})
        if worked and not _works(collection):
            kit.instances.renew("opening another instance breaks the one before it")
            return ""
        since = time.monotonic()
        if _any(seen):
            return "a second instance shows what the first one saved"
        if kit.detected.has("persistent", kit):
            return kit.detected.why("persistent")
        while not (late := _any(seen)) and time.monotonic() < since + PATIENCE:
            time.sleep(PATIENCE / 20)
        if late:
            return "a second instance shows late what the first one saved"
        return "" if kit.target.opens_alone else _shown_when_closed(kit, collection)
    except OnlyOne:
        return ""
    finally:
        _clear(kit, collection)


def _shown_when_closed(kit: Kit, collection: Collection) -> str:
    """Try in this process what `_persistent` tries in others."""
    with kit.instances.fresh() as third:
        for doc_id in IDS:
            collection.through(Caller(third, kit.trace)).save(doc_id, {"shared": doc_id})
    with kit.instances.fresh() as fourth:
        if _any(collection.through(Caller(fourth, kit.trace))):
            return "an instance shows what another one saved before it was closed"
    return ""


def _persistent(kit: Kit) -> str:
    """A new process shows something that this one saved, or another one that has ended."""
    collection = kit.collection()
    name = collection.name
    for doc_id in IDS:
        collection.save(doc_id, {"lasting": doc_id})
    worked = _works(collection)
    ended = [f"ended-{n}" for n in range(len(IDS))]
    try:
        found = kit.elsewhere(
            *(("get", name, doc_id) for doc_id in IDS),
            *(("save", name, doc_id, {"lasting": doc_id}) for doc_id in ended),
        )
        if any(answer.returned for answer in found[: len(IDS)]):
            return "a new process shows what this one saved"
        if any(answer.returned for answer in found[len(IDS) :]):  # the saves
            found = kit.elsewhere(*(("get", name, doc_id) for doc_id in ended))
    except NotTested:
        return ""
    finally:
        if worked and not _works(collection):
            kit.instances.renew("opening an instance in another process breaks the one in this")
        _clear(kit, collection, ended)
    shown = any(answer.returned for answer in found[: len(IDS)])
    return "a new process shows what another one saved before it ended" if shown else ""


IDS = tuple(f"shared-{n}" for n in range(20))
"""So many that a buffer is written when it is full."""


def _works(collection: Collection) -> bool:
    """Whether the session's instance takes a document and gives it back."""
    saved = collection.save(IDS[0], {"shared": IDS[0]})
    return saved.returned and collection.get(IDS[0]).returned


def _any(collection: Collection) -> bool:
    return any(collection.get(doc_id).returned for doc_id in IDS)


def _clear(kit: Kit, collection: Collection, also: Iterable[str] = ()) -> None:
    for doc_id in (*IDS, *also):
        collection.delete(doc_id)
    kit.trace.begin()
