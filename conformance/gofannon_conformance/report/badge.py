"""The verdict as an SVG badge for a README."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gofannon_conformance.report.legible import on_one_line

if TYPE_CHECKING:
    from gofannon_conformance.report.model import TargetReport

LABEL = "gofannon conformance"

_NARROW = frozenset("fijlrt ,()-1")
_COLOURS = {"strict": "#1a7f37", "conformant": "#2f6f3e", "not conformant": "#b3261e"}
_EXCEPTED = "#8a5a00"

_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label={spoken}>
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="#444"/>
<path d="M{left} 0h{stretch}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_x}" y="14" textLength="{label_length}">{label}</text>
<text x="{verdict_x}" y="14" textLength="{verdict_length}">{verdict}</text>
</g>
</svg>
"""


def render(target: TargetReport) -> str:
    """Return the badge of one target; several excepted clauses are shown as their number."""
    verdict = _short(target.verdict) + (" (partial)" if target.partial else "")
    label_length, verdict_length = (_length(text) for text in (LABEL, verdict))
    left, right = label_length + 12, verdict_length + 12
    title = f"{on_one_line(target.name)}: {LABEL}: {target.verdict}"
    return _TEMPLATE.format(
        width=left + right,
        left=left,
        stretch=right - 3,
        spoken=quoteattr(title),
        title=escape(title),
        colour=_COLOURS.get(target.verdict, _EXCEPTED),
        label=LABEL,
        verdict=escape(verdict),
        label_x=left / 2,
        label_length=label_length,
        verdict_x=left + right / 2,
        verdict_length=verdict_length,
    )


def _length(text: str) -> int:
    """Return the estimated width of a text in the badge's font at 11 px."""
    return round(sum(4.4 if letter in _NARROW else 7.2 for letter in text))


def _short(verdict: str) -> str:
    words, _, excepted = verdict.partition(" except ")
    if not excepted:
        return verdict
    ids = excepted.split(", ")
    return f"{words} except {ids[0] if len(ids) == 1 else f'{len(ids)} clauses'}"
