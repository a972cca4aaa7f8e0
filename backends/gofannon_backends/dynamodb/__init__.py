"""The backend for AWS DynamoDB."""

from gofannon_backends.dynamodb.service import DynamoDBService

__all__ = ["DynamoDBService"]
