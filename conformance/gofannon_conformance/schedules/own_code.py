"""The source files that are a backend's own code: only there races are searched."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections import deque
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from types import FunctionType, MemberDescriptorType, MethodType
from typing import TYPE_CHECKING

from gofannon_conformance.target.target import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType


class OwnCode:
    """The source files of a backend; false if there are none (a remote service)."""

    def __init__(self, files: Iterable[str], folders: Iterable[str] = ()) -> None:
        self.files = frozenset(files)
        self.folders = frozenset(folders)
        self._known: dict[str, bool] = {}

    def __contains__(self, code: CodeType) -> bool:
        # By name: the hash of a code object is computed from its contents each time.
        name = code.co_filename
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._has(_path(name))
        return known

    def __bool__(self) -> bool:
        return bool(self.files or self.folders)

    def _has(self, path: str) -> bool:
        if path in self.files:
            return True
        inside = [folder for folder in self.folders if path.startswith(folder)]
        return any(not _installed(os.path.relpath(path, folder)) for folder in inside)


def own_code(service: object) -> OwnCode:
    """Return the code of a service: its class, its bases, its attributes, and their packages.

    The standard library, this kit (except its mutants) and the libraries that the service uses
    are left out. An installed backend counts, also if the service wraps it.
    """
    installed = {_home_of(type(service))}
    own: set[str] = set()
    seen: dict[int, object] = {}
    queue: deque[tuple[object, int]] = deque([(service, 0)])
    while queue and len(seen) < _MOST:
        value, depth = queue.popleft()
        if id(value) in seen:
            continue
        seen[id(value)] = value  # kept, so that no other object gets its id
        kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
        installed.update(_home_of(kind) for kind in kinds if _is_backend(kind))
        makers = [value] if isinstance(value, FunctionType) else kinds
        homes = {maker: _home_of(maker) for maker in makers}
        mine = [maker for maker in makers if _counts(homes[maker], installed)]
        own.update(homes[maker] for maker in mine)
        if depth < _DEEPEST:
            parts = _parts(value, mine)
            if value is service and not mine:  # a plain namespace of functions
                parts = iter(list(getattr(service, "__dict__", {}).values()))
            queue.extend((part, depth + 1) for part in parts)
    return OwnCode(
        (home for home in own if not home.endswith(os.sep)),
        (home for home in own if home.endswith(os.sep)),
    )


def _parts(value: object, mine: Iterable[object]) -> Iterator[object]:
    """Yield the attributes of an object and of its own classes; none of a library's object."""
    if isinstance(value, dict):
        yield from islice(list(value.values()), _WIDEST)
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from islice(list(value), _WIDEST)
    elif isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # still empty
                yield cell.cell_contents
        yield from vars(value).values()  # the function that `functools.wraps` wrapped
    if mine and not isinstance(value, FunctionType):
        yield from [] if isinstance(value, type) else getattr(value, "__dict__", {}).values()
        for kind in mine:
            yield from _held_by_class(kind, value)


def _held_by_class(kind: object, value: object) -> Iterator[object]:
    for held in list(vars(kind).values()):
        if isinstance(held, MemberDescriptorType):
            with suppress(AttributeError, TypeError):  # an empty slot, or a class without instance
                yield held.__get__(value)
        elif isinstance(held, staticmethod | classmethod):
            yield held.__func__
        elif isinstance(held, property):
            yield held.fget
        else:
            yield held


def _is_backend(kind: type) -> bool:
    return all(hasattr(kind, method) for method in METHODS)


def _home_of(maker: object) -> str:
    """Return the file of a class or a function, or the folder of its package."""
    if isinstance(maker, FunctionType):
        # A decorated function has the `__module__` of the wrapped one, but its own globals.
        return _home(str(maker.__globals__.get("__name__"))) or _path(maker.__code__.co_filename)
    home = _home(str(getattr(maker, "__module__", "")))
    made = (f for f in vars(maker).values() if isinstance(f, FunctionType))
    return home or next((_path(function.__code__.co_filename) for function in made), "")


def _home(name: str) -> str:
    parts = name.split(".")
    mutant = parts[:2] == [*_MUTANTS]
    for length in range(2 if mutant else 1, len(parts) + 1):
        module = sys.modules.get(".".join(parts[:length]))
        file = getattr(module, "__file__", None)
        if file:  # a package without a file may be spread over folders of others
            path = _path(file)
            return str(Path(path).parent) + os.sep if hasattr(module, "__path__") else path
    return ""


def _counts(home: str, installed: set[str]) -> bool:
    if not home or home in _NEVER:
        return False
    if not _installed(home):
        return not home.startswith(_STANDARD)
    return home in installed


def _installed(path: str) -> bool:
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(path).parts)


def _path(name: str) -> str:
    # "<string>", "<frozen …>": code without a file
    return name if name.startswith("<") else os.path.realpath(name)


_MUTANTS = ("gofannon_conformance", "mutants")
_NEVER = {str(Path(_path(__file__)).parents[1]) + os.sep}
_STANDARD = (*{_path(sysconfig.get_path(n)) + os.sep for n in ("stdlib", "platstdlib")}, "<frozen")

_DEEPEST = 4
"""The longest path from the service to an object; a list or a dict on it is a step."""

_WIDEST = 50
_MOST = 5_000
"""Objects that are looked at: the documents of a store in memory are not searched for code."""
