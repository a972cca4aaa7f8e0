"""Handing out collections: proven empty, few, named, swept, and nobody else's."""

import pytest
from fastapi import HTTPException
from given import PREFIX, NaiveService, workspace_of

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.violation import NotTested, Violation
from gofannon_conformance.run.ledger import Names
from gofannon_conformance.run.workspace import (
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


class ListsItsIndex(MemoryDatabaseService):
    """Shows a record of its own once there is a document."""

    def list_all(self, db_name):
        index = [{"_id": "_design/index"}] if db_name in self.collections() else []
        return super().list_all(db_name) + index


class CannotDelete(MemoryDatabaseService):
    def __init__(self, status=500):
        super().__init__()
        self.status = status

    def delete(self, db_name, doc_id):
        raise HTTPException(self.status, "no")


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
        own = [f"{PREFIX}_aa", f"{PREFIX.upper()}_agents", "agents"]
        assert [name for name in own if workspace_of().ledger.is_own(name)] == own[:2]

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

    def test_saving_gives_away_a_copy_or_the_very_object_and_records_what_it_was(self):
        service = NaiveService()
        collection = workspace_of(service).collection()
        doc = {"list": [1]}
        collection.save("a", doc)
        collection.save_itself("b", doc)
        doc["list"].append(2)
        assert service.data[collection.name] == {"a": {"list": [1]}, "b": {"list": [1, 2]}}
        assert service.data[collection.name]["b"] is doc
        step = collection.caller.trace.steps[-1]
        assert step.arguments == (collection.name, "b", {"list": [1]})


class TestTheGround:
    def test_it_is_looked_at_once_if_at_all_and_nothing_is_written(self):
        service = Watched()
        workspace = workspace_of(service)
        workspace.unwritten(only_to_read=True)
        assert service.calls == []
        workspace.unwritten()
        workspace.unwritten()
        assert service.calls == [("list_all", f"{PREFIX}_ab")]

    def test_a_service_that_shows_documents_everywhere_is_not_written_to(self):
        service = OneCollection()
        service.save("precious", "a", {"somebody": "else's"})
        workspace = workspace_of(service)
        for ask in (workspace.collection, workspace.unwritten, lambda: workspace.named("x")):
            with pytest.raises(NotTested, match=r"already shows 1 document\(s\); nothing was"):
                ask()
        workspace.sweep_all()
        assert [doc["_id"] for doc in service.list_all("any")] == ["a"]

    @pytest.mark.parametrize("listed", [None, (), "text", 5, ZeroDivisionError()])
    def test_a_listing_that_is_none_is_another_tests_business(self, listed):
        def list_all(db_name):
            if isinstance(listed, Exception):
                raise listed
            return listed

        service = MemoryDatabaseService()
        service.list_all = list_all
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

    @pytest.mark.parametrize(
        ("service", "clauses"),
        [(ListsTheDeleted, ("DEL-4", "LIST-4")), (OneCollection, ("ISO-2", "LIST-5"))],
    )
    def test_documents_that_are_not_in_this_collection(self, service, clauses):
        workspace = workspace_of(service())
        used_and_given_back(workspace, "a")
        workspace.named("other").save("b", {})
        assert found(workspace).clauses == clauses

    @pytest.mark.parametrize("seconds", [60.0, 0.0])
    def test_an_eventual_target_may_show_a_deleted_document_for_a_while(self, seconds):
        workspace = workspace_of(DeletesLate(), converges_within=seconds)
        used = used_and_given_back(workspace, "a")
        if seconds:
            assert workspace.collection().name == used.name
        else:
            assert found(workspace).clauses == ("DEL-4", "LIST-4")


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

    @pytest.mark.parametrize(
        ("name", "error", "dropped"),
        [
            (None, None, True),
            ("agents", None, False),
            (None, OSError("Directory not empty"), False),
            (None, "nothing is dropped", False),
        ],
    )
    def test_a_large_collection_of_the_runs_own_is_dropped_whole_if_that_works(
        self, name, error, dropped
    ):
        service, drops = MemoryDatabaseService(), []

        def drop(collection):
            if isinstance(error, Exception):
                raise error
            if error is None:
                drops.append(collection)
                service.drop(collection)

        workspace = workspace_of(service, drop=drop)
        collection = workspace.named(name) if name else workspace.collection()
        for number in range(MANY + 1):
            collection.save(str(number), {})
        workspace.give_back(collection)
        assert drops == [collection.name] * dropped
        assert service.list_all(collection.name) == []
        assert name or workspace.collection().name == collection.name

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

    @pytest.mark.parametrize("ids", [(["a"], (["a"],)), ("", "a")])
    def test_ids_that_cannot_be_an_id_or_are_refused_leave_nothing(self, ids):
        workspace = workspace_of()
        assert used_and_given_back(workspace, *ids).name == workspace.collection().name

    @pytest.mark.parametrize("status", [500, 409])
    def test_what_could_not_be_deleted_is_tried_again(self, status):
        broken = CannotDelete(status)
        workspace = workspace_of(broken)
        used = used_and_given_back(workspace, "a")
        assert workspace.collection().name != used.name
        broken.delete = lambda *address: MemoryDatabaseService.delete(broken, *address)
        workspace.sweep_all()
        assert broken.list_all(used.name) == []


class TestTheApplicationsNames:
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
        workspace.logical("agents", disposable=True).save("ours", {})
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
