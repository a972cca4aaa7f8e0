"""Calls in another process: spawned, so that it shares no memory with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Answer, Call, Trace
from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.service.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.target import Target

LONGEST = 60.0
"""Seconds that such a process may take."""


class RaisedInOtherProcess(Exception):  # noqa: N818  # it stands for any exception
    """The text of an exception that the other process raised and that is no `HTTPException`."""


def answers(
    target: Target,
    endpoint: Endpoint | None,
    trace: Trace,
    calls: Sequence[tuple[Any, ...]],
) -> list[Answer]:
    """Open the target in a new process, make the calls there, and return their answers."""
    if not target.spec or not target.opens_alone:
        raise NotTested(
            "the target cannot be opened in another process: it needs fixtures of pytest"
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
    written, ended_well, _ = ended.stdout.rpartition(_MARK)[2].partition(_END)
    if not ended_well:
        lines = ended.stderr.strip().splitlines() or ["it printed nothing"]
        raise NotTested(f"the target could not be opened in a new process: {lines[-1]}")
    return [
        _answer(call, trace, found) for call, found in zip(calls, json.loads(written), strict=True)
    ]


def _answer(call: tuple[Any, ...], trace: Trace, found: dict[str, Any]) -> Answer:
    method, *arguments = call
    made = Call(method, tuple(arguments), on="other")
    if "value" in found:
        return Answer(made, trace, value=found["value"])
    if found["status"] is None:
        return Answer(made, trace, error=RaisedInOtherProcess(found["said"]))
    from fastapi import HTTPException

    return Answer(made, trace, error=HTTPException(found["status"], found["said"]))


_MARK, _END = "\x1eanswers:", "\x1eend"
"""Markers around the answers: an author's code may print before and after them."""


def main() -> None:
    """Make the calls that are read from standard input, and write their answers."""
    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.service.opening import opened
    from gofannon_conformance.target.resolve import resolve

    order = json.load(sys.stdin)
    address = order["endpoint"]
    endpoint = None if address is None else Endpoint.from_json(address)
    with opened(resolve(order["spec"]), endpoint) as service:
        caller = Caller(service, Trace())
        made = [caller.call(method, *rest) for method, *rest in order["calls"]]
    # DOC-2 judges a value that JSON cannot hold; here it becomes its `repr`.
    sys.stdout.write(_MARK + json.dumps([_plain(answer) for answer in made], default=repr) + _END)


def _plain(answer: Answer) -> dict[str, Any]:
    if answer.error is None:
        return {"value": answer.value}
    return {"status": answer.status, "said": answer.detail or repr(answer.error)}


if __name__ == "__main__":
    main()
