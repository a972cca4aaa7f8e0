"""Mutants with a wrong `find()`: FIND."""
