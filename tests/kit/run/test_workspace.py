"""Handing out collections: proven empty, few, named, swept, and nobody else's."""

import pytest
from fastapi import HTTPException
from given import PREFIX, NaiveService, workspace_of

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.violation import NotTested, Violation
from gofannon_conformance.run.ledger import Names
from gofannon_conformance.run.workspace import (
    LOGICAL_NAMES,
    MANY,
    MOST_COLLECTIONS,
    CollectionInUse,
)


class Watched(MemoryDatabaseService):
    """Remembers which calls were made."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def save(self, db_name, doc_id, doc):
        self.calls.append(("save", db_name, doc_id))
        return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        self.calls.append(("delete", db_name, doc_id))
        return super().delete(db_name, doc_id)

    def list_all(self, db_name):
        self.calls.append(("list_all", db_name))
        return super().list_all(db_name)


class OneCollection(MemoryDatabaseService):
    """Ignores the collection's name."""

    def save(self, db_name, doc_id, doc):
        return super().save("all", doc_id, doc)

    def delete(self, db_name, doc_id):
        return super().delete("all", doc_id)

    def list_all(self, db_name):
        return super().list_all("all")


class ListsTheDeleted(MemoryDatabaseService):
    def __init__(self):
        super().__init__()
        self.ghosts = {}

    def delete(self, db_name, doc_id):
        self.ghosts.setdefault(db_name, []).append(self.get(db_name, doc_id))
        super().delete(db_name, doc_id)

    def list_all(self, db_name):
        return super().list_all(db_name) + self.ghosts.get(db_name, [])


class ListsItsIndex(MemoryDatabaseService):
    """Shows a record of its own once there is a document."""

    def list_all(self, db_name):
        index = [{"_id": "_design/index"}] if db_name in self.collections() else []
        return super().list_all(db_name) + index


class CannotDelete(MemoryDatabaseService):
    status = 500

    def delete(self, db_name, doc_id):
        raise HTTPException(self.status, "no")


class ConflictsOnDelete(CannotDelete):
    status = 409


def used_and_given_back(workspace, *ids):
    collection = workspace.collection()
    for doc_id in ids:
        collection.save(doc_id, {})
    workspace.give_back(collection)
    return collection


def found(workspace):
    with pytest.raises(Violation) as raised:
        workspace.collection()
    return raised.value


class TestNames:
    def test_a_name_is_the_runs_prefix_and_a_number(self):
        workspace = workspace_of()
        assert [workspace.collection().name for _ in range(2)] == [f"{PREFIX}_aa", f"{PREFIX}_ab"]
        assert workspace.ledger.collections == {f"{PREFIX}_aa", f"{PREFIX}_ab"}

    def test_an_emptied_collection_is_used_again(self):
        workspace = workspace_of()
        assert {used_and_given_back(workspace, "a").name for _ in range(100)} == {f"{PREFIX}_aa"}

    def test_giving_back_twice_is_giving_back_once(self):
        workspace = workspace_of()
        collection = workspace.collection()
        workspace.give_back(collection, collection)
        assert workspace.collection().name != workspace.collection().name

    def test_an_unwritten_collection_is_never_one_that_was_used(self):
        workspace = workspace_of()
        used = used_and_given_back(workspace, "a")
        assert workspace.unwritten().name != used.name
        assert workspace.unwritten(only_to_read=True).name != used.name

    def test_services_in_turn_share_the_names_of_their_target(self):
        service, shared = MemoryDatabaseService(), Names()
        first = workspace_of(service, names=shared)
        used = {used_and_given_back(first, "a").name, first.unwritten().name}
        second = workspace_of(service, names=shared)
        assert second.unwritten(only_to_read=True).name not in used
        assert used_and_given_back(second, "a").name in used
        assert second.ledger.collections & used == {f"{PREFIX}_aa"}

    def test_a_run_has_40_collections_at_most(self):
        workspace = workspace_of(CannotDelete())
        for _ in range(MOST_COLLECTIONS):
            used_and_given_back(workspace, "a")
        with pytest.raises(NotTested, match="all 40 collections of the run are used up"):
            workspace.collection()
        with pytest.raises(NotTested, match="all 40"):
            workspace.named("one more")
        assert workspace.named(f"{PREFIX}_ag").name == f"{PREFIX}_ag"

    def test_its_own_are_those_with_its_prefix(self):
        workspace = workspace_of()
        assert workspace.ledger.is_own(f"{PREFIX}_aa")
        assert workspace.ledger.is_own(f"{PREFIX.upper()}_agents")
        assert not workspace.ledger.is_own("agents")

    @pytest.mark.parametrize("name", ["named", f"{PREFIX}_name", f"{PREFIX}_a_7", "7", "x_7"])
    def test_a_collection_of_another_name_is_not_handed_out_again(self, name):
        workspace = workspace_of()
        collection = workspace.named(name)
        collection.save("a", {})
        workspace.give_back(collection)
        assert collection.list_all().value == []
        assert workspace.collection().name == f"{PREFIX}_aa"


