"""Firestore: Google's emulator from the Cloud SDK, from firebase-tools, or in a container."""

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
from gofannon_conformance.servers.endpoint import ENVIRONMENT, LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.process import LOOPBACK, Program, free_port, launch
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
    "FAULT-8": "it accepts any credentials",
}
MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
"""The jar names no main class. Its wrapper script is a shell that stays the parent of the Java
process: ending the script would leave the emulator running."""
FAST_START: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


def sdk_roots() -> Iterator[Path]:
    """Yield folders where the Cloud SDK may be; gcloud itself is slow and so is asked last."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return
    yield Path(gcloud).resolve().parent.parent
    printed = subprocess.run(  # noqa: S603 - the program found on the PATH
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    yield Path(printed.stdout.strip())


def sdk_jar() -> tuple[Path, str] | None:
    """Return the emulator's jar in the Cloud SDK, and its version."""
    for root in sdk_roots():
        jar = root / "platform" / COMPONENT / f"{COMPONENT}.jar"
        if jar.is_file():
            return jar, _component_version(root)
    return None


def firebase_jar() -> tuple[Path, str] | None:
    """Return the newest jar that firebase-tools has downloaded, and its version."""
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
    """Start the emulator from its jar."""
    port = free_port()
    host = f"{LOOPBACK}:{port}"
    java = (shutil.which("java") or "java", *FAST_START)
    program = Program(
        argv=(*java, "-cp", plan.program, MAIN, "start", f"--host={LOOPBACK}", f"--port={port}"),
        ready=lambda: _says_ok(f"http://{host}"),
    )
    return launch("firestore", lambda _keeper: (program, _endpoint(plan, host)))


def _jar_way(name: str, find: Callable[[], tuple[Path, str] | None], how: str) -> Way:
    """Return the way that runs the jar found by `find`."""

    def look() -> Plan | Unavailable:
        found = find()
        if found is None:
            return Unavailable(f"no Firestore emulator of {name} on this machine", how)
        if shutil.which("java") is None:
            return Unavailable(f"java is not on the PATH to run {found[0]}", HOW_JAVA)
        return Plan(
            product=PRODUCT,
            version=found[1],
            detail=str(found[0]),
            program=str(found[0]),
        )

    return Way(name=name, source=LOCAL_PROGRAM, look=look, open=open_jar)


def _endpoint(plan: Plan, host: str) -> Endpoint:
    return plan.endpoint(f"http://{host}", settings=_settings(host), limits=LIMITS, protocol="grpc")


def _settings(host: str) -> dict[str, str]:
    """Return settings with a new project id: the emulator keeps the data of projects apart."""
    return {"emulator_host": host, "project": f"kit-{secrets.token_hex(6)}"}


def _read(value: str) -> Endpoint:
    """Read `FIRESTORE_EMULATOR_HOST`."""
    return Endpoint(
        product=PRODUCT,
        version="",
        source=ENVIRONMENT,
        url=f"http://{value}",
        settings=_settings(value),
        limits=LIMITS,
        protocol="grpc",
    )


def _identify(endpoint: Endpoint) -> Endpoint:
    if not _says_ok(endpoint.url):
        raise ValueError("it is not a Firestore emulator")
    return endpoint


def _says_ok(url: str) -> bool:
    answer = answers.http(url)
    return answer.status == HTTPStatus.OK and answer.body.strip() == b"Ok"


def _box(plan: Plan) -> containers.Box:
    return containers.Box(
        image=IMAGE,
        port=8080,
        command="gcloud emulators firestore start --host-port=0.0.0.0:8080",
        ready=lambda port: _says_ok(f"http://{LOOPBACK}:{port}"),
        endpoint=lambda port: _endpoint(plan, f"{LOOPBACK}:{port}"),
    )


WAYS: Final = (
    given.way("FIRESTORE_EMULATOR_HOST", _read, _identify),
    _jar_way("cloud-sdk", sdk_jar, HOW_SDK),
    _jar_way("firebase-tools", firebase_jar, HOW_FIREBASE),
    containers.way(PRODUCT, IMAGE, _box),
)
