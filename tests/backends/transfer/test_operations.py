"""The functions `export_to`, `import_from` and `migrate`: results, failures, summaries."""

import json
from pathlib import Path

import pytest
from fastapi import HTTPException
from faulty_services import FailsInTheMiddle, Faulty, Lists, content, filled

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
    writer,
)


@pytest.fixture
def target():
    return MemoryDatabaseService()


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(3), collections=["agents"])
    return tmp_path / "exported"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(writer, "_FIRST_PAUSE", 0.0)


def problems(summary):
    return [(problem.doc_id, problem.outcome) for problem in summary.problems]


# --- There and back -------------------------------------------------------------------------------


def test_exported_and_imported_documents_are_equal(tmp_path, target):
    wide = {"null": None, "deep": [[{"": [1.0, 1, -0.0, 1e300, 2**70, True]}]], "e": "\x00\ud800😀"}
    source = filled(20, users={"u/1": wide, "\ud800": {}}, tickets={"t": {"_kind": "x"}}, other={})
    exported = export_to(tmp_path / "x", source)
    assert exported.complete
    assert list(exported.collections) == list(COLLECTIONS)
    assert import_from(tmp_path / "x", target).complete
    for collection in COLLECTIONS:
        assert content(target, collection) == content(source, collection)


def test_migrated_documents_are_equal_and_nothing_stays_on_the_disk(tmp_path, target):
    source = filled(20, users={"u1": {"name": "Jo"}})
    summary = migrate(source, target, state=tmp_path / "state")
    assert (summary.complete, summary.total.moved, summary.total.verified) == (True, 21, 21)
    assert content(target) == content(source)
    assert list(tmp_path.iterdir()) == []


def test_named_collections_alone_are_exported_and_imported(tmp_path, target):
    source = filled(2, users={"u": {}}, other={"o": {}})
    named = export_to(tmp_path / "x", source, collections=["users", "other", "other"])
    assert {name: counts.moved for name, counts in named.collections.items()} == {
        "users": 1,
        "other": 1,
    }
    import_from(tmp_path / "x", target, collections=["users"])
    assert target.collections() == {"users"}


def test_revisions_and_named_fields_are_left_behind(tmp_path, target):
    given = {"_id": "a", "_rev": "7-ab", "_attachments": {}, "_kind": "k", "secret": 1, "n": 1}
    options = Options(leave_behind=["secret"])
    migrate(Lists(given), target, options=options, state=tmp_path / "state")
    assert content(target) == {"a": '{"_kind": "k", "n": 1}'}


class FourMethods:
    """A service with only the interface's four methods."""

    def __init__(self):
        self._inner = MemoryDatabaseService()
        self.get, self.save = self._inner.get, self._inner.save
        self.delete, self.list_all = self._inner.delete, self._inner.list_all


def test_a_service_with_only_the_four_methods_is_a_source_and_a_target(tmp_path):
    source, target = FourMethods(), FourMethods()
    source.save("agents", "a", {"n": 1})
    assert migrate(source, target, state=tmp_path / "state").complete
    assert target.get("agents", "a")["n"] == 1


def test_many_writers_write_each_document_once(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "_BATCH_DOCUMENTS", 3)
    target = Faulty()
    migrate(filled(60), target, options=Options(writers=16), state=tmp_path / "state")
    assert sorted(target.saves) == sorted(content(filled(60)))


# --- What the target has already ------------------------------------------------------------------


def test_equal_documents_are_already_there_and_not_written(folder):
    target = Faulty()
    target.save("agents", "a1", {"text": "é", "n": 1})
    target.saves.clear()
    summary = import_from(folder, target)
    assert (summary.total.moved, summary.total.already_there) == (2, 1)
    assert summary.complete
    assert sorted(target.saves) == ["a0", "a2"]


def test_an_invalid_document_in_the_target_is_a_conflict(folder):
    class Odd(MemoryDatabaseService):
        def get_many(self, db_name, doc_ids):
            return {doc_id: {"_id": doc_id, "n": {1}} for doc_id in doc_ids}

    assert import_from(folder, Odd()).total.conflicts == 3


def test_other_documents_of_the_target_stay(folder, target):
    target.save("agents", "own", {"mine": True})
    assert import_from(folder, target).complete
    assert target.get("agents", "own")["mine"] is True


class Bulk(Faulty):
    """Answers `save_many` with the result of a function of the true entries."""

    def __init__(self, answer=lambda entries: entries):
        super().__init__()
        self.answer, self.requests = answer, []

    def save_many(self, db_name, docs):
        self.requests.append([doc["_id"] for doc in docs])
        return self.answer(MemoryDatabaseService.save_many(self, db_name, docs))


