"""SAVE: `save()`."""
