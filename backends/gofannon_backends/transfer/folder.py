"""A folder of exported collections: a file of JSON Lines for each, and the manifest, written last.

A folder without a manifest is an export that did not end; nothing reads it as data.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import durable
from gofannon_backends.transfer.failures import NotAsAskedError
from gofannon_backends.transfer.passing import (
    CHECKSUM_BYTES,
    STORE_FIELDS,
    Document,
    UnfitError,
    key_of,
    parsed,
)
from gofannon_backends.transfer.sorted_runs import SortedRuns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from gofannon_backends.transfer.progress import Progress

FORMAT: Final = "gofannon-export"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"

LINE_BYTES: Final = 256 * 1024 * 1024
"""No document of any store comes near it: a longer line is a file that is no export's."""

_PLAIN_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LINE_NUMBER_BYTES: Final = 8
CONTENT_BYTES: Final = 2 * CHECKSUM_BYTES
"""The part of a fingerprint that says which document it is and what is in it."""

FINGERPRINT_BYTES: Final = CONTENT_BYTES + _LINE_NUMBER_BYTES


class DuplicateError(NotAsAskedError):
    """A collection has a document twice."""

    def __init__(self, doc_id: str, where: str) -> None:
        super().__init__(f"document {doc_id!r} is there twice: {where}")
        self.doc_id = doc_id


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one collection: its file, and how that file is known to be whole.

    `failed` is how many documents the source gave that could not be taken along.
    """

    file: str
    documents: int
    bytes: int
    sha256: str
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a folder, of which source it is, and when it was read."""

    source: str
    started: str
    finished: str
    collections: dict[str, Entry]

    @property
    def failed(self) -> int:
        """How many documents of the source are not in the folder."""
        return sum(entry.failed for entry in self.collections.values())

    def write(self, folder: Path) -> None:
        """Write it into the folder: with it the folder counts as an export."""
        content: dict[str, Any] = {"format": FORMAT, "version": VERSION, **asdict(self)}
        durable.write_json(folder / MANIFEST, {**content, "sha256": _sealed(content)})


def read_manifest(folder: Path) -> Manifest:
    """Return the folder's manifest; `NotAsAskedError` says why it is no export that can be used."""
    if not folder.is_dir():
        raise NotAsAskedError(f"there is no folder {folder}")
    if not (folder / MANIFEST).exists():
        raise NotAsAskedError(
            f"{folder} has no {MANIFEST}: it is no export, or one that did not end and is not whole"
        )
    content = durable.read_json(folder / MANIFEST)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NotAsAskedError(f"{folder / MANIFEST} is not the manifest of a {FORMAT}")
    if content.get("version") != VERSION:
        raise NotAsAskedError(
            f"{folder} is written in version {content.get('version')!r} of the format, and this "
            f"program reads version {VERSION}"
        )
    if content.pop("sha256", None) != _sealed(content):
        raise NotAsAskedError(f"{folder / MANIFEST} is damaged: its own checksum does not fit it")
    try:
        return Manifest(
            str(content["source"]),
            str(content["started"]),
            str(content["finished"]),
            {str(name): _entry(entry) for name, entry in content["collections"].items()},
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotAsAskedError(
            f"{folder / MANIFEST} is damaged: it lacks what it should say"
        ) from None


def file_name(collection: str) -> str:
    """Return the name of a collection's file, which every file system can hold.

    >>> file_name("agents"), file_name("../Users")
    ('agents.jsonl', '----sers-fab4774c4d49.jsonl')
    """
    if _PLAIN_NAME.fullmatch(collection):
        return f"{collection}.jsonl"
    # Two names that a file system takes for one, `Users` and `users`, have two checksums.
    plain = re.sub(r"[^a-z0-9_-]", "-", collection)[:40]
    return f"{plain}-{key_of(collection).hex()[:12]}.jsonl"


def check(folder: Path, collection: str, entry: Entry) -> None:
    """Compare a file with what the manifest says of it; `NotAsAskedError` if it is another."""
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
            f"{file} is damaged: it has {size:,} bytes, and {entry.bytes:,} were written"
        )
    if found != entry.sha256:
        raise NotAsAskedError(f"{file} is damaged: its content does not have the checksum it had")


def documents_of(
    folder: Path, collection: str, entry: Entry, leave_behind: AbstractSet[str] = STORE_FIELDS
) -> Iterator[tuple[int, Document]]:
    """Give the documents of a file with their line's number, from 0; a bad line is an error."""
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


def fingerprints(
    folder: Path,
    collection: str,
    entry: Entry,
    leave_behind: AbstractSet[str] = STORE_FIELDS,
    *,
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> SortedRuns:
    """Read a whole file; return the fingerprints of its documents, for the caller to close.

    Raises `NotAsAskedError` if its count is not the manifest's, `DuplicateError` if an id is in it
    twice.
    """
    runs = SortedRuns(FINGERPRINT_BYTES, scratch)
    try:
        count = 0
        for number, document in documents_of(folder, collection, entry, leave_behind):
            runs.add(fingerprint(document.doc_id, document.checksum(), number))
            count += 1
            if progress is not None:
                progress.advance()
        if count != entry.documents:
            raise NotAsAskedError(
                f"{folder / entry.file} has {count:,} documents, and its manifest says "
                f"{entry.documents:,}"
            )
        lines = _duplicate(runs)
        if lines is not None:
            found = documents_of(folder, collection, entry, leave_behind)
            doc_id = next(document.doc_id for number, document in found if number == lines[0])
            where = f"{folder / entry.file}, lines {lines[0] + 1} and {lines[1] + 1}"
            raise DuplicateError(doc_id, where)
    except BaseException:
        runs.close()
        raise
    return runs


def fingerprint(doc_id: str, checksum: bytes, line: int = 0) -> bytes:
    """Return a record of which document it is, what is in it, and on which line it stands."""
    return key_of(doc_id) + checksum + line.to_bytes(_LINE_NUMBER_BYTES)


def line_of(record: bytes) -> int:
    """Return the line that a fingerprint names."""
    return int.from_bytes(record[CONTENT_BYTES:])


def _duplicate(runs: SortedRuns) -> tuple[int, int] | None:
    """Return the lines of two documents of one id, if there are any."""
    before, line_before = b"", 0
    for record in runs:
        key, line = record[:CHECKSUM_BYTES], line_of(record)
        if key == before:
            return min(line_before, line), max(line_before, line)
        before, line_before = key, line
    return None


def _entry(content: dict[str, Any]) -> Entry:
    entry = Entry(**content)
    # A manifest may come from anywhere: it must not lead out of its folder.
    fit = (
        type(entry.file) is str
        and entry.file not in {"", ".", ".."}
        and not re.search(r"[/\\\x00]", entry.file)
        and all(type(n) is int and n >= 0 for n in (entry.documents, entry.bytes, entry.failed))
        and _SHA256.fullmatch(entry.sha256)
    )
    if not fit:
        raise ValueError("not an entry")
    return entry


def _sealed(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
