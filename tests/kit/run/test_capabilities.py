"""Finding out by trying: revisions and conflicts, what is shared, on stores of every habit."""

from dataclasses import replace
from itertools import count
from uuid import uuid4

import pytest
from fastapi import HTTPException
from given import NaiveService, kit_of
from waiting import Clock

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.violation import NotApplicable, NotTested, Violation
from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.mutants.durability.base import Later
from gofannon_conformance.mutants.right import folder
from gofannon_conformance.run import capabilities
from gofannon_conformance.run.capabilities import has, require
from gofannon_conformance.target import Capabilities, Target


class Revised(NaiveService):
    """Counts revisions, and shows them."""

    carried = True

    def __init__(self):
        super().__init__()
        self.revs = {}
        self.counter = count(1)

    def save(self, db_name, doc_id, doc):
        self.check(doc.get("_rev"), self.revs.get((db_name, doc_id)))
        super().save(db_name, doc_id, {k: v for k, v in doc.items() if k != "_rev"})
        rev = self.revs[db_name, doc_id] = self.next_rev()
        return {"id": doc_id, "rev": rev}

    def get(self, db_name, doc_id):
        found = super().get(db_name, doc_id)
        return {**found, "_rev": self.revs[db_name, doc_id]} if self.carried else found

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        del self.revs[db_name, doc_id]

    def next_rev(self):
        return str(next(self.counter))

    def check(self, brought, current):
        """Take any."""


class Conflicting(Revised):
    """Refuses a stale `_rev`, as the contract's capability says."""

    def check(self, brought, current):
        if brought is not None and brought != current:
            raise HTTPException(409, "stale")


class Demanding(Revised):
    """Refuses a save without the current `_rev`, as CouchDB itself does."""

    def check(self, brought, current):
        if brought != current:
            raise HTTPException(409, "stale")


class Placeholder(Revised):
    def next_rev(self):
        return "1"


class Invisible(Revised):
    carried = False

    def next_rev(self):
        return str(uuid4())


class RefusesAnyRev(Revised):
    """Cannot take back what it gave: no conflict detection, but a mistake."""

    def check(self, brought, current):
        if brought is not None:
            raise HTTPException(409, "no")


class Down:
    def __getattr__(self, name):
        raise HTTPException(503, "down")


HABITS = {
    MemoryDatabaseService: (True, False),
    Revised: (True, False),
    Conflicting: (True, True),
    Demanding: (True, True),
    Placeholder: (False, False),
    Invisible: (False, False),
    RefusesAnyRev: (False, False),
    NaiveService: (False, False),
    Down: (False, False),
}


@pytest.mark.parametrize("service", HABITS)
def test_what_a_store_does_is_what_is_detected(service):
    kit = kit_of(service())
    assert (has(kit, "revisions"), has(kit, "conflicts")) == HABITS[service]


def test_each_is_tried_once_reported_and_leaves_no_document_and_no_trace():
    service = Conflicting()
    kit = kit_of(service)
    assert has(kit, "revisions")
    assert has(kit, "conflicts")
    calls = kit.caller.count
    assert has(kit, "revisions")
    assert kit.caller.count == calls
    assert kit.trace.steps == []
    assert not any(service.data.values())
    assert kit.session.detected["revisions"] == (
        "`rev` went from '1' to '2', and get() carries `_rev`"
    )
    assert "was refused with 409" in kit.session.detected["conflicts"]


def test_trial_that_could_not_be_made_is_made_again():
    service = NaiveService()
    service.list_all = lambda db_name: [{"_id": "somebody's"}]
    kit = kit_of(service)
    for _ in range(2):
        with pytest.raises(NotTested):
            has(kit, "revisions")


@pytest.mark.parametrize(
    ("claimed", "service", "raised"),
    [
        (None, Revised, None),
        (None, NaiveService, NotApplicable),
        (True, Revised, None),
        (True, NaiveService, None),  # and the test finds out
        (False, NaiveService, NotApplicable),
        (False, Revised, Violation),
    ],
)
def test_claim_is_held_against_what_is_detected(claimed, service, raised):
    target = Target(name="t", connect=service, capabilities=Capabilities(revisions=claimed))
    kit = kit_of(service(), target=target)
    if raised is None:
        assert require(kit, "revisions") is None
    else:
        with pytest.raises(raised) as found:
            require(kit, "revisions")
        assert getattr(found.value, "clauses", ("SAVE-14",)) == ("SAVE-14",)


@pytest.fixture
def endpoint():
    given = folder()
    yield next(given)
    given.close()


def kit_for(name, endpoint, **claims):
    target = replace({**CONTROLS, **MUTANTS}[name].target, **claims)
    given = [endpoint] if target.server else []
    kit = kit_of(target.connect(*given), target=target)
    kit.caller.opened.endpoint = next(iter(given), None)
    return kit


SHARES = {
    "nothing_changed": ("", ""),
    "right_in_memory_of_the_process": ("a second instance shows", ""),
    "right_in_a_folder_of_its_own": ("", ""),
    "nothing_changed_in_files": ("a second instance shows", "a new process shows what this one"),
    "flushed_at_close": ("another one saved before", "another one saved before it ended"),
    "flushed_at_each_seventh_change": (
        "a second instance shows",
        "a new process shows what this one",
    ),
    "written_at_the_end_of_the_process": (
        "a second instance shows",
        "another one saved before it ended",
    ),
    "right_sqlite_made_again": ("", ""),
}


@pytest.mark.parametrize("name", SHARES)
def test_what_a_store_shares_is_what_is_detected(name, endpoint):
    kit = kit_for(name, endpoint)
    shared, persistent = SHARES[name]
    assert has(kit, "shared") is bool(shared)
    assert shared in kit.session.detected["shared"]
    assert has(kit, "persistent") is bool(persistent)
    assert persistent in kit.session.detected["persistent"]
    assert kit.trace.steps == []
    if name == "nothing_changed_in_files":
        assert list(kit.service.folder.glob("*.json")) == []
    kit.instances.close()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("flushed_at_close", "before it was closed"),
        ("right_in_a_folder_of_its_own", ""),
        ("written_behind", "shows late"),
    ],
)
def test_what_no_process_can_be_asked_is_tried_in_this_one(name, shown, endpoint, monkeypatch):
    class Night(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            for writer in getattr(kit.service, "writers", ()):
                writer.cancel()
                writer.function(*writer.args)

    clock = Night()
    monkeypatch.setattr(capabilities, "time", clock)
    monkeypatch.setattr(Later, "moment", 3600)  # written while the kit waits, and not before
    kit = kit_for(name, endpoint, opens_alone=False)
    assert has(kit, "shared") is bool(shown)
    assert shown in kit.session.detected["shared"]
    kit.instances.close()
    clock.sleep(0)
    getattr(kit.service, "close", bool)()


def test_instance_that_another_process_broke_is_replaced(endpoint):
    kit = kit_for("right_sqlite_made_again", endpoint)
    first = kit.service
    assert not has(kit, "persistent")
    assert kit.service is not first
    assert kit.collection().save("a", {"n": 1}).returned
    kit.instances.close()
