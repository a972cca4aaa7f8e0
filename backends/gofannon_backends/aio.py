"""An async wrapper for any service: the same methods as coroutines, each call in a thread.

    db = in_threads(CouchDBService(url, user, password))
    agent = await db.get("agents", "a1")
    async for session in db.iter_all("sessions"):
        ...

The stores' client libraries block their thread. In a thread of its own a call does not block the
event loop. Services may be called from many threads at the same time.
"""

from abc import ABC, abstractmethod
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial, wraps
from itertools import islice
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from gofannon_backends.base import DatabaseService, errors

_OPTIONAL: Final = ("find", "ensure_index", "save_many", "delete_many", "get_many")
"""The optional methods: the wrapper has those that the service has."""

_AT_ONCE: Final = 100
"""How many documents `iter_all` reads in one call in a thread."""

_Result = TypeVar("_Result")


class AsyncDatabaseService(ABC):
    """The interface as coroutines, each with the contract of `DatabaseService`'s method.

    It is an async context manager that closes the service at the end.
    """

    # Only if the service has them.
    find: Callable[..., Coroutine[Any, Any, list[dict[str, Any]]]]
    ensure_index: Callable[..., Coroutine[Any, Any, None]]
    save_many: Callable[..., Coroutine[Any, Any, list[dict[str, Any]]]]
    delete_many: Callable[..., Coroutine[Any, Any, list[dict[str, Any]]]]
    get_many: Callable[..., Coroutine[Any, Any, dict[str, dict[str, Any] | None]]]

    @abstractmethod
    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document, with its `_id` and `_rev`; a missing one is a 404."""

    @abstractmethod
    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create or replace the whole document; return its `id` and its new `rev`."""

    @abstractmethod
    async def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""

    @abstractmethod
    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document of the collection; `[]` if the collection does not exist."""

    @abstractmethod
    def iter_all(self, db_name: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the documents that `list_all` returns, page by page if the store has pages."""

    @abstractmethod
    async def close(self) -> None:
        """Close the service's connections; closing twice is allowed."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def in_threads(service: Any, *, threads: int = 32) -> AsyncDatabaseService:
    """Return an async wrapper for the service, with at most `threads` calls at the same time.

    Cancelling a call stops the waiting only: its write may still be applied. A call has the context
    variables of its caller, and so its trace.
    """
    return _InThreads(service, threads)


class _InThreads(AsyncDatabaseService):
    def __init__(self, service: Any, threads: int) -> None:
        self._service: DatabaseService = service
        self._closed = False
        # Not the loop's default executor, which has few threads.
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="gofannon-database")
        for name in _OPTIONAL:
            method = getattr(service, name, None)
            if method is not None:
                setattr(self, name, self._optional(method))

    def __repr__(self) -> str:
        return f"in_threads({self._service!r})"

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return await self._run(self._service.get, db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return await self._run(self._service.save, db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        await self._run(self._service.delete, db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return await self._run(self._service.list_all, db_name)

    async def iter_all(self, db_name: str) -> AsyncIterator[dict[str, Any]]:
        reader = _Reader(getattr(self._service, "iter_all", self._service.list_all))
        try:
            while documents := await self._run(reader.next_documents, db_name):
                for document in documents:
                    yield document
        finally:
            # Not awaited: a cancelled or garbage-collected caller cannot wait.
            with suppress(RuntimeError):  # the wrapper is closed, and its threads have ended
                self._threads.submit(reader.close)

    async def close(self) -> None:
        """Close the service and end the threads; a later call is a 503."""
        close = getattr(self._service, "close", None)
        if close is not None and not self._closed:
            await self._run(close)
        self._closed = True
        self._threads.shutdown(wait=False)

    async def _run(self, call: Callable[..., _Result], *arguments: Any, **named: Any) -> _Result:
        if self._closed:
            raise errors.closed(named.get("db_name", arguments[0] if arguments else ""))
        step = partial(copy_context().run, call, *arguments, **named)
        return await get_running_loop().run_in_executor(self._threads, step)

    def _optional(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        async def call(*arguments: Any, **named: Any) -> Any:
            return await self._run(method, *arguments, **named)

        return call


class _Reader:
    """Reads a collection once, from several threads in turn."""

    def __init__(self, read: Callable[[str], Iterable[dict[str, Any]]]) -> None:
        self._read = read
        self._documents: Iterator[dict[str, Any]] | None = None
        # A generator that is running in one thread cannot be closed by another.
        self._lock = Lock()

    def next_documents(self, db_name: str) -> list[dict[str, Any]]:
        """Return the next documents; `[]` at the end."""
        with self._lock:
            if self._documents is None:
                self._documents = iter(self._read(db_name))
            return list(islice(self._documents, _AT_ONCE))

    def close(self) -> None:
        """Stop reading, and release what the service holds for it."""
        with self._lock:
            if isinstance(self._documents, Generator):
                self._documents.close()
            self._documents = iter(())
