"""Calls as values: a call, its answer, the trace of a test, and what a violation says of them."""
