"""JSON values: equality by type, copies, Python source, exceptions as text."""
