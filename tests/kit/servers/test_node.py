"""The npm packages that the kit installs for its servers."""

import json
import os
import threading
from pathlib import Path

import pytest
from waiting import eventually

from gofannon_conformance.servers import Unavailable, couchdb, dynamodb, node, provider


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A fake npm and node: they log each call and run a script."""
    (tmp_path / "bin").mkdir()
    calls = tmp_path / "calls"

    def be(script):
        for name in ("npm", "node"):
            program = tmp_path / "bin" / name
            program.write_text(f"#!/bin/sh\necho $@ >> {calls}\n{script}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        return calls

    return be


def test_packages_are_installed_once(npm):
    calls = npm("mkdir node_modules")
    assert "npm registry at first use" in node.look(couchdb.POUCHDB)
    words = node.command(couchdb.POUCHDB)
    assert node.command(couchdb.POUCHDB) == words
    assert calls.read_text().count("ci ") == 1
    folder = Path(words[1]).parent
    assert (folder / "node_modules").is_dir()
    assert f"packages in {folder}" in node.look(couchdb.POUCHDB)
    assert {path.name for path in folder.parent.iterdir()} == {
        folder.name,
        f"{folder.name}.lock",
    }


def test_two_installers_install_once(npm, tmp_path):
    calls = npm(f"until [ -e {tmp_path / 'both'} ]; do sleep 0.02; done; mkdir node_modules")
    both = [
        threading.Thread(target=node.command, args=(dynamodb.BUNDLE,), daemon=True)
        for _ in range(2)
    ]
    for one in both:
        one.start()
    eventually(calls.exists)
    (tmp_path / "both").touch()
    for one in both:
        one.join()
    assert calls.read_text().count("ci ") == 1


def test_files_of_an_interrupted_installation_are_removed(npm):
    npm("mkdir node_modules")
    folder = couchdb.POUCHDB.folder
    left = folder.with_name(f"{folder.name}.new-left")
    left.mkdir(parents=True)
    node.command(couchdb.POUCHDB)
    assert not left.exists()


def test_a_failed_installation_shows_npms_output(npm):
    npm("echo ENOTFOUND no registry; exit 1")
    with pytest.raises(Unavailable) as shut:
        node.command(couchdb.POUCHDB)
    assert "npm could not install express-pouchdb 4.2.0; npm printed:" in shut.value.why
    assert "ENOTFOUND no registry" in shut.value.why
    assert not couchdb.POUCHDB.folder.exists()


def test_an_installation_has_a_time_limit(npm, monkeypatch):
    npm("exec sleep 600")
    monkeypatch.setattr(node, "INSTALL_WITHIN", 0.0)
    with pytest.raises(Unavailable, match="within 0 s"):
        node.command(couchdb.POUCHDB)


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_it_needs_node_and_npm(monkeypatch, missing):
    monkeypatch.setattr(node.shutil, "which", lambda name: None if name == missing else name)
    for name in ("couchdb:pouchdb", "dynamodb:dynalite"):
        assert provider(name).plan().why == f"{missing} is not on the PATH"
    with pytest.raises(Unavailable):
        node.command(couchdb.POUCHDB)


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.setattr(node.sys, "platform", "darwin")
    assert node.cache() == Path.home() / "Library/Caches/gofannon-conformance"


@pytest.mark.parametrize("bundle", [couchdb.POUCHDB, dynamodb.BUNDLE])
def test_versions_are_exact_hashed_and_without_addresses(bundle):
    folder = node.BUNDLES / bundle.name
    manifest = json.loads((folder / "package.json").read_text())
    assert all(version[0].isdigit() for version in manifest["dependencies"].values())
    lock = json.loads((folder / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
