"""The contract: the clauses of `contract.toml`, their groups, levels and dialects."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_DIALECT = "interface"


class Level(StrEnum):
    """The level of a clause, as in RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class UnknownClause(ValueError):  # noqa: N818 - a public name
    """A clause, group or pattern that the contract does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One rule that a backend can keep or break."""

    id: str
    level: Level
    group: str
    text: str
    """The rule, with Markdown's code marks."""
    source: tuple[str, ...]
    """The pages that it comes from, or `substitutability`; empty for optional methods."""
    where: str
    """The page and heading where it is written, or the reason for it."""
    capability: str | None = None
    """The capability that a target needs for the clause to apply."""
    hint: str = ""
    """What to check when the clause fails."""
    covered: bool = False
    """Whether the suite claims to test it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The clauses that share the first part of their id."""

    name: str
    title: str
    chapter: str
    """Its own name, or `EXT` for optional methods."""
    covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One reading of the source pages where they disagree, with its wording of the clauses."""

    name: str
    text: str
    clauses: tuple[Clause, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Every clause, in order, in the wording of one dialect.

    >>> contract = load()
    >>> contract.clause("GET-3").level
    <Level.MUST: 'MUST'>
    >>> [clause.id for clause in contract.resolve("del-[12]")]
    ['DEL-1', 'DEL-2']
    >>> contract.for_dialect("overview").clause("DEL-2").text
    'a missing document is deleted in silence: `None` comes back, and nothing changes'
    """

    version: str
    dialect: str
    groups: tuple[Group, ...]
    clauses: tuple[Clause, ...] = field(repr=False)
    dialects: Mapping[str, Dialect] = field(repr=False)
    capabilities: Mapping[str, str] = field(repr=False)
    """Each capability that a clause needs, with its meaning."""

    @cached_property
    def _by_id(self) -> dict[str, Clause]:
        return {clause.id: clause for clause in self.clauses}

    def clause(self, clause_id: str) -> Clause:
        """Return the clause of that id; raise `UnknownClause` with the nearest ids."""
        try:
            return self._by_id[clause_id.upper()]
        except KeyError:
            raise UnknownClause(self._unknown(clause_id)) from None

    def for_dialect(self, name: str) -> Contract:
        """Return the same contract in the named dialect."""
        if name not in self.dialects:
            known = ", ".join(self.dialects)
            raise ValueError(f"unknown dialect {name!r}; the dialects are: {known}")
        return replace(self, dialect=name, clauses=self.dialects[name].clauses)

    def resolve(self, pattern: str) -> tuple[Clause, ...]:
        """Return the clauses that an id, a group, a chapter or a glob names, in order."""
        from fnmatch import fnmatchcase

        wanted = pattern.strip().upper()
        members = {g.name for g in self.groups if wanted in (g.name, g.chapter)}
        found = tuple(
            clause
            for clause in self.clauses
            if clause.group in members or fnmatchcase(clause.id, wanted)
        )
        if not found:
            raise UnknownClause(self._unknown(pattern))
        return found

    def asked_for(self, texts: Iterable[str]) -> frozenset[str]:
        """Return the ids of the clauses in options, separated by commas or spaces.

        >>> sorted(load().asked_for(["GET-1,GET-2", "IDX"]))
        ['GET-1', 'GET-2', 'IDX-1']
        """
        names = [name for text in texts for name in text.replace(",", " ").split()]
        if not names:
            raise UnknownClause("--clause: no clause was named")
        return frozenset(clause.id for name in names for clause in self.resolve(name))

    def _unknown(self, name: str) -> str:
        from difflib import get_close_matches

        names = [*self._by_id, *(group.name for group in self.groups)]
        near = get_close_matches(name.strip().upper(), names, n=3, cutoff=0.5)
        groups = ", ".join(group.name for group in self.groups)
        advice = f"did you mean {' or '.join(near)}?" if near else f"the groups are: {groups}"
        return f"the contract has no clause {name!r}; {advice}"


@cache
def load() -> Contract:
    """Read the kit's contract, in its default dialect."""
    text = files(__package__).joinpath("contract.toml").read_text(encoding="utf-8")
    return _contract(tomllib.loads(text))


def _contract(table: Mapping[str, Any]) -> Contract:
    pages = table["sources"]
    groups = tuple(
        Group(
            name=row["name"],
            title=row["title"],
            chapter=row.get("chapter", row["name"]),
            covered=row["covered"],
        )
        for row in table["group"]
    )
    clauses = tuple(
        Clause(
            id=row["id"],
            level=Level(row["level"]),
            group=group["name"],
            text=row["text"],
            source=tuple(pages[letter] for letter in row["source"]),
            where=row["where"],
            capability=row.get("capability"),
            hint=row["hint"],
            covered=row.get("covered", group["covered"]),
        )
        for group in table["group"]
        for row in group["clause"]
    )
    dialects = {
        name: Dialect(name=name, text=row["text"], clauses=_reworded(clauses, row, pages))
        for name, row in table["dialects"].items()
    }
    return Contract(
        version=table["version"],
        dialect=DEFAULT_DIALECT,
        groups=groups,
        clauses=clauses,
        dialects=dialects,
        capabilities=table["capabilities"],
    )


def _reworded(
    clauses: tuple[Clause, ...], dialect: Mapping[str, Any], pages: Mapping[str, str]
) -> tuple[Clause, ...]:
    rows = dialect.get("clauses", {})
    unknown = rows.keys() - {clause.id for clause in clauses}
    if unknown:
        raise UnknownClause(f"a dialect rewords clauses that do not exist: {sorted(unknown)}")
    return tuple(
        replace(
            clause,
            text=rows[clause.id]["text"],
            source=tuple(pages[letter] for letter in rows[clause.id]["source"]),
            where=rows[clause.id]["where"],
            hint=rows[clause.id]["hint"],
        )
        if clause.id in rows
        else clause
        for clause in clauses
    )
