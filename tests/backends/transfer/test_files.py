"""Exported files: complete, damaged, with duplicates, or of another kind."""

import errno
import hashlib
import json
from pathlib import Path

import pytest
from faulty_services import Faulty, content, filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import NotAsAskedError, StoppedError, export_to, import_from
from gofannon_backends.transfer import backup as backup_module
from gofannon_backends.transfer import exported as exported_module
from gofannon_backends.transfer import files as files_module


@pytest.fixture
def folder(tmp_path):
    export_to(tmp_path / "exported", filled(3), collections=["agents"])
    return tmp_path / "exported"


def refused(folder, why):
    target = Faulty()
    with pytest.raises(NotAsAskedError, match=why) as caught:
        import_from(folder, target)
    assert target.saves == []
    assert "\n" not in str(caught.value)


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def sealed(folder, collections):
    """Write a manifest with other collections, and the checksum that fits it."""
    content = {**manifest_of(folder), "collections": collections}
    del content["sha256"]
    content["sha256"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(content))


def rewritten(folder, text, documents):
    """Put another text into the folder, with a manifest that fits it."""
    (folder / "agents.jsonl").write_bytes(text)
    right = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    sealed(folder, {"agents": {"file": "agents.jsonl", "documents": documents, **right}})


# --- Format ---------------------------------------------------------------------------------------


def test_an_export_is_a_manifest_and_lines_of_ascii_that_only_the_owner_can_read(folder):
    text = (folder / "agents.jsonl").read_bytes()
    assert text.splitlines()[1] == b'{"_id":"a1","n":1,"text":"\\u00e9"}'
    manifest = manifest_of(folder)
    assert (manifest["format"], manifest["version"]) == ("gofannon-export", 1)
    assert manifest["collections"]["agents"] == {
        "file": "agents.jsonl",
        "documents": 3,
        "bytes": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
        "failed": 0,
    }
    assert sorted(path.name for path in folder.iterdir()) == ["agents.jsonl", "manifest.json"]
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "agents.jsonl").stat().st_mode & 0o077 == 0


def test_collections_of_any_name_have_their_own_files(tmp_path):
    names = ["../up", "up/", "A", "a", "con.", "日本", "a" * 300, "\ud800"]
    source = MemoryDatabaseService()
    for name in names:
        source.save(name, "d", {"of": name})
    export_to(tmp_path / "x", source, collections=names)
    found = {entry["file"] for entry in manifest_of(tmp_path / "x")["collections"].values()}
    assert len({file.lower() for file in found}) == len(names)
    assert all(file.isascii() and len(file) < 80 for file in found)
    assert found | {"manifest.json"} == {path.name for path in (tmp_path / "x").iterdir()}
    target = MemoryDatabaseService()
    import_from(tmp_path / "x", target)
    assert [target.get(name, "d")["of"] for name in names] == names


# --- Damage ---------------------------------------------------------------------------------------


def test_a_missing_folder_or_manifest_is_refused(tmp_path, folder):
    refused(tmp_path / "nowhere", "nowhere does not exist")
    (folder / "manifest.json").unlink()
    refused(folder, "an unfinished one")
    (folder / "manifest.json").mkdir()
    refused(folder, "cannot be read: Is a directory")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "is not the manifest"),
        ('{"format": "other"}', "is not the manifest"),
        ('{"format": "gofannon-export", "version": 2}', "version 2 of the format"),
        ('{"format": "gofannon-export", "version": 1}', "its checksum is wrong"),
    ],
)
def test_a_damaged_or_foreign_manifest_is_refused(folder, text, why):
    (folder / "manifest.json").write_text(text)
    refused(folder, why)


RIGHT = {"file": "agents.jsonl", "documents": 3, "bytes": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "collections",
    [
        [],
        {"agents": []},
        {"agents": {"file": "agents.jsonl"}},
        {"agents": {**RIGHT, "file": "../agents.jsonl"}},
        {"agents": {**RIGHT, "file": ".."}},
        {"agents": {**RIGHT, "documents": -1}},
        {"agents": {**RIGHT, "documents": True}},
        {"agents": {**RIGHT, "sha256": 5}},
        {"agents": {**RIGHT, "more": 5}},
    ],
)
def test_a_manifest_with_a_wrong_entry_is_refused(folder, collections):
    sealed(folder, collections)
    refused(folder, "an entry is missing or wrong")


def test_a_changed_cut_or_missing_file_is_refused(folder):
    file = folder / "agents.jsonl"
    text = file.read_bytes()
    file.write_bytes(text.replace(b'"n":1', b'"n":7'))
    refused(folder, "has a different checksum")
    file.write_bytes(text[:-3])
    refused(folder, f"has {len(text) - 3} bytes, but {len(text)} were written")
    file.unlink()
    refused(folder, "cannot be read")
    file.mkdir()
    refused(folder, "damaged|cannot be read")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b'{"_id":"a"}', b'{"_id":"b"}', b'{"_id":"a"}'], "'a' is there twice: .*lines 1 and 3"),
        ([b'{"_id":"a"}', b"{"], "line 2: it is not JSON"),
        ([b'{"_id":"a","n":NaN}'], "line 1: it is not JSON"),
        ([b"\xff"], "line 1: it is not JSON"),
        ([b"5"], "line 1: it is not a JSON object but of type int"),
        ([b'{"n":1}'], "line 1: it has no _id"),
        ([b'{"_id":7}'], "line 1: it has no _id"),
        ([b"[" * 100_000], "line 1: it is not JSON"),
        ([b'{"_id":"a","n":1e999}'], r"line 1 \(document 'a'\)"),
    ],
)
def test_invalid_lines_are_refused_before_anything_is_written(folder, lines, why):
    rewritten(folder, b"".join(line + b"\n" for line in lines), len(lines))
    refused(folder, why)


