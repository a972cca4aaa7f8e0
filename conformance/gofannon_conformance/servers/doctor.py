"""The doctor: which servers this machine has for each store, and how to get the others.

>>> [row.way for row in rows(["postgresql"])]
['environment', 'initdb', 'container']
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gofannon_conformance.servers.catalogue import provider, stores
from gofannon_conformance.servers.provider import Plan, Unavailable, first_open

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.servers.provider import Provider


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to get a server for a store, and whether it works on this machine."""

    store: str
    way: str
    source: str
    available: bool
    used: bool
    """Whether a run would use it."""
    product: str = ""
    version: str = ""
    detail: str = ""
    why: str = ""
    """Why it is not available, or did not start."""
    how: str = ""
    """How to get it."""
    seconds: float | None = None
    """Until it was ready, if it was started."""

    @property
    def name(self) -> str:
        """Its name for a provider: `dynamodb:dynalite`."""
        return f"{self.store}:{self.way}"


def rows(only: Iterable[str] | None = None, *, start: bool = False) -> tuple[Row, ...]:
    """Return every way for every store, or for the stores in `only`, best first.

    With `start`, every available way is started and closed again, one after the other.
    """
    found = [row for store in only or stores() for row in _survey(provider(store))]
    return tuple(_started(row) if start and row.available else row for row in found)


def lines(rows: Iterable[Row]) -> list[str]:
    """Return the rows as text: a heading for each store, then its ways.

    `*` marks the way that a run would use, `+` another available one, `-` one that is missing.
    """
    by_store: dict[str, list[Row]] = {}
    for row in rows:
        by_store.setdefault(row.store, []).append(row)
    text = []
    for store, ways in by_store.items():
        used = next((row for row in ways if row.used), None)
        text.append(f"{store}: {_heading(used) if used else 'no server'}")
        width = max(len(row.way) for row in ways)
        text.extend(f"  {_mark(row)} {row.way:<{width}}  {_status(row)}" for row in ways)
    return text


def _survey(store: Provider) -> list[Row]:
    surveyed = list(store.survey())
    used = first_open(surveyed)
    rows = []
    for way, found in surveyed:
        is_plan = isinstance(found, Plan)
        names = ("product", "version", "detail") if is_plan else ("why", "how")
        rows.append(
            Row(
                store=store.name,
                way=way.name,
                source=way.source,
                available=is_plan,
                used=is_plan and found is used,
                **{name: getattr(found, name) for name in names},
            )
        )
    return rows


def _started(row: Row) -> Row:
    begun = time.perf_counter()
    try:
        with provider(row.name).start() as server:
            seconds = round(time.perf_counter() - begun, 2)
            return replace(row, version=server.endpoint.version or row.version, seconds=seconds)
    except Unavailable as missing:
        return replace(row, available=False, why=missing.why, how=missing.how)
    except Exception as error:  # noqa: BLE001 - the other rows must be shown all the same
        return replace(row, available=False, why=str(error) or repr(error))


def _mark(row: Row) -> str:
    if row.used:
        return "*"
    return "+" if row.available else "-"


def _heading(row: Row) -> str:
    product = f"{row.product} {row.version}".strip()
    return f"{product} ({row.source}){_ready(row)}"


def _status(row: Row) -> str:
    if not row.available:
        return f"{row.why}; to get it: {row.how}" if row.how else row.why
    product = f"{row.product} {row.version}".strip()
    return f"{product}: {row.detail}{_ready(row)}"


def _ready(row: Row) -> str:
    return "" if row.seconds is None else f", ready in {row.seconds:.2f} s"
