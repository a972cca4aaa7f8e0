"""One run of the suite: options, sessions, the kit of a test, collections, verdicts."""
