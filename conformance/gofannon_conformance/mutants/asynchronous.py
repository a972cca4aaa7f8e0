"""Services that have only some coroutines, or wrong ones: ASYNC."""

from collections.abc import AsyncIterator, Generator
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right
from gofannon_conformance.mutants.right.optional import Awaited, awaited

AWAITING: list[Mutant] = []
row = partial(breaks, AWAITING)


@row("list_all_alone_is_awaited", "ASYNC-1")
class OnlyListing(Right):
    """list_all() is a coroutine, the others are plain methods."""

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return super().list_all(db_name)


@row("find_alone_is_not_awaited", "ASYNC-1")
class AllButFind(Awaited):
    """find() is a plain method, though the four methods are coroutines."""

    def find(self, *arguments: Any, **named: Any) -> list[dict[str, Any]]:
        return self.inner.find(*arguments, **named)


class Later:
    """A value that must be awaited."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self.value


@row("list_all_is_to_be_awaited_twice", "ASYNC-1")
class AwaitedTwice(Awaited):
    """list_all() returns something that must be awaited again."""

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return Later(self.inner.list_all(db_name))


@row("save_forgets_to_await", "ASYNC-1")
class NeverAwaited(Awaited):
    """save() does not await the call that saves."""

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        awaited("save")(self, db_name, doc_id, doc).close()
        return {"id": doc_id, "rev": "1-r"}


@row("list_all_is_generated", "ASYNC-1")
class Generated(Awaited):
    """list_all() is an asynchronous generator."""

    async def list_all(self, db_name: str) -> AsyncIterator[dict[str, Any]]:
        for doc in self.inner.list_all(db_name):
            yield doc
