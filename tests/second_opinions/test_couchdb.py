"""The whole suite on the double of CouchDB 3: stricter than PouchDB's server, and exact."""

from couchdb_double import CouchDouble

from gofannon_backends.couchdb import CouchDBService
from gofannon_conformance import DatabaseServiceContract


class TestCouchDBOnTheDouble(DatabaseServiceContract):
    name = "couchdb on the double"
    capabilities = frozenset({"revisions"})

    def connect(self):
        with (
            CouchDouble(credentials=("joe", "joe")) as double,
            CouchDBService(double.url, "joe", "joe") as service,
        ):
            yield service

    def collections(self, service):
        return service.collections()

    def drop(self, service, collection):
        service.drop(collection)
