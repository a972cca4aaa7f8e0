"""The arguments SOURCE and TARGET: a provider, an address, or a path."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.errors import NotAsAskedError

if TYPE_CHECKING:
    from gofannon_backends.base import DatabaseService
    from gofannon_backends.settings import Settings

_ADDRESSES: Final = {
    "http": ("couchdb", "COUCHDB_URL"),
    "https": ("couchdb", "COUCHDB_URL"),
    "postgres": ("postgresql", "POSTGRES_URL"),
    "postgresql": ("postgresql", "POSTGRES_URL"),
}
"""The provider for the scheme of an address, and the setting that holds the address."""


def is_path(place: str) -> bool:
    """Return whether it is a path: it has a separator, begins with a dot, or exists."""
    if "://" in place or place.partition("@")[0].lower() in _providers():
        return False
    return os.sep in place or place.startswith(".") or Path(place).exists()


def opened(place: str | None) -> DatabaseService:
    """Open the named service; without a name, the one in the settings.

    `PROVIDER` has its settings in the environment and `.env`; with `PROVIDER@FILE` those of the
    file come first. An address is a CouchDB (http, https) or a PostgreSQL (postgresql). Raises
    `NotAsAskedError` if anything is wrong.
    """
    from gofannon_backends.factory import open_database_service
    from gofannon_backends.settings import Settings

    try:
        settings = Settings(**({} if place is None else _given(place, Settings)))
        if settings.DATABASE_PROVIDER.strip().lower() in {"", "memory"}:
            raise NotAsAskedError(
                "the memory backend of this process is empty and is not kept: name a provider, or "
                "set DATABASE_PROVIDER"
            )
        return open_database_service(settings)
    except (ValueError, ImportError) as error:
        raise NotAsAskedError(str(error)) from None


def _given(place: str, settings: type[Settings]) -> dict[str, str]:
    """Return the settings in an argument, which come before those of the environment."""
    scheme, address, _ = place.partition("://")
    if address:
        if scheme.lower() not in _ADDRESSES:
            raise NotAsAskedError(
                f"addresses begin with {', '.join(f'{known}://' for known in _ADDRESSES)}, "
                f"not with {scheme}://"
            )
        provider, setting = _ADDRESSES[scheme.lower()]
        return {"DATABASE_PROVIDER": provider, setting: place}
    provider, at, file = place.partition("@")
    if provider.lower() not in _providers():
        raise NotAsAskedError(
            f"{place!r} is neither a provider ({', '.join(_providers())}), nor an address, nor "
            f"an existing path (write a new folder as ./{place})"
        )
    given = _of_file(Path(file), settings) if at else {}
    return {**given, "DATABASE_PROVIDER": provider}


def _of_file(file: Path, settings: type[Settings]) -> dict[str, str]:
    """Return the settings in a file. As `_env_file` they would come after the environment."""
    from dotenv import dotenv_values

    if not file.is_file():
        raise NotAsAskedError(f"there is no file of settings {str(file)!r}")
    found = dotenv_values(file, encoding="utf-8").items()
    return {name: value for name, value in found if value and name in settings.model_fields}


def _providers() -> list[str]:
    from gofannon_backends.factory import GROUP

    return sorted({point.name.lower() for point in entry_points(group=GROUP)})
