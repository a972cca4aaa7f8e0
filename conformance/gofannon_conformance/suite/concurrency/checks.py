"""The checks of a trial: each raises the violation of a clause, with a timeline."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import is_http
from gofannon_conformance.calls.violation import violation
from gofannon_conformance.histories import (
    CheckResult,
    Ending,
    History,
    Operation,
    check,
    content,
    explain,
    linearizable,
)
from gofannon_conformance.histories.timeline import call_label, timeline, version_label
from gofannon_conformance.suite.concurrency.replay import described, replay
from gofannon_conformance.suite.concurrency.trial import CONFLICT, MAIN, agree
from gofannon_conformance.values.exceptions import said
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_conformance.calls.values import Trace
    from gofannon_conformance.calls.violation import Violation
    from gofannon_conformance.suite.concurrency.trial import RaceTrial

TOO_MANY = 429

Clauses = tuple[str, ...]


class Judge:
    """Judges trials for some clauses, and counts the histories that were too hard to check."""

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

    def judge(self, trial: RaceTrial) -> None:
        """Make all checks of a trial."""
        self.judged += 1
        self.check_ended(trial)
        self.check_errors(trial, (*trial.operations, *trial.listings))
        for listing in trial.listings:
            self.check_listing(trial, listing)
        self.check_answers(trial)
        self.check_order(trial)
        if self.revisions:
            self.check_revisions(trial)

    def check_ended(self, trial: RaceTrial) -> None:
        """Check that every call has ended."""
        if trial.unfinished:
            open_calls = [o for o in (*trial.operations, *trial.listings) if o.end is None]
            raise self.violation(
                trial,
                f"concurrent calls did not end: thread {', '.join(trial.unfinished)} still waits "
                "(a deadlock?)",
                open_calls,
                expected="every call ends, whatever the other callers do",
            )

    def check_errors(
        self,
        trial: RaceTrial,
        operations: Iterable[Operation],
        allowed: Sequence[int] = (CONFLICT, TOO_MANY),
    ) -> None:
        """Check that calls raise only what concurrent calls may raise: a 404 or a conflict."""
        for operation in operations:
            error = operation.error
            missing = operation.ending is Ending.MISSING and operation.method != "list_all"
            if error is None or missing:
                continue
            status = getattr(error, "status_code", None)
            if not is_http(error):
                raise self.violation(
                    trial,
                    f"{call_label(operation)} raised {said(error)}, which is no HTTPException, "
                    "while others were calling",
                    [operation],
                    also=("ERR-1",),
                    expected="the same result as without other callers",
                )
            if operation.is_read or status not in allowed:
                raise self.violation(
                    trial,
                    f"{call_label(operation)} raised {status} ({shortened(detail(error), 200)}) "
                    "because others were calling at the same time",
                    [operation],
                    also=() if operation.is_uncertain else ("ERR-2",),
                    expected="the same result as without other callers",
                )

    def check_listing(self, trial: RaceTrial, listing: Operation) -> None:
        """Check that a listing shows no document twice, and each with a content of that time."""
        docs = listing.value
        if not listing.returned:
            return
        if not isinstance(docs, list) or not all(isinstance(d, dict) for d in docs):
            raise self.violation(
                trial, "list_all() did not return a list of dicts", [listing], expected="a list"
            )
        ids = [doc.get("_id") for doc in docs]
        for doc_id in trial.program.doc_ids:
            if ids.count(doc_id) > 1:
                raise self.violation(
                    trial,
                    f"{call_label(listing)} shows {doc_id!r} {ids.count(doc_id)} times",
                    [o for o in trial.operations if o.document[1] == doc_id],
                    also=("LIST-5",),
                    expected="each document once",
                )
            if (seen := _seen_in(listing, doc_id)) is not None:
                self._check_history(trial, [*trial.writes_to(doc_id), seen])

    def fits(self, before: Iterable[Operation], read: Operation) -> bool:
        """Return whether a read can be right after the writes of some calls."""
        writes = [o for o in before if not o.is_read]
        shown = [read]
        if read.method == "list_all":
            doc_ids = {o.document[1] for o in writes} if read.returned else ()
            shown = [_seen_in(read, doc_id) or _missed_in(read, doc_id) for doc_id in doc_ids]
        return not any(
            self._checked([*(o for o in writes if o.document == one.document), one])
            is CheckResult.NOT_LINEARIZABLE
            for one in shown
        )

    def check_agreed(self, trial: RaceTrial) -> None:
        """Check that two instances, each of which saved a version, show the same one."""
        self.judged += 1
        self.check_errors(trial, trial.operations)
        self.check_answers(trial)
        reads = [o for o in trial.operations if o.is_read]
        if not agree(reads):
            raise self.violation(
                trial,
                "two instances saved a version of one document, one right after the other, "
                "and did not converge to the same version",
                trial.operations,
                expected="in the end both show the same version, one of the two",
            )

    def check_untouched(self, trial: RaceTrial, listing: Operation) -> None:
        """Check that a listing shows the documents that no other call wrote to meanwhile."""
        if not listing.returned:
            return
        for step in trial.program.untouched:
            if _seen_in(listing, step.doc_id) is None:
                raise self.violation(
                    trial,
                    f"{call_label(listing)} misses the document {step.doc_id!r}, which was stored "
                    "all the time and which no other call wrote to",
                    [o for o in trial.operations if o.document == (trial.collection, step.doc_id)],
                    also=("LIST-5",),
                    expected="every document that no call writes to meanwhile",
                )
        for doc_id in trial.program.doc_ids:
            own = trial.writes_to(doc_id)
            if _seen_in(listing, doc_id) is None and not any(_overlap(o, listing) for o in own):
                self._check_history(trial, [*own, _missed_in(listing, doc_id)])

    def check_answers(self, trial: RaceTrial) -> None:
        """Check that each answer is about the document of its call."""
        for operation in trial.operations:
            value, doc_id = operation.value, operation.document[1]
            if not operation.returned or operation.method == "delete":
                continue
            key = "id" if operation.method == "save" and self.dialect == "interface" else "_id"
            if not isinstance(value, dict) or value.get(key) != doc_id:
                clause = "SAVE-1" if operation.method == "save" else "GET-2"
                raise self.violation(
                    trial,
                    f"{call_label(operation)} on {doc_id!r} returned {shortened(value, 200)}: "
                    "answers are mixed up between callers",
                    [operation],
                    also=(clause,),
                    expected=f"a dict whose {key!r} is {doc_id!r}",
                )
            if operation.method == "save" and self.dialect == "overview":
                self._check_echo(trial, operation)

    def _check_echo(self, trial: RaceTrial, save: Operation) -> None:
        if content(save.value) != content(save.argument):
            raise self.violation(
                trial,
                f"{call_label(save)} returned {version_label(save.value)}",
                [o for o in trial.operations if o.document == save.document and not o.is_read],
                also=("SAVE-1",),
                expected="the document that this call saved",
            )

    def check_order(self, trial: RaceTrial) -> None:
        """Check that the history of each document is linearizable."""
        seen = [
            _seen_in(listing, doc_id) or _missed_in(listing, doc_id)
            for listing in trial.quiet_listings
            if listing.returned
            for doc_id in trial.program.doc_ids
        ]
        history = History.of((*trial.operations, *seen))
        results = check(history, silent_deletes=self.silent_deletes)
        for document, own in history.by_document().items():
            if results[document] is CheckResult.NOT_LINEARIZABLE:
                self._raise_explained(trial, own)
        self.undecided += CheckResult.NOT_DECIDED in results.values()

    def check_revisions(self, trial: RaceTrial) -> None:
        """Check that versions of different content have different revisions, without a delete."""
        key = "rev" if self.dialect == "interface" else "_rev"
        for own in History.of(trial.operations).by_document().values():
            if any(o.method == "delete" and not o.thread.startswith(MAIN) for o in own):
                continue
            saved: dict[str, Operation] = {}
            for save in own:
                revision = _field(save.value, key)
                if save.method != "save" or not save.returned or not isinstance(revision, str):
                    continue
                first = saved.setdefault(revision, save)
                if content(first.argument) != content(save.argument):
                    raise self.violation(
                        trial,
                        f"{call_label(first)} and {call_label(save)} both returned "
                        f"the revision {revision!r}",
                        (first, save),
                        also=("SAVE-14",),
                        expected="another revision for each change of the content",
                    )
            for read in own:
                revision = _field(read.value, "_rev")
                if read.method != "get" or not isinstance(revision, str) or revision not in saved:
                    continue
                save = saved[revision]
                if content(save.argument) != content(read.value):
                    raise self.violation(
                        trial,
                        f"{call_label(read)} saw {version_label(read.value)} with the revision "
                        f"{revision!r}, which is that of {call_label(save)}",
                        (save, read),
                        also=("SAVE-14",),
                        expected="each document with its own revision",
                    )

    def violation(
        self,
        trial: RaceTrial,
        what: str,
        operations: Iterable[Operation],
        *,
        also: Clauses = (),
        expected: str = "",
    ) -> Violation:
        """Return the violation, with the timeline and a program that repeats the schedule."""
        drawn = timeline(operations)
        found = violation((*self.clauses, *also), what, came=drawn, expected=expected)
        found.called = described(trial.program)
        found.program = replay(trial, drawn, self.trace)
        return found

    def _checked(self, operations: Iterable[Operation]) -> CheckResult:
        return linearizable(operations, silent_deletes=self.silent_deletes)

    def _check_history(self, trial: RaceTrial, operations: Sequence[Operation]) -> None:
        """Check that a history of one document is linearizable."""
        if self._checked(operations) is CheckResult.NOT_LINEARIZABLE:
            self._raise_explained(trial, operations)

    def _raise_explained(self, trial: RaceTrial, operations: Iterable[Operation]) -> None:
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
            f"no order of the calls on {doc_id!r} explains their results: {explanation.sentence}",
            shown,
            also=also,
            expected="results that the same calls could have one after the other",
        )


def _field(answer: Any, key: str) -> object:
    return answer.get(key) if isinstance(answer, dict) else None


def detail(error: BaseException) -> str:
    """Return the text of an `HTTPException`."""
    return str(getattr(error, "detail", ""))


def _seen_in(listing: Operation, doc_id: str) -> Operation | None:
    """Return the part of a listing that shows a document, as a read of that document."""
    for doc in listing.value:
        if doc.get("_id") == doc_id:
            return replace(listing, document=(listing.document[0], doc_id), value=doc)
    return None


def _overlap(one: Operation, other: Operation) -> bool:
    """Return whether two calls overlapped in time."""
    ended = (operation.end or math.inf for operation in (one, other))
    return max(one.start, other.start) < min(ended)


def _missed_in(listing: Operation, doc_id: str) -> Operation:
    return replace(
        listing, document=(listing.document[0], doc_id), value=None, ending=Ending.MISSING
    )
