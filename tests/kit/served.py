"""A store behind HTTP: a small server in this process, and services over it that are right.

The services that are blind to faults are `Served` with one mistake each; so each step that a
mistake may touch is a method of its own.
"""

import base64
import http.client
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, quote, unquote, urlsplit
from urllib.request import Request, urlopen

from fastapi import HTTPException
from right import DatabaseService

from gofannon_conformance.servers import Endpoint

USER, PASSWORD = "kit", "open-sesame-1742"
PAGE = 100


# --- the server -----------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """`/collection/id` is a document, `/collection` its documents, a page at a time."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = self.said(body)
        text = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def said(self, body):
        if self.server.guarded and self.headers.get("Authorization") != basic(USER, PASSWORD):
            return 401, {"error": "unauthorized"}
        parts = urlsplit(self.path)
        collection, _, doc_id = parts.path[1:].partition("/")
        with self.server.lock:
            if not doc_id:
                return self.page(unquote(collection), parse_qs(parts.query))
            return self.document(unquote(collection), unquote(doc_id), body)

    def document(self, collection, doc_id, body):
        docs = self.server.collections.get(collection, {})
        rev, doc = docs.get(doc_id, (None, None))
        if self.headers.get("If-Match", rev) != rev:
            return 412, {"error": "changed"}
        if self.command == "PUT":
            self.server.changes += 1
            rev = str(self.server.changes)
            self.server.collections.setdefault(collection, {})[doc_id] = rev, json.loads(body)
            return 200, {"id": doc_id, "rev": rev}
        if rev is None:
            return 404, {"error": "not_found"}
        if self.command == "DELETE":
            del docs[doc_id]
            return 200, {"deleted": doc_id}
        return 200, {"id": doc_id, "rev": rev, "doc": doc}

    def page(self, collection, query):
        docs = self.server.collections.get(collection, {})
        after = query.get("after", [""])[0]
        ids = sorted(i for i in docs if i > after)
        shown = [{"id": i, "rev": docs[i][0], "doc": docs[i][1]} for i in ids[:PAGE]]
        return 200, {"docs": shown, "next": ids[PAGE - 1] if len(ids) > PAGE else None}

    def log_message(self, *words):
        pass