class TestCollection:
    def test_its_calls_are_answered(self):
        collection = workspace_of().collection()
        assert collection.save("a", {"n": 1}).value["id"] == "a"
        assert collection.get("a").value["n"] == 1
        assert [doc["_id"] for doc in collection.list_all().value] == ["a"]
        assert collection.delete("a").returned
        assert collection.get("a").status == 404

    def test_saving_gives_away_a_copy(self):
        collection = workspace_of(NaiveService()).collection()
        doc = {"list": [1]}
        collection.save("a", doc)
        doc["list"].append(2)
        assert collection.get("a").value["list"] == [1]

    def test_saving_itself_gives_away_the_very_object_and_records_what_it_was(self):
        service = NaiveService()
        collection = workspace_of(service).collection()
        doc = {"list": [1]}
        collection.save_itself("a", doc)
        doc["list"].append(2)
        assert service.data[collection.name]["a"] is doc
        [step] = collection.caller.trace.steps
        assert step.arguments == (collection.name, "a", {"list": [1]})


class TestTheGround:
    def test_it_is_looked_at_once_and_nothing_is_written(self):
        service = Watched()
        workspace = workspace_of(service)
        workspace.unwritten()
        workspace.unwritten()
        assert service.calls == [("list_all", f"{PREFIX}_aa")]

    def test_only_reading_does_not_even_look(self):
        service = Watched()
        workspace_of(service).unwritten(only_to_read=True)
        assert service.calls == []

    def test_a_service_that_shows_documents_everywhere_is_not_written_to(self):
        service = OneCollection()
        service.save("precious", "a", {"somebody": "else's"})
        workspace = workspace_of(service)
        for ask in (workspace.collection, workspace.unwritten, lambda: workspace.named("x")):
            with pytest.raises(NotTested, match=r"already shows 1 document\(s\); nothing was"):
                ask()
        workspace.sweep_all()
        assert [doc["_id"] for doc in service.list_all("any")] == ["a"]

    @pytest.mark.parametrize("listed", [None, (), "text", 5])
    def test_a_listing_that_is_none_is_another_tests_business(self, listed):
        service = MemoryDatabaseService()
        service.list_all = lambda db_name: listed
        assert workspace_of(service).collection().name == f"{PREFIX}_aa"

    def test_a_listing_that_fails_is_another_tests_business(self):
        service = MemoryDatabaseService()
        service.list_all = lambda db_name: 1 / 0
        assert workspace_of(service).collection().save("a", {}).returned


class TestTheCanary:
    def test_documents_that_nobody_saved(self):
        service = ListsItsIndex()
        workspace = workspace_of(service)
        used_and_given_back(workspace, "a")
        told = found(workspace)
        assert told.clauses == ("LIST-3", "LIST-7")
        assert told.program.endswith("print(db.list_all(collection))")
        assert told.expected == "[]"
        assert "'_design/index'" in told.came

    def test_documents_of_unheard_of_shapes(self):
        service = MemoryDatabaseService()
        workspace = workspace_of(service)
        workspace.unwritten()
        service.list_all = lambda db_name: [None, {"_id": ["unhashable"]}, {}]
        assert found(workspace).clauses == ("LIST-3", "LIST-7")

    def test_documents_that_were_deleted(self):
        workspace = workspace_of(ListsTheDeleted())
        used_and_given_back(workspace, "a")
        assert found(workspace).clauses == ("DEL-4", "LIST-4")

    def test_documents_of_another_collection(self):
        workspace = workspace_of(OneCollection())
        workspace.collection().save("a", {})
        assert found(workspace).clauses == ("ISO-2", "LIST-5")


