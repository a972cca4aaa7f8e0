"""The backend for Apache CouchDB."""

from gofannon_backends.couchdb.service import CouchDBService

__all__ = ["CouchDBService"]
