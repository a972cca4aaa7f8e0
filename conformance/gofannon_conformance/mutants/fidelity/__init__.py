"""Mutants that change documents: DOC."""
