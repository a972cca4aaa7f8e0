"""Services over HTTP that are right while all is well, and blind to faults: FAULT.

Each is `served.Served` with one mistake.
"""

import http.client
import json
import logging
import threading
import time
from functools import partial
from urllib.error import URLError

from fastapi import HTTPException
from served import BROKEN_OFF, Awaited, Careful, Plain, Served, store

from gofannon_conformance.mutants.mutant import breaks

BROKEN_FAULTING = []
row = partial(breaks, BROKEN_FAULTING, server=store, bound=5.0)

logger = logging.getLogger(__name__)


def is_outage(error):
    return isinstance(error, HTTPException) and error.status_code in (502, 503)


# --- the server is gone ---------------------------------------------------------------------------


@row("outage-is-404-in-get", "FAULT-1")
class OutageIs404(Served):
    """An error of any kind in get() is "there is no such document"."""

    def get(self, db_name, doc_id):
        try:
            return super().get(db_name, doc_id)
        except HTTPException:
            raise HTTPException(404, f"there is no {doc_id} in {db_name}") from None


@row("outage-is-silent-in-delete", "FAULT-1")
class DeleteSilent(Served):
    """delete() that meets no server takes the document for deleted."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if not is_outage(error):
                raise


@row("writes-are-put-off", "FAULT-1")
class WriteBehind(Served):
    """save() that meets no server keeps the document for later, and says that it is saved."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if not is_outage(error):
                raise
            return {"id": doc_id, "rev": "later"}


@row("cached-get", "FAULT-1")
class Cached(Served):
    """get() shows what it showed last when the server is gone."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.cache = {}

    def get(self, db_name, doc_id):
        try:
            self.cache[db_name, doc_id] = super().get(db_name, doc_id)
        except HTTPException as error:
            if not is_outage(error) or (db_name, doc_id) not in self.cache:
                raise
        return self.cache[db_name, doc_id]


@row("outage-is-400", "FAULT-1", "ERR-2")
class OutageIs400(Served):
    """An outage is called the caller's mistake."""

    def lost(self, error):
        return HTTPException(400, "the request could not be sent")


@row("connection-error-escapes", "FAULT-1", "ERR-1")
class Escapes(Plain):
    """What urllib raises escapes."""

    def ask(self, method, path, body=None):
        status, data = self.exchange(method, path, body)
        if status < 500 and status != 429:
            return self.understood(method, path, status, data)
        raise self.in_need(status)


@row("unwritten-collection-is-remembered", "FAULT-1")
class Remembers(Served):
    """A collection that was never seen is taken for absent without asking, when nothing answers."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.seen = set()

    def ask(self, method, path, body=None):
        collection = path[1:].partition("/")[0].partition("?")[0]
        try:
            answer = super().ask(method, path, body)
        except HTTPException as error:
            if is_outage(error) and method != "PUT" and collection not in self.seen:
                raise HTTPException(404, "there is no such collection") from None
            raise
        self.seen.add(collection)
        return answer


@row("outage-is-an-empty-list", "FAULT-2")
class OutageIsEmpty(Served):
    """list_all() gives an empty list for any error, as the guides' samples do."""

    def list_all(self, db_name):
        try:
            return super().list_all(db_name)
        except HTTPException:
            return []


