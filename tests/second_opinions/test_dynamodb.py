"""The whole suite on the other DynamoDB emulators, each of which is lenient in its own way."""

from dataclasses import replace

from gofannon_conformance import DatabaseServiceContract
from gofannon_conformance.target.resolve import resolve

DYNAMODB = resolve("dynamodb")


class TestDynamoDBOnMoto(DatabaseServiceContract):
    target = replace(DYNAMODB, name="dynamodb on moto", server="dynamodb:moto")


class TestDynamoDBInMoto(DatabaseServiceContract):
    name = "dynamodb in moto's process"
    capabilities = DYNAMODB.capabilities

    def connect(self):
        from moto import mock_aws

        from gofannon_backends.dynamodb import DynamoDBService

        with mock_aws(), DynamoDBService() as service:
            yield service

    def collections(self, service):
        return service.collections()

    def drop(self, service, collection):
        service.drop(collection)
