"""CON: many callers at once, of one instance or of two."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from gofannon_conformance.histories import Outcome
from gofannon_conformance.histories.drawing import called, came
from gofannon_conformance.schedules.styles import LINES
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.concurrency_effort import LEAST
from gofannon_conformance.suite.concurrency_programs import (
    MEETINGS,
    PAIRS,
    RELAYS,
    Program,
    drawn_program,
    meetings_of,
    program,
)
from gofannon_conformance.suite.concurrency_seeking import PLAIN, Seeker
from gofannon_conformance.suite.concurrency_trials import CONFLICT, MAIN
from gofannon_conformance.violation import NotApplicable

if TYPE_CHECKING:
    from random import Random

    from gofannon_conformance.suite.concurrency_trials import Trial
    from gofannon_conformance.suite.kit import Kit

MOST_OF_MANY = 30
"""How many trials there are of a program that takes long."""

WRITERS = 16
FEW_WRITERS = 4
"""How many writers there are where the schedule is drawn, and takes its time."""

SAVES = 3
"""How many times each of the writers saves."""

MEETING_VERSIONS = 3
"""How many times two instances that converge late are each told a version of one document."""

FIRST_SAVES = 16
"""How many threads save first into a new collection."""


THERE = "still-1 one two still-2"
"""What is there when lists are made; nobody touches the two that are still."""

MANY_STILL = " ".join(f"still-{n:02}" for n in range(12))
"""Enough for several small pages, before which a document comes or goes: those behind move up."""

COMING_AND_GOING = ("delete:a", "save:a0", "save:a")

GOING = [f"p{n:02}" for n in range(1, 12)]
"""The others of a first page, whatever its size: whoever remembers where it ended loses that."""

GOING_AT_ONCE = program(
    "list_all",
    " ".join(f"delete:{doc_id}" for doc_id in GOING),
    before=" ".join(["p00", *GOING, "p12", "p13", "p14"]),
)

AMONG_MANY = program("delete", "pass_by delete")
"""Between two deletes of a document so many others are saved that its lock may be thrown out."""

LISTED = (
    *(program(*threads, before=THERE) for threads in (
        ("list_all", "save:one"),
        ("list_all", "delete:one"),
        ("list_all", "delete:two"),
        ("list_all", "save:three"),
        ("list_all", "delete:one save:three"),
        ("save:one", "list_all"),
        ("delete:one", "list_all"),
        ("save:three", "list_all"),
        ("list_all", "list_all"),
        ("list_all", "save:three list_all"),
        ("list_all", "delete:one list_all"),
        ("list_all list_all", "save:three"),
        ("list_all", "get:one"),
        ("get:one", "list_all"),
    )),
    *(program("list_all", write, before=f"a {MANY_STILL}") for write in COMING_AND_GOING),
    GOING_AT_ONCE,
    program("save", "list_all", long=True),
)  # fmt: skip

SEQUENCES = (
    "list2 get2 save1 get2 list2 delete1 get2 list2",
    "get2 save1 get2 save1 get2 list2 get1",
    "save1 get2 save2 get1 list1 save1 get2 list2",
    "save1 get1 list1 delete2 get1 list1 delete1",
    "save1 get2 delete1 delete2 get2 list2 save2 get1 list1",
    "save1 change2 change1 change2 get1 get2 list1",
    "save1 list2 save2:two list1 delete1:two list2 delete2 list1 get2",
)
"""What two instances do in turn, one call after the other; each must see what the other did."""

ACROSS = tuple(
    f"{does}{instance}{where}"
    for does in ("save", "get", "delete", "list", "change")
    for instance in (1, 2)
    for where in ("", ":two")
)


class ConcurrencyTests(ContractTests):
    """Calls that are made at once answer as if they had been made one after the other."""

    @clause("CON-1", "CON-3")
    def test_calls_at_once_are_as_calls_in_some_order(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-1")
        seeker.seek(MEETINGS, drawn_program, relays=RELAYS, pairs=PAIRS)
        seeker.seek_on_the_way(drawn_program)

    @clause("CON-3")
    def test_one_of_many_deletes_succeeds(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-3")

        def deletes(random: Random, _: int) -> Program:
            return program(*["delete"] * random.choice((2, 3, 4)))

        def judge(trial: Trial) -> None:
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.operations, allowed=())
            seeker.judge.judge(trial)

        meetings = (program("delete", "delete"), program(*["delete"] * 4))
        seeker.seek(meetings, deletes, judge, relays=RELAYS[:1], pairs=PAIRS[:1])
        if not seeker.is_slow and not seeker.opened[0].is_async:
            among_many = seeker.points.of((AMONG_MANY,))
            for met, way in seeker.effort().within(seeker.limit, islice(among_many, MOST_OF_MANY)):
                judge(seeker.perform(seeker.stage(), met, way))

    @clause("CON-1", "SAVE-15")
    def test_one_of_many_saves_of_a_revision_succeeds(self, kit: Kit) -> None:
        kit.capability("conflicts")
        seeker = Seeker(kit, "CON-1")

        def saves(random: Random, _: int) -> Program:
            return program(*["compete"] * random.choice((2, 2, 3)))

        def judge(trial: Trial) -> None:
            seeker.judge.judge(trial)
            saves = [o for o in trial.operations if o.thread != MAIN and o.method == "save"]
            won = [o for o in saves if o.returned]
            if len(won) != 1:
                raise seeker.judge.violation(
                    trial,
                    f"{len(won)} of {len(saves)} saves with the same `_rev` succeeded at once",
                    saves,
                    also=("SAVE-15",),
                    expected="one succeeds, and the others are refused with 409",
                )

        seeker.seek((program("compete", "compete"),), saves, judge)

    @clause("CON-2")
    def test_first_saves_into_a_new_collection_all_succeed(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-2")

        def judge(trial: Trial) -> None:
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.operations, allowed=())
            seeker.judge.judge(trial)

        firsts = program(*(f"save:first-{n}" for n in range(FIRST_SAVES)), before="")
        new = seeker.new_collections(kit.profile.new_collections)
        for collection, way in zip(new, seeker.points.of_crowd(firsts, len(new)), strict=True):
            judge(seeker.perform(seeker.stage(collection), firsts, way))
        few = program(*(f"save:first-{n}" for n in range(3)), before="")
        fresh = zip(seeker.fresh_stages(), seeker.points.of_three(few), strict=False)
        for number, (stage, way) in enumerate(fresh):
            judge(seeker.perform(stage, few, way))
            if number >= kit.profile.points:
                break
        if not seeker.judge.judged:
            kit.unwritten()  # says that there is none left
        seeker.settle()

    @clause("CON-5")
    def test_other_instance_sees_each_change(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-5", instances=2)
        drawn = (
            " ".join(random.choices(ACROSS, k=random.randint(4, 12)))
            for random in map(seeker.chance, range(kit.profile.races // 4))
        )
        new = [(seeker.stage(collection), SEQUENCES[0]) for collection in seeker.new_collections(1)]
        usual = seeker.stage()
        known = ((usual, words) for words in chain(SEQUENCES, drawn))
        trials = chain(new, known)
        for stage, words in seeker.effort().within(seeker.limit, trials, least=len(SEQUENCES)):
            if kit.target.capabilities.eventual:
                trial = stage.until_seen(words, seeker.judge.fits, kit.target.converges_within)
            else:
                trial = stage.in_turn(words)
            seeker.judge.judge(trial)
        if kit.target.capabilities.eventual:
            for _ in range(MEETING_VERSIONS):
                seeker.judge.check_agreed(usual.until_agreed(kit.target.converges_within))
        seeker.settle()

    @clause("CON-5")
    def test_calls_of_two_instances_are_as_calls_in_some_order(self, kit: Kit) -> None:
        if kit.target.capabilities.eventual:
            raise NotApplicable("the target says that its instances converge after a while only")
        seeker = Seeker(kit, "CON-5", instances=2)
        seeker.seek(meetings_of(2), partial(drawn_program, instances=2))

    @clause("CON-4")
    def test_list_is_true_while_others_write(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-4")

        def lists(random: Random, _: int) -> Program:
            writes = (
                "save:one",
                "save:two",
                "delete:one",
                "delete:two",
                "save:three",
                "change:two",
            )
            writers = [
                " ".join(random.choices(writes, k=random.randint(1, 3)))
                for _ in range(random.choice((1, 1, 2)))
            ]
            return program(
                "list_all" if random.random() < 0.7 else "list_all list_all", *writers, before=THERE
            )

        def judge(trial: Trial) -> None:
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.listings)
            for listing in trial.listings:
                seeker.judge.check_listing(trial, listing)
                seeker.judge.check_untouched(trial, listing)

        seeker.seek(LISTED, lists, judge)
        if not seeker.is_slow:
            still = " ".join(f"still-{n:04}" for n in range(kit.profile.listed))
            many = tuple(program("list_all", w, before=f"a {still}") for w in COMING_AND_GOING)
            for met, way in islice(seeker.points.of(many), LEAST):
                judge(seeker.perform(seeker.stage(), met, way))

    @clause("CON-6")
    def test_save_that_meets_another_does_not_give_up(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-6")
        meetings = (program("save", "save"), program("save", "save", before=""))

        def judge(trial: Trial) -> None:
            for operation in trial.operations:
                if operation.outcome is Outcome.REFUSED and operation.method == "save":
                    raise seeker.judge.violation(
                        trial,
                        f"{called(operation)} gave up with {came(operation)}, although it met one "
                        "other save() only, which was soon done",
                        [o for o in trial.operations if not o.is_read],
                        expected="a save that tries again, with fresh data: it gives up seldom",
                    )
            seeker.judge.judge(trial)

        seeker.seek(meetings, lambda *_: meetings[0], judge)

    @clause("CON-6")
    def test_many_writers_of_one_document_all_finish(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-6")
        crowd = program(*[" ".join(["insist"] * SAVES)] * WRITERS)
        few = program(*[" ".join(["insist"] * SAVES)] * FEW_WRITERS)
        trial = seeker.play(seeker.stage(), crowd, seeker.chance(0), PLAIN - 1)
        _check_patience(seeker, trial)
        for number in range(PLAIN - 1):
            if number:
                trial = seeker.play(seeker.stage(), few, seeker.chance(number), number, (LINES,))
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.operations)
            seeker.judge.check_order(trial)
        seeker.settle()


def _check_patience(seeker: Seeker, trial: Trial) -> None:
    """All writers must have finished, and seldom been told that they lost."""
    saves = [o for o in trial.operations if o.method == "save" and o.thread != MAIN]
    refused = [o for o in saves if getattr(o.error, "status_code", None) == CONFLICT]
    done = sum(o.returned for o in saves)
    if trial.unfinished or (done + len(refused) == len(saves) and done < WRITERS * SAVES):
        raise seeker.judge.violation(
            trial,
            f"{WRITERS} writers that each save one document {SAVES} times had not all finished "
            f"after {ways.LONGEST:.0f} s: {done} of {WRITERS * SAVES} saves were done, "
            f"{len(refused)} were refused with 409",
            [o for o in saves if not o.returned][:8],
            expected="all finish within 30 s",
        )
    if len(refused) > len(saves) / 2:
        raise seeker.judge.violation(
            trial,
            f"{len(refused)} of {len(saves)} saves gave up with 409 while {WRITERS} writers "
            "saved one document: more than half",
            refused[:8],
            expected="a save that tries again, with fresh data, until it wins: it gives up seldom",
        )
