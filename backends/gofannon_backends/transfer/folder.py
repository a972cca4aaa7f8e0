"""A folder of exported collections: a file of JSON Lines for each, and a manifest written last.

A folder without a manifest is an unfinished export; nothing reads it as data.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import files
from gofannon_backends.transfer.document import (
    STORE_FIELDS,
    Document,
    UnfitError,
    key_of,
    parsed,
)
from gofannon_backends.transfer.errors import NotAsAskedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path


FORMAT: Final = "gofannon-export"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"

LINE_BYTES: Final = 256 * 1024 * 1024
"""Far more than a document of any store: a file with a longer line is not an export."""

_PLAIN_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One collection in the manifest: its file, with size and checksum.

    `failed` is the number of documents of the source that could not be exported.
    """

    file: str
    documents: int
    bytes: int
    sha256: str
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a folder, its source, and when the source was read."""

    source: str
    started: str
    finished: str
    collections: dict[str, Entry]

    @property
    def failed(self) -> int:
        """The number of documents of the source that are not in the folder."""
        return sum(entry.failed for entry in self.collections.values())

    def write(self, folder: Path) -> None:
        """Write the manifest, which makes the folder an export."""
        content: dict[str, Any] = {"format": FORMAT, "version": VERSION, **asdict(self)}
        files.write_json(folder / MANIFEST, {**content, "sha256": _sealed(content)})


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest; raise `NotAsAskedError` if the folder is not a usable export."""
    if not folder.is_dir():
        raise NotAsAskedError(f"there is no folder {folder}")
    if not (folder / MANIFEST).exists():
        raise NotAsAskedError(
            f"{folder} has no {MANIFEST}: it is not an export, or an unfinished one"
        )
    content = files.read_json(folder / MANIFEST)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NotAsAskedError(f"{folder / MANIFEST} is not the manifest of a {FORMAT}")
    if content.get("version") != VERSION:
        raise NotAsAskedError(
            f"{folder} has version {content.get('version')!r} of the format; this program reads "
            f"version {VERSION}"
        )
    if content.pop("sha256", None) != _sealed(content):
        raise NotAsAskedError(f"{folder / MANIFEST} is damaged: its checksum is wrong")
    try:
        return Manifest(
            str(content["source"]),
            str(content["started"]),
            str(content["finished"]),
            {str(name): _entry(entry) for name, entry in content["collections"].items()},
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotAsAskedError(
            f"{folder / MANIFEST} is damaged: an entry is missing or wrong"
        ) from None


def file_name(collection: str) -> str:
    """Return the name of a collection's file, which is valid on every file system.

    >>> file_name("agents"), file_name("../Users")
    ('agents.jsonl', '----sers-fab4774c4d49.jsonl')
    """
    if _PLAIN_NAME.fullmatch(collection):
        return f"{collection}.jsonl"
    # The checksum keeps `Users` and `users` apart where a file system does not.
    plain = re.sub(r"[^a-z0-9_-]", "-", collection)[:40]
    return f"{plain}-{key_of(collection).hex()[:12]}.jsonl"


def check(folder: Path, collection: str, entry: Entry) -> None:
    """Compare a file with its manifest entry; raise `NotAsAskedError` if it differs."""
    file = folder / entry.file
    try:
        size = file.stat().st_size
        found = "" if size != entry.bytes else _sha256_of(file)
    except OSError as error:
        raise NotAsAskedError(
            f"the file of collection {collection!r} cannot be read: {file}: {error.strerror}"
        ) from None
    if size != entry.bytes:
        raise NotAsAskedError(
            f"{file} is damaged: it has {size:,} bytes, but {entry.bytes:,} were written"
        )
    if found != entry.sha256:
        raise NotAsAskedError(f"{file} is damaged: its content has a different checksum")


def documents_of(
    folder: Path, collection: str, entry: Entry, leave_behind: AbstractSet[str] = STORE_FIELDS
) -> Iterator[tuple[int, Document]]:
    """Yield the documents of a file with their line from 0; raise an error for a bad line."""
    file = folder / entry.file
    try:
        with file.open("rb") as lines:
            number = 0
            while line := lines.readline(LINE_BYTES):
                try:
                    yield number, parsed(collection, line, leave_behind)
                except UnfitError as unfit:
                    which = f" (document {unfit.doc_id!r})" if unfit.doc_id else ""
                    raise NotAsAskedError(
                        f"{file}, line {number + 1}{which}: {unfit.reason}"
                    ) from None
                number += 1
    except OSError as error:
        raise NotAsAskedError(f"{file} cannot be read: {error.strerror}") from None


def _entry(content: dict[str, Any]) -> Entry:
    entry = Entry(**content)
    # The manifest may come from a stranger: its files must be inside the folder.
    fit = (
        type(entry.file) is str
        and entry.file not in {"", ".", ".."}
        and not re.search(r"[/\\\x00]", entry.file)
        and all(type(n) is int and n >= 0 for n in (entry.documents, entry.bytes, entry.failed))
        and _SHA256.fullmatch(entry.sha256)
    )
    if not fit:
        raise ValueError("an entry is wrong")
    return entry


def _sealed(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
