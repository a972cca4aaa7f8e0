"""API: the shape of the object."""

from __future__ import annotations

import inspect
import typing
from types import SimpleNamespace
from typing import Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.target.target import METHODS

if typing.TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit

ANNOTATIONS: dict[str, dict[str, Any]] = {
    "get": {"db_name": str, "doc_id": str, "return": dict[str, Any]},
    "save": {"db_name": str, "doc_id": str, "doc": dict[str, Any], "return": dict[str, Any]},
    "delete": {"db_name": str, "doc_id": str, "return": type(None)},
    "list_all": {"db_name": str, "return": list[dict[str, Any]]},
}
"""The annotations of the interface."""


class ApiTests(ContractTests):
    """The four methods, their arguments, their annotations, their abstract base."""

    @clause("API-1")
    def test_four_methods_exist(self, kit: Kit) -> None:
        lacking = [m for m in METHODS if not callable(getattr(kit.service, m, None))]
        if lacking:
            raise violation(
                "API-1",
                f"the service has no method {', '.join(lacking)}",
                came=f"{type(kit.service).__name__} without {', '.join(lacking)}",
                expected=f"the methods {', '.join(METHODS)}",
            )

    @clause("API-1")
    def test_arguments_are_taken_by_name(self, kit: Kit) -> None:
        collection = kit.collection()
        here, doc = {"db_name": collection.name}, {"text": "by name"}
        one = {**here, "doc_id": "named"}

        def call(method: str, named: dict[str, Any]) -> None:
            answer = kit.caller.call(method, named=named)
            answers.returned(answer, "API-1", "arguments may be passed by name")

        collection.ledger.note_save(collection.name, "named")
        call("save", {**one, "doc": doc})
        answers.document(kit.caller.call("get", named=one), "named", doc, "API-1")
        call("list_all", here)
        call("delete", one)
        answers.missing(collection.get("named"), "API-1")

    @clause("API-1")
    def test_arguments_are_taken_by_position(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.returned(collection.save("placed", {"n": 1}), "API-1", "the order is name, id, doc")
        answers.stored(collection, "placed", {"n": 1}, "API-1")
        answers.returned(collection.list_all(), "API-1", "the argument is the collection's name")
        answers.returned(collection.delete("placed"), "API-1", "the order is name, id")

    @clause("API-2")
    def test_methods_are_annotated_as_the_interface_is(self, kit: Kit) -> None:
        wrong = []
        for method, expected in ANNOTATIONS.items():
            found = _annotations(getattr(kit.service, method, None))
            wrong += [
                f"{method}: {name} is {_written(found.get(name, 'not annotated'))}, "
                f"not {_written(kind)}"
                for name, kind in expected.items()
                if _plain(found.get(name)) != _plain(kind)
            ]
        if wrong:
            raise violation(
                "API-2",
                "the methods are not annotated as the interface annotates them",
                came="; ".join(wrong),
                expected="db_name: str, doc_id: str, doc: dict[str, Any] -> dict[str, Any], "
                "None, list[dict[str, Any]]",
            )

    @clause("API-3")
    def test_abstract_base_refuses_what_is_incomplete(self, kit: Kit) -> None:
        bases = [
            base
            for base in type(kit.service).__mro__
            if getattr(base, "__abstractmethods__", frozenset()) >= set(METHODS)
        ]
        if not bases:
            raise violation(
                "API-3",
                "no base class has the four methods as abstract methods",
                came=f"the bases of {type(kit.service).__name__}: "
                + (", ".join(b.__name__ for b in type(kit.service).__mro__[1:-1]) or "none"),
                expected="an abstract base class, such as the DatabaseService of the application",
            )
        for lacking in METHODS:
            abstract = getattr(bases[0], "__abstractmethods__", ())
            methods = {m: lambda *_: None for m in abstract if m != lacking}
            incomplete = type("Incomplete", (bases[0],), methods)
            try:
                incomplete()
            except TypeError:
                continue
            raise violation(
                "API-3",
                f"a class without {lacking} can be instantiated",
                came=f"an instance of a subclass of {bases[0].__name__} without {lacking}",
                expected="TypeError",
            )


def _annotations(method: Any) -> dict[str, Any]:
    function = inspect.unwrap(getattr(method, "__func__", method))
    known = {"Any": Any, "Dict": dict, "List": list, "typing": typing}
    found: dict[str, Any] = {}
    for name, kind in getattr(function, "__annotations__", {}).items():
        # One by one: one name that only type checkers import must not break the others.
        one = SimpleNamespace(__annotations__={name: kind})
        try:
            there = getattr(function, "__globals__", {})
            found |= typing.get_type_hints(one, globalns=there, localns=known)
        except (NameError, TypeError, AttributeError, SyntaxError):
            found[name] = kind
    return found


def _plain(kind: Any) -> Any:
    """Return the same value for `Dict[str, Any]` and `dict[str, Any]`."""
    if kind is None:
        return type(None)
    origin = typing.get_origin(kind)
    return (origin, tuple(map(_plain, typing.get_args(kind)))) if origin else kind


def _written(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
