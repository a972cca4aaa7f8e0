"""The arithmetic of the benchmark, not its measurements."""

import importlib.util
import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"


def script(name):
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look up their annotations there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def kit():
    return script("kit")


def repetition(quick, calls):
    return {"run memory, quick": quick, "calls of get": calls, "the kit's own time": 9.87}


def test_the_median_is_compared_with_the_bound(kit):
    runs = [repetition(4.0, 10), repetition(9.0, 10), repetition(5.5, 10)]
    quick, calls, own = kit.tabulate(runs, {"calls of get": 12})
    assert (quick.median, quick.bound, quick.holds) == (5.5, 5.0, False)
    assert (calls.median, calls.holds, calls.before) == (10, None, 12)
    assert own.unit == "µs/call"


def test_every_bound_is_of_a_measured_figure(kit):
    ledger = {
        "total": 3.0,
        "seconds": {"service": 1.0, "generating": 0.5},
        "calls": {"get": 4, "save": 6},
        "collections created": 2,
        "collections named": 3,
    }
    measured = kit._per_call(ledger)
    timed = {"run memory, quick", "run memory, standard", "run memory, thorough"}
    timed |= {"start-up until the first test", "clauses"}
    assert set(kit.BOUNDS) <= timed | set(measured)
    assert measured["the kit's own time"] == pytest.approx(2.0 / 10 * 1e6)
    parts = [value for name, value in measured.items() if name.startswith("- ")]
    assert sum(parts) == pytest.approx(measured["the kit's own time"])


def test_the_table_marks_a_missed_bound(kit):
    table = kit.table(kit.tabulate([repetition(6.0, 1234)], {}))
    heading, quick, calls, own = table.splitlines()
    assert heading.split() == ["figure", "run", "1", "median", "unit", "bound", "holds"]
    assert quick.split() == ["run", "memory,", "quick", "6.00", "6.00", "s", "5.00", "NO"]
    assert calls.split() == ["calls", "of", "get", "1,234", "1,234"]
    assert own.split()[-2:] == ["9.9", "µs/call"]


def test_an_inner_call_is_charged_to_its_own_account():
    ledger = script("watched").Ledger()

    def busy(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    inner = ledger.timed("inner", busy)

    def outer():
        inner(0.03)
        busy(0.01)

    ledger.timed("outer", outer)()
    assert ledger.seconds["inner"] >= 0.03
    assert 0.01 <= ledger.seconds["outer"] < ledger.seconds["inner"]


def test_a_failure_is_charged_too():
    ledger = script("watched").Ledger()

    def failing():
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # the one above
        ledger.timed("failing", failing)()
    assert set(ledger.seconds) == {"failing"}
