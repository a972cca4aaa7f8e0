"""The changes of one document: over whatever revision is stored, and after a lost answer."""

from collections.abc import Callable

from couchdb import http as client

from gofannon_backends.base import errors
from gofannon_backends.couchdb.contention import Place, Revisions, Turns, attempts, pause
from gofannon_backends.couchdb.documents import same_content
from gofannon_backends.couchdb.http import AnswerLostError, NoAnswerInTimeError
from gofannon_backends.couchdb.requests import Native, Requests


class Writer:
    """Replaces and deletes documents, and keeps `revisions` up to date."""

    def __init__(self, requests: Requests, revisions: Revisions) -> None:
        self._requests = requests
        self._revisions = revisions
        self._turns = Turns()

    def read(self, place: Place) -> Native:
        """Return the document as CouchDB holds it."""
        try:
            native = self._requests.get(place.database, place.key)
        except client.ResourceNotFound:
            self._revisions.forget(place)
            raise
        self._revisions.learn(place, native.rev)
        return native

    def replace(self, place: Place, body: bytes) -> str:
        """Store the body over whatever is there, and return its revision.

        After a lost answer the body is sent again only over the same revision as before: CouchDB
        refuses it if the first request was carried out after all.
        """
        with self._turns.queue(place) as wait_for_turn:
            rev = self._replace(place, body, wait_for_turn)
        self._revisions.learn(place, rev)
        return rev

    def remove(self, place: Place) -> None:
        """Delete the document in whatever revision it has; a missing one is a 404."""
        try:
            self._remove(place)
        finally:
            self._revisions.forget(place)

    def _replace(self, place: Place, body: bytes, wait_for_turn: Callable[[], None]) -> str:
        rev = self._revisions.known(place)
        lost: AnswerLostError | None = None
        for attempt in attempts():
            try:
                return self._requests.put(place.database, place.key, rev, body)
            except client.ResourceNotFound:
                if lost is not None:
                    raise lost from None
                pause(attempt)
                self._requests.create(place.database)
                rev = None
            except client.ResourceConflict:
                if lost is not None:
                    return self._stored(place, body, lost)
                wait_for_turn()
                pause(attempt)
                rev = self._newer_revision(place, rev)
            except AnswerLostError as failure:
                if lost is not None or isinstance(failure, NoAnswerInTimeError):
                    raise
                lost = failure
                stored = self._stored(place, body, lost, untouched=rev)
                if stored != rev:
                    return stored
        raise errors.conflict(place.db_name, place.doc_id)

    def _stored(
        self, place: Place, body: bytes, lost: AnswerLostError, *, untouched: str | None = None
    ) -> str:
        """Return the stored revision, if it is `untouched` or its content is the body's.

        Otherwise raise `lost`: either the body was never stored, or others have changed it since.
        As these look the same, storing it again could bring back a document that was deleted.
        """
        try:
            native = self.read(place)
        except client.ResourceNotFound:
            raise lost from None
        if native.rev != untouched and not same_content(body, native.content):
            raise lost
        return native.rev

    def _remove(self, place: Place) -> None:
        rev = self._revisions.known(place) or self._current_revision(place)
        for attempt in attempts():
            if rev is None:
                raise errors.not_found(place.db_name, place.doc_id)
            try:
                self._requests.delete(place.database, place.key, rev)
            except client.ResourceConflict:
                pause(attempt)
                rev = self._newer_revision(place, rev)
            except client.ResourceNotFound:
                # PouchDB's server also answers 404 for a revision that is not the newest.
                pause(attempt)
                rev = self._current_revision(place)
            else:
                return
        raise errors.conflict(place.db_name, place.doc_id)

    def _newer_revision(self, place: Place, refused: str | None) -> str | None:
        """Return the revision to try next; another thread may have read it already."""
        known = self._revisions.known(place)
        if known is not None and known != refused:
            return known
        return self._current_revision(place)

    def _current_revision(self, place: Place) -> str | None:
        try:
            rev = self._requests.revision(place.database, place.key)
        except client.ResourceNotFound:
            self._revisions.forget(place)
            return None
        self._revisions.learn(place, rev)
        return rev
