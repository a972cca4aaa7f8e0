"""The two errors that end a run early: the request was wrong, or something failed in the middle."""


class NotAsAskedError(Exception):
    """The request cannot be carried out and nothing was moved; the message says what to change."""


class StoppedError(Exception):
    """Something failed in the middle: the store is unavailable, or the disk is full.

    What was moved so far stays moved. The same call continues from there.
    """
