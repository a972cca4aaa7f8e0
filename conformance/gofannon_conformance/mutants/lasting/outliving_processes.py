"""Services whose documents, or what they know of them, end with the process: DUR-2."""

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gofannon_conformance.mutants.lasting.base import Buffered, Document, Files, in_a_folder
from gofannon_conformance.mutants.lasting.telling_others import Cached, DeletesForOneself
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

OUTLIVING_PROCESSES: list[Mutant] = []


def row(name: str, *clauses: str, **claims: Any) -> Callable[[T], T]:
    """Enter a service that is given a folder."""
    return breaks(OUTLIVING_PROCESSES, name, *clauses, **{**in_a_folder(), **claims})


_KEPT: dict[tuple[type, str], dict[Any, Any]] = {}


def of_the_process(kind: type, endpoint: Endpoint) -> dict[Any, Any]:
    """Give a dict that the instances of a class have in common, for as long as the process is."""
    return _KEPT.setdefault((kind, endpoint.url), {})


class InModule(Buffered):
    """All instances of a process share a dict."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)

    def find(self, db_name: str, doc_id: str) -> Document | None:
        return self.mine.get((db_name, doc_id))

    def all_in(self, db_name: str) -> dict[str, Document]:
        mine = {i: doc for (c, i), doc in list(self.mine.items()) if c == db_name}
        return {doc_id: doc for doc_id, doc in mine.items() if doc is not None}


@row("written_at_the_end_of_the_process", "DUR-2")
class WrittenAtExit(InModule):
    """What a process has saved is written when it ends."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        if not self.mine:
            self.mine.update(self.everything())
        atexit.register(self.end)

    def end(self) -> None:
        if self.folder.is_dir():
            self.flush()


@row("in_memory_and_says_it_persists", "DUR-2", **in_a_folder(persistent=True))
class SaysItPersists(InModule):
    """It is a dict of the process, though its target says that it is persistent."""


@row("folder_of_the_process", "DUR-2", **in_a_folder(persistent=True))
class OfTheProcess(Files):
    """The folder bears the number of the process."""

    def place(self, given: Path) -> Path:
        return given / str(os.getpid())


@row("persists_and_says_it_does_not", "DUR-2", **in_a_folder(persistent=False))
class SaysItForgets(Files):
    """Its target says that it is not persistent, and it is."""


@row("cache_of_the_process", "DUR-2")
class CachedInModule(Cached):
    """What was read once is read from memory by all instances of the process."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.cache = of_the_process(type(self), endpoint)


@row("deleted_in_the_process", "DUR-2")
class DeletedInModule(DeletesForOneself):
    """What is deleted is marked in the memory of the process."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)
