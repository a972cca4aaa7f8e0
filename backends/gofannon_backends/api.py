"""The reference API for the seven collections, as an application and as a program.

    python -m gofannon_backends.api --port 8001

It has no users and no rights: everyone who reaches the port can write everything. By default it
listens on this machine only.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool

from gofannon_backends.factory import get_database_service, reset_database_service
from gofannon_backends.fastapi import Database, Problem, collections_router, lifespan
from gofannon_backends.settings import Settings

try:
    import uvicorn
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"serving the API needs a library that is not installed ({missing.name}): "
        "pip install 'gofannon-conformance[api]'",
        name=missing.name,
    ) from None

DEFAULT_PORT = 8001
"""Not uvicorn's 8000, which is the port of DynamoDB Local."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application: the collections, `/health`, `/ready`, and the docs at `/docs`.

    Its database service is made from the settings when it starts, by default from `Settings()`,
    and closed when it stops.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(get_database_service, settings)
        async with lifespan(app):
            yield

    app = FastAPI(
        title="Gofannon collections",
        summary="The documents of a Gofannon application, on any of its databases",
        lifespan=life,
    )
    app.include_router(collections_router())
    app.get("/health", tags=["health"])(health)
    app.get("/ready", tags=["health"], responses={503: {"model": Problem}})(ready)
    return app


async def health() -> dict[str, str]:
    """Return "ok": the process is alive."""
    return {"status": "ok"}


def ready(db: Database) -> dict[str, str]:
    """Return "ok" if the database answers a read, or else its error."""
    try:
        db.get("agents", "readiness-probe")
    except HTTPException as error:
        if error.status_code != 404:
            raise
    return {"status": "ok"}


class _Server(uvicorn.Server):
    """Prints its address when it listens, not before: a client could not connect."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        click.echo(f"The API is at http://{name}:{port}, its description at /docs.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
def main(host: str, port: int) -> None:
    """Serve the seven collections over HTTP, from the database of the environment or .env.

    There are no users and no rights: everyone who reaches the port can read and write everything.
    """
    try:
        settings = Settings()
        get_database_service(settings)
    except (ValueError, ImportError) as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo(f"The database is {settings.DATABASE_PROVIDER}.")
    app = create_app(settings)
    try:
        _Server(uvicorn.Config(app, host=host, port=port, log_level="warning")).run()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        reset_database_service()


if __name__ == "__main__":
    main()
