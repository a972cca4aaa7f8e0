"""Capabilities of a backend beyond the four methods: detected by trying, or claimed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable, NotTested, violation
from gofannon_conformance.run.instances import in_other_process
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.instances import OnlyOne

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

_CLAUSES = {"revisions": "SAVE-14", "conflicts": "SAVE-15", "persistent": "DUR-2"}

LONGEST_DELAY = 1.0
"""Seconds after which another instance must show what a service writes in the background."""


def has(kit: Kit, name: str) -> bool:
    """Return whether the backend has a capability; it is tried once in a session."""
    detected = kit.session.detected
    if name not in detected:
        detected[name] = _TRIALS[name](kit)
    return bool(detected[name])


def require(kit: Kit, name: str) -> None:
    """Go on only if the target has a capability, as it claims or as the kit detects.

    If it denies a capability that is detected, the clause fails; if it claims one that it does
    not have, the test goes on and fails.
    """
    claimed = getattr(kit.target.capabilities, name)
    if claimed is None and not has(kit, name):
        raise NotApplicable(f"the target has no {name}: none were detected")
    if claimed is False:
        if has(kit, name):
            raise violation(
                _CLAUSES[name],
                f"the target says that it has no {name}, but the kit detects that it has: "
                f"{kit.session.detected[name]}",
                expected=f"capabilities that claim {name}, or a backend without",
            )
        raise NotApplicable(f"the target says that it has no {name}")


def another(kit: Kit) -> Caller:
    """Return the caller of a second instance, on the same store.

    If no instance ever shows a document of the other, the clause asks nothing of the target,
    unless it claims to be `persistent`.
    """
    shared = has(kit, "shared")  # it may find that there can be no second instance
    try:
        opened = kit.instances.second()
    except OnlyOne as reason:
        raise NotApplicable(str(reason)) from reason
    if not shared and not kit.target.capabilities.persistent:
        raise NotApplicable(
            "two instances share nothing: no document that one of them saved was ever shown "
            "by the other (if they should, say that the target is `persistent`)"
        )
    return Caller(opened, kit.trace, on="other")


def _rev_of(found: Any) -> dict[str, Any]:
    return {"_rev": found["_rev"]} if isinstance(found, dict) and "_rev" in found else {}


def _revisions(kit: Kit) -> str:
    """Detect revisions: `get()` has a `_rev`, and `rev` differs after a document was replaced.

    The replacement has the current `_rev`, so that no store can refuse it.
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
    """Detect conflicts: a stale `_rev` is refused with 409, and the current one is accepted."""
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
    return "a save with a stale `_rev` was refused with 409, one with the current was accepted"


def _shared(kit: Kit) -> str:
    """Detect a shared store: another instance shows a document of the first one, even late.

    DUR-1 reports that it is late.
    """
    collection = kit.collection()
    worked = _works(kit, collection)
    try:
        seen = collection.through(Caller(kit.instances.second(), kit.trace))
        for doc_id in IDS:
            collection.save(doc_id, {"shared": doc_id})
        if worked and not _works(kit, collection):
            kit.instances.renew("opening another instance breaks the one before it")
            return ""
        since = time.monotonic()
        if _shows_any(seen):
            return "a second instance shows what the first one saved"
        if has(kit, "persistent"):
            return kit.session.detected["persistent"]
        while not (late := _shows_any(seen)) and time.monotonic() < since + LONGEST_DELAY:
            time.sleep(LONGEST_DELAY / 20)
        if late:
            return "a second instance shows late what the first one saved"
        return "" if kit.target.opens_alone else _shown_when_closed(kit, collection)
    except OnlyOne:
        return ""
    finally:
        _clear(kit, collection)


def _shown_when_closed(kit: Kit, collection: Collection) -> str:
    """Try in this process what `_persistent` tries in another one."""
    with kit.instances.fresh() as third:
        for doc_id in IDS:
            collection.through(Caller(third, kit.trace)).save(doc_id, {"shared": doc_id})
    with kit.instances.fresh() as fourth:
        if _shows_any(collection.through(Caller(fourth, kit.trace))):
            return "an instance shows what another one saved before it was closed"
    return ""


def _persistent(kit: Kit) -> str:
    """Detect persistence: a new process shows a document of this one, or of one that has ended."""
    collection = kit.collection()
    name = collection.name
    for doc_id in IDS:
        collection.save(doc_id, {"lasting": doc_id})
    worked = _works(kit, collection)
    ended = [f"ended-{n}" for n in range(len(IDS))]
    try:
        found = in_other_process(
            kit,
            *(("get", name, doc_id) for doc_id in IDS),
            *(("save", name, doc_id, {"lasting": doc_id}) for doc_id in ended),
        )
        if any(answer.returned for answer in found[: len(IDS)]):
            return "a new process shows what this one saved"
        if any(answer.returned for answer in found[len(IDS) :]):  # the saves
            found = in_other_process(kit, *(("get", name, doc_id) for doc_id in ended))
    except NotTested:
        return ""
    finally:
        if worked and not _works(kit, collection):
            kit.instances.renew("opening an instance in another process breaks the one in this")
        _clear(kit, collection, ended)
    shown = any(answer.returned for answer in found[: len(IDS)])
    return "a new process shows what another one saved before it ended" if shown else ""


IDS = tuple(f"shared-{n}" for n in range(20))
"""So many that a full buffer is written."""


def _works(kit: Kit, collection: Collection) -> bool:
    """Return whether the session's instance saves and returns a new document."""
    doc_id = kit.fresh("works")
    saved = collection.save(doc_id, {"n": 1})
    found = collection.get(doc_id)
    collection.delete(doc_id)
    return saved.returned and found.returned


def _shows_any(collection: Collection) -> bool:
    return any(collection.get(doc_id).returned for doc_id in IDS)


def _clear(kit: Kit, collection: Collection, also: Iterable[str] = ()) -> None:
    for doc_id in (*IDS, *also):
        collection.delete(doc_id)
    kit.trace.begin()


_TRIALS = {
    "revisions": _revisions,
    "conflicts": _conflicts,
    "shared": _shared,
    "persistent": _persistent,
}
