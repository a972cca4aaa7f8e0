"""Moving documents between services, as functions: what becomes of each one, and what is said."""

import json
from pathlib import Path

import pytest
from fastapi import HTTPException
from transfer_services import FourMethods, Gives, GoesAway, Spoils, content, filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import (
    COLLECTIONS,
    NotAsAskedError,
    Options,
    Outcome,
    StoppedError,
    export_to,
    import_from,
    migrate,
    name_of,
    writing,
)


@pytest.fixture
def target():
    return MemoryDatabaseService()


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(3))
    return tmp_path / "exported"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(writing, "_FIRST_PAUSE", 0.0)


def problems(summary):
    return [(problem.doc_id, problem.outcome) for problem in summary.problems]


# --- There and back -------------------------------------------------------------------------------


def test_what_is_exported_and_imported_is_equal(tmp_path, target):
    wide = {"null": None, "deep": [[{"": [1.0, 1, -0.0, 1e300, 2**70, True]}]], "e": "\x00\ud800😀"}
    source = filled(20, users={"u/1": wide, "\ud800": {}}, tickets={"t": {"_kind": "x"}})
    assert export_to(tmp_path / "x", source).complete
    assert import_from(tmp_path / "x", target).complete
    for collection in COLLECTIONS:
        assert content(target, collection) == content(source, collection)


def test_migrating_is_equal_and_leaves_nothing_on_the_disk(tmp_path, target):
    source = filled(20, users={"u1": {"name": "Jo"}})
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.total.moved, summary.total.verified) == (True, 21, 21)
    assert content(target) == content(source)
    assert list(tmp_path.iterdir()) == []


def test_all_seven_collections_are_exported_or_those_named(tmp_path):
    source = filled(1, other={"o": {}})
    assert list(export_to(tmp_path / "x", source).collections) == list(COLLECTIONS)
    named = export_to(tmp_path / "y", source, collections=["other", "other"])
    assert {name: counts.moved for name, counts in named.collections.items()} == {"other": 1}


def test_of_a_folder_some_collections_can_be_imported(tmp_path, target):
    export_to(tmp_path / "x", filled(2, users={"u": {}}))
    import_from(tmp_path / "x", target, collections=["users"])
    assert target.collections() == {"users"}


def test_revisions_are_left_behind_and_fields_that_are_named(tmp_path, target):
    given = {"_id": "a", "_rev": "7-ab", "_attachments": {}, "_kind": "k", "secret": 1, "n": 1}
    migrate(
        Gives(given), target, options=Options(leave_behind=["secret"]), state=tmp_path / "state"
    )
    assert content(target) == {"a": '{"_kind": "k", "n": 1}'}


def test_a_service_with_the_four_methods_alone_can_be_moved_from_and_to(tmp_path):
    source, target = FourMethods(), FourMethods()
    source.save("agents", "a", {"n": 1})
    assert migrate(source, target, state=tmp_path / "state").complete
    assert target.get("agents", "a")["n"] == 1


def test_many_writers_write_each_document_once(tmp_path):
    target = Spoils()
    migrate(filled(300), target, options=Options(writers=16), state=tmp_path / "state")
    assert sorted(target.saves) == sorted(content(filled(300)))


# --- What the target has already ------------------------------------------------------------------


def test_equal_documents_are_already_there_and_not_written(folder):
    target = Spoils()
    target.save("agents", "a1", {"text": "é", "n": 1})
    target.saves.clear()
    summary = import_from(folder, target)
    assert (summary.total.moved, summary.total.already_there) == (2, 1)
    assert summary.complete
    assert sorted(target.saves) == ["a0", "a2"]


def test_different_documents_are_conflicts_and_not_touched(folder, target):
    target.save("agents", "a1", {"n": 1.0, "text": "é"})
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.CONFLICT)]
    assert (summary.complete, summary.total.moved, summary.total.verified) == (False, 2, 2)
    assert target.get("agents", "a1")["n"] == 1.0
    assert "NOT complete: 1 document of 3" in list(summary.lines())[-1]


def test_what_is_there_under_the_id_and_is_no_document_is_a_conflict(folder):
    class Odd(MemoryDatabaseService):
        def get_many(self, db_name, doc_ids):
            return {doc_id: {"_id": doc_id, "n": {1}} for doc_id in doc_ids}

    assert import_from(folder, Odd()).total.conflicts == 3


