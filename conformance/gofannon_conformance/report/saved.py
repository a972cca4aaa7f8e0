"""A saved JSON report, shown in another form."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gofannon_conformance.report import json as as_json
from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from gofannon_conformance.report.model import Report

FORMS = ("text", "markdown", "html", "junit", "badge")


def rendered(file: str, form: str, target: str | None) -> str:
    """Return a saved report in a form, with all targets or one."""
    if form not in FORMS:
        raise UsageError(f"--as {form}: there is no such form{nearest(form, FORMS)}")
    report = _only(_read(file), target)
    if form == "text":
        from gofannon_conformance.report import terminal

        return terminal.render(report, color=False)
    if form == "badge":
        from gofannon_conformance.report import badge

        if len(report.targets) != 1:
            names = ", ".join(each.name for each in report.targets)
            raise UsageError(f"a badge shows one target: choose it by --target, one of {names}")
        return badge.render(report.targets[0])
    text: str = import_module(f"gofannon_conformance.report.{form}").render(report)
    return text


def _read(file: str) -> Report:
    try:
        return as_json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file} is not a report of this kit: {error}") from error


def _only(report: Report, name: str | None) -> Report:
    if name is None:
        return report
    names = [target.name for target in report.targets]
    if name not in names:
        raise UsageError(f"--target {name}: the report has no such target{nearest(name, names)}")
    return replace(report, targets=tuple(t for t in report.targets if t.name == name))
