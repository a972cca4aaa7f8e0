"""Everything that a test of the suite may use: collections, properties, tables of cases."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gofannon_conformance import elsewhere
from gofannon_conformance.calls import Call, Caller
from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.program import call_shortened
from gofannon_conformance.prove import Prover, Stopped
from gofannon_conformance.suite.base import clauses_of
from gofannon_conformance.violation import (
    NotApplicable,
    NotTested,
    Violation,
    Violations,
    violation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.calls import Answer, Trace
    from gofannon_conformance.capabilities import Detected
    from gofannon_conformance.contract import Contract
    from gofannon_conformance.instances import Instances, Proxied
    from gofannon_conformance.leaks import Watch
    from gofannon_conformance.profiles import Profile
    from gofannon_conformance.running import Options, Session
    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.target import Target
    from gofannon_conformance.workspace import Collection, Workspace


@dataclass
class Kit:
    """What one test is handed; the test's collections are emptied when it ends."""

    test: str
    target: Target
    contract: Contract
    profile: Profile
    seed: int
    caller: Caller
    workspace: Workspace
    detected: Detected
    instances: Instances
    secrets: tuple[str, ...] = ()
    example: str = ""
    only_example: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    """What the test found out besides, for the report."""
    _leased: list[Collection] = field(default_factory=list)
    _is_proving: bool = False

    @classmethod
    def of(cls, session: Session, options: Options, test: str, **more: Any) -> Self:
        """Hand an open session to one test, whose calls are traced from here on."""
        session.caller.trace.begin_test(_clauses_of(test))
        of_the_session = {
            "target": session.target,
            "contract": session.contract,
            "caller": session.caller,
            "workspace": session.workspace,
            "detected": session.detected,
            "instances": session.instances,
            "secrets": session.secrets,
            "facts": session.facts,
        }
        return cls(
            test=test, profile=options.profile, seed=options.seed, **{**of_the_session, **more}
        )

    @property
    def service(self) -> Any:
        """The service itself, for what no call shows: its signatures, its `repr()`."""
        return self.caller.opened.service

    @property
    def watch(self) -> Watch:
        """Looks for the target's secrets in whatever any of its instances shows."""
        return self.caller.opened.watch

    @property
    def trace(self) -> Trace:
        """The calls of the example at hand."""
        return self.caller.trace

    @property
    def dialect(self) -> str:
        """Which reading of the seeds the target follows: `interface` or `overview`."""
        return self.contract.dialect

    def another(self) -> Caller:
        """Give a second instance of the service, on the same store.

        Where nothing that one instance saves ever shows in the other, the clause asks nothing of
        the target, unless it says that it is `persistent`.
        """
        shared = self.detected.has("shared", self)  # it may find that there can be no second one
        try:
            opened = self.instances.second()
        except OnlyOne as reason:
            raise NotApplicable(str(reason)) from reason
        if not shared and not self.target.capabilities.persistent:
            raise NotApplicable(
                "two instances share nothing: no document that one of them saved was ever shown "
                "by the other (if they should, say that the target is `persistent`)"
            )
        return Caller(opened, self.trace, on="other")

    @contextmanager
    def proxied(
        self, *, change: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint
    ) -> Iterator[Proxied]:
        """Give a fresh instance that reaches its server through a proxy that can misbehave."""
        if self.target.capabilities.faultable is False:
            raise NotApplicable("the target says that it is not faultable")
        with ExitStack() as stack:
            try:
                proxied = stack.enter_context(self.instances.proxied(self.trace, change=change))
            except NotApplicable as reason:
                if not self.target.capabilities.faultable:
                    raise
                raise NotTested(f"the target says that it is faultable, but: {reason}") from reason
            except OnlyOne as reason:
                raise NotTested(f"no instance behind a proxy: {reason}") from reason
            yield proxied

    def elsewhere(self, *calls: tuple[Any, ...]) -> list[Answer]:
        """Make calls, each a method's name and its arguments, in a new process, in one service."""
        made = [call_shortened(Call(method, tuple(rest))) for method, *rest in calls[:8]]
        more = [f"and {len(calls) - 8} more calls"] if len(calls) > 8 else []
        self.trace.steps.append("\n#   ".join(["# in a new process:", *made, *more]))
        try:
            self.instances.check_may_open()
            if self.caller.opened.hangs:
                raise NotTested(self.caller.opened.hangs)
            answers = elsewhere.answers(self.target, self.instances.endpoint, self.trace, calls)
        except (NotTested, OnlyOne) as reason:
            raise NotTested(self.watch.blotted(str(reason))) from None
        for answer in answers:
            self.watch.raised(answer)
        return answers

    def collection(self) -> Collection:
        """Give an empty collection, to be used by this test only."""
        return self._lease(self.workspace.collection())

    def unwritten(self, *, only_to_read: bool = False) -> Collection:
        """Give a collection that has never been touched."""
        return self._lease(self.workspace.unwritten(only_to_read=only_to_read))

    def dropped(self) -> Collection | None:
        """Give a collection that is new to the server because it was removed there, if any."""
        collection = self.workspace.dropped()
        return None if collection is None else self._lease(collection)

    def logical(self, name: str) -> Collection:
        """Give the application's collection of that name, or the run's own stand-in for it."""
        return self._lease(self.workspace.logical(name, disposable=self.target.disposable))

    def only_read(self, name: str) -> Collection:
        """Give a collection of that name to read from; nobody writes to it, so it costs none."""
        return self.workspace.only_read(name)

    def named(self, name: str) -> Collection:
        """Give a collection whose name the test has made out of the run's prefix."""
        return self._lease(self.workspace.named(name))

    def fresh(self, name: str) -> str:
        """Give an id that no earlier example has used: what it left behind must not show here."""
        return f"{name}-{self.workspace.next_number()}"

    def prove(self, check: Callable[..., None], **strategies: SearchStrategy[Any]) -> None:
        """Run a check on many examples; each begins with the test's collections empty."""
        with self._proving():
            self._prover().property(check, **strategies)

    def prove_machine(self, machine: type[RuleBasedStateMachine], seen: list[Violation]) -> None:
        """Run random programs of a state machine."""
        with self._proving():
            self._prover().machine(machine, seen)

    def begin(self) -> None:
        """Start a new example: forget the trace, empty the test's collections.

        There is none after a call that never came back.
        """
        if self.trace.hung is not None:
            hung = self.trace.hung
            told = self.trace.tell_hung()
            raise Stopped(hung) if self._is_proving else told
        for collection in self._leased:
            self.workspace.sweep(collection.name)
        self.trace.begin()

    def capability(self, name: str) -> None:
        """Go on only if the target has a capability, as it says or as the kit detects.

        Where it denies what is detected, the clause fails; where it claims what is not there,
        the test goes on and finds that out.
        """
        claimed = getattr(self.target.capabilities, name)
        if claimed is None and not self.detected.has(name, self):
            raise NotApplicable(f"the target has no {name}: none were detected")
        if claimed is False:
            if self.detected.has(name, self):
                raise violation(
                    self.detected.clause(name),
                    f"the target says that it has no {name}, but the kit detects that it has: "
                    f"{self.detected.why(name)}",
                    expected=f"capabilities that claim {name}, or a backend without",
                )
            raise NotApplicable(f"the target says that it has no {name}")

    @contextmanager
    def cases(self) -> Iterator[Cases]:
        """Run a table of cases to its end; what failed is raised together afterwards."""
        cases = Cases(self)
        try:
            yield cases
        except NotTested:
            cases.settle()  # what failed before counts for more than what could not be tried
            raise
        cases.settle()

    def abandon(self) -> None:
        """Give none of the test's collections back: a call that hangs may still write to them."""
        self._leased.clear()

    def finish(self) -> None:
        """Empty the test's collections and give them back.

        If a call never came back, that is done by a new instance; and it is said here at the
        latest.
        """
        trace = self.trace
        if trace.hung is not None:
            self._recover()
        try:
            self.workspace.give_back(*self._leased)
        except Violation:  # a call that cleans up has never come back
            self._recover()
            raise
        finally:
            self._leased.clear()
        if trace.hung is not None and not trace.hung_is_told:
            raise trace.tell_hung()

    def _recover(self) -> None:
        """Go on with another instance after a call that never came back, if one answers."""
        opened, patience = self.caller.opened, self.caller.opened.patience
        if opened.hangs:
            return
        self.instances.replace()
        name = min(self.workspace.used, default=self.workspace.prefix)
        if self.caller.quietly(Call("list_all", (name,)), (name,)).never_came:
            patience.given_up = f"no instance of the service answers any more: {patience.hung}"
        elif patience.is_spent:
            patience.given_up = (
                f"too many calls of the service never come back: first, {patience.hung}"
            )
        opened.hangs = patience.given_up

    def _lease(self, collection: Collection) -> Collection:
        self._leased.append(collection)
        return collection

    @contextmanager
    def _proving(self) -> Iterator[None]:
        self._is_proving = True
        try:
            yield
        finally:
            self._is_proving = False

    def _prover(self) -> Prover:
        return Prover(
            self.test,
            self.profile,
            self.seed,
            before_each=self.begin,
            example=self.example,
            only_example=self.only_example,
        )


