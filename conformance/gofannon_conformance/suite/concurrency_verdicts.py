"""What a trial shows to be wrong, as the violation of a clause, with a timeline to follow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import is_http
from gofannon_conformance.histories import (
    Operation,
    Outcome,
    Verdict,
    check,
    content,
    explain,
    linearizable,
    shared_revision,
)
from gofannon_conformance.histories.drawing import called, named, timeline
from gofannon_conformance.histories.operations import History
from gofannon_conformance.program import shortened
from gofannon_conformance.resolve import said
from gofannon_conformance.suite.concurrency_replay import replay
from gofannon_conformance.suite.concurrency_trials import CONFLICT, MAIN, agree
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.calls import Trace
    from gofannon_conformance.suite.concurrency_programs import Program
    from gofannon_conformance.suite.concurrency_trials import Trial
    from gofannon_conformance.violation import Violation

TOO_MANY = 429

Clauses = tuple[str, ...]


class Judge:
    """Judges trials for the sake of some clauses; counts what could not be decided."""

    def __init__(
        self,
        clauses: Clauses,
        trace: Trace,
        *,
        dialect: str = "interface",
        revisions: bool = False,
    ) -> None:
        self.clauses = clauses
        self.trace = trace
        self.dialect = dialect
        self.revisions = revisions
        self.judged = 0
        self.undecided = 0

    @property
    def silent_deletes(self) -> bool:
        """Whether `delete()` of a missing document returns."""
        return self.dialect == "overview"

    def judge(self, trial: Trial) -> None:
        """Raise the violation that a trial shows, if any."""
        self.judged += 1
        self.check_ended(trial)
        self.check_errors(trial, (*trial.operations, *trial.listings))
        for listing in trial.listings:
            self.check_listing(trial, listing)
        self.check_answers(trial)
        self.check_order(trial)
        if self.revisions:
            self.check_revisions(trial)

    def check_ended(self, trial: Trial) -> None:
        """Every call must end."""
        if trial.unfinished:
            open_calls = [o for o in (*trial.operations, *trial.listings) if o.end is None]
            raise self.violation(
                trial,
                f"calls that run at once never ended: thread {', '.join(trial.unfinished)} "
                "waits for what never comes (a deadlock?)",
                open_calls,
                expected="every call ends, whatever the others do",
            )

    def check_errors(
        self,
        trial: Trial,
        operations: Iterable[Operation],
        allowed: Sequence[int] = (CONFLICT, TOO_MANY),
    ) -> None:
        """What many callers at once may meet: a 404, a conflict, and nothing else."""
        for operation in operations:
            error = operation.error
            missing = operation.outcome is Outcome.MISSING and operation.method != "list_all"
            if error is None or missing:
                continue
            status = getattr(error, "status_code", None)
            if not is_http(error):
                raise self.violation(
                    trial,
                    f"{called(operation)} raised {said(error)}, which is no HTTPException, "
                    "while others were calling",
                    [operation],
                    also=("ERR-1",),
                    expected="what the same call does alone",
                )
            if operation.is_read or status not in allowed:
                raise self.violation(
                    trial,
                    f"{called(operation)} raised {status} ({shortened(detail(error), 200)}) "
                    "because others were calling at the same time",
                    [operation],
                    also=() if operation.is_uncertain else ("ERR-2",),
                    expected="what the same call does alone",
                )

    def check_listing(self, trial: Trial, listing: Operation) -> None:
        """No document twice, none torn, and each with a content that it had meanwhile."""
        docs = listing.value
        if not listing.returned:
            return
        if not isinstance(docs, list) or not all(isinstance(d, dict) for d in docs):
            raise self.violation(
                trial, "list_all() gave what is no list of dicts", [listing], expected="a list"
            )
        ids = [doc.get("_id") for doc in docs]
        for doc_id in trial.program.doc_ids:
            if ids.count(doc_id) > 1:
                raise self.violation(
                    trial,
                    f"{called(listing)} shows the document {doc_id!r} {ids.count(doc_id)} times",
                    [o for o in trial.operations if o.document[1] == doc_id],
                    also=("LIST-5",),
                    expected="each document once",
                )
        for doc_id in trial.program.doc_ids:
            seen = _seen_in(listing, doc_id)
            if seen is None:
                continue
            writes = [o for o in trial.operations if o.document[1] == doc_id and not o.is_read]
            if self._verdict([*writes, seen]) is Verdict.NOT_LINEARIZABLE:
                self._explained(trial, [*writes, seen])

    def fits(self, before: Iterable[Operation], read: Operation) -> bool:
        """Tell whether what a read shows can be right after the writes of some calls."""
        writes = [o for o in before if not o.is_read]
        shown = [read]
        if read.method == "list_all":
            doc_ids = {o.document[1] for o in writes} if read.returned else ()
            shown = [_seen_in(read, doc_id) or _missed_in(read, doc_id) for doc_id in doc_ids]
        return not any(
            self._verdict([*(o for o in writes if o.document == one.document), one])
            is Verdict.NOT_LINEARIZABLE
            for one in shown
        )

    def check_agreed(self, trial: Trial) -> None:
        """Two instances that were each told a version must come to show the same one."""
        self.judged += 1
        self.check_errors(trial, trial.operations)
        self.check_answers(trial)
        reads = [o for o in trial.operations if o.is_read]
        if not agree(reads):
            raise self.violation(
                trial,
                "two instances were each told a version of one document, one right after the "
                "other, and did not come to show the same one",
                trial.operations,
                expected="both show the same version in the end, the one or the other",
            )

    def check_untouched(self, trial: Trial, listing: Operation) -> None:
        """Documents that nobody writes to meanwhile are in every list, if they are there."""
        if not listing.returned:
            return
        for step in trial.program.untouched:
            if _seen_in(listing, step.doc_id) is None:
                raise self.violation(
                    trial,
                    f"{called(listing)} misses the document {step.doc_id!r}, which was there all "
                    "the time and which nobody touched",
                    [o for o in trial.operations if o.document == (trial.collection, step.doc_id)],
                    also=("LIST-5",),
                    expected="every document that nobody touches",
                )
        for doc_id in trial.program.doc_ids:
            own = [o for o in trial.operations if o.document[1] == doc_id and not o.is_read]
            if _seen_in(listing, doc_id) is None and not any(_meet(o, listing) for o in own):
                missed = [*own, _missed_in(listing, doc_id)]
                if self._verdict(missed) is Verdict.NOT_LINEARIZABLE:
                    self._explained(trial, missed)

    def check_answers(self, trial: Trial) -> None:
        """Each call must be answered about its own document."""
        for operation in trial.operations:
            value, doc_id = operation.value, operation.document[1]
            if not operation.returned or operation.method == "delete":
                continue
            key = "id" if operation.method == "save" and self.dialect == "interface" else "_id"
            if not isinstance(value, dict) or value.get(key) != doc_id:
                clause = "SAVE-1" if operation.method == "save" else "GET-2"
                raise self.violation(
                    trial,
                    f"{called(operation)} on {doc_id!r} was answered with {shortened(value, 200)}: "
                    "answers are mixed up between callers",
                    [operation],
                    also=(clause,),
                    expected=f"a dict whose {key!r} is {doc_id!r}",
                )
            if operation.method == "save" and self.dialect == "overview":
                self._check_echo(trial, operation)

    def _check_echo(self, trial: Trial, save: Operation) -> None:
        if content(save.value) != content(save.argument):
            raise self.violation(
                trial,
                f"{called(save)} was answered with {named(save.value)}",
                [o for o in trial.operations if o.document == save.document and not o.is_read],
                also=("SAVE-1",),
                expected="the document that this call saved",
            )

    def check_order(self, trial: Trial) -> None:
        """Each document's history must be explained by some order of its calls."""
        seen = [
            _seen_in(listing, doc_id) or _missed_in(listing, doc_id)
            for listing in trial.quiet_listings
            if listing.returned
            for doc_id in trial.program.doc_ids
        ]
        history = History.of((*trial.operations, *seen))
        verdicts = check(history, silent_deletes=self.silent_deletes)
        for document, own in history.by_document().items():
            if verdicts[document] is Verdict.NOT_LINEARIZABLE:
                self._explained(trial, own)
        self.undecided += Verdict.NOT_DECIDED in verdicts.values()

    def check_revisions(self, trial: Trial) -> None:
        """Versions of different content must not share a revision, unless a delete is between."""
        key = "rev" if self.dialect == "interface" else "_rev"

        def revision(value: Any) -> object:
            return value.get(key) if isinstance(value, dict) else None

        for own in History.of(trial.operations).by_document().values():
            saves = [o for o in own if o.method == "save" and o.returned]
            if any(o.method == "delete" and not o.thread.startswith(MAIN) for o in own):
                continue
            pair = shared_revision(saves, revision)
            if pair is not None:
                raise self.violation(
                    trial,
                    f"{called(pair[0])} and {called(pair[1])} were both told "
                    f"the revision {revision(pair[0].value)!r}",
                    pair,
                    also=("SAVE-14",),
                    expected="a revision of its own for each change of the content",
                )
            told = {revision(o.value): o for o in saves}
            for read in own:
                carried = read.value.get("_rev") if isinstance(read.value, dict) else None
                save = told.get(carried) if read.method == "get" and carried else None
                if save is not None and content(save.argument) != content(read.value):
                    raise self.violation(
                        trial,
                        f"{called(read)} saw {named(read.value)} with the revision {carried!r}, "
                        f"which is that of {called(save)}",
                        (save, read),
                        also=("SAVE-14",),
                        expected="a document with its own revision",
                    )

    def violation(
        self,
        trial: Trial,
        what: str,
        operations: Iterable[Operation],
        *,
        also: Clauses = (),
        expected: str = "",
    ) -> Violation:
        """Make the violation, with the timeline, and the schedule that led there."""
        drawn = timeline(operations)
        found = violation((*self.clauses, *also), what, came=drawn, expected=expected)
        found.called = told(trial.program)
        found.program = replay(trial, drawn, self.trace)
        return found

    def _verdict(self, operations: Iterable[Operation]) -> Verdict:
        return linearizable(operations, silent_deletes=self.silent_deletes)

    def _explained(self, trial: Trial, operations: Iterable[Operation]) -> None:
        explanation = explain(operations, silent_deletes=self.silent_deletes)
        shown = explanation.operations
        deletes = [o for o in shown if o.method == "delete" and o.returned]
        also: Clauses = ()
        if len(deletes) > 1 and all(not o.is_read for o in shown):
            also = ("CON-3",)
        elif any(o.method == "list_all" for o in shown):
            also = ("CON-4",)
        elif " had been refused " in explanation.sentence:
            also = ("CON-6",)
        (doc_id,) = {o.document[1] for o in shown}
        raise self.violation(
            trial,
            f"no order of the calls on {doc_id!r} explains what they saw: {explanation.sentence}",
            shown,
            also=also,
            expected="answers that the same calls could have got one after the other",
        )