def test_different_documents_are_replaced_if_that_is_asked_for(folder, target):
    target.save("agents", "a1", {"other": True})
    summary = import_from(folder, target, options=Options(overwrite=True))
    assert (summary.total.replaced, summary.total.moved, summary.complete) == (1, 2, True)
    assert "other" not in target.get("agents", "a1")


def test_documents_of_the_target_that_the_source_lacks_stay(folder, target):
    target.save("agents", "own", {"mine": True})
    assert import_from(folder, target).complete
    assert target.get("agents", "own")["mine"] is True


# --- What fails -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [GoesAway.error, ConnectionError("password=s3cret")])
def test_a_source_that_goes_away_on_page_three_is_an_error_and_never_a_shorter_copy(
    tmp_path, target, error
):
    source = GoesAway()
    source.error = error
    for number in range(10):
        source.save("agents", f"a{number}", {})
    with pytest.raises(StoppedError, match="source failed in collection 'agents' after 4") as why:
        migrate(source, target, state=tmp_path / "state")
    assert "s3cret" not in str(why.value)
    assert target.collections() == set()
    with pytest.raises(StoppedError):
        export_to(tmp_path / "x", source)
    with pytest.raises(NotAsAskedError, match="is not whole"):
        import_from(tmp_path / "x", target)
    source.page = 100
    assert export_to(tmp_path / "x", source).total.verified == 10
    assert migrate(source, target, state=tmp_path / "state").complete


def test_a_document_that_is_refused_is_reported_and_the_rest_moved(folder):
    # Refused among the others, and by itself.
    target = Spoils(a1=[HTTPException(413, "document 'a1' is too large")] * 2)
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.FAILED)]
    assert summary.problems[0].reason == "document 'a1' is too large"
    assert (summary.total.moved, summary.total.failed, summary.complete) == (2, 1, False)
    lines = [json.loads(x) for x in Path(summary.problem_files[0]).read_text().splitlines()]
    assert [(line["doc_id"], line["outcome"]) for line in lines] == [("a1", "failed")]
    assert import_from(folder, target).complete  # tries what failed, and that alone
    assert target.saves.count("a1") == 3
    assert target.saves.count("a0") == 1


@pytest.mark.parametrize(
    "failure",
    [HTTPException(503, "away"), HTTPException(429, "slow"), OSError("broken"), "lost answer"],
)
def test_a_failure_that_passes_is_tried_again(folder, failure):
    target = Spoils(a1=[failure])
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved, summary.total.already_there) == (True, 3, 0)


def test_a_store_that_fails_for_one_document_is_given_up_for_that_one(folder):
    target = Spoils(a1=[HTTPException(500, "the store failed")] * 5)
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.FAILED)]
    assert summary.total.moved == 2


def test_a_target_that_fails_document_after_document_ends_the_run(tmp_path):
    target = Spoils(**{f"a{n}": [HTTPException(503, "the store is away")] * 4 for n in range(100)})
    with pytest.raises(StoppedError, match=r"10 documents in a row.*the store is away"):
        migrate(filled(100), target, state=tmp_path / "state")
    assert len(set(target.saves)) < 60
    target.failures.clear()
    summary = migrate(filled(100), target, state=tmp_path / "state")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 100)


class Bulk(Spoils):
    """Saves many as it is told to: answers with what a function makes of the true entries."""

    def __init__(self, answer=lambda entries: entries):
        super().__init__()
        self.answer, self.requests = answer, []

    def save_many(self, db_name, docs):
        self.requests.append([doc["_id"] for doc in docs])
        return self.answer(MemoryDatabaseService.save_many(self, db_name, docs))


def test_a_batch_is_saved_by_one_request_and_each_document_once(folder):
    target = Bulk()
    target.save("agents", "a1", {"mine": True})
    target.save("agents", "a2", {"text": "éé", "n": 2})
    target.saves.clear()
    target.reads.clear()
    summary = import_from(folder, target, options=Options(overwrite=True))
    total = summary.total
    assert (total.moved, total.replaced, total.already_there, total.verified) == (1, 1, 1, 3)
    assert target.requests == [["a0", "a1"]]
    assert target.saves == ["a0", "a1"]
    assert target.reads == ["a0", "a1", "a2"]  # before they were written; then they were listed
    assert content(target) == content(filled(3))