def test_a_wrong_count_is_refused(folder):
    rewritten(folder, b'{"_id":"a"}\n', 2)
    refused(folder, "has 1 documents, but its manifest says 2")


def test_a_full_disk_is_an_error_and_the_export_continues_later(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files_module.os, "fsync", full)
    with pytest.raises(StoppedError, match="No space left on device"):
        export_to(tmp_path / "x", filled(3), collections=["agents"])
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["unfinished-export.sqlite"]
    monkeypatch.undo()
    assert export_to(tmp_path / "x", filled(3), collections=["agents"]).complete


def test_a_folder_that_cannot_be_made_is_refused(folder):
    with pytest.raises(NotAsAskedError, match="cannot be created"):
        export_to(folder / ("x" * 300), filled(1))


def test_a_file_that_does_not_read_back_as_written_is_an_error(tmp_path, monkeypatch):
    check = exported_module.Exported.check

    def damaging(exported, collection):
        (exported.folder / f"{collection}.jsonl").write_bytes(b"?")
        check(exported, collection)

    monkeypatch.setattr(exported_module.Exported, "check", damaging)
    with pytest.raises(StoppedError, match="does not read back as it was written"):
        export_to(tmp_path / "x", filled(3), collections=["agents"])
    assert not (tmp_path / "x" / "manifest.json").exists()


# --- A backup in one JSON file --------------------------------------------------------------------


@pytest.fixture
def backup(tmp_path):
    return tmp_path / "backup.json"


@pytest.mark.parametrize(
    "value",
    [
        {"agents": [{"_id": "a", "n": 1}, {"_id": "b", "_rev": "1-x"}], "users": []},
        {"agents": {"a": {"n": 1}, "b": {"_id": "other"}}, "users": {}},
        {"collections": {"agents": {"a": {"n": 1, "_id": "a"}, "b": {}}, "users": []}},
    ],
)
def test_a_backup_in_one_file_is_imported(backup, value):
    backup.write_text("\ufeff" + json.dumps(value, indent=2), encoding="utf-8")
    target = MemoryDatabaseService()
    summary = import_from(backup, target)
    assert summary.complete
    assert list(summary.collections) == ["agents", "users"]
    assert content(target) == {"a": '{"n": 1}', "b": "{}"}
    assert list(backup.parent.iterdir()) == [backup]


def test_a_collection_named_collections_can_be_a_list(backup):
    backup.write_text('{"collections": [{"_id": "a"}], "users": []}')
    target = MemoryDatabaseService()
    import_from(backup, target)
    assert target.collections() == {"collections"}


def test_a_backup_is_read_piece_by_piece(backup, monkeypatch):
    monkeypatch.setattr(backup_module, "_READ_CHARACTERS", 7)
    documents = [{"_id": f"d{n}", "n": n * 12345, "text": 'é\\"' * n} for n in range(30)]
    backup.write_text(
        json.dumps({"agents": documents, "users": documents[:2]}, separators=(",", ":"))
    )
    target = MemoryDatabaseService()
    assert import_from(backup, target, collections=["agents"]).complete
    assert content(target) == {
        one["_id"]: json.dumps({"n": one["n"], "text": one["text"]}) for one in documents
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "at character 1: expected '{', found the end of the file"),
        (b"[]", "at character 1: expected '{'"),
        (b'{"agents": [{"_id": "a"}', "expected ',', found the end of the file"),
        (b'{"agents": [{"_id": "a"} 5]}', "at character 26: expected ','"),
        (b'{"agents": 5}', "a list of documents, or an object"),
        (b'{"agents": [{]}', "at character 14: expected JSON"),
        (b'{"agents": [{"_id": "a"},]}', "at character 26: expected JSON"),
        (b'{"agents": [NaN]}', "NaN is not JSON"),
        (b'{"agents": []} x', "expected the end of the file"),
        (b"{agents: []}", "a name in quotes"),
        (b'{"agents": ["' + b"[" * 10, "expected JSON"),
        (b'{"agents": [' + b"[" * 100_000, "is not a backup in JSON"),
        (b'{"agents": [{"_id": "\xff"}]}', "it is not UTF-8"),
    ],
)
def test_a_file_that_is_not_a_backup_is_refused(backup, text, why):
    backup.write_bytes(text)
    refused(backup, why)


def test_a_backup_that_cannot_be_opened_is_refused(backup, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    backup.write_text("{}")
    monkeypatch.setattr(Path, "open", forbidden)
    refused(backup, "cannot be read: Permission denied")


def test_a_document_twice_in_a_backup_is_an_error(backup):
    backup.write_text('{"agents": {"a": {}, "a": {"n": 1}}}')
    with pytest.raises(StoppedError, match="document 'a' of collection 'agents' twice"):
        import_from(backup, MemoryDatabaseService())


def test_an_invalid_document_in_a_backup_is_reported(backup):
    backup.write_text('{"agents": {"a": 1.5, "b": {}}}')
    summary = import_from(backup, MemoryDatabaseService())
    assert (summary.total.failed, summary.total.verified, summary.complete) == (1, 1, False)
