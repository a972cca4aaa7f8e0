"""Files that are complete or absent: written under another name, flushed, then renamed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from gofannon_backends.transfer.errors import NotAsAskedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNFINISHED: Final = ".part"
_OWNER_ONLY: Final = 0o600


@contextmanager
def written(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing; it appears under its name when the block ends without an error.

    An existing file is replaced. After an error the new file is removed, which frees its space.
    """
    unfinished = file.with_name(file.name + _UNFINISHED)
    try:
        with open(unfinished, "wb", opener=_private) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _flush_names(file.parent)


def must_exist(path: Path) -> None:
    """Raise `NotAsAskedError` if there is neither a folder nor a file."""
    if not path.exists():
        raise NotAsAskedError(f"{path} does not exist: there is no such folder or file")


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, with its parents; keep an existing one."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise NotAsAskedError(f"{folder} is a file, and a folder is needed") from None
    except OSError as error:
        raise NotAsAskedError(f"the folder {folder} cannot be created: {error.strerror}") from None


@contextmanager
def disk_errors_reported() -> Iterator[None]:
    """Turn an error of the file system or of SQLite into a `StoppedError` that names the cause."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoppedError(f"the disk failed: the state of the run: {error}") from None
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        raise StoppedError(
            f"the disk failed:{where} {error.strerror or type(error).__name__}"
        ) from None


def _flush_names(folder: Path) -> None:
    """Make the names in a folder as durable as the content of the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)
