"""Firestore: Google's emulator, out of the Cloud SDK, out of firebase-tools, or in a container."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_conformance.servers import answers, containers, given
from gofannon_conformance.servers.endpoint import (
    ENVIRONMENT,
    LOCAL_PROGRAM,
    Endpoint,
)
from gofannon_conformance.servers.process import LOOPBACK, Keeper, Program, free_port, launch
from gofannon_conformance.servers.provider import Plan, Server, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRODUCT: Final = "Firestore emulator"
COMPONENT: Final = "cloud-firestore-emulator"
IMAGE: Final = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
HOW_JAVA: Final = "install Java 17 or newer"
HOW_SDK: Final = f"gcloud components install {COMPONENT}"
HOW_FIREBASE: Final = "npm install -g firebase-tools, then: firebase setup:emulators:firestore"

LIMITS: Final = {
    "DUR-3": "it holds its data in memory",
    "FAULT-8": "it takes any credentials",
}
MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
FAST_START: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
"""The jar names no main class. Its wrapper script is left out: that is a shell which stays the
Java process's parent, so that whoever ends the script leaves the emulator running."""


def endpoint_of(host: str, version: str, source: str) -> Endpoint:
    """Describe an emulator, with a project that nobody has used."""
    return Endpoint(
        product=PRODUCT,
        version=version,
        source=source,
        url=f"http://{host}",
        settings={"emulator_host": host, "project": fresh_project()},
        limits=LIMITS,
        owned=source != ENVIRONMENT,
        protocol="grpc",
    )


def fresh_project() -> str:
    """Give a project id that nobody has used: the emulator keeps projects apart, unasked."""
    return f"kit-{secrets.token_hex(6)}"


def sdk_roots() -> Iterator[Path]:
    """Yield where the Cloud SDK may lie; asking gcloud itself takes longest and comes last."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return
    yield Path(gcloud).resolve().parent.parent
    told = subprocess.run(  # noqa: S603 - the program found on the PATH
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    yield Path(told.stdout.strip())


def sdk_jar() -> tuple[Path, str] | None:
    """Give the emulator's jar in the Cloud SDK, and its version."""
    for root in sdk_roots():
        jar = root / "platform" / COMPONENT / f"{COMPONENT}.jar"
        if jar.is_file():
            return jar, _component_version(root)
    return None


def firebase_jar() -> tuple[Path, str] | None:
    """Give the newest jar that firebase-tools has fetched, and its version."""
    cache = os.environ.get("FIREBASE_EMULATORS_PATH")
    folder = Path(cache) if cache else Path.home() / ".cache" / "firebase" / "emulators"
    found = {
        tuple(map(int, match[1].split("."))): (path, match[1])
        for path in folder.glob(f"{COMPONENT}-v*.jar")
        if (match := re.search(r"-v(\d+(?:\.\d+)*)\.jar$", path.name))
    }
    return found[max(found)] if found else None


def _component_version(root: Path) -> str:
    snapshot = root / ".install" / f"{COMPONENT}.snapshot.json"
    try:
        components = json.loads(snapshot.read_text())["components"]
    except (OSError, ValueError, KeyError):
        return ""
    versions = (one["version"]["version_string"] for one in components if one["id"] == COMPONENT)
    return str(next(versions, ""))


def open_jar(plan: Plan) -> Server:
    """Start the emulator out of its jar."""
    port = free_port()
    host = f"{LOOPBACK}:{port}"
    java = (shutil.which("java") or "java", *FAST_START)
    program = Program(
        argv=(*java, "-cp", plan.program, MAIN, "start", f"--host={LOOPBACK}", f"--port={port}"),
        ready=lambda: _says_ok(f"http://{host}"),
    )

    def prepare(_keeping: Keeper) -> tuple[Program, Endpoint]:
        return program, endpoint_of(host, plan.version, plan.source)

    return launch("firestore", prepare)


def _jar_way(name: str, find: Callable[[], tuple[Path, str] | None], how: str) -> Way:
    """Give the way by a jar that `find` finds."""

    def look() -> Plan | Unavailable:
        found = find()
        if found is None:
            return Unavailable(f"no Firestore emulator of {name} on this machine", how)
        if shutil.which("java") is None:
            return Unavailable(f"java is not on the PATH to run {found[0]}", HOW_JAVA)
        return Plan(
            store="firestore",
            way=name,
            product=PRODUCT,
            version=found[1],
            source=LOCAL_PROGRAM,
            detail=str(found[0]),
            program=str(found[0]),
        )

    return Way(name=name, source=LOCAL_PROGRAM, look=look, open=open_jar)


def find_given(value: str) -> Endpoint | Unavailable:
    """See whether the emulator that `FIRESTORE_EMULATOR_HOST` names answers."""
    try:
        if not _says_ok(f"http://{value}"):
            return given.silent("FIRESTORE_EMULATOR_HOST", value, "it is no Firestore emulator")
    except (OSError, ValueError) as error:
        return given.silent("FIRESTORE_EMULATOR_HOST", value, error)
    return endpoint_of(value, "", ENVIRONMENT)


def _says_ok(url: str) -> bool:
    answer = answers.http(url)
    return answer.status == HTTPStatus.OK and answer.body.strip() == b"Ok"


def _box(plan: Plan) -> containers.Box:
    return containers.Box(
        image=IMAGE,
        port=8080,
        command="gcloud emulators firestore start --host-port=0.0.0.0:8080",
        ready=lambda port: _says_ok(f"http://{LOOPBACK}:{port}"),
        endpoint=lambda port: endpoint_of(f"{LOOPBACK}:{port}", plan.version, plan.source),
    )


WAYS: Final = (
    given.way("firestore", "FIRESTORE_EMULATOR_HOST", find_given),
    _jar_way("cloud-sdk", sdk_jar, HOW_SDK),
    _jar_way("firebase-tools", firebase_jar, HOW_FIREBASE),
    containers.way("firestore", PRODUCT, IMAGE, _box),
)
