"""Finding out by trying what a backend can do beyond the four methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit

_CLAUSES = {"revisions": "SAVE-14", "conflicts": "SAVE-15"}


class Detected:
    """What was found out about one target; each capability is tried once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def has(self, name: str, kit: Kit) -> bool:
        """Whether the backend shows the capability when it is tried."""
        if name not in self._found:
            trial = {"revisions": _revisions, "conflicts": _conflicts}[name]
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
