"""A trial as a program that plays it again: the calls, the threads, and the very schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls import Call, Trace
from gofannon_conformance.program import program as as_program
from gofannon_conformance.program import source
from gofannon_conformance.schedules import Raced
from gofannon_conformance.schedules.raced import name
from gofannon_conformance.suite.concurrency_programs import WRITES, Step

if TYPE_CHECKING:
    from gofannon_conformance.suite.concurrency_trials import Trial

IMPORTS = """\
from gofannon_conformance.schedules import own_code, race
from gofannon_conformance.schedules.styles import Style
"""


def replay(trial: Trial, drawn: str, trace: Trace) -> str:
    """Write the program; where the schedule cannot be had again, its calls as a comment."""
    if not trial.program.threads:
        return _in_turn(trial, trace)
    about = "\n".join([str(trial.ran.told), "the calls that matter, in time:", drawn])
    comment = "\n".join(f"# {line}".rstrip() for line in about.splitlines())
    instances = {step.on for thread in trial.program.threads for step in thread}
    raced = trial.ran.told
    if not isinstance(raced, Raced) or len(instances) > 1 or len(trial.program.threads) > MOST:
        return comment
    lines = [IMPORTS, trace.preamble, "", f"collection = {trial.collection!r}"]
    lines += [_written(step) for step in trial.program.before]
    for number, steps in enumerate(trial.program.threads):
        lines += ["", "", f"def {name(number).lower()}():"]
        lines += [f"    {_written(step)}" for step in steps]
    threads = ", ".join(name(number).lower() for number in range(len(trial.program.threads)))
    called = f"race([{threads}], code=own_code(db), seed={raced.seed}, style={raced.style!r})"
    lines += ["", "", f"print({called})"]
    lines.append("print(db.list_all(collection))")
    return "\n".join([comment, *lines])


MOST = 6
"""Programs of more threads than these are not written down."""


def _in_turn(trial: Trial, trace: Trace) -> str:
    """Write calls that were made one after the other."""
    made = Trace()
    made.preamble, made.is_async = trace.preamble, trace.is_async
    for step in trial.program.before:
        on = "other" if step.on else "db"
        place = (trial.collection, *([step.doc_id] if step.doc_id else []))
        if step.does in WRITES:
            made.steps.append(Call("save", (*place, step.document), on=on))
        else:
            call = Call(step.does, place, on=on)
            made.steps.append(call)
            made.raised.add(id(call))  # it may have, and the program must come to its end
    return as_program(made)


def _written(step: Step) -> str:
    if step.does in WRITES:
        return f"db.save(collection, {step.doc_id!r}, {source(step.document)})"
    if step.does == "list_all":
        return "db.list_all(collection)"
    if step.does == "pass_by":
        made = "[db.save(collection, f'passer-by-{n}', {}) for n in range(130)]"
        return f"{made} and {made.replace('save', 'delete').replace(', {})', ')')}"
    return f"db.{step.does}(collection, {step.doc_id!r})"
