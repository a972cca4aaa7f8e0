"""A folder of exported collections: a file of JSON Lines for each, and a manifest written last.

A folder without a manifest is an unfinished export; nothing reads it as data.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, Field, NonNegativeInt

from gofannon_backends.transfer import files
from gofannon_backends.transfer.document import UnfitError, parsed
from gofannon_backends.transfer.errors import NotAsAskedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path
    from typing import Self

    from gofannon_backends.transfer.document import Document

MANIFEST: Final = "manifest.json"
_FORMAT: Final = "gofannon-export"
_VERSION: Final = 1

LINE_BYTES: Final = 256 * 1024 * 1024
"""Far more than a document of any store: a file with a longer line is not an export."""

_PLAIN_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")


class Entry(BaseModel, frozen=True, strict=True, extra="forbid"):
    """One collection in the manifest: its file, with size and checksum.

    `failed` is the number of documents of the source that could not be exported.
    """

    # The manifest may come from a stranger: its files must be inside the folder.
    file: Annotated[str, Field(pattern=r"^[^/\\\x00]+\.jsonl$")]
    documents: NonNegativeInt
    bytes: NonNegativeInt
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    failed: NonNegativeInt = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """A folder of exported collections, its source, and when the source was read."""

    folder: Path
    source: str
    started: str
    finished: str
    collections: dict[str, Entry]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest; raise `NotAsAskedError` if the folder is not a usable export."""
        file = folder / MANIFEST
        if not file.exists():
            raise NotAsAskedError(
                f"{folder} has no {MANIFEST}: it is not an export, or an unfinished one"
            )
        try:
            content = json.loads(file.read_bytes())
        except OSError as error:
            raise NotAsAskedError(f"{file} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise NotAsAskedError(f"{file} is damaged: it is not JSON") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise NotAsAskedError(f"{file} is not the manifest of a {_FORMAT}")
        if content.get("version") != _VERSION:
            raise NotAsAskedError(
                f"{folder} has version {content.get('version')!r} of the format; this program "
                f"reads version {_VERSION}"
            )
        if content.pop("sha256", None) != _sealed(content):
            raise NotAsAskedError(f"{file} is damaged: its checksum is wrong")
        try:
            return cls(
                folder,
                str(content["source"]),
                str(content["started"]),
                str(content["finished"]),
                {name: Entry(**entry) for name, entry in content["collections"].items()},
            )
        except (LookupError, TypeError, ValueError, AttributeError):
            raise NotAsAskedError(f"{file} is damaged: an entry is missing or wrong") from None

    def write_manifest(self) -> None:
        """Write the manifest, which makes the folder an export."""
        content: dict[str, Any] = {
            "format": _FORMAT,
            "version": _VERSION,
            "source": self.source,
            "started": self.started,
            "finished": self.finished,
            "collections": {name: dict(entry) for name, entry in self.collections.items()},
        }
        with files.written(self.folder / MANIFEST) as stream:
            sealed = {**content, "sha256": _sealed(content)}
            stream.write(json.dumps(sealed, indent=2).encode() + b"\n")

    def check(self, collection: str) -> None:
        """Compare a file with its entry; raise `NotAsAskedError` if it differs."""
        entry = self.collections[collection]
        file = self.folder / entry.file
        try:
            size = file.stat().st_size
            if size != entry.bytes:
                raise NotAsAskedError(
                    f"{file} is damaged: it has {size:,} bytes, but {entry.bytes:,} were written"
                )
            with file.open("rb") as stream:
                content = file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise NotAsAskedError(
                f"the file of collection {collection!r} cannot be read: {file}: {error.strerror}"
            ) from None
        if content != entry.sha256:
            raise NotAsAskedError(f"{file} is damaged: its content has a different checksum")

    def documents(self, collection: str, leave_behind: AbstractSet[str]) -> Iterator[Document]:
        """Yield the documents of a collection; raise `NotAsAskedError` for a bad line."""
        file = self.folder / self.collections[collection].file
        number = 0
        try:
            with file.open("rb") as lines:
                while line := lines.readline(LINE_BYTES):
                    number += 1
                    yield parsed(collection, line, leave_behind)
        except OSError as error:
            raise NotAsAskedError(f"{file} cannot be read: {error.strerror}") from None
        except UnfitError as unfit:
            which = f" (document {unfit.doc_id!r})" if unfit.doc_id else ""
            raise NotAsAskedError(f"{file}, line {number}{which}: {unfit.reason}") from None

    @property
    def failed(self) -> int:
        """The number of documents of the source that are not in the folder."""
        return sum(entry.failed for entry in self.collections.values())

    @property
    def problem_files(self) -> list[Path]:
        """The files with the documents that could not be exported."""
        entries = self.collections.values()
        return [self.folder / problems_file(entry.file) for entry in entries if entry.failed]


def file_name(collection: str) -> str:
    """Return the name of a collection's file, which is valid on every file system.

    >>> file_name("agents"), file_name("../Users")
    ('agents.jsonl', '----sers-fab4774c4d49.jsonl')
    """
    if _PLAIN_NAME.fullmatch(collection):
        return f"{collection}.jsonl"
    # The checksum keeps `Users` and `users` apart where a file system does not.
    plain = re.sub(r"[^a-z0-9_-]", "-", collection)[:40]
    return f"{plain}-{sha256(json.dumps(collection).encode()).hexdigest()[:12]}.jsonl"


def problems_file(name: str) -> str:
    """Return the name of the file with the documents that a collection's file lacks."""
    return f"{name.removesuffix('.jsonl')}.problems.jsonl"


def _sealed(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
