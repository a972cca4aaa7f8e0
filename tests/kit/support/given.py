"""A service as the kit has it in hand: its caller, its workspace, the `Kit` of a test."""

from __future__ import annotations

from fastapi import HTTPException

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.values import Trace
from gofannon_conformance.contract import load
from gofannon_conformance.run.kit import Kit
from gofannon_conformance.run.ledger import Ledger
from gofannon_conformance.run.options import Options
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.run.sessions import Session
from gofannon_conformance.run.workspace import Workspace
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.event_loop import EventLoop
from gofannon_conformance.service.instances import Instances
from gofannon_conformance.service.opening import Opened
from gofannon_conformance.target import Target

PREFIX = "gfc_0a1b2c"


class NaiveService:
    """What a newcomer writes first: dicts in a dict; ids of any type; nothing is copied."""

    def __init__(self):
        self.data = {}

    def get(self, db_name, doc_id):
        return {**self._found(db_name, doc_id), "_id": doc_id}

    def save(self, db_name, doc_id, doc):
        self.data.setdefault(db_name, {})[doc_id] = doc
        return {"id": doc_id, "rev": "1"}

    def delete(self, db_name, doc_id):
        self._found(db_name, doc_id)
        del self.data[db_name][doc_id]

    def list_all(self, db_name):
        return [{**doc, "_id": doc_id} for doc_id, doc in self.data.get(db_name, {}).items()]

    def _found(self, db_name, doc_id):
        try:
            return self.data[db_name][doc_id]
        except KeyError:
            raise HTTPException(404, f"{doc_id} is not in {db_name}") from None


class AsyncService:
    """The memory backend with coroutine methods."""

    def __init__(self):
        self.inner = MemoryDatabaseService()

    async def get(self, db_name, doc_id):
        return self.inner.get(db_name, doc_id)

    async def save(self, db_name, doc_id, doc):
        return self.inner.save(db_name, doc_id, doc)

    async def delete(self, db_name, doc_id):
        self.inner.delete(db_name, doc_id)

    async def list_all(self, db_name):
        return self.inner.list_all(db_name)


def caller_of(service=None, **opened):
    service = MemoryDatabaseService() if service is None else service
    return Caller(Opened(service=service, loop=EventLoop(), **opened), Trace())


def answered(service, method, *arguments, **more):
    return caller_of(service).call(method, *arguments, **more)


def workspace_of(service=None, *, names=None, silent_deletes=False, **more):
    caller = caller_of(service)
    ledger = Ledger(PREFIX, caller.trace, names, silent_deletes=silent_deletes)
    return Workspace(caller, ledger, **more)


def kit_of(service=None, *, target=None, test="test_clause", profile="quick", seed=7, **more):
    workspace = workspace_of(service)
    target = target or Target(name="given", connect=lambda: service)
    contract = more.pop("contract", None) or load()
    of_session = {key: more.pop(key) for key in ("secrets", "facts", "detected") if key in more}
    session = Session(
        target=target,
        contract=contract,
        opened=workspace.caller.opened,
        instances=Instances(target, None, workspace.caller.opened),
        caller=workspace.caller,
        workspace=workspace,
        server=None,
        limits={},
        hang=workspace.caller.opened.time_limit.hang,
        **{"secrets": (), **of_session},
    )
    options = Options(profile=profile_named(profile), seed=seed)
    return Kit(session, options, test, target, **more)
