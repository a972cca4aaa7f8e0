"""Small programs of a few threads: what each calls, on which document, through which instance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gofannon_conformance.schedules.raced import name

if TYPE_CHECKING:
    from random import Random

Does: TypeAlias = Literal[
    "get", "save", "delete", "list_all", "change", "compete", "insist", "pass_by"
]
"""What a step does: one of the four methods, one of three ways to save, or it passes by.

A change is `get()` and then `save()` of what it gave; to compete is to save with the `_rev` that
was there before the threads began; to insist is to save again and again while the answer is 409.
To pass by is to save and delete many documents that nobody else is about.
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
    long: bool = False
    """Whether the version that it saves is as long as any store must hold."""

    @property
    def document(self) -> dict[str, Any]:
        """The version that it saves."""
        return document_of(self.version, long=self.long)


@dataclass(frozen=True, slots=True)
class Program:
    """What is saved first, by one thread, and what the threads then do at once."""

    before: tuple[Step, ...]
    threads: tuple[tuple[Step, ...], ...]
    anew: bool = False
    """Whether its documents have ids, each time, that nobody has named before."""
    again: bool = False
    """Whether what the threads saved is saved once more, in the end: it must be stored again."""

    def on_ids_of(self, number: int) -> Program:
        """Give the same program about documents of other ids."""

        def renamed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            return tuple(
                replace(step, doc_id=f"{step.doc_id}-{number}") if step.doc_id else step
                for step in steps
            )

        return replace(self, before=renamed(self.before), threads=tuple(map(renamed, self.threads)))

    @property
    def is_long(self) -> bool:
        """Whether it saves a document that is as long as any store must hold."""
        return any(step.long for thread in (self.before, *self.threads) for step in thread)

    @property
    def passes_by(self) -> bool:
        """Whether some thread passes many other documents by."""
        return any(step.does == "pass_by" for thread in self.threads for step in thread)

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


LONG = 90_000
"""Characters: more than one piece, for most of those who keep a document in pieces."""


def document_of(version: str, *, long: bool = False) -> dict[str, Any]:
    """Give a version of a document: each of its fields tells which, and one has its name.

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
    anew: bool = False,
    again: bool = False,
    long: bool = False,
) -> Program:
    """Write a program: the words of each thread, each a step; the documents that are there first.

    `save:two` is a save of the document "two"; without a document it is "one". The threads
    call the instances `on` in turn.

    >>> [step.does for step in program("save get", "delete").threads[0]]
    ['save', 'get']
    """
    return Program(
        tuple(Step("save", doc_id, f"{doc_id}0", long=long) for doc_id in before.split()),
        tuple(
            tuple(
                _step(word, f"{name(number)}{count}", on[number % len(on)], long=long)
                for count, word in enumerate(words.split(), 1)
            )
            for number, words in enumerate(threads)
        ),
        anew,
        again,
    )


def _step(word: str, version: str, on: int, *, long: bool = False) -> Step:
    does, _, doc_id = word.partition(":")
    if does in ("list_all", "pass_by"):
        return Step(does, on=on)  # type: ignore[arg-type]  # as below
    return Step(
        does,  # type: ignore[arg-type]  # the words of this module and of the tests
        doc_id or ONE,
        version if does in WRITES else "",
        on,
        long=long,
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
    program("get", "save get"),
    program("get", "delete get"),
    program("get get", "save"),
    program("get get", "delete"),
    program("save", "save", again=True),
    program("save", "delete", again=True),
    program("save", "get", long=True),
    program("get", "save", long=True),
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

PAIRS = (
    program("delete", "delete", anew=True),
    program("save", "delete", anew=True),
    program("save", "save", before="", anew=True),
    program("change", "change", anew=True),
)
"""Meetings in which both are stopped, one in the midst of the other: what is looked at twice.

A lock that is made on first use is made for each id: so the ids are new each time.
"""

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
    return replace(
        given,
        threads=tuple(
            tuple(replace(step, on=on[number % len(on)]) for step in steps)
            for number, steps in enumerate(given.threads)
        ),
    )


def _word(random: Random) -> str:
    does = random.choice(("save", "save", "get", "get", "delete", "change"))
    return f"{does}:{random.choice((ONE, ONE, TWO))}"
