"""CouchDB: the program itself, or PouchDB Server's HTTP layer in its place."""

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
from gofannon_conformance.servers.endpoint import (
    ENVIRONMENT,
    LOCAL_PROGRAM,
    Endpoint,
)
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
"""Of PouchDB's HTTP layer, measured over plain HTTP; CouchDB 3 does all of it but `-0.0`."""


def endpoint_of(url: str, plan: Plan, password: str) -> Endpoint:
    """Describe a server that the kit started."""
    stand_in = plan.product == STAND_IN
    return Endpoint(
        product=plan.product,
        version=plan.version,
        source=plan.source,
        url=url,
        settings={"user": USER, "password": password},
        secrets=(password,),
        durable=not stand_in,
        limits=LIMITS if stand_in else {},
        owned=True,
    )


def look_at_pouchdb() -> Plan | Unavailable:
    """See whether Node.js can run the stand-in."""
    found = node.look(POUCHDB)
    if isinstance(found, Unavailable):
        return found
    return Plan(
        store="couchdb",
        way="pouchdb",
        product=STAND_IN,
        version=POUCHDB.version,
        source=LOCAL_PROGRAM,
        detail=f"not CouchDB but a stand-in, in memory, by {found}",
    )


def open_pouchdb(plan: Plan) -> Server:
    """Start the stand-in."""
    password = secrets.token_urlsafe(18)
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    command = node.command(POUCHDB)

    def prepare(_keeping: Keeper) -> tuple[Program, Endpoint]:
        program = Program(
            argv=(*command, str(port)),
            environment={"KIT_COUCHDB_USER": USER, "KIT_COUCHDB_PASSWORD": password},
            ready=lambda: _lets_in(url, password),
        )
        return program, endpoint_of(url, plan, password)

    return launch("couchdb", prepare)


def look_at_couchdb() -> Plan | Unavailable:
    """Find Apache CouchDB's program, its default settings and its version."""
    found = shutil.which("couchdb")
    if found is None:
        return Unavailable("couchdb is not on the PATH", HOW)
    program = Path(found).resolve()
    if not _defaults(program):
        return Unavailable(f"{found} has no etc/default.ini beside it", HOW)
    return Plan(
        store="couchdb",
        way="couchdb",
        product=PRODUCT,
        version=_version(program),
        source=LOCAL_PROGRAM,
        detail=f"{program}, with its data in a temporary folder",
        program=str(program),
    )


def open_couchdb(plan: Plan) -> Server:
    """Start Apache CouchDB as a single node with data and settings of its own."""
    program = Path(plan.program)
    password = secrets.token_urlsafe(18)
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"

    def prepare(keeping: Keeper) -> tuple[Program, Endpoint]:
        settings = keeping.folder / "kit.ini"
        settings.touch(mode=0o600)
        settings.write_text(_settings(keeping.folder / "data", port, password))
        arguments = keeping.folder / "vm.args"
        # No -name: two nodes of one name cannot run side by side, and epmd would stay behind.
        arguments.write_text("+Bd -noinput\n")
        running = Program(
            argv=(str(program), "-couch_ini", *_defaults(program), str(settings)),
            environment={"COUCHDB_ARGS_FILE": str(arguments)},
            ready=lambda: _lets_in(url, password),
            ready_within=60.0,
        )
        return running, endpoint_of(url, plan, password)

    return launch("couchdb", prepare)


def _defaults(program: Path) -> tuple[str, ...]:
    """Name the settings that CouchDB comes with: `-couch_ini` replaces the whole chain."""
    folder = program.parent.parent / "etc"
    chain = (folder / "default.ini", folder / "default.d")
    return tuple(str(path) for path in chain if path.exists()) if chain[0].exists() else ()


def _version(program: Path) -> str:
    """Read what bin/couchdb itself reads: the Erlang runtime's version and CouchDB's."""
    told = program.parent.parent / "releases" / "start_erl.data"
    return told.read_text().split()[-1] if told.exists() else ""


def _settings(data: Path, port: int, password: str) -> str:
    """Write the last file of the chain, the one that CouchDB itself writes to."""
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


def _lets_in(url: str, password: str) -> bool:
    """Whether the server answers, and is ours: no other one takes this password."""
    return answers.http(f"{url}/_all_dbs", user=USER, password=password).status == HTTPStatus.OK


def find_given(value: str) -> Endpoint | Unavailable:
    """Ask the server that `COUCHDB_URL` names what it is."""
    parts = urlsplit(value)
    user = os.environ.get("COUCHDB_USER") or unquote(parts.username or "")
    password = os.environ.get("COUCHDB_PASSWORD") or unquote(parts.password or "")
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
    try:
        welcome = answers.http(f"{url}/", user=user, password=password)
    except (OSError, ValueError) as error:
        return given.silent("COUCHDB_URL", url, error)
    if welcome.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        why = "it does not take COUCHDB_USER and COUCHDB_PASSWORD"
        return given.silent("COUCHDB_URL", url, why)
    said = welcome.json()
    if "couchdb" not in said and "express-pouchdb" not in said:
        return given.silent("COUCHDB_URL", url, "it is no CouchDB")
    stand_in = "express-pouchdb" in said
    return Endpoint(
        product=STAND_IN if stand_in else PRODUCT,
        version=str(said.get("version", "")),
        source=ENVIRONMENT,
        url=url,
        settings={"user": user, "password": password},
        secrets=tuple({password, quote(password, safe="")} - {""}),
        limits=LIMITS if stand_in else {},
    )


def _box(plan: Plan) -> containers.Box:
    password = secrets.token_urlsafe(18)

    def endpoint(port: int) -> Endpoint:
        url = f"http://{LOOPBACK}:{port}"
        version = str(answers.http(f"{url}/").json().get("version", ""))
        return endpoint_of(url, replace(plan, version=version), password)

    return containers.Box(
        image=IMAGE,
        port=5984,
        environment={"COUCHDB_USER": USER, "COUCHDB_PASSWORD": password},
        secrets=(password,),
        ready=lambda port: _lets_in(f"http://{LOOPBACK}:{port}", password),
        endpoint=endpoint,
    )


WAYS: Final = (
    given.way("couchdb", "COUCHDB_URL", find_given, ("COUCHDB_USER", "COUCHDB_PASSWORD")),
    Way(name="couchdb", source=LOCAL_PROGRAM, look=look_at_couchdb, open=open_couchdb),
    Way(name="pouchdb", source=LOCAL_PROGRAM, look=look_at_pouchdb, open=open_pouchdb),
    containers.way("couchdb", PRODUCT, IMAGE, _box),
)