def test_without_overwriting_a_conflict_is_in_no_request(folder):
    target = Bulk()
    target.save("agents", "a1", {"mine": True})
    assert import_from(folder, target).total.conflicts == 1
    assert target.requests == [["a0", "a2"]]
    assert target.get("agents", "a1")["mine"] is True


@pytest.mark.parametrize(
    "answer",
    [
        lambda entries: entries[1:],
        lambda _: None,
        lambda entries: [*entries[:1], None, *entries[2:]],
        lambda entries: [{**entry, "id": "a9"} for entry in entries],
        lambda entries: [{**entry, "ok": 1} for entry in entries],
        lambda entries: [{**entry, "ok": False, "error": "too slow"} for entry in entries],
        lambda _: (_ for _ in ()).throw(HTTPException(504, "no answer in time")),
        lambda _: (_ for _ in ()).throw(HTTPException(413, "too much at once")),
    ],
)
def test_what_a_request_for_many_does_not_say_of_a_document_is_found_out(folder, answer):
    target = Bulk(answer)
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved, summary.total.already_there) == (True, 3, 0)
    assert sorted(target.saves) == ["a0", "a1", "a2"]  # it was there: none was saved again


def test_what_a_request_for_many_has_not_saved_is_saved_by_itself(folder):
    class Lazy(Spoils):
        def save_many(self, db_name, docs):
            return [{"ok": False, "id": doc["_id"], "error": "busy"} for doc in docs]

    target = Lazy()
    assert import_from(folder, target).total.moved == 3
    assert sorted(target.saves) == ["a0", "a1", "a2"]


def test_a_get_many_that_fails_is_asked_one_by_one(folder):
    class Narrow(Spoils):
        def get_many(self, db_name, doc_ids):
            raise HTTPException(503, "too many at once")

    target = Narrow()
    assert import_from(folder, target).complete
    assert sorted(target.reads) == ["a0", "a1", "a2"]


@pytest.mark.parametrize(
    ("failure", "why"),
    [("silent", "is not in the target"), ("changed", "gives it back differently")],
)
def test_a_target_that_does_not_keep_what_it_took_is_found_out(folder, failure, why):
    target = Spoils(a1=[failure])
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.NOT_VERIFIED)]
    assert why in summary.problems[0].reason
    assert (summary.total.moved, summary.total.verified, summary.complete) == (3, 2, False)


def test_what_was_not_verified_is_tried_again(folder):
    target = Spoils(a1=["silent"])
    assert not import_from(folder, target).complete
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved, summary.total.already_there) == (True, 3, 0)


def test_what_a_target_changed_is_a_conflict_when_it_is_tried_again(folder):
    target = Spoils(a1=["changed"])
    import_from(folder, target)
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.CONFLICT)]
    assert (summary.total.moved, summary.total.verified) == (2, 2)


def test_what_a_listing_leaves_out_is_asked_for_before_it_is_called_missing(folder):
    class Forgetful(MemoryDatabaseService):
        def iter_all(self, db_name):
            return (one for one in super().iter_all(db_name) if one["_id"] != "a1")

    assert import_from(folder, Forgetful()).complete


def test_a_document_that_cannot_be_read_back_is_not_verified(folder):
    class Refusing(Forgotten):
        def get(self, db_name, doc_id):
            raise HTTPException(403, "no")

    summary = import_from(folder, Refusing())
    assert problems(summary) == [("a1", Outcome.NOT_VERIFIED)]
    assert summary.problems[0].reason == "it could not be read back: no"


class Forgotten(MemoryDatabaseService):
    """Lists all but one, and says of none that it is there."""

    def get_many(self, db_name, doc_ids):
        return dict.fromkeys(doc_ids)

    def iter_all(self, db_name):
        return (one for one in super().iter_all(db_name) if one["_id"] != "a1")


