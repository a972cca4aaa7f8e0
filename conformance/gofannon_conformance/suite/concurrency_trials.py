"""One trial: a program is prepared, run at once by its threads, looked at, and cleaned up."""

from __future__ import annotations

import inspect
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories import History, Operation, Recorder
from gofannon_conformance.schedules.raced import name
from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite.concurrency_programs import (
    Program,
    Step,
    steps_in_turn,
)
from gofannon_conformance.suite.concurrency_ways import Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from gofannon_conformance.histories.operations import Method
    from gofannon_conformance.opening import Opened
    from gofannon_conformance.workspace import Collection

CONFLICT = 409

PASSERS_BY = tuple(f"passer-by-{n}" for n in range(130))
"""More documents than a table of locks is likely to hold."""

PAUSE = 0.05
"""Seconds between two looks at an instance that has not converged yet."""

MAIN = "main"
"""The thread that prepares, and looks afterwards."""


@dataclass(frozen=True)
class Trial:
    """What became of a program."""

    program: Program
    collection: str
    operations: tuple[Operation, ...]
    """The calls on single documents."""
    listings: tuple[Operation, ...]
    """The calls of `list_all()`; the main thread's come last."""
    ran: Ran
    seed: int

    @property
    def quiet_listings(self) -> tuple[Operation, ...]:
        """The calls of `list_all()` while nobody else was calling."""
        return tuple(
            o for o in self.listings if o.thread.startswith(MAIN) or not self.program.threads
        )

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The threads that never ended."""
        return tuple(name(number) for number in self.ran.unfinished)


class Stage:
    """Where trials are played: a collection, and one instance of the service or more."""

    def __init__(self, collection: Collection, instances: Sequence[Opened]) -> None:
        self.collection = collection
        self.instances = instances
        self.is_async = instances[0].is_async
        self.recorder = Recorder()
        self.deadline = 0.0
        """Until when those that insist go on."""
        self._fresh: dict[str, Any] = {}

    def play(
        self,
        program: Program,
        run: Callable[[Sequence[Callable[[], Any]]], Ran],
        *,
        seed: int = 0,
        look: Callable[[Program], None] | None = None,
    ) -> Trial:
        """Play a program in a way of running tasks, look, and delete what it left.

        The looking and the deleting are part of it: they show what a race left behind.
        """
        self.recorder = Recorder()
        for doc_id in program.doc_ids:
            self.collection.workspace.note_save(self.collection.name, doc_id)
        for step in program.before:
            self.call(MAIN, step)
        self._fresh = {
            doc_id: self.call(MAIN, Step("get", doc_id)).value for doc_id in program.contested
        }
        self.deadline = time.monotonic() + ways.LONGEST
        made = self._task if self.is_async else self._thread
        ran = run([made(name(n), steps) for n, steps in enumerate(program.threads)])
        if not ran.unfinished:
            (look or self.look)(program)
        return self._trial(program, ran, seed)

    def in_turn(self, words: str) -> Trial:
        """Make calls one after the other, through this instance and that; then look."""
        program = self._begin(words)
        for step in program.before:
            self.call(_instance(step), step)
        self.look(program)
        return self._trial(program, Ran("one call after the other"), 0)

    def until_seen(
        self, words: str, fits: Callable[[History, Operation], bool], bound: float
    ) -> Trial:
        """Make calls as `in_turn` does, of instances that converge only within some seconds.

        The first makes the changes; a read is made again until it fits what was done before.
        """
        for write in ("save", "change", "delete"):
            words = words.replace(f"{write}2", f"{write}1")
        at_last = (f"delete1:{i} get1:{i} get2:{i}" for i in self._begin(words).doc_ids)
        program = self._begin(" ".join([words, *at_last]))
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
        return self._trial(program, Ran("one call after the other"), 0)

    def until_agreed(self, bound: float) -> Trial:
        """Save a document through two instances, one right after the other; read until they agree.

        Whose version stands is theirs to decide; that they show the same one is not.
        """
        program = self._begin("save1 save2 get1 get2")
        *saves, one, other = program.before
        for step in saves:
            self.call(_instance(step), step)
        until = time.monotonic() + bound
        while True:
            reads = [self.call(_instance(step), step) for step in (one, other)]
            if agree(reads) or time.monotonic() > until:
                return self._trial(program, Ran("one call after the other"), 0)
            for read in reads:
                self.recorder.forget(read)
            time.sleep(PAUSE)

    def _begin(self, words: str) -> Program:
        self.recorder = Recorder()
        program = Program(steps_in_turn(words), ())
        for doc_id in program.doc_ids:
            self.collection.workspace.note_save(self.collection.name, doc_id)
        return program

    def _trial(self, program: Program, ran: Ran, seed: int) -> Trial:
        history = self.recorder.history()
        return Trial(
            program,
            self.collection.name,
            tuple(o for o in history if o.method != "list_all"),
            tuple(o for o in history if o.method == "list_all"),
            ran,
            seed,
        )

    def look(self, program: Program) -> None:
        """Read every document through every instance, list them, delete them, read them again."""
        everywhere = range(len(self.instances))
        for doc_id in program.doc_ids:
            for on in everywhere:
                self._look(Step("get", doc_id, on=on))
        for thread in program.threads if program.again else ():
            for step in thread:
                if step.does == "save":
                    self._look(step)
                    self._look(Step("get", step.doc_id, on=step.on))
        for on in everywhere:
            self._look(Step("list_all", on=on))
        for doc_id in program.doc_ids:
            self._look(Step("delete", doc_id, on=everywhere[-1]))
            for on in everywhere:
                self._look(Step("get", doc_id, on=on))

    def _look(self, step: Step) -> Operation:
        several = len(self.instances) > 1
        return self.call(f"{MAIN}, instance {step.on + 1}" if several else MAIN, step)

    def call(self, thread: str, step: Step) -> Operation:
        """Make the call of a step, or its calls; give what came of the last."""
        if step.does == "insist":
            return self._insisted(thread, step)
        settle = self.instances[step.on].loop.settle
        argument = self._argument(step, lambda: self.call(thread, _read(step)))
        function = self._function(step, argument)
        return self.recorder.call(
            thread,
            _method(step),
            (self.collection.name, step.doc_id),
            lambda: snapshot(settle(function())),
            argument,
        )

    async def _awaited(self, thread: str, step: Step) -> Operation:
        """Make the call of a step in the loop of an async service."""
        if step.does == "insist":
            return await self._insisted_in_loop(thread, step)
        found = await self._awaited(thread, _read(step)) if step.does == "change" else None
        argument = self._argument(step, lambda: found)
        function = self._function(step, argument)

        async def made() -> Any:
            value = function()
            return snapshot(await value if inspect.isawaitable(value) else value)

        return await self.recorder.awaited(
            thread, _method(step), (self.collection.name, step.doc_id), made, argument
        )

    def _pass_by(self, step: Step) -> None:
        """Save and delete many documents, of which nothing is recorded: they are nobody's test."""
        name, service = self.collection.name, self.instances[step.on].service
        for doc_id in PASSERS_BY:
            self.collection.workspace.note_save(name, doc_id)
            with suppress(Exception):
                service.save(name, doc_id, {})
        for doc_id in PASSERS_BY:
            with suppress(Exception):
                service.delete(name, doc_id)

    def _insisted(self, thread: str, step: Step) -> Operation:
        """Save until the answer is no 409, each time a version of its own, while there is time."""
        count = 1
        operation = self.call(thread, _attempt(step, count))
        while _gave_up(operation) and time.monotonic() < self.deadline:
            count += 1
            self.call(thread, _read(step))
            operation = self.call(thread, _attempt(step, count))
        return operation

    async def _insisted_in_loop(self, thread: str, step: Step) -> Operation:
        count = 1
        operation = await self._awaited(thread, _attempt(step, count))
        while _gave_up(operation) and time.monotonic() < self.deadline:
            count += 1
            await self._awaited(thread, _read(step))
            operation = await self._awaited(thread, _attempt(step, count))
        return operation

    def _argument(self, step: Step, found: Callable[[], Operation | None]) -> dict[str, Any] | None:
        """Give the document that a step saves."""
        if step.does == "save":
            return step.document
        if step.does == "change":
            before = found()
            return _carrying(before.value if before else None, step)
        if step.does == "compete":
            return _carrying(self._fresh.get(step.doc_id), step)
        return None

    def _function(self, step: Step, document: dict[str, Any] | None = None) -> Callable[[], Any]:
        service = self.instances[step.on].service
        collection = self.collection.name
        if document is not None:
            given = snapshot(document)
            return lambda: service.save(collection, step.doc_id, given)
        if step.does == "list_all":
            return lambda: service.list_all(collection)
        return lambda: getattr(service, step.does)(collection, step.doc_id)

    def _thread(self, thread: str, steps: tuple[Step, ...]) -> Callable[[], None]:
        def task() -> None:
            for step in steps:
                if step.does == "pass_by":
                    self._pass_by(step)
                else:
                    self.call(thread, step)

        return task

    def _task(
        self, thread: str, steps: tuple[Step, ...]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        async def task() -> None:
            for step in steps:
                await self._awaited(thread, step)

        return task


def agree(reads: Iterable[Operation]) -> bool:
    """Tell whether reads have found one and the same version of a document."""
    found = [read.value.get("version") for read in reads if isinstance(read.value, dict)]
    return len(found) > 1 and found.count(found[0]) == len(found)


def _instance(step: Step) -> str:
    return f"instance {step.on + 1}"


def _method(step: Step) -> Method:
    if step.does == "get" or step.does == "delete" or step.does == "list_all":
        return step.does
    return "save"


def _attempt(step: Step, count: int) -> Step:
    return replace(step, does="save", version=f"{step.version}.{count}")


def _read(step: Step) -> Step:
    return Step("get", step.doc_id, on=step.on)


def _gave_up(operation: Operation) -> bool:
    return getattr(operation.error, "status_code", None) == CONFLICT


def _carrying(found: Any, step: Step) -> dict[str, Any]:
    """Give a new version with the `_id` and `_rev` of a document that was found."""
    got = found if isinstance(found, dict) else {}
    return {**step.document, **{k: got[k] for k in ("_id", "_rev") if k in got}}