def test_different_documents_are_conflicts_and_in_no_request(folder):
    target = Bulk()
    target.save("agents", "a1", {"n": 1.0, "text": "é"})
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.CONFLICT)]
    assert (summary.complete, summary.total.moved, summary.total.verified) == (False, 2, 2)
    assert summary.total.conflicts == 1
    assert target.requests == [["a0", "a2"]]
    assert target.get("agents", "a1")["n"] == 1.0
    assert "NOT complete: 1 document of 3" in list(summary.lines())[-1]


def test_with_overwrite_a_batch_is_saved_with_one_request_and_each_document_once(folder):
    target = Bulk()
    target.save("agents", "a1", {"mine": True})
    target.save("agents", "a2", {"text": "éé", "n": 2})
    target.saves.clear()
    target.reads.clear()
    summary = import_from(folder, target, options=Options(overwrite=True))
    total = summary.total
    assert (total.moved, total.replaced, total.already_there, total.verified) == (1, 1, 1, 3)
    assert summary.complete
    assert target.requests == [["a0", "a1"]]
    assert target.saves == ["a0", "a1"]
    assert target.reads == ["a0", "a1", "a2"]  # before they were written; then they were listed
    assert content(target) == content(filled(3))


# --- What fails -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [FailsInTheMiddle.error, ConnectionError("password=s3cret")])
def test_a_source_that_fails_in_the_middle_is_an_error_and_never_a_shorter_copy(
    tmp_path, target, error
):
    source = FailsInTheMiddle()
    source.error = error
    for number in range(10):
        source.save("agents", f"a{number}", {})
    with pytest.raises(StoppedError, match="source failed in collection 'agents' after 4") as why:
        migrate(source, target, state=tmp_path / "state")
    assert "s3cret" not in str(why.value)
    assert target.collections() == set()
    with pytest.raises(StoppedError):
        export_to(tmp_path / "x", source)
    with pytest.raises(NotAsAskedError, match="an unfinished one"):
        import_from(tmp_path / "x", target)
    source.error = None
    assert export_to(tmp_path / "x", source).total.verified == 10
    assert migrate(source, target, state=tmp_path / "state").complete


def test_a_refused_document_is_reported_and_the_rest_moved(folder):
    # Refused among the others, and by itself.
    target = Faulty(a1=[HTTPException(413, "document 'a1' is too large")] * 2)
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
def test_a_temporary_failure_is_tried_again(folder, failure):
    target = Faulty(a1=[failure])
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved, summary.total.already_there) == (True, 3, 0)


def test_a_document_that_always_fails_is_reported(folder):
    target = Faulty(a1=[HTTPException(500, "the store failed")] * 5)
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.FAILED)]
    assert summary.total.moved == 2


def test_a_target_that_fails_for_ten_documents_in_a_row_ends_the_run(tmp_path):
    target = Faulty(**{f"a{n}": [HTTPException(503, "the store is away")] * 5 for n in range(40)})
    with pytest.raises(StoppedError, match=r"10 documents in a row.*the store is away"):
        migrate(filled(40), target, state=tmp_path / "state")
    assert len(set(target.saves)) == 10
    target.failures.clear()
    summary = migrate(filled(40), target, state=tmp_path / "state")
    assert (summary.complete, summary.resumed, summary.total.moved) == (True, True, 40)


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
def test_documents_missing_in_the_answer_of_save_many_are_looked_up(folder, answer):
    target = Bulk(answer)
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved, summary.total.already_there) == (True, 3, 0)
    assert sorted(target.saves) == ["a0", "a1", "a2"]  # it was there: none was saved again


def test_documents_that_save_many_did_not_save_are_saved_one_by_one(folder):
    class Lazy(Faulty):
        def save_many(self, db_name, docs):
            return [{"ok": False, "id": doc["_id"], "error": "busy"} for doc in docs]

    target = Lazy()
    assert import_from(folder, target).total.moved == 3
    assert sorted(target.saves) == ["a0", "a1", "a2"]


def test_after_a_failed_get_many_documents_are_requested_one_by_one(folder):
    class Narrow(Faulty):
        def get_many(self, db_name, doc_ids):
            raise HTTPException(503, "too many at once")

    target = Narrow()
    assert import_from(folder, target).complete
    assert sorted(target.reads) == ["a0", "a1", "a2"]


@pytest.mark.parametrize(
    ("failure", "why", "again"),
    [
        ("silent", "is not in the target", []),
        ("changed", "returns it with other content", [("a1", Outcome.CONFLICT)]),
    ],
)
def test_a_target_that_loses_or_changes_a_document_is_detected(folder, failure, why, again):
    target = Faulty(a1=[failure])
    summary = import_from(folder, target)
    assert problems(summary) == [("a1", Outcome.NOT_VERIFIED)]
    assert why in summary.problems[0].reason
    assert (summary.total.moved, summary.total.verified, summary.complete) == (3, 2, False)
    summary = import_from(folder, target)  # tries it again
    assert problems(summary) == again
    moved = 3 - len(again)
    assert (summary.total.moved, summary.total.verified) == (moved, moved)
    assert summary.total.already_there == 0


