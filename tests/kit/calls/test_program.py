"""The programs in a report run: for every kind of target, with every value that the suite sends."""

import inspect
import math
import subprocess
import sys
from collections import OrderedDict, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from given import caller_of
from hypothesis import given, settings
from hypothesis import strategies as st

from gofannon_conformance.calls.program import LONGEST_PROGRAM, call_shortened, program
from gofannon_conformance.calls.values import Call, Trace
from gofannon_conformance.documents import unstorable
from gofannon_conformance.documents.portable import portable_documents
from gofannon_conformance.target.resolve import opening_of
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.source import shortened, source

HERE = Path(inspect.getfile(caller_of)).parent
SAVE = Call("save", ("gfc_ab_01", "a", {"n": 1}))
GET = Call("get", ("gfc_ab_01", "a"))

MEMORY = "from gofannon_backends.memory import MemoryDatabaseService as Service\n\ndb = Service()"


def trace_of(
    *steps, preamble="from given import NaiveService\n\ndb = NaiveService()", awaited=False
):
    trace = Trace(preamble)
    trace.steps = [
        step if isinstance(step, str) else replace(step, awaited=awaited) for step in steps
    ]
    return trace


def run(text):
    """Run a program; give what it printed, unprinted."""
    printed = []
    exec(compile(text, "program", "exec"), {"print": printed.append, "__name__": "program"})
    return printed


def made_again(value):
    """Write a value into a program, and give what the program's service was handed."""
    [found] = run(program(trace_of(Call("save", ("c", "a", value)), Call("get", ("c", "a")))))
    return {key: item for key, item in found.items() if key != "_id"}


def test_program_reads_as_a_person_would_write_it():
    assert program(trace_of(SAVE, GET)) == (
        "from given import NaiveService\n\n"
        "db = NaiveService()\n"
        "collection = 'gfc_ab_01'\n"
        "db.save(collection, 'a', {'n': 1})\n"
        "print(db.get(collection, 'a'))"
    )


LOOPED = """
import asyncio
from gofannon_backends.memory import MemoryDatabaseService

class Looped(MemoryDatabaseService):
    '''Its connection works in the loop that it was made in, as most do.'''
    def __init__(self):
        super().__init__()
        self.loop = asyncio.get_running_loop()
    async def save(self, *arguments):
        assert self.loop is asyncio.get_running_loop()
        return super().save(*arguments)
    async def get(self, *arguments):
        assert self.loop is asyncio.get_running_loop()
        return super().get(*arguments)

async def function():
    return Looped()

async def generator():
    yield Looped()
"""


@pytest.mark.parametrize("attribute", ["function", "generator"])
def test_connections_are_awaited_in_the_loop_that_they_were_made_in(tmp_path, attribute):
    path = tmp_path / "looped_shop.py"
    path.write_text(LOOPED)
    text = program(trace_of(SAVE, GET, preamble=opening_of(f"{path}:{attribute}"), awaited=True))
    assert "print(run(db.get(collection, 'a')))" in text
    assert run(f"{MEMORY}\n{text}")[0]["n"] == 1


def test_program_runs_as_a_script_of_its_own(tmp_path):
    script = tmp_path / "failure.py"
    script.write_text(program(trace_of(SAVE, GET)), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, script],
        check=False,
        env={"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
    )
    assert (ran.stdout, ran.stderr) == ("{'n': 1, '_id': 'a'}\n", "")


def test_arguments_by_name_are_written_by_name():
    call = Call("get", (), {"db_name": "gfc_ab_01", "doc_id": "a"})
    text = program(trace_of(SAVE, call))
    assert "print(db.get(db_name=collection, doc_id='a'))" in text
    assert run(text) == [{"n": 1, "_id": "a"}]
    odd = Call("get", (), {"db_name": ["gfc_ab_01"], "doc_id": "gfc_ab_01"})
    assert "db.get(db_name=['gfc_ab_01'], doc_id='gfc_ab_01')" in program(trace_of(SAVE, odd))


def test_collections_have_variables_and_short_names_none():
    other = Call("save", ("gfc_ab_02", "gfc_ab_01", {}))
    text = program(trace_of(SAVE, other, Call("get", ("c", "a")), Call("list_all", ())))
    assert "collection_2 = 'gfc_ab_02'" in text
    assert "db.save(collection_2, 'gfc_ab_01', {})" in text
    assert "db.get('c', 'a')" in text


def test_calls_on_another_instance_are_made_on_another_connection_with_notes_between():
    trace = trace_of(SAVE, "# a second instance", Call("get", SAVE.arguments[:2], on="other"))
    lines = program(trace).splitlines()
    assert lines[-2:] == ["# a second instance", "print(other.get(collection, 'a'))"]
    (opening,) = [line for line in lines if line.startswith("db = ")]
    assert opening.replace("db = ", "other = ") in lines


def test_trace_without_calls_and_without_a_target():
    assert program(trace_of(preamble="")) == ""
    assert program(trace_of("# nothing")).endswith("# nothing")


def test_program_goes_on_after_a_call_that_raised_and_the_last_one_raises_as_it_did():
    caller = caller_of()
    caller.call("save", "gfc_ab_01", "a", {"n": 1})
    caller.call("save", "gfc_ab_01", "a", {"n": {2}})
    caller.call("get", "gfc_ab_01", "a")
    text = program(caller.trace)
    assert "with suppress(Exception):\n    db.save(collection, 'a', {'n': {2}})\n" in text
    assert run(f"{MEMORY}\n{text}")[0]["n"] == 1
    caller.trace.begin()
    caller.call("get", "gfc_ab_01", "missing")
    assert "suppress" not in program(caller.trace)


