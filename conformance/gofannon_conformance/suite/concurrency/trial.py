"""One trial: a program is prepared, run concurrently by its threads, checked, and cleaned up."""

from __future__ import annotations

import inspect
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from gofannon_conformance.histories import History, Operation, Recorder
from gofannon_conformance.schedules.outcome import name
from gofannon_conformance.suite.concurrency import ways
from gofannon_conformance.suite.concurrency.programs import Program, Step, steps_in_turn
from gofannon_conformance.suite.concurrency.ways import Ran
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

    from gofannon_conformance.histories.operations import Method
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.service.opening import Opened
    from gofannon_conformance.suite.concurrency.ways import Way

    Call: TypeAlias = "tuple[Method, dict[str, Any] | None]"

CONFLICT = 409

UNRELATED = tuple(f"unrelated-{n}" for n in range(130))
"""More documents than a table of locks is likely to hold."""

PAUSE = 0.05
"""Seconds between two reads of an instance that has not converged yet."""

MAIN = "main"
"""The thread that prepares and checks."""


@dataclass(frozen=True)
class RaceTrial:
    """The calls that a program made, and how they ran."""

    program: Program
    collection: str
    operations: tuple[Operation, ...]
    """The calls on single documents."""
    listings: tuple[Operation, ...]
    """The calls of `list_all()`; the main thread's are the last."""
    ran: Ran

    @property
    def quiet_listings(self) -> tuple[Operation, ...]:
        """The calls of `list_all()` while no other thread was calling."""
        return tuple(
            o for o in self.listings if o.thread.startswith(MAIN) or not self.program.threads
        )

    def writes_to(self, doc_id: str) -> list[Operation]:
        """Return the writes of a document."""
        return [o for o in self.operations if o.document[1] == doc_id and not o.is_read]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The threads that did not end."""
        return tuple(name(number) for number in self.ran.unfinished)


class Stage:
    """Runs trials on a collection, through one or more instances of the service."""

    def __init__(self, collection: Collection, instances: Sequence[Opened]) -> None:
        self.collection = collection
        self.instances = instances
        self.is_async = instances[0].is_async
        self.recorder = Recorder()
        self.deadline = 0.0
        """The time until which an "insist" step tries again."""
        self._before: dict[str, Any] = {}

    def play(self, program: Program, way: Way) -> RaceTrial:
        """Run a program in a way, read every document, and delete it.

        The reads and deletes are part of the trial: they show what a race left.
        """
        self._begin(program)
        for step in program.before:
            self.call(MAIN, step)
        self._before = {
            doc_id: self.call(MAIN, Step("get", doc_id)).value for doc_id in program.contested
        }
        self.deadline = time.monotonic() + ways.LONGEST
        task = self._task if self.is_async else self._thread
        ran = way([task(name(n), steps) for n, steps in enumerate(program.threads)])
        if not ran.unfinished:
            self._read_back(program)
        return self._trial(program, ran)

    def in_turn(self, words: str) -> RaceTrial:
        """Make calls one after the other, each through its instance; then read everything."""
        program = self._sequence(words)
        for step in program.before:
            self.call(_instance(step), step)
        self._read_back(program)
        return self._trial(program)

    def until_seen(
        self, words: str, fits: Callable[[History, Operation], bool], bound: float
    ) -> RaceTrial:
        """Make calls as `in_turn` does, of instances that converge within some seconds.

        The first instance makes the changes; a read is repeated until it fits them.
        """
        for write in ("save", "change", "delete"):
            words = words.replace(f"{write}2", f"{write}1")
        at_last = (f"delete1:{i} get1:{i} get2:{i}" for i in self._sequence(words).doc_ids)
        program = self._sequence(" ".join([words, *at_last]))
        for step in program.before:
            until = time.monotonic() + bound
            operation = self.call(_instance(step), step)
            while (
                operation.is_read
                and not fits(self.recorder.history(), operation)
                and time.monotonic() < until
            ):
                self.recorder.forget(operation)
                time.sleep(PAUSE)
                operation = self.call(_instance(step), step)
        return self._trial(program)

    def until_agreed(self, bound: float) -> RaceTrial:
        """Save a document through two instances at once; read until both show the same version.

        Which of the versions wins is up to the service.
        """
        program = self._sequence("save1 save2 get1 get2")
        *saves, one, other = program.before
        for step in saves:
            self.call(_instance(step), step)
        until = time.monotonic() + bound
        while True:
            reads = [self.call(_instance(step), step) for step in (one, other)]
            if agree(reads) or time.monotonic() > until:
                return self._trial(program)
            for read in reads:
                self.recorder.forget(read)
            time.sleep(PAUSE)

    def _sequence(self, words: str) -> Program:
        program = Program(steps_in_turn(words), ())
        self._begin(program)
        return program

    def _begin(self, program: Program) -> None:
        self.recorder = Recorder()
        for doc_id in program.doc_ids:
            self.collection.ledger.note_save(self.collection.name, doc_id)

    def _trial(self, program: Program, ran: Ran | None = None) -> RaceTrial:
        history = self.recorder.history()
        return RaceTrial(
            program,
            self.collection.name,
            tuple(o for o in history if o.method != "list_all"),
            tuple(o for o in history if o.method == "list_all"),
            ran or Ran("one call after the other"),
        )

    def _read_back(self, program: Program) -> None:
        """Read every document through every instance, list, delete, and read again."""
        instances = range(len(self.instances))
        steps = [Step("get", doc_id, on=on) for doc_id in program.doc_ids for on in instances]
        for thread in program.threads if program.again else ():
            for step in thread:
                if step.does == "save":
                    steps += [step, Step("get", step.doc_id, on=step.on)]
        steps += [Step("list_all", on=on) for on in instances]
        for doc_id in program.doc_ids:
            steps.append(Step("delete", doc_id, on=instances[-1]))
            steps += [Step("get", doc_id, on=on) for on in instances]
        for step in steps:
            self.call(f"{MAIN}, {_instance(step)}" if len(instances) > 1 else MAIN, step)

    def call(self, thread: str, step: Step) -> Operation:
        """Make the calls of a step, and return the last one."""
        return self._made(thread, step)[-1]

    def _made(self, thread: str, step: Step) -> list[Operation]:
        """Make the calls of a step."""
        made: list[Operation] = []
        place = (self.collection.name, step.doc_id)
        settle = self.instances[step.on].loop.settle
        for method, argument in self._calls(step, made):
            function = self._function(step, method, argument)

            def call(function: Callable[[], Any] = function) -> Any:
                return snapshot(settle(function()))

            made.append(self.recorder.call(thread, method, place, call, argument))
        return made

    async def _awaited(self, thread: str, step: Step) -> None:
        """Make the calls of a step in the loop of an async service."""
        made: list[Operation] = []
        place = (self.collection.name, step.doc_id)
        for method, argument in self._calls(step, made):
            function = self._function(step, method, argument)

            async def call(function: Callable[[], Any] = function) -> Any:
                value = function()
                return snapshot(await value if inspect.isawaitable(value) else value)

            made.append(await self.recorder.awaited(thread, method, place, call, argument))

    def _calls(self, step: Step, made: Sequence[Operation]) -> Iterator[Call]:
        """Yield the calls of a step, as methods and documents; `made` are those before."""
        if step.does == "change":
            yield "get", None
            yield "save", _carrying(made[-1].value, step)
        elif step.does == "compete":
            yield "save", _carrying(self._before.get(step.doc_id), step)
        elif step.does == "insist":
            for attempt in count(1):
                yield "save", replace(step, version=f"{step.version}.{attempt}").document
                if not _is_conflict(made[-1]) or time.monotonic() >= self.deadline:
                    break
                yield "get", None
        elif step.does == "save_others":
            self._save_others(step)
        else:
            yield step.does, step.document if step.does == "save" else None

    def _save_others(self, step: Step) -> None:
        """Save and delete many other documents; these calls are not recorded or checked."""
        name, service = self.collection.name, self.instances[step.on].service
        for doc_id in UNRELATED:
            self.collection.ledger.note_save(name, doc_id)
            with suppress(Exception):
                service.save(name, doc_id, {})
        for doc_id in UNRELATED:
            with suppress(Exception):
                service.delete(name, doc_id)

    def _function(
        self, step: Step, method: Method, document: dict[str, Any] | None
    ) -> Callable[[], Any]:
        service = self.instances[step.on].service
        collection = self.collection.name
        if document is not None:
            given = snapshot(document)
            return lambda: service.save(collection, step.doc_id, given)
        if method == "list_all":
            return lambda: service.list_all(collection)
        return lambda: getattr(service, method)(collection, step.doc_id)

    def _thread(self, thread: str, steps: tuple[Step, ...]) -> Callable[[], None]:
        def task() -> None:
            for step in steps:
                self._made(thread, step)

        return task

    def _task(
        self, thread: str, steps: tuple[Step, ...]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        async def task() -> None:
            for step in steps:
                await self._awaited(thread, step)

        return task


def agree(reads: Iterable[Operation]) -> bool:
    """Return whether reads have found the same version of a document."""
    found = [read.value.get("version") for read in reads if isinstance(read.value, dict)]
    return len(found) > 1 and found.count(found[0]) == len(found)


def _instance(step: Step) -> str:
    return f"instance {step.on + 1}"


def _is_conflict(operation: Operation) -> bool:
    return getattr(operation.error, "status_code", None) == CONFLICT


def _carrying(found: Any, step: Step) -> dict[str, Any]:
    """Return a new version with the `_id` and `_rev` of a document."""
    got = found if isinstance(found, dict) else {}
    return {**step.document, **{k: got[k] for k in ("_id", "_rev") if k in got}}
