"""A trial as text: a line that describes it, and a program that repeats its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.program import program as as_program
from gofannon_conformance.calls.values import Call, Trace
from gofannon_conformance.schedules import Raced
from gofannon_conformance.schedules.outcome import name
from gofannon_conformance.suite.concurrency.programs import WRITES, Step
from gofannon_conformance.values.source import source

if TYPE_CHECKING:
    from gofannon_conformance.suite.concurrency.programs import Program
    from gofannon_conformance.suite.concurrency.trial import RaceTrial

IMPORTS = "from gofannon_conformance.schedules import Style, own_code, race\n"
"""The first line of a printed program: people copy it, so its names are public."""

MOST = 6
"""The most threads of a program that is printed."""


def replay(trial: RaceTrial, drawn: str, trace: Trace) -> str:
    """Return the program; if the schedule cannot be repeated, return its calls as a comment."""
    if not trial.program.threads:
        return _in_turn(trial, trace)
    schedule = trial.ran.schedule
    about = "\n".join([str(schedule), "the calls that matter, in time:", drawn])
    comment = "\n".join(f"# {line}".rstrip() for line in about.splitlines())
    instances = {step.on for step in trial.program.steps}
    if not isinstance(schedule, Raced) or len(instances) > 1 or len(trial.program.threads) > MOST:
        return comment
    lines = [IMPORTS, trace.preamble, "", f"collection = {trial.collection!r}"]
    lines += [_written(step) for step in trial.program.before]
    names = [name(number).lower() for number in range(len(trial.program.threads))]
    for thread, steps in zip(names, trial.program.threads, strict=True):
        lines += ["", "", f"def {thread}():"]
        lines += [f"    {_written(step)}" for step in steps]
    options = f"code=own_code(db), seed={schedule.seed}, style={schedule.style!r}"
    lines += ["", "", f"print(race([{', '.join(names)}], {options}))"]
    lines.append("print(db.list_all(collection))")
    return "\n".join([comment, *lines])


def described(program: Program) -> str:
    """Return a program in a line.

    >>> from gofannon_conformance.suite.concurrency.programs import program
    >>> described(program("save get:two", "delete"))
    "concurrently: A: save('one'), get('two') | B: delete('one'); 'one' was saved before"
    """
    if not program.threads:
        words = (f"{_word(s.does, s.doc_id)} of instance {s.on + 1}" for s in program.before)
        return f"one after the other: {', '.join(words)}"
    threads = " | ".join(
        f"{chr(ord('A') + number)}{' (instance 2)' if steps[0].on else ''}: "
        f"{', '.join(_word(step.does, step.doc_id) for step in steps)}"
        for number, steps in enumerate(program.threads[:6])
    )
    more = f" | and {len(program.threads) - 6} more like these" if len(program.threads) > 6 else ""
    before = " and ".join(repr(step.doc_id) for step in program.before[:4])
    were = "was" if len(program.before) == 1 else "were"
    return f"concurrently: {threads}{more}" + (f"; {before} {were} saved before" if before else "")


def _word(does: str, doc_id: str) -> str:
    return f"{does}({doc_id!r})" if doc_id else f"{does}()"


def _in_turn(trial: RaceTrial, trace: Trace) -> str:
    """Return the program of calls that were made one after the other."""
    made = Trace(trace.preamble)
    for step in trial.program.before:
        on = "other" if step.on else "db"
        place = (trial.collection, *([step.doc_id] if step.doc_id else []))
        if step.does in WRITES:
            made.steps.append(Call("save", (*place, step.document), on=on, awaited=trace.is_async))
        else:
            call = Call(step.does, place, on=on, awaited=trace.is_async)
            made.steps.append(call)
            made.raised.add(id(call))  # it may raise, and the program must reach its end
    return as_program(made)


def _written(step: Step) -> str:
    if step.does in WRITES:
        return f"db.save(collection, {step.doc_id!r}, {source(step.document)})"
    if step.does == "list_all":
        return "db.list_all(collection)"
    if step.does == "save_others":
        saves = "[db.save(collection, f'unrelated-{n}', {}) for n in range(130)]"
        return f"{saves} and {saves.replace('save', 'delete').replace(', {})', ')')}"
    return f"db.{step.does}(collection, {step.doc_id!r})"
