"""FIND: `find()`."""
