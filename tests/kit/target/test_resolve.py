"""From what a person writes to a target: every kind that there is, and each way to be wrong."""

import sys
from functools import partial
from importlib.metadata import EntryPoint

import pytest

from gofannon_conformance.calls.program import program
from gofannon_conformance.calls.values import Call, Trace
from gofannon_conformance.service.opening import opened
from gofannon_conformance.target import Capabilities, Target
from gofannon_conformance.target.resolve import registered, resolve, target_of
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

TARGETS = '''
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance import Target

log = []

class Watched(MemoryDatabaseService):
    def __init__(self, name="watched"):
        super().__init__()
        self.name = name
    def close(self):
        log.append(f"{self.name} closed")

class Falsy(Watched):
    def __bool__(self):
        return False
    def __len__(self):
        return 0

class Connecting(Watched):
    """A service that happens to have a method named `connect`."""
    def connect(self):
        raise AssertionError("the service's own business")

class Proxy:
    def __init__(self, inner):
        self._inner = inner
    def __getattr__(self, name):
        return getattr(self._inner, name)

class Anything:
    """Answers to every name, and can be called."""
    def __init__(self, inner):
        self._inner = inner
    def __getattr__(self, name):
        return getattr(self._inner, name, lambda *a: None)
    def __call__(self):
        raise AssertionError("it is the service itself")

def function():
    return Watched("function")

def falsy():
    return Falsy("falsy")

def generator():
    yield Watched("generator")
    log.append("generator resumed")

async def async_function():
    return Watched("async function")

async def async_generator():
    yield Watched("async generator")
    log.append("async generator resumed")

@contextmanager
def manager():
    yield Watched("manager")
    log.append("manager left")

@asynccontextmanager
async def async_manager():
    yield Watched("async manager")
    log.append("async manager left")

class Class:
    @staticmethod
    def make():
        return Watched("static method")

class Callable:
    def __call__(self):
        return Watched("callable object")

class WithConnect:
    name = "its own name"
    capabilities = {"revisions"}
    dialect = "overview"
    def connect(self):
        return Watched("object with connect")

class ByClass:
    @classmethod
    def connect(cls):
        return Watched("class with connect")

class OfClass:
    connect = Watched

callable_object = Callable()
with_connect = WithConnect()
by_partial = partial(Watched, "partial")
async_partial = partial(async_function)
instance = Watched("instance")
falsy_instance = Falsy("falsy instance")
proxy = Proxy(Watched("proxy"))
anything = Anything(Watched("anything"))
target = Target(name="declared", connect=function)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that a person stands in; what is imported from it is forgotten."""
    before, path = set(sys.modules), list(sys.path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def written(folder, text, name="shop_targets.py"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(spec):
    with pytest.raises(UsageError) as raised:
        resolve(spec)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def output_of(text):
    """Run a program, and give what its last line prints."""
    printed = []
    exec(compile(text, "program", "exec"), {"print": printed.append})
    return printed[-1]


SPECS = {
    "Watched": "watched closed",
    "Connecting": "watched closed",
    "function": "function closed",
    "falsy": "falsy closed",
    "generator": "generator resumed",
    "async_function": "async function closed",
    "async_generator": "async generator resumed",
    "manager": "manager left",
    "async_manager": "async manager left",
    "Class.make": "static method closed",
    "callable_object": "callable object closed",
    "with_connect": "object with connect closed",
    "WithConnect": "object with connect closed",
    "ByClass": "class with connect closed",
    "OfClass": "watched closed",
    "by_partial": "partial closed",
    "async_partial": "async function closed",
    "instance": "instance closed",
    "falsy_instance": "falsy instance closed",
    "proxy": "proxy closed",
    "anything": "anything closed",
    "target": "function closed",
}


@pytest.mark.parametrize("attribute", SPECS)
def test_every_kind_of_target_opens_works_and_is_put_away(folder, attribute):
    written(folder, TARGETS)
    target = resolve(f"shop_targets:{attribute}")
    with opened(target) as service:
        service.service.save("c", "a", {"n": 1})
        assert service.service.get("c", "a")["n"] == 1
    assert sys.modules["shop_targets"].log == [SPECS[attribute]]
    assert target.name == NAMES.get(attribute, attribute)


NAMES = {"with_connect": "its own name", "WithConnect": "its own name", "target": "declared"}


@pytest.mark.parametrize("attribute", SPECS)
@pytest.mark.parametrize("location", ["shop_targets", "shop_targets.py"])
def test_program_of_every_kind_of_target_runs(folder, location, attribute):
    written(folder, TARGETS)
    trace = Trace()
    trace.preamble = resolve(f"{location}:{attribute}").preamble
    trace.steps = [Call("save", ("gfc_1", "a", {"n": 1})), Call("get", ("gfc_1", "a"))]
    assert output_of(program(trace))["n"] == 1


@pytest.mark.parametrize("location", ["my_shop", "./my_shop.py", "my_shop.py"])
def test_target_whose_attribute_says_nothing_is_named_after_its_module(folder, location):
    written(folder, "make = dict", "my_shop.py")
    assert resolve(f"{location}:make").name == "my_shop"


def test_claims_are_attributes_of_an_object_with_connect_or_of_a_function(folder):
    written(folder, TARGETS + "\nfunction.server = 'couchdb'\n")
    target = resolve("shop_targets:with_connect")
    assert target.capabilities == Capabilities(revisions=True)
    assert target.dialect == "overview"
    served = resolve("shop_targets:function")
    assert served.server == "couchdb"
    assert "connect('shop_targets:function')" in served.preamble


def test_declared_target_keeps_what_it_says_of_itself():
    declared = Target(name="t", connect=dict, spec="mine", preamble="db = mine()")
    assert target_of(declared, spec="m:t", name="t") == declared
    found = target_of(Target(name="t", connect=dict), spec="m:t", name="t")
    assert (found.spec, found.preamble.splitlines()[-1]) == ("m:t", "db = connect('m:t')")


def test_declared_target_is_checked_as_all_the_others(folder):
    source = "from gofannon_conformance import Target\nt = Target(name='t', connect=dict, {})\n"
    written(folder, source.format("dialect='interfaces'"), "one.py")
    written(folder, source.format("expected_failures={'GET-1': 'known'}"), "two.py")
    written(folder, source.format("capabilities={'revisions'}"), "three.py")
    assert refusal("one:t") == "there is no dialect 'interfaces'; did you mean 'interface'?"
    assert resolve("two:t").expected_failures["GET-1"].reason == "known"
    assert resolve("three:t").capabilities == Capabilities(revisions=True)


def test_registered_name_is_a_target(folder, monkeypatch):
    written(folder, TARGETS)
    point = EntryPoint("shop", "shop_targets:Class.make", "gofannon_conformance.targets")
    monkeypatch.setattr("gofannon_conformance.target.resolve.entry_points", lambda group: [point])
    target = resolve("shop")
    assert registered() == {"shop": "shop_targets:Class.make"}
    assert (target.name, target.spec) == ("shop", "shop")
    assert target.preamble == "from shop_targets import Class\n\ndb = Class.make()"
    assert refusal("shup").startswith("shup: no target of this name is registered; did you mean")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("", "no target was given: name one, or write package.module:attribute"),
        ("  ", "no target was given: name one, or write package.module:attribute"),
        ("memry", "memry: no target of this name is registered; did you mean 'memory'?"),
        ("http://127.0.0.1:5984", "an address does not say which service is connected to it"),
        ("no_such_module:make", "there is no module 'no_such_module' to import"),
        ("json.no_such:make", "there is no module 'json.no_such' to import"),
        ("json.decoder.x:make", "there is no module 'json.decoder.x' to import"),
        ("no_such_file.py:make", "no_such_file.py:make: there is no file no_such_file.py"),
        ("./nowhere/x:make", "there is no file nowhere/x"),
        ("json:lods", "json:lods: json has no attribute 'lods'; did you mean 'loads'?"),
        ("json:JSONDecoder.decod", "JSONDecoder has no attribute 'decod'; did you mean 'decode'?"),
        ("json:", "json:: json has no attribute ''; known: JSONDecodeError, "),
        (":make", ":make: importing  failed: ValueError: Empty module name"),
        ("json:dumps", "cannot be called without arguments (it needs obj)"),
        ("json", "json: no target of this name is registered"),
        ("json.decoder", "say which attribute of it is the target, as in json.decoder:make"),
        ("json.decoder", "(it has JSONDecodeError, py_scanstring, JSONObject, "),
        ("sys:maxsize", "sys:maxsize is a int ("),
        ("sys:path", "neither a service (it has no get, save, delete, list_all) nor something to"),
    ],
)
def test_what_is_no_target_is_reported_in_one_line(folder, spec, told):
    assert told in refusal(spec)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "1 / 0",
            "importing broken failed: ZeroDivisionError: division by zero (broken.py, line 1)",
        ),
        ("raise SystemExit('no settings')", "failed: SystemExit: no settings (broken.py, line 1)"),
        ("import sys; sys.exit()", "importing broken failed: SystemExit (broken.py, line 1)"),
        ("import pytest; pytest.skip('no')", "Skipped: "),
        (
            "import not_there_at_all",
            "it needs the module 'not_there_at_all', which is not installed",
        ),
        ("import broken.part", "importing broken failed: it needs the module 'broken.part'"),
        ("def make(:", "importing broken failed: SyntaxError: "),
        ("def __getattr__(name): return 1 / 0", "reading 'make' failed: ZeroDivisionError"),
        ("def make(url, *, key, more=1): ...", "(it needs url, key): write a function that fills"),
        ("def make(a, b): ...\nmake.server = 'couchdb'", "without other arguments (it needs b)"),
        ("class make:\n def __init__(self, a): ...\n def connect(self): ...", "(it needs a)"),
        (
            "class make:\n def __init__(self): 1 / 0\n def connect(self): ...",
            "making one failed: Zero",
        ),
        ("class make:\n def __init__(self): exit(3)\n def connect(self): ...", "SystemExit: 3"),
        ("def make(): ...\nmake.capabilities = {'revision'}", "did you mean 'revisions'?"),
    ],
)
def test_authors_code_that_cannot_be_used_is_reported_in_one_line(folder, text, told):
    written(folder, text, "broken.py")
    assert told in refusal("broken:make")


def test_file_that_fails_is_not_left_half_imported(folder):
    path = written(folder, "1 / 0", "broken.py")
    for _ in range(2):
        assert "ZeroDivisionError" in refusal(f"{path}:make")
    assert "broken" not in sys.modules
    written(folder, "raise KeyboardInterrupt", "interrupted.py")
    with pytest.raises(KeyboardInterrupt):
        resolve("interrupted:make")


def test_neighbours_of_a_file_import_from_anywhere(folder):
    written(folder, "def build(): return {}", "shop/neighbour_of_it.py")
    path = written(folder, "from neighbour_of_it import build as make", "shop/it.py")
    assert resolve(f"{path}:make").connect() == {}


def test_file_is_executed_once_and_two_files_of_one_stem_are_two_modules(folder):
    one = written(folder, "log = []\ndef make(): return 1", "one/shop.py")
    two = written(folder, "def make(): return 2", "two/shop.py")
    assert [resolve(f"{path}:make").connect() for path in (one, two, one)] == [1, 2, 1]
    assert resolve(f"{one}:make").connect is resolve("one/shop.py:make").connect


def test_file_may_have_any_name_and_take_the_name_of_a_module(folder):
    odd = written(folder, "def make(): return 'odd'", "my-shop 2.py")
    json = written(folder, "def make(): return 'mine'", "json.py")
    assert resolve(f"{odd}:make").connect() == "odd"
    assert resolve(f"{json}:make").connect() == "mine"
    assert sys.modules["json"].__file__ != str(json)


def test_file_without_attribute_names_what_it_has(folder):
    written(folder, "import json\nfrom json import dumps\ndef make(): ...\n_x = 1\n", "it.py")
    assert (
        refusal("it.py")
        == "it.py: say which attribute of it is the target, as in it.py:make (it has make)"
    )
    written(folder, "x = 1", "nothing.py")
    assert refusal("nothing.py").endswith("as in nothing.py:make")
    written(folder, "make = 1", "shop/targets.txt")
    assert refusal("shop/targets.txt:make").endswith("shop/targets.txt is not a Python file")


def test_partial_that_still_needs_arguments_is_reported():
    assert target_of(dict, spec="builtins:dict", name="dict").connect is dict
    holes = target_of({}, spec="m:it", name="it")  # it has a `get`, and nothing else
    assert holes.connect() == {}
    with pytest.raises(UsageError, match="it needs b"):
        target_of(partial(lambda a, b: None, 1), spec="m:p", name="p")


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError


def test_exception_is_said_in_one_line():
    assert said(ValueError("two\n  lines")) == "ValueError: two lines"
    assert said(KeyError()) == "KeyError"
    assert said(UnspeakableError()) == "UnspeakableError"
    assert len(said(ValueError("x" * 900))) == 500
