"""Mutants with wrong bulk methods: BULK."""