class StoreServer(ThreadingHTTPServer):
    """Keeps documents in memory, for those who know the password."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, guarded=True):
        self.guarded = guarded
        self.collections = {}
        self.changes = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self):
        host, port = self.server_address
        return Endpoint(
            product="store",
            version="1",
            source="local program",
            url=f"http://{USER}:{PASSWORD}@{host}:{port}",
            settings={"user": USER, "password": PASSWORD},
            secrets=(PASSWORD,),
        )

    def handle_error(self, request, client_address):
        pass


@contextmanager
def running(*, guarded=True):
    with StoreServer(guarded=guarded) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def store():
    """A server, as a target has it."""
    with running() as server:
        yield server.endpoint


def store_for_all():
    """A server that is given a password and asks nobody for it."""
    with running(guarded=False) as server:
        yield server.endpoint


def store_of_unknown_protocol():
    """A server of which the kit knows no more than its address."""
    with running() as server:
        yield replace(server.endpoint, protocol="tcp")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


# --- services that are right ----------------------------------------------------------------------

BROKEN_OFF = (OSError, http.client.HTTPException)
"""What `http.client` raises where there is no whole answer."""


class Served(DatabaseService):
    """Keeps connections in a pool, and asks again what changes nothing."""

    attempts = 2

    def __init__(self, endpoint):
        self.place = urlsplit(endpoint.url)
        self.timeout = endpoint.timeout or 5.0
        settings = endpoint.settings
        self.authorization = basic(settings["user"], settings["password"])
        self.idle = []

    def close(self):
        while self.idle:
            self.idle.pop().close()

    # The interface

    def get(self, db_name, doc_id):
        return self.shown(self.ask("GET", self.path(db_name, doc_id)))

    def save(self, db_name, doc_id, doc):
        own = {k: v for k, v in doc.items() if k not in ("_id", "_rev")}
        answer = self.ask("PUT", self.path(db_name, doc_id), json.dumps(own).encode())
        return {"id": doc_id, "rev": answer["rev"]}

    def delete(self, db_name, doc_id):
        self.ask("DELETE", self.path(db_name, doc_id))

    def list_all(self, db_name):
        return [self.shown(entry) for entry in self.entries(db_name)]

    # Its steps

    def entries(self, db_name):
        entries, after = [], ""
        while after is not None:
            page = self.page(db_name, after)
            entries += page["docs"]
            after = page["next"]
        return entries

    def page(self, db_name, after):
        return self.ask("GET", f"/{quote(db_name, safe='')}?after={quote(after, safe='')}")

    def path(self, db_name, doc_id):
        return f"/{quote(db_name, safe='')}/{quote(doc_id, safe='')}"

    def shown(self, entry):
        return {**entry["doc"], "_id": entry["id"], "_rev": entry["rev"]}

    def ask(self, method, path, body=None):
        attempt = 0
        while True:
            attempt += 1
            try:
                status, data = self.exchange(method, path, body)
            except BROKEN_OFF as error:
                failure = self.lost(error)
            else:
                if status < 500 and status != 429:
                    return self.understood(method, path, status, data)
                failure = self.in_need(status)
            if attempt >= self.attempts or not self.may_ask_again(method, failure):
                raise failure
            time.sleep(0.01 * attempt)

    def may_ask_again(self, method, failure):
        return method == "GET" or failure.status_code == 429

    def lost(self, error):
        failure = HTTPException(503, f"the store did not answer: {type(error).__name__}")
        failure.__suppress_context__ = True
        return failure

    def in_need(self, status):
        return HTTPException(429 if status == 429 else 502, f"the store answered {status}")

    def understood(self, method, path, status, data):
        try:
            answer = self.parsed(data)
        except ValueError:
            raise self.foreign(status) from None
        if status == 404 and answer.get("error") == "not_found":
            raise HTTPException(404, f"there is no document at {path}")
        if status in (401, 403):
            raise HTTPException(502, "the store does not know this service")
        if status != 200 or not self.is_own(method, answer):
            raise self.foreign(status)
        return answer

    def parsed(self, data):
        answer = json.loads(data)
        if not isinstance(answer, dict):
            raise ValueError
        return answer

    def is_own(self, method, answer):
        wanted = {"GET": ("doc", "docs"), "PUT": ("rev",), "DELETE": ("deleted",)}[method]
        return any(name in answer for name in wanted)

    def foreign(self, status):
        return HTTPException(502, f"what answered {status} is no store")

    # Its connections

    def exchange(self, method, path, body):
        connection = self.taken()
        try:
            connection.request(method, path, body, {"Authorization": self.authorization})
            response = connection.getresponse()
            data = self.read(response)
        except BaseException:
            self.broken(connection)
            raise
        self.give_back(connection)
        return response.status, data

    def read(self, response):
        return response.read()

    def taken(self):
        return self.idle.pop() if self.idle else self.connected()

    def connected(self):
        return http.client.HTTPConnection(
            self.place.hostname, self.place.port, timeout=self.timeout
        )

    def broken(self, connection):
        connection.close()

    def give_back(self, connection):
        self.idle.append(connection)


class Plain(Served):
    """Opens a connection for each request, and asks once."""

    attempts = 1

    def exchange(self, method, path, body):
        place = f"http://{self.place.hostname}:{self.place.port}{path}"
        request = Request(place, body, {"Authorization": self.authorization}, method=method)
        try:
            with urlopen(request, timeout=self.timeout) as response:
                return response.status, response.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()
        except URLError as error:
            raise OSError(str(error.reason)) from None


class Single(Served):
    """Has one connection, opened at once, which callers take in turns; answers with 500."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.turn = threading.Lock()
        connection = self.connected()
        connection.connect()
        self.idle.append(connection)

    def exchange(self, method, path, body):
        with self.turn:
            return super().exchange(method, path, body)

    def lost(self, error):
        return HTTPException(504 if isinstance(error, TimeoutError) else 500, "no answer")

    def in_need(self, status):
        return HTTPException(500, "the store is in need")


