"""A right service whose methods are coroutines."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any

from gofannon_conformance.mutants.right.memory import Right


class AsyncDatabaseService(ABC):
    """The abstract base class of services with coroutine methods."""

    @abstractmethod
    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]: ...

    @abstractmethod
    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    async def delete(self, db_name: str, doc_id: str) -> None: ...

    @abstractmethod
    async def list_all(self, db_name: str) -> list[dict[str, Any]]: ...


class Waiting(AsyncDatabaseService):
    """Lets other tasks run before and after each step, never during one."""

    def __init__(self) -> None:
        self._right = Right()

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        return self._right.created

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return self._right.get(db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = self._right.save(db_name, doc_id, doc)
        await asyncio.sleep(0)
        return answer

    async def delete(self, db_name: str, doc_id: str) -> None:
        await asyncio.sleep(0)
        self._right.delete(db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return self._right.list_all(db_name)
