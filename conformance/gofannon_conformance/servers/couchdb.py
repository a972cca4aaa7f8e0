"""CouchDB: the program itself, its container, or PouchDB Server in its place."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from gofannon_conformance.servers import answers, containers, given, node
from gofannon_conformance.servers.endpoint import ENVIRONMENT, LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.process import LOOPBACK, Keeper, Program, free_port, launch
from gofannon_conformance.servers.provider import Plan, Server, Unavailable, Way

PRODUCT: Final = "CouchDB"
STAND_IN: Final = "PouchDB Server"
IMAGE: Final = "couchdb:3"
USER: Final = "kit"
POUCHDB: Final = node.Bundle("pouchdb", "express-pouchdb", "server.js")
HOW: Final = "install Apache CouchDB 3 so that couchdb is on the PATH"

LIMITS: Final = {
    "ISO-3": "the database name a/b is taken for ab",
    "DOC-4": "1.0 comes back as 1",
    "DOC-8": "the field name __proto__ is dropped",
    "DOC-10": "numbers are doubles: integers past 2^53 are rounded, -0.0 comes back as 0",
    "DUR-3": "it holds its data in memory",
}
"""Of PouchDB's HTTP layer, measured over plain HTTP. CouchDB 3 has none of them but `-0.0`."""


def open_pouchdb(plan: Plan) -> Server:
    """Start PouchDB Server."""
    password = secrets.token_urlsafe(18)
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        argv=(*node.command(POUCHDB), str(port)),
        environment={"KIT_COUCHDB_USER": USER, "KIT_COUCHDB_PASSWORD": password},
        ready=lambda: _accepts(url, password),
    )
    return launch("couchdb", lambda _keeper: (program, _endpoint(plan, url, password)))


def look_at_couchdb() -> Plan | Unavailable:
    """Find Apache CouchDB's program, its default settings and its version."""
    found = shutil.which("couchdb")
    if found is None:
        return Unavailable("couchdb is not on the PATH", HOW)
    program = Path(found).resolve()
    if not _defaults(program):
        return Unavailable(f"{found} has no etc/default.ini next to its bin folder", HOW)
    return Plan(
        product=PRODUCT,
        version=_version(program),
        detail=f"{program}, with its data in a temporary folder",
        program=str(program),
    )


def open_couchdb(plan: Plan) -> Server:
    """Start Apache CouchDB as a single node with its own data and settings."""
    program = Path(plan.program)
    password = secrets.token_urlsafe(18)
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"

    def prepare(keeper: Keeper) -> tuple[Program, Endpoint]:
        settings = keeper.folder / "kit.ini"
        settings.touch(mode=0o600)
        settings.write_text(_settings(keeper.folder / "data", port, password))
        arguments = keeper.folder / "vm.args"
        # No -name: two nodes of one name cannot run at the same time, and epmd would keep running.
        arguments.write_text("+Bd -noinput\n")
        running = Program(
            argv=(str(program), "-couch_ini", *_defaults(program), str(settings)),
            environment={"COUCHDB_ARGS_FILE": str(arguments)},
            ready=lambda: _accepts(url, password),
            ready_within=60.0,
        )
        return running, _endpoint(plan, url, password)

    return launch("couchdb", prepare)


def _endpoint(plan: Plan, url: str, password: str) -> Endpoint:
    stand_in = plan.product == STAND_IN
    return plan.endpoint(
        url,
        settings={"user": USER, "password": password},
        secrets=(password,),
        durable=not stand_in,
        limits=LIMITS if stand_in else {},
    )


def _defaults(program: Path) -> tuple[str, ...]:
    """Return CouchDB's default settings files: `-couch_ini` replaces the whole list."""
    folder = program.parent.parent / "etc"
    chain = (folder / "default.ini", folder / "default.d")
    return tuple(str(path) for path in chain if path.exists()) if chain[0].exists() else ()


def _version(program: Path) -> str:
    """Read the file that bin/couchdb reads: the versions of Erlang and of CouchDB."""
    release = program.parent.parent / "releases" / "start_erl.data"
    return release.read_text().split()[-1] if release.exists() else ""


def _settings(data: Path, port: int, password: str) -> str:
    """Return the last settings file, the one that CouchDB itself writes to."""
    sections: dict[str, dict[str, object]] = {
        "couchdb": {"database_dir": data, "view_index_dir": data, "single_node": "true"},
        "chttpd": {"port": port, "bind_address": LOOPBACK},
        "log": {"level": "warning"},
        "admins": {USER: password},
    }
    lines = [
        line
        for name, options in sections.items()
        for line in (f"[{name}]", *(f"{key} = {value}" for key, value in options.items()))
    ]
    return "\n".join(lines) + "\n"


def _accepts(url: str, password: str) -> bool:
    """Return whether the server answers and takes this password, which no other server does."""
    return answers.http(f"{url}/_all_dbs", user=USER, password=password).status == HTTPStatus.OK


def _read(value: str) -> Endpoint:
    """Read `COUCHDB_URL`; the credentials may be in it or in variables of their own."""
    parts = urlsplit(value)
    user = os.environ.get("COUCHDB_USER") or unquote(parts.username or "")
    password = os.environ.get("COUCHDB_PASSWORD") or unquote(parts.password or "")
    return Endpoint(
        product=PRODUCT,
        version="",
        source=ENVIRONMENT,
        url=urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/"),
        settings={"user": user, "password": password},
        secrets=tuple({password, quote(password, safe="")} - {""}),
    )


def _identify(endpoint: Endpoint) -> Endpoint:
    """Ask a given server for its product and version."""
    welcome = answers.http(
        f"{endpoint.url}/",
        user=endpoint.settings["user"],
        password=endpoint.settings["password"],
    )
    if welcome.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ValueError("it does not accept COUCHDB_USER and COUCHDB_PASSWORD")
    body = welcome.json()
    stand_in = "express-pouchdb" in body
    if "couchdb" not in body and not stand_in:
        raise ValueError("it is not CouchDB")
    return replace(
        endpoint,
        product=STAND_IN if stand_in else PRODUCT,
        version=str(body.get("version", "")),
        limits=LIMITS if stand_in else {},
    )


def _box(plan: Plan) -> containers.Box:
    password = secrets.token_urlsafe(18)

    def endpoint(port: int) -> Endpoint:
        return _identify(_endpoint(plan, f"http://{LOOPBACK}:{port}", password))

    return containers.Box(
        image=IMAGE,
        port=5984,
        environment={"COUCHDB_USER": USER, "COUCHDB_PASSWORD": password},
        secrets=(password,),
        ready=lambda port: _accepts(f"http://{LOOPBACK}:{port}", password),
        endpoint=endpoint,
    )


WAYS: Final = (
    given.way("COUCHDB_URL", _read, _identify, ("COUCHDB_USER", "COUCHDB_PASSWORD")),
    Way(name="couchdb", source=LOCAL_PROGRAM, look=look_at_couchdb, open=open_couchdb),
    Way(
        name="pouchdb",
        source=LOCAL_PROGRAM,
        look=lambda: node.plan(POUCHDB, STAND_IN, "a replacement for CouchDB, in memory"),
        open=open_pouchdb,
    ),
    containers.way(PRODUCT, IMAGE, _box),
)