class TestSweeping:
    def test_only_what_the_run_saved_is_deleted(self):
        service = MemoryDatabaseService()
        workspace = workspace_of(service)
        collection = workspace.named("shared")
        service.save("shared", "somebody else's", {})
        collection.save("a", {})
        collection.save("b", {})
        collection.delete("b")
        collection.get("never saved")
        workspace.give_back(collection)
        assert [doc["_id"] for doc in service.list_all("shared")] == ["somebody else's"]

    @pytest.mark.parametrize(("name", "dropped"), [(None, True), ("agents", False)])
    def test_a_large_collection_of_the_runs_own_is_dropped_whole(self, name, dropped):
        service, drops = MemoryDatabaseService(), []

        def drop(collection):
            drops.append(collection)
            service.drop(collection)

        workspace = workspace_of(service, drop=drop)
        collection = workspace.named(name) if name else workspace.collection()
        for number in range(MANY + 1):
            collection.save(str(number), {})
        workspace.give_back(collection)
        assert drops == [collection.name] * dropped
        assert service.list_all(collection.name) == []

    @pytest.mark.parametrize("error", [None, OSError("Directory not empty")])
    def test_a_drop_that_is_for_emptied_ones_only_leaves_nothing_to_the_next_test(self, error):
        service = MemoryDatabaseService()

        def drop(name):
            if error and service.list_all(name):
                raise error

        workspace = workspace_of(service, drop=drop)
        collection = workspace.collection()
        for number in range(MANY + 1):
            collection.save(str(number), {})
        workspace.give_back(collection)
        assert service.list_all(collection.name) == []
        assert workspace.collection().name == collection.name

    def test_its_own_collections_are_dropped_at_the_end(self):
        drops = []
        workspace = workspace_of(drop=drops.append)
        for collection in (workspace.collection(), workspace.named("agents")):
            collection.save("a", {})
        workspace.drop_all()
        assert drops == [f"{PREFIX}_aa"]
        workspace_of().drop_all()

    def test_everything_is_swept_at_the_end(self):
        service = MemoryDatabaseService()
        workspace = workspace_of(service)
        for collection in (workspace.collection(), workspace.unwritten(), workspace.named("x")):
            collection.save("a", {})
        workspace.sweep_all()
        assert [service.list_all(name) for name in workspace.ledger.collections] == [[], [], []]

    def test_ids_that_are_no_text_are_swept_too_where_a_service_takes_them(self):
        service = NaiveService()
        workspace = workspace_of(service)
        used_and_given_back(workspace, 1, None, ("a", 1), b"a", "1", ["unhashable"])
        assert workspace.collection().list_all().value == []

    def test_ids_that_cannot_be_an_id_are_forgotten(self):
        workspace = workspace_of()
        assert used_and_given_back(workspace, ["a"], (["a"],)).name == workspace.collection().name

    def test_an_id_that_is_refused_leaves_nothing(self):
        workspace = workspace_of()
        used = used_and_given_back(workspace, "", "a")
        assert workspace.collection().name == used.name

    @pytest.mark.parametrize("service", [CannotDelete, ConflictsOnDelete])
    def test_what_could_not_be_deleted_is_tried_again(self, service):
        broken = service()
        workspace = workspace_of(broken)
        used = used_and_given_back(workspace, "a")
        assert workspace.collection().name != used.name
        broken.delete = lambda *address: MemoryDatabaseService.delete(broken, *address)
        workspace.sweep_all()
        assert broken.list_all(used.name) == []


class TestTheApplicationsNames:
    def test_they_are_seven(self):
        assert len(LOGICAL_NAMES) == 7

    def test_a_stand_in_is_used_unless_the_target_is_disposable(self):
        workspace = workspace_of()
        assert workspace.logical("agents", disposable=False).name == f"{PREFIX}_agents"
        assert workspace.logical("agents", disposable=True).name == "agents"

    def test_real_documents_stop_the_run_untouched(self):
        service = Watched()
        service.save("agents", "real", {})
        workspace = workspace_of(service)
        with pytest.raises(CollectionInUse) as raised:
            workspace.logical("agents", disposable=True)
        workspace.sweep_all()
        assert str(raised.value) == (
            "the collection 'agents' already holds 1 document(s) that this run did not save; "
            "it was not touched, and the run stops here"
        )
        assert [call for call in service.calls if call[0] == "delete"] == []

    def test_a_real_document_among_the_runs_own_stops_it_too(self):
        service = ListsTheDeleted()
        workspace = workspace_of(service)
        collection = workspace.logical("agents", disposable=True)
        collection.save("ours", {})
        service.save("agents", "real", {})
        with pytest.raises(CollectionInUse, match="already holds 2"):
            workspace.logical("agents", disposable=True)

    def test_a_deleted_document_that_is_still_listed_is_the_backends_mistake(self):
        workspace = workspace_of(ListsTheDeleted())
        collection = workspace.logical("agents", disposable=True)
        collection.save("ours", {})
        workspace.give_back(collection)
        with pytest.raises(Violation) as raised:
            workspace.logical("agents", disposable=True)
        assert raised.value.clauses == ("DEL-4", "LIST-4")


class DeletesLate(MemoryDatabaseService):
    """Shows a deleted document once more."""

    def __init__(self):
        super().__init__()
        self.late = []

    def delete(self, db_name, doc_id):
        self.late.append(self.get(db_name, doc_id))
        super().delete(db_name, doc_id)

    def list_all(self, db_name):
        late, self.late = self.late, []
        return [*super().list_all(db_name), *late]


def test_an_eventual_target_may_show_a_deleted_document_for_a_while():
    for seconds, clean in ((30.0, True), (0.0, False)):
        workspace = workspace_of(DeletesLate(), converges_within=seconds)
        collection = workspace.collection()
        collection.save("a", {"n": 1})
        workspace.give_back(collection)
        if clean:
            assert workspace.collection().name == collection.name
        else:
            with pytest.raises(Violation):
                workspace.collection()
