"""The Firestore backend: a Firestore collection per collection, a document per document."""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import firebase_admin
from fastapi import HTTPException
from firebase_admin.credentials import ApplicationDefault, Base, Certificate
from google.api_core import exceptions as google_errors
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1 import types

from gofannon_backends.base import bulk, documents, errors
from gofannon_backends.base.page_size import PageSize
from gofannon_backends.base.served import ServedDatabaseService
from gofannon_backends.firestore.connection import Connection, NoAnswerError, open_channel
from gofannon_backends.firestore.values import (
    DOCUMENT_BYTES,
    FIELD_BYTES,
    NAME_BYTES,
    NAMES,
    document_size,
    read_document,
    write_document,
)

_EMULATOR_PROJECT: Final = "google-cloud-firestore-emulator"
_INVALID: Final = "Firestore does not take it (InvalidArgument)"

_DROPPED_AT_ONCE: Final = 300

_ERRORS: Final[Mapping[type[Exception], Callable[..., HTTPException]]] = {
    google_errors.ServiceUnavailable: errors.unavailable,
    google_errors.DeadlineExceeded: errors.timed_out,
    google_errors.ResourceExhausted: errors.too_many_requests,
    google_errors.Unauthenticated: errors.credentials_refused,
    google_errors.PermissionDenied: errors.credentials_refused,
}
"""The status of Firestore's errors; all others are a 500."""