def told(program: Program) -> str:
    """Say what a program does, in a line.

    >>> from gofannon_conformance.suite.concurrency_programs import program
    >>> told(program("save get:two", "delete"))
    "at once: A: save('one'), get('two') | B: delete('one'); 'one' was saved before"
    """
    if not program.threads:
        words = (f"{_word(s.does, s.doc_id)} of instance {s.on + 1}" for s in program.before)
        return f"one after the other: {', '.join(words)}"
    threads = " | ".join(
        f"{chr(ord('A') + number)}{' (instance 2)' if steps[0].on else ''}: "
        f"{', '.join(_word(step.does, step.doc_id) for step in steps)}"
        for number, steps in enumerate(program.threads[:6])
    )
    more = f" | and {len(program.threads) - 6} more like these" if len(program.threads) > 6 else ""
    before = " and ".join(repr(step.doc_id) for step in program.before[:4])
    were = "was" if len(program.before) == 1 else "were"
    return f"at once: {threads}{more}" + (f"; {before} {were} saved before" if before else "")


def _word(does: str, doc_id: str) -> str:
    return f"{does}({doc_id!r})" if doc_id else f"{does}()"


def detail(error: BaseException) -> str:
    """Give the text of an `HTTPException`."""
    return str(getattr(error, "detail", ""))


def _seen_in(listing: Operation, doc_id: str) -> Operation | None:
    """Take what a list shows of a document as a read of it."""
    for doc in listing.value:
        if doc.get("_id") == doc_id:
            return replace(listing, document=(listing.document[0], doc_id), value=doc)
    return None


def _meet(one: Operation, other: Operation) -> bool:
    """Tell whether two calls were under way at the same time."""
    ended = (operation.end or math.inf for operation in (one, other))
    return max(one.start, other.start) < min(ended)


def _missed_in(listing: Operation, doc_id: str) -> Operation:
    return replace(
        listing, document=(listing.document[0], doc_id), value=None, outcome=Outcome.MISSING
    )