class Forgetful(MemoryDatabaseService):
    """Lists all documents but one."""

    def iter_all(self, db_name):
        return (one for one in super().iter_all(db_name) if one["_id"] != "a1")


def test_a_document_missing_in_the_listing_is_requested_by_its_id(folder):
    assert import_from(folder, Forgetful()).complete


def test_a_document_that_cannot_be_read_back_is_not_verified(folder):
    class Refusing(Forgetful):
        def get_many(self, db_name, doc_ids):
            return dict.fromkeys(doc_ids)

        def get(self, db_name, doc_id):
            raise HTTPException(403, "no")

    summary = import_from(folder, Refusing())
    assert problems(summary) == [("a1", Outcome.NOT_VERIFIED)]
    assert summary.problems[0].reason == "it could not be read back: no"


def test_a_target_that_fails_during_verification_is_not_verified(folder):
    target = FailsInTheMiddle()
    target.after = 2
    with pytest.raises(StoppedError, match="the target failed in collection 'agents' after 2"):
        import_from(folder, target)
    target.error = None
    summary = import_from(folder, target)
    assert (summary.complete, summary.total.moved) == (True, 3)


def test_invalid_documents_in_the_targets_listing_are_ignored(folder):
    class Littered(MemoryDatabaseService):
        def iter_all(self, db_name):
            yield {"no": "id"}
            yield from super().iter_all(db_name)

    assert import_from(folder, Littered()).complete


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("text", "not a JSON object but of type str (it is number 2)"),
        ({"n": 1}, "no _id that is a non-empty text"),
        ({"_id": 5}, "no _id that is a non-empty text"),
        ({"_id": "bad", "n": {1}}, "JSON cannot hold"),
        ({"_id": "bad", "n": float("nan")}, "JSON cannot hold"),
    ],
)
def test_an_invalid_document_of_the_source_is_reported_and_the_rest_moved(
    tmp_path, target, given, why
):
    source = Lists({"_id": "a"}, given, {"_id": "b"})
    summary = export_to(tmp_path / "x", source, collections=["agents"])
    assert (summary.complete, summary.total.documents, summary.total.verified) == (False, 3, 2)
    assert why in summary.problems[0].reason
    imported = import_from(tmp_path / "x", target)
    assert imported.complete
    assert "lacks 1 documents of its source" in "\n".join(imported.lines())
    asked = {"collections": ["agents"], "state": tmp_path / "state"}
    summary = migrate(source, target, **asked)
    total = summary.total
    assert (total.documents, total.failed, total.already_there) == (3, 1, 2)
    assert not summary.complete
    source.given = source.given[::2]  # the corrected source is read again
    assert migrate(source, target, **asked).complete


def test_a_document_twice_in_the_source_is_an_error(tmp_path):
    twice = Lists({"_id": "a", "n": 1}, {"_id": "b"}, {"_id": "a", "n": 2})
    with pytest.raises(StoppedError, match="document 'a' of collection 'agents' twice"):
        export_to(tmp_path / "x", twice)


# --- Dry runs -------------------------------------------------------------------------------------


def test_a_dry_run_reports_and_writes_nothing(tmp_path, folder):
    before = sorted(path.name for path in folder.iterdir())
    target = Faulty()
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
    exported = export_to(tmp_path / "y", Lists({"_id": "a"}, 5), options=dry)
    total = exported.total
    assert (total.documents, total.moved, total.failed, exported.complete) == (2, 1, 1, False)
    assert problems(exported) == [("", Outcome.FAILED)]
    assert target.saves == []
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]


# --- Requests that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collections", "why"),
    [([], "no collection"), ([""], "cannot be empty"), (["nope"], "has no collection 'nope'")],
)
def test_unknown_collections_are_refused(folder, target, collections, why):
    with pytest.raises(NotAsAskedError, match=why):
        import_from(folder, target, collections=collections)


def test_a_migration_of_a_service_onto_itself_is_refused(target):
    with pytest.raises(NotAsAskedError, match="are the same"):
        migrate(target, target)


def test_an_export_into_a_full_or_finished_folder_is_refused(tmp_path, folder):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for target, why in (
        ("full", "not empty"),
        ("exported", "a finished export of .* which ended at 20"),
        ("full/mine.txt", "is a file"),
    ):
        with pytest.raises(NotAsAskedError, match=why):
            export_to(tmp_path / target, filled(1))


def test_the_name_of_a_service_has_no_address_in_memory(target):
    assert name_of(target) == "<gofannon_backends.memory.MemoryDatabaseService object>"