@row("refusal-is-an-empty-list", "FAULT-2")
class RefusalIsEmpty(Served):
    """Only a refused connection makes list_all() empty: there is no store, so there is nothing."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.refused = threading.local()

    def lost(self, error):
        self.refused.so = isinstance(error, ConnectionRefusedError)
        return super().lost(error)

    def list_all(self, db_name):
        try:
            return super().list_all(db_name)
        except HTTPException:
            if not self.refused.so:
                raise
            return []


@row("listing-ends-where-a-page-fails", "FAULT-2", "FAULT-4")
class PageFails(Served):
    """A page that cannot be had is the end of the listing, if there was one before."""

    def entries(self, db_name):
        entries, after = [], ""
        while after is not None:
            try:
                page = self.page(db_name, after)
            except HTTPException:
                if not entries:
                    raise
                break
            entries += page["docs"]
            after = page["next"]
        return entries


@row("outage-of-an-unwritten-collection-is-empty", "FAULT-2")
class UnseenIsEmpty(Remembers):
    """list_all() of a collection that was never seen is empty when nothing answers."""

    def list_all(self, db_name):
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if error.status_code == 404:
                return []
            raise


# --- the server is mute ---------------------------------------------------------------------------


@row("no-time-out", "FAULT-3")
class NoTimeout(Served):
    """Waits for an answer as long as it takes."""

    def connected(self):
        return http.client.HTTPConnection(self.place.hostname, self.place.port)


@row("no-time-out-in-listing", "FAULT-3")
class NoTimeoutInListing(Served):
    """Gives list_all() all the time that it needs."""

    def page(self, db_name, after):
        listing = Served.__new__(Served)
        listing.__dict__.update(self.__dict__, timeout=None, idle=[])
        return Served.page(listing, db_name, after)


@row("no-time-out-in-delete", "FAULT-3")
class NoTimeoutInDelete(Served):
    """The connection of a delete() has no time-out: it was set on the others only."""

    def exchange(self, method, path, body):
        if method != "DELETE":
            return super().exchange(method, path, body)
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port)
        connection.request(method, path, body, {"Authorization": self.authorization})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data


@row("time-outs-multiply", "FAULT-3")
class TimeoutsMultiply(Served):
    """Reads are asked again ten times, each for the whole time-out."""

    attempts = 10


@row("silence-is-404", "FAULT-3", "ERR-2")
class SilenceIs404(Served):
    """A time-out in get() is "not found"."""

    def lost(self, error):
        if isinstance(error, TimeoutError):
            return HTTPException(404, "nothing was found in time")
        return super().lost(error)


@row("silence-is-nothing-to-list", "FAULT-3")
class SilenceIsNothing(Served):
    """A time-out is the end of a listing."""

    def list_all(self, db_name):
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if "Timeout" in str(error.detail) or "timed out" in str(error.detail):
                return []
            raise


# --- answers are cut ------------------------------------------------------------------------------


@row("partial-body-is-taken", "FAULT-4")
class PartialBody(Served):
    """What was read of a cut answer is mended and taken for the whole."""

    def read(self, response):
        try:
            return response.read()
        except http.client.IncompleteRead as cut:
            return mended(cut.partial)


def mended(data):
    """Close what is open in a JSON text, after its last whole member."""
    text = data.decode(errors="ignore")
    for end in range(len(text), 0, -1):
        for closing in ("}", "}}", "]}", "}]}", '], "next": null}', '}], "next": null}'):
            try:
                found = json.loads(text[:end].rstrip(", ") + closing)
            except ValueError:
                continue
            if "docs" in found:
                found.setdefault("next", None)
            found.setdefault("id", "?")
            found.setdefault("rev", "?")
            return json.dumps(found).encode()
        if len(text) - end > 400:
            break
    return b"{}"


@row("content-length-is-ignored", "FAULT-4")
class LengthIgnored(Served):
    """Reads until the connection ends, and shows the documents that came whole."""

    def read(self, response):
        try:
            return response.read()
        except http.client.IncompleteRead as cut:
            text = cut.partial.decode(errors="ignore")
            if '"docs": [' not in text:
                raise
            whole, _, _ = text.rpartition("}}")
            return (whole + '}}], "next": null}').encode() if whole else b'{"docs":[],"next":null}'


@row("cut-answer-is-404", "FAULT-4", "ERR-2")
class CutIs404(Served):
    """An answer that cannot be read is no document."""

    def lost(self, error):
        if isinstance(error, http.client.IncompleteRead):
            return HTTPException(404, "there is nothing to read")
        return super().lost(error)


@row("cut-save-is-a-conflict", "FAULT-4", "ERR-2")
class CutIs409(Served):
    """A save() whose answer is lost is a conflict."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if "RemoteDisconnected" in error.detail or "Reset" in error.detail:
                raise HTTPException(409, "somebody else may have saved it") from None
            raise


@row("http-client-error-escapes", "FAULT-4", "ERR-1")
class IncompleteEscapes(Served):
    """Only the operating system's errors are caught, not those of the HTTP client."""

    def exchange(self, method, path, body):
        try:
            return super().exchange(method, path, body)
        except http.client.IncompleteRead as error:
            raise RuntimeError("a cut answer") from error


@row("foreign-page-is-404", "FAULT-4", "ERR-2")
class PageIs404(Served):
    """A page of HTML in place of an answer is "not found"."""

    def foreign(self, status):
        return HTTPException(404, "the store has nothing to say about it")


@row("empty-answer-is-an-empty-list", "FAULT-4")
class EmptyIsEmpty(Served):
    """An answer without a body is a page without documents."""

    def parsed(self, data):
        return super().parsed(data or b'{"docs": [], "next": null}')

    def shown(self, entry):
        return super().shown(entry) if "doc" in entry else {}


