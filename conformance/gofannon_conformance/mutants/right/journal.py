"""A right service that keeps one text file to which each change adds a line of JSON."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.files import check_id, storable
from gofannon_conformance.mutants.right.memory import DatabaseService
from gofannon_conformance.servers.endpoint import Endpoint


class Journal(DatabaseService):
    """What holds is what the lines of the file come to; each call first reads the new ones.

    The file is locked meanwhile, so that any number of instances and processes share it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._path = Path(endpoint.url) / "journal"
        self._path.touch()
        self._read = 0
        self._lines = 0
        self._documents: dict[str, dict[str, tuple[str, str]]] = {}
        self._lock = threading.Lock()

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        with self._caught_up():
            return set(self._documents)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        check_id(doc_id)
        with self._caught_up():
            return _shown(doc_id, *self._found(db_name, doc_id))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        check_id(doc_id)
        text = json.dumps(storable(doc))
        with self._caught_up() as file:
            return {"id": doc_id, "rev": self._add(file, db_name, doc_id, text)}

    def delete(self, db_name: str, doc_id: str) -> None:
        check_id(doc_id)
        with self._caught_up() as file:
            self._found(db_name, doc_id)
            self._add(file, db_name, doc_id, None)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self._caught_up():
            here = self._documents.get(db_name, {})
            return [_shown(doc_id, *kept) for doc_id, kept in here.items()]

    def _found(self, db_name: str, doc_id: str) -> tuple[str, str]:
        kept = self._documents.get(db_name, {}).get(doc_id)
        if kept is None:
            raise HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")
        return kept

    @contextmanager
    def _caught_up(self) -> Iterator[IO[str]]:
        import fcntl  # there is none on Windows

        with self._lock, self._path.open("r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(self._read)
            for line in file.read().splitlines():
                self._apply(*json.loads(line))
            self._read = file.tell()
            yield file

    def _add(self, file: IO[str], db_name: str, doc_id: str, text: str | None) -> str:
        file.write(json.dumps([db_name, doc_id, text]) + "\n")
        file.flush()
        self._read = file.tell()
        return self._apply(db_name, doc_id, text)

    def _apply(self, db_name: str, doc_id: str, text: str | None) -> str:
        self._lines += 1
        rev = f"line {self._lines}"
        here = self._documents.setdefault(db_name, {})
        if text is None:
            del here[doc_id]
        else:
            here[doc_id] = (text, rev)
        return rev


def _shown(doc_id: str, text: str, rev: str) -> dict[str, Any]:
    return {**json.loads(text), "_id": doc_id, "_rev": rev}
