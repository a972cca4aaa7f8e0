"""Services whose documents, or what they know of them, end with the process: DUR-2."""

import atexit
import os
from pathlib import Path
from typing import Any

from gofannon_conformance.mutants.durability.base import (
    IN_A_FOLDER,
    Buffered,
    Document,
    Files,
    in_a_folder,
)
from gofannon_conformance.mutants.durability.instances import Cached, DeletesForOneself
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import each, of
from gofannon_conformance.servers.endpoint import Endpoint

PROCESSES: list[Mutant] = []

_KEPT: dict[tuple[type, str], dict[Any, Any]] = {}


def of_the_process(kind: type, endpoint: Endpoint) -> dict[Any, Any]:
    """Return the dict that the instances of a class share in this process."""
    return _KEPT.setdefault((kind, endpoint.url), {})


class InModule(Buffered):
    """All instances of a process share a dict."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.mine.get((db_name, doc_id))

    def everything(self) -> dict[tuple[str, str], Document]:
        return {key: doc for key, doc in list(self.mine.items()) if doc is not None}


class ReadAtTheBeginning(InModule):
    """The shared dict begins with what the files hold."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        if not self.mine:
            self.mine.update(Files.everything(self))


@breaks(PROCESSES, "written_at_the_end_of_the_process", "DUR-2", **IN_A_FOLDER)
class WrittenAtExit(ReadAtTheBeginning):
    """What a process has saved is written when it ends."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        atexit.register(self.end)

    def end(self) -> None:
        if self.folder.is_dir():
            self.flush()


@breaks(PROCESSES, "ids_in_lower_case_for_later_processes", "DUR-2", **IN_A_FOLDER)
class FoldsIds(ReadAtTheBeginning):
    """Files have ids in lower case, which later processes read."""

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        super().put(db_name, doc_id, doc)
        Files.put(self, db_name, doc_id.lower(), doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        Files.drop(self, db_name, doc_id.lower())


without_booleans = each(of(bool, int))


@breaks(PROCESSES, "types_are_kept_by_the_process", "DUR-2", **IN_A_FOLDER)
class TypesInProcess(Files):
    """The file has 1 for true, and only the process that wrote it knows."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.mine[db_name, doc_id] = doc
        super().put(db_name, doc_id, without_booleans(doc))

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        found = super().stored(db_name, doc_id)
        mine = self.mine.get((db_name, doc_id))
        return mine if found is not None and found == without_booleans(mine) else found


@breaks(PROCESSES, "in_memory_and_says_it_persists", "DUR-2", **in_a_folder(persistent=True))
class SaysItPersists(InModule):
    """It is a dict of the process, though its target says that it is persistent."""


@breaks(PROCESSES, "folder_of_the_process", "DUR-2", **in_a_folder(persistent=True))
class OfTheProcess(Files):
    """The folder is named by the number of the process."""

    def place(self, given: Path) -> Path:
        return given / str(os.getpid())


@breaks(PROCESSES, "persists_and_says_it_does_not", "DUR-2", **in_a_folder(persistent=False))
class SaysItForgets(Files):
    """Its target says that it is not persistent, and it is."""


@breaks(PROCESSES, "cache_of_the_process", "DUR-2", **IN_A_FOLDER)
class CachedInModule(Cached):
    """All instances of the process read from memory what was read once."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.memo = of_the_process(type(self), endpoint)


@breaks(PROCESSES, "deleted_in_the_process", "DUR-2", **IN_A_FOLDER)
class DeletedInModule(DeletesForOneself):
    """A delete is recorded in the memory of the process."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)
