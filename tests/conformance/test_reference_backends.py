"""The whole suite on every reference backend, on a real server, emulator or stand-in.

A backend whose server is not available here fails: what is not tested is always reported.
"""

from dataclasses import replace

from gofannon_conformance import DatabaseServiceContract
from gofannon_conformance.target.resolve import resolve


class TestMemory(DatabaseServiceContract):
    target = resolve("memory")


class TestCouchDB(DatabaseServiceContract):
    target = resolve("couchdb")


class TestDynamoDB(DatabaseServiceContract):
    # The faster of the emulators, and the stricter; tests/second_opinions has the others.
    target = replace(resolve("dynamodb"), server="dynamodb:dynalite")


class TestFirestore(DatabaseServiceContract):
    target = resolve("firestore")


class TestPostgreSQL(DatabaseServiceContract):
    target = resolve("postgresql")
