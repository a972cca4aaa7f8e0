"""The report as JUnit XML: a test suite per target, a test case per clause."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gofannon_conformance.contract import load
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.legible import legible, on_one_line
from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

_ELEMENTS = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.NOT_TESTED: "error",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.EXPECTED_FAILURE: "skipped",
}
"""JUnit has fewer outcomes; those that count against the run must not become `skipped`."""


def render(report: Report, *, contract: Contract | None = None) -> str:
    """Return the report as JUnit XML for a CI server."""
    kits = contract or load()
    root = ET.Element("testsuites", name="gofannon-conformance", time=_seconds(report.seconds))
    for target in report.targets:
        root.append(_suite(target, report, wording(target, kits)))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(target: TargetReport, report: Report, contract: Contract) -> ET.Element:
    name = on_one_line(target.name)
    suite = ET.Element("testsuite", name=name, timestamp=report.started)
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("verdict", target.verdict),
        ("dialect", target.dialect),
        ("profile", report.profile),
        ("seed", str(report.seed)),
    ):
        ET.SubElement(properties, "property", name=key, value=_allowed(value))
    suite.extend(_case(result, name, contract) for result in target.clauses.values())
    elements = [_ELEMENTS.get(result.outcome) for result in target.clauses.values()]
    suite.set("tests", str(len(elements)))
    suite.set("failures", str(elements.count("failure")))
    suite.set("errors", str(elements.count("error")))
    suite.set("skipped", str(elements.count("skipped")))
    suite.set("time", _seconds(sum(result.seconds for result in target.clauses.values())))
    return suite


def _case(result: ClauseResult, target: str, contract: Contract) -> ET.Element:
    explained = explain(result, contract)
    group = result.clause.rpartition("-")[0]
    case = ET.Element(
        "testcase",
        classname=f"{target}.{group}",
        name=_allowed(explained.headline),
        time=_seconds(result.seconds),
    )
    tag = _ELEMENTS.get(result.outcome)
    if tag is not None:
        what = result.reason or (result.failures[0].what if result.failures else "")
        message = on_one_line(f"{result.outcome}: {what}")
        child = ET.SubElement(case, tag, message=_allowed(message))
        if tag != "skipped":
            child.set("type", str(result.outcome))
        child.text = _allowed(explained.plain() if result.failures else legible(result.reason))
    return case


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _allowed(text: str) -> str:
    """Return a text without the characters that XML 1.0 cannot have, even escaped."""
    return _FORBIDDEN.sub(lambda found: ascii(found.group())[1:-1], text)
