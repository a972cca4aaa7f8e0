"""Recorded histories of concurrent calls, and a check that they are linearizable.

Each document is a register with delete, independent of the others: a history is linearizable
if the history of each document is. A wrong history is reduced to the smallest part that shows
the error, and reported as a sentence and a timeline.
"""

from __future__ import annotations

from gofannon_conformance.histories.checking import CheckResult, check, linearizable
from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.explaining import Explanation, explain
from gofannon_conformance.histories.operations import Ending, History, Operation
from gofannon_conformance.histories.recording import Recorder

__all__ = [
    "CheckResult",
    "Ending",
    "Explanation",
    "History",
    "Operation",
    "Recorder",
    "check",
    "content",
    "explain",
    "linearizable",
]
