"""The proof that the kit can fail: the suite run on the zoo, and what it made of each service."""
