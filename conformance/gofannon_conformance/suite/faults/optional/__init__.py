"""FAULT for the optional methods."""