class Careful(Served):
    """Asks again for writes too, under the condition that nobody has written meanwhile."""

    def save(self, db_name, doc_id, doc):
        path = self.path(db_name, doc_id)
        try:
            rev = self.ask("GET", path)["rev"]
        except HTTPException as missing:
            if missing.status_code != 404:
                raise
            return super().save(db_name, doc_id, doc)  # once: nothing to make it depend on
        own = {k: v for k, v in doc.items() if k not in ("_id", "_rev")}
        answer = self.ask("PUT", path, json.dumps(own).encode(), rev=rev)
        return {"id": doc_id, "rev": answer["rev"]}

    def ask(self, method, path, body=None, rev=None):
        if rev is None:
            return super().ask(method, path, body)
        for attempt in range(self.attempts):
            try:
                status, data = self.exchange(method, path, body, rev)
            except BROKEN_OFF as error:
                failure = self.lost(error)
            else:
                if status == 412:
                    raise HTTPException(503, "the document has changed, perhaps by this service")
                if status < 500 and status != 429:
                    return self.understood(method, path, status, data)
                failure = self.in_need(status)
            time.sleep(0.01 * attempt)
        raise failure

    def exchange(self, method, path, body, rev=None):
        connection = self.taken()
        headers = {"Authorization": self.authorization} | ({"If-Match": rev} if rev else {})
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = self.read(response)
        except BaseException:
            self.broken(connection)
            raise
        self.give_back(connection)
        return response.status, data


class Awaited:
    """Coroutine methods, over a client that is made for them."""

    def __init__(self, endpoint):
        import httpx

        self.steps = Served(endpoint)
        place = urlsplit(endpoint.url)
        self.client = httpx.AsyncClient(
            base_url=f"http://{place.hostname}:{place.port}",
            headers={"Authorization": self.steps.authorization},
            timeout=self.steps.timeout,
            trust_env=False,
        )

    async def aclose(self):
        await self.client.aclose()

    async def ask(self, method, path, body=None):
        import httpx

        try:
            response = await self.client.request(method, path, content=body)
        except httpx.HTTPError as error:
            raise self.steps.lost(error) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise self.steps.in_need(response.status_code)
        return self.steps.understood(method, path, response.status_code, response.content)

    async def get(self, db_name, doc_id):
        return self.steps.shown(await self.ask("GET", self.steps.path(db_name, doc_id)))

    async def save(self, db_name, doc_id, doc):
        text = json.dumps(doc).encode()
        answer = await self.ask("PUT", self.steps.path(db_name, doc_id), text)
        return {"id": doc_id, "rev": answer["rev"]}

    async def delete(self, db_name, doc_id):
        await self.ask("DELETE", self.steps.path(db_name, doc_id))

    async def list_all(self, db_name):
        entries, after = [], ""
        while after is not None:
            page = await self.ask("GET", f"/{quote(db_name, safe='')}?after={quote(after)}")
            entries += page["docs"]
            after = page["next"]
        return [self.steps.shown(entry) for entry in entries]


class Patient(Served):
    """Will not be told how long to wait."""

    attempts = 1

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.timeout = 4.0


class Overview(Served):
    """Follows the dialect `overview`."""

    def save(self, db_name, doc_id, doc):
        rev = super().save(db_name, doc_id, doc)["rev"]
        return {**doc, "_id": doc_id, "_rev": rev}

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise


class Rude(Served):
    """Cannot be opened with wrong credentials, and turns callers away with 401."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.list_all("made-up")

    def understood(self, method, path, status, data):
        if status == 401:
            raise HTTPException(401, "the store does not know this service")
        return super().understood(method, path, status, data)


RIGHT_SERVED = (Served, Plain, Single, Careful, Awaited, Patient, Overview, Rude)
