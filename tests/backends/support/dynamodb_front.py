"""A front of a DynamoDB emulator."""

import http.client
import json
from urllib.parse import urlsplit

from http_front import Answer, Front, says

SECRET = "s3cret-k3y"
KEY = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET}
PASSED_ON = {"content-type", "x-amz-crc32", "x-amzn-requestid"}


def refusal(code, status=400):
    """Answer with an error in DynamoDB's own form."""
    text = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": f"key {SECRET}"}
    return says(Answer(status, json.dumps(text).encode()))


def about(table, **content):
    """Answer with these fields and the table's name, as DynamoDB does."""
    capacity = {"TableName": table}
    if {"Responses", "UnprocessedItems", "UnprocessedKeys"} & content.keys():
        capacity = [capacity]
    return says(Answer(200, json.dumps({**content, "ConsumedCapacity": capacity}).encode()))


class DynamoDBFront(Front):
    """`emulator` is the address of the emulator; a request's name is its operation."""

    def __init__(self, emulator):
        self._emulator = urlsplit(emulator).netloc
        super().__init__()

    def name_of(self, request):
        return request.headers["x-amz-target"].partition(".")[2]

    def bodies(self, operation):
        """Return the bodies of the recorded requests of one operation."""
        return [json.loads(r.body) for r in self.requests if self.name_of(r) == operation]

    def answer(self, request):
        link = http.client.HTTPConnection(self._emulator, timeout=60)
        link.request("POST", "/", request.body, request.headers)
        answer = link.getresponse()
        headers = {name: text for name, text in answer.getheaders() if name.lower() in PASSED_ON}
        body = answer.read()
        link.close()
        return Answer(answer.status, body, headers)
