"""FAULT: a server that fails, hangs or refuses."""
