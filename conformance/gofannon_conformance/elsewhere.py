"""Calls in a process of their own: spawned, so that it shares nothing with this one's memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Answer, Call, Caller, Trace
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.target import Target

LONGEST = 60.0
"""Seconds that such a process may take."""


class FromElsewhere(Exception):  # noqa: N818  # it stands for whatever was raised there
    """What was raised in the other process and is no `HTTPException`: its words."""


def answers(
    target: Target,
    endpoint: Endpoint | None,
    trace: Trace,
    calls: Sequence[tuple[Any, ...]],
) -> list[Answer]:
    """Open the target in a new process, make the calls there, and give their answers."""
    if not target.spec or not target.opens_alone:
        raise NotTested(
            "the target cannot be opened in a process of its own: it is made of pytest's fixtures"
        )
    order = {
        "spec": target.spec,
        "endpoint": None if endpoint is None else endpoint.to_json(),
        "calls": calls,
    }
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", __name__]
    try:
        ended = subprocess.run(  # noqa: S603  # this interpreter and this module
            command, input=json.dumps(order), env=environment, capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotTested(f"a new process did not answer within {LONGEST:.0f} s") from None
    told, ended_well, _ = ended.stdout.rpartition(_MARK)[2].partition(_END)
    if not ended_well:
        lines = ended.stderr.strip().splitlines() or ["it said nothing"]
        raise NotTested(f"the target could not be opened in a new process: {lines[-1]}")
    return [
        _answer(call, trace, found) for call, found in zip(calls, json.loads(told), strict=True)
    ]


def _answer(call: tuple[Any, ...], trace: Trace, found: dict[str, Any]) -> Answer:
    method, *arguments = call
    made = Call(method, tuple(arguments), on="elsewhere")
    if "value" in found:
        return Answer(made, trace, value=found["value"])
    if found["status"] is None:
        return Answer(made, trace, error=FromElsewhere(found["said"]))
    from fastapi import HTTPException

    return Answer(made, trace, error=HTTPException(found["status"], found["said"]))


_MARK, _END = "\x1eanswers:", "\x1eend"
"""What an author's code prints meanwhile stands before or behind them."""


def main() -> None:
    """Do in this process what another one asks for on the standard input."""
    from gofannon_conformance.opening import opened
    from gofannon_conformance.resolve import resolve
    from gofannon_conformance.servers import Endpoint

    order = json.load(sys.stdin)
    arguments = [] if order["endpoint"] is None else [Endpoint.from_json(order["endpoint"])]
    with opened(resolve(order["spec"]), *arguments) as service:
        caller = Caller(service, Trace())
        made = [caller.call(method, *rest) for method, *rest in order["calls"]]
    # A value that JSON has no name for is for DOC-2 to judge; it is told as Python would write it.
    sys.stdout.write(_MARK + json.dumps([_told(answer) for answer in made], default=repr) + _END)


def _told(answer: Answer) -> dict[str, Any]:
    if answer.error is None:
        return {"value": answer.value}
    return {"status": answer.status, "said": answer.detail or repr(answer.error)}


if __name__ == "__main__":
    main()
