"""Small programs of a few threads: what each calls, on which document, through which instance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gofannon_conformance.schedules.raced import name

if TYPE_CHECKING:
    from random import Random

Does: TypeAlias = Literal["get", "save", "delete", "list_all", "change", "compete", "insist"]
"""What a step does: one of the four methods, or one of three ways to save.

A change is `get()` and then `save()` of what it gave; to compete is to save with the `_rev` that
was there before the threads began; to insist is to save again and again while the answer is 409.
"""

WRITES = ("save", "change", "compete", "insist")

ONE, TWO = "one", "two"
"""The documents that programs are about."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call, or the two of a change; `on` is the number of the instance that is called."""

    does: Does
    doc_id: str = ""
    version: str = ""
    on: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """What is saved first, by one thread, and what the threads then do at once."""

    before: tuple[Step, ...]
    threads: tuple[tuple[Step, ...], ...]

    @property
    def doc_ids(self) -> tuple[str, ...]:
        """The documents that it is about."""
        steps = (*self.before, *(step for thread in self.threads for step in thread))
        return tuple(dict.fromkeys(step.doc_id for step in steps if step.doc_id))

    @property
    def contested(self) -> tuple[str, ...]:
        """The documents whose revision of before the threads compete with."""
        steps = (step for thread in self.threads for step in thread if step.does == "compete")
        return tuple(dict.fromkeys(step.doc_id for step in steps))

    @property
    def untouched(self) -> tuple[Step, ...]:
        """The saves of the documents that no thread writes to."""
        touched = {
            step.doc_id
            for thread in self.threads
            for step in thread
            if step.does in WRITES or step.does == "delete"
        }
        return tuple(step for step in self.before if step.doc_id not in touched)


def document_of(version: str) -> dict[str, Any]:
    """Give a version of a document: each of its fields tells which, and one has its name.

    >>> document_of("A1")
    {'version': 'A1', 'again': 'A1', 'only in A1': 'A1'}
    """
    return {"version": version, "again": version, f"only in {version}": version}


def program(*threads: str, before: str = "one", on: tuple[int, ...] = (0,)) -> Program:
    """Write a program: the words of each thread, each a step; the documents that are there first.

    `save:two` is a save of the document "two"; without a document it is "one". The threads
    call the instances `on` in turn.

    >>> [step.does for step in program("save get", "delete").threads[0]]
    ['save', 'get']
    """
    return Program(
        tuple(Step("save", doc_id, f"{doc_id}0") for doc_id in before.split()),
        tuple(
            tuple(
                _step(word, f"{name(number)}{count}", on[number % len(on)])
                for count, word in enumerate(words.split(), 1)
            )
            for number, words in enumerate(threads)
        ),
    )


def _step(word: str, version: str, on: int) -> Step:
    does, _, doc_id = word.partition(":")
    if does == "list_all":
        return Step("list_all", on=on)
    return Step(
        does,  # type: ignore[arg-type]  # the words of this module and of the tests
        doc_id or ONE,
        version if does in WRITES else "",
        on,
    )


def steps_in_turn(words: str) -> tuple[Step, ...]:
    """Write steps that are made one after the other; each word says which instance is called.

    >>> [(step.does, step.doc_id, step.on) for step in steps_in_turn("save1 get2:two list2")]
    [('save', 'one', 0), ('get', 'two', 1), ('list_all', '', 1)]
    """
    steps = []
    for count, word in enumerate(words.split(), 1):
        call, _, doc_id = word.partition(":")
        does = call[:-1].replace("list", "list_all")
        step = _step(f"{does}:{doc_id or ONE}", f"v{count}", int(call[-1]) - 1)
        steps.append(step)
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
)  # fmt: skip
"""The meetings of two in which stores go wrong: the second comes in between while the first acts.

Each is tried with the first stopped at each of its steps, as far as there is time.
"""

FINE = (
    program("save", "save:two"),
    program("save", "save", before=""),
    program("delete", "delete"),
)
"""Meetings in which the first is stopped at each bytecode, too: one line may be a window."""

RELAYS = (
    program("save", "delete", "delete", before=""),  # so that one save is there for two deletes
    program("save", "save", "delete"),
    program("save", "save", "save"),
    program("save", "get", "save"),
)
"""Meetings of three: the first is gone when the other two meet, one of which waited for it."""

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
"""Meetings of more, for schedules that are drawn."""


def drawn_program(random: Random, number: int, *, instances: int = 1) -> Program:
    """Give one of the meetings, or every third time one that is made up."""
    on = tuple(random.sample(range(instances), instances))
    if number % 3 == 0:
        return _on(MEETINGS[number // 3 % len(MEETINGS)], on)
    if number % 3 == 1:
        return program(*CROWDS[number // 3 % len(CROWDS)], before=f"{ONE} {TWO}", on=on)
    threads = [
        " ".join(_word(random) for _ in range(random.randint(1, 3)))
        for _ in range(random.choice((2, 2, 3)))
    ]
    there = random.choice((ONE, f"{ONE} {TWO}", ""))
    return program(*threads, before=there, on=on)


def meetings_of(instances: int) -> tuple[Program, ...]:
    """Give the meetings; of two instances, the second thread calls the second one."""
    return tuple(_on(meeting, tuple(range(instances))) for meeting in MEETINGS)


def _on(given: Program, on: tuple[int, ...]) -> Program:
    return Program(
        given.before,
        tuple(
            tuple(replace(step, on=on[number % len(on)]) for step in steps)
            for number, steps in enumerate(given.threads)
        ),
    )


def _word(random: Random) -> str:
    does = random.choice(("save", "save", "get", "get", "delete", "change"))
    return f"{does}:{random.choice((ONE, ONE, TWO))}"
