"""CON: concurrent calls, of one instance or of two."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable
from gofannon_conformance.histories import Ending
from gofannon_conformance.histories.timeline import call_label, result_label
from gofannon_conformance.run.capabilities import require
from gofannon_conformance.schedules.styles import LINES
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.concurrency import ways
from gofannon_conformance.suite.concurrency.effort import LEAST
from gofannon_conformance.suite.concurrency.programs import (
    MEETINGS,
    PAIRS,
    RELAYS,
    Program,
    drawn_program,
    program,
)
from gofannon_conformance.suite.concurrency.search import PLAIN
from gofannon_conformance.suite.concurrency.seeker import Seeker
from gofannon_conformance.suite.concurrency.trial import CONFLICT, MAIN

if TYPE_CHECKING:
    from random import Random

    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.concurrency.trial import RaceTrial

MOST_AMONG_MANY = 30
"""Trials of `AMONG_MANY`, which takes long."""

WRITERS = 16
FEW_WRITERS = 4
"""The writers under a random schedule, which takes longer."""

SAVES = 3
"""How many times each of the writers saves."""

AGREEMENTS = 3
"""How many times two eventual instances each save a version of one document."""

FIRST_SAVES = 16
"""Threads that save first into a new collection."""

BEFORE_LISTS = "still-1 one two still-2"
"""The documents before a list; no thread writes to the two that are still."""

MANY_STILL = " ".join(f"still-{n:02}" for n in range(12))
"""Enough for several small pages behind a document that comes or goes: these then move."""

FIRST_CHANGES = ("delete:a", "save:a0", "save:a")

GOING = [f"p{n:02}" for n in range(1, 12)]
"""The other documents of a first page of any size: the place where it ended is deleted."""

PAGE_DELETED = program(
    "list_all",
    " ".join(f"delete:{doc_id}" for doc_id in GOING),
    before=" ".join(["p00", *GOING, "p12", "p13", "p14"]),
)

AMONG_MANY = program("delete", "save_others delete")
"""Between two deletes of a document so many others are saved that a table may drop its lock."""

LISTED = (
    *(program(*threads, before=BEFORE_LISTS) for threads in (
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
    *(program("list_all", write, before=f"a {MANY_STILL}") for write in FIRST_CHANGES),
    PAGE_DELETED,
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
"""Calls of two instances, one after the other; each instance must see the other's changes."""

ACROSS = tuple(
    f"{does}{instance}{where}"
    for does in ("save", "get", "delete", "list", "change")
    for instance in (1, 2)
    for where in ("", ":two")
)