@row("garbage-is-none", "FAULT-4")
class GarbageIsNone(Served):
    """What cannot be parsed is None."""

    def get(self, db_name, doc_id):
        try:
            return super().get(db_name, doc_id)
        except HTTPException as error:
            if "is no store" in error.detail:
                return None
            raise


@row("garbage-escapes", "FAULT-4", "ERR-1")
class GarbageEscapes(Served):
    """What the JSON decoder raises escapes."""

    def parsed(self, data):
        try:
            return super().parsed(data)
        except ValueError as error:
            raise KeyError("doc") from error


# --- the server is back ---------------------------------------------------------------------------


@row("one-connection-for-ever", "FAULT-5")
class ForEver(Served):
    """Has one connection, which it opens once and never again."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.turn = threading.Lock()
        self.only = self.connected()
        self.only.connect()
        self.only.auto_open = False

    def exchange(self, method, path, body):
        with self.turn:
            return super().exchange(method, path, body)

    def taken(self):
        if self.only.sock is None:
            raise http.client.NotConnected
        return self.only

    def give_back(self, connection):
        pass


@row("broken-connection-goes-back", "FAULT-5")
class BrokenGoesBack(Served):
    """A connection that broke goes back into the pool as it is, to be used by the next caller."""

    def connected(self):
        connection = super().connected()
        connection.connect()
        connection.auto_open = False
        return connection

    def broken(self, connection):
        self.give_back(connection)


@row("pool-loses-one-with-each-failure", "FAULT-5")
class PoolLeaks(Served):
    """A place in the pool is taken by each failure, and never given back."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.places = threading.Semaphore(40)

    def exchange(self, method, path, body):
        if not self.places.acquire(timeout=0.05):
            raise OSError("the pool is exhausted")
        answer = super().exchange(method, path, body)
        self.places.release()
        return answer


@row("circuit-breaker-stays-open", "FAULT-5")
class StaysOpen(Served):
    """After ten failures in a row it asks no more."""

    failures = 0

    def exchange(self, method, path, body):
        if self.failures >= 10:
            raise OSError("the store was gone the last time")
        try:
            answer = super().exchange(method, path, body)
        except BROKEN_OFF:
            self.failures += 1
            raise
        self.failures = 0
        return answer


@row("late-answers-go-to-the-next", "FAULT-5")
class LateAnswers(Served):
    """A connection whose answer did not come in time is used again, and the answer with it."""

    attempts = 1

    def exchange(self, method, path, body):
        connection = self.taken()
        try:
            if connection.sock is None:
                connection.connect()
            self.write(connection, method, path, body)
            response = http.client.HTTPResponse(connection.sock, method=method)
            response.begin()
            data = response.read()
        except TimeoutError:
            self.give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self.give_back(connection)
        return response.status, data

    def write(self, connection, method, path, body):
        head = [f"{method} {path} HTTP/1.1", "Host: store", f"Authorization: {self.authorization}"]
        head.append(f"Content-Length: {len(body or b'')}")
        connection.sock.sendall("\r\n".join([*head, "", ""]).encode() + (body or b""))


@row("client-is-closed-by-an-error", "FAULT-5", "ERR-1")
class ClosedByError(Awaited):
    """The client is closed when a request fails, and never opened again."""

    async def ask(self, method, path, body=None):
        try:
            return await super().ask(method, path, body)
        except HTTPException as error:
            if error.status_code == 503:
                await self.client.aclose()
            raise


# --- the server is in need ------------------------------------------------------------------------


@row("throttling-is-404", "FAULT-6", "ERR-2")
class ThrottledIs404(Served):
    """Every status of 4xx is "not found"."""

    def in_need(self, status):
        return HTTPException(404 if status == 429 else 502, "the store gives nothing")


@row("need-is-an-empty-list", "FAULT-6")
class NeedIsEmpty(Served):
    """A status that is not 200 is a page without documents."""

    def page(self, db_name, after):
        try:
            return super().page(db_name, after)
        except HTTPException as error:
            if "answered" in error.detail:
                return {"docs": [], "next": None}
            raise


@row("server-error-is-400", "FAULT-6", "ERR-2")
class NeedIs400(Served):
    """A server that says 500 is told as the caller's mistake."""

    def in_need(self, status):
        return HTTPException(400 if status == 500 else 503, "the store took it not")


