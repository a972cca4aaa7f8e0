"""The kit of one test: its collections, properties and tables of cases."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Call
from gofannon_conformance.calls.violation import CallHung, NotTested, Violation
from gofannon_conformance.run.cases import Cases
from gofannon_conformance.run.properties import Prover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.calls.values import Trace
    from gofannon_conformance.contract import Contract
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.options import Options
    from gofannon_conformance.run.profiles import Profile
    from gofannon_conformance.run.sessions import Session
    from gofannon_conformance.run.workspace import Workspace
    from gofannon_conformance.secrets.watch import Watch
    from gofannon_conformance.service.caller import Caller
    from gofannon_conformance.service.instances import Instances
    from gofannon_conformance.target import Target


@dataclass
class Kit:
    """What one test may use of a session; the test's collections are emptied when it ends."""

    session: Session
    options: Options
    test: str
    target: Target
    example: str = ""
    only_example: bool = False
    _leased: list[Collection] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        session: Session,
        options: Options,
        test: str,
        clauses: tuple[str, ...] = (),
        *,
        target: Target | None = None,
        **more: Any,
    ) -> Kit:
        """Return the kit of a test of these clauses, whose calls are traced from here on."""
        session.caller.trace.begin_test(clauses)
        return cls(session, options, test, target or session.target, **more)

    # --- what the session has ---------------------------------------------------------------------

    @property
    def service(self) -> Any:
        """The service itself, for its signatures and its `repr()`."""
        return self.session.opened.service

    @property
    def caller(self) -> Caller:
        """Makes the calls of the service."""
        return self.session.caller

    @property
    def trace(self) -> Trace:
        """The calls of the current example."""
        return self.session.caller.trace

    @property
    def workspace(self) -> Workspace:
        """The collections of the session."""
        return self.session.workspace

    @property
    def instances(self) -> Instances:
        """Further instances of the service."""
        return self.session.instances

    @property
    def watch(self) -> Watch:
        """Searches whatever an instance shows for the target's secrets."""
        return self.session.opened.watch

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that the target names."""
        return self.session.secrets

    @property
    def facts(self) -> dict[str, str]:
        """What the test found out, for the report."""
        return self.session.facts

    @property
    def contract(self) -> Contract:
        """The contract in the dialect of the target."""
        return self.session.contract

    @property
    def dialect(self) -> str:
        """The target's reading of the interface: `interface` or `overview`."""
        return self.session.contract.dialect

    @property
    def profile(self) -> Profile:
        """The sizes of the run's profile."""
        return self.options.profile

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.options.seed

    # --- collections ------------------------------------------------------------------------------

    def collection(self) -> Collection:
        """Return an empty collection, for this test only."""
        return self._lease(self.workspace.collection())

    def unwritten(self, *, only_to_read: bool = False) -> Collection:
        """Return a collection that was never used."""
        return self._lease(self.workspace.unwritten(only_to_read=only_to_read))

    def dropped(self) -> Collection | None:
        """Return a collection that was removed from the server, if the target can do that."""
        collection = self.workspace.dropped()
        return None if collection is None else self._lease(collection)

    def logical(self, name: str) -> Collection:
        """Return the application's collection of that name, or the run's substitute for it."""
        return self._lease(self.workspace.logical(name, disposable=self.target.disposable))

    def only_read(self, name: str) -> Collection:
        """Return a collection of that name to read from; nothing is saved in it."""
        return self.workspace.only_read(name)

    def named(self, name: str) -> Collection:
        """Return the collection of a name that begins with the run's prefix."""
        return self._lease(self.workspace.named(name))

    def fresh(self, name: str) -> str:
        """Return an id that no earlier example has used."""
        return f"{name}-{self.workspace.ledger.next_number()}"

    # --- examples ---------------------------------------------------------------------------------

    def prove(self, check: Callable[..., None], **strategies: SearchStrategy[Any]) -> None:
        """Run a check on many examples; each begins with the test's collections empty."""
        self._prover().property(check, **strategies)

    def prove_machine(self, machine: type[RuleBasedStateMachine], seen: list[Violation]) -> None:
        """Run random programs of a state machine."""
        self._prover().machine(machine, seen)

    def begin(self) -> None:
        """Start a new example: empty the trace and the test's collections."""
        if self.trace.hang is not None:
            raise CallHung(self.trace.hang)
        for collection in self._leased:
            self.workspace.sweep(collection.name)
        self.trace.begin()

    @contextmanager
    def cases(self) -> Iterator[Cases]:
        """Run all cases of a table; their failures are raised together afterwards."""
        cases = Cases(self.trace, self.workspace)
        try:
            yield cases
        except (NotTested, CallHung):
            cases.settle()  # a failure counts for more than a case that could not be tried
            raise
        cases.settle()

    # --- the end of the test ----------------------------------------------------------------------

    def abandon(self) -> None:
        """Take the test's collections out of use: a hanging call may still write to them."""
        self._leased.clear()

    def finish(self) -> None:
        """Empty the test's collections and give them back, on a new instance if a call hung."""
        if self.trace.hang is not None:
            self._recover()
        try:
            self.workspace.give_back(*self._leased)
        except Violation:  # a call that cleans up hung
            self._recover()
            raise
        finally:
            self._leased.clear()

    def _recover(self) -> None:
        """Replace the instance in which a call hung, and find out whether the new one answers."""
        opened = self.session.opened
        if opened.no_more_calls:
            return
        self.instances.replace()
        name = min(self.workspace.ledger.collections, default=self.workspace.prefix)
        answer = self.caller.quietly(Call("list_all", (name,)), (name,))
        self.session.hang.decide(answers=not answer.hung)

    def _lease(self, collection: Collection) -> Collection:
        self._leased.append(collection)
        return collection

    def _prover(self) -> Prover:
        return Prover(
            self.test,
            self.profile,
            self.seed,
            before_each=self.begin,
            example=self.example,
            only_example=self.only_example,
        )