class ConcurrencyTests(ContractTests):
    """Concurrent calls have the results of the same calls in some order."""

    @clause("CON-1", "CON-3")
    def test_calls_at_once_are_as_calls_in_some_order(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-1")
        seeker.seek(MEETINGS, drawn_program, relays=RELAYS, pairs=PAIRS)
        seeker.seek_in_transit(drawn_program)

    @clause("CON-3")
    def test_one_of_many_deletes_succeeds(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-3")

        def deletes(random: Random, _: int) -> Program:
            return program(*["delete"] * random.choice((2, 3, 4)))

        judge = partial(_judge_without_errors, seeker)
        meetings = (program("delete", "delete"), program(*["delete"] * 4))
        seeker.seek(meetings, deletes, judge, relays=RELAYS[:1], pairs=PAIRS[:1])
        if not seeker.is_slow and not seeker.is_async:
            among_many = islice(seeker.stops.single((AMONG_MANY,)), MOST_AMONG_MANY)
            for met, way in seeker.effort().within(seeker.limit, among_many):
                judge(seeker.perform(seeker.stage(), met, way))

    @clause("CON-1", "SAVE-15")
    def test_one_of_many_saves_of_a_revision_succeeds(self, kit: Kit) -> None:
        require(kit, "conflicts")
        seeker = Seeker(kit, "CON-1")

        def saves(random: Random, _: int) -> Program:
            return program(*["compete"] * random.choice((2, 2, 3)))

        def judge(trial: RaceTrial) -> None:
            seeker.judge.judge(trial)
            saves = [o for o in trial.operations if o.thread != MAIN and o.method == "save"]
            won = [o for o in saves if o.returned]
            if len(won) != 1:
                raise seeker.judge.violation(
                    trial,
                    f"{len(won)} of {len(saves)} concurrent saves with the same `_rev` succeeded",
                    saves,
                    also=("SAVE-15",),
                    expected="one succeeds, and the others are refused with 409",
                )

        seeker.seek((program("compete", "compete"),), saves, judge)

    @clause("CON-2")
    def test_first_saves_into_a_new_collection_all_succeed(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-2")
        judge = partial(_judge_without_errors, seeker)
        firsts = program(*(f"save:first-{n}" for n in range(FIRST_SAVES)), before="")
        new = seeker.new_collections(kit.profile.new_collections)
        for collection, way in zip(new, seeker.stops.crowd(firsts, len(new)), strict=True):
            judge(seeker.perform(seeker.stage(collection), firsts, way))
        few = program(*(f"save:first-{n}" for n in range(3)), before="")
        fresh = zip(seeker.fresh_stages(), seeker.stops.three(few), strict=False)
        for stage, way in islice(fresh, kit.profile.points + 1):
            judge(seeker.perform(stage, few, way))
        if not seeker.judge.judged:
            kit.unwritten()  # raises that no collection is left
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
            for _ in range(AGREEMENTS):
                seeker.judge.check_agreed(usual.until_agreed(kit.target.converges_within))
        seeker.settle()

    @clause("CON-5")
    def test_calls_of_two_instances_are_as_calls_in_some_order(self, kit: Kit) -> None:
        if kit.target.capabilities.eventual:
            raise NotApplicable("the target says that its instances converge after a while only")
        seeker = Seeker(kit, "CON-5", instances=2)
        meetings = tuple(meeting.on((0, 1)) for meeting in MEETINGS)
        seeker.seek(meetings, partial(drawn_program, instances=2))

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
            reader = "list_all" if random.random() < 0.7 else "list_all list_all"
            return program(reader, *writers, before=BEFORE_LISTS)

        def judge(trial: RaceTrial) -> None:
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.listings)
            for listing in trial.listings:
                seeker.judge.check_listing(trial, listing)
                seeker.judge.check_untouched(trial, listing)

        seeker.seek(LISTED, lists, judge)
        if not seeker.is_slow:
            still = " ".join(f"still-{n:04}" for n in range(kit.profile.listed))
            many = tuple(program("list_all", w, before=f"a {still}") for w in FIRST_CHANGES)
            for met, way in islice(seeker.stops.single(many), LEAST):
                judge(seeker.perform(seeker.stage(), met, way))

    @clause("CON-6")
    def test_save_that_meets_another_does_not_give_up(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-6")
        meetings = (program("save", "save"), program("save", "save", before=""))

        def judge(trial: RaceTrial) -> None:
            for operation in trial.operations:
                if operation.ending is Ending.REFUSED and operation.method == "save":
                    raise seeker.judge.violation(
                        trial,
                        f"{call_label(operation)} gave up with {result_label(operation)}, although "
                        "it conflicted with only one other save()",
                        [o for o in trial.operations if not o.is_read],
                        expected="save() tries again with fresh data, and gives up seldom",
                    )
            seeker.judge.judge(trial)

        seeker.seek(meetings, lambda *_: meetings[0], judge)

    @clause("CON-6")
    def test_many_writers_of_one_document_all_finish(self, kit: Kit) -> None:
        seeker = Seeker(kit, "CON-6")
        crowd = program(*[" ".join(["insist"] * SAVES)] * WRITERS)
        few = program(*[" ".join(["insist"] * SAVES)] * FEW_WRITERS)
        trial = seeker.play(seeker.stage(), crowd, seeker.chance(0), PLAIN - 1)
        _check_writers(seeker, trial)
        for number in range(PLAIN - 1):
            if number:
                trial = seeker.play(seeker.stage(), few, seeker.chance(number), number, (LINES,))
            seeker.judge.check_ended(trial)
            seeker.judge.check_errors(trial, trial.operations)
            seeker.judge.check_order(trial)
        seeker.settle()


def _judge_without_errors(seeker: Seeker, trial: RaceTrial) -> None:
    """Judge a trial in which no call may raise anything but a 404."""
    seeker.judge.check_ended(trial)
    seeker.judge.check_errors(trial, trial.operations, allowed=())
    seeker.judge.judge(trial)


def _check_writers(seeker: Seeker, trial: RaceTrial) -> None:
    """Check that all writers have finished, and that few of their saves were refused."""
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
            expected="save() tries again with fresh data until it wins, and gives up seldom",
        )
