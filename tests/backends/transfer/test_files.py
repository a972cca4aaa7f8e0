"""Exported files: complete, damaged, with duplicates, or of another kind."""

import errno
import hashlib
import json
import random

import pytest
from faulty_services import Faulty, content, filled

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import NotAsAskedError, StoppedError, export_to, import_from
from gofannon_backends.transfer import files as files_module
from gofannon_backends.transfer import folder as folders
from gofannon_backends.transfer.document import document_of, parsed
from gofannon_backends.transfer.folder import Entry, Manifest, file_name, read_manifest


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


def rewritten(folder, lines, **entry):
    """Put other lines into the folder, with a manifest that fits them."""
    text = b"".join(line + b"\n" for line in lines)
    (folder / "agents.jsonl").write_bytes(text)
    right = {
        "file": "agents.jsonl",
        "documents": len(lines),
        "bytes": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    Manifest("s", "then", "now", {"agents": Entry(**{**right, **entry})}).write(folder)


def resealed(folder, **changes):
    """Change the manifest and its checksum."""
    content = json.loads((folder / "manifest.json").read_text())
    del content["sha256"]
    content |= changes
    (folder / "manifest.json").write_text(
        json.dumps({**content, "sha256": folders._sealed(content)})
    )


# --- Format ---------------------------------------------------------------------------------------


def test_the_manifest_describes_the_folder(folder):
    entry = read_manifest(folder).collections["agents"]
    text = (folder / "agents.jsonl").read_bytes()
    assert (entry.documents, entry.bytes) == (3, len(text))
    assert entry.sha256 == hashlib.sha256(text).hexdigest()
    assert sorted(path.name for path in folder.iterdir()) == ["agents.jsonl", "manifest.json"]


def test_a_line_is_a_document_in_ascii_with_its_id_first(folder):
    lines = (folder / "agents.jsonl").read_text(encoding="ascii").splitlines()
    assert lines[1] == '{"_id":"a1","n":1,"text":"\\u00e9"}'


def test_only_the_owner_can_read_an_export(folder):
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "agents.jsonl").stat().st_mode & 0o077 == 0


def test_the_checksum_is_of_the_content_and_not_of_its_order():
    one = document_of("c", {"_id": "a", "x": 1, "y": 2})
    other = document_of("c", {"y": 2, "x": 1, "_id": "a"})
    assert one.line() != other.line()
    assert one.checksum() == other.checksum()
    assert document_of("c", {"_id": "a", "x": 1.0, "y": 2}).checksum() != one.checksum()
    assert parsed("c", one.line()) == one


@pytest.mark.parametrize(
    "name", ["../Users", "users/", "Users", "con.", "日本", "a" * 300, "", "\ud800"]
)
def test_any_collection_has_its_own_file_name(name):
    found = file_name(name)
    assert found != file_name(name.lower() + "x")
    assert found.isascii()
    assert "/" not in found
    assert len(found) < 80


def test_collections_of_any_name_are_exported_and_imported(tmp_path):
    names = ["../up", "A", "a", "日本"]
    source = MemoryDatabaseService()
    for name in names:
        source.save(name, "d", {"of": name})
    export_to(tmp_path / "x", source, collections=names)
    target = MemoryDatabaseService()
    import_from(tmp_path / "x", target)
    assert {name: target.get(name, "d")["of"] for name in names} == dict(
        zip(names, names, strict=True)
    )


# --- Damage ---------------------------------------------------------------------------------------


def test_a_missing_folder_or_manifest_is_refused(tmp_path, folder):
    refused(tmp_path / "nowhere", "there is no folder")
    (folder / "manifest.json").unlink()
    refused(folder, "an unfinished one")


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


@pytest.mark.parametrize(
    "collections",
    [
        [],
        {"agents": []},
        {"agents": {"file": "agents.jsonl"}},
        {"agents": {"file": "../agents.jsonl", "documents": 3, "bytes": 1, "sha256": "0" * 64}},
        {"agents": {"file": "..", "documents": 3, "bytes": 1, "sha256": "0" * 64}},
        {"agents": {"file": "a.jsonl", "documents": -1, "bytes": 1, "sha256": "0" * 64}},
        {"agents": {"file": "a.jsonl", "documents": True, "bytes": 1, "sha256": "0" * 64}},
        {"agents": {"file": "a.jsonl", "documents": 1, "bytes": 1, "sha256": 5}},
    ],
)
def test_a_manifest_with_a_wrong_entry_is_refused(folder, collections):
    resealed(folder, collections=collections)
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
    rewritten(folder, lines)
    refused(folder, why)


def test_a_wrong_count_is_refused(folder):
    rewritten(folder, [b'{"_id":"a"}'], documents=2)
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