class FirestoreService(ServedDatabaseService[Any]):
    """Documents in a Firestore database, one request for each `get`, `save` and `delete`.

    By default Firebase finds the project and the credentials (in the environment, application
    default credentials). `credentials` is a service account's file or its content, or a
    credentials object of Firebase or Google. An emulator (`FIRESTORE_EMULATOR_HOST`, or
    `emulator_host`) needs neither.

    A call ends within `timeout` seconds; a read without a connection is retried for
    `retry_seconds`. Each page of `iter_all` has two and a half times as long, and up to
    `page_size` documents, fewer if they are large. Every instance is a separate Firebase app,
    named `app_name`, until `close()`.
    """

    def __init__(
        self,
        project_id: str | None = None,
        *,
        database: str = "(default)",
        credentials: str | Mapping[str, Any] | Base | Credentials | None = None,
        emulator_host: str | None = None,
        timeout: float = 10.0,
        retry_seconds: float = 2.0,
        page_size: int = 2000,
        collection_prefix: str = "",
        app_name: str | None = None,
    ) -> None:
        if page_size < 1:
            raise ValueError("page_size must be at least 1")
        emulator = emulator_host or os.environ.get("FIRESTORE_EMULATOR_HOST") or None
        self._prefix = collection_prefix
        self._page_size = page_size
        self._closed = False
        self._app = firebase_admin.initialize_app(
            _credential(credentials, emulator=emulator is not None),
            {"projectId": project_id} if project_id else None,
            name=app_name or f"gofannon-{uuid.uuid4().hex}",
        )
        try:
            project, key = _project_and_key(self._app)
            if project is None and emulator is not None:
                project = _EMULATOR_PROJECT
            if project is None:
                raise ValueError(
                    "Firestore needs a project: pass project_id, or set GOOGLE_CLOUD_PROJECT"
                )
            self._database = f"projects/{project}/databases/{database}"
            self._connection = Connection(
                self._database,
                open_channel(emulator, key),
                emulator=emulator is not None,
                timeout=timeout,
                retry_seconds=retry_seconds,
            )
        except BaseException:
            firebase_admin.delete_app(self._app)
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._database!r})"

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; `_rev` is the time of its last change."""
        name = self._document_name(db_name, doc_id)
        with self._reported(db_name, doc_id):
            document = _document_or_none(doc_id, self._connection.fetch([name])[name])
        if document is None:
            raise errors.not_found(db_name, doc_id)
        return document

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create or replace the whole document, whatever its `_rev`.

        `rev` is the time of the change. Saving an identical document is no change to Firestore.
        """
        ready = self._ready(db_name, doc_id, doc)
        with self._reported(db_name, doc_id):
            try:
                [result] = self._connection.commit([ready.held])
            except google_errors.InvalidArgument:
                if ready.size > FIELD_BYTES:
                    raise _too_large(db_name, doc_id, ready.size) from None
                raise errors.refused(db_name, doc_id, why=_INVALID) from None
        return {"id": doc_id, "rev": _revision(result)}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; Firestore checks that it exists."""
        write = types.Write.pb()()
        write.delete = self._document_name(db_name, doc_id)
        write.current_document.exists = True
        with self._reported(db_name, doc_id):
            try:
                self._connection.commit([write])
            except google_errors.NotFound:
                raise errors.not_found(db_name, doc_id) from None

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document in the order of the ids, one query per page."""
        collection = self._collection(db_name)
        after: str | None = None
        size = PageSize(self._page_size)
        while True:
            count = size.count
            with self._reported(db_name):
                found = self._connection.page(collection, after=after, size=count)
                page = [_document(_id_of(document.name), document) for document in found]
            size.learn(len(found), sum(document.ByteSize() for document in found))
            after = found[-1].name if found else None
            del found  # free it: it is a second copy of the page
            yield from page
            if len(page) < count:
                return

    def collections(self) -> set[str]:
        """Return the names of the collections that have documents and the service's prefix."""
        with self._reported(""):
            stored = [NAMES.decode(name) for name in self._connection.collections()]
        return {name.removeprefix(self._prefix) for name in stored if name.startswith(self._prefix)}

    def drop(self, db_name: str) -> None:
        """Delete every document of the collection, and so the collection."""
        collection = self._collection(db_name)
        while True:
            with self._reported(db_name):
                found = self._connection.page(collection, after=None, size=_DROPPED_AT_ONCE)
                self._connection.remove([document.name for document in found])
            if len(found) < _DROPPED_AT_ONCE:
                return

    def close(self) -> None:
        """Close the connection and delete the Firebase app; a later call is a 503."""
        if not self._closed:
            self._closed = True
            self._connection.close()
            firebase_admin.delete_app(self._app)

    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> bulk.Ready[Any]:
        checked = documents.checked(db_name, doc_id, doc)
        write = types.Write.pb()()
        write.update.name = self._document_name(db_name, doc_id)
        collection, stored_id = write.update.name.rsplit("/", 2)[1:]
        fields_size = write_document(checked, write.update.fields)
        size = document_size(collection, stored_id, fields_size)
        if size > DOCUMENT_BYTES:
            raise _too_large(db_name, doc_id, size)
        return bulk.Ready(doc_id, write, size)

    def _save_chunk(self, db_name: str, chunk: list[bulk.Ready[Any]]) -> list[str]:
        with self._reported(db_name):
            return [*map(_revision, self._connection.commit([one.held for one in chunk]))]

    def _get_chunk(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        names = {doc_id: self._document_name(db_name, doc_id) for doc_id in doc_ids}
        with self._reported(db_name):
            stored = self._connection.fetch([*names.values()])
            return {i: _document_or_none(i, stored[name]) for i, name in names.items()}

    def _collection(self, db_name: str) -> str:
        documents.collection(db_name)
        return _stored_name(self._prefix + db_name, "collection name", db_name)

    def _document_name(self, db_name: str, doc_id: str) -> str:
        documents.address(db_name, doc_id)
        stored_id = _stored_name(doc_id, "document id", db_name, doc_id)
        return f"{self._database}/documents/{self._collection(db_name)}/{stored_id}"

    @contextmanager
    def _reported(self, db_name: str, doc_id: str | None = None) -> Iterator[None]:
        """Raise every error of the block as an `HTTPException`."""
        try:
            if self._closed:
                raise errors.closed(db_name, doc_id)
            yield
        except google_errors.Aborted:
            raise errors.conflict(db_name, doc_id) from None
        except google_errors.InvalidArgument:
            raise errors.bad_request(db_name, doc_id, why=_INVALID) from None
        except (google_errors.GoogleAPIError, NoAnswerError, ValueError) as error:
            # A call whose channel is closed meanwhile is cancelled, or raises a ValueError.
            if self._closed:
                raise errors.closed(db_name, doc_id) from None
            failure = _ERRORS.get(type(error), errors.store_failed)
            raise failure(db_name, doc_id, code=type(error).__name__) from None


class _Credential(Base):  # type: ignore[misc]  # firebase_admin has no types
    """Google's credentials as Firebase's."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def get_credential(self) -> Credentials:
        return self._credentials


def _credential(
    given: str | Mapping[str, Any] | Base | Credentials | None, *, emulator: bool
) -> Base:
    if emulator:
        return _Credential(AnonymousCredentials())  # type: ignore[no-untyped-call]  # google.auth: no types
    if given is None:
        return ApplicationDefault()
    if isinstance(given, Base):
        return given
    if isinstance(given, Credentials):
        return _Credential(given)
    try:
        return Certificate(given if isinstance(given, str) else dict(given))
    except (OSError, ValueError) as error:
        # The message may contain the unreadable key.
        raise ValueError(
            "credentials are neither a service account's file nor its content: "
            f"reading them failed with {type(error).__name__}"
        ) from None


def _project_and_key(app: firebase_admin.App) -> tuple[str | None, Credentials]:
    try:
        return app.project_id, app.credential.get_credential()
    except GoogleAuthError:
        raise ValueError(
            "Firestore needs credentials: set GOOGLE_APPLICATION_CREDENTIALS, or pass credentials; "
            "an emulator, by FIRESTORE_EMULATOR_HOST or emulator_host, needs none"
        ) from None


def _document(doc_id: str, found: Any) -> dict[str, Any]:
    return {**read_document(found.fields), "_id": doc_id, "_rev": _revision(found)}


def _document_or_none(doc_id: str, found: Any | None) -> dict[str, Any] | None:
    return None if found is None else _document(doc_id, found)


def _id_of(name: str) -> str:
    return NAMES.decode(name.rpartition("/")[2])


def _revision(changed: Any) -> str:
    revision: str = changed.update_time.ToJsonString()
    return revision


def _too_large(db_name: str, doc_id: str, size: int) -> HTTPException:
    return errors.too_large(
        db_name, doc_id, why=f"it takes {size:,} bytes of the {DOCUMENT_BYTES:,} that Firestore has"
    )


def _stored_name(name: str, what: str, *place: str) -> str:
    stored = NAMES.encode(name)
    if len(stored.encode()) > NAME_BYTES:
        raise errors.bad_request(
            *place, why=f"a {what} in Firestore is at most {NAME_BYTES:,} bytes long"
        )
    return stored
