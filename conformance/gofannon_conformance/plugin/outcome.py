"""Outcomes: the exception of a test becomes its result, and a report in plain words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from gofannon_conformance.calls.violation import Violations
from gofannon_conformance.plugin.fixture import file_of, name_of, target_made_for
from gofannon_conformance.plugin.items import altered_tests, class_of, clauses_of, test_name
from gofannon_conformance.plugin.names import PAYLOAD, SESSION
from gofannon_conformance.report.accounting import FailureData, TargetData, TestData
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.verdict import BROKE, judged, judged_with_hang, without
from gofannon_conformance.run.workspace import CollectionInUse

if TYPE_CHECKING:
    from collections.abc import Generator

    from gofannon_conformance.calls.violation import Violation
    from gofannon_conformance.contract import Contract
    from gofannon_conformance.run.options import Options
    from gofannon_conformance.run.sessions import Session


class OutcomeHooks:
    """Attaches the result of each test of the suite to pytest's report of it."""

    def __init__(self, contract: Contract, options: Options) -> None:
        self._contract = contract
        self._options = options
        self._altered: dict[type, dict[str, str]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach a test's result to its report, and write the report in plain words."""
        clauses = clauses_of(item)
        error = call.excinfo.value if call.excinfo is not None else None
        if clauses and not judged(error).reason.startswith(BROKE):
            # `rewrite` has the text: pytest would first format the source of every frame.
            item.repr_failure = _text_of  # type: ignore[method-assign]
        report = yield
        session = item.stash.get(SESSION, None)
        leaks: list[Violation] = []
        if clauses and session is not None and report.when != "setup":
            leaks = session.opened.watch.take()
        if not clauses or (report.when != "call" and report.passed and not leaks):
            return report
        if leaks and report.when == "teardown" and error is None:
            error, leaks = Violations(leaks), []  # the test itself has its result already
        if isinstance(error, (KeyboardInterrupt, pytest.exit.Exception)):
            return report
        data = self._data(item, session, error, report, leaks)
        setattr(report, PAYLOAD, data)
        if isinstance(error, CollectionInUse):
            item.session.shouldstop = str(error)
        rewrite(report, data, self._contract, strict=self._options.strict)
        return report

    def _data(
        self,
        item: pytest.Item,
        session: Session | None,
        error: object,
        report: pytest.TestReport,
        leaks: list[Violation],
    ) -> TestData:
        is_body = report.when == "call"
        outcome, reason, violations = judged_with_hang(error, session) if is_body else judged(error)
        facts: dict[str, str] = {}
        if session is not None:
            facts, session.facts = session.facts, {}
        return TestData(
            target=self._target_data(item, session),
            test=test_name(item),
            clauses=list(clauses_of(item)),
            outcome=str(outcome),
            reason=reason,
            seconds=round(report.duration, 6),
            failures=[self._failure_data(item, session, found) for found in (*violations, *leaks)],
            facts=facts,
        )

    def _failure_data(
        self, item: pytest.Item, session: Session | None, found: Violation
    ) -> FailureData:
        masked = without(session.secrets if session is not None else ())
        return FailureData(
            clauses=list(found.clauses),
            what=masked(found.what),
            called=masked(found.called),
            came=masked(found.came),
            expected=masked(found.expected),
            differences=[masked(line) for line in found.differences],
            program=masked(found.program),
            reproduce=self._command(item, session, found),
        )

    def _command(self, item: pytest.Item, session: Session | None, found: Violation) -> str:
        """Return the command that runs a failed example again."""
        example = test_name(item) + (f":{found.example}" if found.example else "")
        made_for = target_made_for(class_of(item))
        if made_for is not None:
            words, prefix = ["gofannon-conformance", "run", made_for.spec], "--"
        else:
            _, colons, within = item.nodeid.partition("::")
            words, prefix = ["pytest", file_of(item) + colons + within], "--conformance-"
        words.append(f"{prefix}example={example}")
        if not found.example:
            words.append(f"{prefix}seed={self._options.seed}")
            if self._options.profile.name != "standard":
                words.append(f"{prefix}profile={self._options.profile.name}")
        if self._options.dialect and session is not None:
            words.append(f"{prefix}dialect={self._options.dialect}")
        words += [f"{prefix}server={server}" for server in self._options.servers]
        return shlex.join(words)

    def _target_data(self, item: pytest.Item, session: Session | None) -> TargetData:
        kind = class_of(item)
        if kind not in self._altered:
            self._altered[kind] = altered_tests(kind)
        target = session.target if session is not None else target_made_for(kind)
        listed = target.expected_failures if target is not None else {}
        return TargetData(
            name=name_of(kind),
            dialect=session.contract.dialect if session else self._contract.dialect,
            server=session.server if session else None,
            limits=session.limits if session else {},
            expected={clause: entry.reason for clause, entry in listed.items()},
            altered=self._altered[kind],
            capabilities=_capabilities(session),
        )


def _text_of(excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:  # noqa: ARG001
    """Return the text of an exception, without a traceback."""
    return str(excinfo.value)


def rewrite(report: pytest.TestReport, data: TestData, contract: Contract, *, strict: bool) -> None:
    """Write the outcome into pytest's own report, in plain words and without the kit's frames."""
    outcome, broken = data["outcome"], data["failures"]
    if outcome == Outcome.PASS and not broken:
        return
    if report.skipped and outcome == Outcome.NOT_TESTED:
        return  # the author's mark skips it; it counts against the run all the same
    if hasattr(report, "wasxfail"):
        del report.wasxfail  # pytest's xfail does not excuse a clause; `expected_failures` does
    if broken:  # by what it tests, or by a leaked secret
        did_not_end = outcome in (Outcome.ERROR, Outcome.NOT_TESTED)
        why = [f"{outcome}: {data['reason']}"] if did_not_end else []
        report.longrepr = "\n\n".join([*why, *(as_text(contract, failure) for failure in broken)])
        excuse = "" if did_not_end else excuse_of(data, contract, strict=strict)
        report.outcome = "skipped" if excuse else "failed"
        if excuse:
            report.wasxfail = excuse
    elif outcome == Outcome.NOT_APPLICABLE:
        report.outcome = "skipped"
        report.longrepr = (str(report.location[0]), report.location[1] or 0, data["reason"])
    else:
        report.outcome = "failed"
        if not data["reason"].startswith(BROKE):
            report.longrepr = f"{outcome}: {data['reason']}"


def excuse_of(data: TestData, contract: Contract, *, strict: bool) -> str:
    """Return why a failed test does not fail the run; "" if it does."""
    reasons = []
    for clause in {i for failure in data["failures"] for i in failure["clauses"]}:
        listed = data["target"]["expected"].get(clause)
        limit = data["target"]["limits"].get(clause)
        if listed or limit:
            reasons.append(f"{clause}: {listed or limit}")
        elif contract.clause(clause).level != "MUST" and not strict:
            reasons.append(f"{clause} is a {contract.clause(clause).level}")
        else:
            return ""
    return "; ".join(sorted(reasons))


def as_text(contract: Contract, failure: FailureData) -> str:
    """Return a failure in a few lines; the report at the end of the run has all of it."""
    clause = contract.clause(failure["clauses"][0])
    lines = (
        ("called:  ", failure["called"]),
        ("came:    ", failure["came"]),
        ("expected:", failure["expected"]),
        *(("at       ", line) for line in failure["differences"][:5]),
        ("again:   ", failure["reproduce"]),
    )
    return "\n".join(
        [
            f"{clause.id} {clause.level}: {clause.text}",
            f"  {failure['what']}",
            *(f"  {label} {text}" for label, text in lines if text),
        ]
    )


def _capabilities(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    known = {}
    for name in ("revisions", "conflicts"):
        claimed = getattr(session.target.capabilities, name)
        if claimed is not None or session.detected.get(name):
            known[name] = "claimed" if claimed else "denied" if claimed is False else "detected"
    return {"capabilities": ", ".join(f"{n} ({how})" for n, how in known.items())} if known else {}
