"""Mutants with a wrong `save()`: SAVE."""
