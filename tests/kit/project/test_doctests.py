"""Every example in a docstring of the two packages runs."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import gofannon_backends
import gofannon_conformance

NEED_A_SERVER = {
    f"gofannon_backends.{store}.service"
    for store in ("couchdb", "dynamodb", "firestore", "postgresql")
}


def modules():
    for package in (gofannon_conformance, gofannon_backends):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield found.name


@pytest.mark.parametrize("name", sorted(set(modules()) - NEED_A_SERVER))
def test_examples_run(name):
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        t
        for name in ("values.equality", "calls.program", "contract.clauses")
        for t in finder.find(import_module(f"gofannon_conformance.{name}"))
        if t.examples
    ]
    assert len(found) >= 4
