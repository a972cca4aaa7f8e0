"""The requests about items: a method for each, which also checks the answer."""

from dataclasses import dataclass

from gofannon_backends.dynamodb.connection import Connection
from gofannon_backends.dynamodb.errors import garbled
from gofannon_backends.dynamodb.items import ID_ATTRIBUTE, REVISION_ATTRIBUTE, Item, revision_of

Key = dict[str, dict[str, str]]
"""The key of an item: the typed value of its one key attribute."""


@dataclass(frozen=True)
class Requests:
    """Sends requests through a connection; all reads are consistent."""

    connection: Connection

    def get(self, table: str, key: Key) -> Item | None:
        """Return the item, or None if there is none."""
        answer = self.connection.repeatable(
            "get_item", table, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
        )
        item: Item | None = answer.get("Item")
        return item

    def holds(self, table: str, item: Item) -> bool:
        """Return whether the stored item has the revision of this one."""
        answer = self.connection.repeatable(
            "get_item",
            table,
            Key={ID_ATTRIBUTE: item[ID_ATTRIBUTE]},
            ConsistentRead=True,
            ProjectionExpression="#rev",
            ExpressionAttributeNames={"#rev": REVISION_ATTRIBUTE},
            ReturnConsumedCapacity="TOTAL",
        )
        stored: object = answer.get("Item", {}).get(REVISION_ATTRIBUTE)
        return stored == item[REVISION_ATTRIBUTE]

    def put(self, table: str, item: Item) -> None:
        """Store the item over whatever is there."""
        self.connection.once("put_item", table, Item=item, ReturnConsumedCapacity="TOTAL")

    def delete(self, table: str, key: Key) -> None:
        """Delete the item; raise `NoMatchError` if there is none."""
        self.connection.once(
            "delete_item",
            table,
            Key=key,
            ConditionExpression="attribute_exists(#id)",
            ExpressionAttributeNames={"#id": ID_ATTRIBUTE},
            ReturnConsumedCapacity="TOTAL",
        )

    def page(self, table: str, start: Key | None) -> tuple[list[Item], Key | None]:
        """Return a page of the table, and where the next one starts, if there is one."""
        parameters = {"ExclusiveStartKey": start} if start else {}
        answer = self.connection.repeatable(
            "scan", table, ConsistentRead=True, ReturnConsumedCapacity="TOTAL", **parameters
        )
        items = answer.get("Items")
        if items is None or answer.get("Count") != len(items):
            raise garbled("a page without all its items")
        return items, answer.get("LastEvaluatedKey")

    def put_many(self, table: str, items: list[Item]) -> list[str | None]:
        """Store the items; return the revision of each, None for those left undone."""
        answer = self.connection.once(
            "batch_write_item",
            table,
            RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]},
            ReturnConsumedCapacity="TOTAL",
        )
        try:
            left = answer["UnprocessedItems"].get(table, [])
            undone = {put["PutRequest"]["Item"][ID_ATTRIBUTE]["S"] for put in left}
        except (AttributeError, LookupError, TypeError):
            raise garbled("an answer that lacks what is left") from None
        return [None if item[ID_ATTRIBUTE]["S"] in undone else revision_of(item) for item in items]

    def get_many(self, table: str, keys: list[Key]) -> tuple[list[Item], list[Key]]:
        """Return the items that exist, and the keys that are left for another request."""
        answer = self.connection.repeatable(
            "batch_get_item",
            table,
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}},
            ReturnConsumedCapacity="TOTAL",
        )
        try:
            items, left = answer["Responses"].get(table, []), answer["UnprocessedKeys"]
            return items, left[table]["Keys"] if left else []
        except (AttributeError, LookupError, TypeError):
            raise garbled("half an answer") from None
