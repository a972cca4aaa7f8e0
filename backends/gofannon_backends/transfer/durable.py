"""Files that are whole or not there: written beside, flushed to the disk, then renamed."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

from gofannon_backends.transfer.failures import NotAsAskedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNFINISHED: Final = ".part"
"""What the name of a file that is being written ends with."""

_OWNER_ONLY: Final = 0o600


@contextmanager
def written(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that appears under its name when the block ends without an error.

    What stood there is replaced. After an error nothing is left of the new one, so that a disk
    that was full is as full as before.
    """
    unfinished = file.with_name(file.name + UNFINISHED)
    try:
        with open(unfinished, "wb", opener=_private) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    flush_names(file.parent)


def write_json(file: Path, value: object) -> None:
    """Write a value as indented JSON."""
    with written(file) as stream:
        stream.write(json.dumps(value, indent=2, allow_nan=False).encode() + b"\n")


def read_json(file: Path) -> Any:
    """Return the value in a file; `NotAsAskedError` if it cannot be read or is no JSON."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise NotAsAskedError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise NotAsAskedError(f"{file} is damaged: it is not JSON") from None


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can read, and those above it; one that is there is kept."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise NotAsAskedError(f"{folder} is a file, and a folder is needed") from None
    except OSError as error:
        raise NotAsAskedError(f"the folder {folder} cannot be made: {error.strerror}") from None


def flush_names(folder: Path) -> None:
    """Make the names in a folder as durable as the files' content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors_reported() -> Iterator[None]:
    """Turn what the file system refuses into a `StoppedError` that names the file and the cause."""
    try:
        yield
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        raise StoppedError(
            f"the disk failed:{where} {error.strerror or type(error).__name__}"
        ) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)