def test_a_manifest_that_cannot_be_opened_is_refused(folder):
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    refused(folder, "cannot be read: Is a directory")


def test_a_folder_that_cannot_be_made_is_refused(folder):
    with pytest.raises(NotAsAskedError, match="cannot be created"):
        export_to(folder / ("x" * 300), filled(1))


def test_a_file_that_does_not_read_back_as_written_is_an_error(tmp_path, monkeypatch):
    check = folders.check

    def damaging(folder, collection, entry):
        (folder / entry.file).write_bytes(b"?")
        check(folder, collection, entry)

    monkeypatch.setattr(folders, "check", damaging)
    with pytest.raises(StoppedError, match="does not read back as it was written"):
        export_to(tmp_path / "x", filled(3), collections=["agents"])
    assert not (tmp_path / "x" / "manifest.json").exists()


# --- A backup in one JSON file --------------------------------------------------------------------


@pytest.mark.parametrize(
    "backup",
    [
        {"agents": [{"_id": "a", "n": 1}, {"_id": "b", "_rev": "1-x"}], "users": []},
        {"agents": {"a": {"n": 1}, "b": {"_id": "other"}}, "users": {}},
        {"collections": {"agents": {"a": {"n": 1, "_id": "a"}, "b": {}}, "users": []}},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_backup_in_one_file_is_imported(tmp_path, backup, indent):
    file = tmp_path / "backup.json"
    file.write_text("\ufeff" + json.dumps(backup, indent=indent), encoding="utf-8")
    target = MemoryDatabaseService()
    summary = import_from(file, target)
    assert summary.complete
    assert list(summary.collections) == ["agents", "users"]
    assert content(target) == {"a": '{"n": 1}', "b": "{}"}
    assert list(tmp_path.iterdir()) == [file]


def test_a_collection_named_collections_can_be_a_list(tmp_path):
    (tmp_path / "b.json").write_text('{"collections": [{"_id": "a"}], "users": []}')
    target = MemoryDatabaseService()
    import_from(tmp_path / "b.json", target)
    assert target.collections() == {"collections"}


def test_a_large_backup_is_read_piece_by_piece(tmp_path):
    chance = random.Random(1)
    documents = [
        {"_id": f"d{n}", "n": n * 12345, "text": 'é\\"' * chance.randrange(3000)}
        for n in range(300)
    ]
    (tmp_path / "b.json").write_text(json.dumps({"agents": documents, "users": documents[:2]}))
    target = MemoryDatabaseService()
    assert import_from(tmp_path / "b.json", target, collections=["agents"]).complete
    assert content(target) == {
        one["_id"]: json.dumps({"n": one["n"], "text": one["text"]}, sort_keys=True)
        for one in documents
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at character 1: expected '{', found the end of the file"),
        ("[]", "at character 1: expected '{'"),
        ('{"agents": [{"_id": "a"}', "expected ',', found the end of the file"),
        ('{"agents": [{"_id": "a"} 5]}', "at character 26: expected ','"),
        ('{"agents": 5}', "a list of documents, or an object"),
        ('{"agents": [{]}', "at character 14: expected JSON"),
        ('{"agents": [NaN]}', "NaN is not JSON"),
        ('{"agents": []} x', "expected the end of the file"),
        ("{agents: []}", "a name in quotes"),
        ('{"agents": ["' + "[" * 10, "expected JSON"),
        ('{"agents": [' + "[" * 100_000, "is not a backup in JSON"),
    ],
)
def test_a_file_that_is_not_a_backup_is_refused(tmp_path, text, why):
    (tmp_path / "b.json").write_text(text)
    refused(tmp_path / "b.json", why)


def test_a_backup_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "b.json").write_bytes(b'{"agents": [{"_id": "\xff"}]}')
    refused(tmp_path / "b.json", "it is not UTF-8")


def test_a_backup_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    (tmp_path / "b.json").write_text("{}")
    backup = import_from.__globals__["JSONBackup"](tmp_path / "b.json")
    (tmp_path / "b.json").unlink()
    with pytest.raises(NotAsAskedError, match="cannot be read: No such file"):
        backup.collections()


def test_a_document_twice_in_a_backup_is_an_error(tmp_path):
    (tmp_path / "b.json").write_text('{"agents": {"a": {}, "a": {"n": 1}}}')
    with pytest.raises(StoppedError, match="document 'a' of collection 'agents' twice"):
        import_from(tmp_path / "b.json", MemoryDatabaseService())


def test_an_invalid_document_in_a_backup_is_reported(tmp_path):
    (tmp_path / "b.json").write_text('{"agents": {"a": 1.5, "b": {}}}')
    summary = import_from(tmp_path / "b.json", MemoryDatabaseService())
    assert (summary.total.failed, summary.total.verified, summary.complete) == (1, 1, False)