def test_long_program_is_reported_from_its_ends_and_still_runs():
    saves = [Call("save", ("gfc_ab_01", str(n), {"n": n})) for n in range(100)]
    text = program(trace_of(*saves, Call("list_all", ("gfc_ab_01",))))
    assert f"# … {101 - LONGEST_PROGRAM} more calls …" in text
    [listed] = run(text)
    assert [doc["n"] for doc in listed] == [*range(20), *range(81, 100)]


PLAIN = {
    "nothing": None,
    "numbers": [0, -1, 2**53, 10**30, 0.1, 1e16, 5e-324, -0.0, 1.7976931348623157e308],
    "signed zeros": [0.0, -0.0, 0.0, 0.0],
    "zeros of two kinds": [0, 0.0, 0, False],
    "no finite numbers": [math.inf, -math.inf, math.nan],
    "text": ["", "'\"\\\n\r\t\0", "\ud800", "ﬁ\u0301\U0001f600", "{curly} %s"],
    "long text": "abc" * 1000 + "ab",
    "long text without repetition": "".join(map(chr, range(300, 700))),
    "long bytes": b"\0\xff" * 500,
    "empty": [{}, [], (), set(), frozenset(), "", b""],
    "tuples": [(1,), (1, 2), ((),)],
    "sets": [{1}, frozenset({"a"})],
    "many of one": [[None] * 500, ["x"] * 4, ["x" * 500] * 500, [[1]] * 5],
    "odd keys": {1: "one", None: 0, (1, 2): "t", b"k": 1, 1.5: 2},
    "bytearray": bytearray(b"ab"),
    "range": range(3),
    "complex": 1 + 2j,
    "Ellipsis": ...,
    "Decimal": [Decimal("87.50"), Decimal("Infinity")],
    "UUID": UUID("550e8400-e29b-41d4-a716-446655440000"),
    "date": date(2024, 1, 15),
    "datetimes": [
        datetime(2024, 1, 15, 10, 30, tzinfo=UTC),
        datetime(2024, 1, 15, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 1, 15, tzinfo=ZoneInfo("UTC")),
        timedelta(seconds=90),
    ],
    "huge integer": [10**6000, -(10**6000)],
    "OrderedDict": OrderedDict(b=1, a=[2]),
    "defaultdict": defaultdict(list, {"a": [1]}),
    "Path": HERE,
    "classes and functions": [UUID, OrderedDict, int, len],
    "like a module": "datetime. decimal. Decimal( UUID(",
}


@pytest.mark.parametrize("name", PLAIN)
def test_value_is_made_again(name):
    value = PLAIN[name]
    assert not differences({"v": value}, made_again({"v": value}), numbers="exact")


@pytest.mark.parametrize("name", unstorable.UNSTORABLE | unstorable.CONVERTIBLE)
def test_value_of_the_suite_is_made_again(name):
    value = (unstorable.UNSTORABLE | unstorable.CONVERTIBLE)[name]
    again = made_again({"v": value})["v"]
    assert type(again) is type(value)
    if "itself" not in name and name not in {"a generator", "NaN", "a Decimal that is no number"}:
        assert again == value


@pytest.mark.parametrize("name", unstorable.NOT_DICTS)
def test_what_is_no_document_is_written_too(name):
    text = program(trace_of(Call("save", ("c", "a", unstorable.NOT_DICTS[name]))))
    assert run(text) == [{"id": "a", "rev": "1"}]


def test_what_holds_itself_is_made_again():
    inner = {"name": "inner", "list": [1]}
    inner["self"] = inner
    inner["list"].append(inner["list"])
    inner["list"].append(inner)
    again = made_again({"deep": [inner, inner]})["deep"][0]
    assert again["self"] is again
    assert again["list"][1] is again["list"]
    assert again["list"][2] is again
    assert again["name"] == "inner"


@given(doc=portable_documents())
@settings(max_examples=40, database=None)
def test_any_document_is_made_again(doc):
    assert not differences(doc, eval(source(doc)), numbers="exact")


@given(text=st.text(st.sampled_from("ab"), min_size=70, max_size=200))
@settings(database=None)
def test_any_repetitive_text_is_made_again(text):
    assert eval(source(text * 50)) == text * 50
    assert eval(source(text)) == text


def test_long_repetitions_are_short():
    assert source("x" * 100_000) == "'x' * 100000"
    assert source("abc" * 100 + "ab") == "'abc' * 100 + 'ab'"
    assert source([{}] * 3) == "[{}, {}, {}]"


class Wordy:
    def __init__(self, text=""):
        self.text = text

    def __repr__(self):
        return self.text or 1 / 0


def test_object_that_cannot_be_written_is_named():
    assert source([Wordy(), Wordy("<an object>")]) == "[<Wordy>, <an object>]"


def test_long_values_are_shortened_for_a_person():
    cycle = [1]
    cycle.append(cycle)
    assert shortened({"c": cycle}) == "{'c': [1, ...]}"
    assert shortened("short") == "'short'"
    told = shortened(list(range(1000)), 40)
    assert told == "[0, 1, 2, 3, 4, 5, 6 …  996, 997, 998, 999]  (4,890 characters)"


def test_call_is_shortened_for_a_person():
    call = Call("save", ("c", "a"), {"doc": list(range(200))})
    assert call_shortened(call).startswith("save('c', 'a', doc=[0, 1, ")
    assert call_shortened(call).endswith("(890 characters))")