@row("need-is-a-silent-success", "FAULT-6")
class NeedIsSilent(Served):
    """delete() looks only whether there was an answer."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if "answered" not in error.detail:
                raise


@row("throttled-save-is-taken-for-done", "FAULT-6")
class ThrottledIsDone(Served):
    """save() that is throttled trusts that the server will see to it."""

    def save(self, db_name, doc_id, doc):
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if error.status_code != 429:
                raise
            return {"id": doc_id, "rev": "soon"}


@row("unavailable-is-asked-for-ever", "FAULT-3", "FAULT-6")
class AsksForEver(Served):
    """A server that says 503 is asked until it says something else."""

    def exchange(self, method, path, body):
        while True:
            status, data = super().exchange(method, path, body)
            if status != 503:
                return status, data
            time.sleep(0.05)


# --- writes are made twice ------------------------------------------------------------------------


@row("save-is-retried", "FAULT-7")
class SaveRetried(Served):
    """A save() whose connection broke is made again."""

    def may_ask_again(self, method, failure):
        return method in ("GET", "PUT")


@row("save-is-retried-on-a-time-out", "FAULT-7")
class SaveRetriedLate(Served):
    """A save() that got no answer in time is made again."""

    def lost(self, error):
        failure = super().lost(error)
        failure.late = isinstance(error, TimeoutError)
        return failure

    def may_ask_again(self, method, failure):
        late = method == "PUT" and getattr(failure, "late", False)
        return late or super().may_ask_again(method, failure)


@row("save-is-retried-on-503", "FAULT-7")
class SaveRetriedOn503(Served):
    """A save() that a gateway answered with 502 or 503 is made again."""

    def may_ask_again(self, method, failure):
        told = method == "PUT" and "answered" in failure.detail
        return told or super().may_ask_again(method, failure)


@row("create-is-retried", "FAULT-7")
class CreateRetried(Careful):
    """A save() of a new document is made again, though nothing keeps it from being done twice."""

    def may_ask_again(self, method, failure):
        return method in ("GET", "PUT")


@row("delete-is-retried", "FAULT-7")
class DeleteRetried(Served):
    """A delete() whose connection broke is made again."""

    def may_ask_again(self, method, failure):
        return method in ("GET", "DELETE")


@row("half-read-save-is-retried", "FAULT-7")
class HalfReadRetried(Served):
    """A save() whose answer broke off is made again; one that got none is not."""

    def lost(self, error):
        failure = super().lost(error)
        failure.half = isinstance(error, http.client.HTTPException) and not isinstance(
            error, http.client.RemoteDisconnected
        )
        return failure

    def may_ask_again(self, method, failure):
        half = method == "PUT" and getattr(failure, "half", False)
        return half or super().may_ask_again(method, failure)


# --- the credentials are wrong --------------------------------------------------------------------


@row("unauthorized-is-404", "FAULT-8", "ERR-2")
class UnauthorizedIs404(Served):
    """What one may not see is not there."""

    def understood(self, method, path, status, data):
        if status == 401:
            raise HTTPException(404, f"there is nothing at {path}")
        return super().understood(method, path, status, data)


@row("unauthorized-is-an-empty-list", "FAULT-8")
class UnauthorizedIsEmpty(Served):
    """Who may see nothing sees an empty list."""

    def list_all(self, db_name):
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if "does not know" in error.detail:
                return []
            raise


@row("unauthorized-delete-is-silent", "FAULT-8")
class UnauthorizedIsSilent(Served):
    """delete() of what one may not see is done."""

    def delete(self, db_name, doc_id):
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if "does not know" not in error.detail:
                raise


@row("password-in-the-detail", "FAULT-8", "ERR-4")
class PasswordInDetail(Served):
    """Says with which address it was turned away."""

    def understood(self, method, path, status, data):
        if status == 401:
            raise HTTPException(503, f"{self.place.geturl()} does not know this service")
        return super().understood(method, path, status, data)


@row("password-in-the-traceback", "FAULT-8", "ERR-4")
class PasswordInTraceback(Served):
    """What it raises comes from an error that shows the header that was sent."""

    def understood(self, method, path, status, data):
        if status == 401:
            raise HTTPException(502, "turned away") from URLError(self.authorization)
        return super().understood(method, path, status, data)


@row("password-in-the-log", "FAULT-8", "ERR-4")
class PasswordInLog(Served):
    """Logs who was turned away."""

    def understood(self, method, path, status, data):
        if status == 401:
            logger.warning("turned away: %s", self.place.geturl())
        return super().understood(method, path, status, data)


@row("password-in-an-outages-detail", "ERR-4")
class PasswordInOutage(Served):
    """Says which address could not be reached, with the password."""

    def lost(self, error):
        return HTTPException(503, f"no answer from {self.place.geturl()}: {error}")
