"""PostgreSQL: a temporary cluster made by the installed programs, or a container."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from gofannon_conformance.servers import answers, containers, given
from gofannon_conformance.servers.endpoint import ENVIRONMENT, LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.process import LOOPBACK, Keeper, Program, free_port, launch
from gofannon_conformance.servers.provider import Plan, Server, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

PRODUCT: Final = "PostgreSQL"
IMAGE: Final = "postgres:17"
NAME: Final = "kit"
"""The user that the kit creates."""
DATABASE: Final = "postgres"
"""The database that every server has."""
HOW: Final = (
    "install PostgreSQL's server programs (Debian: postgresql; macOS: brew install postgresql)"
)
UNPRIVILEGED: Final = ("postgres", "nobody")
"""Users to run the server as if the kit runs as root: PostgreSQL refuses to run as root."""

QUICK: Final = ("fsync=off", "full_page_writes=off")
"""Committed data is in the kernel's buffers: it survives SIGKILL, but not a power cut.
`synchronous_commit=off` would not be faster, and would lose the last commits at SIGKILL."""
DURABLE: Final = ("fsync=on", "full_page_writes=on")


def folders() -> Iterator[Path]:
    """Yield folders where the programs may be, best first."""
    for program in ("postgres", "initdb"):
        if found := shutil.which(program):
            yield Path(found).resolve().parent
    if pg_config := shutil.which("pg_config"):
        printed = subprocess.run(  # noqa: S603 - the program found on the PATH
            [pg_config, "--bindir"], capture_output=True, text=True, timeout=10, check=False
        )
        yield Path(printed.stdout.strip() or "/nowhere")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: _numbers(folder.parent.name), reverse=True)


def programs() -> Path | None:
    """Return the folder that has both `initdb` and `postgres`."""
    for folder in folders():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    return None


def server_user() -> str | None:
    """Return the user to run the server as; None for the user of the kit."""
    if os.geteuid() != 0:
        return None
    import pwd  # not on every system

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in UNPRIVILEGED if name in known), None)


def look_at_programs() -> Plan | Unavailable:
    """Find the programs and their version."""
    folder = programs()
    if folder is None:
        return Unavailable("no initdb and postgres on this machine", HOW)
    if os.geteuid() == 0 and server_user() is None:
        users = " or ".join(UNPRIVILEGED)
        return Unavailable(
            f"PostgreSQL does not run as root, and there is no user {users}",
            "run the kit as another user, or create the user postgres",
        )
    return Plan(
        product=PRODUCT,
        version=_version(folder),
        detail=f"a temporary cluster, made by {folder}",
        program=str(folder),
    )


def open_cluster(plan: Plan) -> Server:
    """Make a cluster and start its server."""
    folder = Path(plan.program)
    user = server_user()
    password = secrets.token_urlsafe(18)
    port = free_port()
    settings = (
        *(DURABLE if plan.durable else QUICK),
        "unix_socket_directories=",
        "max_connections=200",
    )

    def prepare(keeper: Keeper) -> tuple[Program, Endpoint]:
        data = keeper.folder / "data"
        secret = keeper.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if user is not None:
            shutil.chown(secret, user)
        initdb = (str(folder / "initdb"), f"--pgdata={data}", f"--username={NAME}", "--no-sync")
        rules = ("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale")
        keeper.run((*initdb, *rules), user=user)
        secret.unlink()
        program = Program(
            argv=(
                *(str(folder / "postgres"), "-D", str(data), "-h", LOOPBACK, "-p", str(port)),
                *(word for setting in settings for word in ("-c", setting)),
            ),
            ready=lambda: answers.postgresql(LOOPBACK, port, NAME, DATABASE),
            user=user,
            stop_signal=signal.SIGINT,  # "fast": end the sessions and write a checkpoint
            quit_signal=signal.SIGQUIT,  # "immediate": release the shared memory, nothing more
            heals=True,
        )
        return program, _endpoint(plan, port, password)

    return launch("postgresql", prepare, user=user)


def _endpoint(plan: Plan, port: int, password: str) -> Endpoint:
    return plan.endpoint(
        f"postgresql://{NAME}:{password}@{LOOPBACK}:{port}/{DATABASE}",
        settings={
            "host": LOOPBACK,
            "port": str(port),
            "user": NAME,
            "password": password,
            "database": DATABASE,
        },
        secrets=(password,),
        durable=True,
    )


def _read(url: str) -> Endpoint:
    """Read `POSTGRES_URL`."""
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    user = unquote(parts.username or "")
    return Endpoint(
        product=PRODUCT,
        version="",
        source=ENVIRONMENT,
        url=url,
        settings={
            "host": parts.hostname or LOOPBACK,
            "port": str(parts.port or 5432),
            "user": user,
            "password": password,
            "database": unquote(parts.path.lstrip("/")) or user,
        },
        secrets=tuple({password, parts.password or "", quote(password, safe="")} - {""}),
    )


def _identify(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, version=_ask_version(endpoint))


def _ask_version(endpoint: Endpoint) -> str:
    """Ask through psycopg if it is installed; otherwise only check that the server answers."""
    try:
        import psycopg
    except ImportError:
        at = endpoint.settings
        if not answers.postgresql(at["host"], int(at["port"]), at["user"], at["database"]):
            raise ConnectionError("no PostgreSQL server answers there") from None
        return ""
    try:
        with psycopg.connect(endpoint.url, connect_timeout=5) as connection:
            version = connection.info.parameter_status("server_version") or ""
            return version.partition(" ")[0]  # the packager's part follows: "(Debian 17.6-1)"
    except psycopg.Error as error:
        raise ConnectionError(str(error)) from error


def _version(folder: Path) -> str:
    printed = subprocess.run(  # noqa: S603 - the program that was found
        [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
    )
    found = re.search(r"\d+(\.\d+)*", printed.stdout)
    return found[0] if found else ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _box(plan: Plan) -> containers.Box:
    password = secrets.token_urlsafe(18)

    def endpoint(port: int) -> Endpoint:
        made = _endpoint(plan, port, password)
        with suppress(OSError):
            return replace(made, version=_ask_version(made) or plan.version)
        return made

    return containers.Box(
        image=IMAGE,
        port=5432,
        environment={
            "POSTGRES_USER": NAME,
            "POSTGRES_PASSWORD": password,
            "POSTGRES_DB": DATABASE,
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256",
        },
        secrets=(password,),
        # The image first starts a server for its set-up, which has no TCP.
        ready=lambda port: answers.postgresql(LOOPBACK, port, NAME, DATABASE),
        endpoint=endpoint,
    )


WAYS: Final = (
    given.way("POSTGRES_URL", _read, _identify),
    Way(name="initdb", source=LOCAL_PROGRAM, look=look_at_programs, open=open_cluster),
    containers.way(PRODUCT, IMAGE, _box),
)
