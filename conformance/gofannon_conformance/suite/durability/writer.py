"""A thread that writes until the server is killed, and the versions that may then be stored."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Call, Trace
from gofannon_conformance.service.caller import Caller

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection

IDS_OF_EACH = 5
KIBIBYTES = (64, 1, 96, 20, 64, 96, 8)
"""The sizes of the documents in turn: a store may write a large one in several steps."""


def document(version: int) -> dict[str, Any]:
    """Return the document of a version; a mixture of two is neither."""
    size = KIBIBYTES[version % len(KIBIBYTES)]
    return {"version": version, "body": [f"{version:08}" * 16] * (8 * size), "end": version}


@dataclass
class Known:
    """What the kit knows of a document: the version acknowledged last, and those in doubt."""

    acknowledged: int | None = None
    """None if the document is absent."""
    in_doubt: list[int | None] = field(default_factory=list)
    """What later calls tried that raised: each may have been executed or not."""

    @property
    def possible(self) -> tuple[int | None, ...]:
        """The versions that may be stored."""
        return self.acknowledged, *self.in_doubt

    @property
    def expected(self) -> str:
        """The versions that may be stored, as a message shows them."""
        names = {"no document" if v is None else f"version {v}, whole" for v in self.possible}
        return " or ".join(sorted(names))

    def settle(self, version: int | None) -> None:
        """Record which version is stored."""
        self.acknowledged, self.in_doubt = version, []


class Writer:
    """Saves, replaces and deletes its own documents, as fast as it can, until it is stopped."""

    def __init__(self, number: int, caller: Caller, collection: Collection) -> None:
        self.ids = [f"w{number}-{n}" for n in range(IDS_OF_EACH)]
        self.known = {doc_id: Known() for doc_id in self.ids}
        self.acknowledged = 0
        self.worked = False
        """Whether a call was acknowledged before an earlier kill."""
        self.last: Answer | None = None
        self.stopping = threading.Event()
        self._caller = Caller(caller.opened, Trace())
        self._name = collection.name
        self._version = number * 1_000_000
        for doc_id in self.ids:
            collection.ledger.note_save(self._name, doc_id)

    def begin(self) -> None:
        """Write, in a thread."""
        self.acknowledged = 0
        self.stopping.clear()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def ended(self, *, within: float) -> bool:
        """Return whether the last call has ended, after waiting for it."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def _write(self) -> None:
        while not self.stopping.is_set():
            if not self.write():
                self.stopping.wait(0.01)  # most likely the server was killed

    def write(self) -> bool:
        """Save or delete its next document, and return whether that was acknowledged."""
        self._version += 1
        doc_id = self.ids[self._version % IDS_OF_EACH]
        if self._version % 4 == 3:
            return self._call(None, "delete", doc_id)
        return self._call(self._version, "save", doc_id, document(self._version))

    def _call(self, version: int | None, method: str, doc_id: str, *rest: Any) -> bool:
        arguments = (self._name, doc_id, *rest)
        answer = self._caller.quietly(Call(method, arguments), arguments)
        self.last = answer
        known = self.known[doc_id]
        if answer.returned:
            known.settle(version)
            self.acknowledged += 1
        elif not answer.refused:
            known.in_doubt.append(version)
        return answer.returned
