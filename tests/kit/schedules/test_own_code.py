"""The code of a backend, for classes and packages of every kind."""

import collections
import functools
import importlib
import json
import sys
import textwrap
import threading
from pathlib import Path
from types import SimpleNamespace

import pydantic
import pytest

from gofannon_conformance.calls.values import Trace
from gofannon_conformance.mutants.concurrency.base import Steady
from gofannon_conformance.schedules import own_code
from gofannon_conformance.schedules.own_code import OwnCode

METHODS = """
def get(self, db_name, doc_id): pass
def save(self, db_name, doc_id, doc): pass
def delete(self, db_name, doc_id): pass
def list_all(self, db_name): pass
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes modules into `tmp_path`, and returns the import function."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def write(files):
        for name, text in files.items():
            file = tmp_path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()
        return importlib.import_module

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def module(package):
    """A module with a service of its own, `Store`."""
    return package({"alone": a_class("Store")})("alone")


def a_class(name, base=""):
    methods = textwrap.indent(METHODS, "    ")
    return f"class {name}({base}):\n{methods}\n    def own(self): pass\n"


FUNCTION = "def function(): pass"


def names(own):
    return {Path(p).name + ("/" if p.endswith("/") else "") for p in own.files | own.folders}


def test_a_class_in_a_single_module_owns_its_file(module):
    own = own_code(module.Store())
    assert names(own) == {"alone.py"}
    assert module.Store.get.__code__ in own
    assert json.dumps.__code__ not in own
    assert threading.Thread.run.__code__ not in own
    assert own


def test_a_class_in_a_package_owns_the_whole_package(package):
    files = {"whole/__init__": "", "whole/store": a_class("Store"), "whole/deep/__init__": ""}
    load = package({**files, "whole/deep/sql": FUNCTION, "other_sql": FUNCTION})
    own = own_code(load("whole.store").Store())
    assert names(own) == {"whole/"}
    assert load("whole.deep.sql").function.__code__ in own
    assert load("other_sql").function.__code__ not in own


def test_a_package_without_an_init_file_does_not_own_its_neighbours(package):
    load = package({"spread/store": a_class("Store"), "spread/neighbour": FUNCTION})
    own = own_code(load("spread.store").Store())
    assert names(own) == {"store.py"}
    assert load("spread.neighbour").function.__code__ not in own


def test_the_attributes_of_a_service_are_its_own_some_levels_deep(package, module):
    load = package(
        {
            "held_deep": "class Deep:\n    def own(self): pass",
            "held_slot": "class Slot:\n    __slots__ = ('deep', 'empty')\n",
            "held_list": "class Shard: pass",
            "held_static": "class Static: pass",
        }
    )
    wrapper = module.Store()
    slot = load("held_slot").Slot()
    slot.deep = load("held_deep").Deep()
    wrapper._inner = {"it": slot}
    wrapper.shards = [load("held_list").Shard()]
    type(wrapper).shared = load("held_static").Static()
    held = {"held_slot.py", "held_deep.py", "held_list.py", "held_static.py"}
    assert names(own_code(wrapper)) == {"alone.py", *held}


@pytest.mark.parametrize(
    "face",
    [
        lambda f, _: f,
        lambda f, _: functools.partial(f, 1),
        lambda f, _: functools.wraps(len)(lambda: f),
        lambda f, _: staticmethod(f),
        lambda f, _: classmethod(f),
        lambda f, _: property(f),
        lambda _, o: o.method,
    ],
    ids=["plain", "partial", "closure", "static", "class", "property", "method"],
)
def test_the_functions_of_a_class_are_its_own_in_any_module(package, module, face):
    text = f"{FUNCTION}\nclass Other:\n    def method(self): pass"
    functions = package({"functions": text})("functions")
    module.Store.extra = face(functions.function, functions.Other())
    assert functions.function.__code__ in own_code(module.Store())


def test_the_base_classes_are_its_own_but_not_those_of_libraries(package):
    load = package(
        {
            "base_one": "class Base:\n    def own(self): pass",
            "derived": "from base_one import Base\nimport pydantic, collections\n"
            + a_class("Store", "Base, collections.UserDict")
            + a_class("Model", "pydantic.BaseModel"),
        }
    )
    own = own_code(load("derived").Store())
    assert names(own) == {"derived.py", "base_one.py"}
    assert collections.UserDict.__getitem__.__code__ not in own
    own = own_code(load("derived").Model())
    assert names(own) == {"derived.py"}
    assert pydantic.BaseModel.model_dump.__code__ not in own


def test_libraries_and_documents_in_its_attributes_are_not_its_own(module):
    store = module.Store()
    store.model = pydantic.TypeAdapter(int)
    store.lock = threading.Condition()
    store.again = store
    store.documents = {str(i): {"n": [i] * 100} for i in range(10_000)}
    assert names(own_code(store)) == {"alone.py"}


def test_an_installed_backend_is_its_own_and_a_wrapped_one_too(
    package, module, monkeypatch, tmp_path
):
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    load = package(
        {
            "site-packages/installed/__init__": "",
            "site-packages/installed/store": a_class("Store"),
            "site-packages/installed/sql": FUNCTION,
            "site-packages/library/__init__": "class Client: pass",
        }
    )
    store = load("installed.store").Store()
    store.client = load("library").Client()
    own = own_code(store)
    assert names(own) == {"installed/"}
    assert load("installed.sql").function.__code__ in own
    wrapper = module.Store()
    wrapper._inner = store
    assert names(own_code(wrapper)) == {"installed/", "alone.py"}


def test_packages_that_are_installed_below_its_folder_are_not_its_own(tmp_path):
    own = OwnCode([], [f"{tmp_path}/"])

    def code(path):
        return compile("0", str(tmp_path / path), "exec")

    assert code("store.py") in own
    assert code("venv/lib/site-packages/requests/api.py") not in own
    assert compile("0", f"{tmp_path}x/store.py", "exec") not in own


def test_a_namespace_of_functions_owns_their_files(module):
    bare = SimpleNamespace(get=module.Store.get, save=lambda *_: None)
    assert names(own_code(bare)) == {"alone.py", Path(__file__).name}


def test_a_class_without_a_file_owns_the_text_that_it_was_made_from():
    space = {}
    exec(compile(a_class("Store"), "<a mutant>", "exec"), space)
    own = own_code(space["Store"]())
    assert own.files == {"<a mutant>"}
    assert space["Store"].get.__code__ in own


MUTANTS = "gofannon_conformance/mutants/"


def test_this_kit_is_no_backends_code_but_its_mutants_are():
    own = own_code(Steady())
    assert not own_code(Trace())
    assert [folder.endswith(MUTANTS) for folder in own.folders] == [True]
    assert Steady.get.__code__ in own
    assert Trace.begin.__code__ not in own


def test_the_mutants_of_an_installed_kit_are_a_backends_own_code_too(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages" / MUTANTS
    module = SimpleNamespace(__file__=str(folder / "__init__.py"), __path__=[str(folder)])
    monkeypatch.setitem(sys.modules, "gofannon_conformance.mutants", module)
    own = own_code(Steady())
    assert own.folders == {f"{folder}/"}
    assert compile("0", str(folder / "racing.py"), "exec") in own
    assert compile("0", str(folder.parent / "calls.py"), "exec") not in own


def test_the_standard_library_is_no_backends_code():
    assert not own_code(collections.UserDict())
    assert not own_code(object())
