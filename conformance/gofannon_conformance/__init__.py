"""A conformance test kit for Gofannon's `DatabaseService` interface.

Authors of backends need only the names in this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gofannon_conformance.service.connect import connect, wait_for
    from gofannon_conformance.suite import DatabaseServiceContract
    from gofannon_conformance.target import Capabilities, ExpectedFailure, Target

__all__ = [
    "Capabilities",
    "DatabaseServiceContract",
    "ExpectedFailure",
    "Target",
    "connect",
    "wait_for",
]

_HOMES = {
    "Capabilities": "target",
    "DatabaseServiceContract": "suite",
    "ExpectedFailure": "target",
    "Target": "target",
    "connect": "service.connect",
    "wait_for": "service.connect",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: every pytest run imports this module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