def test_a_target_that_goes_away_while_it_is_read_back_is_not_verified(folder):
    target = GoesAway()
    target.page = 1
    with pytest.raises(StoppedError, match="the target failed in collection 'agents' after 2"):
        import_from(folder, target)
    target.page = 100
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved) == (True, 3)


def test_other_things_in_the_targets_listing_are_none_of_the_runs_business(folder):
    class Littered(MemoryDatabaseService):
        def iter_all(self, db_name):
            yield {"no": "id"}
            yield from super().iter_all(db_name)

    assert import_from(folder, Littered()).complete


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("text", "no JSON object but of type str (it is number 2)"),
        ({"n": 1}, "no _id that is a text"),
        ({"_id": 5}, "no _id that is a text"),
        ({"_id": "bad", "n": {1}}, "JSON cannot hold"),
        ({"_id": "bad", "n": float("nan")}, "JSON cannot hold"),
    ],
)
def test_what_a_source_gives_and_json_cannot_hold_is_reported_and_the_rest_moved(
    tmp_path, target, given, why
):
    source = Gives({"_id": "a"}, given, {"_id": "b"})
    summary = export_to(tmp_path / "x", source)
    assert (summary.complete, summary.total.documents, summary.total.verified) == (False, 3, 2)
    assert why in summary.problems[0].reason
    imported = import_from(tmp_path / "x", target)
    assert imported.complete
    assert "lacks 1 documents of its source" in "\n".join(imported.lines())
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.total.failed, summary.total.already_there) == (False, 1, 2)
    source.given = source.given[::2]  # put right, the source is read anew
    assert migrate(source, target, state=tmp_path / "state").complete


def test_a_source_that_gives_a_document_twice_is_an_error(tmp_path):
    twice = Gives({"_id": "a", "n": 1}, {"_id": "b"}, {"_id": "a", "n": 2})
    with pytest.raises(StoppedError, match="document 'a' of collection 'agents' twice"):
        export_to(tmp_path / "x", twice)


# --- Dry runs -------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path, folder):
    before = sorted(path.name for path in folder.iterdir())
    target = Spoils()
    target.save("agents", "a1", {"other": 1})
    target.save("agents", "a0", {"n": 0, "text": ""})
    target.saves.clear()
    dry = Options(dry_run=True)
    imported = import_from(folder, target, options=dry)
    migrated = migrate(filled(3), target, options=dry, state=tmp_path / "state")
    for summary in (imported, migrated):
        total = summary.total
        assert (total.moved, total.already_there, total.conflicts) == (1, 1, 1)
        assert not summary.complete
        assert "2 documents of 3 would be in the target, 1 of them" in list(summary.lines())[-1]
    exported = export_to(tmp_path / "y", Gives({"_id": "a"}, 5), options=dry)
    assert (exported.total.documents, exported.total.failed, exported.complete) == (2, 1, False)
    assert target.saves == []
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]


# --- What cannot be done as asked -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda: Options(writers=0), "writers are 1 to 64"),
        (lambda: Options(leave_behind=["_id"]), "_id cannot be left behind"),
    ],
)
def test_options_that_make_no_sense_are_refused(ask, why):
    with pytest.raises(NotAsAskedError, match=why):
        ask()


@pytest.mark.parametrize(
    ("collections", "why"),
    [([], "no collection"), ([""], "cannot be empty"), (["nope"], "has no collection 'nope'")],
)
def test_collections_that_are_not_there_are_refused(folder, target, collections, why):
    with pytest.raises(NotAsAskedError, match=why):
        import_from(folder, target, collections=collections)


def test_a_service_is_not_migrated_onto_itself(target):
    with pytest.raises(NotAsAskedError, match="are one"):
        migrate(target, target)


def test_a_folder_that_is_not_empty_or_is_finished_is_not_exported_to(tmp_path, folder):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for target, why in (
        ("full", "not empty"),
        ("exported", "a finished export already, of .* which ended at 20"),
    ):
        with pytest.raises(NotAsAskedError, match=why):
            export_to(tmp_path / target, filled(1))
    with pytest.raises(NotAsAskedError, match="is a file"):
        export_to(tmp_path / "full" / "mine.txt", filled(1))


def test_a_service_is_named_without_where_it_is_in_memory(target):
    assert name_of(target) == "<gofannon_backends.memory.MemoryDatabaseService object>"
