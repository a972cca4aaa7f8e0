"""Moves to and from stores, on the servers of this machine, and the benchmark."""

import importlib.util
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from faulty_services import content, filled

from gofannon_backends import targets
from gofannon_backends.transfer import export_to, migrate

WIDE = {
    "u/1": {"name": "Jo", "_kind": "k", "nested": [[1, [2.5]], {"": None, "a.b": True}]},
    "__x__": {"text": "\x00 \u2028 😀 é", "big": 2**53, "small": -1.5e-7},
    "_design/x": {"id": 1, "rev": 2, "data": {}, "key": [], "value": ""},
    "..": {},
}


@pytest.fixture(scope="module", params=["couchdb", "dynamodb", "firestore", "postgresql"])
def service(request):
    server = request.getfixturevalue(f"{request.param}_server")
    with getattr(targets, request.param).connect(server.endpoint) as service:
        yield service


@pytest.fixture
def collection(service):
    name = f"moved-{uuid4().hex[:8]}"
    yield name
    service.drop(name)


def test_documents_are_written_and_read_back_equal(service, collection, tmp_path):
    source = filled(110, collection, **{collection: WIDE})  # more than a batch
    chosen = {"collections": [collection]}
    written = migrate(source, service, state=tmp_path / "there", **chosen)
    assert written.complete, list(written.lines())
    back = filled(0)
    read = migrate(service, back, state=tmp_path / "back", **chosen)
    assert read.complete
    assert (written.total.moved, read.total.moved) == (114, 114)
    assert content(back, collection) == content(source, collection)


def test_documents_in_the_target_are_kept_and_reported(service, collection, tmp_path):
    service.save(collection, "a1", {"mine": True})
    service.save(collection, "a2", {"text": "éé", "n": 2})
    summary = migrate(
        filled(4, collection), service, collections=[collection], state=tmp_path / "state"
    )
    total = summary.total
    assert (total.moved, total.already_there, total.conflicts, total.verified) == (2, 1, 1, 3)
    assert service.get(collection, "a1")["mine"] is True


def test_a_collection_that_was_never_written_is_an_empty_file(service, tmp_path):
    summary = export_to(tmp_path / "x", service, collections=[f"never-{uuid4().hex[:8]}"])
    assert (summary.complete, summary.total.documents) == (True, 0)


# --- The benchmark --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def benchmark():
    file = Path(__file__).parents[3] / "benchmarks" / "transfer.py"
    spec = importlib.util.spec_from_file_location("benchmark_transfer", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their annotations up there
    spec.loader.exec_module(module)
    return module


def test_the_benchmark_moves_kills_and_compares(
    benchmark, postgresql_server, tmp_path, monkeypatch, capsys
):
    running = SimpleNamespace(start=lambda: nullcontext(postgresql_server))
    monkeypatch.setattr(benchmark.servers, "provider", lambda _: running)
    asked = ["--documents", "150", "--kills", "1", "--json", str(tmp_path / "figures.json")]
    assert benchmark.main([*asked, "memory", "postgresql"]) == 0, capsys.readouterr().out
    memory, postgresql = json.loads((tmp_path / "figures.json").read_text())["figures"]
    assert memory["equal"]
    assert (postgresql["equal"], postgresql["equal_after_kills"]) == (True, True)
    assert 0 < postgresql["memory"] < 150
    assert min(postgresql[rate] for rate in ("written", "read", "bulk")) > 0


def test_the_benchmarks_documents_have_the_given_size_and_are_different(benchmark):
    documents = list(benchmark.documents(50, 1024))
    assert {len(json.dumps(document)) for document in documents} == {1024}
    assert len({document["_id"] for document in documents}) == 50


def test_the_benchmark_detects_a_difference(benchmark, tmp_path, capsys):
    for name, text in (("one", '{"_id":"a","n":1}'), ("other", '{"n":1.0,"_id":"a"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "agents.jsonl").write_text(f"{text}\n")
    assert benchmark.same(tmp_path / "one", tmp_path / "one")
    assert not benchmark.same(tmp_path / "one", tmp_path / "other")
    assert "NOT EQUAL" in capsys.readouterr().out
