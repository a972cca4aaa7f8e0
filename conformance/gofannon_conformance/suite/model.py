"""Random programs of calls, compared with a model: a dict of dicts.

The programs use ids from a small pool of names that a careless store confuses, in a few
collections. So nearly every program overwrites, creates again and may confuse documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gofannon_conformance.calls.violation import NotTested, Violation, violation
from gofannon_conformance.documents.ids import KEY_FAMILIES, LONGEST_ID
from gofannon_conformance.documents.portable import small_documents
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.kit import Kit

COLLECTIONS = 2

Model = dict[int, dict[str, dict[str, Any]]]


class ModelTests(ContractTests):
    """Any program of calls returns what the same program on a dict returns."""

    @clause(
        "GET-1", "GET-5", "SAVE-3", "DEL-4", "DEL-5", "DEL-7", "LIST-5", "ISO-1", "ISO-2", "ISO-4"
    )
    def test_any_program_behaves_as_a_dict_of_documents(self, kit: Kit) -> None:
        collections = [kit.collection() for _ in range(COLLECTIONS)]
        seen: list[Violation] = []
        programs: list[tuple[str, ...]] = []
        tally = dict.fromkeys(
            ("save", "overwrite", "refused", "get", "delete", "deleted", "list_all"), 0
        )

        class Program(RuleBasedStateMachine):
            """One program. The model holds what each collection must hold."""

            def __init__(self) -> None:
                super().__init__()
                kit.begin()
                self.model: Model = {n: {} for n in range(COLLECTIONS)}
                self.deleted: set[tuple[int, str]] = set()

            @initialize(family=_families)
            def choose(self, family: tuple[str, ...]) -> None:
                """Use one family of names that are easily confused, and no others.

                No two programs use the same names, so that leftovers of one cannot show in another.
                """
                programs.append(family)
                self.ids = tuple(_salted(key, len(programs)) for key in family)

            @rule(call=_calls, where=_places, number=_ids, doc=small_documents())
            def call(self, call: str, where: int, number: int, doc: dict[str, Any]) -> None:
                """Make one call. There is only one rule: Hypothesis disables rules at random."""
                here = self._present(where, number)
                steps: dict[str, Callable[[], None]] = {
                    "save": lambda: self._save(where, self.ids[number % len(self.ids)], doc),
                    "change": lambda: self._change(where, here, doc),
                    "get": lambda: self._get(where, here),
                    "delete": lambda: self._delete(where, here),
                    "list_all": lambda: self._list(where),
                }
                self._checked(steps[call])

            def teardown(self) -> None:
                if not seen or seen[-1] is not self._found:
                    for where in range(COLLECTIONS):
                        self._checked(lambda: self._list(where))  # noqa: B023  # called at once

            _found: Violation | None = None

            def _present(self, where: int, number: int) -> str:
                """Return an id; for two of three numbers an existing one, if there is any."""
                live = sorted(self.model[where])
                if number >= len(self.ids) and live:
                    return live[number % len(live)]
                return self.ids[number % len(self.ids)]

            def _checked(self, step: Any) -> None:
                try:
                    step()
                except Violation as found:
                    self._found = found
                    seen.append(found)
                    raise

            def _save(self, where: int, doc_id: str, doc: dict[str, Any]) -> None:
                known = doc_id in self.model[where]
                answer = collections[where].save(doc_id, doc)
                tally["save"] += 1
                if (where, doc_id) in self.deleted:
                    answers.saved(answer, "DEL-7")
                if not answer.returned and not known:
                    answers.refused(answer, "ID-2", "the id")
                    tally["refused"] += 1
                    return
                answers.saved(answer, "SAVE-4" if known else "SAVE-2")
                tally["overwrite"] += known
                self.model[where][doc_id] = snapshot(doc)

            def _change(self, where: int, doc_id: str, change: dict[str, Any]) -> None:
                if doc_id not in self.model[where]:
                    return
                answer = collections[where].get(doc_id)
                doc = self._found_document(answer, where, doc_id)
                doc.update(change)
                answers.saved(collections[where].save(doc_id, doc), "SAVE-5")
                self.model[where][doc_id] = {**self.model[where][doc_id], **change}
                tally["overwrite"] += 1

            def _get(self, where: int, doc_id: str) -> None:
                answer = collections[where].get(doc_id)
                tally["get"] += 1
                if doc_id in self.model[where]:
                    self._found_document(answer, where, doc_id)
                elif answer.returned:
                    raise self._stranger(answer, where, doc_id)
                elif not answer.refused:
                    answers.missing(answer, "GET-5" if (where, doc_id) in self.deleted else "GET-3")

            def _delete(self, where: int, doc_id: str) -> None:
                answer = collections[where].delete(doc_id)
                tally["delete"] += 1
                if doc_id in self.model[where]:
                    answers.deleted(answer)
                    del self.model[where][doc_id]
                    self.deleted.add((where, doc_id))
                    tally["deleted"] += 1
                    self._get(where, doc_id)
                elif not answer.refused:
                    answers.not_deleted(kit, answer, "DEL-2")

            def _list(self, where: int) -> None:
                tally["list_all"] += 1
                answer = collections[where].list_all()
                try:
                    answers.listing(answer, self.model[where], "LIST-5")
                except Violation as found:
                    self._explain(found, where, answer)
                    raise

            def _found_document(self, answer: Any, where: int, doc_id: str) -> dict[str, Any]:
                expected = self.model[where][doc_id]
                if answer.returned and type(answer.value) is dict:
                    owner = self._owner(answer.value, where, doc_id)
                    if owner and answers.own_fields(answer.value) != expected:
                        raise self._stranger(answer, where, doc_id)
                return answers.document(answer, doc_id, expected, "GET-1")

            def _stranger(self, answer: Any, where: int, doc_id: str) -> Violation:
                """Return the violation for a wrong document, which names the right place of it."""
                owner = self._owner(answer.value, where, doc_id)
                expected = "HTTPException with status 404"
                if doc_id in self.model[where]:
                    expected = str({**self.model[where][doc_id], "_id": doc_id})
                if owner is None:
                    clause_id = "GET-5" if (where, doc_id) in self.deleted else "GET-3"
                    what = "get() returned a document where there is none"
                elif owner[0] == where:
                    clause_id = "ISO-4"
                    what = f"get() returned the document of another id, {owner[1]!r}"
                else:
                    clause_id = "ISO-2" if owner[1] == doc_id else "ISO-3"
                    what = f"get() returned a document of another collection, {owner[1]!r}"
                return violation(clause_id, what, answer=answer, expected=expected)

            def _owner(self, found: Any, where: int, doc_id: str) -> tuple[int, str] | None:
                if not isinstance(found, dict):
                    return None
                mine = answers.own_fields(found)
                for place, docs in self.model.items():
                    for other, doc in docs.items():
                        if (place, other) != (where, doc_id) and doc == mine and doc:
                            return place, other
                return None

            def _explain(self, found: Violation, where: int, answer: Any) -> None:
                """Add the clause that a wrong listing breaks in addition to LIST-5."""
                if not isinstance(answer.value, list):
                    return
                ids = {d.get("_id") for d in answer.value if isinstance(d, dict)}
                extra = {i for i in ids if isinstance(i, str)} - self.model[where].keys()
                if any((where, i) in self.deleted for i in extra):
                    found.clauses = ("DEL-4", *found.clauses)
                elif any(i in docs for n, docs in self.model.items() if n != where for i in extra):
                    found.clauses = ("ISO-2", *found.clauses)

        kit.prove_machine(Program, seen)
        _check_depth(kit, tally)


_places = st.integers(0, COLLECTIONS - 1)
_calls = st.sampled_from(("save", "save", "change", "get", "delete", "list_all"))
_families = st.sampled_from(KEY_FAMILIES)
_ids = st.integers(0, 11)
"""A number that stands for an id of the family, or for an existing one."""


def _salted(key: str, number: int) -> str:
    """Return a key for one program only, which is as easily confused as the given one.

    >>> _salted("01", 7), _salted("k ", 7)
    ('07', '7-k ')
    """
    if set(key) <= set("01.+"):
        return key.replace("1", str(number))
    salt = f"{number}-"
    return salt + (key if len(salt + key) <= LONGEST_ID else key[len(salt) :])


def _check_depth(kit: Kit, tally: dict[str, int]) -> None:
    """Raise if the programs did hardly anything: then the run proves nothing."""
    if kit.only_example:
        return
    never = [name for name in ("overwrite", "get", "deleted", "list_all") if not tally[name]]
    if never or tally["refused"] * 10 >= tally["save"] * 9:
        raise NotTested(
            "the random programs were too shallow to prove anything: "
            + (f"no {' and no '.join(never)} was made; " if never else "")
            + f"{tally['refused']} of {tally['save']} saves were refused"
        )
