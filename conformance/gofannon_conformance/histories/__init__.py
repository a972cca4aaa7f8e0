"""Concurrent calls as recorded histories, and whether any sequential order explains them.

Each document is a register with delete, apart from every other one: a history is linearizable
if each document's is. What no order explains is cut down to the smallest part that shows it, and
told as a timeline and a sentence.
"""

from __future__ import annotations

from gofannon_conformance.histories.checking import Verdict, check, linearizable
from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.explaining import Explanation, explain
from gofannon_conformance.histories.operations import History, Operation, Outcome
from gofannon_conformance.histories.recording import Recorder
from gofannon_conformance.histories.revisions import shared_revision

__all__ = [
    "Explanation",
    "History",
    "Operation",
    "Outcome",
    "Recorder",
    "Verdict",
    "check",
    "content",
    "explain",
    "linearizable",
    "shared_revision",
]
