"""A conformance test kit for Gofannon's `DatabaseService` interface.

What an author of a backend needs is here; everything else is found by the parts' own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gofannon_conformance.opening import connect
    from gofannon_conformance.suite import DatabaseServiceContract
    from gofannon_conformance.target import Capabilities, ExpectedFailure, Target

__all__ = ["Capabilities", "DatabaseServiceContract", "ExpectedFailure", "Target", "connect"]

_HOMES = {
    "Capabilities": "target",
    "DatabaseServiceContract": "suite",
    "ExpectedFailure": "target",
    "Target": "target",
    "connect": "opening",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: the plugin is in everybody's pytest run."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