class Cases:
    """The cases of one table: each is tried, whatever became of the others."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._failed: list[tuple[str, Violation]] = []

    @contextmanager
    def case(self, label: str) -> Iterator[None]:
        """Try one case; the label says which one it was when it fails."""
        self._kit.trace.begin()
        try:
            yield
        except Violation as found:
            self._failed.append((label, found))

    def settle(self) -> None:
        """Raise what failed: one violation for each set of clauses, naming its other cases."""
        kinds: dict[tuple[str, ...], list[tuple[str, Violation]]] = {}
        for label, found in self._failed:
            kinds.setdefault(found.clauses, []).append((label, found))
        told = []
        for cases in kinds.values():
            label, first = min(cases, key=lambda case: len(case[1].program))
            first.what = f"{first.what} ({label})"
            others = [other for other, found in cases if found is not first]
            if others:
                shown = ", ".join(others[:12])
                more = f" and {len(others) - 12} more" if len(others) > 12 else ""
                first.what += f"; the same with {shown}{more}"
            told.append(first)
        if len(told) == 1:
            raise told[0]
        if told:
            raise Violations(told)


def _clauses_of(test: str) -> tuple[str, ...]:
    from gofannon_conformance.suite import DatabaseServiceContract

    return clauses_of(getattr(DatabaseServiceContract, test, None))
