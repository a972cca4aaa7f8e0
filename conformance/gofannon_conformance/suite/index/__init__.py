"""IDX: `ensure_index()`."""
