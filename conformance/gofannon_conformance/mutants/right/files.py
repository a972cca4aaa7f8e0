"""A right service with a file for each document, and its folder for a run."""

import contextlib
import hashlib
import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.memory import OWN, DatabaseService, keys_are_text
from gofannon_conformance.servers.endpoint import LOCAL_PROGRAM, Endpoint


def folder() -> Iterator[Endpoint]:
    """Yield an empty folder that exists during a run, in the place of a server."""
    with tempfile.TemporaryDirectory(prefix="gofannon-conformance-") as path:
        yield Endpoint(product="a folder", version="", source=LOCAL_PROGRAM, url=path, durable=True)


class FilePerDocument(DatabaseService):
    """Stores each document in a file that is named by hashes. It has no revisions.

    A file is written next to its place and then moved, so that no reader sees half of it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.root = Path(endpoint.url)

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        return {json.loads(name.read_text()) for name in self.root.glob("*/name")}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            text = self._place(db_name, doc_id).read_text()
        except FileNotFoundError:
            raise missing(db_name, doc_id) from None
        return shown(*json.loads(text))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        place = self._place(db_name, doc_id)
        text = json.dumps([doc_id, json.dumps(storable(doc))])
        if not place.parent.exists():
            place.parent.mkdir(exist_ok=True)
            _put(place.parent / "name", json.dumps(db_name))
        _put(place, text)
        return {"id": doc_id, "rev": uuid.uuid4().hex}

    def delete(self, db_name: str, doc_id: str) -> None:
        try:
            self._place(db_name, doc_id).unlink()
        except FileNotFoundError:
            raise missing(db_name, doc_id) from None

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        texts = []
        for place in list((self.root / _hashed(db_name)).glob("*.json")):
            with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
                texts.append(place.read_text())
        return [shown(*json.loads(text)) for text in texts]

    def _place(self, db_name: str, doc_id: str) -> Path:
        check_id(doc_id)
        return self.root / _hashed(db_name) / f"{_hashed(doc_id)}.json"


def check_id(doc_id: Any) -> None:
    """Refuse what is not an id."""
    if not isinstance(doc_id, str) or not doc_id:
        raise HTTPException(400, f"an id is a text that is not empty, not {doc_id!r}")


def storable(doc: Any) -> dict[str, Any]:
    """Return the fields of a document that are its caller's, or refuse it."""
    if not isinstance(doc, dict):
        raise HTTPException(422, f"a document is a dict, not a {type(doc).__name__}")
    own = {name: value for name, value in doc.items() if name not in OWN}
    try:
        json.dumps(own, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise HTTPException(422, f"JSON cannot hold the document: {error}") from error
    if not keys_are_text(own):
        raise HTTPException(422, "JSON cannot hold a field name that is not text")
    return own


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _put(place: Path, text: str) -> None:
    new = place.with_name(f"{uuid.uuid4().hex}.new")
    new.write_text(text)
    new.replace(place)


def missing(db_name: str, doc_id: str) -> HTTPException:
    """Return the exception for a missing document."""
    return HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")


def shown(doc_id: str, text: str, rev: str | None = None) -> dict[str, Any]:
    """Return a stored document as a caller sees it."""
    return {**json.loads(text), "_id": doc_id, **({} if rev is None else {"_rev": rev})}
