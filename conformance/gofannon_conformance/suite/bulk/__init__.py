"""BULK: `save_many()`, `delete_many()`, `get_many()`."""
