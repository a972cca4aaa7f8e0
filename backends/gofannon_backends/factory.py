"""The application's one database service, made from the settings at its first use.

The providers are the entry points of the group `gofannon_backends.providers`: a new provider needs
no change here.
"""

import logging
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from threading import Lock
from typing import NamedTuple

from gofannon_backends.base import DatabaseService
from gofannon_backends.settings import Settings

GROUP = "gofannon_backends.providers"
"""The entry points that make a service from `Settings`, each under its provider's name."""

Provider = Callable[[Settings], DatabaseService]

_log = logging.getLogger(__name__)


class _Application(NamedTuple):
    service: DatabaseService
    settings: Settings


_application: _Application | None = None
_lock = Lock()


def get_database_service(settings: Settings | None = None) -> DatabaseService:
    """Return the application's service; the first call makes it, by default from `Settings()`.

    One service is made, also if many threads call at the same time. Later calls return it. Other
    settings than those of the first call are a `ValueError`: code that asks for a second store must
    not get the first one. `open_database_service` opens a second store.
    """
    global _application  # noqa: PLW0603 - one for the whole process
    with _lock:
        if _application is None:
            chosen = Settings() if settings is None else settings
            _application = _Application(open_database_service(chosen), chosen)
        elif settings is not None and settings != _application.settings:
            raise ValueError(_different(_application.settings, settings))
        return _application.service


def reset_database_service() -> None:
    """Close the application's service, if there is one; the next call makes another.

    For the end of the application, and for tests.
    """
    global _application
    with _lock:
        application, _application = _application, None
    if application is not None:
        application.service.close()


def open_database_service(settings: Settings) -> DatabaseService:
    """Open another service, which the caller closes.

    A missing or wrong setting, or an unknown provider, is a `ValueError` that says what to set. A
    provider without its library is an `ImportError` that says what to install.
    """
    point = _entry_point(settings.DATABASE_PROVIDER.strip() or "memory")
    provider: Provider = point.load()
    service = provider(settings)
    _log.info("the database is %s: %s", point.name, type(service).__name__)
    if settings.DATABASE_TELEMETRY:
        from gofannon_backends.observability import observed

        return observed(service)
    return service


def _entry_point(name: str) -> EntryPoint:
    installed = entry_points(group=GROUP)
    found = {point for point in installed if point.name.lower() == name.lower()}
    if not found:
        names = sorted({point.name for point in installed})
        nearest = get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {nearest[0]}? " if nearest else ""
        raise ValueError(
            f"DATABASE_PROVIDER is {name!r}, which is not a provider: {hint}"
            f"The installed providers are {', '.join(names)}"
        )
    if len({point.value for point in found}) > 1:
        sources = " and ".join(sorted(point.value for point in found))
        raise ValueError(f"DATABASE_PROVIDER is {name!r}, but two providers have it: {sources}")
    return found.pop()


def _different(present: Settings, wanted: Settings) -> str:
    names = [
        name
        for name in type(present).model_fields
        if getattr(present, name) != getattr(wanted, name, None)
    ]
    return (
        f"the application's database service has other settings (different: {', '.join(names)}): "
        "call reset_database_service() first, or open_database_service(settings) for a second one"
    )
