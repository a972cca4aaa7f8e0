"""Further instances of a test's service: behind the fault proxy, or in a new process."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.program import call_shortened
from gofannon_conformance.calls.values import Call
from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.service import other_process
from gofannon_conformance.service.instances import OnlyOne

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.service.instances import Proxied


@contextmanager
def proxied(
    kit: Kit, *, change: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint
) -> Iterator[Proxied]:
    """Yield a new instance that is connected to its server through the fault proxy."""
    if kit.target.capabilities.faultable is False:
        raise NotApplicable("the target says that it is not faultable")
    with ExitStack() as stack:
        try:
            instance = stack.enter_context(kit.instances.proxied(kit.trace, change=change))
        except NotApplicable as reason:
            if not kit.target.capabilities.faultable:
                raise
            raise NotTested(f"the target says that it is faultable, but: {reason}") from reason
        except OnlyOne as reason:
            raise NotTested(f"no instance behind a proxy: {reason}") from reason
        yield instance


def in_other_process(kit: Kit, *calls: tuple[Any, ...]) -> list[Answer]:
    """Make calls, each a method's name and its arguments, in a new process."""
    made = [call_shortened(Call(method, tuple(rest))) for method, *rest in calls[:8]]
    more = [f"and {len(calls) - 8} more calls"] if len(calls) > 8 else []
    kit.trace.steps.append("\n#   ".join(["# in a new process:", *made, *more]))
    try:
        kit.instances.check_may_open()
        if why := kit.session.opened.no_more_calls:
            raise NotTested(why)
        answers = other_process.answers(kit.target, kit.instances.endpoint, kit.trace, calls)
    except (NotTested, OnlyOne) as reason:
        raise NotTested(kit.watch.redacted(str(reason))) from None
    for answer in answers:
        kit.watch.raised(answer)
    return answers
