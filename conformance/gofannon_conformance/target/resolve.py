"""Targets by name: `module:attribute`, `file.py:attribute`, or a registered name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gofannon_conformance.target.target import METHODS, Target, claims_of
from gofannon_conformance.usage import UsageError, nearest
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from types import ModuleType

OPENED_BY_KIT = "from gofannon_conformance import connect"

GROUP = "gofannon_conformance.targets"
"""The entry-point group under which a distribution registers its targets by name."""


def registered() -> dict[str, str]:
    """Return every registered name with its `module:attribute`."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def resolve(spec: str) -> Target:
    """Return the target that a spec names; raise `UsageError` with the reason if there is none."""
    spec = spec.strip()
    if not spec:
        raise UsageError("no target was given: name one, or write package.module:attribute")
    if spec.startswith(("http://", "https://")):
        raise UsageError(
            f"{spec}: an address does not say which service is connected to it; "
            "write a function that returns the service and give its package.module:attribute"
        )
    if ":" in spec:
        location, _, attribute = spec.rpartition(":")
        module = _module(spec, location)
        return target_of(_attribute(spec, module, attribute), spec=spec, name=_name(spec))
    known = registered()
    if spec in known:
        location, _, attribute = known[spec].partition(":")
        module = _module(spec, location)
        found = _attribute(spec, module, attribute)
        return target_of(found, spec=spec, name=spec, written=known[spec])
    if spec.endswith(".py") or "/" in spec or "." in spec:
        raise UsageError(
            f"{spec}: say which attribute of it is the target, as in {spec}:make"
            + _candidates(_module(spec, spec))
        )
    raise UsageError(
        f"{spec}: no target of this name is registered{nearest(spec, sorted(known))} "
        "(or write package.module:attribute, or path/file.py:attribute)"
    )


def target_of(found: object, *, spec: str, name: str, written: str = "") -> Target:
    """Return a target made of a `Target`, an object with `connect`, a callable, or a service."""
    written = written or spec
    if isinstance(found, Target):
        return replace(
            found,
            spec=found.spec or spec,
            preamble=found.preamble or opening_of(spec),
            **claims_of(found),  # checked, for authors without a type checker
        )
    connect: Any = getattr(found, "connect", None)
    if callable(connect) and not _has_methods(found):
        if isinstance(found, type) and inspect.isfunction(inspect.getattr_static(found, "connect")):
            found = _instance(found, spec)
            connect = getattr(found, "connect", None)
        return Target(
            name=str(getattr(found, "name", None) or name),
            connect=connect,
            spec=spec,
            preamble=opening_of(spec),
            **claims_of(found),
        )
    if not isinstance(found, type) and (
        _has_all_methods(found) or (_has_methods(found) and not callable(found))
    ):
        return Target(
            name=name,
            connect=lambda: found,
            spec=spec,
            preamble=_import(written),
            **claims_of(None),
        )
    if callable(found):
        claims = claims_of(None if isinstance(found, type) else found)
        _check_arguments(found, spec, takes_endpoint="server" in claims)
        preamble = opening_of(spec) if "server" in claims else _import(written, made=found)
        return Target(name=name, connect=found, spec=spec, preamble=preamble, **claims)
    raise UsageError(
        f"{spec} is {_described(found)}: neither a service (it has no {', '.join(METHODS)}) "
        "nor something to call for one"
    )


def opening_of(spec: str) -> str:
    """Return the lines with which the kit opens a target, where a plain import would not do."""
    return f"{OPENED_BY_KIT}\n\ndb = connect({spec!r})"


def _has_methods(found: object) -> bool:
    return any(callable(getattr(found, method, None)) for method in METHODS)


def _has_all_methods(found: object) -> bool:
    return all(callable(getattr(found, method, None)) for method in METHODS)


def _instance(kind: type, spec: str) -> Any:
    _check_arguments(kind, spec)
    try:
        return kind()
    except (Exception, SystemExit) as error:
        raise UsageError(f"{spec}: making one failed: {said(error)}") from error


def _described(found: object) -> str:
    text = repr(found)
    return f"a {type(found).__name__} ({text if len(text) <= 60 else text[:57] + '…'})"


def _name(spec: str) -> str:
    location, _, attribute = spec.rpartition(":")
    stem = Path(location).stem if location.endswith(".py") else location.rpartition(".")[2]
    return stem if attribute in {"make", "target", "connect", "create", "factory"} else attribute


def _check_arguments(found: Any, spec: str, *, takes_endpoint: bool = False) -> None:
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):  # some builtins have no signature
        return
    needed = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if takes_endpoint:
        needed = needed[1:]
    if needed:
        raise UsageError(
            f"{spec} cannot be called without {'other ' if takes_endpoint else ''}arguments "
            f"(it needs {', '.join(needed)}): "
            "write a function that fills them in and give that one"
        )


def _module(spec: str, location: str) -> ModuleType:
    try:
        if location.endswith(".py") or "/" in location:
            return _module_of_file(spec, Path(location))
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)  # as `python -m` does: the author works in the project
        return importlib.import_module(location)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (location == error.name or location.startswith(error.name + ".")):
            raise UsageError(f"{spec}: there is no module {error.name!r} to import") from error
        raise UsageError(
            f"{spec}: importing {location} failed: it needs the module {error.name!r}, "
            "which is not installed"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit()` and `pytest.skip()` are no `Exception`
        raise UsageError(f"{spec}: importing {location} failed: {said(error)}") from error


def _module_of_file(spec: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"{spec}: there is no file {path}")
    name = path.stem if path.stem.isidentifier() else f"target_{abs(hash(path.resolve()))}"
    if (loaded := sys.modules.get(name)) is not None:
        if getattr(loaded, "__file__", None) == str(path.resolve()):
            return loaded
        name = f"{name}_{abs(hash(path.resolve()))}"  # another module has this name
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python file.py` does: the file's neighbours import
    loader = importlib.util.spec_from_file_location(name, path.resolve())
    if loader is None or loader.loader is None:
        raise UsageError(f"{spec}: {path} is not a Python file")
    module = importlib.util.module_from_spec(loader)
    sys.modules[name] = module  # dataclasses and pickle look their module up by name
    try:
        loader.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _attribute(spec: str, module: ModuleType, attribute: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            owner = getattr(found, "__name__", None) or type(found).__name__
            public = [name for name in dir(found) if not name.startswith("_")]
            raise UsageError(
                f"{spec}: {owner} has no attribute {part!r}{nearest(part, public)}"
            ) from None
        except Exception as error:  # a module may import its parts lazily
            raise UsageError(f"{spec}: reading {part!r} failed: {said(error)}") from error
    return found


def _candidates(module: ModuleType) -> str:
    mine = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", None) == module.__name__
    ]
    return f" (it has {', '.join(mine)})" if mine else ""


def _import(written: str, *, made: Any = None) -> str:
    location, _, attribute = written.rpartition(":")
    if made is not None and _gives_no_service_by_itself(made):
        return opening_of(written)
    root, _, rest = attribute.partition(".")
    value = attribute if made is None else f"{attribute}()"
    if location.endswith(".py"):
        value = f'make["{root}"]' + (f".{rest}" if rest else "") + ("" if made is None else "()")
        return f"from runpy import run_path\n\nmake = run_path({location!r})\ndb = {value}"
    return f"from {location} import {root}\n\ndb = {value}"


def _gives_no_service_by_itself(made: Any) -> bool:
    function = inspect.unwrap(made) if callable(made) else made  # what `contextmanager` wraps
    return (
        inspect.isgeneratorfunction(function)
        or inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
    )
