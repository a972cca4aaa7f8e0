"""DynamoDB: moto's server, dynalite, or Amazon's DynamoDB Local in a container."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from gofannon_conformance.servers import answers, containers, given, node
from gofannon_conformance.servers.endpoint import ENVIRONMENT, LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.process import LOOPBACK, Program, free_port, launch
from gofannon_conformance.servers.provider import Plan, Server, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE: Final = "DynamoDB"
MOTO: Final = "moto"
DYNALITE: Final = "dynalite"
LOCAL: Final = "DynamoDB Local"
IMAGE: Final = "amazon/dynamodb-local"
BUNDLE: Final = node.Bundle("dynalite", "dynalite", "node_modules/dynalite/cli.js")
HOW_MOTO: Final = "pip install 'gofannon-conformance[emulators]'"
REGION: Final = "us-east-1"
CREDENTIALS: Final = "kit"
"""The access key and the secret key; DynamoDB Local allows letters and digits only."""

NO_CREDENTIALS: Final = {"FAULT-8": "it accepts any credentials"}
IN_MEMORY: Final = {"DUR-3": "it holds its data in memory"}
CASE: Final = "two tables whose names differ in case only are an internal error"
LIMITS: Final[Mapping[str, Mapping[str, str]]] = {
    MOTO: {
        **NO_CREDENTIALS,
        **IN_MEMORY,
        "DOC-9": "the empty key inside a map is an internal error",
    },
    DYNALITE: {**NO_CREDENTIALS, **IN_MEMORY},
    LOCAL: {**NO_CREDENTIALS, **IN_MEMORY, "ISO-6": CASE, "ERR-2": CASE},
}

RUN_MOTO: Final = """
import logging, sys, threading
from moto import server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
guard, serve = threading.Lock(), server.run_simple

def serve_in_turn(host, port, app, **options):
    def in_turn(environ, start_response):
        with guard:
            return app(environ, start_response)
    serve(host, port, in_turn, **options)

server.run_simple = serve_in_turn
server.main(sys.argv[1:])
"""
"""One request at a time: moto checks a condition and then acts, without a lock, so that two deletes
at once would both succeed. Without the line that its web server logs for each request."""


def look_at_moto() -> Plan | Unavailable:
    """Return whether moto's server is installed for this Python."""
    try:
        version = importlib.metadata.version("moto")
    except importlib.metadata.PackageNotFoundError:
        return Unavailable("moto is not installed", HOW_MOTO)
    missing = [name for name in ("flask", "flask_cors") if importlib.util.find_spec(name) is None]
    if missing:
        return Unavailable("moto is installed without its server", HOW_MOTO)
    return Plan(product=MOTO, version=version, detail="an emulator in Python, in memory")


def open_moto(plan: Plan) -> Server:
    """Start moto's server with the kit's own interpreter."""
    port = free_port()
    program = Program(
        argv=(sys.executable, "-c", RUN_MOTO, "-H", LOOPBACK, "-p", str(port)),
        ready=lambda: _is_moto(f"http://{LOOPBACK}:{port}"),
    )
    return launch("dynamodb", lambda _keeper: (program, _endpoint(plan, port)))


def open_dynalite(plan: Plan) -> Server:
    """Start dynalite, without its default delays for changes of tables."""
    port = free_port()
    delays = [word for verb in ("create", "delete", "update") for word in (f"--{verb}TableMs", "0")]
    program = Program(
        argv=(*node.command(BUNDLE), "--host", LOOPBACK, "--port", str(port), *delays),
        ready=lambda: _is_dynamodb(f"http://{LOOPBACK}:{port}"),
    )
    return launch("dynamodb", lambda _keeper: (program, _endpoint(plan, port)))


def _endpoint(plan: Plan, port: int) -> Endpoint:
    return plan.endpoint(
        f"http://{LOOPBACK}:{port}",
        settings={"region": REGION, "access_key": CREDENTIALS, "secret_key": CREDENTIALS},
        limits=LIMITS[plan.product],
    )


def _read(value: str) -> Endpoint:
    """Read `DYNAMODB_ENDPOINT_URL` and AWS's own variables."""
    settings = {
        name: next(filter(None, map(os.environ.get, variables)), default)
        for name, variables, default in (
            ("region", ("AWS_REGION", "AWS_DEFAULT_REGION"), REGION),
            ("access_key", ("AWS_ACCESS_KEY_ID",), CREDENTIALS),
            ("secret_key", ("AWS_SECRET_ACCESS_KEY",), CREDENTIALS),
        )
    }
    secret = settings["secret_key"]
    return Endpoint(
        product=SERVICE,
        version="",
        source=ENVIRONMENT,
        url=value.rstrip("/"),
        settings=settings,
        secrets=(secret,) if secret != CREDENTIALS else (),
    )


def _identify(endpoint: Endpoint) -> Endpoint:
    product = _product(endpoint.url)
    return replace(endpoint, product=product, limits=LIMITS.get(product, {}))


def _product(url: str) -> str:
    """Tell the emulators apart by a response that only one of them gives."""
    if _is_moto(url):
        return MOTO
    welcome = answers.http(url)
    if "jetty" in welcome.headers.get("server", "").lower():
        return LOCAL
    if welcome.body.startswith(b"healthy: dynamodb") and "server" not in welcome.headers:
        return DYNALITE
    return SERVICE


def _is_moto(url: str) -> bool:
    answer = answers.http(f"{url}/moto-api/data.json")
    return answer.status == HTTPStatus.OK and "werkzeug" in answer.headers.get("server", "").lower()


def _is_dynamodb(url: str) -> bool:
    """Return whether it answers a request without a signature as DynamoDB does."""
    return answers.http(url).status in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}


def _box(plan: Plan) -> containers.Box:
    return containers.Box(
        image=IMAGE,
        port=8000,
        ready=lambda port: _is_dynamodb(f"http://{LOOPBACK}:{port}"),
        endpoint=lambda port: _endpoint(plan, port),
        version_printed=r"^Version:\s+(\S+)",
    )


WAYS: Final = (
    given.way("DYNAMODB_ENDPOINT_URL", _read, _identify),
    Way(name=MOTO, source=LOCAL_PROGRAM, look=look_at_moto, open=open_moto),
    Way(
        name=DYNALITE,
        source=LOCAL_PROGRAM,
        look=lambda: node.plan(BUNDLE, DYNALITE, "an emulator, in memory"),
        open=open_dynalite,
    ),
    containers.way(LOCAL, IMAGE, _box),
)
