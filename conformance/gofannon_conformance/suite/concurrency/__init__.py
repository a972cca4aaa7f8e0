"""CON: calls made at the same time."""
