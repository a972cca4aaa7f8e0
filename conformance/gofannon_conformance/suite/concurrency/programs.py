"""Small programs of a few threads: the calls, their documents, and their instances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gofannon_conformance.schedules.outcome import name

if TYPE_CHECKING:
    from random import Random

Does: TypeAlias = Literal[
    "get", "save", "delete", "list_all", "change", "compete", "insist", "save_others"
]
"""What a step does: one of the four methods, one of three ways to save, or `save_others`.

"change" is a `get()` and then a `save()` of its document. "compete" saves with the `_rev` from
before the threads began. "insist" saves again and again while the answer is 409. "save_others"
saves and deletes many other documents.
"""

WRITES = ("save", "change", "compete", "insist")

ONE, TWO = "one", "two"
"""The documents of the programs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call, or those of a change; `on` is the number of the instance."""

    does: Does
    doc_id: str = ""
    version: str = ""
    on: int = 0
    long: bool = False
    """Whether the saved version is as long as any store must accept."""

    @property
    def document(self) -> dict[str, Any]:
        """The version that is saved."""
        return document_of(self.version, long=self.long)


@dataclass(frozen=True, slots=True)
class Program:
    """The saves of the main thread, and the steps that the threads then do concurrently."""

    before: tuple[Step, ...]
    threads: tuple[tuple[Step, ...], ...]
    new_ids: bool = False
    """Whether each trial uses ids that no trial has used before."""
    again: bool = False
    """Whether the threads' documents are saved once more at the end: they must be stored."""

    def with_ids_of(self, number: int) -> Program:
        """Return the same program with other ids."""

        def renamed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            return tuple(
                replace(step, doc_id=f"{step.doc_id}-{number}") if step.doc_id else step
                for step in steps
            )

        return replace(self, before=renamed(self.before), threads=tuple(map(renamed, self.threads)))

    def on(self, instances: tuple[int, ...]) -> Program:
        """Return the same program, whose threads call these instances in turn."""
        return replace(
            self,
            threads=tuple(
                tuple(replace(step, on=instances[number % len(instances)]) for step in steps)
                for number, steps in enumerate(self.threads)
            ),
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all threads."""
        return tuple(step for thread in self.threads for step in thread)

    @property
    def is_long(self) -> bool:
        """Whether it saves a document that is as long as any store must accept."""
        return any(step.long for step in (*self.before, *self.steps))

    @property
    def saves_others(self) -> bool:
        """Whether some thread saves many other documents."""
        return any(step.does == "save_others" for step in self.steps)

    @property
    def doc_ids(self) -> tuple[str, ...]:
        """The documents of the program."""
        steps = (*self.before, *self.steps)
        return tuple(dict.fromkeys(step.doc_id for step in steps if step.doc_id))

    @property
    def contested(self) -> tuple[str, ...]:
        """The documents that the threads save with the `_rev` from before."""
        return tuple(dict.fromkeys(step.doc_id for step in self.steps if step.does == "compete"))

    @property
    def untouched(self) -> tuple[Step, ...]:
        """The saves of the documents that no thread writes to."""
        touched = {step.doc_id for step in self.steps if step.does in (*WRITES, "delete")}
        return tuple(step for step in self.before if step.doc_id not in touched)


LONG = 90_000
"""Characters: more than one piece, for most stores that split documents into pieces."""


def document_of(version: str, *, long: bool = False) -> dict[str, Any]:
    """Return a version of a document: each field shows the version, one in its name.

    >>> document_of("A1")
    {'version': 'A1', 'again': 'A1', 'only in A1': 'A1'}
    """
    document = {"version": version, "again": version, f"only in {version}": version}
    if long:
        document["at length"] = f"{version} " * (LONG // (len(version) + 1))
    return document


def program(
    *threads: str,
    before: str = "one",
    on: tuple[int, ...] = (0,),
    new_ids: bool = False,
    again: bool = False,
    long: bool = False,
) -> Program:
    """Return a program from the words of each thread, and the documents that are saved before.

    `save:two` is a save of the document "two"; without a document it is "one". The threads
    call the instances `on` in turn.

    >>> [step.does for step in program("save get", "delete").threads[0]]
    ['save', 'get']
    """
    return Program(
        tuple(Step("save", doc_id, f"{doc_id}0", long=long) for doc_id in before.split()),
        tuple(
            tuple(
                _step(word, f"{name(number)}{count}", long=long)
                for count, word in enumerate(words.split(), 1)
            )
            for number, words in enumerate(threads)
        ),
        new_ids,
        again,
    ).on(on)


def _step(word: str, version: str, on: int = 0, *, long: bool = False) -> Step:
    does, _, doc_id = word.partition(":")
    if does in ("list_all", "save_others"):
        return Step(does, on=on)  # type: ignore[arg-type]  # the words of this module and the tests
    version = version if does in WRITES else ""
    return Step(does, doc_id or ONE, version, on, long=long)  # type: ignore[arg-type]  # as above


def steps_in_turn(words: str) -> tuple[Step, ...]:
    """Return steps that are made one after the other; each word ends with its instance.

    >>> [(step.does, step.doc_id, step.on) for step in steps_in_turn("save1 get2:two list2")]
    [('save', 'one', 0), ('get', 'two', 1), ('list_all', '', 1)]
    """
    steps = []
    for count, word in enumerate(words.split(), 1):
        call, _, doc_id = word.partition(":")
        does = call[:-1].replace("list", "list_all")
        steps.append(_step(f"{does}:{doc_id}", f"v{count}", int(call[-1]) - 1))
    return tuple(steps)


MEETINGS = (
    *(program(first, second) for first, second in (
        ("delete", "delete"),
        ("delete", "save"),
        ("get", "save"),
        ("get", "delete"),
        ("save", "save"),
        ("save", "delete"),
        ("save", "get"),
        ("change", "save"),
        ("change", "delete"),
        ("save", "save:two"),
        ("delete", "save:two"),
        ("save:two", "delete"),
        ("save get", "save"),
    )),
    *(program(first, second, before="") for first, second in (
        ("save", "save"),
        ("get", "save"),
        ("delete", "save"),
        ("save", "get"),
    )),
    program("get", "get:two", before="one two"),
    program("get", "delete save"),
    program("delete save", "get"),
    program("get", "save get"),
    program("get", "delete get"),
    program("get get", "save"),
    program("get get", "delete"),
    program("save", "save", again=True),
    program("save", "delete", again=True),
    program("save", "get", long=True),
    program("get", "save", long=True),
)  # fmt: skip
"""Programs of two threads: the first is stopped at each of its steps while the second runs."""

FINE = (
    program("save", "save:two"),
    program("save", "save", before=""),
    program("delete", "delete"),
)
"""Meetings in which the first thread is stopped at each bytecode too: a line is not atomic."""

PAIRS = (
    program("delete", "delete", new_ids=True),
    program("save", "delete", new_ids=True),
    program("save", "save", before="", new_ids=True),
    program("change", "change", new_ids=True),
)
"""Meetings in which both threads are stopped, for code that checks twice.

The ids are new each time: a lock that is made on first use is made once for each id.
"""

RELAYS = (
    program("save", "delete", "delete", before=""),  # one save for two deletes
    program("save", "save", "delete"),
    program("save", "save", "save"),
    program("save", "get", "save"),
)
"""Meetings of three: the second waits for the first, and then meets the third."""

CROWDS = (
    ("save", "save", "get"),
    ("save get", "save get"),
    ("save save", "get get"),
    ("delete", "delete", "delete"),
    ("save:one get:one", "save:two get:two"),
    ("save:one get:one", "save:two get:two", "get:one get:two"),
    ("get", "save get", "delete"),
    ("change", "change", "get"),
)
"""Meetings of more threads, for random schedules."""


def drawn_program(random: Random, number: int, *, instances: int = 1) -> Program:
    """Return one of the meetings, one of the crowds, or a random program, in turn."""
    on = tuple(random.sample(range(instances), instances))
    if number % 3 == 0:
        return MEETINGS[number // 3 % len(MEETINGS)].on(on)
    if number % 3 == 1:
        return program(*CROWDS[number // 3 % len(CROWDS)], before=f"{ONE} {TWO}", on=on)
    threads = [
        " ".join(_word(random) for _ in range(random.randint(1, 3)))
        for _ in range(random.choice((2, 2, 3)))
    ]
    before = random.choice((ONE, f"{ONE} {TWO}", ""))
    return program(*threads, before=before, on=on)


def _word(random: Random) -> str:
    does = random.choice(("save", "save", "get", "get", "delete", "change"))
    return f"{does}:{random.choice((ONE, ONE, TWO))}"
