"""Services whose documents, or what they know of them, end with the process: DUR-2."""

import atexit
import json
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

    def stored(self, db_name: str, doc_id: str) -> Document | None:
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


@row("types_are_kept_by_the_process", "DUR-2")
class TypesInProcess(Files):
    """The file has 1 for true, and only the process that wrote it knows."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine = of_the_process(type(self), endpoint)

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        self.mine[db_name, doc_id] = doc
        super().put(db_name, doc_id, without_booleans(doc))

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        found = super().stored(db_name, doc_id)
        mine = self.mine.get((db_name, doc_id))
        return mine if found is not None and found == without_booleans(mine) else found


def without_booleans(value: Any) -> Any:
    """Put numbers in the place of booleans."""
    if isinstance(value, dict):
        return {name: without_booleans(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_booleans(item) for item in value]
    return int(value) if isinstance(value, bool) else value


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


BIG = 512
"""Characters of JSON."""


@row("big_documents_stay_in_the_process", "DUR-2")
class BigInModule(Files):
    """What is big is kept in the memory of the process, and its file is of an empty one."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.big = of_the_process(type(self), endpoint)

    def everything(self) -> dict[tuple[str, str], Document]:
        return {key: doc or self.big.get(key, doc) for key, doc in super().everything().items()}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        found = super().stored(db_name, doc_id)
        return self.big.get((db_name, doc_id), found) if found == {} else found

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        self.big.pop((db_name, doc_id), None)
        if len(json.dumps(doc)) > BIG:
            self.big[db_name, doc_id] = doc
            doc = {}
        super().put(db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        self.big.pop((db_name, doc_id), None)


@row("ids_in_lower_case_for_later_processes", "DUR-2")
class FoldsIds(InModule):
    """What a process has saved is written with its id in lower case, for processes to come."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        if not self.mine:
            self.mine.update(self.everything())

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        Files.put(self, db_name, doc_id.lower(), doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        Files.drop(self, db_name, doc_id.lower())
